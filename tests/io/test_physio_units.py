"""Units as people write them, and values that no body has."""

import warnings

import numpy as np
import pytest

from mmme_neuro.errors import BadInput
from mmme_neuro.io.physio import read_physio
from mmme_neuro.io.physio_units import is_unit, unit_in, unit_of

RNG = np.random.default_rng(0)
SECONDS = np.arange(0, 20, 0.01)
SKIN = 33 + 0.1 * np.sin(SECONDS)
CONDUCTANCE = 5 + 0.3 * np.sin(SECONDS / 3)
BEATS = np.where(SECONDS % 0.8 < 0.03, 1.1, 0.0) + 0.02 * RNG.standard_normal(SECONDS.size)


def read(tmp_path, name, values, unit="", **options):
    """One column through a table whose line of units says ``unit``."""
    path = tmp_path / "a.csv"
    second = f";{unit}\n" if unit else ""
    rows = "\n".join(
        f"{at:.2f};{value!r}" for at, value in zip(SECONDS, values.tolist(), strict=True)
    )
    path.write_text(f"time_s;{name}\n{second}{rows}\n", encoding="utf-8")
    return read_physio(path, **options)


@pytest.mark.parametrize(
    "unit",
    ["oC", "ºC", "℃", "°C", "˚C", "deg C", "Deg. C", "degC", "C", "c", "celsius", "Celsius", "[°C]",
     "?C", "\ufffdC", "Â°C", "grad C", " °C "],
)  # fmt: skip
def test_celsius(unit):
    assert unit_of(unit, "temperature").to_si(np.array([33.0])) == pytest.approx(33.0)


@pytest.mark.parametrize(
    ("unit", "value"),
    [("F", 91.4), ("°F", 91.4), ("℉", 91.4), ("Deg. F", 91.4), ("fahrenheit", 91.4), ("K", 306.15)],
)
def test_fahrenheit_and_kelvin(unit, value):
    assert unit_of(unit, "temperature").to_si(np.array([value])) == pytest.approx(33.0)


@pytest.mark.parametrize(
    ("unit", "value"),
    [("uS ", 5.0), ("µS", 5.0), ("μS", 5.0), ("US", 5.0), ("microsiemens", 5.0), ("(uS)", 5.0),
     ("MicroSiemens", 5.0), ("umho", 5.0), ("µmho", 5.0), ("micromhos", 5.0), ("µ℧", 5.0),
     ("?S", 5.0), ("\ufffdS", 5.0), ("mho", 5e-6), ("mmho", 5e-3), ("S", 5e-6), ("mS", 5e-3),
     ("nS", 5000.0), ("kOhm", 200.0), ("kΩ", 200.0), ("kohms", 200.0), ("MOhm", 0.2),
     ("ohm", 2e5), ("Ω", 2e5)],
)  # fmt: skip
def test_conductance_and_resistance(unit, value):
    assert unit_of(unit, "gsr").to_si(np.array([value])) == pytest.approx(5e-6)


def test_a_unit_of_another_kind_is_none():
    assert unit_of("mV", "gsr") is None and unit_of("uS", "ecg") is None
    assert unit_of("bpm", "temperature") is None and unit_of("%", "gsr") is None
    assert is_unit("%") and is_unit("bpm") and not is_unit("EDA") and not is_unit("Time")


@pytest.mark.parametrize(
    ("label", "unit"),
    [("EDA [uS]", "uS"), ("Skin temp (°C)", "°C"), ("ecg_mV", "mV"), ("EMG_A", ""), ("TEMP_C", ""),
     ("EDA (0 - 35 Hz)", ""), ("time (ms)", "ms")],
)  # fmt: skip
def test_unit_within_a_label(label, unit):
    assert unit_in(label) == unit


@pytest.mark.parametrize(
    ("name", "values", "scale"),
    [("SKT", SKIN, 1.0), ("SKT", SKIN * 9 / 5 + 32, None), ("SKT", SKIN + 273.15, None),
     ("EDA", CONDUCTANCE, 1e-6), ("EDA", CONDUCTANCE * 1e-6, 1.0), ("ECG", BEATS, 1e-3),
     ("ECG", BEATS * 1e-3, 1.0), ("ECG", BEATS * 1e3, 1e-6)],
)  # fmt: skip
def test_a_unit_that_nobody_states_is_taken_by_size_and_said(tmp_path, name, values, scale):
    with pytest.warns(UserWarning, match=f"'{name}': no unit; taken for .*units="):
        found = read(tmp_path, name, values).get_data()[0]
    np.testing.assert_allclose(found, SKIN if scale is None else scale * values, rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "values"), [("SKT", SKIN + 349), ("EDA", CONDUCTANCE * 1e4), ("ECG", BEATS * 60)]
)
def test_size_that_no_unit_explains_is_never_silent(tmp_path, name, values):
    with pytest.warns(UserWarning, match=f"'{name}': unit '' .*units="):
        read(tmp_path, name, values)


@pytest.mark.parametrize(
    ("name", "values", "unit"),
    [("SKT", SKIN + 349, "°C"), ("SKT", SKIN, "°F"), ("EDA", CONDUCTANCE, "S"),
     ("EDA", CONDUCTANCE * 1e-6, "uS"), ("ECG", BEATS * 1e3, "mV")],
)  # fmt: skip
def test_values_that_cannot_have_the_stated_unit_are_named(tmp_path, name, values, unit):
    with pytest.warns(UserWarning, match=f"'{name}': implausible .*units="):
        read(tmp_path, name, values, unit)


def test_a_stated_unit_that_fits_says_nothing(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = read(tmp_path, "EDA", CONDUCTANCE, "µS")
        read(tmp_path, "EDA", np.zeros(SECONDS.size), "µS")
        np.testing.assert_allclose(found.get_data()[0], 1e-6 * CONDUCTANCE)


@pytest.mark.parametrize("called", ["Skin temperature", "skin TEMPERATURE", "SKT"])
def test_given_units_decide_over_those_of_the_file(tmp_path, called):
    raw = read(tmp_path, "Skin temperature", SKIN * 9 / 5 + 32, "°C", units={called: "F"})
    np.testing.assert_allclose(raw.get_data("SKT")[0], SKIN)
    with pytest.raises(BadInput, match=r"\['SKIN'\] not among \['Skin temperature'\]"):
        read(tmp_path, "Skin temperature", SKIN, "°C", units={"SKIN": "F"})


def test_resistance_becomes_conductance(tmp_path):
    raw = read(tmp_path, "GSR", 1e3 / CONDUCTANCE, "kOhm")
    np.testing.assert_allclose(raw.get_data("EDA")[0], 1e-6 * CONDUCTANCE)


@pytest.mark.parametrize("sentinel", [-999.0, -9999.0, -99999.0])
def test_numbers_that_stand_for_missing_samples(tmp_path, sentinel):
    values = np.where(np.arange(SECONDS.size) % 500 == 0, sentinel, SKIN)
    with pytest.warns(UserWarning, match=r"'SKT': 4 samples of -9+ are taken for missing"):
        found = read(tmp_path, "SKT", values, "C").get_data()[0]
    np.testing.assert_array_equal(np.isnan(found), values == sentinel)


def test_a_signal_that_reaches_there_keeps_its_samples(tmp_path):
    values = -999.0 * np.sin(SECONDS * np.pi / 2)
    found = read(tmp_path, "Force", values).get_data()[0]
    np.testing.assert_allclose(found, values)
