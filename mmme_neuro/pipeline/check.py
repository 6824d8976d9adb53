"""What each participant of a study has, lacks and would contribute, before any long computing."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import mne
import numpy as np
import pandas as pd

from mmme_neuro.clocks.fit import ClockFit
from mmme_neuro.epochs import events_with_reasons
from mmme_neuro.errors import EXPECTED_FAILURES, BadInput, crash_text
from mmme_neuro.events.sheet import read_events
from mmme_neuro.pipeline.decisions import of_study
from mmme_neuro.pipeline.derivatives import clock_table
from mmme_neuro.recording import (
    Recording,
    participant_folders,
    people_without_folder,
    read_recording,
    study_sheet,
)

logger = logging.getLogger(__name__)

EEG_KINDS = {"EEG": "eeg", "EOG": "eog", "EMG": "emg"}
PHYSIO_KINDS = {
    "PPG": "bio",
    "RSP": "resp",
    "SKT": "temperature",
    "EDA": "gsr",
    "ECG": "ecg",
    "EMG": "emg",
}
"""Kinds of signal that the analyses use, with MNE's channel type."""

N_PIECES = 20
PIECE_S = 1.0
INVENTORY_COLUMNS = ("device", "kind", "n_channels", "flat")

OPTIONAL_PACKAGES = {
    "dask": "preprocessing on a cluster",
    "dask_jobqueue": "preprocessing through SLURM",
}
"""Packages that some steps import where they are installed, and the step."""


def channel_inventory(recording: Recording) -> pd.DataFrame:
    """List the kinds of signal that the analyses use, and what there is of each.

    Parameters
    ----------
    recording : Recording
        As read; its samples may lie on disk.

    Returns
    -------
    DataFrame
        ``device`` (EEG or physio)``, kind, n_channels`` (0: missing) and ``flat``, the names of
        channels that do not change, comma-separated.

    Notes
    -----
    A channel is flat if it is constant (or missing) in each of 20 pieces of 1 s, spread over the
    recording; so a long file is not read as a whole.

    Examples
    --------
    >>> import mne, numpy as np, pandas as pd
    >>> info = mne.create_info(["CZ", "PZ"], 100.0, "eeg")
    >>> raw = mne.io.RawArray(np.vstack([np.arange(500.0), np.zeros(500)]), info, verbose="error")
    >>> mine = Recording(eeg=raw, physio=None, events=pd.DataFrame({"onset": [1.0]}))
    >>> channel_inventory(mine).loc[0, ["kind", "flat"]].tolist()
    ['EEG', 'PZ']
    """
    rows = []
    devices = (("EEG", recording.eeg, EEG_KINDS), ("physio", recording.physio, PHYSIO_KINDS))
    for device, raw, kinds in devices:
        if raw is None:
            continue
        of_kind = {kind: _channels(raw, kind, mne_type) for kind, mne_type in kinds.items()}
        flat = _flat(raw, [name for names in of_kind.values() for name in names])
        for kind, names in of_kind.items():
            rows.append((device, kind, len(names), ", ".join(n for n in names if n in flat)))
    return pd.DataFrame(rows, columns=list(INVENTORY_COLUMNS))


def absent_packages() -> dict[str, str]:
    """Return the optional packages that are not installed, and what they are for.

    Returns
    -------
    dict of str to str
    """
    return {name: use for name, use in OPTIONAL_PACKAGES.items() if find_spec(name) is None}


def _channels(raw: mne.io.BaseRaw, kind: str, mne_type: str) -> list[str]:
    """Names of the channels of a kind: of its type, and named after it where types are shared."""
    types = dict(zip(raw.ch_names, raw.get_channel_types(), strict=True))
    same_type = [name for name, found in types.items() if found == mne_type]
    if mne_type == "bio":
        return [name for name in same_type if name.upper().startswith(kind)]
    return same_type


def _flat(raw: mne.io.BaseRaw, names: list[str]) -> set[str]:
    """Channels that are constant within each of some pieces."""
    if not names:
        return set()
    n_samples = min(max(round(PIECE_S * raw.info["sfreq"]), 2), raw.n_times)
    changes = np.zeros(len(names), dtype=bool)
    for start in np.linspace(0, raw.n_times - n_samples, N_PIECES).astype(int):
        piece = raw.get_data(picks=names, start=start, stop=start + n_samples, verbose="error")
        low, high = np.fmin.reduce(piece, axis=1), np.fmax.reduce(piece, axis=1)
        changes |= high > low
    return {name for name, is_changing in zip(names, changes, strict=True) if not is_changing}


@dataclass(frozen=True)
class StudyCheck:
    """Outcome of checking a study.

    Attributes
    ----------
    participants : DataFrame
        ``participant, status`` (ok, failed or, by a bug, crashed)``, reason`` and counts of events.
    conditions : DataFrame
        ``participant, label, n``: events that remain of each condition in the study.
    clocks : DataFrame
        Fit of each device's clock (see ``derivatives.clock_table``).
    unmatched : DataFrame
        Trigger codes without a partner: ``participant, device, seen_by, code, onset, reason``.
    exclusions : DataFrame
        ``participant, reason, n`` of events that do not remain.
    channels : DataFrame
        ``participant, device, kind, n_channels, flat`` (see ``channel_inventory``).
    absent : dict of str to str
        Optional packages that are not installed, and what they are for.
    sources : DataFrame
        ``participant, device, source, n_codes, n_states, per_minute, first_codes, fault,
        is_taken``: every source of trigger codes (see ``clocks.code_sources``).
    """

    participants: pd.DataFrame
    clocks: pd.DataFrame
    unmatched: pd.DataFrame
    exclusions: pd.DataFrame
    channels: pd.DataFrame = field(default_factory=pd.DataFrame)
    conditions: pd.DataFrame = field(default_factory=pd.DataFrame)
    absent: dict[str, str] = field(default_factory=dict)
    sources: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def is_ok(self) -> bool:
        """Whether every participant can be analyzed."""
        return bool(self.participants["status"].isin(("ok", "excluded")).all())

    def to_text(self) -> str:
        """One paragraph a participant: events, clocks, unmatched codes, exclusions."""
        blocks = [self._participant_text(row) for row in self.participants.to_dict("records")]
        if self.absent:
            uses = "; ".join(f"{name} ({use})" for name, use in self.absent.items())
            blocks += ["", f"optional packages not installed: {uses}"]
        return "\n".join([*blocks, "", repr(self)[1:-1]])

    def _participant_text(self, row: dict) -> str:
        """The paragraph of one participant."""
        name = row["participant"]
        if row["status"] != "ok":
            return f"{name}  {row['status'].upper()}: {row['reason']}"
        counts = _of(self.conditions, name, "label", "n")
        kinds = ", ".join(f"{n} {label}" for label, n in counts)
        lines = [
            f"{name}  {int(row['n_remaining'])} of {int(row['n_events'])} events remain"
            f"{kinds and ': '}{kinds}"
        ]
        without = [str(label) for label, n in counts if not n]
        if without:
            lines.append(f"no event of the condition {' or '.join(without)} remains")
        lines += self._channel_lines(name)
        lines += self._source_lines(name)
        lines += [
            f"events excluded: {n} x {reason}"
            for reason, n in _of(self.exclusions, name, "reason", "n")
        ]
        for clock in self.clocks[self.clocks["participant"] == name].to_dict("records"):
            lines.append(
                f"{clock['device']} clock: offset {clock['offset_s']:.3f} s, drift "
                f"{clock['drift_ppm']:.1f} +- {clock['drift_se_ppm']:.1f} ppm, residual SD "
                f"{clock['residual_sd_ms']:.1f} ms, {clock['n_matched']} matched"
            )
        for side, label in (("reference", "EEG"), ("other", "physio")):
            codes = [
                code
                for device, code in _of(self.unmatched, name, "device", "code")
                if device == side
            ]
            if codes:
                lines.append(f"codes only on {label}: {', '.join(map(str, codes))}")
        return "\n       ".join(lines)

    def _channel_lines(self, name: str) -> list[str]:
        """What is missing or flat, a line a device; nothing where all is well."""
        rows = _of(self.channels, name, "device", "kind", "n_channels", "flat")
        lines = []
        for device in dict.fromkeys(row[0] for row in rows):
            own = [row for row in rows if row[0] == device]
            lacking = [kind for _, kind, n, _ in own if not n]
            flat = [names for *_, names in own if names]
            parts = [f"lacks {', '.join(lacking)}"] if lacking else []
            parts += [f"flat: {', '.join(flat)}"] if flat else []
            if parts:
                lines.append(f"{device} ({sum(row[2] for row in own)} channels) {'; '.join(parts)}")
        return lines

    def _source_lines(self, name: str) -> list[str]:
        """Where trigger codes could come from, a line a device; the source that was taken first."""
        columns = ("device", "source", "n_codes", "first_codes", "fault", "is_taken")
        rows = sorted(_of(self.sources, name, *columns), key=lambda row: not row[-1])
        lines = []
        for device in dict.fromkeys(row[0] for row in rows):
            parts = [
                f"{source} {'(taken) ' * taken}{n} codes{first and f': {first}'}"
                f"{fault and f' ({fault})'}"
                for own, source, n, first, fault, taken in rows
                if own == device
            ]
            lines.append(f"{device} triggers: {'; '.join(parts)}")
        return lines

    def __repr__(self) -> str:
        n_ok = int((self.participants["status"] == "ok").sum())
        return f"<StudyCheck | {n_ok} of {len(self.participants)} participants can be analyzed>"


def check_study(
    folder: str | Path,
    *,
    condition: str | None = None,
    source: str | Mapping[str, str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> StudyCheck:
    """Read every participant's devices, triggers and events, without cleaning anything.

    Parameters
    ----------
    folder : path
        Folder with one folder per participant and the annotation sheet.
    condition : str | None
        Column of the events whose labels are counted; None counts none.
    source : str | mapping of str to str | None
        Source of the trigger codes, as in ``read_recording``.
    progress : callable | None
        Called with each participant's code.

    Returns
    -------
    StudyCheck

    Raises
    ------
    FileNotFoundError, MmmeError
        When the study has no participants, or no sheet that can be read.
    """
    folders = participant_folders(folder)
    events = read_events(study_sheet(folder), merge="union")
    rows, clocks, unmatched, exclusions, channels, conditions = [], [], [], [], [], []
    left_out = of_study(folder).excluded_participants
    sources = []
    for own in folders:
        if progress:
            progress(own.name)
        if own.name in left_out:
            rows.append(_left_out(own.name, left_out))
            continue
        try:
            recording = read_recording(own, sheet=events, source=source)
            checked = events_with_reasons(recording)
            inventory = channel_inventory(recording)
        except EXPECTED_FAILURES as error:
            rows.append({"participant": own.name, "status": "failed", "reason": str(error)})
            continue
        except Exception as error:  # a bug must not keep the others from being checked
            logger.exception("%s", own)
            reason = crash_text(error)
            rows.append({"participant": own.name, "status": "crashed", "reason": reason})
            continue
        rows.append(_counts(own.name, checked))
        clocks.append(clock_table(own.name, _clocks(recording)))
        unmatched.append(_unmatched(recording))
        exclusions.append(_exclusions(own.name, checked))
        channels.append(inventory.assign(participant=own.name))
        if recording.sources is not None:
            sources.append(recording.sources.assign(participant=own.name))
        if condition is not None:
            conditions.append(_conditions(own.name, checked, condition, events))
    rows += [
        _left_out(name, left_out)
        if name in left_out
        else {"participant": name, "status": "failed", "reason": reason}
        for name, reason in people_without_folder(events, folders).items()
    ]
    return StudyCheck(
        participants=pd.DataFrame(rows).fillna({"reason": ""}),
        clocks=_joined(clocks),
        unmatched=_joined(unmatched),
        exclusions=_joined(exclusions),
        channels=_joined(channels),
        conditions=_joined(conditions),
        absent=absent_packages(),
        sources=_joined(sources),
    )


def _left_out(participant: str, reasons: dict[str, str]) -> dict:
    """Row of a participant whom a decision leaves out."""
    return {"participant": participant, "status": "excluded", "reason": reasons[participant]}


def _counts(participant: str, events: pd.DataFrame) -> dict:
    """How many events remain; none of them is a failure."""
    remaining = events[events["exclusion_reason"] == ""]
    failed = remaining.empty
    return {
        "participant": participant,
        "status": "failed" if failed else "ok",
        "reason": "no event remains" if failed else "",
        "n_events": len(events),
        "n_remaining": len(remaining),
    }


def _conditions(
    participant: str, events: pd.DataFrame, condition: str, every: pd.DataFrame
) -> pd.DataFrame:
    """How many events of each condition in the sheet remain, the most frequent first."""
    if condition not in every:
        raise BadInput(f"condition={condition!r}: the events have no such column: {list(every)}.")
    labels = every[condition].value_counts().index
    counts = events.loc[events["exclusion_reason"] == "", condition].value_counts()
    table = counts.reindex(labels, fill_value=0).rename_axis("label").reset_index(name="n")
    return table.assign(participant=participant)


def _exclusions(participant: str, events: pd.DataFrame) -> pd.DataFrame:
    """Reasons of one participant's exclusions and how often each occurs."""
    reasons = events.loc[events["exclusion_reason"] != "", "exclusion_reason"].value_counts()
    table = reasons.rename_axis("reason").reset_index(name="n")
    return table.assign(participant=participant)


def _clocks(recording: Recording) -> dict[str, ClockFit | None]:
    """The recording's clock fits by device."""
    return {"physio": recording.clock, "camera": recording.camera}


def _unmatched(recording: Recording) -> pd.DataFrame:
    """Trigger codes of EEG and physio without a partner on the other device."""
    if recording.clock is None:
        return pd.DataFrame()
    return recording.clock.unmatched.assign(participant=recording.participant)


def _of(table: pd.DataFrame, participant: str, *columns: str) -> list[tuple]:
    """Rows of one participant as tuples of some columns."""
    if table.empty:
        return []
    rows = table.loc[table["participant"] == participant, list(columns)]
    return list(rows.itertuples(index=False, name=None))


def _joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Tables one below the other, empty ones left out."""
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()
