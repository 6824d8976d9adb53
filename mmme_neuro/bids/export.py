"""A study folder written as a BIDS dataset."""

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pandas as pd

from mmme_neuro.bids.dataset_files import (
    DESCRIPTION_FILE,
    GENERATOR,
    DatasetDetails,
    write_dataset_files,
)
from mmme_neuro.bids.eeg_files import write_eeg
from mmme_neuro.bids.events import event_rows
from mmme_neuro.bids.names import ParticipantFiles, participant_labels, task_label
from mmme_neuro.bids.physio_files import write_physio
from mmme_neuro.bids.text_files import read_json, write_tsv
from mmme_neuro.clocks.triggers import recording_codes
from mmme_neuro.errors import EXPECTED_FAILURES, BadInput, crash_text
from mmme_neuro.events.sheet import read_events
from mmme_neuro.extras import EXTRAS, optional
from mmme_neuro.recording import (
    Recording,
    participant_folders,
    people_without_folder,
    read_recording,
    study_sheet,
)

logger = logging.getLogger(__name__)

DATASET_FILES = (DESCRIPTION_FILE, "README", "CHANGES", "participants.tsv", "participants.json")


@dataclass(frozen=True)
class BidsDataset:
    """A dataset as it was written.

    Attributes
    ----------
    root : Path
        Its folder.
    participants : DataFrame
        ``participant`` (own code), ``participant_id`` (label in the dataset), ``status``
        ("written", "failed" or, by a bug, "crashed"), ``reason`` and counts. It holds the key to
        the pseudonyms: keep it apart from the dataset.
    """

    root: Path
    participants: pd.DataFrame

    @property
    def is_complete(self) -> bool:
        """Whether every participant was written."""
        return bool((self.participants["status"] == "written").all())

    def __repr__(self) -> str:
        n_written = int((self.participants["status"] == "written").sum())
        return (
            f"<BidsDataset | {n_written} of {len(self.participants)} participants in {self.root}>"
        )


@dataclass(frozen=True)
class _Job:
    """What one process needs to write one participant."""

    folder: Path
    events: pd.DataFrame
    files: ParticipantFiles
    details: DatasetDetails
    modalities: tuple[str, ...]
    pseudonymous: bool


def write_bids(
    folder: str | Path,
    out: str | Path,
    *,
    pseudonyms: bool = True,
    task: str = "expression",
    overwrite: bool = False,
    key: str | Path | None = None,
    modalities: Sequence[str] = ("eeg", "physio"),
    details: DatasetDetails | None = None,
    executor: Executor | None = None,
    progress: Callable[[dict], None] | None = None,
) -> BidsDataset:
    """Write a study as an EEG-BIDS dataset without names and dates.

    Parameters
    ----------
    folder : path
        Folder with one folder per participant and the annotation sheet.
    out : path
        New or empty folder of the dataset.
    pseudonyms : bool
        Name participants ``sub-01, sub-02, ...`` in sorted order of their codes; otherwise by
        their codes.
    task : str
        BIDS label of the task.
    overwrite : bool
        Replace a dataset that this function wrote; files it did not write are left alone.
    key : path | None
        Table to write that tells which participant is which; not inside the dataset.
    modalities : sequence of {"eeg", "physio"}
        Devices that must be there.
    details : DatasetDetails | None
        Title, authors, reference electrode and the like.
    executor : concurrent.futures.Executor | None
        Processes, threads or a cluster's executor; ``None``: one participant after the other.
    progress : callable | None
        Called with each participant's row.

    Returns
    -------
    BidsDataset
        Participants whose files fail are in its table with the reason, and not in the dataset.

    Raises
    ------
    FileExistsError
        When ``out`` holds anything (unless ``overwrite`` and it is such a dataset).
    FileNotFoundError, ValueError
        When the study has no participants or no readable sheet, an option is wrong, or no
        participant at all could be written.
    MissingExtra
        When mne-bids or pybv is not installed.

    Examples
    --------
    >>> write_bids("study", "study_bids")  # doctest: +SKIP
    <BidsDataset | 10 of 10 participants in study_bids>
    """
    for package in EXTRAS["bids"]:
        optional(package)
    out, details = Path(out), details or DatasetDetails()
    folders = participant_folders(folder)
    labels = participant_labels([folder.name for folder in folders], pseudonyms=pseudonyms)
    events = read_events(study_sheet(folder), merge="union")
    task_label(task)
    _check_key(key, out)
    _make_empty(out, overwrite=overwrite)
    jobs = [
        _Job(
            folder=folder,
            events=events[events["participant"] == folder.name],
            files=ParticipantFiles(out, labels[folder.name], task),
            details=details,
            modalities=tuple(modalities),
            pseudonymous=pseudonyms,
        )
        for folder in folders
    ]
    rows = []
    absent = [
        {"participant": name, "participant_id": "", "status": "failed", "reason": reason}
        for name, reason in people_without_folder(events, folders).items()
    ]
    for row in chain(absent, _outcomes(jobs, executor)):
        rows.append(row)
        if progress:
            progress(row)
    participants = pd.DataFrame(rows).sort_values("participant_id", ignore_index=True)
    written = participants[participants["status"] == "written"]
    if written.empty:
        raise BadInput(f"{folder}: no participant could be written: {rows[-1]['reason']}")
    write_dataset_files(
        out,
        written,
        task=task,
        details=details,
        n_failed=len(participants) - len(written),
        pseudonyms=pseudonyms,
    )
    if key is not None:
        write_tsv(Path(key), participants[["participant", "participant_id", "status", "reason"]])
    return BidsDataset(out, participants)


def _outcomes(jobs: Sequence[_Job], executor: Executor | None) -> Iterator[dict]:
    """Rows of participants as they are done."""
    if executor is None:
        yield from map(_write_participant, jobs)
        return
    for future in as_completed([executor.submit(_write_participant, job) for job in jobs]):
        yield future.result()


def _write_participant(job: _Job) -> dict:
    """Write one participant; a failure is a row, not an error, and leaves no files."""
    row = {"participant": job.folder.name, "participant_id": job.files.label}
    try:
        recording = read_recording(job.folder, sheet=job.events, modalities=job.modalities)
        with tempfile.TemporaryDirectory(dir=job.files.root, prefix=".writing_") as staging:
            files = ParticipantFiles(Path(staging), job.files.label, job.files.task)
            _write_recording(recording, files, job)
            job.files.folder.parent.mkdir()
            # mne-bids' files about the whole dataset stay behind: each process would write its own.
            os.replace(files.folder, job.files.folder)
    except EXPECTED_FAILURES as error:
        return row | {"status": "failed", "reason": str(error)}
    except Exception as error:  # a bug must not keep the others from being written
        logger.exception("%s", job.folder)
        return row | {"status": "crashed", "reason": crash_text(error)}
    return row | {"status": "written", "reason": ""} | _counts(recording.events)


def _write_recording(recording: Recording, files: ParticipantFiles, job: _Job) -> None:
    """Write all files of one participant."""
    codes = recording_codes(recording.eeg)
    write_eeg(recording.eeg, codes, files, job.details)
    pseudonym = files.label if job.pseudonymous else None
    write_tsv(files.of("events.tsv"), event_rows(recording.events, codes, pseudonym=pseudonym))
    if recording.physio is not None:
        write_physio(recording.physio, recording.clock, files)


def _counts(events: pd.DataFrame) -> dict:
    """Numbers for ``participants.tsv``."""
    kinds = events["expression"].value_counts()
    return {
        "n_events": len(events),
        "n_micro": int(kinds.get("micro", 0)),
        "n_macro": int(kinds.get("macro", 0)),
        "n_excluded": int((events["exclusion_reason"] != "").sum()),
    }


def _check_key(key: str | Path | None, out: Path) -> None:
    """Refuse a key that would lie in the dataset it unlocks."""
    if key is not None and Path(key).resolve().is_relative_to(out.resolve()):
        raise BadInput(
            f"key={str(key)!r} lies inside the dataset {out}, which would undo the pseudonyms; "
            "give a file elsewhere."
        )


def _make_empty(out: Path, *, overwrite: bool) -> None:
    """Make the folder, or clear an earlier dataset of this package out of it."""
    out.mkdir(parents=True, exist_ok=True)
    found = sorted(path.name for path in out.iterdir())
    if not found:
        return
    if not (overwrite and _is_ours(out)):
        raise FileExistsError(
            f"{out}: expected a new or empty folder, found {found[:5]}; choose another one"
            + (", as no dataset of this package is in it." if overwrite else ", or overwrite.")
        )
    for path in out.glob("sub-*/"):
        shutil.rmtree(path)
    for name in (*DATASET_FILES, *(path.name for path in out.glob("task-*_events.json"))):
        (out / name).unlink(missing_ok=True)


def _is_ours(out: Path) -> bool:
    """Whether a folder holds a dataset that this package wrote."""
    described = out / DESCRIPTION_FILE
    if not described.is_file():
        return False
    makers = read_json(described).get("GeneratedBy", [])
    return any(maker.get("Name") == GENERATOR for maker in makers)
