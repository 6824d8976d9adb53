"""One participant's recording: EEG, physiology and events on one clock."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from types import EllipsisType

import mne
import numpy as np
import pandas as pd

from mmme_neuro.clocks.align import align_clocks
from mmme_neuro.clocks.camera import align_camera, place_events
from mmme_neuro.clocks.fit import ClockFit
from mmme_neuro.clocks.triggers import (
    CodeSource,
    agreeing_sources,
    most_plausible,
    named_source,
    source_table,
    trigger_sources,
    warn_of_choice,
)
from mmme_neuro.errors import BadInput, MissingInput, MmmeError
from mmme_neuro.events.ids import with_event_ids
from mmme_neuro.events.sheet import read_events
from mmme_neuro.events.times import EVENT_TIMES, event_seconds
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
PHYSIO_PATTERNS = ("*.mat", "*.acq", "*.txt", "*.txt.gz", "*_physio.tsv.gz", "*_physio.tsv")

LONGER_S = 5.0
LONGER_SHARE = 0.02
"""A physiology that lasts longer than the EEG by more than these was hardly started with it."""


@dataclass(frozen=True, eq=False)
class Recording:
    """Signals and events of one session.

    Parameters
    ----------
    eeg : mne.io.Raw | None
        EEG; its first sample is second 0 of the events' clock.
    physio : mne.io.Raw | None
        Peripheral signals on their own device's clock (seconds from their first sample).
    events : DataFrame
        One row per event with at least ``onset`` (s of the EEG clock; of the physio clock when
        there is no EEG). Other event columns may be absent; without ``event``, an id of each
        event, the rows are counted.
    clock : ClockFit | None
        Map from the physio device's clock to the EEG clock (`align_clocks`,
        `ClockFit.of_offset`). ``None``: the same clock, on which ``first_time`` of both signals
        says when each began, as BIDS' ``StartTime`` and MNE's ``crop`` have it; without EEG event
        times count from the physiology's first sample, or from 0 where its ``first_time`` is
        negative.
    camera : ClockFit | None
        Map from the camera's wall clock to the EEG clock by which events were placed.
    participant : str
        Code of the participant.
    codes : DataFrame | None
        Trigger codes on the events' clock: ``code, onset`` (s)``, duration, source``.
    sources : DataFrame | None
        Every source of trigger codes of each ``device`` (`mmme_neuro.clocks.code_sources`), and
        whether it was taken (``is_taken``).

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
    sources: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        if self.eeg is None and self.physio is None:
            raise MissingInput("eeg and physio are both None; a recording needs at least one.")
        for name, raw in (("eeg", self.eeg), ("physio", self.physio)):
            if raw is not None and not isinstance(raw, mne.io.BaseRaw):
                raise BadInput(
                    f"{name} must be an mne.io.Raw (read_eeg, read_physio, mne.io.RawArray) or "
                    f"None, got {type(raw).__name__}."
                )
        others = self.events.columns if isinstance(self.events, pd.DataFrame) else ()
        check_table(self.events, ["onset", *others], name="events")
        events = with_event_ids(self.events, self.participant)
        for name in EVENT_TIMES:
            if name in events and not pd.api.types.is_float_dtype(events[name].to_numpy()):
                events = events.assign(**{name: event_seconds(events[name], name=name)})
        object.__setattr__(self, "events", events)

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

        Raises
        ------
        BadInput
            When a signal was cropped at its beginning, from which its clock counts.
        """
        given = {"eeg": eeg, "physio": physio}
        for name, raw in given.items():
            is_counted = name == "eeg" or self.clock is not None or self.eeg is None
            if isinstance(raw, mne.io.BaseRaw) and is_counted:
                _refuse_cropped(name, getattr(self, name), raw)
        return replace(self, **{name: raw for name, raw in given.items() if raw is not ...})  # type: ignore[arg-type]

    @property
    def physio_start(self) -> float:
        """Time (s) of the physiology's first sample on the clock of the events."""
        if self.physio is None:
            raise MissingInput("the recording has no physio signal.")
        if self.clock is not None:
            return self.clock.to_reference(0.0)
        return _shared_start(self.eeg, self.physio)[0]

    def physio_seconds(self, seconds: np.ndarray | pd.Series) -> np.ndarray:
        """Times of the events' clock as seconds from the physiology's first sample.

        Parameters
        ----------
        seconds : array | Series
            Such as ``events["onset"]`` (s).

        Returns
        -------
        array
        """
        values = np.asarray(seconds, dtype=float)
        if self.clock is not None:
            return self.clock.from_reference(values)
        return values - self.physio_start

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
    source: str | Mapping[str, str] | None = None,
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
    source : str | mapping of str to str | None
        Source of the trigger codes (`mmme_neuro.clocks.code_sources` lists what a recording has):
        of the EEG, or of each device, such as ``{"eeg": "Status", "physio": "digital"}``. None:
        the plausible sources of the two devices that share most codes; a warning says what was
        left out and why.

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
    physio, clock = None, None
    if "physio" in modalities:
        physio = read_physio(find_device_file(folder, "physio", PHYSIO_PATTERNS))
    raws = {"EEG": eeg} | ({} if physio is None else {"physio": physio})
    found, taken = _code_sources(folder, raws, source)
    codes, sources = taken["EEG"].codes, _all_sources(raws, found, taken)
    if physio is not None:
        physio_codes = taken["physio"].codes
        tolerance = 0.01 + 2 / min(eeg.info["sfreq"], physio.info["sfreq"])
        try:
            clock = align_clocks(codes, physio_codes, tolerance_s=tolerance)
        except MmmeError as error:
            raise type(error)(f"{folder}: {error} {_sources_text(found)}") from error
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
        sources=sources,
    )


def find_device_file(directory: Path, device: str, patterns: Sequence[str]) -> Path:
    """Return the one file of a device in a participant's folder.

    Raises
    ------
    FileNotFoundError
        When there is none, or no such folder.
    MmmeError
        When there are several of one format, or files are links to outside the study.

    Warns
    -----
    UserWarning
        When a recording of another name and format lies there, too.
    """
    if not directory.is_dir():
        raise FileNotFoundError(f"{directory}: no such participant folder.")
    refuse_links_outside(directory, directory.parent)
    for place, pattern in enumerate(patterns):
        found = matching_files(directory, pattern)
        if len(found) > 1:
            raise BadInput(
                f"{directory}: expected one {device} file, found {[p.name for p in found]}; "
                "move the others elsewhere."
            )
        if found:
            _warn_of_others(found[0], device, patterns[place + 1 :])
            return found[0]
    names = sorted(path.name for path in directory.iterdir())
    raise FileNotFoundError(
        f"{directory}: no {device} file; expected one of {', '.join(patterns)}, found "
        f"{names or 'nothing'}. Copy the file there or leave the participant out."
    )


def _warn_of_others(taken: Path, device: str, patterns: Sequence[str]) -> None:
    """Warn of recordings in other formats; those of the same stem are exports of the same."""
    others = [
        path.name
        for pattern in patterns
        if ".txt" not in pattern  # a text may be anybody's notes
        for path in matching_files(taken.parent, pattern)
        if path.name.split(".")[0].lower() != taken.name.split(".")[0].lower()
    ]
    if others:
        warnings.warn(
            f"{taken.parent}: {taken.name} is read as the {device} recording; {others} are left "
            "out. Move elsewhere what is not this session's.",
            UserWarning,
            stacklevel=4,
        )


def matching_files(directory: Path, pattern: str) -> list[Path]:
    """Files of a folder whose name fits a pattern, in upper or lower case, hidden ones left out.

    Parameters
    ----------
    directory : Path
        The folder.
    pattern : str
        Such as ``*.edf``, in lower case.

    Returns
    -------
    list of Path
        Sorted. Names that begin with a point, such as macOS' ``._rec.edf``, are no recordings.
    """
    return sorted(
        path
        for path in directory.iterdir()
        if not path.name.startswith(".") and fnmatchcase(path.name.lower(), pattern.lower())
        if path.is_file()
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
    folders = [
        path
        for path in sorted(study.iterdir())
        if path.is_dir() and not path.name.startswith(".") and _holds_device(path)
    ]
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
        if Path(study).is_dir() and (found := matching_files(Path(study), name)):
            return found[0]
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
    return any(matching_files(folder, pattern) for pattern in patterns)


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


def _code_sources(
    directory: Path, raws: Mapping[str, mne.io.BaseRaw], source: str | Mapping[str, str] | None
) -> tuple[dict[str, list[CodeSource]], dict[str, CodeSource]]:
    """Sources of each device's trigger codes, and the one that is taken."""
    asked = {"eeg": source} if isinstance(source, str) else dict(source or {})
    if unknown := sorted(set(asked) - {"eeg", "physio"}):
        raise BadInput(
            f"source={source!r}: must name a source of 'eeg' or 'physio', got {unknown}; such as "
            '{"eeg": "Status", "physio": "digital"}.'
        )
    found, taken = {}, {}
    for device, raw in raws.items():
        try:
            found[device] = trigger_sources(raw)
            name = asked.get(device.lower())
            taken[device] = (
                most_plausible(found[device], raw)
                if name is None
                else named_source(found[device], name)
            )
        except MmmeError as error:
            raise type(error)(f"{directory}: {device}: {error}") from error
    given = {device: device.lower() in asked for device in raws}
    if len(raws) == 2 and not all(given.values()):
        fit = {device: [taken[device]] if given[device] else found[device] for device in raws}
        taken = dict(zip(fit, agreeing_sources(*fit.values()) or taken.values(), strict=True))
    for device in raws:
        others = [taken[device]] if given[device] else found[device]
        warn_of_choice(taken[device], others, where=f"{directory}: {device}: ")
    return found, taken


def _all_sources(
    raws: Mapping[str, mne.io.BaseRaw],
    found: Mapping[str, list[CodeSource]],
    taken: Mapping[str, CodeSource],
) -> pd.DataFrame:
    """Sources of all devices as one table."""
    tables = []
    for device, raw in raws.items():
        table = source_table(found[device], raw)
        table.insert(0, "device", device)
        tables.append(table.assign(is_taken=[each is taken[device] for each in found[device]]))
    return pd.concat(tables, ignore_index=True)


def _sources_text(found: Mapping[str, list[CodeSource]]) -> str:
    """What each device could take codes from, for the message about clocks that do not fit."""
    texts = [f"{device}: {'; '.join(map(str, sources))}" for device, sources in found.items()]
    return f"Sources of codes, of which source=... chooses: {', '.join(texts)}."


def _with_codes_of(codes: pd.DataFrame, other: pd.DataFrame, clock: ClockFit) -> pd.DataFrame:
    """EEG codes and those stimulus codes that only the other device stored, on the EEG clock."""
    stored = set(codes["code"])
    lost = other[[code not in stored and is_stimulus_code(code) for code in other["code"]]]
    mapped = lost.assign(onset=clock.to_reference(lost["onset"].to_numpy()))
    return pd.concat([codes, mapped]).sort_values("onset", ignore_index=True)


def warn_of_shared_clock(recording: Recording) -> None:
    """Warn where two signals without a clock may not have begun when the recording takes them to.

    Parameters
    ----------
    recording : Recording
        With physiology or without.
    """
    eeg, physio = recording.eeg, recording.physio
    if physio is None or recording.clock is not None:
        return
    start, doubt = _shared_start(eeg, physio)
    if eeg is not None and not (eeg.first_samp or physio.first_samp):
        lasts = [raw.n_times / raw.info["sfreq"] for raw in (eeg, physio)]
        if lasts[1] - lasts[0] > max(LONGER_S, LONGER_SHARE * lasts[0]):
            doubt = (
                f"physio lasts {lasts[1]:.1f} s, EEG {lasts[0]:.1f} s, and clock=None takes both "
                "to have begun together"
            )
    if doubt:
        warnings.warn(
            f"{doubt}. If that is wrong give the map of their clocks: align_clocks from trigger "
            "codes, or ClockFit.of_offset where the offset is known.",
            UserWarning,
            stacklevel=4,
        )


def _shared_start(eeg: mne.io.BaseRaw | None, physio: mne.io.BaseRaw) -> tuple[float, str]:
    """When the physiology began on the events' clock without a fit (s), and what is doubtful."""
    if eeg is None:
        if physio.first_samp <= 0:
            return float(physio.first_time), ""
        return 0.0, (
            f"physio begins at {physio.first_time:g} s of its own time, and without EEG event "
            "times are taken to count from its first sample"
        )
    if not eeg.first_samp or physio.first_samp:
        return float(physio.first_time - eeg.first_time), ""
    # Cropped EEG beside a whole physiology, or one that was put on the clock of this EEG?
    lasts = [raw.n_times / raw.info["sfreq"] for raw in (eeg, physio)]
    cropped = -float(eeg.first_time)
    start = min((cropped, 0.0), key=lambda start: abs(start + lasts[1] - lasts[0]))
    return start, (
        f"the EEG begins at {eeg.first_time:g} s of its own time, physio at 0; by their lengths "
        f"({lasts[0]:.1f} and {lasts[1]:.1f} s) physio is taken to begin at {start:g} s of the EEG"
    )


def _refuse_cropped(name: str, old: mne.io.BaseRaw | None, new: mne.io.BaseRaw) -> None:
    """Refuse a signal that begins later than the one whose place it takes."""
    if old is None:
        return
    later = new.first_time - old.first_time
    slack = 1.5 / min(old.info["sfreq"], new.info["sfreq"])
    lasts = [raw.n_times / raw.info["sfreq"] for raw in (old, new)]
    if later > slack and lasts[1] <= lasts[0] - later + slack:
        raise BadInput(
            f"{name} begins {later:.3f} s later than the signal whose place it takes (it was "
            "cropped), but times count from its first sample. Crop before the Recording is made, "
            "or make a new one with times from the new beginning."
        )


def _signal_text(name: str, raw: mne.io.BaseRaw | None) -> str:
    """``EEG 64 channels 600.0 s``."""
    if raw is None:
        return f"no {name}"
    n = len(raw.ch_names)
    seconds = np.round(raw.n_times / raw.info["sfreq"], 1)
    return f"{name} {n} channel{'s' * (n != 1)} {seconds} s"
