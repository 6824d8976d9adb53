import datetime
import json

import mne
import numpy as np
import pandas as pd
import pybv
import pytest

from mmme_neuro.bids.dataset_files import DatasetDetails
from mmme_neuro.bids.eeg_files import read_eeg_files, write_eeg
from mmme_neuro.bids.names import ParticipantFiles
from mmme_neuro.io.montage import place_electrodes

CODES = pd.DataFrame({"code": [101, 7], "onset": [0.5, 149.996], "duration": [0.0, 0.02]})


@pytest.fixture(scope="module")
def raw():
    rng = np.random.default_rng(1)
    data = np.vstack([rng.normal(scale=20e-6, size=(3, 40_000)), np.zeros((1, 40_000))])
    data[3, 125:150] = 101
    info = mne.create_info(["FZ", "CZ", "HEO", "Trigger"], 250.0, ["eeg", "eeg", "eog", "stim"])
    raw = place_electrodes(mne.io.RawArray(data, info, verbose="error"))
    raw.set_meas_date(datetime.datetime(2023, 7, 14, 9, 30, tzinfo=datetime.UTC))
    raw.info.update(
        description="Marlene",
        experimenter="Marlene",
        subject_info={"his_id": "Marlene", "last_name": "Marlene"},
        device_info={"type": "amplifier", "serial": "SN12345"},
        bads=["CZ"],
    )
    return raw.set_annotations(mne.Annotations([1.0], [0.0], ["Marlene coughs"]))


@pytest.fixture(scope="module")
def files(raw, tmp_path_factory):
    files = ParticipantFiles(tmp_path_factory.mktemp("bids"), "sub-07", "expression")
    details = DatasetDetails(eeg_reference="M1", line_frequency_hz=60.0)
    write_eeg(raw, CODES, files, details)
    return files


def test_blocks_equal_a_file_written_at_once(raw, files, tmp_path):
    pybv.write_brainvision(
        data=raw.get_data(["FZ", "CZ", "HEO"]),
        sfreq=250.0,
        ch_names=["FZ", "CZ", "HEO"],
        fname_base="once",
        folder_out=tmp_path,
        resolution=0.1,
        unit="µV",
        fmt="binary_float32",
    )
    once = np.fromfile(tmp_path / "once.eeg", "<f4").reshape(-1, 3)
    blocks = np.fromfile(files.of("eeg.eeg"), "<f4").reshape(-1, 4)
    assert blocks.shape == (40_000, 4)
    np.testing.assert_allclose(blocks[:, :3], once, rtol=2e-7)


def test_reading_returns_signals_types_and_bad_channels(raw, files):
    back = read_eeg_files(files, mne.Annotations([0.5], [0.0], ["101"]))
    assert back.get_channel_types() == ["eeg", "eeg", "eog", "stim"]
    assert back.info["bads"] == ["CZ"] and not back.preload
    np.testing.assert_allclose(back.get_data(), raw.get_data(), rtol=3e-7, atol=1e-15)
    assert back.annotations.description.tolist() == ["101"]
    assert mne.find_events(back, "Trigger", verbose="error")[:, [0, 2]].tolist() == [[125, 101]]


def test_markers_are_read_by_others(files):
    read = mne.io.read_raw_brainvision(files.of("eeg.vhdr"), verbose="error")
    found = [(note["onset"], note["description"]) for note in read.annotations]
    assert found == [(0.5, "Stimulus/S101"), (149.996, "Stimulus/S  7")]
    assert read.annotations.duration[1] == pytest.approx(0.02)


def test_sidecar_states_the_whole_recording(files):
    described = json.loads(files.of("eeg.json").read_text(encoding="utf-8"))
    assert described["RecordingDuration"] == 160.0
    assert described["EEGReference"] == "M1" and described["PowerLineFrequency"] == 60.0
    assert described["Manufacturer"] == "n/a"


def test_nothing_of_the_header_leaks(files):
    for path in files.root.rglob("*"):
        if path.is_file() and path.suffix != ".eeg":
            text = path.read_text(encoding="utf-8")
            assert not [word for word in ("Marlene", "2023", "SN12345") if word in text], path


def test_reading_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="sub-01"):
        read_eeg_files(ParticipantFiles(tmp_path, "sub-01", "rest"), mne.Annotations([], [], []))
