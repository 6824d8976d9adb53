"""What happens to one spoilt participant, and to the others, on the way through a study."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import openpyxl
import pandas as pd
import pytest
from scipy.io import loadmat

from mmme_neuro import read_events, read_recording
from mmme_neuro.pipeline.derivatives import read_epochs, read_table
from mmme_neuro.pipeline.inputs import DeviceFolder, study_sources
from mmme_neuro.pipeline.preprocess import Options, preprocess_study
from mmme_neuro.recording import participant_folders, study_sheet
from mmme_neuro.rejection import Rejection
from mmme_neuro.signals import Cleaning
from mmme_neuro.simulate.files.acqknowledge_file import write_acqknowledge_mat

UNCLEANED = Options(clean=Cleaning(ica=False), reject=Rejection(eeg_uv=1e4), rng=0)
CDT, MAT = "Acquisition 01.cdt", "Untitled1 (001).mat"
N_CHANNELS = 47
GAP = slice(5000, 5500)
GAP_S = (20.0, 22.0)
ANALOG, DIGITAL = slice(0, 8), slice(8, 16)


def edit_eeg(folder, samples, channels, value):
    data = np.memmap(folder / CDT, "<f4", mode="r+").reshape(-1, N_CHANNELS)
    data[samples, channels] = value
    data.flush()


def edit_physio(folder, samples, channels, value):
    content = loadmat(folder / MAT)
    data = content["data"].astype(np.float32)
    data[samples, channels] = value
    write_acqknowledge_mat(folder / MAT, data, isi_ms=content["isi"].item())


def without(*patterns):
    def spoil(folder):
        for pattern in patterns:
            for path in folder.glob(pattern):
                path.unlink()

    return spoil


def without_eeg_codes(folder):
    (folder / f"{CDT}.cef").unlink()
    edit_eeg(folder, slice(None), -1, 0)


def truncated(folder):
    content = (folder / CDT).read_bytes()
    (folder / CDT).write_bytes(content[: len(content) // 2 + 3])


def garbled(folder):
    (folder / MAT).write_bytes(b"not a MATLAB file" * 50)


SPOILT = {
    "healthy": lambda folder: None,
    "no_eeg": without("*.cdt*"),
    "no_parameters": without("*.dpa"),
    "no_physio": without("*.mat"),
    "no_eeg_codes": without_eeg_codes,
    "no_physio_codes": lambda folder: edit_physio(folder, slice(None), DIGITAL, 0),
    "truncated": truncated,
    "garbled": garbled,
    "eeg_gap": lambda folder: edit_eeg(folder, GAP, slice(None), np.nan),
    "channel_gap": lambda folder: edit_eeg(folder, GAP, 3, np.nan),
    "flat_channels": lambda folder: edit_eeg(folder, slice(None), [3, 9], 0),
    "flat_eeg": lambda folder: edit_eeg(folder, slice(None), slice(0, 42), 0),
    "physio_gap": lambda folder: edit_physio(folder, slice(20000, 26000), ANALOG, np.nan),
    "flat_physio": lambda folder: edit_physio(folder, slice(None), ANALOG, 0),
}

FAILURES = {
    # What the message must say: file or folder, expected, found, what to do.
    "no_eeg": ("no_eeg", "no EEG file; expected one of *.cdt", f"found ['{MAT}']", "Copy"),
    "no_parameters": (f"no_parameters/{CDT}", ".cdt.dpa or", "no such file", "copy all files"),
    "no_physio": ("no_physio", "expected one of *.mat", f"found ['{CDT}'", "Copy"),
    "no_eeg_codes": ("no_eeg_codes", "expected numbered", "found 0 annotations", "Name or type"),
    "no_physio_codes": ("no_physio_codes: physio", "expected numbered", "['D0'", "Name or type"),
    "truncated": (f"truncated/{CDT}", "expected", "found", "copy it again"),
    "garbled": (f"garbled/{MAT}", "expected an AcqKnowledge", "found 850 bytes", "export it again"),
    "flat_eeg": ("flat_eeg", "expected at least 3 usable", "found 0 of 42", "look at"),
}


@pytest.fixture(scope="module")
def ward(made_once, study, merged_events):
    """Copies of one participant, each spoilt in one way, run through as one study."""
    of_one = merged_events[merged_events["participant"] == "sub01"]

    def fill(folder):
        for name, spoil in SPOILT.items():
            shutil.copytree(study / "sub01", folder / "study" / name)
            spoil(folder / "study" / name)
        events = pd.concat([of_one.assign(participant=name) for name in SPOILT])
        with ThreadPoolExecutor(1) as executor:
            table = preprocess_study(
                study_sources(folder / "study", events=events),
                folder / "out",
                options=UNCLEANED,
                executor=executor,
            )
        table.to_csv(folder / "participants.csv", index=False)

    return made_once("ward", fill)


@pytest.fixture(scope="module")
def outcomes(ward):
    return pd.read_csv(ward / "participants.csv", keep_default_na=False).set_index("participant")


@pytest.mark.parametrize("name", FAILURES)
def test_message_names_file_expectation_finding_and_remedy(outcomes, name):
    assert outcomes.loc[name, "status"] == "failed"
    reason = outcomes.loc[name, "reason"]
    for part in FAILURES[name]:
        assert part in reason
    assert len(reason) < 500


def test_every_other_participant_is_done(outcomes):
    done = outcomes.index[outcomes["status"] == "done"]
    assert set(done) == set(SPOILT) - set(FAILURES)
    assert (outcomes.loc[done, "reason"] == "").all()
    assert (outcomes.loc[done, "n_epochs"] > 5).all()


def test_nothing_half_written_and_nothing_of_failed_participants(ward):
    files = [path.name for path in (ward / "out").iterdir()]
    assert not [name for name in files if ".part" in name]
    assert not [name for name in files if name.startswith(tuple(f"{fail}_" for fail in FAILURES))]


def test_events_that_touch_a_gap_have_no_epoch_and_a_reason(ward, outcomes):
    lost = read_table(ward / "out", ["eeg_gap"], "excluded")
    assert set(lost["exclusion_reason"]) == {"EEG window touches 'BAD missing'"}
    in_gap = (lost["onset"] + 2.0 > GAP_S[0]) & (lost["onset"] - 1.5 < GAP_S[1])
    assert in_gap.all() and len(lost) > 0
    healthy = outcomes.loc["healthy", "n_epochs"]
    assert outcomes.loc["eeg_gap", "n_epochs"] == healthy - len(lost)


def test_gap_does_not_reach_the_epochs_that_are_kept(ward):
    epochs = read_epochs(ward / "out", ["eeg_gap"], "eeg")
    same = read_epochs(ward / "out", ["healthy"], "eeg")
    source_rows = set(epochs.metadata["source_row"])
    kept = same[[row in source_rows for row in same.metadata["source_row"]]]
    data, expected = (e.get_data(picks="eeg") for e in (epochs, kept))
    assert np.isfinite(data).all()
    # The 0.1 Hz high-pass spreads a slow remainder of the straight line over its neighbors.
    data, expected = (d - d.mean(axis=2, keepdims=True) for d in (data, expected))
    assert np.corrcoef(data.ravel(), expected.ravel())[0, 1] > 0.99


@pytest.mark.parametrize(
    ("name", "channel", "reason"),
    [
        ("channel_gap", "AF3", "missing (NaN) for 2 s"),
        ("flat_channels", "AF3", "flat"),
        ("flat_channels", "F8", "flat"),
    ],
)
def test_bad_channels_are_replaced_and_named(ward, study, name, channel, reason):
    bad = read_table(ward / "out", [name], "bad_channels").set_index("channel")["reason"]
    assert bad[channel] == reason
    assert len(bad) == len({"AF3"} | set(bad.index))
    epochs = read_epochs(ward / "out", [name], "eeg").get_data(picks=channel)
    assert np.isfinite(epochs).all() and epochs.std() > 1e-7


def test_other_bad_channels_are_the_healthy_participants(ward):
    healthy = set(read_table(ward / "out", ["healthy"], "bad_channels")["channel"])
    spoilt = set(read_table(ward / "out", ["channel_gap"], "bad_channels")["channel"])
    assert spoilt == healthy | {"AF3"}


def test_gap_in_physiology_stays_missing(ward):
    spoilt, healthy = (
        read_table(ward / "out", [name], "physio_quality").set_index("channel")["share_usable"]
        for name in ("physio_gap", "healthy")
    )
    n_samples = len(loadmat(ward / "study" / "healthy" / MAT)["data"])
    for channel in ("eda", "skt", "heart_rate", "rsp_rate"):
        assert spoilt[channel] < healthy[channel] - 0.8 * 6000 / n_samples


def test_flat_physiology_gives_nan_and_a_reason_not_numbers(ward):
    quality = read_table(ward / "out", ["flat_physio"], "physio_quality")
    assert (quality["reason"] != "").all()
    assert (quality["share_usable"] == 0).all()
    epochs = read_epochs(ward / "out", ["flat_physio"], "physio")
    assert np.isnan(epochs.get_data(picks="heart_rate")).all()


@pytest.fixture
def copied(study, tmp_path):
    """A copy of the study's sheet and first participant, to be spoilt."""
    shutil.copytree(study / "sub01", tmp_path / "sub01")
    shutil.copy(study_sheet(study), tmp_path)
    return tmp_path


def edit_sheet(path, edit):
    book = openpyxl.load_workbook(path)
    edit(book.active)
    book.save(path)


def test_sheet_without_rows_is_refused_by_name(copied):
    sheet = study_sheet(copied)
    edit_sheet(sheet, lambda page: page.delete_rows(2, page.max_row))
    with pytest.raises(ValueError, match=r"coding_file\.xlsx.*"):
        read_events(sheet, merge="union")
    with pytest.raises(ValueError, match=r"coding_file\.xlsx"):
        read_recording(copied / "sub01")


def test_empty_sheet_file_is_refused_by_name(copied):
    study_sheet(copied).write_bytes(b"")
    with pytest.raises(ValueError, match=r"coding_file\.xlsx: expected .*found 0 bytes.*again"):
        read_recording(copied / "sub01")


def test_missing_sheet_is_named(copied):
    study_sheet(copied).unlink()
    with pytest.raises(FileNotFoundError, match=r"no annotation sheet; expected coding_file\.xlsx"):
        read_recording(copied / "sub01")


def test_folder_that_the_sheet_does_not_know(copied):
    (copied / "sub01").rename(copied / "sub99")
    with pytest.raises(ValueError, match=r"sub99.*no event of participant 'sub99'.*'sub01'"):
        read_recording(copied / "sub99")


def test_two_recordings_in_one_folder_are_not_guessed_at(copied):
    shutil.copy(copied / "sub01" / MAT, copied / "sub01" / "second.mat")
    with pytest.raises(ValueError, match=r"expected one physio file, found .*second\.mat"):
        read_recording(copied / "sub01")


def test_onset_outside_the_recording_is_a_row_with_a_reason(study, merged_events):
    events = merged_events[merged_events["participant"] == "sub01"].copy()
    for column in ("onset_clock", "apex_clock", "offset_clock"):
        events.loc[events.index[-1], column] += 3600.0
    for column in ("onset", "apex", "offset"):
        events.loc[events.index[-1], column] += 3600.0
    recording = read_recording(study / "sub01", sheet=events)
    reasons = recording.events["exclusion_reason"]
    assert len(recording.events) == len(events)
    assert (reasons != "").sum() == 1
    outside = recording.events[reasons != ""].iloc[0]
    assert outside["source_row"] == events["source_row"].iloc[-1]
    assert "recording" in outside["exclusion_reason"]


def test_a_study_without_participants_says_what_was_expected(tmp_path):
    (tmp_path / "notes").mkdir()
    with pytest.raises(FileNotFoundError, match=r"no participant folder found; expected one"):
        participant_folders(tmp_path)
    with pytest.raises(FileNotFoundError, match="no such study folder"):
        participant_folders(tmp_path / "absent")


def test_a_failure_to_write_leaves_nothing_half_written(study, merged_events, tmp_path):
    # A folder where a table should go makes the last step of writing fail.
    (tmp_path / "sub01_excluded.csv").mkdir()
    with ThreadPoolExecutor(1) as executor:
        table = preprocess_study(
            [DeviceFolder(study / "sub01", merged_events)],
            tmp_path,
            options=UNCLEANED,
            executor=executor,
        )
    assert table.loc[0, "status"] == "failed"
    assert "sub01_excluded.csv" in table.loc[0, "reason"]
    assert not [path.name for path in tmp_path.iterdir() if "part" in path.name]
