from dataclasses import replace

import mne
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mmme_neuro.recording import Recording
from mmme_neuro.responses.measures import Measure
from mmme_neuro.responses.overlap.basis import FIR, GRID_S, Splines
from mmme_neuro.responses.overlap.compare import (
    OverlapPlan,
    compare_with_averaging,
    over_participants,
    separate_overlap,
)
from mmme_neuro.responses.overlap.deconvolve import deconvolve
from tests.chance import N_STD_ERRORS

WINDOW = Measure(name="bump", signal="x", window=(1.0, 3.0), baseline=(-1.0, 0.0), unit="uS")


def bump(lags):
    return np.where((lags > 0) & (lags < 4), np.sin(np.pi * lags / 4) ** 2, 0.0)


def truth(step):
    """Mean of the window, both ends included, on a grid of this step."""
    return 10 * bump(np.arange(1, 3 + step / 2, step)).mean()


# Averages see samples 0.1 s apart, responses of the deconvolution are tabulated every 0.01 s.
SAMPLED, TRUTH = truth(0.1), truth(GRID_S)
NOISE = 0.02
CURVATURE = 10 * np.pi / 4
"""Mean second derivative of the bump in the window, in mU/s2."""
ROUNDING = CURVATURE * 0.1**2 / 24
"""Bias of averages from onsets rounded to samples."""
LINES = CURVATURE * 0.25**2 / 12
"""Largest bias of straight lines between values 0.25 s apart."""


def noise(n_events):
    """How far noise may move the mean of 21 samples less that of 11, averaged over events."""
    return N_STD_ERRORS * 10 * NOISE * np.sqrt((1 / 21 + 1 / 11) / n_events)


def recording(onsets, expression, rng, noise_sd=NOISE):
    times = np.arange(0, 400, 0.1)
    sizes = np.where(np.array(expression) == "micro", 2.0, 1.0)
    signal = sum(size * bump(times - onset) for onset, size in zip(onsets, sizes, strict=True))
    signal = signal + noise_sd * rng.standard_normal(times.size)
    # A measure in uS is 1e6 times the signal in S.
    raw = mne.io.RawArray(1e-5 * signal[None], mne.create_info(["x"], 10.0, "eeg"), verbose="error")
    events = pd.DataFrame({"onset": onsets, "expression": expression})
    return Recording(eeg=None, physio=raw, events=events)


def compared(recording, **options):
    found = deconvolve(recording, "~ expression", FIR((-1.0, 5.0), step=0.25), picks="x")
    table = compare_with_averaging(
        recording,
        found,
        [WINDOW],
        **{"isolation": 6.0} | options,
        condition="expression",
        levels=("macro", "micro"),
    )
    return table.set_index(["method", "condition"])


def test_isolated_events_and_deconvolution_find_what_averages_miss():
    rng = np.random.default_rng(0)
    onsets = np.cumsum(rng.choice([1.5, 2.0, 9.0], 120, p=[0.4, 0.2, 0.4])) + 5
    onsets = onsets[onsets < 390]
    expression = np.where(rng.random(onsets.size) < 0.4, "micro", "macro")
    table = compared(recording(onsets, expression, rng))
    found, n_events = table["estimate"], table["n_events"]["isolated"]
    assert abs(found["average", "macro"] - SAMPLED) > 20 * noise(n_events["macro"])
    # The deconvolution uses the isolated events and others: its noise is less than theirs.
    for method, mean, bias in (("isolated", SAMPLED, ROUNDING), ("deconvolution", TRUTH, LINES)):
        macro, micro = bias + noise(n_events["macro"]), 2 * bias + noise(n_events["micro"])
        assert found[method, "macro"] == pytest.approx(mean, abs=macro)
        assert found[method, "micro"] == pytest.approx(2 * mean, abs=micro)
        assert found[method, "micro - macro"] == pytest.approx(mean, abs=macro + micro)


def test_isolated_events_are_counted_by_hand():
    onsets = [10.0, 30.0, 34.0, 60.0, 80.0, 90.0]
    kinds = ["macro", "micro", "micro", "micro", "macro", "macro"]
    table = compared(recording(onsets, kinds, np.random.default_rng(1)))["n_events"]
    assert table["average", "micro"] == 3
    assert table["isolated", "micro"] == 1
    assert table["isolated", "micro - macro"] == 4


def test_no_isolated_event_is_no_estimate():
    rng = np.random.default_rng(2)
    starts = np.arange(10, 380, 9.0)
    onsets = np.sort(np.r_[starts, starts + rng.uniform(0.5, 3.0, starts.size)])
    kinds = rng.choice(["macro", "micro"], onsets.size)
    table = compared(recording(onsets, kinds, rng))["estimate"]
    assert np.isnan(table["isolated", "micro"]) and np.isfinite(table["average", "micro"])


def test_averages_are_those_of_epochs():
    rng = np.random.default_rng(3)
    onsets = np.arange(5.0, 390, 9.0)
    mine = recording(onsets, np.resize(["macro", "micro"], onsets.size), rng)
    samples = np.round(onsets * 10).astype(int)
    as_mne = np.column_stack([samples, samples * 0, np.resize([1, 2], onsets.size)])
    epochs = mne.Epochs(
        mine.physio, as_mne, tmin=-1, tmax=5, baseline=(-1, 0), picks="eeg", verbose="error"
    )
    expected = 1e6 * epochs["2"].average(picks="eeg").crop(1, 3).data.mean()
    found = compared(mine)["estimate"]["average", "micro"]
    assert found == pytest.approx(expected, abs=1e-9)


def test_mean_over_participants_is_the_t_interval():
    values = np.array([1.0, 2.0, 4.0, 5.0])
    table = pd.DataFrame(
        {"measure": "m", "unit": "u", "method": "average", "condition": "macro",
         "estimate": [*values, np.nan], "n_events": [3, 4, 5, 6, 0]}
    )  # fmt: skip
    row = over_participants(table).iloc[0]
    low, high = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high))
    assert (row["n_participants"], row["n_events"]) == (4, 18)


def test_separate_overlap_measures_draws_and_reports_collinearity():
    rng = np.random.default_rng(5)
    onsets = np.arange(10.0, 380, 5.0)
    expression = np.resize(["macro", "micro", "micro"], onsets.size)
    mine = recording(onsets, expression, rng, noise_sd=0.0)
    stimuli = pd.DataFrame(
        {"event": ["v1", "v2"], "onset": [5.0, 200.0], "event_type": "stimulus_onset"}
    )
    events = pd.concat([mine.events.assign(event_type="event"), stimuli], ignore_index=True)
    plan = OverlapPlan(
        modality="physio",
        basis=Splines((-1.0, 5.0), 14),
        measures=(WINDOW,),
        isolation=6.0,
        stimulus_basis=FIR((0.0, 2.0), step=0.5),
    )
    found = separate_overlap(
        replace(mine, events=events), plan, condition="expression", levels=("macro", "micro")
    )
    estimates = found.measures.set_index(["method", "condition"])["estimate"]
    # Without noise only the splines, 0.46 s apart, miss the bump: by less than .1 % of its peak.
    assert estimates["deconvolution", "macro"] == pytest.approx(TRUTH, abs=0.01)
    assert found.measures["n_events"].max() == len(onsets)
    peak = found.curves.query("method == 'deconvolution' and condition == 'micro'")
    assert peak["estimate"].max() == pytest.approx(20, abs=0.02)
    assert set(found.collinearity["event_type"]) == {"event", "stimulus_onset"}
