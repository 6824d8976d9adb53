from dataclasses import fields, replace
from typing import get_args, get_type_hints

import mne
import numpy as np
import pandas as pd
import pytest

from mmme_neuro import clean_eeg, find_components
from mmme_neuro.io.montage import template_positions
from mmme_neuro.signals import Cleaning, CleaningDecisions, muscle_band
from mmme_neuro.signals.eeg import clean
from mmme_neuro.signals.eeg.clean import CleaningChoices, IcaMethod
from mmme_neuro.signals.eeg.ica import METHODS, MUSCLE_BAND_HZ
from mmme_neuro.simulate.brain import simulated_head
from mmme_neuro.simulate.eeg import simulate_eeg
from mmme_neuro.simulate.responses import Person, Stimuli, draw_amplitudes
from mmme_neuro.simulate.timeline import simulate_timeline

FACE = ["FP1", "FP2", "AF3", "AF4", "F7", "F8", "FT7", "FT8", "T7", "T8"]


def quiet_face(parameters):
    """The same study with muscles and blinks too weak to see."""
    weak = replace(
        parameters.muscles, macro_uv=1e-6, micro_uv=1e-6, movement_uv=1e-6, resting_uv=0.0
    )
    return replace(parameters, muscles=weak, eeg=replace(parameters.eeg, blink_uv=1e-6))


def raw_of(parameters, seed=4, *, n_videos=5):
    """One participant's EEG as an MNE Raw and its events; same seed, same brain."""
    rng = np.random.default_rng(seed)
    head = simulated_head(parameters.channels)
    timeline = simulate_timeline(parameters, n_videos=n_videos, rng=rng)
    person, stimuli = Person.drawn(parameters, rng), Stimuli.drawn(parameters, n_videos, rng)
    amplitudes = draw_amplitudes(
        parameters, timeline.events, person=person, stimuli=stimuli, rng=rng
    )
    signals = simulate_eeg(parameters, timeline, amplitudes, head=head, person=person, rng=rng)
    data = np.vstack([signals.scalp, signals.horizontal_eye, signals.vertical_eye, signals.muscle])
    names = [*head.ch_names, "HEO", "VEO", "EMG"]
    kinds = ["eeg"] * len(head.ch_names) + ["eog", "eog", "emg"]
    raw = mne.io.RawArray(
        1e-6 * data.astype(float),
        mne.create_info(names, parameters.eeg_sfreq, kinds),
        verbose="error",
    )
    positions = template_positions(tuple(head.ch_names))
    raw.set_montage(mne.channels.make_dig_montage(positions, coord_frame="head"))
    return raw, timeline.events


@pytest.fixture(scope="module")
def parameters(small_parameters):
    good = replace(small_parameters.eeg, bad_channel_share=0.0)
    return replace(small_parameters, eeg=good)


@pytest.fixture(scope="module")
def dirty(parameters):
    return raw_of(parameters)


@pytest.fixture(scope="module")
def brain(parameters):
    """The same brain without face and blinks, through the linear steps only."""
    return clean_eeg(raw_of(quiet_face(parameters))[0], ica=False, rng=0).raw


@pytest.fixture(scope="module")
def cleaned(dirty):
    return clean_eeg(dirty[0], rng=1)


def around_events(raw, events, picks):
    epochs = mne.Epochs(
        raw,
        np.column_stack(
            [
                np.round(events["onset"] * raw.info["sfreq"]).astype(int),
                np.zeros(len(events), int),
                np.arange(1, len(events) + 1),
            ]
        ),
        tmin=0.0,
        tmax=0.8,
        baseline=None,
        preload=True,
        verbose="error",
    )
    return epochs.get_data(picks=picks)


def correlation(one, other):
    return np.corrcoef(one.ravel(), other.ravel())[0, 1]


def test_the_brain_comes_back_from_under_facial_muscles(dirty, brain, cleaned):
    raw, events = dirty
    uncleaned = clean_eeg(raw, ica=False, rng=0).raw
    truth = around_events(brain, events, FACE)
    before = correlation(around_events(uncleaned, events, FACE), truth)
    after = correlation(around_events(cleaned.raw, events, FACE), truth)
    # Over five seeds: 0.30 to 0.42 before, 0.75 to 0.83 after, where muscles are 2 to 3 times the
    # brain in amplitude.
    assert before < 0.5
    assert after > 0.7
    left = around_events(cleaned.raw, events, FACE) - truth
    added = around_events(uncleaned, events, FACE) - truth
    assert left.std() < 0.35 * added.std()


def test_what_is_left_does_not_follow_the_muscles(dirty, brain, cleaned):
    raw, events = dirty
    strength = around_events(raw, events, ["EMG"]).std(axis=(1, 2))

    def leak(signal):
        power = (around_events(signal, events, FACE) - around_events(brain, events, FACE)).std(
            axis=(1, 2)
        )
        return np.polyfit(strength, power, 1)[0]

    assert leak(cleaned.raw) < 0.5 * leak(clean_eeg(raw, ica=False, rng=0).raw)


def test_parietal_brain_activity_is_spared(dirty, brain, cleaned):
    _, events = dirty
    picks = ["PZ", "POZ", "OZ"]
    truth = around_events(brain, events, picks)
    assert correlation(around_events(cleaned.raw, events, picks), truth) > 0.9


def test_eye_and_muscle_components_are_recorded(cleaned):
    table = cleaned.components
    assert set(table["removed_as"]) == {"", "eye", "muscle"}
    eye = table[table["removed_as"] == "eye"]
    assert (eye["eye_r"] >= 0.5).all()
    muscle = table[table["removed_as"] == "muscle"]
    assert ((muscle["muscle_r"] >= 0.35) | (muscle["muscle_log_ratio"] >= -0.25)).all()
    kept = table[table["removed_as"] == ""]
    assert (kept["eye_r"] < 0.5).all() and (kept["muscle_log_ratio"] < -0.25).all()
    assert len(kept) > 15
    assert table["variance_share"].sum() == pytest.approx(1, abs=0.01)


def test_blinks_are_gone(dirty, brain, cleaned):
    raw, _ = dirty
    vertical = raw.get_data(picks="VEO")[0]
    vertical = vertical - np.median(vertical)
    blinks = np.abs(vertical) > 60e-6
    assert blinks.sum() > 50
    picks = ["FP1", "FPZ", "FP2"]
    residual = (cleaned.raw.get_data(picks=picks) - brain.get_data(picks=picks))[:, blinks]
    uncleaned = clean_eeg(raw, ica=False, rng=0).raw.get_data(picks=picks)
    uncleaned = uncleaned - brain.get_data(picks=picks)
    assert residual.std() < 0.25 * uncleaned[:, blinks].std()


def test_the_record_is_in_fields_and_not_in_the_recording(cleaned):
    assert cleaned.raw.info["description"] is None
    assert cleaned.options == Cleaning() and cleaned.seed == 1
    assert cleaned.notched_hz == (50.0, 100.0) and cleaned.method == "picard, extended"
    settings = cleaned.settings()
    assert settings["highpass_hz"] == 0.1 and settings["seed"] == 1 and settings["sfreq"] == 250.0
    assert settings["lowpass_hz"] == "none" and settings["ica"] == "picard, extended"


def test_table_lists_what_was_removed(cleaned):
    table = cleaned.table()
    counts = table["what"].value_counts()
    gone = cleaned.components[cleaned.components["removed_as"] != ""]
    assert counts["component"] == len(gone) > 0
    assert counts.get("bad channel", 0) == len(cleaned.bad_channels)
    assert table.loc[table["what"] == "mains", "which"].tolist() == ["50", "100"]
    assert table.loc[table["what"] == "slow", "which"].tolist() == ["below 0.1"]
    assert set(cleaned.maps["component"]) == set(gone["component"])
    assert cleaned.maps.groupby("component")["weight"].agg(lambda w: w.abs().max()).eq(1).all()


def test_what_an_operator_wrote_does_not_travel_on(dirty):
    raw = dirty[0].copy().crop(0, 20)
    raw.info["description"] = "Marlene, left-handed"
    assert clean_eeg(raw, ica=False, ransac=False).raw.info["description"] is None
    assert raw.info["description"] == "Marlene, left-handed"


def test_same_seed_same_samples_and_input_not_changed(dirty):
    raw = dirty[0].copy().crop(0, 30)
    before = raw.get_data().copy()
    first, second = clean_eeg(raw, rng=2), clean_eeg(raw, rng=2)
    np.testing.assert_array_equal(first.raw.get_data(), second.raw.get_data())
    np.testing.assert_array_equal(raw.get_data(), before)
    assert raw.info["bads"] == [] and raw.info["description"] is None


def spoilt(raw):
    raw = raw.copy()
    data = raw.get_data()
    noise = np.random.default_rng(0)
    data[raw.ch_names.index("C3")] = 12e-6
    data[raw.ch_names.index("C4")] += 80e-6 * noise.standard_normal(raw.n_times)
    data[raw.ch_names.index("P3")] = 8e-6 * noise.standard_normal(raw.n_times)
    data[raw.ch_names.index("P4"), 1000:1250] = np.nan
    out = mne.io.RawArray(data, raw.info, verbose="error")
    return out


def test_flat_noisy_loose_and_interrupted_channels_are_named_and_replaced(dirty):
    raw = spoilt(dirty[0])
    removed = clean_eeg(raw, ica=False, rng=0)
    bad = removed.bad_channels
    assert set(bad) == {"C3", "C4", "P3", "P4"}
    assert bad["C3"] == "flat"
    assert "robust SD above" in bad["C4"]
    assert bad["P3"].startswith("correlates at most")
    assert bad["P4"] == "missing (NaN) for 1 s"
    expected = clean_eeg(dirty[0], ica=False, rng=0).raw
    for name in bad:
        assert correlation(removed.raw.get_data(picks=name), expected.get_data(picks=name)) > 0.7
    assert removed.raw.info["bads"] == []


def test_channels_named_bad_by_the_user_are_replaced_too(dirty):
    raw = dirty[0].copy()
    raw.info["bads"] = ["CZ"]
    expected = clean_eeg(dirty[0], ica=False, rng=0).raw
    removed = clean_eeg(raw, ica=False, rng=0)
    assert removed.raw.info["bads"] == []
    assert not np.allclose(removed.raw.get_data(picks="CZ"), expected.get_data(picks="CZ"))
    assert removed.bad_channels == {"CZ": "marked bad before cleaning"}


def test_linear_steps(dirty):
    raw = dirty[0]
    cleaned = clean_eeg(raw, ica=False, sfreq=125.0, rng=0).raw
    assert cleaned.info["sfreq"] == 125.0
    eeg = cleaned.get_data(picks="eeg")
    np.testing.assert_allclose(eeg.mean(axis=0), 0, atol=1e-12)  # average reference
    kept = clean_eeg(raw, ica=False, rng=0).raw.get_data(picks="OZ")
    density, freqs = mne.time_frequency.psd_array_welch(kept, 250.0, n_fft=2500, verbose="error")
    near = (np.abs(freqs - 50) < 3) & (np.abs(freqs - 50) > 1)
    assert density[0, np.isclose(freqs, 50)] < 2 * np.median(density[0, near])
    assert clean_eeg(raw, ica=False, sfreq=1000.0, rng=0).raw.info["sfreq"] == 250.0


def test_without_eye_or_muscle_channels(dirty):
    raw = dirty[0].copy().pick("eeg").crop(0, 30)
    table = clean_eeg(raw, rng=0).components
    assert (table["eye_r"] == 0).all() and (table["muscle_r"] == 0).all()


def test_errors(dirty):
    raw = dirty[0]
    with pytest.raises(ValueError, match="at least 3 EEG channels"):
        clean_eeg(raw.copy().pick(["CZ", "PZ", "VEO"]), rng=0)
    flat = mne.io.RawArray(np.zeros((5, 5000)), mne.create_info(5, 250.0, "eeg"), verbose="error")
    with pytest.raises(ValueError, match="at least 3 usable EEG channels, found 0 of 5.*'flat'"):
        clean_eeg(flat, rng=0)


def test_without_ica_there_are_no_components(dirty):
    cleaned = clean_eeg(dirty[0].copy().crop(0, 20), ica=False, ransac=False)
    assert cleaned.components.empty and cleaned.maps.empty and cleaned.fingerprint == ""
    assert cleaned.method == "none" and cleaned.seed is None
    assert cleaned.settings()["iclabel"] is False
    with pytest.raises(ValueError, match="find_components finds nothing without ICA"):
        find_components(dirty[0], ica=False, rng=1)


@pytest.mark.parametrize("options", [{}, {"ica": False}, {"ransac": False}])
def test_a_seed_is_asked_for_where_something_is_drawn(dirty, options):
    with pytest.raises(TypeError, match="rng is missing: ICA and RANSAC"):
        clean_eeg(dirty[0], **options)


def test_a_generator_is_a_seed_too(dirty):
    raw = dirty[0].copy().crop(0, 30)
    one, other = (find_components(raw, rng=np.random.default_rng(4)) for _ in range(2))
    assert one.seed == other.seed and one.fingerprint == other.fingerprint


def test_probabilities_of_iclabel_are_recorded(cleaned):
    table = cleaned.components
    labels = [
        f"p_{name}" for name in ("brain", "muscle", "eye", "heart", "line", "channel", "other")
    ]
    np.testing.assert_allclose(table[labels].sum(axis=1), 1, atol=0.01)
    blinks = table.loc[table["eye_r"].idxmax()]
    assert blinks["p_eye"] > 0.9 and blinks["removed_as"] == "eye"
    frontal = table[(table["p_eye"] > 0.8) & (table["eye_r"] < 0.2) & (table["muscle_r"] < 0.3)]
    assert (frontal["removed_as"] == "").all()


def test_without_positions_iclabel_is_left_out_and_said(dirty):
    raw = dirty[0].copy().set_montage(None).crop(0, 40)
    removed = clean_eeg(raw, rng=1)
    assert any("ICLabel was not used: not every electrode" in note for note in removed.notes)
    assert removed.components["p_eye"].isna().all()


def test_a_person_overrules_components_without_a_second_ica(dirty, monkeypatch):
    raw = dirty[0].copy().crop(0, 60)
    found = find_components(raw, rng=1)
    assert set(found.suggested) == set(found.ica.exclude) != set()
    straight = clean_eeg(raw, rng=1)
    with monkeypatch.context() as patch:
        patch.setattr(clean, "separate", lambda *_, **__: pytest.fail("a second ICA"))
        same = clean_eeg(raw, components=found)
        kept = next(k for k in found.table["component"] if k not in found.suggested)
        blink = next(k for k, kind in found.suggested.items() if kind == "eye")
        decisions = CleaningDecisions(
            remove_components={kept: "heart beats"}, keep_components={blink: "no blink"}
        )
        removed = clean_eeg(raw, components=found, decisions=decisions)
    np.testing.assert_array_equal(same.raw.get_data(), straight.raw.get_data())
    pd.testing.assert_frame_equal(same.components, straight.components)
    assert (same.seed, same.fingerprint) == (straight.seed, straight.fingerprint)
    assert removed.fingerprint == found.fingerprint
    rows = removed.components.set_index("component")
    assert rows.loc[kept, ["removed_as", "decision"]].tolist() == [
        "decision",
        "removed: heart beats",
    ]
    assert rows.loc[blink, ["removed_as", "decision"]].tolist() == ["", "kept: no blink"]
    assert kept in set(removed.maps["component"]) and blink not in set(removed.maps["component"])
    assert set(found.ica.exclude) == set(found.suggested)  # not changed
    again = clean_eeg(raw, rng=1, decisions=decisions)
    np.testing.assert_array_equal(again.raw.get_data(), removed.raw.get_data())


def test_decisions_about_channels_come_before_the_components(dirty):
    raw = dirty[0].copy().crop(0, 40)
    decisions = CleaningDecisions(bad_channels={"PZ": "loose"}, good_channels={"OZ": "looked at"})
    first = find_components(raw, rng=1, iclabel=False)
    found = find_components(raw, rng=1, iclabel=False, decisions=decisions)
    assert found.bad_channels["PZ"] == "decided: loose"
    assert "PZ" not in found.ica.ch_names and found.fingerprint != first.fingerprint
    assert clean_eeg(raw, components=found, decisions=decisions).bad_channels == found.bad_channels
    with pytest.raises(ValueError, match="channels \\['PZ'\\] change the components"):
        clean_eeg(raw, components=first, decisions=decisions)


def test_components_fix_the_options_that_they_were_found_with(dirty):
    raw = dirty[0].copy().crop(0, 40)
    found = find_components(raw, rng=1, iclabel=False, line_hz=60)
    cleaned = clean_eeg(raw, components=found, highpass_hz=1.0, lowpass_hz=40.0)
    assert cleaned.options == Cleaning(line_hz=60, iclabel=False, highpass_hz=1.0, lowpass_hz=40.0)
    assert cleaned.raw.info["lowpass"] == 40.0
    with pytest.raises(ValueError, match="options \\['line_hz', 'eye_r'\\] differ"):
        clean_eeg(raw, components=found, line_hz=50.0, eye_r=0.9)
    with pytest.raises(ValueError, match="components are of another recording"):
        clean_eeg(raw.copy().drop_channels(["CZ"]), components=found)


def test_a_good_channel_by_decision_stays_though_it_looks_bad(dirty):
    raw = dirty[0].copy().crop(0, 30)
    raw.apply_function(lambda x: 0 * x, picks=["P3"])
    assert "P3" in clean_eeg(raw, ica=False, rng=0).bad_channels
    decisions = CleaningDecisions(good_channels={"P3": "reference electrode"})
    assert not clean_eeg(raw, ica=False, decisions=decisions, rng=0).bad_channels


@pytest.mark.parametrize(
    ("decisions", "message"),
    [
        (CleaningDecisions(bad_channels={"QZ": "?"}), "channels \\['QZ'\\], which the recording"),
        (CleaningDecisions(remove_components={99: "?"}), "components \\[99\\], but there are"),
    ],
)
def test_decisions_about_nothing_are_refused(dirty, decisions, message):
    with pytest.raises(ValueError, match=message):
        clean_eeg(dirty[0].copy().crop(0, 30), rng=1, iclabel=False, decisions=decisions)


def test_ransac_finds_a_channel_at_the_wrong_place(dirty):
    """Its signal is brain and loud enough, but not that of its neighbors."""
    raw = dirty[0].copy().crop(0, 60)
    moved = raw.get_data(picks=["O1"])[0] - raw.get_data(picks=["FP1"])[0]
    raw.apply_function(lambda x: moved[: x.size], picks=["FC1"])
    without = clean_eeg(raw, ica=False, ransac=False).bad_channels
    found = clean_eeg(raw, ica=False, rng=0).bad_channels
    assert "FC1" not in without
    assert "RANSAC" in found["FC1"]
    assert len(found) <= 4


def test_good_recordings_lose_few_channels(dirty):
    assert len(clean_eeg(dirty[0], ica=False, rng=0).bad_channels) <= 2


def test_same_bytes_twice(dirty):
    raw = dirty[0].copy().crop(0, 40)
    one, other = clean_eeg(raw, rng=3), clean_eeg(raw, rng=3)
    np.testing.assert_array_equal(one.raw.get_data(), other.raw.get_data())
    pd.testing.assert_frame_equal(one.components, other.components)
    assert one.settings() == other.settings() and one.bad_channels == other.bad_channels


def test_current_source_density_is_a_parallel_reference(dirty):
    raw = dirty[0].copy().crop(0, 30)
    average = clean_eeg(raw, ica=False, rng=0).raw
    cleaned = clean_eeg(raw, ica=False, reference="csd", rng=0)
    density = cleaned.raw
    assert set(density.get_channel_types()) == {"csd", "eog", "emg"}
    expected = mne.preprocessing.compute_current_source_density(
        average, lambda2=1e-5, stiffness=4, verbose="error"
    )
    np.testing.assert_allclose(density.get_data("csd"), expected.get_data("csd"))
    assert cleaned.settings()["reference"] == "csd"


def test_infomax_finds_the_blinks_too(dirty):
    removed = clean_eeg(dirty[0].copy().crop(0, 60), ica_method="infomax", rng=0)
    assert "eye" in set(removed.components["removed_as"])
    assert removed.method == "infomax, extended"


@pytest.mark.parametrize("option", [{"ica_method": "fast"}, {"reference": "REST"}])
def test_unknown_options_are_refused(dirty, option):
    with pytest.raises(ValueError, match="must be one of"):
        clean_eeg(dirty[0], **option, rng=0)


def test_choices_are_the_options_and_the_methods_are_known():
    hints = get_type_hints(Cleaning)
    named = {each.name: hints[each.name] for each in fields(Cleaning)}
    assert get_type_hints(CleaningChoices) == named
    assert get_args(IcaMethod) == tuple(METHODS)
    with pytest.raises(TypeError, match="lin_hz"):
        clean_eeg(mne.io.RawArray(np.zeros((1, 9)), mne.create_info(1, 9.0)), lin_hz=60, rng=1)


@pytest.mark.parametrize("line_hz", [None, 50.0, 60.0, 55.0, 40.0, 25.0, 20.0, 200.0])
def test_the_muscle_band_keeps_clear_of_the_mains(line_hz):
    low, high = muscle_band(line_hz)
    assert high - low == MUSCLE_BAND_HZ[1] - MUSCLE_BAND_HZ[0] and low >= MUSCLE_BAND_HZ[0]
    if line_hz:
        harmonics = line_hz * np.arange(1, 20)
        assert not ((harmonics > low - 1) & (harmonics < high + 1)).any()
    if line_hz in (None, 50.0):
        assert (low, high) == MUSCLE_BAND_HZ


def test_american_mains_are_no_muscle(dirty):
    """60 Hz on all channels: notched, and no component is called a muscle's for it."""
    raw = dirty[0].copy().crop(0, 60)
    expected = clean_eeg(raw, rng=1, iclabel=False, line_hz=None)
    hum = 20e-6 * np.sin(2 * np.pi * 60 * raw.times)
    size = np.random.default_rng(1).uniform(0.5, 1.5, len(raw.ch_names))
    raw.apply_function(lambda rows: rows + size[:, None] * hum, picks="all", channel_wise=False)
    cleaned = clean_eeg(raw, rng=1, iclabel=False, line_hz=60.0)
    assert cleaned.notched_hz == (60.0, 120.0)
    assert cleaned.options.muscle_band_hz == (61.0, 79.0)
    kinds = [one.components["removed_as"].value_counts() for one in (expected, cleaned)]
    assert abs(kinds[0].get("muscle", 0) - kinds[1].get("muscle", 0)) <= 1
    density, freqs = mne.time_frequency.psd_array_welch(
        cleaned.raw.get_data(picks="OZ"), 250.0, n_fft=2500, verbose="error"
    )
    near = (np.abs(freqs - 60) < 3) & (np.abs(freqs - 60) > 1)
    assert density[0, np.isclose(freqs, 60)] < 2 * np.median(density[0, near])
