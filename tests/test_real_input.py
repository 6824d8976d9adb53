"""The two paths on other people's real recordings, as a user would write them."""

import gzip

import neurokit2 as nk
import numpy as np
import pandas as pd
import pytest

from mmme_neuro import (
    Recording,
    autonomic_responses,
    clean_eeg,
    derive_physio,
    epoch,
    evoked,
    read_eeg,
    read_physio,
)
from mmme_neuro.clocks import recording_codes
from mmme_neuro.responses import band_power
from mmme_neuro.signals.body.cycles import r_peaks

FACES = {1: "angry", 2: "happy", 4: "neutral"}
PARIETAL, FRONTAL = ["CP1", "CP2", "Pz"], ["F3", "Fz", "F4"]


@pytest.fixture(scope="module")
def squares(shared_data):
    """Visual task: the recording and its events, 80 squares among key presses."""
    raw = read_eeg(shared_data / "eeglab" / "eeglab_data.set")
    events = pd.DataFrame(
        {
            "onset": raw.annotations.onset - raw.first_time,
            "expression": "control",
            "kind": raw.annotations.description,
        }
    )
    return Recording(eeg=raw, physio=None, events=events.sort_values("onset", ignore_index=True))


def test_erp_of_a_real_recording(squares):
    eeg = squares.eeg.load_data()
    cleaned = clean_eeg(eeg, line_hz=None, sfreq=128.0, ica=False, rng=0)
    recording = squares.with_signals(eeg=cleaned.raw)
    locked = epoch(recording, eeg=(-0.2, 0.8), baseline=(-0.2, 0.0))
    shown = locked["kind == 'square'"]
    n_late = (squares.events.query("kind == 'square'")["onset"] > 237.5).sum()
    assert len(shown) == 80 - n_late
    average = evoked(shown.eeg, "kind")
    assert average.counts["n_epochs"].tolist() == [len(shown)]
    curve = average["square"]

    def mean_uv(channels, tmin, tmax):
        return 1e6 * curve.copy().pick(channels).crop(tmin, tmax).get_data().mean()

    # The P3 of this task: centro-parietal from 250 ms on, parietal and not frontal afterwards.
    assert mean_uv(PARIETAL, 0.25, 0.5) > 2
    assert mean_uv(PARIETAL, 0.5, 0.8) > mean_uv(FRONTAL, 0.5, 0.8) + 3
    assert abs(mean_uv(PARIETAL, -0.2, 0.0)) < 0.2
    assert mean_uv(PARIETAL, 0.25, 0.5) == pytest.approx(parietal_by_hand(squares), rel=0.1)


def test_alpha_of_a_real_recording_desynchronizes(squares):
    """8-10 Hz falls after a square, most over the sensorimotor cortex that prepares the press."""
    cleaned = clean_eeg(squares.eeg.load_data(), line_hz=None, sfreq=128.0, ica=False, rng=0)
    locked = epoch(squares.with_signals(eeg=cleaned.raw), eeg=(-1.5, 2.0))
    shown = locked["kind == 'square'"].eeg
    window = {"band": (8.0, 10.0), "window": (0.3, 0.6), "baseline": (-0.8, -0.2)}
    change = {
        name: band_power(shown, roi=roi, **window)["log_ratio_db"]
        for name, roi in (("motor", ["C4"]), ("posterior", ["O1", "O2", "Oz", "PO3", "PO4"]))
    }
    assert change["motor"].mean() < -1
    for values in change.values():
        assert values.mean() / values.sem() < -2


def parietal_by_hand(squares):
    """The same mean from plain slices of the file, with no more than a detrending baseline."""
    raw = squares.eeg
    data = 1e6 * raw.get_data(picks="eeg")
    data = data - data.mean(axis=0)
    rows = [raw.copy().pick("eeg").ch_names.index(name) for name in PARIETAL]
    means = []
    for onset in squares.events.query("kind == 'square'")["onset"]:
        at = round(onset * 128)
        if at + 103 < data.shape[1]:
            piece = data[rows, at - 26 : at + 103]
            means.append(piece[:, 26 + 32 : 26 + 65].mean() - piece[:, :27].mean())
    return np.mean(means)


def test_a_slow_recording_has_no_muscle_band(squares):
    # 128 Hz: 51 to 69 Hz is out of reach, components are judged by the eyes alone.
    raw = squares.eeg.copy().load_data(verbose="error").crop(0, 60)
    cleaned = clean_eeg(raw, line_hz=None, sfreq=128.0, rng=1)
    rows = cleaned.components
    assert len(rows) > 10
    assert (rows["muscle_r"] == 0.0).all()
    assert not (rows["removed_as"] == "muscle").any()
    assert rows["eye_r"].max() > 0.2


@pytest.fixture(scope="module")
def people(shared_data):
    return sorted((shared_data / "physio_events" / "fmov").glob("*.txt.gz"))


def recording_of(path):
    raw = read_physio(
        path,
        sfreq=100,
        ch_names=["SCR", "EMG A", "EMG B", "A smoothed", "B smoothed", "D0", "D1", "D2"],
        units={"SCR": "microsiemens", "EMG A": "mV", "EMG B": "mV"},
    )
    codes = recording_codes(raw)
    events = pd.DataFrame(
        {
            # The authors take the end of the pulse, 5 -> 0 V, as the onset.
            "onset": codes["onset"] + codes["duration"],
            "face": codes["code"].map(FACES),
            "participant": path.name[:2],
        }
    )
    return Recording(eeg=None, physio=derive_physio(raw, sfreq=50.0).raw, events=events)


@pytest.mark.filterwarnings("ignore:derive_physio:RuntimeWarning")
def test_skin_conductance_of_real_recordings(people):
    tables = []
    for path in people:
        locked = epoch(recording_of(path), physio=(-2.0, 10.0))
        assert locked.eeg is None and len(locked) + len(locked.excluded) == 12
        responses = autonomic_responses(locked.physio)
        with gzip.open(path, "rt") as stream:
            conductance = np.genfromtxt(stream, delimiter="\t", usecols=0)
        first = np.rint(100 * locked.events["onset"]).astype(int)
        by_hand = [
            conductance[i + 250 : i + 551].mean() - conductance[i - 100 : i + 1].mean()
            for i in first
        ]
        tables.append(pd.concat([locked.events, responses], axis=1).assign(by_hand=by_hand))
    table = pd.concat(tables, ignore_index=True)
    assert len(table) >= 70
    assert set(table["face"]) == set(FACES.values())
    assert table["heart_rate_bpm"].isna().all()  # no such channel
    scr = table["scr_us"]
    assert scr.notna().all()
    # The package's is the phasic part, so slow drift is taken out.
    assert np.corrcoef(scr, table["by_hand"])[0, 1] > 0.9
    assert -0.5 < scr.median() < 0.5


@pytest.mark.filterwarnings("ignore:derive_physio:RuntimeWarning")
def test_faces_move_to_happy_faces(people):
    """Facial mimicry: 1 to 4 s after a happy face the cheek (A) tightens, the brow (B) relaxes."""
    tables = []
    for path in people:
        locked = epoch(recording_of(path), physio=(-2.0, 10.0))
        times = locked.physio.times
        for muscle in ("emg_a", "emg_b"):
            envelope = locked.physio.get_data(picks=[muscle])[:, 0]
            before = envelope[:, (times >= -1) & (times < 0)].mean(axis=1)
            for name, span in (("early", (0.0, 0.3)), ("late", (1.0, 4.0))):
                inside = (times >= span[0]) & (times < span[1])
                change = np.log(envelope[:, inside].mean(axis=1) / before)
                tables.append(
                    locked.events[["participant", "face"]].assign(
                        muscle=muscle, window=name, change=change
                    )
                )
    means = pd.concat(tables).groupby(["window", "muscle", "face"])["change"].mean()
    assert means["late", "emg_a", "happy"] > 0.3
    assert means["late", "emg_b", "happy"] < -0.2
    for muscle, sign in (("emg_a", 1), ("emg_b", -1)):
        for other in ("angry", "neutral"):
            assert sign * (means["late", muscle, "happy"] - means["late", muscle, other]) > 0.2
        assert abs(means["early", muscle, "happy"]) < 0.15


def matched(ours, theirs):
    """Shares of beats with one of the other series within 50 ms, both ways."""
    distance = np.abs(ours[:, None] - np.asarray(theirs)[None])
    return np.mean(distance.min(axis=1) < 0.05), np.mean(distance.min(axis=0) < 0.05)


def test_beats_of_a_noisy_recording(shared_data):
    """Every beat that two other detectors agree on is found (seen by eye, too)."""
    raw = read_physio(shared_data / "biopac" / "physio-3.9.1-c.acq")
    ecg, sfreq = raw.get_data(picks=["ECG"])[0], int(raw.info["sfreq"])
    beats = r_peaks(ecg, sfreq).seconds
    cleaned = nk.ecg_clean(ecg, sampling_rate=sfreq)
    for method in ("neurokit", "kalidas2017"):
        found = nk.ecg_peaks(cleaned, sampling_rate=sfreq, method=method)[1]["ECG_R_Peaks"]
        ours, theirs = matched(beats, found / sfreq)
        assert ours > 0.97 and theirs > 0.95, method


def test_beats_of_a_slow_recording(shared_data):
    table = pd.read_csv(shared_data / "physio_events" / "bio_eventrelated_100hz.csv")
    ecg = table["ECG"].to_numpy()
    beats = r_peaks(ecg, 100.0).seconds
    found = nk.ecg_peaks(nk.ecg_clean(ecg, sampling_rate=100), sampling_rate=100)[1]["ECG_R_Peaks"]
    assert min(matched(beats, found / 100)) > 0.98
    # R waves are the largest deflections: all beats lie on one.
    heights = [ecg[max(round(100 * at) - 2, 0) : round(100 * at) + 3].max() for at in beats]
    assert np.mean(np.array(heights) > 0.4) > 0.98
