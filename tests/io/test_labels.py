"""Types, electrodes and caps from the labels that labs write."""

import mne
import numpy as np
import pytest

from mmme_neuro.errors import MissingInput
from mmme_neuro.io.channels.labels import (
    cap_of,
    channel_types,
    channels_by_electrode,
    electrode_of,
    electrodes_of,
)
from mmme_neuro.io.montage import QUIK_CAP_64, place_electrodes, template_positions
from mmme_neuro.responses.regions import roi_channels

SPELLINGS = {
    "eog": "VEOGo VEOGu HEOGli HEOGre LEOG REOG IEOG EOGh EOGv EOG_L L-EOG EOG061 HEO VEOU LOC ROC "
    "LO1 IO1 hEOG VEOG+ LHEOG IO IOL VEU HEL LHEye Lid",
    "ecg": "ECG EKG ECG1 EKG-L ekg ECGII aVR",
    "emg": "EMGzyg EMG_corr zyg Corrugator CHIN EMG-REF L-EMG Chin1-Chin2 rEMG ChinL",
    "resp": "Resp RSP Thorax ABDOMEN Airflow Flow RespBelt resp.1 THO",
    "gsr": "GSR GSR1 EDA SCL SCR1 EDA_L",
    "temperature": "Temp TEMP1 temperature SKT SkinTemp",
    "bio": "SaO2 SpO2 Plet PPG Pulse BVP Pleth1 Puls OSat",
    "stim": "Trigger TRIG1 STI101 STATUS Marker Event DIN1",
    "misc": "acc1 AccX ACC_X x_acc Photo Photodiode DC1 DC01 AUX3 Snore Ergo-Left Gyro_x CO2 BAT",
    "eeg": "Tp9 TP10 T3 T5 AF3 A1 M2 O2 P3 Fp1. FC5. Cz.. FP1-M2 C3A2 fz CB1 EXG1 E12 128 AFF5h",
}
PHRASES = {
    "EOG left": "eog",
    "EEG LOC-REF": "eog",
    "E1-M2": "eog",
    "EEG EKG1-REF": "ecg",
    "ECG V5": "ecg",
    "Leg EMG": "emg",
    "EMG chin": "emg",
    "Resp chest": "resp",
    "Nasal Pressure": "resp",
    "SaO2 finger": "bio",
    "Temp rectal": "temperature",
    "Event marker": "stim",
    "ACC X": "misc",
    "Body position": "misc",
    "Heart rate": "misc",
    "EEG F3-Ref": "eeg",
    "EEG 001": "eeg",
    "EEG Fpz-Cz": "eeg",
}


@pytest.mark.parametrize("kind", SPELLINGS)
def test_usual_spellings_tell_the_type(kind):
    names = SPELLINGS[kind].split()
    assert channel_types(names) == dict.fromkeys(names, kind)


def test_labels_of_several_words_tell_the_type():
    assert channel_types(list(PHRASES)) == PHRASES


@pytest.mark.parametrize(
    ("unit", "kind"),
    [
        ("°C", "temperature"),
        ("degC", "temperature"),
        ("uS", "gsr"),
        ("µS", "gsr"),
        ("g", "misc"),
        ("m/s^2", "misc"),
        ("%", "misc"),
        ("mmHg", "misc"),
        ("bpm", "misc"),
        ("uV", "eeg"),
        ("", "eeg"),
        ("n/a", "eeg"),
    ],
)
def test_a_unit_tells_where_the_name_does_not(unit, kind):
    found = channel_types(["X1", "Fz", "ECG"], dict.fromkeys(["X1", "Fz", "ECG"], unit))
    assert found == {"X1": kind, "Fz": "eeg", "ECG": "ecg"}


@pytest.mark.parametrize("name", QUIK_CAP_64)
def test_every_electrode_is_found_under_the_labels_of_edf(name):
    labels = (f"EEG {name}-Ref", f"{name}-A2", f"EEG {name}-LE", f"{name.title()}..", f"{name}-M1")
    assert {electrode_of(label) for label in labels} == {name}


def test_old_names_stand_where_the_new_ones_do():
    places = template_positions(["T3", "T4", "T5", "T6", "T7", "T8", "P7", "P8"])
    for old, new in (("T3", "T7"), ("T4", "T8"), ("T5", "P7"), ("T6", "P8")):
        np.testing.assert_allclose(places[old], places[new], atol=1e-6)


@pytest.mark.parametrize("label", ["F3-C3", "Fp1-F7", "EEG 001", "EXG1", "EEG", "", "A3", "Fz Cz"])
def test_what_is_no_single_electrode_gets_no_place(label):
    assert electrode_of(label) is None


def test_a_common_partner_is_the_reference_and_two_pairs_are_bipolar():
    assert electrodes_of(["EEG F3-CZ", "EEG F4-CZ", "EEG PZ-CZ", "EKG-R"]) == {
        "EEG F3-CZ": "F3",
        "EEG F4-CZ": "F4",
        "EEG PZ-CZ": "PZ",
        "EKG-R": None,
    }
    assert electrodes_of(["EEG Fpz-Cz", "EEG Pz-Oz"]) == {"EEG Fpz-Cz": None, "EEG Pz-Oz": None}


@pytest.mark.parametrize(
    ("banks", "cap"), [("A", "biosemi32"), ("AB", "biosemi64"), ("ABCD", "biosemi128")]
)
def test_electrodes_of_biosemi_stand_where_its_cap_has_them(banks, cap):
    names = [f"{bank}{number}" for bank in banks for number in range(1, 33)]
    assert cap_of([*names, "EXG1", "Status"])[0] == cap
    montage = mne.channels.transform_to_head(mne.channels.make_standard_montage(cap))
    expected = np.array(list(montage.get_positions()["ch_pos"].values()))
    info = mne.create_info([*names, "EXG1"], 100.0, "eeg")
    raw = mne.io.RawArray(np.zeros((len(names) + 1, 10)), info, verbose="error")
    with pytest.warns(UserWarning, match=f"cap '{cap}'"):
        placed = place_electrodes(raw)
    found = np.array([channel["loc"][:3] for channel in placed.info["chs"]])
    np.testing.assert_allclose(found[:-1], expected, atol=1e-6)
    assert np.isnan(found[-1]).all()


def test_the_first_electrodes_of_the_64_cap_have_their_10_20_names():
    names = [f"{bank}{number}" for bank in "AB" for number in range(1, 33)]
    found = electrodes_of(names)
    assert [found[name] for name in ("A1", "A15", "A29", "B1", "B16")] == [
        "Fp1", "T7", "Oz", "Fpz", "Cz",
    ]  # fmt: skip


def test_a_net_of_egi_is_told_by_its_numbers():
    assert cap_of([f"E{number}" for number in range(1, 129)])[0] == "GSN-HydroCel-129"
    assert cap_of([f"E{number}" for number in range(1, 65)])[0] == "GSN-HydroCel-65_1.0"
    assert cap_of(["E1", "E2", "C3", "C4", "O1"]) is None


def test_ears_and_centers_of_the_10_20_system_are_no_cap():
    names = "A1 A2 C3 C4 F3 F4 Fz Cz Pz O1 O2".split()
    assert cap_of(names) is None
    assert electrodes_of(names)["A1"] == "A1"


def test_contacts_of_an_unknown_cap_are_no_electrodes():
    names = [f"{bank}{number}" for bank in "ABCDEFGHI" for number in range(1, 17)]
    assert set(electrodes_of(names).values()) == {None}
    assert set(channel_types(names).values()) == {"eeg"}


def test_regions_are_found_under_every_label_and_never_in_a_numbered_cap():
    info = mne.create_info(["EEG C3-Ref", "Cz.", "c4", "EEG T3-A1", "ACC X"], 100.0, "eeg")
    assert roi_channels(info, "sensorimotor") == ["EEG C3-Ref", "Cz.", "c4"]
    assert roi_channels(info, "temporal") == ["EEG T3-A1"]
    assert roi_channels(info, ["EEG T3-A1", "C4"]) == ["EEG T3-A1", "c4"]
    banks = [f"{bank}{number}" for bank in "ABCD" for number in range(1, 33)]
    numbered = mne.create_info(banks, 100.0, "eeg")
    with pytest.raises(MissingInput, match="sensorimotor"):
        roi_channels(numbered, "sensorimotor")
    assert roi_channels(numbered, ["C3"]) == ["C3"]
    named = mne.create_info(banks[:64], 100.0, "eeg")
    assert roi_channels(named, "sensorimotor") == ["A13", "B16", "B18"]
    assert channels_by_electrode(["C3-A2", "C3"])["C3"] == "C3"
