import warnings

import mne
import numpy as np
import pytest

from mmme_neuro.signals.body.derive import Deriving, artifact_mask, derive_physio

CHANNELS = [
    "heart_rate",
    "pulse_rate",
    "pulse_amplitude",
    "rsp_rate",
    "rsp_amplitude",
    "eda",
    "eda_phasic",
    "eda_tonic",
    "skt",
    "skt_slope",
]


@pytest.fixture(scope="module")
def derived(recording):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return derive_physio(recording())


def curve(raw, channel):
    return raw.get_data(picks=[channel])[0]


def test_channels_types_rate_and_duration(derived):
    assert derived.raw.ch_names == [*CHANNELS, "emg_a"]
    assert set(derived.raw.get_channel_types()) == {"misc"}
    assert derived.raw.info["sfreq"] == 50.0
    assert derived.raw.n_times == 120 * 50
    assert derived.raw.info["meas_date"] is None
    assert derived.raw.info["subject_info"] is None


def test_true_heart_rate_is_recovered(derived, heart):
    truth = heart(120)
    rate = curve(derived.raw, "heart_rate")
    expected = np.interp(derived.raw.times, truth["times"], truth["rate"])
    inside = np.isfinite(rate)
    assert inside.mean() > 0.97
    assert np.sqrt(np.mean((rate - expected)[inside] ** 2)) < 0.8


def test_pulse_rate_is_the_heart_rate_later(derived):
    heart_rate, pulse_rate = curve(derived.raw, "heart_rate"), curve(derived.raw, "pulse_rate")
    both = np.isfinite(heart_rate[:-10]) & np.isfinite(pulse_rate[10:])
    error = (pulse_rate[10:] - heart_rate[:-10])[both]
    assert np.sqrt(np.mean(error**2)) < 1.0


def test_levels_and_units(derived):
    assert np.nanmedian(curve(derived.raw, "pulse_amplitude")) == pytest.approx(0.1, rel=0.05)
    assert np.nanmedian(curve(derived.raw, "rsp_rate")) == pytest.approx(15, abs=0.1)
    assert np.nanmedian(curve(derived.raw, "rsp_amplitude")) == pytest.approx(2, rel=0.05)
    assert np.nanmedian(curve(derived.raw, "eda")) == pytest.approx(6e-6, rel=0.05)
    expected = 32 + 0.2 * np.sin(2 * np.pi * derived.raw.times / 100)
    np.testing.assert_allclose(curve(derived.raw, "skt"), expected, atol=2e-3)


def test_tonic_and_phasic_add_up(derived):
    total = curve(derived.raw, "eda_tonic") + curve(derived.raw, "eda_phasic")
    np.testing.assert_allclose(total, curve(derived.raw, "eda"))


def test_quality_of_good_data(derived):
    quality = derived.quality
    assert quality.index.tolist() == derived.raw.ch_names
    assert (quality["reason"] == "").all()
    assert (quality["share_missing"] == 0).all()
    assert quality.loc["heart_rate", "source"] == "ECG"
    assert 130 < quality.loc["heart_rate", "n_found"] < 150
    assert quality["n_found"].isna()["eda"]


def test_the_record_is_a_field_and_not_in_the_recording(derived):
    assert derived.raw.info["description"] is None
    assert derived.options == Deriving(sfreq=50.0, eda_method="highpass")
    assert repr(derived) == "<Derived | 11 signals, 0 without data>"


def test_missing_channels_are_nan_with_reason(recording):
    raw = recording(PPG=None, ECG=None)
    with pytest.warns(RuntimeWarning, match="no channel ECG"):
        derived = derive_physio(raw)
    assert derived.raw.ch_names == [*CHANNELS, "emg_a"]
    for channel in ("heart_rate", "pulse_rate", "pulse_amplitude"):
        assert np.isnan(curve(derived.raw, channel)).all()
        assert "no channel" in derived.quality.loc[channel, "reason"]


@pytest.mark.parametrize("name", ["ECG", "PPG", "RSP", "EDA", "SKT_A"])
@pytest.mark.parametrize(("value", "reason"), [(0.0, "flat"), (np.nan, "missing")])
def test_dead_channel_is_nan_with_reason(recording, name, value, reason):
    raw = recording(30, 100.0, **{name: np.full(3000, value)})
    with pytest.warns(RuntimeWarning, match=reason):
        derived = derive_physio(raw)
    quality = derived.quality
    faulty = quality[quality["source"] == name]
    assert faulty["reason"].str.contains(reason).all()
    assert np.isnan(derived.raw.get_data(picks=faulty.index.tolist())).all()
    others = quality.index[(quality["source"] != name) & (quality["source"] != "RSP")]
    assert np.isfinite(derived.raw.get_data(picks=others.tolist())).mean() > 0.8


@pytest.mark.parametrize("n_seconds", [0.004, 1, 4])
def test_short_recording_is_nan_with_reason(recording, n_seconds):
    raw = recording(30).crop(0, n_seconds)
    with pytest.warns(RuntimeWarning, match="too short"):
        derived = derive_physio(raw)
    assert np.isnan(derived.raw.get_data()).all()


def test_slow_recording(recording):
    with pytest.warns(RuntimeWarning, match="sampled at 10 Hz"):
        derived = derive_physio(recording(120, 10.0))
    assert np.isnan(curve(derived.raw, "heart_rate")).all()
    assert np.nanmedian(curve(derived.raw, "rsp_rate")) == pytest.approx(15, abs=0.2)
    assert np.isfinite(curve(derived.raw, "eda")).mean() > 0.99


@pytest.mark.parametrize("name", ["ECG", "PPG", "RSP", "EDA", "SKT_A", "EMG_A"])
def test_gap_stays_missing(recording, name):
    raw = recording()
    values = raw.get_data(picks=[name])[0]
    values[60 * 250 : 63 * 250] = np.nan
    values[90 * 250] = np.nan
    derived = derive_physio(recording(**{name: values}))
    quality = derived.quality
    for channel in quality.index[quality["source"] == name]:
        found = curve(derived.raw, channel)
        is_gap = (derived.raw.times >= 60) & (derived.raw.times < 63)
        assert np.isnan(found[is_gap]).all()
        assert np.isnan(found[90 * 50])
        assert np.isfinite(found[(derived.raw.times > 30) & (derived.raw.times < 50)]).all()
        assert quality.loc[channel, "share_missing"] == pytest.approx(751 / 30000, abs=1e-4)
        assert quality.loc[channel, "share_artifact"] < 0.05
        is_elsewhere = (derived.raw.times > 5) & (derived.raw.times < 115) & ~is_gap
        assert np.isnan(found[is_elsewhere]).mean() < 0.25


def test_wrong_unit_of_conductance_is_told(recording):
    raw = recording()
    with pytest.warns(RuntimeWarning, match="check the unit"):
        derived = derive_physio(recording(EDA=1e6 * raw.get_data(picks=["EDA"])[0]))
    assert np.isnan(curve(derived.raw, "eda")).all()


def test_noise_is_told_from_a_heart(recording):
    noise = 1e-3 * np.random.default_rng(8).standard_normal(30000)
    with pytest.warns(RuntimeWarning, match="heart_rate: artifacts"):
        quality = derive_physio(recording(ECG=noise)).quality
    assert quality.loc["heart_rate", "share_usable"] < 0.5


def test_first_time_and_annotations_are_kept(recording):
    raw = recording()
    raw.set_annotations(mne.Annotations([50.0], [2.0], ["BAD_cough"]))
    cropped = raw.copy().crop(20, 100)
    derived = derive_physio(cropped)
    assert derived.raw.first_time == pytest.approx(20.0)
    assert derived.raw.annotations.onset == pytest.approx(cropped.annotations.onset)
    assert derived.raw.annotations.description.tolist() == ["BAD_cough"]


def test_dated_recording_loses_its_date_and_keeps_its_annotations(recording):
    raw = recording(60)
    raw.set_meas_date(1_500_000_000)
    raw.set_annotations(mne.Annotations([30.0], [2.0], ["pause"]))
    derived = derive_physio(raw.copy().crop(10))
    assert derived.raw.info["meas_date"] is None
    assert derived.raw.annotations.onset - derived.raw.first_time == pytest.approx([20.0])


def test_second_thermometer_and_other_names(recording):
    raw = recording(60, SKT_B=33 + np.sin(np.arange(15000) / 2000))
    raw.rename_channels({"ECG": "EKG2", "EMG_A": "EMG", "RSP": "RSP_A"})
    derived = derive_physio(raw)
    assert {"skt", "skt_b", "emg"} <= set(derived.raw.ch_names)
    assert curve(derived.raw, "skt_b").mean() > curve(derived.raw, "skt").mean() + 0.5
    quality = derived.quality
    assert quality.loc["heart_rate", "source"] == "EKG2"
    assert quality.loc["rsp_rate", "source"] == "RSP_A"


def test_recording_without_any_known_channel_is_refused():
    info = mne.create_info(["D0", "x"], 100.0, ["stim", "misc"])
    raw = mne.io.RawArray(np.zeros((2, 1000)), info, verbose="error")
    with pytest.raises(ValueError, match="rename"):
        derive_physio(raw)


@pytest.mark.parametrize("sfreq", [0, -1, 1e9])
def test_impossible_rates_are_refused(recording, sfreq):
    with pytest.raises(ValueError, match="sfreq"):
        derive_physio(recording(30), sfreq=sfreq)


def test_input_is_not_changed(recording):
    raw = recording(30)
    before = raw.get_data().copy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        derive_physio(raw, sfreq=10.0)
    np.testing.assert_array_equal(raw.get_data(), before)


@pytest.mark.parametrize("sfreq", [10.0, 25.0, 100.0])
def test_output_rate_does_not_change_the_signals(recording, derived, sfreq):
    other = derive_physio(recording(), sfreq=sfreq).raw
    tolerances = {"heart_rate": 0.5, "eda": 1e-9, "eda_phasic": 1e-9, "skt": 1e-3, "rsp_rate": 0.1}
    for channel, largest_error in tolerances.items():
        expected = np.interp(other.times, derived.raw.times, curve(derived.raw, channel))
        found = curve(other, channel)
        both = np.isfinite(found) & np.isfinite(expected)
        assert both.mean() > 0.9
        assert np.abs(found - expected)[both].max() < largest_error


def test_slope_of_the_temperature_is_in_degrees_a_minute(recording):
    times = np.arange(15000) / 250.0
    raw = recording(60, SKT=30 + 0.02 * times)
    slope = curve(derive_physio(raw).raw, "skt_slope")
    inside = slope[300:-300]
    np.testing.assert_allclose(inside, 1.2, atol=0.02)


def test_artifacts_are_marked_by_channel_and_survive_the_file(recording, tmp_path):
    raw = recording(60)
    data = raw.get_data()
    eda = raw.ch_names.index("EDA")
    data[eda, 5000:5500] = 200e-6
    broken = mne.io.RawArray(data, raw.info, verbose="error")
    derived = derive_physio(broken)
    mask = artifact_mask(derived.raw, "eda")
    sfreq = raw.info["sfreq"]
    times = derived.raw.times[mask]
    assert times.min() >= 5000 / sfreq - 2 and times.max() <= 5500 / sfreq + 2
    assert mask.sum() >= 0.9 * 50 * 500 / sfreq
    assert np.isnan(curve(derived.raw, "eda")[mask]).all()
    assert not artifact_mask(derived.raw, "skt").any()
    share = derived.quality.loc["eda", "share_artifact"]
    assert mask.mean() == pytest.approx(share, abs=1e-6)
    derived.raw.save(tmp_path / "x_raw.fif", verbose="error")
    again = mne.io.read_raw_fif(tmp_path / "x_raw.fif", verbose="error")
    np.testing.assert_array_equal(artifact_mask(again, "eda"), mask)
    with pytest.raises(ValueError, match="channel must be one of"):
        artifact_mask(derived.raw, "nothing")


def test_convex_decomposition_is_an_option(recording):
    by_filter, by_drive = (
        derive_physio(recording(60), eda_method=method).raw for method in ("highpass", "cvxeda")
    )
    np.testing.assert_array_equal(curve(by_filter, "eda"), curve(by_drive, "eda"))
    total = curve(by_drive, "eda_phasic") + curve(by_drive, "eda_tonic")
    np.testing.assert_allclose(total, curve(by_drive, "eda"), atol=1e-15)
    fast = curve(by_drive, "eda_phasic")
    assert fast.min() > -0.05 * fast.max()
    with pytest.raises(ValueError, match="eda_method must be one of"):
        derive_physio(recording(60), eda_method="ledalab")
