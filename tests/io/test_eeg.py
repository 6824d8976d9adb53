import warnings
from collections import Counter
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import pytest

from mmme_neuro.io.eeg import READER_BY_SUFFIX, read_eeg
from mmme_neuro.io.montage import MISC_CHANNELS, QUIK_CAP_64, template_positions
from mmme_neuro.simulate.files.curry_file import write_curry

NAMES = ["FZ", "CZ", "CB1", "HEO", "Trigger"]


@pytest.fixture
def raw():
    data = np.random.default_rng(5).normal(scale=2e-5, size=(5, 2000))
    data[-1] = 0
    recording = mne.io.RawArray(data, mne.create_info(NAMES, 500.0, "eeg"), verbose="error")
    return recording.set_annotations(mne.Annotations([1.0, 2.0], 0, ["101", "100"]))


@pytest.mark.parametrize("name", ["a_raw.fif", "a.vhdr", "A.EDF", "a.bdf"])
def test_formats_give_the_same_recording(raw, tmp_path, name, eeg_writers):
    eeg_writers[Path(name).suffix.lower()](raw, tmp_path / name)
    read = read_eeg(tmp_path / name)
    assert read.ch_names == NAMES
    # MNE's EDF reader takes channels called trigger for event channels and leaves their scale.
    trigger = "stim" if name.lower().endswith(("edf", "bdf")) else "misc"
    assert read.get_channel_types() == ["eeg", "eeg", "eeg", "eog", trigger]
    np.testing.assert_allclose(read.get_data("eeg"), raw.get_data()[:3], atol=5e-9)
    positions = read.get_montage().get_positions()["ch_pos"]
    for channel, xyz in template_positions(["FZ", "CZ", "CB1"]).items():
        np.testing.assert_allclose(positions[channel], xyz, atol=1e-6)
    if name.endswith((".fif", ".vhdr")):
        np.testing.assert_allclose(read.annotations.onset[-2:], [1.0, 2.0])
        codes = [text.split("/")[-1] for text in read.annotations.description[-2:]]
        assert codes == ["101", "100"]


def test_curry_keeps_its_own_positions_and_trigger(tmp_path):
    own = {name: xyz * 0.9 for name, xyz in template_positions(QUIK_CAP_64).items()}
    data = np.zeros((69, 1000), dtype="f4")
    data[-1, 400] = 105
    path = write_curry(
        tmp_path / "a.cdt",
        data,
        sfreq=1000.0,
        ch_names=QUIK_CAP_64,
        misc_names=MISC_CHANNELS,
        positions_m=own,
        events=pd.DataFrame({"sample": [400], "code": [105]}),
    )
    raw = read_eeg(path)
    positions = raw.get_montage().get_positions()["ch_pos"]
    np.testing.assert_allclose(positions["CB1"], own["CB1"], atol=1e-6)
    assert mne.find_events(raw, "Trigger", verbose="error")[0, [0, 2]].tolist() == [400, 105]
    assert not raw.preload


def test_epochs_are_returned_for_epoched_files(raw, tmp_path, shared_data):
    epochs = mne.Epochs(
        raw, np.array([[500, 0, 101]]), tmin=-0.1, tmax=0.1, baseline=None, verbose="error"
    )
    epochs.save(tmp_path / "a-epo.fif", verbose="error")
    for path in (tmp_path / "a-epo.fif", shared_data / "curry" / "Legacy.dat"):
        read = read_eeg(path)
        assert isinstance(read, mne.BaseEpochs)
        assert "eog" in read.get_channel_types()
        assert read.get_montage() is not None


def test_real_eeglab_file(shared_data):
    raw = read_eeg(shared_data / "eeglab" / "eeglab_data.set")
    counts = Counter(raw.annotations.description.tolist())
    assert counts == {"square": 80, "rt": 74}
    assert raw.get_channel_types().count("eog") == 2
    assert raw.info["sfreq"] == 128.0
    positions = raw.get_montage().get_positions()["ch_pos"]
    assert positions["FPz"][1] > 0.05 and positions["Oz"][1] < -0.05


def test_every_suffix_is_told_for_an_unknown_one(tmp_path):
    (tmp_path / "a.xyz").touch()
    with pytest.raises(ValueError, match="found '.xyz'") as raised:
        read_eeg(tmp_path / "a.xyz")
    assert all(suffix in str(raised.value) for suffix in READER_BY_SUFFIX)


@pytest.mark.parametrize("suffix", READER_BY_SUFFIX)
def test_missing_files_are_told_by_name(tmp_path, suffix):
    with pytest.raises(FileNotFoundError, match="nobody"):
        read_eeg(tmp_path / f"nobody{suffix}")


@pytest.mark.parametrize("name", ["A-EPO.FIF", "cut epochs.fif", "a-epo.fif"])
def test_epochs_in_fif_files_of_any_name(tmp_path, name):
    data = 2e-5 * np.random.default_rng(0).standard_normal((5, 2, 100))
    epochs = mne.EpochsArray(data, mne.create_info(["Fz", "Cz"], 100.0, "eeg"), verbose="error")
    epochs.save(tmp_path / "a-epo.fif", verbose="error")
    (tmp_path / "a-epo.fif").rename(tmp_path / name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = read_eeg(tmp_path / name)
    np.testing.assert_allclose(found.get_data(), data, rtol=1e-6)
