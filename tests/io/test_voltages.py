"""Spellings of voltage, and what size an EEG can have."""

import mne
import numpy as np
import pytest

from mmme_neuro.errors import BadInput
from mmme_neuro.io.channels.voltages import check_spread, is_spoiled, spread_of_eeg, volts_per_unit

MICRO = ["uV", "UV", "uv", "µV", "μV", "microV", "Microvolt", "microvolts", "uVolt", "µVolts"]
MICRO += ["Â\xb5V", "Î\xbcV", "\x83\xcaV", "[uV]", " uV ", "mcV", "muV", ".V", "?V", "\ufffdV"]


@pytest.mark.parametrize("unit", MICRO)
def test_microvolt_in_every_spelling(unit):
    assert volts_per_unit(unit) == 1e-6


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("mV", 1e-3), ("millivolt", 1e-3), ("V", 1.0), ("volts", 1.0), ("nV", 1e-9), ("nVolt", 1e-9)],
)
def test_other_voltages(unit, factor):
    assert volts_per_unit(unit) == factor


@pytest.mark.parametrize(
    "unit", ["", "n/a", "%", "uS", "mmHg", "g", "VA", "uV/cm", "uV^2", "dB", "mVs", "kV", "T", "m"]
)
def test_what_is_no_voltage(unit):
    assert volts_per_unit(unit) is None


def test_every_encoding_of_the_greek_letter_is_read():
    for encoding in ("latin-1", "utf-8", "shift_jis", "cp437", "gbk", "mac_roman"):
        letter = "μ" if encoding in ("shift_jis", "gbk") else "µ"
        unit = f"{letter}V".encode(encoding).decode("latin-1")
        assert volts_per_unit(unit) == 1e-6, encoding
        assert not is_spoiled(unit), encoding
    assert is_spoiled(".V") and not is_spoiled("V")


def noise(spread_v, *, n_times=2000, drift=0.0, n_channels=3):
    rng = np.random.default_rng(4)
    data = spread_v * rng.standard_normal((n_channels, n_times))
    data += drift * np.linspace(0, 1, n_times) + 50 * drift
    info = mne.create_info(["Fz", "Cz", "Pz"][:n_channels], 200.0, "eeg")
    return mne.io.RawArray(data, info, verbose="error")


def test_spread_is_the_standard_deviation_whatever_offset_drift_and_artefacts():
    raw = noise(2e-5, drift=1e-2)
    raw._data[0, 300:340] += 1.0  # a shorted input
    spread = list(spread_of_eeg(raw).values())
    np.testing.assert_allclose(spread, 2e-5, rtol=0.12)


def test_missing_samples_are_left_out_of_the_spread():
    raw = noise(2e-5)
    raw._data[0] = np.nan
    raw._data[1, ::7] = np.nan
    spread = spread_of_eeg(raw)
    assert np.isnan(spread["Fz"])
    np.testing.assert_allclose(spread["Cz"], 2e-5, rtol=0.12)


def test_gaps_filled_with_zeros_are_left_out_of_the_spread():
    raw = noise(2e-5, n_times=20_000)
    raw._data[:, 4000:] = 0.0
    np.testing.assert_allclose(list(spread_of_eeg(raw).values()), 2e-5, rtol=0.12)


@pytest.mark.parametrize(("volt", "word"), [(20.0, "uV"), (2e-2, "mV"), (2e4, "nV")])
def test_implausible_eeg_is_refused_with_the_unit_that_fits(tmp_path, volt, word):
    with pytest.raises(BadInput, match="robust spread of 0.1 uV to 5 mV") as raised:
        check_spread(tmp_path / "a.fif", noise(volt))
    assert "a.fif" in str(raised.value) and f"units='{word}'" in str(raised.value)


def test_numbers_that_no_unit_makes_an_eeg_are_refused(tmp_path):
    with pytest.raises(BadInput, match="no unit from nV to V makes it an EEG"):
        check_spread(tmp_path / "a.fif", noise(2e-9))


@pytest.mark.parametrize("volt", [3e-7, 1e-6, 2e-5, 4e-4, 3e-3])
def test_every_eeg_between_the_limits_passes(tmp_path, volt, recwarn):
    check_spread(tmp_path / "a.fif", noise(volt))
    assert not recwarn.list


def test_one_channel_in_another_unit_is_named(tmp_path):
    raw = noise(2e-5)
    raw._data[1] *= 1e6
    with pytest.warns(UserWarning, match=r"\['Cz'\] have a robust spread of [12]\d(\.\d)? V"):
        check_spread(tmp_path / "a.fif", raw)


def test_a_flat_recording_is_read_with_a_word(tmp_path):
    with pytest.warns(UserWarning, match="flat"):
        check_spread(tmp_path / "a.fif", noise(0.0))
