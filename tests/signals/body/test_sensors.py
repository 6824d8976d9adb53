"""Sensors that come off: nothing where they are off, the same numbers where they are on."""

import warnings

import mne
import neurokit2 as nk
import numpy as np
import pytest

from mmme_neuro.signals.body.derive import artifact_mask, derive_physio
from mmme_neuro.signals.body.sensors import (
    FLAT,
    ISLAND,
    MISSING,
    OUT_OF_RANGE,
    SENSORS,
    USABLE,
    causes_of_loss,
    level_cuts,
)

KINDS = {"ECG": "ecg", "PPG": "bio", "RSP": "resp", "EDA": "gsr", "SKT": "temperature"}
RATES = {"ECG": "heart_rate", "PPG": "pulse_rate", "RSP": "rsp_rate"}
PLACES = {
    "start": [(0.0, 0.3)],
    "middle": [(0.4, 0.7)],
    "end": [(0.75, 1.0)],
    "several": [(0.1, 0.25), (0.55, 0.7)],
    "most": [(0.3, 0.97)],
}


def derived(name, values, sfreq):
    info = mne.create_info([name], sfreq, [KINDS[name]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return derive_physio(mne.io.RawArray(values[np.newaxis], info, verbose="error"))


@pytest.fixture(scope="module")
def bodies(heart, pulse):
    """Signals with known rates: name -> (samples, samples per second, rate per minute)."""
    times = np.arange(100 * 120) / 100
    beats = np.arange(0.5, 119, 60 / 70)
    breaths = np.arange(25 * 400) / 25
    truth = heart(120, 250.0)
    return {
        "ECG": (truth["ecg"], 250.0, 60 * truth["beats"].size / 120),
        "PPG": (pulse(beats, 120, 100.0, np.full(beats.size, 0.1)), 100.0, 70.0),
        "RSP": (np.sin(2 * np.pi * 0.25 * breaths), 25.0, 15.0),
        "EDA": (1e-6 * (5 + 0.3 * np.sin(2 * np.pi * times / 25)), 100.0, None),
        "SKT": (33 + 0.3 * np.sin(2 * np.pi * times / 60), 100.0, None),
    }


def dead(kind, size, signal, sfreq):
    """What a sensor shows while it is off."""
    rng, spread = np.random.default_rng(1), np.ptp(signal)
    times = np.arange(size) / sfreq
    return {
        "zero": np.zeros(size),
        "rail": np.full(size, np.abs(signal).max() + 5 * spread),
        "weak noise": 0.002 * spread * rng.standard_normal(size),
        "weak noise at a rail": 5 * spread + 0.002 * spread * rng.standard_normal(size),
        "last digit": 0.01 * spread * rng.integers(0, 2, size),
        "mains": 0.02 * spread * np.sin(2 * np.pi * 50.1 * times)
        + 1e-4 * spread * rng.random(size),
        "missing": np.full(size, np.nan),
    }[kind]


def taken_off(signal, sfreq, kind, place):
    """The signal with a sensor off at a place, and where that is."""
    values, is_off = signal.copy(), np.zeros(signal.size, dtype=bool)
    for first, last in PLACES[place]:
        here = slice(int(first * signal.size), int(last * signal.size))
        is_off[here] = True
        values[here] = dead(kind, here.stop - here.start, signal, sfreq)
    return values, is_off


def near(is_off, found, sfreq, seconds):
    """Output samples well inside and well outside the stretches that were off."""
    at = np.interp(found.raw.times, np.arange(is_off.size) / sfreq, is_off) > 0.5
    width = np.ones(2 * round(50 * seconds) + 1)
    inside = np.convolve(~at, width, "same") == 0
    return inside, np.convolve(at, width, "same") == 0


CASES = [
    *[("PPG", kind, "most") for kind in ("zero", "rail", "weak noise", "mains", "missing")],
    *[("ECG", kind, "middle") for kind in ("zero", "weak noise", "last digit", "mains")],
    *[("RSP", kind, "middle") for kind in ("zero", "rail", "weak noise", "last digit")],
    *[("PPG", "weak noise at a rail", place) for place in ("start", "end", "several")],
    *[("ECG", "rail", place) for place in ("start", "end", "several", "most")],
    *[("RSP", "weak noise", place) for place in ("start", "end")],
]


@pytest.mark.parametrize(("name", "kind", "place"), CASES)
def test_rate_while_on_and_nothing_while_off(bodies, name, kind, place):
    signal, sfreq, rate = bodies[name]
    values, is_off = taken_off(signal, sfreq, kind, place)
    found, whole = derived(name, values, sfreq), derived(name, signal, sfreq)
    curve, expected = (one.raw.get_data(picks=RATES[name])[0] for one in (found, whole))
    inside, outside = near(is_off, found, sfreq, 6.0 if name == "RSP" else 2.0)
    assert np.isnan(curve[inside]).all()
    is_known = outside & np.isfinite(expected)
    assert np.isfinite(curve[is_known]).mean() > 0.95
    assert np.nanmean(curve[outside]) == pytest.approx(rate, rel=0.02)
    assert np.nanmedian(np.abs(curve - expected)[outside]) < 0.1
    row = found.quality.loc[RATES[name]]
    cause = {"missing": "missing", "zero": "flat", "rail": "flat"}.get(kind, "noise")
    assert row[f"share_{cause}"] == pytest.approx(is_off.mean(), abs=0.07)
    assert row["reason"].startswith(f"{cause} ")


@pytest.mark.parametrize("seconds", [0.05, 0.2, 1.0, 30.0])
@pytest.mark.parametrize(
    ("name", "value"), [("EDA", 0.0), ("EDA", 1e-4), ("EDA", -1e-6), ("SKT", 0.0), ("SKT", 99.0)]
)
def test_dropout_leaves_the_rest_as_if_nothing_was_recorded(bodies, name, value, seconds):
    signal, sfreq, _ = bodies[name]
    here = slice(3000, 3000 + round(100 * seconds))
    off, missing = signal.copy(), signal.copy()
    off[here], missing[here] = value, np.nan
    found, expected = derived(name, off, sfreq).raw, derived(name, missing, sfreq).raw
    outside = (found.times < 29.8) | (found.times > 30.2 + seconds)
    scale = 1e6 if name == "EDA" else 1.0
    channels = ["eda", "eda_phasic", "eda_tonic"] if name == "EDA" else ["skt"]
    difference = scale * np.abs(found.get_data(channels) - expected.get_data(channels))
    assert np.nanmax(difference[:, outside]) < 0.005
    assert np.isnan(found.get_data(channels)[:, ~outside]).any()


@pytest.mark.parametrize(
    ("name", "level", "noise"),
    [("EDA", 1e-6, 0.0), ("EDA", 1e-6, 2e-9), ("EDA", 8e-6, 5e-7), ("SKT", 22.0, 0.001),
     ("SKT", 25.0, 0.0)],
)  # fmt: skip
@pytest.mark.parametrize("place", ["start", "middle", "several"])
def test_slow_sensor_at_a_credible_level_is_off_nevertheless(bodies, name, level, noise, place):
    signal, sfreq, _ = bodies[name]
    values, is_off = taken_off(signal, sfreq, "zero", place)
    rng = np.random.default_rng(2)
    values[is_off] = level + noise * rng.standard_normal(is_off.sum())
    found = derived(name, values, sfreq)
    curve = found.raw.get_data(picks=name.lower())[0]
    inside, outside = near(is_off, found, sfreq, 1.5)
    assert np.isnan(curve[inside]).all() and np.isfinite(curve[outside]).all()
    assert artifact_mask(found.raw, name.lower())[inside].all()


def test_coarse_thermometer_stands_still_and_is_on():
    times = np.arange(0, 600, 0.25)
    coarse = np.round(33 + 0.5 * np.sin(2 * np.pi * times / 300), 1)
    assert np.isfinite(derived("SKT", coarse, 4.0).raw.get_data(picks="skt")).all()


def noises(sfreq, size):
    rng = np.random.default_rng(11)
    white = rng.standard_normal(size)
    spectrum = np.fft.rfft(white)
    frequency = np.fft.rfftfreq(size, 1 / sfreq)

    def shaped(weight):
        return np.fft.irfft(spectrum * weight, size)

    pink = shaped(np.where(frequency > 0, np.maximum(frequency, 1e-9) ** -0.5, 0))
    low, high = 0.04 * min(sfreq, 100), 0.25 * min(sfreq, 100)
    band = shaped((frequency > low) & (frequency < high))
    times = np.arange(size) / sfreq
    mains = {f"mains {hz}": np.sin(2 * np.pi * hz * times) + 0.01 * white for hz in (50, 60)}
    return {"white": white, "pink": pink, "band": band} | mains


@pytest.mark.parametrize("name", RATES)
@pytest.mark.parametrize("kind", ["white", "pink", "band", "mains 50", "mains 60"])
def test_noise_has_no_rate(name, kind):
    sfreq = {"ECG": 250.0, "PPG": 130.0, "RSP": 130.0}[name]
    values = noises(sfreq, int(120 * sfreq))[kind]
    found = derived(name, values, sfreq)
    assert np.isnan(found.raw.get_data(picks=RATES[name])).mean() > 0.98
    assert found.quality.loc[RATES[name], "share_usable"] < 0.02
    assert found.quality.loc[RATES[name], "reason"]


@pytest.mark.parametrize("name", RATES)
@pytest.mark.parametrize("gain", [0.1, 8.0, -1.0])
def test_gain_and_polarity_that_change_keep_the_rate(bodies, name, gain):
    signal, sfreq, rate = bodies[name]
    values = signal.copy()
    values[values.size // 2 :] *= gain
    curve = derived(name, values, sfreq).raw.get_data(picks=RATES[name])[0]
    half = curve.size // 2
    for part in (curve[: half - 300], curve[half + 300 :]):
        assert np.isfinite(part).mean() > 0.9
        assert np.nanmean(part) == pytest.approx(rate, rel=0.03)


@pytest.mark.parametrize("name", RATES)
def test_reversed_polarity_gives_the_same_rate(bodies, name):
    signal, sfreq, rate = bodies[name]
    curve = derived(name, -signal, sfreq).raw.get_data(picks=RATES[name])[0]
    assert np.isfinite(curve).mean() > 0.9 and np.nanmean(curve) == pytest.approx(rate, rel=0.02)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("kind", ["zero", "rail", "missing", "last digit"])
def test_sensor_that_was_never_on_is_a_row_that_says_why(bodies, name, kind):
    signal, sfreq, _ = bodies[name]
    values = dead(kind, signal.size, signal, sfreq)
    found = derived(name, values, sfreq)
    own = found.quality[found.quality["source"] == name]
    assert np.isnan(found.raw.get_data(picks=own.index.tolist())).all()
    assert (own["reason"] != "").all() and (own["share_usable"] == 0).all()


def test_irregular_heart_is_a_heart():
    """Atrial fibrillation: intervals without order, beats alike."""
    rng = np.random.default_rng(4)
    beats = np.cumsum(rng.uniform(0.5, 1.1, 140))
    times = np.arange(0, beats[-1], 1 / 250)
    ecg = sum(np.exp(-0.5 * ((times - beat) / 0.012) ** 2) for beat in beats[1:-1])
    ecg += 0.03 * rng.standard_normal(times.size)
    found = derived("ECG", ecg, 250.0)
    assert found.quality.loc["heart_rate", "n_found"] == pytest.approx(138, abs=2)
    assert found.quality.loc["heart_rate", "share_noise"] == 0


@pytest.mark.parametrize("rate", [45, 70, 120])
def test_rate_of_simulated_hearts_and_pulses(rate):
    ecg = nk.ecg_simulate(60, sampling_rate=250, heart_rate=rate, random_state=2, method="simple")
    ppg = nk.ppg_simulate(60, sampling_rate=100, heart_rate=rate, random_state=2)
    for name, values, sfreq in (("ECG", ecg, 250.0), ("PPG", ppg, 100.0)):
        noisy = values + 0.2 * values.std() * np.random.default_rng(0).standard_normal(values.size)
        curve = derived(name, noisy, sfreq).raw.get_data(picks=RATES[name])[0]
        assert np.isfinite(curve).mean() > 0.93
        assert np.nanmedian(curve) == pytest.approx(rate, rel=0.03)


def test_causes_by_sample():
    signal = 33 + 0.01 * np.sin(np.arange(6000) / 50)
    signal[1000:2200] = 30.0
    signal[2300:2600] = 80.0
    signal[4000:4010] = np.nan
    cause = causes_of_loss(signal, 100.0, SENSORS["SKT"])
    assert set(cause[1000:2200]) == {FLAT} and set(cause[2300:2600]) == {OUT_OF_RANGE}
    assert set(cause[2211:2289]) == {ISLAND} and set(cause[4000:4010]) == {MISSING}
    assert set(cause[:989]) | set(cause[2611:4000]) | set(cause[4010:]) == {USABLE}


def test_a_new_level_is_found_and_a_movement_is_none(bodies):
    signal = bodies["PPG"][0] - bodies["PPG"][0].mean()
    for gain in (0.01, 20.0):
        cuts = level_cuts(np.r_[signal[:6000], gain * signal[6000:]], 100.0, 2.0)
        assert cuts == pytest.approx([6000], abs=100)
    moved = signal.copy()
    moved[5000:5100] += 10.0
    assert level_cuts(signal, 100.0, 2.0).size == level_cuts(moved, 100.0, 2.0).size == 0


@pytest.mark.parametrize("fault", [-999.0, 1e6, 1.0, -1e9])
def test_one_impossible_number_takes_only_its_own_time(fault):
    times = np.arange(12_000) / 100
    skin = (5 + 0.5 * np.sin(times / 9)) * 1e-6
    broken = skin.copy()
    broken[7000] = fault
    whole, rest = (derived("EDA", values, 100.0).raw for values in (skin, broken))
    for name in ("eda", "eda_tonic"):
        values, expected = rest.get_data([name])[0], whole.get_data([name])[0]
        assert np.isnan(values).mean() < 0.01
        known = np.isfinite(values)
        np.testing.assert_allclose(values[known], expected[known], atol=2e-8)
