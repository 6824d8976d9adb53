"""One participant's recording: EEG, physiology and events on one clock."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import EllipsisType

import mne
import numpy as np
import pandas as pd

from mmme_neuro.clocks.align import align_clocks
from mmme_neuro.clocks.camera import align_camera, place_events
from mmme_neuro.clocks.fit import ClockFit
from mmme_neuro.clocks.triggers import recording_codes
from mmme_neuro.errors import BadInput, MissingInput, MmmeError
from mmme_neuro.events.ids import with_event_ids
from mmme_neuro.events.sheet import read_events
from mmme_neuro.io.damage import refuse_links_outside
from mmme_neuro.io.eeg import read_eeg
from mmme_neuro.io.physio import read_physio
from mmme_neuro.stats.tables import check_table
from mmme_neuro.vocabulary import is_stimulus_code

__all__ = [
    "Recording",
    "read_recording",
]

SHEET_NAMES = ("coding_file.xlsx", "coding_file.csv")
EEG_PATTERNS = ("*.cdt", "*.set", "*.vhdr", "*.edf", "*.bdf", "*.cnt", "*.fif")
PHYSIO_PATTERNS = ("*.mat", "*.acq", "*.txt", "*.txt.gz", "*_physio.tsv.gz")


@dataclass(frozen=True, eq=False)
class Recording:
    """Signals and events of one session.

    Parameters
    ----------
    eeg : mne.io.Raw | None
        EEG; its first sample is second 0 of the events' clock.
    physio : mne.io.Raw | None
        Peripheral signals on their own device's clock.
    events : DataFrame
        One row per event with at least ``onset`` (s of the EEG clock; of the physio clock when
        there is no EEG). Other event columns may be absent; without ``event``, an id of each
        event, the rows are counted.
    clock : ClockFit | None
        Map from the physio device's clock to the EEG clock; ``None``: the same clock.
    camera : ClockFit | None
        Map from the camera's wall clock to the EEG clock by which events were placed.
    participant : str
        Code of the participant.
    codes : DataFrame | None
        Trigger codes on the events' clock: ``code, onset`` (s)``, duration, source``.

    Examples
    --------
    >>> import mne, numpy as np, pandas as pd
    >>> raw = mne.io.RawArray(np.zeros((1, 1000)), mne.create_info(["CZ"], 100.0, "eeg"),
    ...                       verbose="error")
    >>> Recording(eeg=raw, physio=None, events=pd.DataFrame({"onset": [3.0]}), clock=None)
    <Recording | 1 event, EEG 1 channel 10.0 s, no physio>
    """

    eeg: mne.io.BaseRaw | None
    physio: mne.io.BaseRaw | None
    events: pd.DataFrame
    clock: ClockFit | None = None
    camera: ClockFit | None = None
    participant: str = field(default="")
    codes: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        if self.eeg is None and self.physio is None:
            raise MissingInput("eeg and physio are both None; a recording needs at least one.")
        for name, raw in (("eeg", self.eeg), ("physio", self.physio)):
            if raw is not None and not isinstance(raw, mne.io.BaseRaw):
                raise BadInput(
                    f"{name} must be an mne.io.Raw (read_eeg, read_physio, mne.io.RawArray) or "
                    f"None, got {type(raw).__name__}."
                )
        check_table(self.events, ["onset"], name="events")
        object.__setattr__(self, "events", with_event_ids(self.events, self.participant))

    def __repr__(self) -> str:
        n = len(self.events)
        return (
            f"<Recording | {n} event{'s' * (n != 1)}, {_signal_text('EEG', self.eeg)}, "
            f"{_signal_text('physio', self.physio)}>"
        )

    def with_signals(
        self,
        *,
        eeg: mne.io.BaseRaw | EllipsisType | None = ...,
        physio: mne.io.BaseRaw | EllipsisType | None = ...,
    ) -> "Recording":
        """Return the recording with other signals.

        Parameters
        ----------
        eeg, physio : mne.io.Raw | None
            The cleaned or derived signal; ``None`` removes it. One that is not given stays.

        Returns
        -------
        Recording
        """
        given = {"eeg": eeg, "physio": physio}
        return replace(self, **{name: raw for name, raw in given.items() if raw is not ...})  # type: ignore[arg-type]

    def with_controls(self, controls: pd.DataFrame) -> "Recording":
        """Return the recording with control windows (``control_events``) among its events."""
        events = pd.concat([self.events, controls])
        return replace(self, events=events.sort_values("onset", kind="stable", ignore_index=True))


def read_recording(
    folder: str | Path,
    *,
    sheet: str | Path | pd.DataFrame | None = None,
    merge: str | None = "union",
    annotation_pass: str | None = None,
    modalities: Sequence[str] = ("eeg", "physio"),
) -> Recording:
    """Read one participant's folder and place every event on the EEG clock.

    Parameters
    ----------
    folder : path
        The participant's folder; its name is the participant's code in the sheet.
    sheet : path | DataFrame | None
        The annotation sheet, or events already read from it (``read_events``); ``None``: the
        ``coding_file.xlsx`` beside the folder.
    merge, annotation_pass : str | None
        How the sheet's passes become one list of events (``read_events``).
    modalities : sequence of {"eeg", "physio"}
        Devices that must be there; ``("eeg",)`` reads a participant without physiology.

    Returns
    -------
    Recording

    Raises
    ------
    FileNotFoundError
        When a device's file or the sheet is missing.
    MmmeError
        When the EEG is epoched, triggers are missing, clocks cannot be aligned or the sheet has no
        event of this participant.

    Notes
    -----
    Physiology is aligned by trigger codes (``align_clocks``); events by the camera's wall clock
    against the trigger codes of the clips (``align_camera``). A clip's code that the EEG lost is
    taken from the physiology.
    """
    folder = Path(folder)
    events = _participant_events(folder, sheet, merge=merge, annotation_pass=annotation_pass)
    eeg = read_eeg(find_device_file(folder, "EEG", EEG_PATTERNS))
    if not isinstance(eeg, mne.io.BaseRaw):
        raise BadInput(
            f"{folder}: the EEG file is epoched; events can only be placed in a continuous "
            "recording. Export it as continuous data."
        )
    codes = _device_codes(eeg, folder, "EEG")
    physio, clock = None, None
    if "physio" in modalities:
        physio = read_physio(find_device_file(folder, "physio", PHYSIO_PATTERNS))
        physio_codes = _device_codes(physio, folder, "physio")
        tolerance = 0.01 + 2 / min(eeg.info["sfreq"], physio.info["sfreq"])
        clock = align_clocks(codes, physio_codes, tolerance_s=tolerance)
        codes = _with_codes_of(codes, physio_codes, clock)
    camera = align_camera(events, codes)
    duration = eeg.n_times / eeg.info["sfreq"]
    placed = place_events(events, camera, recording_duration=duration)
    return Recording(
        eeg=eeg,
        physio=physio,
        events=placed.sort_values("onset", kind="stable", ignore_index=True),
        clock=clock,
        camera=camera,
        participant=folder.name,
        codes=codes,
    )


def find_device_file(directory: Path, device: str, patterns: Sequence[str]) -> Path:
    """Return the one file of a device in a participant's folder.

    Raises
    ------
    FileNotFoundError
        When there is none, or no such folder.
    MmmeError
        When there are several of one format, or files are links to outside the study.
    """
    if not directory.is_dir():
        raise FileNotFoundError(f"{directory}: no such participant folder.")
    refuse_links_outside(directory, directory.parent)
    for pattern in patterns:
        found = sorted(path for path in directory.glob(pattern) if path.is_file())
        if len(found) > 1:
            raise BadInput(
                f"{directory}: expected one {device} file, found {[p.name for p in found]}; "
                "move the others elsewhere."
            )
        if found:
            return found[0]
    names = sorted(path.name for path in directory.iterdir())
    raise FileNotFoundError(
        f"{directory}: no {device} file; expected one of {', '.join(patterns)}, found "
        f"{names or 'nothing'}. Copy the file there or leave the participant out."
    )


def participant_folders(study: str | Path) -> list[Path]:
    """Return the participants' folders of a study, sorted by name.

    Raises
    ------
    FileNotFoundError
        When the study has no folder with a device file in it.
    """
    study = Path(study)
    if not study.is_dir():
        raise FileNotFoundError(f"{study}: no such study folder.")
    folders = [path for path in sorted(study.iterdir()) if path.is_dir() and _holds_device(path)]
    if not folders:
        raise FileNotFoundError(
            f"{study}: no participant folder found; expected one folder per participant with a "
            f"{EEG_PATTERNS[0]} or {PHYSIO_PATTERNS[0]} file in it."
        )
    return folders


def study_sheet(study: str | Path) -> Path:
    """Return the annotation sheet of a study.

    Raises
    ------
    FileNotFoundError
        When there is none.
    """
    for name in SHEET_NAMES:
        if (Path(study) / name).is_file():
            return Path(study) / name
    raise FileNotFoundError(
        f"{study}: no annotation sheet; expected {' or '.join(SHEET_NAMES)} there."
    )


def people_without_folder(events: pd.DataFrame, folders: Sequence[Path]) -> dict[str, str]:
    """Participants of the sheet whose devices' files are nowhere, with the reason to report."""
    absent = sorted(set(events["participant"]) - {folder.name for folder in folders})
    reason = "the sheet has events of {0}, but the study has no folder {0}"
    return {name: reason.format(name) for name in absent}


def _holds_device(folder: Path) -> bool:
    """Whether a folder holds a file of any device (or what is left of one)."""
    patterns = (*EEG_PATTERNS, *PHYSIO_PATTERNS, "*.cdt.*")
    return any(any(folder.glob(pattern)) for pattern in patterns)


def _participant_events(
    directory: Path,
    sheet: str | Path | pd.DataFrame | None,
    *,
    merge: str | None,
    annotation_pass: str | None,
) -> pd.DataFrame:
    """Events of the folder's participant on the clip clock."""
    if not isinstance(sheet, pd.DataFrame):
        path = study_sheet(directory.parent) if sheet is None else Path(sheet)
        sheet = read_events(path, annotation_pass=annotation_pass, merge=merge)
    events = sheet[sheet["participant"] == directory.name].reset_index(drop=True)
    if events.empty:
        known = sorted(set(sheet["participant"]))
        raise MissingInput(
            f"{directory}: the sheet has no event of participant {directory.name!r}; it has "
            f"{known[:8]}{'...' if len(known) > 8 else ''}. Rename the folder or leave it out."
        )
    return events


def _device_codes(raw: mne.io.BaseRaw, directory: Path, device: str) -> pd.DataFrame:
    """Trigger codes of a device; an error says whose they are."""
    try:
        return recording_codes(raw)
    except MmmeError as error:
        raise type(error)(f"{directory}: {device}: {error}") from error


def _with_codes_of(codes: pd.DataFrame, other: pd.DataFrame, clock: ClockFit) -> pd.DataFrame:
    """EEG codes and those stimulus codes that only the other device stored, on the EEG clock."""
    stored = set(codes["code"])
    lost = other[[code not in stored and is_stimulus_code(code) for code in other["code"]]]
    mapped = lost.assign(onset=clock.to_reference(lost["onset"].to_numpy()))
    return pd.concat([codes, mapped]).sort_values("onset", ignore_index=True)


def _signal_text(name: str, raw: mne.io.BaseRaw | None) -> str:
    """``EEG 64 channels 600.0 s``."""
    if raw is None:
        return f"no {name}"
    n = len(raw.ch_names)
    seconds = np.round(raw.n_times / raw.info["sfreq"], 1)
    return f"{name} {n} channel{'s' * (n != 1)} {seconds} s"
