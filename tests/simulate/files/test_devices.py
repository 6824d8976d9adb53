from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.simulate.files.devices import (
    DeviceClock,
    digital_lines,
    draw_camera_clock,
    draw_physio_clock,
    received_codes,
    trigger_channel,
)
from mmme_neuro.simulate.parameters import ClockParameters

CODES = pd.DataFrame({"code": [101, 100, 102, 100] * 25, "onset": 10.0 + 20 * np.arange(100)})
STEADY = ClockParameters(
    trigger_jitter_sd_s=0.0, lost_code_share=0.0, spurious_code_share=0.0, glitch_share=0.0
)


def test_a_clock_and_its_inverse():
    clock = DeviceClock(offset=-40.0, drift_ppm=100.0)
    assert clock.to_eeg(0.0) == -40.0
    assert clock.to_eeg(1e6) == pytest.approx(1e6 - 40 + 100)
    times = np.linspace(0, 5000, 7)
    np.testing.assert_allclose(clock.from_eeg(clock.to_eeg(times)), times, atol=1e-9)


def test_clocks_are_drawn_from_their_stated_spread():
    rng = np.random.default_rng(1)
    clocks = [draw_physio_clock(ClockParameters(), rng) for _ in range(3000)]
    drift = np.array([clock.drift_ppm for clock in clocks])
    offset = np.array([clock.offset for clock in clocks])
    assert drift.std() == pytest.approx(60, rel=0.05) and abs(drift.mean()) < 5
    assert offset.min() >= -180 and offset.max() <= -20


def test_the_cameras_clock_is_the_time_of_day():
    rng = np.random.default_rng(1)
    clock = draw_camera_clock(ClockParameters(), start_of_day_s=36000.0, rng=rng)
    assert clock.from_eeg(0.0) == pytest.approx(36000.0, abs=1e-6)
    assert clock.from_eeg(3600.0) - 36000.0 == pytest.approx(3600.0, rel=3e-4)


def test_nothing_happens_to_codes_on_a_steady_line():
    kept = received_codes(CODES, STEADY, duration=2100.0, rng=np.random.default_rng(0))
    pd.testing.assert_frame_equal(kept, CODES, check_dtype=False)


def test_codes_get_lost_late_and_false_as_often_as_stated():
    parameters = ClockParameters(lost_code_share=0.2, spurious_code_share=0.3)
    rng = np.random.default_rng(3)
    runs = [received_codes(CODES, parameters, duration=2100.0, rng=rng) for _ in range(40)]
    real = [run[~run["code"].isin([77, 88])] for run in runs]
    assert np.mean([len(run) for run in real]) == pytest.approx(80, abs=2)
    false = [len(run) - len(kept) for run, kept in zip(runs, real, strict=True)]
    assert np.mean(false) == pytest.approx(30, abs=4)
    errors = np.concatenate(
        [
            np.abs(run["onset"].to_numpy()[:, None] - CODES["onset"].to_numpy()).min(axis=1)
            for run in real
        ]
    )
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(0.0015, rel=0.05)
    assert all(run["onset"].is_monotonic_increasing for run in runs)


def test_spurious_codes_never_overlap_real_ones():
    crowded = CODES.assign(onset=10 + 0.5 * np.arange(100))
    parameters = replace(STEADY, spurious_code_share=0.5)
    for seed in range(10):
        run = received_codes(crowded, parameters, duration=62, rng=np.random.default_rng(seed))
        gaps = np.diff(run["onset"])
        false = run["code"].isin([77, 88]).to_numpy()
        assert (gaps[false[1:] | false[:-1]] > 0.3).all()


def lines_of(codes, parameters, *, inverted=(), sfreq=1000.0, seed=0):
    return digital_lines(
        codes,
        n_samples=int(2100 * sfreq),
        sfreq=sfreq,
        parameters=parameters,
        inverted_lines=inverted,
        rng=np.random.default_rng(seed),
    )


def test_lines_are_the_bits_of_the_code_in_volts():
    lines = lines_of(CODES, STEADY)
    assert set(np.unique(lines)) == {0.0, 5.0}
    number = (lines > 2.5) @ (1 << np.arange(8))
    first = np.flatnonzero(np.diff(number, prepend=0) > 0)
    np.testing.assert_array_equal(number[first], CODES["code"])
    np.testing.assert_allclose(first / 1000, CODES["onset"], atol=5e-4)
    assert (number > 0).sum() == pytest.approx(100 * 100, abs=5)  # 0.1 s each


def test_an_inverted_line_rests_high():
    plain, inverted = lines_of(CODES, STEADY), lines_of(CODES, STEADY, inverted=(5,))
    np.testing.assert_array_equal(inverted[:, 5], 5.0 - plain[:, 5])
    others = [k for k in range(8) if k != 5]
    np.testing.assert_array_equal(inverted[:, others], plain[:, others])


def test_glitches_last_two_milliseconds_and_begin_on_time():
    lines = lines_of(CODES, replace(STEADY, glitch_share=1.0))
    number = (lines > 2.5) @ (1 << np.arange(8))
    first = np.flatnonzero((number > 0) & (np.roll(number, 1) == 0))
    np.testing.assert_allclose(first / 1000, CODES["onset"], atol=5e-4)
    np.testing.assert_array_equal(number[first + 3], CODES["code"])
    assert (number[first] != CODES["code"]).mean() > 0.5


def test_trigger_channel_holds_the_code_for_its_pulse():
    channel = trigger_channel(CODES, n_samples=210000, sfreq=100.0, pulse_s=0.1)
    assert channel.dtype == np.float32
    starts = np.flatnonzero(np.diff(channel, prepend=0) > 0)
    np.testing.assert_array_equal(channel[starts], CODES["code"])
    assert (channel > 0).sum() == 100 * 10
