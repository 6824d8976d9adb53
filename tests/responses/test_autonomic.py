import warnings
from dataclasses import replace

import mne
import numpy as np
import pandas as pd
import pytest

from mmme_neuro.responses.autonomic import (
    AUTONOMIC_MEASURES,
    autonomic_responses,
    scr_magnitude,
)
from mmme_neuro.responses.measures import Measure
from mmme_neuro.signals.body.derive import derive_physio

SFREQ = 50.0
TIMES = np.arange(-100, 501) / SFREQ
CHANNELS = [
    "heart_rate",
    "pulse_rate",
    "pulse_amplitude",
    "rsp_rate",
    "rsp_amplitude",
    "eda",
    "eda_phasic",
    "eda_tonic",
    "skt",
]
LEVELS = np.array([70, 70, 0.1, 15, 2, 6e-6, 0, 6e-6, 32])


def canonical_scr(times):
    """Response of Bach et al. (2010) with height 1: a Gaussian led through two decays."""
    step = 0.01
    grid = np.arange(0, 90, step)
    drive = np.exp(-0.5 * ((grid - 3.0745) / 0.7013) ** 2)
    decay = np.exp(-0.3176 * grid) + np.exp(-0.0708 * grid)
    response = np.convolve(drive, decay)[: grid.size]
    return np.interp(times, grid, response / response.max(), left=0.0)


def make_epochs(data, *, ch_names=CHANNELS, tmin=-2.0, metadata=None, sfreq=SFREQ):
    info = mne.create_info(list(ch_names), sfreq, "misc")
    return mne.EpochsArray(data, info, tmin=tmin, metadata=metadata, verbose="error")


@pytest.fixture
def level():
    """Four epochs in which nothing happens."""
    return np.repeat(LEVELS[np.newaxis, :, np.newaxis], 4, axis=0) * np.ones(TIMES.size)


def test_nothing_happens(level):
    table = autonomic_responses(make_epochs(level))
    expected = [*AUTONOMIC_MEASURES, "scr_magnitude_us"]
    assert table.columns.tolist() == expected
    np.testing.assert_allclose(table, 0, atol=1e-9)
    assert len(table) == 4


def test_required_columns():
    assert {
        "scr_us",
        "heart_rate_bpm",
        "pulse_rate_bpm",
        "pulse_amplitude_relative",
        "rsp_rate_bpm",
        "rsp_amplitude",
        "skt_celsius",
    } <= set(AUTONOMIC_MEASURES)


def test_steps_are_measured_in_field_units(level):
    after = TIMES > 0.5
    steps = {"eda": 0.5e-6, "heart_rate": -3, "pulse_rate": 4, "pulse_amplitude": -0.02}
    steps |= {"rsp_rate": 2, "rsp_amplitude": 0.4, "skt": -0.05}
    for channel, step in steps.items():
        level[1, CHANNELS.index(channel), after] += step
    row = autonomic_responses(make_epochs(level)).iloc[1]
    expected = {
        "scr_us": 0.5,
        "heart_rate_bpm": -3,
        "pulse_rate_bpm": 4,
        "pulse_amplitude_v": -0.02,
        "pulse_amplitude_relative": -0.2,
        "rsp_rate_bpm": 2,
        "rsp_amplitude": 0.4,
        "skt_celsius": -0.05,
    }
    for column, value in expected.items():
        assert row[column] == pytest.approx(value), column


def test_rows_are_epochs_whatever_the_index(level):
    level[:, CHANNELS.index("heart_rate")] += np.arange(4)[:, np.newaxis] * (TIMES > 0)
    metadata = pd.DataFrame({"code": [9, 8, 7, 6]}, index=[30, 10, 20, 0])
    table = autonomic_responses(make_epochs(level, metadata=metadata))
    np.testing.assert_allclose(table["heart_rate_bpm"], [0, 1, 2, 3])
    # MNE renumbers the metadata; the table follows it, so that both can be joined.
    pd.testing.assert_index_equal(table.index, make_epochs(level, metadata=metadata).metadata.index)


def test_measures_are_linear(level):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, *level.shape)) * LEVELS[:, np.newaxis] * 0.01
    linear = [name for name, one in AUTONOMIC_MEASURES.items() if one.statistic == "mean"]
    of = {
        name: autonomic_responses(make_epochs(data))[linear].to_numpy()
        for name, data in {"a": a, "b": b, "sum": 2 * a - b}.items()
    }
    np.testing.assert_allclose(of["sum"], 2 * of["a"] - of["b"], atol=1e-9)


def test_simple_mean_of_the_samples(level):
    rng = np.random.default_rng(1)
    level += rng.standard_normal(level.shape) * LEVELS[:, np.newaxis] * 0.01
    found = autonomic_responses(make_epochs(level))["heart_rate_bpm"]
    frame = pd.DataFrame(level[:, 0].T, index=np.round(TIMES, 3))
    expected = frame.loc[4.0:8.0].mean() - frame.loc[-1.0:0.0].mean()
    np.testing.assert_allclose(found, expected)


def test_missing_samples_stay_missing(level):
    eda, heart = CHANNELS.index("eda"), CHANNELS.index("heart_rate")
    level[0, eda, TIMES.searchsorted(4.0)] = np.nan
    level[1, heart, TIMES.searchsorted(-0.5)] = np.nan
    level[2, heart, TIMES.searchsorted(9.0)] = np.nan
    level[3] = np.nan
    table = autonomic_responses(make_epochs(level))
    assert table["scr_us"].isna().tolist() == [True, False, False, True]
    assert table["scr_magnitude_us"].isna().tolist() == [True, False, False, True]
    assert table["heart_rate_bpm"].isna().tolist() == [False, True, False, True]
    assert table.iloc[3].isna().all()


def test_missing_samples_may_be_allowed(level):
    level[0, 0, TIMES.searchsorted(4.0)] = np.nan
    table = autonomic_responses(make_epochs(level), min_present=0.9)
    assert table["heart_rate_bpm"].tolist() == [0, 0, 0, 0]


def test_temperature_window_ends_with_the_epoch(level):
    skt = CHANNELS.index("skt")
    level[:, skt, TIMES > 5] += 0.2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = autonomic_responses(make_epochs(level))
    after = level[0, skt, (TIMES >= 5.0 - 1e-9) & (TIMES <= 10.0 + 1e-9)].mean()
    before = level[0, skt, (TIMES >= -1.0 - 1e-9) & (TIMES <= 1e-9)].mean()
    assert table["skt_celsius"].iloc[0] == pytest.approx(after - before)
    assert table["skt_celsius"].iloc[0] == pytest.approx(0.2, rel=0.01)


def test_epochs_too_short_for_a_window(level):
    short = make_epochs(level[:, :, TIMES <= 5.0])
    with pytest.warns(RuntimeWarning, match="heart_rate_bpm needs epochs to 8 s"):
        table = autonomic_responses(short)
    assert table["heart_rate_bpm"].isna().all()
    assert table["scr_magnitude_us"].isna().all()
    assert table["skt_celsius"].isna().all()


def test_absent_channel_is_nan_with_a_warning(level):
    with pytest.warns(RuntimeWarning, match="no channel skt"):
        table = autonomic_responses(make_epochs(level[:, :8], ch_names=CHANNELS[:8]))
    assert table["skt_celsius"].isna().all()
    assert table["heart_rate_bpm"].notna().all()


def test_own_windows(level):
    level[0, 0, TIMES > 1] += 5
    early = Measure(
        name="early", signal="heart_rate", window=(0.0, 1.0), baseline=(-1.0, 0.0), unit="bpm"
    )
    late = replace(early, window=(2.0, 3.0), name="late")
    as_it_is = replace(late, baseline=None, name="as_it_is")
    table = autonomic_responses(make_epochs(level), measures=[early, late, as_it_is])
    assert table["as_it_is"].tolist() == [75, 70, 70, 70]
    assert table["late"].tolist() == [5, 0, 0, 0]
    assert table["early"].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("option", "match"),
    [
        (
            {"measures": [replace(AUTONOMIC_MEASURES["scr_us"], baseline=(-5.0, -4.0))]},
            "baseline: expected a span inside",
        ),
        (
            {"measures": [replace(AUTONOMIC_MEASURES["scr_us"], signal="alpha", roi="CZ")]},
            "of kind",
        ),
        ({"min_present": 0.0}, "min_present"),
    ],
)
def test_bad_options_are_refused(level, option, match):
    with pytest.raises(ValueError, match=match):
        autonomic_responses(make_epochs(level), **option)


def test_epochs_of_something_else_are_refused():
    with pytest.raises(ValueError, match="derive_physio"):
        autonomic_responses(make_epochs(np.zeros((1, 1, TIMES.size)), ch_names=["Cz"]))


@pytest.mark.parametrize("height", [0.02, 0.3, 2.0])
def test_height_of_a_canonical_response(height):
    eda_us = 5 + height * canonical_scr(TIMES)
    found = scr_magnitude(eda_us[np.newaxis], TIMES)[0]
    assert found == pytest.approx(height, rel=0.02)


def test_responses_below_the_threshold_are_zero():
    eda_us = 5 + np.array([[0.009], [0.011]]) * canonical_scr(TIMES)
    found = scr_magnitude(eda_us, TIMES)
    assert found[0] == 0
    assert found[1] > 0.01
    assert scr_magnitude(eda_us, TIMES, threshold_us=0.05).tolist() == [0, 0]


def test_rises_outside_the_onset_window_do_not_count():
    early = np.clip(TIMES + 1, 0, 3)
    late = np.clip(TIMES - 5, 0, 2)
    assert scr_magnitude(np.array([early, late, -early]), TIMES).tolist() == [0, 0, 0]


def test_small_dip_does_not_end_a_rise():
    curve = np.interp(TIMES, [-2, 2, 3, 3.2, 4.5, 10], [0, 0, 0.5, 0.495, 1.0, 0.2])
    assert scr_magnitude(curve[np.newaxis], TIMES)[0] == pytest.approx(1.0, rel=1e-3)
    deep = np.interp(TIMES, [-2, 2, 3, 3.2, 4.5, 10], [0, 0, 0.5, 0.3, 1.0, 0.2])
    assert scr_magnitude(deep[np.newaxis], TIMES)[0] == pytest.approx(0.7, rel=1e-3)


def test_threshold_is_absolute():
    large = 5 + 10 * canonical_scr(TIMES)
    small = 5 + 0.02 * canonical_scr(TIMES)
    assert (scr_magnitude(np.array([large, small]), TIMES) > 0).all()


def test_magnitude_of_quiet_noise_is_zero_and_means_are_unbiased():
    rng = np.random.default_rng(5)
    noise = np.cumsum(rng.standard_normal((200, TIMES.size)), axis=1) * 1e-4
    assert np.mean(scr_magnitude(5 + noise, TIMES) == 0) > 0.95
    data = 1e-6 * (5 + noise)[:, np.newaxis]
    measures = [AUTONOMIC_MEASURES["scr_us"]]
    found = autonomic_responses(make_epochs(data, ch_names=["eda"]), measures=measures)["scr_us"]
    assert abs(found.mean()) < 3 * found.sem()


def recording_with_events(*, response_us, response_bpm, seed):
    """Recording with known responses every 20 to 28 s, and what the windows hold of them."""
    rng = np.random.default_rng(seed)
    times = np.arange(0, 600, 0.01)
    events = np.cumsum(rng.uniform(20, 28, 22))
    sizes = rng.uniform(0.5, 1.5, events.size)
    skin, rate = np.full(times.size, 6.0), np.full(times.size, 72.0)
    for event, size in zip(events, sizes, strict=True):
        skin += response_us * size * canonical_scr(times - event)
        rate += response_bpm * size * np.exp(-0.5 * ((times - event - 6.5) / 1.8) ** 2)
    count = np.cumsum(rate) * 0.01 / 60
    beats = np.interp(np.arange(1, int(count[-1])), count, times)
    ecg = 2e-5 * rng.standard_normal(times.size)
    for beat in beats:
        near = np.abs(times - beat) < 0.1
        ecg[near] += 1e-3 * np.exp(-0.5 * ((times[near] - beat) / 0.015) ** 2)
    noisy = 1e-6 * (skin + 0.002 * rng.standard_normal(times.size))
    info = mne.create_info(["ECG", "EDA"], 100.0, ["ecg", "gsr"])
    truth = {
        name: np.array(
            [span(curve, times, e, window) - span(curve, times, e, (-1, 0)) for e in events]
        )
        for name, curve, window in (
            ("scr_us", skin, (2.5, 5.5)),
            ("heart_rate_bpm", rate, (4, 8)),
        )
    }
    return mne.io.RawArray(np.array([ecg, noisy]), info, verbose="error"), events, truth


def span(curve, times, event, window):
    """Mean of a curve over a window after an event."""
    return curve[(times >= event + window[0]) & (times <= event + window[1])].mean()


@pytest.mark.parametrize(("response_us", "response_bpm"), [(0.4, -4.0), (0.0, 0.0)])
def test_known_responses_are_recovered_from_the_recording(response_us, response_bpm):
    raw, events, truth = recording_with_events(
        response_us=response_us, response_bpm=response_bpm, seed=11
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        derived = derive_physio(raw).raw
    samples = np.c_[np.rint(events * 50), np.zeros(events.size), np.ones(events.size)].astype(int)
    epochs = mne.Epochs(
        derived, samples, tmin=-2, tmax=10, baseline=None, picks="all", verbose="error"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = autonomic_responses(epochs)
    np.testing.assert_allclose(table["scr_us"], truth["scr_us"], atol=0.005)
    error = table["heart_rate_bpm"] - truth["heart_rate_bpm"]
    assert abs(error.mean()) < 0.1
    assert error.std() < 0.3
    assert table[["pulse_rate_bpm", "skt_celsius"]].isna().all().all()


def faces_of(path):
    """Recording and onsets of one AcqKnowledge text export: three inverted digital lines."""
    columns = np.genfromtxt(path, delimiter="\t")[:, :8].T
    names = ["EDA", "EMG_A", "EMG_B", "zygomatic", "corrugator"]
    info = mne.create_info(names, 100.0, ["gsr", "emg", "emg", "misc", "misc"])
    units = np.array([1e-6, 1e-3, 1e-3, 1e-3, 1e-3])[:, np.newaxis]
    raw = mne.io.RawArray(columns[:5] * units, info, verbose="error")
    lines = dict(zip(("angry", "happy", "neutral"), columns[5:], strict=True))
    onsets = [
        (onset / 100, face)
        for face, line in lines.items()
        for onset in np.flatnonzero(np.diff(line) < -2.5) + 1
    ]
    return raw, pd.DataFrame(sorted(onsets), columns=["onset", "face"])


@pytest.fixture(scope="module")
def faces(shared_data):
    """Responses of six people to blocks of angry, happy and neutral faces."""
    muscle = replace(AUTONOMIC_MEASURES["pulse_amplitude_relative"], window=(1.0, 8.0))
    measures = [
        AUTONOMIC_MEASURES["scr_us"],
        replace(muscle, name="zygomatic", signal="emg_a"),
        replace(muscle, name="corrugator", signal="emg_b"),
    ]
    tables = []
    for path in sorted((shared_data / "physio_events" / "fmov").glob("*.txt.gz")):
        raw, events = faces_of(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            derived = derive_physio(raw).raw
        samples = np.c_[np.rint(events["onset"] * 50).astype(int), np.zeros((len(events), 2), int)]
        samples[:, 2] = 1
        epochs = mne.Epochs(
            derived, samples, tmin=-2, tmax=12, baseline=None, picks="all", verbose="error"
        )
        table = autonomic_responses(epochs, measures=measures).assign(face=events["face"])
        eda = raw.get_data(picks=["EDA"])[0] * 1e6
        first = np.rint(events["onset"] * 100).astype(int)
        table["by_hand_us"] = [
            eda[i + 250 : i + 550].mean() - eda[i - 100 : i].mean() for i in first
        ]
        tables.append(table.assign(participant=path.name[:2]))
    return pd.concat(tables, ignore_index=True)


def test_real_events_are_all_there(faces):
    assert faces["face"].value_counts().to_dict() == {"angry": 24, "happy": 24, "neutral": 24}
    assert faces.notna().all().all()


def test_real_scr_equals_the_mean_by_hand(faces):
    np.testing.assert_allclose(faces["scr_us"], faces["by_hand_us"], atol=0.01)
    assert (faces["scr_magnitude_us"] >= 0).all()
    assert 0 < (faces["scr_magnitude_us"] > 0).mean() < 1


def test_real_faces_answer_happy_faces(faces):
    # Zygomatic up and corrugator down to happy faces (Dimberg 1982); angry faces are weaker.
    means = faces.groupby(["face", "participant"])[["zygomatic", "corrugator"]].mean()
    difference = means.loc["happy"] - means.loc["neutral"]
    assert (difference["zygomatic"] > 0).sum() >= 5
    assert difference["zygomatic"].mean() > 0.5
    assert difference["corrugator"].mean() < -0.1
    angry = means.loc["angry"] - means.loc["happy"]
    assert angry["corrugator"].mean() > 0
    assert angry["zygomatic"].mean() < 0


def test_real_envelope_follows_that_of_the_amplifier(shared_data):
    path = shared_data / "physio_events" / "fmov" / "12_FMOV_preprocessed.txt.gz"
    raw, _ = faces_of(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        derived = derive_physio(raw).raw
    for name, reference in (("emg_a", "zygomatic"), ("emg_b", "corrugator")):
        expected = np.interp(derived.times, raw.times, raw.get_data(picks=[reference])[0])
        found = derived.get_data(picks=[name])[0]
        assert np.corrcoef(found[25:-25], expected[25:-25])[0, 1] > 0.85
