"""A participant's recording read back from a BIDS dataset."""

from pathlib import Path
from typing import NoReturn

from mmme_neuro.bids.eeg_files import read_eeg_files
from mmme_neuro.bids.events import code_annotations, events_of_rows
from mmme_neuro.bids.names import ParticipantFiles, task_label
from mmme_neuro.bids.physio_files import read_physio_files
from mmme_neuro.bids.text_files import read_tsv
from mmme_neuro.recording import Recording


def read_bids_recording(
    folder: str | Path, participant: str, *, task: str = "expression"
) -> Recording:
    """Read one participant of a BIDS dataset without sessions and runs.

    Parameters
    ----------
    folder : path
        Folder of the dataset.
    participant : str
        Label, with or without ``sub-``.
    task : str
        BIDS label of the task.

    Returns
    -------
    Recording
        EEG with its trigger codes as annotations; physiology with the map of its clock to the
        EEG's; events on the EEG clock. In a dataset of `write_bids` the EEG is in single precision,
        physiology on its device's own clock, and the camera's clock and the codes matched by the
        map are missing. Datasets of others keep every column of their events; physiology begins at
        its ``StartTime``.

    Raises
    ------
    FileNotFoundError
        When the dataset lacks the participant, the task or a file.
    MmmeError
        When a file is not what BIDS says.

    Examples
    --------
    >>> read_bids_recording("study_bids", "sub-01")  # doctest: +SKIP
    <Recording | 58 events, EEG 47 channels 754.0 s, physio 17 channels 917.5 s>
    """
    root, label = Path(folder), f"sub-{participant.removeprefix('sub-')}"
    files = ParticipantFiles(root, label, task_label(task))
    if not files.folder.is_dir():
        _refuse_missing(root, label, files.folder)
    events = files.of("events.tsv")
    if not events.is_file():
        _refuse_other_names(files, events)
    rows = read_tsv(events)
    physio, clock = read_physio_files(files)
    return Recording(
        eeg=read_eeg_files(files, code_annotations(rows)),
        physio=physio,
        events=events_of_rows(rows, label),
        clock=clock,
        participant=label,
    )


def _refuse_missing(root: Path, label: str, folder: Path) -> NoReturn:
    """Say which participants there are, and that sessions are not read."""
    known = sorted({path.parent.name for path in root.glob("sub-*/eeg")})
    sessions = sorted(path.parent.name for path in root.glob(f"{label}/ses-*/eeg"))
    if sessions:
        raise FileNotFoundError(
            f"{folder}: expected the files of one session there, found the sessions {sessions}; "
            "datasets with sessions are not read as a whole. Read one with mne_bids.read_raw_bids "
            "and build a Recording from it."
        )
    raise FileNotFoundError(
        f"{folder}: no such participant; {root} has {known or 'no sub-*/eeg folder'}."
    )


def _refuse_other_names(files: ParticipantFiles, events: Path) -> NoReturn:
    """Say which tasks and runs there are."""
    found = sorted(path.name for path in files.folder.glob("*_events.tsv"))
    runs = [name for name in found if "_run-" in name]
    remedy = (
        "datasets with runs are not read as a whole; read one with mne_bids.read_raw_bids and "
        "build a Recording from it"
        if runs
        else "give its task (task=...)"
    )
    raise FileNotFoundError(
        f"{events}: expected a BIDS table, found no such file, but {found or 'no events at all'}; "
        f"{remedy}."
    )
