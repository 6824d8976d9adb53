"""Names in a BIDS dataset: participants' labels and the files of one participant."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmme_neuro.errors import BadInput
from mmme_neuro.events.pseudonyms import pseudonyms as numbered

RECORDING = "biopac"
"""BIDS label of the peripheral device."""


@dataclass(frozen=True)
class ParticipantFiles:
    """Where the files of one participant lie.

    Parameters
    ----------
    root : Path
        Folder of the dataset.
    label : str
        Participant's label with prefix, ``sub-01``.
    task : str
        BIDS label of the task.

    Examples
    --------
    >>> ParticipantFiles(Path("d"), "sub-01", "expression").of("events.tsv").as_posix()
    'd/sub-01/eeg/sub-01_task-expression_events.tsv'
    """

    root: Path
    label: str
    task: str

    @property
    def folder(self) -> Path:
        """Folder of all files."""
        return self.root / self.label / "eeg"

    def of(self, suffix: str) -> Path:
        """Path of a file by its suffix and extension (``eeg.vhdr``)."""
        return self.folder / f"{self.label}_task-{self.task}_{suffix}"

    def physio(self, number: int | None = None) -> Path:
        """Path of the peripheral table; numbered where a pause parts the recording."""
        return self.of(f"recording-{RECORDING}{number or ''}_physio.tsv.gz")

    def physio_parts(self) -> list[Path]:
        """Return the peripheral tables that are there, in the order of their numbers."""
        found = self.folder.glob(f"{self.label}_task-{self.task}*_physio.tsv.gz")
        return sorted(found, key=lambda path: (len(path.name), path.name))


def participant_labels(codes: Sequence[str], *, pseudonyms: bool) -> dict[str, str]:
    """Give each participant a BIDS label.

    Parameters
    ----------
    codes : sequence of str
        Participants' own codes (names of their folders).
    pseudonyms : bool
        Number them in sorted order; otherwise keep what BIDS allows of the code.

    Returns
    -------
    dict of str to str
        Code -> label with prefix (``sub-01``).

    Raises
    ------
    BadInput
        When two codes give one label, or a code has neither letter nor digit.

    Examples
    --------
    >>> participant_labels(["zoe", "adam"], pseudonyms=True)
    {'adam': 'sub-01', 'zoe': 'sub-02'}
    >>> participant_labels(["sub14", "P_7"], pseudonyms=False)
    {'P_7': 'sub-P7', 'sub14': 'sub-14'}
    """
    ordered = sorted(set(codes))
    if pseudonyms:
        return numbered(ordered, prefix="sub-")
    labels = {code: f"sub-{_alphanumeric(code)}" for code in ordered}
    if len(set(labels.values())) < len(labels) or "sub-" in labels.values():
        raise BadInput(
            f"participants' codes must differ in letters and digits to be BIDS labels, got "
            f"{labels}; rename the folders or use pseudonyms."
        )
    return labels


def task_label(task: str) -> str:
    """Return the task if it is a BIDS label.

    Raises
    ------
    BadInput
        When it has anything but letters and digits.
    """
    if not re.fullmatch(r"[A-Za-z0-9]+", task):
        raise BadInput(f"task must consist of letters and digits (a BIDS label), got {task!r}.")
    return task


def _alphanumeric(code: str) -> str:
    """Letters and digits of a code, without a leading ``sub``."""
    return re.sub(r"[^A-Za-z0-9]", "", re.sub(r"^sub-?(?=.)", "", code))
