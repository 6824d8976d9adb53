"""BrainVision recordings that were renamed, in folders however they are named."""

import os
import shutil
import warnings

import mne
import numpy as np
import pytest

from mmme_neuro import read_eeg
from mmme_neuro.errors import DamagedFile


@pytest.fixture
def written(tmp_path, eeg_writers):
    def write(stem="old", value=1e-5):
        info = mne.create_info(["Fz", "Cz"], 500.0, "eeg")
        raw = mne.io.RawArray(np.full((2, 1000), value), info, verbose="error")
        raw.set_annotations(mne.Annotations([0.5], 0.0, ["7"]))
        eeg_writers[".vhdr"](raw, tmp_path / f"{stem}.vhdr")
        return tmp_path

    return write


def renamed(folder, old, new, endings=("vhdr", "vmrk", "eeg")):
    for ending in endings:
        os.rename(folder / f"{old}.{ending}", folder / f"{new}.{ending}")
    return folder / f"{new}.vhdr"


@pytest.mark.parametrize(
    ("old", "new"), [("old", "sub-01_eeg"), ("\u00e4lter", "neu"), ("a b", "\u00fc b")]
)
def test_all_three_files_renamed(written, old, new):
    path = renamed(written(old), old, new)
    with pytest.warns(UserWarning, match=f"{new}.vhdr: names '{old}.eeg' as its data.*{new}.eeg"):
        raw = read_eeg(path)
    assert raw.n_times == 1000 and raw.get_data()[0, 0] == pytest.approx(1e-5)
    assert "Comment/7" in raw.annotations.description


@pytest.mark.parametrize("name", ["OLD.EEG", "Old.eeg", "old.EEG"])
def test_names_that_differ_in_case_only(written, name):
    folder = written()
    os.rename(folder / "old.eeg", folder / name)
    assert read_eeg(folder / "old.vhdr").n_times == 1000


@pytest.mark.parametrize("ending", ["eeg", "vmrk"])
def test_a_file_that_is_nowhere_names_header_entry_and_remedy(written, ending):
    folder = written()
    path = renamed(folder, "old", "new", ("vhdr",))
    (folder / f"old.{ending}").unlink()
    text = f"new.vhdr: names 'old.{ending}'.*neither that nor 'new.{ending}'.*correct the name"
    with pytest.raises(FileNotFoundError, match=text):
        read_eeg(path)


def test_the_header_is_followed_but_a_file_of_its_own_name_is_told(written):
    folder = written()
    shutil.copy(folder / "old.vhdr", folder / "new.vhdr")
    (folder / "new.eeg").write_bytes(bytes(8000))
    with pytest.warns(UserWarning, match="names 'old.eeg'.*is read, though 'new.eeg' lies there"):
        raw = read_eeg(folder / "new.vhdr")
    assert raw.get_data()[0, 0] == pytest.approx(1e-5)


def test_files_of_another_folder_stay_refused(written):
    folder = written()
    text = (folder / "old.vhdr").read_text("utf-8").replace("=old.eeg", "=../old.eeg")
    (folder / "old.vhdr").write_text(text, "utf-8")
    with pytest.raises(ValueError, match="which leads elsewhere"):
        read_eeg(folder / "old.vhdr")


@pytest.mark.parametrize("way", ["up", "link", "relative"])
def test_paths_with_points_and_links(written, monkeypatch, way):
    folder = written()
    path = folder / "x" / ".." / "old.vhdr"
    (folder / "x").mkdir()
    if way == "link":
        (folder / "x" / "link").symlink_to(folder)
        path = folder / "x" / "link" / "old.vhdr"
    if way == "relative":
        monkeypatch.chdir(folder / "x")
        path = "../old.vhdr"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*the EEG is flat")
        assert read_eeg(path).n_times == 1000


@pytest.mark.parametrize(
    "endings", [("VHDR", "VMRK", "EEG"), ("VHDR", "vmrk", "eeg"), ("vhdr", "VMRK", "EEG")]
)
def test_endings_in_capitals(written, endings):
    folder = written()
    for ending in endings:
        os.rename(folder / f"old.{ending.lower()}", folder / f"old.{ending}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*the EEG is flat")
        raw = read_eeg(folder / f"old.{endings[0]}")
    assert raw.get_data()[0, -1] == pytest.approx(1e-5)
    assert raw.filenames[0].name == f"old.{endings[2]}"
    assert raw.annotations.onset[raw.annotations.description == "Comment/7"] == pytest.approx(0.5)


def test_a_truncated_file_is_told_once(written):
    folder = written()
    data = folder / "old.eeg"
    data.write_bytes(data.read_bytes()[:-3])
    with pytest.raises(DamagedFile, match="old.eeg: expected whole samples") as caught:
        read_eeg(folder / "old.vhdr")
    assert str(caught.value).count("damaged") == 0
