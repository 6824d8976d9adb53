"""A participant's recording read back from a BIDS dataset."""

from pathlib import Path

from mmme_neuro.bids.eeg_files import read_eeg_files
from mmme_neuro.bids.events import code_annotations, events_of_rows
from mmme_neuro.bids.names import ParticipantFiles, task_label
from mmme_neuro.bids.physio_files import read_physio_files
from mmme_neuro.bids.text_files import read_tsv
from mmme_neuro.recording import Recording


def read_bids_recording(
    folder: str | Path, participant: str, *, task: str = "expression"
) -> Recording:
    """Read one participant of a dataset that `write_bids` wrote.

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
        EEG in single precision with its trigger codes as annotations; physiology on its device's
        own clock with the map to the EEG clock; events on the EEG clock. The camera's clock and
        the codes matched by the map are not in the dataset.

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
        known = sorted(path.parent.name for path in root.glob("sub-*/eeg"))
        raise FileNotFoundError(
            f"{files.folder}: no such participant; {root} has {known or 'none with EEG'}."
        )
    rows = read_tsv(files.of("events.tsv"))
    physio, clock = read_physio_files(files)
    return Recording(
        eeg=read_eeg_files(files, code_annotations(rows)),
        physio=physio,
        events=events_of_rows(rows, label),
        clock=clock,
        participant=label,
    )
