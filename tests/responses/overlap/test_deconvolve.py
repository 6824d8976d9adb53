import warnings

import mne
import numpy as np
import pandas as pd
import pytest
import scipy.stats
from nilearn.glm.first_level import make_first_level_design_matrix
from scipy.ndimage import gaussian_filter1d

from mmme_neuro import align_clocks
from mmme_neuro.errors import BadInput
from mmme_neuro.recording import Recording
from mmme_neuro.responses.overlap.basis import FIR, ResponseFunction, Splines
from mmme_neuro.responses.overlap.deconvolve import deconvolve, with_stimulus_events

SFREQ = 10.0
DURATION = 900.0
WINDOW = (2.0, 4.0)
BASELINE = (-1.0, 0.0)


def course(lags):
    """A response of 8 s that no published function resembles."""
    return np.where((lags > 0) & (lags < 8), np.sin(np.pi * lags / 8) ** 2 * (1.5 - lags / 8), 0.0)


def true_window(window=WINDOW):
    return course(np.linspace(*window, 2001)).mean()


def draw_events(rng, *, mean_gap=4.0):
    onsets = np.cumsum(rng.exponential(mean_gap, 2000) + 0.3) + 5
    onsets = onsets[onsets < DURATION - 15]
    expression = np.where(rng.random(onsets.size) < 0.3, "micro", "macro")
    return pd.DataFrame({"onset": onsets, "expression": expression})


def recording_of(events, rng, *, sizes=None, noise=0.3, n_channels=1):
    """Superposed responses (micro twice as large) and colored noise."""
    times = np.arange(0, DURATION, 1 / SFREQ)
    sizes = {"macro": 1.0, "micro": 2.0} if sizes is None else sizes
    signal = np.zeros(times.size)
    for onset, expression in zip(events["onset"], events["expression"], strict=True):
        signal += sizes[expression] * course(times - onset)
    white = rng.standard_normal((n_channels, times.size))
    color = scipy.signal.lfilter([1], [1, -1.6, 0.65], white, axis=1)
    data = signal + noise * color / color.std()
    info = mne.create_info([f"x{k}" for k in range(n_channels)], SFREQ, "misc")
    raw = mne.io.RawArray(data, info, verbose="error")
    return Recording(eeg=None, physio=raw, events=events)


def averaged(recording, level):
    """Mean over the epochs of a condition, window minus baseline."""
    data = recording.physio.get_data()[0]
    times = recording.physio.times
    events = recording.events
    values = [
        data[(times >= t + WINDOW[0]) & (times <= t + WINDOW[1])].mean()
        - data[(times >= t + BASELINE[0]) & (times <= t + BASELINE[1])].mean()
        for t in events.loc[events["expression"] == level, "onset"]
    ]
    return float(np.mean(values)), scipy.stats.sem(values)


def one_window(found, **values):
    row = found.window(WINDOW, baseline=BASELINE, **values).iloc[0]
    return row["estimate"], row["std_error"]


def test_equals_dense_least_squares_on_nilearns_design():
    rng = np.random.default_rng(1)
    events = draw_events(rng)
    events["onset"] = np.round(events["onset"] * SFREQ) / SFREQ
    events = events.drop_duplicates("onset").reset_index(drop=True)
    recording = recording_of(events, rng)
    times = recording.physio.times
    table = pd.DataFrame(
        {"onset": events["onset"], "duration": 0.0, "trial_type": events["expression"]}
    )
    reference = make_first_level_design_matrix(
        times, table, hrf_model="fir", fir_delays=range(60), drift_model=None, oversampling=1,
        min_onset=0,
    )  # fmt: skip
    dense = reference.to_numpy()
    expected = np.linalg.lstsq(dense, recording.physio.get_data()[0], rcond=None)[0]
    found = deconvolve(
        recording, "~ 0 + expression", FIR((0.0, 5.9), step=0.1), picks="x0", orders=(0,)
    )
    columns = [reference.columns.get_loc(f"macro_delay_{k}") for k in range(60)]
    scale = dense[:, columns[0]].max()
    np.testing.assert_allclose(
        found.curves.sel(term="expression[macro]")[0], expected[columns] * scale, atol=1e-8
    )


def test_equals_mnes_regression_of_continuous_data():
    rng = np.random.default_rng(2)
    events = draw_events(rng)
    samples = np.unique(np.round(events["onset"] * SFREQ).astype(int))
    events = pd.DataFrame({"onset": samples / SFREQ, "expression": "macro"})
    recording = recording_of(events, rng)
    as_mne = np.column_stack([samples, np.zeros_like(samples), np.ones_like(samples)])
    raw = recording.physio.copy().set_channel_types({"x0": "eeg"}, verbose="error")
    expected = mne.stats.linear_regression_raw(
        raw, as_mne, {"event": 1}, tmin=0, tmax=7.9, reject=None, picks="eeg"
    )["event"]
    # MNE's model has no constant.
    found = deconvolve(recording, "~ 1", FIR((0.0, 7.9), step=0.1), picks="x0", orders=(0,))
    np.testing.assert_allclose(found.curves[0, 0], expected.data[0], atol=0.1)
    assert np.corrcoef(found.curves[0, 0], expected.data[0])[0, 1] > 0.999


@pytest.mark.parametrize("basis", [FIR((-1.0, 9.0), step=0.5), Splines((-1.0, 9.0), 20)])
def test_recovers_what_averaging_does_not(basis):
    rng = np.random.default_rng(3)
    recording = recording_of(draw_events(rng), rng)
    found = deconvolve(recording, "~ expression", basis, picks="x0")
    for level, size in (("macro", 1.0), ("micro", 2.0)):
        estimate, error = one_window(found, expression=level)
        assert abs(estimate - size * true_window()) < 2.5 * error
        assert error < 0.15
    mean, mean_error = averaged(recording, "macro")
    assert mean < true_window() - 2.5 * mean_error


def test_agrees_with_averaging_where_nothing_overlaps():
    rng = np.random.default_rng(4)
    onsets = np.arange(10, DURATION - 15, 14.0)
    events = pd.DataFrame({"onset": onsets, "expression": "macro"})
    recording = recording_of(events, rng, noise=0.05)
    found = deconvolve(recording, "~ 1", FIR((-1.0, 9.0), step=0.5), picks="x0")
    assert one_window(found)[0] == pytest.approx(averaged(recording, "macro")[0], abs=0.02)
    assert found.collinearity["overlapped"].item() == 0
    assert found.collinearity["vif"].item() < 2


def test_canonical_function_misses_a_shape_that_fir_finds():
    rng = np.random.default_rng(5)
    recording = recording_of(draw_events(rng), rng)
    free = deconvolve(recording, "~ expression", FIR((-1.0, 9.0), step=0.5), picks="x0")
    fixed = deconvolve(recording, "~ expression", ResponseFunction("scr"), picks="x0")
    truth = course(np.array([1.0, 2.0, 3.0]))

    def error(found):
        curve = found.response(times=np.array([1.0, 2.0, 3.0]), expression="macro")
        return np.abs(curve["response"][0].to_numpy() - truth).max()

    assert error(free) < 0.2
    assert error(fixed) > max(0.25, 2 * error(free))


def null_and_coverage(n, *, seed):
    """z of the true difference, and of zero when there is none."""
    rng = np.random.default_rng(seed)
    z = {"present": [], "absent": []}
    for _ in range(n):
        events = draw_events(rng, mean_gap=6.0)
        for name, micro in (("present", 2.0), ("absent", 1.0)):
            recording = recording_of(events, rng, sizes={"macro": 1.0, "micro": micro})
            found = deconvolve(recording, "~ expression", Splines((-1.0, 9.0), 20), picks="x0")
            estimate, error = one_window(found, expression="micro", minus={"expression": "macro"})
            z[name].append((estimate - (micro - 1) * true_window()) / error)
    return {name: np.abs(values) > 1.96 for name, values in z.items()}


def most_misses(n, *, nominal=0.06):
    """Errors are 2-6 % too small as the noise is estimated too, which makes 5 % about 6 %."""
    return scipy.stats.binom.ppf(0.995, n, nominal) / n


def test_intervals_cover_and_null_differences_are_rare():
    for misses in null_and_coverage(60, seed=6).values():
        assert misses.mean() <= most_misses(60)


@pytest.mark.slow
def test_intervals_cover_and_null_differences_are_rare_in_many_recordings():
    for misses in null_and_coverage(1000, seed=7).values():
        assert 0.03 < misses.mean() <= most_misses(1000)


def test_white_noise_model_understates_errors():
    rng = np.random.default_rng(8)
    recording = recording_of(draw_events(rng), rng, noise=1.0)
    basis = Splines((-1.0, 9.0), 20)
    white = deconvolve(recording, "~ expression", basis, picks="x0", orders=(0,))
    colored = deconvolve(recording, "~ expression", basis, picks="x0")
    assert colored.solutions[0][1].ar.size >= 2
    assert (
        one_window(white, expression="macro")[1] < 0.6 * one_window(colored, expression="macro")[1]
    )


def test_gaps_are_left_out_channel_by_channel():
    rng = np.random.default_rng(9)
    recording = recording_of(draw_events(rng), rng, n_channels=2)
    data = recording.physio.get_data()
    whole = deconvolve(recording, "~ 1", FIR((-1.0, 9.0), step=0.5), picks="misc")
    data[0, 1000:2000] = np.nan
    data[:, 4000:4100] = 1e6
    raw = mne.io.RawArray(data, recording.physio.info, verbose="error")
    raw.set_annotations(mne.Annotations([400.0], [10.0], ["BAD_jump"]))
    found = deconvolve(
        Recording(eeg=None, physio=raw, events=recording.events),
        "~ 1",
        FIR((-1.0, 9.0), step=0.5),
        picks="misc",
    )
    assert found.solutions[0][1].dof < found.solutions[1][1].dof - 900
    assert np.abs(found.curves - whole.curves).max() < 0.5


def test_order_of_events_does_not_matter():
    rng = np.random.default_rng(10)
    recording = recording_of(draw_events(rng), rng)
    mixed = Recording(
        eeg=None, physio=recording.physio, events=recording.events.sample(frac=1, random_state=1)
    )
    basis = FIR((-1.0, 9.0), step=0.5)
    found = [deconvolve(r, "~ expression", basis, picks="x0").curves for r in (recording, mixed)]
    np.testing.assert_allclose(*found, atol=1e-8)


def test_events_are_placed_on_the_physio_clock():
    rng = np.random.default_rng(11)
    recording = recording_of(draw_events(rng), rng)
    shifted = recording.events.assign(onset=recording.events["onset"] + 100)
    codes = pd.DataFrame({"code": 101, "onset": [0.0, 300.0, 600.0, 900.0]})
    clock = align_clocks(codes.assign(onset=codes["onset"] + 100), codes)
    moved = Recording(eeg=None, physio=recording.physio, events=shifted, clock=clock)
    basis = FIR((-1.0, 9.0), step=0.5)
    found = [deconvolve(r, "~ 1", basis, picks="x0").curves for r in (recording, moved)]
    np.testing.assert_allclose(*found, atol=1e-3)


def test_nuisance_and_drift_are_taken_out():
    rng = np.random.default_rng(12)
    events = draw_events(rng)
    recording = recording_of(events, rng, noise=0.05)
    emg = np.repeat(rng.random(900), 10)
    slow = 5 * np.sin(2 * np.pi * recording.physio.times / 600)
    data = np.stack([recording.physio.get_data()[0] + 3 * emg + slow, emg])
    raw = mne.io.RawArray(data, mne.create_info(["x0", "emg"], SFREQ, "misc"), verbose="error")
    spoilt = Recording(eeg=None, physio=raw, events=events)
    basis = FIR((-1.0, 9.0), step=0.5)
    found = deconvolve(
        spoilt, "~ expression", basis, picks="x0", nuisance=["emg"], drift_hz=1 / 200, orders=(0,)
    )
    assert one_window(found, expression="micro")[0] == pytest.approx(2 * true_window(), abs=0.1)
    without = deconvolve(spoilt, "~ expression", basis, picks="x0", orders=(0,))
    assert found.solutions[0][1].variance < 0.1 * without.solutions[0][1].variance


def test_stimulus_onsets_are_events_of_their_own():
    rng = np.random.default_rng(13)
    events = draw_events(rng).assign(code=101)
    times = np.arange(0, DURATION, 1 / SFREQ)
    codes = pd.DataFrame(
        {"code": [101, 100, 102, 100, 103, 100], "onset": [10.0, 200, 230, 500, 520, 880]}
    )
    recording = recording_of(events, rng, noise=0.05)
    marks = codes.loc[codes["code"] > 100, "onset"]
    seen = recording.physio.get_data()[0] + sum(4 * course(times - t) for t in marks)
    raw = mne.io.RawArray(seen[None], recording.physio.info, verbose="error")
    both = with_stimulus_events(Recording(eeg=None, physio=raw, events=events, codes=codes))
    assert both.events["event_type"].value_counts()["stimulus_onset"] == 3
    inside = both.events.query("event_type == 'event'")
    np.testing.assert_allclose(inside["time_in_video"], inside["onset"] - 10)
    basis = FIR((-1.0, 9.0), step=0.5)
    kinds = ("event", "stimulus_onset", "stimulus_offset")
    found = deconvolve(
        both,
        dict(zip(kinds, ["~ expression", "~ 1", "~ 1"], strict=True)),
        dict.fromkeys(kinds, basis),
        picks="x0",
    )
    assert one_window(found, expression="macro")[0] == pytest.approx(true_window(), abs=0.05)
    assert one_window(found, event_type="stimulus_onset")[0] == pytest.approx(
        4 * true_window(), abs=0.3
    )
    assert set(found.collinearity["event_type"]) == set(kinds)


def test_averages_samples_first():
    rng = np.random.default_rng(14)
    recording = recording_of(draw_events(rng), rng)
    found = [
        one_window(
            deconvolve(recording, "~ expression", Splines((-1.0, 9.0), 20), picks="x0", sfreq=rate),
            expression="micro",
        )[0]
        for rate in (10.0, 5.0)
    ]
    assert found[0] == pytest.approx(found[1], abs=0.05)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"formula": "~ expresion"}, "no column 'expresion'.*did you mean 'expression'"),
        ({"picks": "x0", "sfreq": 3.0}, "must divide the signal's 10 Hz"),
        ({"modality": "eeg"}, "no eeg signal"),
        ({"modality": "brain"}, "must be 'physio' or 'eeg'"),
        ({"formula": "~ intensity"}, "values are missing.*intensity"),
        ({"formula": "~ expression + also"}, "rank deficient.*explain one another"),
        ({"basis": FIR((0.0, 900.0), step=0.1)}, "good samples cannot carry|without a sample"),
        (
            {"formula": {"face": "~ 1"}, "basis": {"face": FIR((0.0, 1.0), step=0.5)}},
            "no event of type",
        ),
    ],
)
def test_refuses_designs_without_an_answer(change, message):
    rng = np.random.default_rng(15)
    events = draw_events(rng)
    events["also"] = events["expression"].eq("micro").astype(float)
    events["intensity"] = np.where(np.arange(len(events)) < 3, np.nan, 1.0)
    call = {
        "formula": "~ expression", "basis": FIR((-1.0, 5.0), step=0.5), "picks": "x0"
    } | change  # fmt: skip
    with pytest.raises(ValueError, match=message):
        deconvolve(recording_of(events, rng), **call)


def test_unknown_level_and_missing_covariate_are_named():
    rng = np.random.default_rng(16)
    events = draw_events(rng).assign(expression="macro")
    found = deconvolve(recording_of(events, rng), "~ 1", FIR((-1.0, 5.0), step=0.5), picks="x0")
    assert found.window((1, 2))["estimate"].notna().all()
    both = deconvolve(
        recording_of(draw_events(rng), rng), "~ expression", FIR((-1.0, 5.0), step=0.5), picks="x0"
    )
    with pytest.raises(ValueError, match="no event of this recording has it"):
        both.window((1, 2), expression="mixed")
    with pytest.raises(ValueError, match="values for \\['expression'\\] are needed"):
        both.window((1, 2))


def test_a_fixed_shape_survives_a_smooth_signal():
    """Whitening it would count only details that a fixed shape misses, and find nothing."""
    rng = np.random.default_rng(17)
    events = draw_events(rng, mean_gap=8.0)
    times = np.arange(0, DURATION, 1 / SFREQ)
    function = ResponseFunction("scr", derivative=False)
    late = sum(function.evaluate(times - onset - 0.4).toarray()[:, 0] for onset in events["onset"])
    drift = np.cumsum(np.cumsum(rng.standard_normal(times.size))) * 1e-4
    raw = mne.io.RawArray(
        (late + drift)[None], mne.create_info(["x0"], SFREQ, "misc"), verbose="error"
    )
    recording = Recording(eeg=None, physio=raw, events=events)

    def peak(**options):
        found = deconvolve(
            recording, "~ 1", ResponseFunction("scr"), picks="x0", drift_hz=1 / 100, **options
        )
        return float(found.response(times=np.array([4.6]))["response"].item())

    assert peak() == pytest.approx(1.0, abs=0.2)
    assert abs(peak(whiten=True) - 1) > 2 * abs(peak() - 1)


@pytest.mark.parametrize(("step", "sfreq"), [(1.0, None), (1.0, 1.0), (0.1, None)])
def test_an_fir_recovers_a_smooth_response_in_a_smooth_signal(step, sfreq):
    """Straight lines longer than a sample have corners, which whitening would blow up."""
    rng = np.random.default_rng(19)
    events = draw_events(rng, mean_gap=8.0)
    times = np.arange(0, DURATION, 1 / SFREQ)
    late = sum(np.exp(-0.5 * (times - onset - 4) ** 2) for onset in events["onset"])
    drift = 0.2 * gaussian_filter1d(np.cumsum(rng.standard_normal(times.size)), 5.0)
    raw = mne.io.RawArray(
        (late + drift)[None], mne.create_info(["x0"], SFREQ, "misc"), verbose="error"
    )
    recording = Recording(eeg=None, physio=raw, events=events)

    def peak(**options):
        basis = FIR((-1.0, 9.0), step=step)
        found = deconvolve(recording, "~ 1", basis, picks="x0", sfreq=sfreq, **options)
        course = found.response(times=np.array([-0.5, 4.0]))["response"].to_numpy()[0]
        return course[1] - course[0]

    assert peak() == pytest.approx(1.0, abs=0.2)
    if step > 1 / (sfreq or SFREQ):
        assert abs(peak(whiten=True) - 1) > 2 * abs(peak() - 1)


def test_errors_of_ordinary_least_squares_follow_the_noise():
    rng = np.random.default_rng(18)
    z = []
    for _ in range(80):
        recording = recording_of(draw_events(rng, mean_gap=6.0), rng)
        found = deconvolve(
            recording, "~ expression", Splines((-1.0, 9.0), 20), picks="x0", whiten=False
        )
        estimate, error = one_window(found, expression="macro")
        z.append((estimate - true_window()) / error)
    assert 0.8 < np.std(z) < 1.25


@pytest.fixture(scope="module")
def superposed():
    rng = np.random.default_rng(12)
    events = draw_events(rng)
    return recording_of(events, rng, noise=0.05)


def with_covariate(recording, name, values):
    events = recording.events.drop(columns="expression").assign(**{name: values})
    return Recording(eeg=None, physio=recording.physio, events=events)


@pytest.mark.parametrize(
    "dtype", ["object", "string", "category", "ordered", "string category", "string[pyarrow]"]
)
def test_covariates_of_any_type_of_words(superposed, dtype):
    words = superposed.events["expression"]
    if dtype == "ordered":
        words = pd.Categorical(words, ["none", "macro", "other", "micro"], ordered=True)
    elif dtype == "string category":
        words = words.astype("string").astype("category")
    else:
        if "pyarrow" in dtype:
            pytest.importorskip("pyarrow")
        words = words.astype(dtype)
    own = with_covariate(superposed, "expression", words)
    found = deconvolve(own, "~ expression", FIR((-1.0, 9.0), step=0.5), picks="x0")
    plain = deconvolve(superposed, "~ expression", FIR((-1.0, 9.0), step=0.5), picks="x0")
    for level in ("macro", "micro"):
        response = found.response(expression=level)["response"]
        np.testing.assert_allclose(response, plain.response(expression=level)["response"])
    with pytest.raises(ValueError, match="no event of this recording has it"):
        found.response(expression="none")


@pytest.mark.parametrize("name", ["face type", "C", "class", "face.type", "größe", "a:b", "times"])
def test_covariates_of_any_name(superposed, name):
    own = with_covariate(superposed, name, superposed.events["expression"])
    formula = f"~ `{name}`" if name in ("face type", "a:b") else f"~ {name}"
    found = deconvolve(own, formula, FIR((-1.0, 9.0), step=0.5), picks="x0")
    plain = deconvolve(superposed, "~ expression", FIR((-1.0, 9.0), step=0.5), picks="x0")
    np.testing.assert_allclose(
        found.response({name: "micro"})["response"],
        plain.response(expression="micro")["response"],
    )


@pytest.mark.parametrize("dtype", ["bool", "boolean", "object", "int8", "UInt8", "float32"])
def test_covariates_that_are_numbers_or_truth_values(superposed, dtype):
    is_micro = superposed.events["expression"] == "micro"
    own = with_covariate(superposed, "micro", is_micro.astype(dtype))
    found = deconvolve(own, "~ I(micro * 200)", FIR((-1.0, 9.0), step=0.5), picks="x0")
    plain = deconvolve(superposed, "~ expression", FIR((-1.0, 9.0), step=0.5), picks="x0")
    np.testing.assert_allclose(
        found.response(micro=True)["response"],
        plain.response(expression="micro")["response"],
        atol=1e-6,
    )
    with pytest.raises(ValueError, match="micro='much' must be a number"):
        found.response(micro="much")


@pytest.mark.parametrize("text", ["boundary", "New Segment/"])
@pytest.mark.parametrize("sfreq", [None, 5.0])
def test_responses_do_not_go_across_a_cut(text, sfreq):
    rng = np.random.default_rng(2)
    onsets = np.sort(np.concatenate([rng.uniform(5, 190, 40), [99.0, 99.5, 100.2, 149.5]]))
    times, cut_at = np.arange(0, 200, 0.1), [100.0, 150.0]
    piece = np.searchsorted(cut_at, times, "right")

    def shape(time):
        return np.clip(1 - np.abs(time - 1), 0, None)

    eda = np.zeros(times.size)
    for onset in onsets:
        own = np.searchsorted(cut_at, onset, "right")
        eda += np.where(piece == own, shape(times - onset), 0.0)
    raw = mne.io.RawArray(eda[None], mne.create_info(["eda"], 10.0, "misc"), verbose="error")
    mine = Recording(eeg=None, physio=raw, events=pd.DataFrame({"onset": np.round(onsets, 1)}))
    basis = FIR((-0.4, 2.4), step=0.2)

    def peak_error():
        found = deconvolve(mine, "~ 1", basis, picks="eda", orders=(0,), sfreq=sfreq)
        curve = found.response(times=np.array([0.0, 1.0, 2.0]))["response"].to_numpy()[0]
        return np.abs(curve - [0, 1, 0]).max(), float(found.std_error.mean())

    without = peak_error()
    raw.set_annotations(mne.Annotations(cut_at, [0.0, 3.0], text))
    error, std_error = peak_error()
    assert error < without[0] + 1e-9 and std_error < 0.95 * without[1]


@pytest.mark.parametrize("start", [-2.0, 3.0])
def test_the_physiology_counts_from_its_own_start(start):
    onsets = np.array([8.0, 16.5, 25.0, 33.0, 42.0, 50.5])
    times = start + np.arange(0, 70, 0.1)
    eda = sum(np.clip(1 - np.abs(times - onset - 1), 0, 1) for onset in onsets)
    info = mne.create_info(["eda"], 10.0, "misc")
    raw = mne.io.RawArray(eda[None], info, first_samp=round(start * 10), verbose="error")
    eeg = mne.io.RawArray(np.zeros((1, 6000)), mne.create_info(1, 100.0, "eeg"), verbose="error")
    mine = Recording(eeg=eeg, physio=raw, events=pd.DataFrame({"onset": onsets}))
    found = deconvolve(mine, "~ 1", FIR((0.0, 2.0), step=0.5), picks="eda", orders=(0,))
    curve = found.response(times=np.array([0.5, 1.0, 1.5]))["response"].to_numpy()[0]
    np.testing.assert_allclose(curve, [0.5, 1.0, 0.5], atol=0.02)


def test_events_that_stand_twice_or_have_no_time_are_told():
    onsets = np.array([8.0, 16.5, 25.0, 33.0, 42.0, 50.5])
    times = np.arange(0, 70, 0.1)
    eda = sum(np.clip(1 - np.abs(times - onset - 1), 0, 1) for onset in onsets)
    raw = mne.io.RawArray(eda[None], mne.create_info(["eda"], 10.0, "misc"), verbose="error")
    events = pd.DataFrame({"onset": onsets})

    def deconvolved(table):
        mine = Recording(eeg=None, physio=raw, events=table)
        return deconvolve(mine, "~ 1", FIR((0.0, 2.0), step=0.5), picks="eda", orders=(0,))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = deconvolved(events)
    with pytest.warns(UserWarning, match="1 of 7 events repeat another one"):
        deconvolved(pd.concat([events, events[:1]]))
    with pytest.warns(UserWarning, match="2 of 8 events have no onset and are left out"):
        found = deconvolved(pd.concat([events, pd.DataFrame({"onset": [np.nan, np.nan]})]))
    np.testing.assert_allclose(found.curves, whole.curves)
    passes = events.assign(annotation_pass=["A", "B"] * 3)
    with pytest.raises(BadInput, match="several annotation passes"):
        deconvolved(passes)
