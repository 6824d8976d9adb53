"""Where a recording comes from: device files, a BIDS dataset, or cleaned MNE files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import mne
import pandas as pd

from mmme_neuro.bids.read import read_bids_recording
from mmme_neuro.errors import BadInput
from mmme_neuro.events.sheet import read_events
from mmme_neuro.io.channels.voltages import check_spread
from mmme_neuro.io.damage import reading, refuse_links_outside
from mmme_neuro.recording import (
    Recording,
    matching_files,
    participant_folders,
    read_recording,
    study_sheet,
)

BIDS_MARK = "dataset_description.json"
CLEANED_EEG = ("*_eeg.fif", "*_raw.fif", "*_eeg.fif.gz", "*_raw.fif.gz")
CLEANED_PHYSIO = "*_physio.fif"
CLEANED_EVENTS = "events.csv"


class Source(Protocol):
    """One participant's recording on disk."""

    @property
    def participant(self) -> str:
        """Code of the participant."""

    @property
    def folder(self) -> Path:
        """Where the files are, for messages."""

    @property
    def is_clean(self) -> bool:
        """Whether the EEG needs no cleaning and the physiology is derived."""

    def files(self) -> list[Path]:
        """Every file that is read."""

    def tables(self) -> dict[str, pd.DataFrame]:
        """What else decides the result, by name."""

    def read(self) -> Recording:
        """Read the recording."""


@dataclass(frozen=True, eq=False)
class DeviceFolder:
    """A participant's folder in the layout of the study, and the sheet's rows."""

    folder: Path
    events: pd.DataFrame
    is_clean: bool = False
    source: str | Mapping[str, str] | None = None

    @property
    def participant(self) -> str:
        """Code of the participant."""
        return self.folder.name

    def files(self) -> list[Path]:
        """Every file of the folder."""
        if not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def tables(self) -> dict[str, pd.DataFrame]:
        """The sheet's rows of this participant, and the source of codes that was asked for."""
        asked = (
            {} if self.source is None else {"source": pd.DataFrame({"source": [str(self.source)]})}
        )
        return {"annotations": self._own(), **asked}

    def read(self) -> Recording:
        """Read, align and place events."""
        return read_recording(self.folder, sheet=self.events, source=self.source)

    def _own(self) -> pd.DataFrame:
        own = self.events[self.events["participant"] == self.participant]
        # Where the sheet lies does not matter, nor what was coded of others.
        return own.reset_index(drop=True)


@dataclass(frozen=True)
class BidsParticipant:
    """A participant of a BIDS dataset that `write_bids` wrote."""

    root: Path
    label: str
    is_clean: bool = False

    @property
    def participant(self) -> str:
        """Label with ``sub-``."""
        return self.label

    @property
    def folder(self) -> Path:
        """Folder of the participant."""
        return self.root / self.label

    def files(self) -> list[Path]:
        """Every file of the participant."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def tables(self) -> dict[str, pd.DataFrame]:
        """Nothing beside the files."""
        return {}

    def read(self) -> Recording:
        """Read the recording."""
        return read_bids_recording(self.root, self.label)


@dataclass(frozen=True)
class CleanedFolder:
    """A folder with a cleaned continuous EEG (FIF), ``events.csv``, perhaps ``*_physio.fif``.

    Events need ``onset`` (s after the EEG's first sample); the physiology is on the same clock and
    holds derived channels such as ``heart_rate``.
    """

    folder: Path
    is_clean: bool = True

    @property
    def participant(self) -> str:
        """Name of the folder."""
        return self.folder.name

    def files(self) -> list[Path]:
        """EEG, physiology if there, and events."""
        eeg = _first(self.folder, CLEANED_EEG)
        physio = matching_files(self.folder, CLEANED_PHYSIO)[:1]
        return [*([eeg] if eeg else []), *physio, self.folder / CLEANED_EVENTS]

    def tables(self) -> dict[str, pd.DataFrame]:
        """Nothing beside the files."""
        return {}

    def read(self) -> Recording:
        """Read signals and events."""
        refuse_links_outside(self.folder, self.folder.parent)
        eeg = _first(self.folder, CLEANED_EEG)
        physio = matching_files(self.folder, CLEANED_PHYSIO)
        with reading(self.folder / CLEANED_EVENTS, "a table of events"):
            events = pd.read_csv(
                self.folder / CLEANED_EVENTS, dtype={"stimulus": str, "event": str}
            )
        if "onset" not in events:
            raise BadInput(
                f"{self.folder / CLEANED_EVENTS}: expected a column 'onset' (s after the first "
                f"sample of the EEG), found {list(events.columns)}."
            )
        if "participant" not in events:
            events["participant"] = self.participant
        raw = _read_fif(eeg) if eeg else None
        if eeg is not None and raw is not None:
            check_spread(eeg, raw)
        return Recording(
            eeg=raw,
            physio=_read_fif(physio[0]) if physio else None,
            events=events.sort_values("onset", kind="stable", ignore_index=True),
            participant=self.participant,
        )


def _read_fif(path: Path) -> mne.io.BaseRaw:
    """A cleaned recording; its samples stay on disk."""
    with reading(path, "a FIF recording"):
        return mne.io.read_raw_fif(path, verbose="error")


def study_sources(
    folder: str | Path,
    *,
    events: pd.DataFrame | None = None,
    merge: str | None = "union",
    only: Sequence[str] = (),
    source: str | Mapping[str, str] | None = None,
) -> list[Source]:
    """Find the participants of a study.

    Parameters
    ----------
    folder : path
        The study's folder (one folder per participant and an annotation sheet), a BIDS dataset,
        or a folder of folders with cleaned MNE files.
    events : DataFrame | None
        Rows of the sheet as ``read_events`` gives them; None reads the study's sheet.
    merge : str | None
        How the sheet's annotation passes are merged.
    only : sequence of str
        Participants to keep; empty for all.
    source : str | mapping of str to str | None
        Source of the trigger codes of a study's folders, as in ``read_recording``.

    Returns
    -------
    list of Source
        By name.

    Raises
    ------
    FileNotFoundError
        When there is no participant, or none of a name in ``only``.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such study folder.")
    sources = _found(folder, events, merge, source)
    known = [source.participant for source in sources]
    if unknown := sorted(set(only) - set(known)):
        raise FileNotFoundError(f"{folder}: no participant {unknown}; found {known}.")
    return [source for source in sources if not only or source.participant in only]


def _found(
    study: Path,
    events: pd.DataFrame | None,
    merge: str | None,
    source: str | Mapping[str, str] | None,
) -> list[Source]:
    """All participants, by what the folder looks like."""
    if (study / BIDS_MARK).is_file():
        labels = sorted(path.parent.name for path in study.glob("sub-*/eeg"))
        if not labels:
            raise FileNotFoundError(f"{study}: a BIDS dataset without a sub-*/eeg folder.")
        return [BidsParticipant(study, label) for label in labels]
    cleaned = [path.parent for path in sorted(study.glob(f"*/{CLEANED_EVENTS}"))]
    if cleaned := [folder for folder in cleaned if _first(folder, CLEANED_EEG)]:
        return [CleanedFolder(folder) for folder in cleaned]
    folders = participant_folders(study)
    if events is None:
        events = read_events(study_sheet(study), merge=merge)
    return [DeviceFolder(folder, events, source=source) for folder in folders]


def _first(folder: Path, patterns: Sequence[str]) -> Path | None:
    """First file that matches any pattern."""
    found = [path for pattern in patterns for path in matching_files(folder, pattern)]
    return found[0] if found else None
