"""The two paths on other people's real recordings, as a user would write them."""

import gzip

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
    recording_codes,
    removed_by_cleaning,
)

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
    recording = squares.with_signals(
        eeg=clean_eeg(squares.eeg.load_data(), line_hz=None, sfreq=128.0, ica=False)
    )
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
    rows = removed_by_cleaning(cleaned).components
    assert len(rows) > 10
    assert {row["muscle_r"] for row in rows} == {0.0}
    assert not [row for row in rows if row["removed_as"] == "muscle"]
    assert max(row["eye_r"] for row in rows) > 0.2


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
    return Recording(eeg=None, physio=derive_physio(raw, sfreq=50.0), events=events)


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
        tables.append(
            pd.concat([locked.events, responses.reset_index(drop=True)], axis=1).assign(
                by_hand=by_hand
            )
        )
    table = pd.concat(tables, ignore_index=True)
    assert len(table) >= 70
    assert set(table["face"]) == set(FACES.values())
    assert table["heart_rate_bpm"].isna().all()  # no such channel
    scr = table["scr_us"]
    assert scr.notna().all()
    # The package's is the phasic part, so slow drift is taken out.
    assert np.corrcoef(scr, table["by_hand"])[0, 1] > 0.9
    assert -0.5 < scr.median() < 0.5
