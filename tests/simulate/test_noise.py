import numpy as np
import pytest
from scipy.signal import welch

from mmme_neuro.simulate.noise import Broadband, PowerLaw, Rhythm, colored_noise, density

SFREQ = 250.0
SPECTRA = [PowerLaw(1.2), PowerLaw(2.0, 0.4), Rhythm(10.0, 0.8), Rhythm(22.0, 1.2), Broadband(8.0)]


def noise(spectrum, n_sources=20, seed=1, n_times=25000):
    rng = np.random.default_rng(seed)
    return colored_noise(spectrum, n_sources=n_sources, n_times=n_times, sfreq=SFREQ, rng=rng)


@pytest.mark.parametrize("spectrum", SPECTRA, ids=repr)
def test_unit_variance_zero_mean(spectrum):
    values = noise(spectrum)
    assert values.var() == pytest.approx(1, abs=0.05)
    assert abs(values.mean()) < 0.02
    kurtosis = np.mean(values**4) / values.var() ** 2
    assert kurtosis == pytest.approx(3, abs=0.2)


@pytest.mark.parametrize("spectrum", SPECTRA, ids=repr)
def test_stated_spectrum(spectrum):
    freqs, power = welch(noise(spectrum, 40), SFREQ, nperseg=2500)
    measured = power.mean(axis=0)
    expected = density(spectrum, freqs)
    main = (expected > 0.02 * expected.max()) & (freqs > 0.6) & (freqs < 99)
    ratio = measured[main] / expected[main]
    assert np.median(ratio) == pytest.approx(1, abs=0.05)
    assert np.all(np.abs(ratio - 1) < 0.35)


@pytest.mark.parametrize("spectrum", SPECTRA, ids=repr)
def test_density_integrates_to_one(spectrum):
    freqs = np.arange(0, 125, 0.01)
    assert np.trapezoid(density(spectrum, freqs), freqs) == pytest.approx(1, abs=0.01)


def test_power_law_falls_by_its_exponent():
    law = PowerLaw(1.5)
    power = law(np.array([0.0, 0.1, 2.0, 20.0, 120.0]))
    assert power[0] == power[-1] == 0
    assert np.log10(power[2] / power[3]) == pytest.approx(1.5)
    assert power[1] == law(np.array([0.4]))[0]


def test_sources_are_independent_and_seeded():
    values = noise(Broadband(8.0), 4)
    assert np.abs(np.corrcoef(values) - np.eye(4)).max() < 0.05
    np.testing.assert_array_equal(values, noise(Broadband(8.0), 4))
    assert not np.array_equal(values, noise(Broadband(8.0), 4, seed=2))


def test_beginning_and_end_are_not_joined():
    # The inverse transform is circular; a padded one must not be in the part returned.
    values = noise(PowerLaw(2.0, 0.05), 200, n_times=2500)
    ends = np.corrcoef(values[:, 0], values[:, -1])[0, 1]
    neighbors = np.corrcoef(values[:, 0], values[:, 1])[0, 1]
    assert neighbors > 0.9 and ends < 0.75


def test_fluctuations_slower_than_the_recording_are_a_piece_of_a_longer_one():
    slow = PowerLaw(2.0, knee_hz=0.003, highest_hz=0.01)
    rng = np.random.default_rng(1)
    values = colored_noise(slow, n_sources=2000, n_times=400, sfreq=20.0, rng=rng)
    assert np.isfinite(values).all()
    assert values.std(axis=0).mean() == pytest.approx(1, abs=0.1)
    assert values.std(axis=1).mean() < 0.5
