import numpy as np
import pytest

from mmme_neuro.signals.body.channels import amplitude_curve, rate_curve
from mmme_neuro.signals.body.cycles import Cycles, r_peaks


def cycles_at(seconds, *, run=None, is_corrected=None, amplitude=None):
    seconds = np.asarray(seconds, dtype=float)
    n = seconds.size
    return Cycles(
        seconds,
        np.full(n, np.nan) if amplitude is None else np.asarray(amplitude, dtype=float),
        np.zeros(n, bool) if is_corrected is None else np.asarray(is_corrected),
        np.zeros(n, int) if run is None else np.asarray(run),
        n,
        0,
    )


def test_regular_beats_give_their_rate():
    times = np.arange(0, 12, 0.02) + 0.01
    rate, is_artifact = rate_curve(
        cycles_at(np.arange(1, 11, 0.8)), times, interval_limits=(0.3, 2)
    )
    inside = (times >= 1) & (times < 10.6)
    np.testing.assert_allclose(rate[inside], 75.0)
    assert np.isnan(rate[~inside]).all()
    assert not is_artifact.any()


def test_mean_over_an_interval_counts_one_beat():
    rng = np.random.default_rng(1)
    seconds = np.cumsum(rng.uniform(0.6, 1.1, 40))
    times = np.arange(0, 40, 1e-4)
    rate, _ = rate_curve(cycles_at(seconds), times, interval_limits=(0.3, 2))
    for start, end in zip(seconds[5:9], seconds[6:10], strict=True):
        inside = (times >= start) & (times < end)
        assert rate[inside].mean() == pytest.approx(60 / (end - start), rel=2e-3)
    assert np.nanmin(rate) > 0


def test_incredible_and_corrected_intervals_are_marked():
    cycles = cycles_at(
        [0, 1, 2, 5, 6, 7, 8, 9], is_corrected=[False] * 6 + [True, False], run=[0] * 8
    )
    times = np.arange(0, 9, 0.5)
    rate, is_artifact = rate_curve(cycles, times, interval_limits=(0.3, 2))
    assert np.isnan(rate[(times >= 2) & (times < 5)]).all()
    assert np.isfinite(rate[(times >= 7) & (times < 9)]).all()
    np.testing.assert_array_equal(is_artifact, ((times >= 2) & (times < 5)) | (times >= 7))


def test_no_rate_between_runs():
    cycles = cycles_at([0, 1, 2, 3, 4, 5, 6, 7], run=[0, 0, 0, 0, 1, 1, 1, 1])
    rate, _ = rate_curve(cycles, np.array([2.5, 3.5, 4.5]), interval_limits=(0.3, 2))
    np.testing.assert_allclose(rate, [60, np.nan, 60])


def test_event_response_is_recovered_without_bias(heart):
    truth = heart(600, 250.0)
    times = np.arange(0, 600, 0.02)
    rate, _ = rate_curve(r_peaks(truth["ecg"], 250.0), times, interval_limits=(0.3, 2))
    expected = np.interp(times, truth["times"], truth["rate"])
    error = [
        np.mean((rate - expected)[(times >= event + 4) & (times < event + 8)])
        for event in truth["events"]
    ]
    assert abs(np.mean(error)) < 0.1
    assert np.std(error) < 0.3


def test_beat_end_placement_would_fail_the_same_test(heart):
    truth = heart(600, 250.0)
    times = np.arange(0, 600, 0.02)
    late = np.interp(times, truth["beats"][1:], 60 / np.diff(truth["beats"]))
    expected = np.interp(times, truth["times"], truth["rate"])
    slope = [
        np.mean((late - expected)[(times >= event + 4) & (times < event + 6)])
        for event in truth["events"]
    ]
    assert np.mean(slope) < -0.5


def test_amplitude_skips_unknown_beats():
    cycles = cycles_at([0, 1, 2, 3], amplitude=[np.nan, 1, np.nan, 3])
    amplitude = amplitude_curve(cycles, np.array([0.5, 1, 2, 2.5, 3.5]))
    np.testing.assert_allclose(amplitude, [np.nan, 1, 2, 2.5, np.nan])
