from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.signal import find_peaks

from mmme_neuro.simulate import DEMO, Effect
from mmme_neuro.simulate.body import (
    electrocardiogram,
    photoplethysmogram,
    respiration,
    simulate_body,
)
from mmme_neuro.simulate.responses import SHAPE_BY_RESPONSE, Person
from mmme_neuro.simulate.shapes import skin_conductance_response
from tests.chance import error_of_mean, error_of_sd

SFREQ = 200.0
ONSETS = np.arange(60.0, 560.0, 50.0)


def typical():
    """A person without deviations from the typical latency and width."""
    ones = dict.fromkeys(SHAPE_BY_RESPONSE, 1.0)
    return Person({name: np.zeros(2) for name in SHAPE_BY_RESPONSE}, ones, dict(ones))


def state_of(seed=1, onsets=ONSETS, **sizes):
    parameters = replace(
        DEMO.physio,
        heart_rate_sd_bpm=0.0,
        spontaneous_scr_per_minute=0.0,
        **{name: Effect(0.0, 0.0) for name in ("heart_rate", "scr", "temperature")},
    )
    names = ("heart_rate", "scr", "pulse_amplitude", "breathing_depth", "temperature")
    amplitudes = pd.DataFrame({name: np.full(onsets.size, sizes.get(name, 0.0)) for name in names})
    return simulate_body(
        parameters,
        onsets,
        amplitudes,
        span=(-10.0, 620.0),
        person=typical(),
        rng=np.random.default_rng(seed),
    )


@pytest.mark.parametrize(
    ("name", "attribute", "size", "peak_s"),
    [
        ("heart_rate", "heart_rate", -6.0, 6.65),
        ("scr", "skin_conductance", 0.5, 4.25),
        ("pulse_amplitude", "pulse_amplitude", -0.3, 5.0),
        ("breathing_depth", "breath_depth", 0.4, 8.07),
        ("temperature", "temperature", -0.1, 15.0),
    ],
)
def test_responses_of_known_size_and_latency(name, attribute, size, peak_s):
    """The difference of two bodies that differ in one response is that response."""
    with_response, without = state_of(**{name: size}), state_of()
    difference = getattr(with_response, attribute) - getattr(without, attribute)
    at_event = without.time[:, None] - ONSETS
    index = np.argmin(np.abs(at_event), axis=0)
    window = np.arange(int(20 * 25))[:, None] + index
    course = difference[window].mean(axis=1)
    assert course[np.abs(course).argmax()] == pytest.approx(size, rel=0.02)
    assert np.abs(course).argmax() / 20 == pytest.approx(peak_s, abs=0.2)
    before = difference[without.time < ONSETS[0]]
    np.testing.assert_allclose(before, 0, atol=1e-9)


def test_beats_follow_the_rate():
    state = state_of()
    intervals = np.diff(state.beats)
    middle = (state.beats[1:] + state.beats[:-1]) / 2
    expected = np.interp(middle, state.time, state.heart_rate)
    np.testing.assert_allclose(60 / intervals, expected, rtol=0.02)
    assert expected.mean() == pytest.approx(DEMO.physio.heart_rate_bpm, abs=2)


def test_r_peaks_lie_on_the_beats():
    state = state_of()
    time = np.arange(0, 120, 1 / SFREQ)
    peaks = time[find_peaks(electrocardiogram(state, time), height=0.6)[0]]
    beats = state.beats[(state.beats > 0.05) & (state.beats < 119.95)]
    assert len(peaks) == pytest.approx(len(beats), abs=1)
    nearest = np.abs(peaks[:, None] - state.beats).min(axis=1)
    assert nearest.max() <= 1 / SFREQ
    assert electrocardiogram(state, time).max() == pytest.approx(1.1, abs=0.1)


def test_pulse_arrives_after_each_beat_with_its_amplitude():
    state = state_of(pulse_amplitude=-0.4, onsets=np.array([300.0]))
    time = np.arange(250, 340, 1 / SFREQ)
    wave = photoplethysmogram(state, time)
    peaks = find_peaks(wave, prominence=0.3, distance=int(0.5 * SFREQ))[0]
    delay = time[peaks] - state.beats[np.searchsorted(state.beats, time[peaks]) - 1]
    assert np.median(delay) == pytest.approx(0.39, abs=0.05)
    heights = wave[peaks]
    rest, low = heights[time[peaks] < 299].mean(), heights[np.abs(time[peaks] - 305) < 1].mean()
    assert low / rest == pytest.approx(0.6, abs=0.12)


def test_one_breath_per_cycle():
    state = state_of()
    time = np.arange(0, 600, 1 / SFREQ)
    breath = respiration(state, time)
    n_breaths = ((breath[1:] > 0) & (breath[:-1] <= 0)).sum()
    cycles = np.diff(np.interp(time[[0, -1]], state.time, state.breath_phase)).item()
    assert n_breaths == pytest.approx(cycles, abs=1)
    assert np.abs(breath).max() < 1.5


def test_people_breathe_at_their_own_rates():
    def rate(seed):
        state = state_of(seed)
        return 60 * np.ptp(state.breath_phase) / np.ptp(state.time)

    # Rates differ by 10 % (log-normal); the wandering within a person averages out in ten minutes.
    logs = np.log([rate(seed) / DEMO.physio.breaths_per_minute for seed in range(200)])
    assert abs(logs.mean()) <= error_of_mean(logs)
    assert logs.std(ddof=1) == pytest.approx(0.1, rel=error_of_sd(200))


def test_spontaneous_responses_come_at_their_rate_and_size():
    def conductance(size_us, seed):
        return simulate_body(
            replace(DEMO.physio, spontaneous_scr_per_minute=2.0, spontaneous_scr_us=size_us),
            np.empty(0),
            pd.DataFrame({name: [] for name in SHAPE_BY_RESPONSE}),
            span=(0.0, 1200.0),
            person=typical(),
            rng=np.random.default_rng(seed),
        ).skin_conductance

    # Bodies that differ in the size of the responses only: the difference is the responses alone.
    means = [(conductance(0.3, seed) - conductance(0.15, seed)).mean() for seed in range(100)]
    # Campbell's theorem: rate times mean size times the area of a response, cut off at the end.
    lags = np.arange(0, 60, 1 / 20)
    area = np.cumsum(skin_conductance_response(lags, 1, 1)) / 20
    until_the_end = np.interp(np.arange(1200.0), lags, area)
    expected = 2 / 60 * 0.15 * until_the_end.mean()
    assert abs(np.mean(means) - expected) <= error_of_mean(means)
    # Poisson numbers of gamma sizes: 40 responses, whose squares average 1.5 times 0.15 ** 2.
    assert np.std(means, ddof=1) / expected == pytest.approx(
        np.sqrt(1.5 / 40), rel=error_of_sd(100)
    )


def test_everything_is_finite_and_plausible():
    state = state_of(heart_rate=-5, scr=0.3)
    for values in vars(state).values():
        assert np.isfinite(values).all()
    assert 40 < state.heart_rate.min() and state.heart_rate.max() < 130
    assert 25 < state.temperature.mean() < 38
    assert state.skin_conductance.min() > 0
