import mne
import numpy as np
import pytest

from mmme_neuro.muscles.event_power import SPECTRUM_COLUMNS, spectra_around_cleaning


def recording(data, sfreq):
    names = ["FZ", "CZ", "PZ", "OZ"]
    return mne.io.RawArray(data, mne.create_info(names, sfreq, "eeg"), verbose="error")


def noise(rng, sfreq, level):
    return level * rng.standard_normal((4, int(60 * sfreq)))


def test_white_noise_has_the_density_of_its_variance():
    """Variance s^2 over half the rate; three of four channels' worth under a median reference."""
    rng = np.random.default_rng(1)
    raw = recording(noise(rng, 500.0, 2e-6), 500.0)
    table = spectra_around_cleaning(raw, raw)
    np.testing.assert_array_equal(table["before_db"], table["after_db"])
    assert table["frequency"].iloc[0] == 0.25 and table["frequency"].iloc[-1] == 100.0
    density = 10 ** (table["before_db"].median() / 10)
    # The median of a chi-square with 2 df is 0.69 of its mean; the reference takes and adds some.
    assert 0.5 * 4 / 250 < density < 1.2 * 4 / 250


def test_a_line_that_cleaning_removes_is_gone_after_it():
    rng = np.random.default_rng(2)
    times = np.arange(30000) / 500.0
    clean = noise(rng, 500.0, 1e-6)
    hum = np.array([[1.0], [2.0], [3.0], [-1.0]]) * 1e-5 * np.sin(2 * np.pi * 50 * times)
    table = spectra_around_cleaning(recording(clean + hum, 500.0), recording(clean, 500.0))
    at = table.set_index("frequency").loc[50.0]
    assert at["before_db"] - at["after_db"] > 20
    beside = table.set_index("frequency").loc[40.0]
    assert beside["before_db"] == pytest.approx(beside["after_db"], abs=2.0)


def test_rates_may_differ_and_short_recordings_say_nothing():
    rng = np.random.default_rng(3)
    fast, slow = (recording(noise(rng, rate, 1e-6), rate) for rate in (1000.0, 100.0))
    assert spectra_around_cleaning(fast, slow)["frequency"].max() == 50.0
    short = slow.copy().crop(0, 2)
    assert list(spectra_around_cleaning(short, short)) == list(SPECTRUM_COLUMNS)
    assert spectra_around_cleaning(short, short).empty
