import re
import warnings

import mne
import numpy as np
import pandas as pd
import pytest
from scipy.io import savemat

from mmme_neuro.errors import BadInput, DamagedFile
from mmme_neuro.io.damage import check_last_line, named_beside, reading, refuse_links_outside
from mmme_neuro.io.eeg import read_eeg
from mmme_neuro.io.physio import read_physio
from mmme_neuro.recording import find_device_file


@pytest.mark.parametrize("error", [KeyError("x"), Exception("bare"), OSError(5, "input/output")])
def test_any_error_becomes_one_that_names_the_file(tmp_path, error):
    path = tmp_path / "a.xyz"
    path.write_bytes(b"123")
    with pytest.raises(DamagedFile, match="a.xyz: expected a list, found 3 bytes") as raised:
        with reading(path, "a list"):
            raise error
    assert type(error).__name__ in str(raised.value) and raised.value.__cause__ is error


def test_errors_that_say_enough_stay(tmp_path):
    path = tmp_path / "a.xyz"
    for error in (
        BadInput(f"{path}: three columns"),
        PermissionError(13, "denied", str(path)),
        FileNotFoundError("b.xyz"),
    ):
        with pytest.raises(type(error)) as raised, reading(path, "a list"):
            raise error
        assert raised.value is error


def test_what_a_library_says_of_the_file_keeps_its_words(tmp_path):
    path = tmp_path / "a.xyz"
    error = RuntimeError(f"{path} holds no samples")
    with pytest.raises(DamagedFile, match=f"^{re.escape(str(error))}$") as raised:
        with reading(path, "a list"):
            raise error
    assert raised.value.__cause__ is error


@pytest.mark.parametrize(
    "name", ["../a.fdt", "/etc/a.fdt", "b/a.fdt", "..\\a.fdt", "C:a", "..", ""]
)
def test_names_that_lead_elsewhere_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match="leads elsewhere"):
        named_beside(tmp_path / "a.set", name)
    assert named_beside(tmp_path / "a.set", "a b.fdt") == tmp_path / "a b.fdt"


def test_a_cut_last_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("1,2\n3,")
    with pytest.warns(UserWarning, match="no line break"):
        check_last_line(path, ",")
    path.write_text("1,2\n3")
    with pytest.raises(ValueError, match="fewer numbers"):
        check_last_line(path, ",")
    path.write_text("1,2\n3,4\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_last_line(path, ",")


def eeglab(folder, data_name, *, n_trials=1):
    """EEGLAB header of two channels at 100 Hz whose samples lie in another file."""
    locations = np.array(
        [("CZ", 0.0, 0.0, 1.0), ("FZ", 0.5, 0.0, 0.5)],
        dtype=[("labels", object), ("X", float), ("Y", float), ("Z", float)],
    )
    content = {
        "data": data_name,
        "nbchan": 2,
        "pnts": 50,
        "trials": n_trials,
        "srate": 100.0,
        "xmin": 0.0,
        "xmax": 0.49,
        "chanlocs": locations,
        "event": np.array(
            [(1.0, "a", 1)], dtype=[("latency", float), ("type", object), ("epoch", int)]
        ),
        "epoch": np.array(
            [(1, "a", 0.0)] * n_trials,
            dtype=[("event", int), ("eventtype", object), ("eventlatency", float)],
        ),
    }
    savemat(folder / "a.set", {"EEG": content})
    return folder / "a.set"


@pytest.fixture
def outside(tmp_path):
    """A study folder, and samples beside it that must not be read."""
    (tmp_path / "study" / "sub01").mkdir(parents=True)
    np.arange(100, dtype="<f4").tofile(tmp_path / "secret.fdt")
    return tmp_path / "study" / "sub01"


@pytest.mark.parametrize("absolute", [True, False])
def test_eeglab_samples_elsewhere_are_not_followed(outside, tmp_path, absolute):
    name = str(tmp_path / "secret.fdt") if absolute else "../../secret.fdt"
    with pytest.raises(ValueError, match="secret.fdt.*leads elsewhere"):
        read_eeg(eeglab(outside, name))
    np.arange(100, dtype="<f4").tofile(outside / "a.fdt")
    assert read_eeg(eeglab(outside, "a.fdt")).n_times == 50


def test_epoched_eeglab_samples_elsewhere_are_not_followed(outside):
    np.arange(200, dtype="<f4").tofile(outside.parent.parent / "secret.fdt")
    with pytest.raises(ValueError, match="secret.fdt.*leads elsewhere"):
        read_eeg(eeglab(outside, "../../secret.fdt", n_trials=2))


@pytest.mark.parametrize("key", ["DataFile", "MarkerFile"])
def test_brainvision_files_elsewhere_are_not_followed(outside, eeg_writers, key):
    raw = mne.io.RawArray(np.zeros((1, 1000)), mne.create_info(["CZ"], 500.0), verbose="error")
    path = outside / "a.vhdr"
    eeg_writers[".vhdr"](raw, path)
    assert read_eeg(path).n_times == 1000
    path.write_text(path.read_text().replace(f"{key}=", f"{key}=../../"))
    with pytest.raises(ValueError, match="leads elsewhere"):
        read_eeg(path)


def test_links_may_lead_within_the_study_only(outside, tmp_path):
    objects = tmp_path / "study" / ".objects"
    objects.mkdir()
    (objects / "1").touch()
    (outside / "a.cdt").symlink_to(objects / "1")
    assert find_device_file(outside, "EEG", ["*.cdt"]).name == "a.cdt"
    (outside / "a.cdt.dpa").symlink_to(tmp_path / "secret.fdt")
    with pytest.raises(ValueError, match=r"out of it: \['a.cdt.dpa'\]"):
        find_device_file(outside, "EEG", ["*.cdt"])
    linked = tmp_path / "study" / "sub02"
    linked.symlink_to(tmp_path)
    with pytest.raises(ValueError, match="sub02"):
        refuse_links_outside(linked, tmp_path / "study")


def test_pickled_objects_are_not_loaded(tmp_path):
    pd.DataFrame({"a": [1]}).to_pickle(tmp_path / "a.pkl")
    (tmp_path / "a.pkl").rename(tmp_path / "a.mat")
    with pytest.raises(ValueError, match="a.mat"):
        read_physio(tmp_path / "a.mat")
