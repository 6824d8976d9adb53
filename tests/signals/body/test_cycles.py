import bioread
import neurokit2 as nk
import numpy as np
import pandas as pd
import pytest

from mmme_neuro.signals.body.cycles import pulse_peaks, r_peaks, respiration

RNG = np.random.default_rng(0)
BAD_SIGNALS = {
    "empty": np.empty(0),
    "one sample": np.ones(1),
    "short": RNG.standard_normal(30),
    "flat": np.zeros(5000),
    "flat, not zero": np.full(5000, 3.3),
    "missing": np.full(5000, np.nan),
    "infinite": np.full(5000, np.inf),
    "ramp": np.arange(5000.0),
    "step": np.repeat([0.0, 1.0], 2500),
    "impulse": np.eye(1, 5000, 2500)[0],
    "scattered": np.where(np.arange(5000) % 50 < 10, np.nan, 1.0),
    "noise": RNG.standard_normal(5000),
    "huge": 1e300 * RNG.standard_normal(5000),
    "tiny": 1e-300 * RNG.standard_normal(5000),
    "clipped": np.sign(RNG.standard_normal(5000)),
}


@pytest.mark.parametrize("find", [r_peaks, pulse_peaks, respiration])
@pytest.mark.parametrize("name", BAD_SIGNALS)
@pytest.mark.parametrize("sfreq", [1.0, 4.0, 100.0])
def test_bad_signals_raise_nothing(find, name, sfreq):
    cycles = find(BAD_SIGNALS[name], sfreq)
    assert bool(cycles.reason) == (cycles.seconds.size == 0)
    assert (np.diff(cycles.seconds) > 0).all()
    assert cycles.seconds.size == cycles.run.size == cycles.amplitude.size


@pytest.mark.parametrize(
    ("name", "reason"), [("flat", "flat"), ("missing", "no finite stretch"), ("short", "stretch")]
)
def test_reason_says_what_is_wrong(name, reason):
    assert reason in r_peaks(BAD_SIGNALS[name], 100.0).reason


def test_slow_sampling_is_a_reason():
    assert "4 Hz" in r_peaks(np.sin(np.arange(4000.0)), 4.0).reason


def test_matrix_is_refused():
    with pytest.raises(ValueError, match="one-dimensional"):
        r_peaks(np.zeros((2, 5000)), 100.0)


@pytest.mark.parametrize("sfreq", [100.0, 250.0, 1000.0])
def test_r_peaks_are_the_true_beats(heart, sfreq):
    truth = heart(120, sfreq)
    cycles = r_peaks(truth["ecg"], sfreq)
    assert abs(cycles.seconds.size - truth["beats"].size) <= 1
    error = np.abs(cycles.seconds[:, np.newaxis] - truth["beats"]).min(axis=1)
    assert np.median(error) < 1e-3
    assert np.quantile(error, 0.99) < 5e-3
    assert cycles.n_corrected <= 2


def test_r_peaks_equal_neurokit_on_a_clean_signal():
    ecg = nk.ecg_simulate(duration=60, sampling_rate=500, heart_rate=75, random_state=4)
    cleaned = nk.ecg_clean(ecg, sampling_rate=500)
    found = nk.ecg_peaks(cleaned, sampling_rate=500, correct_artifacts=True)[1]["ECG_R_Peaks"]
    cycles = r_peaks(ecg, 500.0)
    np.testing.assert_allclose(cycles.seconds, np.asarray(found) / 500, atol=1.01 / 500)


def test_inverted_lead_gives_the_same_beats(heart):
    ecg = heart(60)["ecg"]
    np.testing.assert_allclose(r_peaks(-ecg, 250.0).seconds, r_peaks(ecg, 250.0).seconds)


def test_gap_is_not_filled_with_beats(heart):
    truth = heart(120)
    ecg = truth["ecg"].copy()
    ecg[40 * 250 : 52 * 250] = np.nan
    cycles = r_peaks(ecg, 250.0)
    assert not ((cycles.seconds > 40) & (cycles.seconds < 52)).any()
    assert np.unique(cycles.run[cycles.seconds < 40]).tolist() == [0]
    assert np.unique(cycles.run[cycles.seconds > 52]).tolist() == [1]
    outside = truth["beats"][(truth["beats"] < 39.7) | (truth["beats"] > 52.3)]
    missed = np.abs(outside[:, np.newaxis] - cycles.seconds).min(axis=1) > 0.01
    assert missed.mean() < 0.02


def test_flat_stretch_starts_a_new_run(heart):
    ecg = heart(120)["ecg"].copy()
    ecg[40 * 250 : 50 * 250] = ecg[40 * 250]
    cycles = r_peaks(ecg, 250.0)
    assert cycles.run[-1] == 1
    assert cycles.n_corrected <= 3


def test_single_lost_sample_costs_no_beat(heart):
    ecg = heart(60)["ecg"].copy()
    whole = r_peaks(ecg, 250.0)
    ecg[7000:7002] = np.nan
    assert r_peaks(ecg, 250.0).seconds.size == whole.seconds.size


def test_missed_and_extra_beats_are_corrected(heart):
    truth = heart(300)
    ecg = truth["ecg"].copy()
    times = np.arange(ecg.size) / 250
    missed, extra = truth["beats"][100], truth["beats"][200:202].mean()
    ecg[np.abs(times - missed) < 0.09] = 0.0
    ecg += 1e-3 * np.exp(-0.5 * ((times - extra) / 0.012) ** 2)
    cycles = r_peaks(ecg, 250.0)
    assert cycles.n_corrected >= 2
    assert np.abs(cycles.seconds - missed).min() < 0.1
    assert np.abs(cycles.seconds - extra).min() > 0.2
    placed = np.abs(cycles.seconds - missed).argmin()
    assert cycles.is_corrected[placed]
    assert np.isnan(cycles.amplitude[placed])


def test_pulse_amplitude_is_foot_to_peak(pulse):
    beats = np.arange(0.5, 59, 0.85)
    heights = 0.1 + 0.03 * np.sin(2 * np.pi * beats / 30)
    cycles = pulse_peaks(pulse(beats, 60, 100.0, heights), 100.0)
    expected = np.interp(cycles.seconds - 0.2, beats, heights)
    is_known = np.isfinite(cycles.amplitude)
    assert is_known.sum() > 60
    np.testing.assert_allclose(cycles.amplitude[is_known], expected[is_known], rtol=0.04)


def test_one_movement_does_not_hide_the_pulse(pulse):
    beats = np.arange(0.5, 299, 0.85)
    ppg = pulse(beats, 300, 100.0, np.full(beats.size, 0.1))
    ppg[15000:15200] += 30.0 * np.hanning(200)
    assert abs(pulse_peaks(ppg, 100.0).seconds.size - beats.size) < 8


def test_breaths_of_a_slow_channel():
    sfreq = 3.90625
    times = np.arange(round(120 * sfreq)) / sfreq
    cycles = respiration(2.0 * np.sin(2 * np.pi * 0.2 * times), sfreq)
    assert np.diff(cycles.seconds) == pytest.approx(5.0, abs=0.05)
    assert np.nanmedian(cycles.amplitude) == pytest.approx(4.0, rel=0.05)
    peaks = (cycles.seconds - 1.25) / 5
    np.testing.assert_allclose(peaks, np.rint(peaks), atol=0.02)


def test_real_heart_and_breath(shared_data):
    signals = pd.read_csv(shared_data / "physio_events" / "bio_eventrelated_100hz.csv")
    beats = r_peaks(signals["ECG"].to_numpy(), 100.0)
    assert 55 < 60 / np.median(np.diff(beats.seconds)) < 70
    assert beats.n_corrected < 0.05 * beats.n_found
    expected = nk.ecg_peaks(nk.ecg_clean(signals["ECG"], sampling_rate=100), sampling_rate=100)
    found = np.asarray(expected[1]["ECG_R_Peaks"]) / 100
    distance = np.abs(beats.seconds[:, np.newaxis] - found).min(axis=1)
    assert np.mean(distance < 0.02) > 0.97
    breaths = respiration(signals["RSP"].to_numpy(), 100.0)
    assert 12 < 60 / np.median(np.diff(breaths.seconds)) < 22


def test_real_acqknowledge_file(shared_data):
    data = bioread.read(str(shared_data / "biopac" / "physio-5.0.1.acq"))
    channels = {channel.name: channel for channel in data.channels}
    ecg = channels["EKG - ERS100C"]
    beats = r_peaks(ecg.data, ecg.samples_per_second)
    assert 55 < 60 / np.median(np.diff(beats.seconds)) < 80
    assert np.diff(beats.seconds).max() < 1.5
    rsp = channels["RESP - RSP100C"]
    breaths = respiration(rsp.data, rsp.samples_per_second)
    assert 8 < 60 / np.median(np.diff(breaths.seconds)) < 20
