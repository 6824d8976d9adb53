import json
import shutil
import warnings

import mne
import numpy as np
import pandas as pd
import pytest

from mmme_neuro import Recording, read_recording
from mmme_neuro.clocks import ClockFit
from mmme_neuro.recording import (
    EEG_PATTERNS,
    PHYSIO_PATTERNS,
    find_device_file,
    participant_folders,
    study_sheet,
)
from mmme_neuro.simulate.files.devices import DeviceClock


@pytest.fixture(scope="module")
def truth(study):
    people = json.loads((study / "truth.json").read_text())["participants"]
    return {person["participant"]: person for person in people}


@pytest.fixture(scope="module", params=["sub01", "sub02", "sub03"])
def recording(study, merged_events, request):
    return read_recording(study / request.param, sheet=merged_events)


def raw_of(n_seconds=10.0, sfreq=100.0, kind="eeg"):
    info = mne.create_info(["FZ", "PZ"], sfreq, kind)
    return mne.io.RawArray(np.zeros((2, int(n_seconds * sfreq))), info, verbose="error")


def test_events_lie_where_faces_moved(recording, truth):
    true = np.array(truth[recording.participant]["events"]["onset"])
    error = recording.events["onset"].to_numpy()[:, None] - true
    nearest = error[np.arange(len(error)), np.abs(error).argmin(axis=1)]
    # Coders err by 50 ms a row (SD) and the simulated clips start late by 20 ms (SD).
    assert np.abs(nearest).max() < 0.25
    assert abs(np.median(nearest)) < 0.06


def test_physio_clock_is_the_true_one_within_its_error(recording, truth):
    true = DeviceClock(**truth[recording.participant]["physio_clock"])
    middle = recording.physio.times[-1] / 2
    assert recording.clock.to_reference(middle) == pytest.approx(true.to_eeg(middle), abs=0.008)
    assert abs(recording.clock.drift_ppm - true.drift_ppm) < 4 * recording.clock.drift_se_ppm


def test_camera_clock_is_the_true_one_within_its_error(recording, truth):
    true = DeviceClock(**truth[recording.participant]["camera_clock"])
    wall = recording.events["onset_clock"].dropna().median()
    assert recording.camera.to_reference(wall) == pytest.approx(true.to_eeg(wall), abs=0.08)


def test_rows_are_in_the_order_of_onsets_and_of_this_participant(recording, merged_events):
    own = merged_events[merged_events["participant"] == recording.participant]
    assert sorted(recording.events["source_row"]) == sorted(own["source_row"])
    assert recording.events["onset"].is_monotonic_increasing
    assert list(recording.events.index) == list(range(len(own)))
    assert set(recording.events["clock"]) == {"eeg"}


def test_sheet_beside_the_folder_is_found(study, merged_events):
    found = read_recording(study / "sub01")
    given = read_recording(study / "sub01", sheet=merged_events)
    pd.testing.assert_frame_equal(found.events, given.events)
    by_path = read_recording(study / "sub01", sheet=study_sheet(study), annotation_pass=None)
    pd.testing.assert_frame_equal(by_path.events, given.events)


def test_without_physiology(study, merged_events):
    recording = read_recording(study / "sub01", sheet=merged_events, modalities=("eeg",))
    assert recording.physio is None and recording.clock is None
    assert "no physio" in repr(recording)


def test_raw_objects_are_mnes_own_with_their_types(recording):
    assert isinstance(recording.eeg, mne.io.BaseRaw) and isinstance(
        recording.physio, mne.io.BaseRaw
    )
    kinds = dict(zip(recording.eeg.ch_names, recording.eeg.get_channel_types(), strict=True))
    assert kinds["CZ"] == "eeg" and kinds["HEO"] == kinds["VEO"] == "eog"
    assert kinds["EMG"] == "emg" and kinds["EKG"] == "ecg"
    spread = recording.eeg.get_data(picks="PZ").std()
    assert 1e-6 < spread < 1e-3  # volts


@pytest.mark.parametrize("modality", ["eeg", "physio"])
def test_by_hand_from_one_raw_and_onsets(modality):
    signals = {"eeg": None, "physio": None, modality: raw_of()}
    recording = Recording(**signals, events=pd.DataFrame({"onset": [3.0, 5.0]}), clock=None)
    assert recording.participant == ""
    assert repr(recording).startswith("<Recording | 2 events")


def test_without_any_signal_or_onsets_is_refused():
    with pytest.raises(ValueError, match="eeg and physio are both None"):
        Recording(eeg=None, physio=None, events=pd.DataFrame({"onset": [1.0]}))
    with pytest.raises(ValueError, match=r"lacks the columns \['onset'\]; it has \['time'\]"):
        Recording(eeg=raw_of(), physio=None, events=pd.DataFrame({"time": [1.0]}))


def test_with_signals_returns_a_new_recording():
    first, second = raw_of(), raw_of()
    recording = Recording(eeg=first, physio=None, events=pd.DataFrame({"onset": [1.0]}))
    changed = recording.with_signals(eeg=second)
    assert changed.eeg is second and recording.eeg is first
    assert changed.events is recording.events
    with pytest.raises(AttributeError):
        recording.eeg = second


def test_with_signals_removes_a_signal_and_leaves_the_other():
    eeg, physio = raw_of(), raw_of()
    recording = Recording(eeg=eeg, physio=physio, events=pd.DataFrame({"onset": [1.0]}))
    assert recording.with_signals(eeg=None).eeg is None
    assert recording.with_signals(eeg=None).physio is physio
    assert recording.with_signals(physio=None).eeg is eeg
    with pytest.raises(ValueError, match="eeg and physio are both None"):
        recording.with_signals(eeg=None, physio=None)


def test_with_signals_does_not_ask_a_signal_for_its_truth():
    class Silent(mne.io.RawArray):
        def __bool__(self):
            raise TypeError("a signal is neither true nor false")

    silent = Silent(np.zeros((1, 10)), mne.create_info(["CZ"], 10.0, "eeg"), verbose="error")
    recording = Recording(eeg=silent, physio=None, events=pd.DataFrame({"onset": [0.5]}))
    assert recording.with_signals(eeg=silent).eeg is silent
    assert recording.with_signals(physio=raw_of()).eeg is silent


def test_epoched_recording_is_refused(study, merged_events, tmp_path):
    events = np.array([[100, 0, 1], [300, 0, 1]])
    epochs = mne.Epochs(raw_of(), events, tmin=0, tmax=0.5, baseline=None, verbose="error")
    folder = tmp_path / "sub01"
    folder.mkdir()
    epochs.save(folder / "a-epo.fif", verbose="error")
    with pytest.raises(ValueError, match="epoched.*continuous"):
        read_recording(folder, sheet=merged_events)


def test_code_that_the_eeg_lost_comes_from_the_physiology(study, merged_events, tmp_path):
    whole = read_recording(study / "sub01", sheet=merged_events)
    folder = shutil.copytree(study / "sub01", tmp_path / "sub01")
    # Without the event list the trigger channel speaks; blank the pulse of video 103 in it.
    (folder / "Acquisition 01.cdt.cef").unlink()
    data = np.memmap(folder / "Acquisition 01.cdt", "<f4", mode="r+").reshape(-1, 47)
    assert (data[:, -1] == 103).any()
    data[data[:, -1] == 103, -1] = 0
    data.flush()
    recording = read_recording(folder, sheet=merged_events)
    assert 103 not in recording.clock.matched["code"].to_numpy()
    assert 103 in recording.camera.matched["code"].to_numpy()
    difference = recording.events["onset"] - whole.events["onset"]
    assert np.abs(difference).max() < 0.02


def test_folders_and_files(study, tmp_path):
    assert [folder.name for folder in participant_folders(study)] == ["sub01", "sub02", "sub03"]
    assert study_sheet(study).name == "coding_file.xlsx"
    with pytest.raises(FileNotFoundError, match="no such participant folder"):
        find_device_file(tmp_path / "absent", "EEG", ("*.cdt",))
    (tmp_path / "b.set").touch()
    assert find_device_file(tmp_path, "EEG", ("*.cdt", "*.set")).name == "b.set"


def folder_of(tmp_path, *names):
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["REC.EDF"], "REC.EDF"),
        (["rec.edf", "._rec.edf"], "rec.edf"),
        (["Rec.Vhdr", "Rec.Eeg", "Rec.Vmrk", ".DS_Store", "._Rec.Vhdr"], "Rec.Vhdr"),
        (["a.BDF", ".a.bdf.swp", ".hidden.bdf", "Thumbs.db"], "a.BDF"),
        (
            ["Acquisition 01.CDT", "Acquisition 01.CDT.DPA", "._Acquisition 01.cdt"],
            "Acquisition 01.CDT",
        ),
    ],
)
def test_names_in_capitals_and_hidden_files(tmp_path, names, found):
    folder = folder_of(tmp_path, *names)
    assert find_device_file(folder, "EEG", EEG_PATTERNS).name == found


@pytest.mark.parametrize("names", [["a.edf", "b.EDF"], ["rec.edf", "REC.EDF"]])
def test_two_recordings_of_one_format_are_refused_whatever_their_case(tmp_path, names):
    with pytest.raises(ValueError, match="expected one EEG file"):
        find_device_file(folder_of(tmp_path, *names), "EEG", EEG_PATTERNS)


def test_hidden_files_and_folders_make_no_participant(tmp_path):
    for name in (".Trash", "p1", "p2"):
        (tmp_path / name).mkdir()
    for path in (".Trash/a.edf", "p1/A.EDF", "p2/._a.edf"):
        (tmp_path / path).write_bytes(b"x")
    assert [path.name for path in participant_folders(tmp_path)] == ["p1"]
    (tmp_path / "Coding_File.CSV").write_text("x")
    assert study_sheet(tmp_path).name == "Coding_File.CSV"
    with pytest.raises(FileNotFoundError, match="no EEG file.*'._a.edf'"):
        find_device_file(tmp_path / "p2", "EEG", EEG_PATTERNS)


def test_sources_of_codes_are_listed_and_chosen(study, merged_events):
    options = {"sheet": merged_events}
    by_itself = read_recording(study / "sub01", **options)
    table = by_itself.sources.set_index(["device", "source"])
    assert table.loc[("EEG", "annotations"), "is_taken"]
    assert table.loc[("physio", "digital"), "is_taken"]
    assert table.loc[("EEG", "Trigger"), "n_codes"] > 3
    assert table["is_taken"].sum() == 2
    by_channel = read_recording(study / "sub01", source="Trigger", **options)
    assert set(by_channel.codes["source"]) <= {"Trigger", "digital"}
    np.testing.assert_allclose(by_channel.events["onset"], by_itself.events["onset"], atol=0.01)
    named = {"eeg": "trigger", "physio": "digital"}
    again = read_recording(study / "sub01", source=named, **options)
    pd.testing.assert_frame_equal(again.events, by_channel.events)
    with pytest.raises(ValueError, match="sub01: EEG: source='Status'.*has annotations.*Trigger"):
        read_recording(study / "sub01", source="Status", **options)
    with pytest.raises(ValueError, match="a source of 'eeg' or 'physio', got .'camera'"):
        read_recording(study / "sub01", source={"camera": "Status"}, **options)


def test_the_source_that_the_other_device_has_too_is_taken(study, merged_events, tmp_path):
    folder = shutil.copytree(study / "sub01", tmp_path / "sub01")
    events = folder / "Acquisition 01.cdt.cef"
    text = events.read_bytes()
    whole = read_recording(study / "sub01", sheet=merged_events)
    # Somebody marked by hand, with numbers of their own: as many marks, other codes.
    raw = whole.eeg
    for code in sorted(set(raw.annotations.description), key=int, reverse=True):
        text = text.replace(f"\t {code}\t-1".encode(), f"\t {int(code) % 7 + 1}\t-1".encode())
    events.write_bytes(text)
    with pytest.warns(UserWarning, match="sub01: EEG: trigger codes are taken from Trigger"):
        found = read_recording(folder, sheet=merged_events)
    np.testing.assert_allclose(found.events["onset"], whole.events["onset"], atol=0.01)


def test_with_signals_refuses_what_was_cropped_at_its_beginning():
    recording = Recording(eeg=raw_of(), physio=None, events=pd.DataFrame({"onset": [5.0]}))
    assert recording.with_signals(eeg=raw_of().crop(0, 6)).eeg.times[-1] == 6.0
    with pytest.raises(ValueError, match="eeg begins 2.000 s later.*cropped"):
        recording.with_signals(eeg=raw_of().crop(2.0))
    both = Recording(eeg=raw_of(), physio=raw_of(kind="misc"), events=recording.events)
    later = both.with_signals(physio=raw_of(kind="misc").crop(2.0))
    assert (both.physio_start, later.physio_start) == (0.0, 2.0)
    clocked = Recording(both.eeg, both.physio, both.events, ClockFit.of_offset(1.0))
    with pytest.raises(ValueError, match="physio begins 2.000 s later"):
        clocked.with_signals(physio=raw_of(kind="misc").crop(2.0))


@pytest.mark.parametrize("drift", [0.0, 80.0])
def test_a_clock_of_a_known_offset(drift):
    clock = ClockFit.of_offset(-2.5, drift_ppm=drift)
    seconds = np.array([-3.0, 0.0, 100.0, 4000.0])
    np.testing.assert_allclose(clock.to_reference(seconds), -2.5 + (1 + 1e-6 * drift) * seconds)
    np.testing.assert_allclose(clock.from_reference(clock.to_reference(seconds)), seconds)
    assert (clock.offset, clock.drift_ppm) == (-2.5, pytest.approx(drift))
    assert not len(clock.matched) and "ClockFit" in repr(clock)


@pytest.mark.parametrize(
    ("names", "taken", "is_told"),
    [
        (["a.vhdr", "a.eeg", "b.edf"], "a.vhdr", True),
        (["A.vhdr", "a.EDF"], "A.vhdr", False),
        (["one.set", "one.fdt", "._two.edf"], "one.set", False),
        (["old.bdf", "new_raw.fif"], "old.bdf", True),
    ],
)
def test_recordings_of_other_formats_are_told(tmp_path, names, taken, is_told):
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert find_device_file(tmp_path, "EEG", EEG_PATTERNS).name == taken
    assert any("are left out" in str(each.message) for each in caught) == is_told


@pytest.mark.parametrize("name", ["sub-01_task-x_physio.tsv", "SUB-01_PHYSIO.TSV", "P.TXT.GZ"])
def test_physiology_is_found_by_every_name(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    assert find_device_file(tmp_path, "physio", PHYSIO_PATTERNS).name == name
