import mne
import numpy as np
import pandas as pd

from mmme_neuro.pipeline.check import OPTIONAL_PACKAGES, absent_packages, channel_inventory
from mmme_neuro.recording import Recording

EVENTS = pd.DataFrame({"onset": [1.0]})


def signals(types):
    rng = np.random.default_rng(1)
    info = mne.create_info(list(types), 100.0, list(types.values()))
    return mne.io.RawArray(rng.normal(size=(len(types), 6000)), info, verbose="error")


def test_kinds_are_counted_and_missing_ones_are_zero():
    eeg = signals({"FZ": "eeg", "CZ": "eeg", "HEO": "eog", "Trigger": "stim"})
    physio = signals({"PPG": "bio", "other": "bio", "SKT_A": "temperature", "ECG": "ecg"})
    table = channel_inventory(Recording(eeg, physio, EVENTS)).set_index(["device", "kind"])
    assert table["n_channels"].to_dict() == {
        ("EEG", "EEG"): 2,
        ("EEG", "EOG"): 1,
        ("EEG", "EMG"): 0,
        ("physio", "PPG"): 1,
        ("physio", "RSP"): 0,
        ("physio", "SKT"): 1,
        ("physio", "EDA"): 0,
        ("physio", "ECG"): 1,
        ("physio", "EMG"): 0,
    }
    assert (table["flat"] == "").all()


def test_constant_and_missing_channels_are_flat():
    def spoiled(data):
        data[0], data[1] = 3.0, np.nan
        data[2, :5500] = 0.0  # flat for most of the time, not all of it
        return data

    eeg = signals(dict.fromkeys(("FZ", "CZ", "PZ", "OZ"), "eeg"))
    eeg.apply_function(spoiled, channel_wise=False, verbose="error")
    table = channel_inventory(Recording(eeg, None, EVENTS))
    assert table.loc[0, "flat"] == "FZ, CZ"
    assert set(table["device"]) == {"EEG"}


def test_a_recording_shorter_than_a_piece():
    eeg = signals({"FZ": "eeg"}).crop(0, 0.05)
    assert channel_inventory(Recording(eeg, None, EVENTS)).loc[0, "flat"] == ""


def test_absent_packages_are_those_that_cannot_be_found(monkeypatch):
    monkeypatch.setitem(OPTIONAL_PACKAGES, "json", "always there")
    monkeypatch.setitem(OPTIONAL_PACKAGES, "no_such_package", "nothing")
    absent = absent_packages()
    assert absent["no_such_package"] == "nothing" and "json" not in absent
