import numpy as np
import pytest

from mmme_neuro.signals.body import pieces

SFREQ = 250.0
TIMES = np.arange(0, 120, 1 / SFREQ)


def test_lowpass_keeps_slow_removes_fast_without_delay():
    slow, fast = np.sin(2 * np.pi * 0.5 * TIMES), np.sin(2 * np.pi * 20 * TIMES)
    smooth = pieces.lowpassed(slow + fast, SFREQ, cutoff=3.0)
    np.testing.assert_allclose(smooth[500:-500], slow[500:-500], atol=2e-3)


def test_lowpass_above_the_band_changes_nothing():
    signal = np.random.default_rng(0).standard_normal(100)
    signal[3] = np.inf
    smooth = pieces.lowpassed(signal, 4.0, cutoff=3.0)
    assert np.isnan(smooth[3])
    np.testing.assert_array_equal(np.delete(smooth, 3), np.delete(signal, 3))


def test_gap_stays_missing_and_harms_nothing_beyond():
    signal = np.sin(2 * np.pi * 0.1 * TIMES)
    gappy = signal.copy()
    gappy[5000:5010] = np.nan
    gappy[10000:12000] = np.nan
    smooth = pieces.lowpassed(gappy, SFREQ, cutoff=3.0)
    np.testing.assert_array_equal(np.isnan(smooth), np.isnan(gappy))
    is_there = np.isfinite(smooth)
    np.testing.assert_allclose(smooth[is_there], signal[is_there], atol=0.02)


def test_phasic_and_level():
    level = 5e-6 + 1e-6 * TIMES / 120
    response = 1e-6 * np.exp(-0.5 * ((TIMES - 60) / 1.0) ** 2)
    fast = pieces.phasic(level + response, SFREQ)
    assert fast[int(60 * SFREQ)] == pytest.approx(0.75e-6, abs=0.2e-6)
    assert abs(fast[: int(30 * SFREQ)]).max() < 0.05e-6


@pytest.mark.parametrize("wrong", [0.0, -1e-6, 5.0, 100e-6])
def test_conductance_no_skin_has_is_blanked(wrong):
    eda = np.full(TIMES.size, 5e-6)
    eda[:10000] = wrong
    smooth = pieces.skin_conductance(eda, SFREQ, lowpass=3.0)
    assert np.isnan(smooth[:9000]).all()
    np.testing.assert_allclose(smooth[11000:], 5e-6, rtol=1e-6)


def test_jump_of_conductance_is_blanked_but_a_response_is_not():
    eda = np.full(TIMES.size, 5e-6)
    eda[10000:] += 10e-6
    smooth = pieces.skin_conductance(eda, SFREQ, lowpass=3.0)
    assert np.isnan(smooth[9990:10010]).all()
    assert np.isfinite(smooth[[9000, 11000]]).all()
    response = 5e-6 + 2e-6 * np.exp(-0.5 * ((TIMES - 60) / 0.8) ** 2)
    assert np.isfinite(pieces.skin_conductance(response, SFREQ, lowpass=3.0)).all()


def test_temperature_limits():
    skt = np.where(TIMES < 60, 32.0, 90.0)
    smooth = pieces.skin_temperature(skt, SFREQ, lowpass=1.0)
    np.testing.assert_allclose(smooth[:10000], 32.0, atol=1e-3)
    assert np.isnan(smooth[16000:]).all()


def test_envelope_follows_the_strength_of_activity():
    rng = np.random.default_rng(1)
    sfreq = 1000.0
    times = np.arange(0, 20, 1 / sfreq)
    strength = np.where((times > 8) & (times < 12), 30e-6, 10e-6)
    drift = 1e-3 * np.sin(2 * np.pi * 1.0 * times)
    envelope = pieces.muscle_envelope(
        strength * rng.standard_normal(times.size) + drift, sfreq, lowpass=8.0
    )
    assert (envelope >= 0).all()
    inside, outside = (times > 9) & (times < 11), (times > 2) & (times < 7)
    assert envelope[inside].mean() / envelope[outside].mean() == pytest.approx(3.0, rel=0.1)
    in_band = np.sqrt(2 / np.pi) * 10e-6 * np.sqrt(430 / 500)
    assert envelope[outside].mean() == pytest.approx(in_band, rel=0.1)
