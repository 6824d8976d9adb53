"""What preprocessing makes of a recording, and how it lies on disk."""

import warnings
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pandas as pd

from mmme_neuro.clocks.fit import ClockFit
from mmme_neuro.epochs import MODALITIES, EventLocked, joined_epochs
from mmme_neuro.errors import MissingInput
from mmme_neuro.events.ids import check_unique
from mmme_neuro.io.damage import reading
from mmme_neuro.io.files import atomic_file
from mmme_neuro.pipeline.provenance import options_used
from mmme_neuro.recording import Recording
from mmme_neuro.responses.coupling.regionsignals import region_signals
from mmme_neuro.responses.overlap.deconvolve import with_stimulus_events
from mmme_neuro.signals.body.derive import Derived
from mmme_neuro.signals.eeg.clean import Cleaned
from mmme_neuro.signals.eeg.ica import SWITCHED_OFF, muscle_band

TABLES = (
    "clocks",
    "codes",
    "bad_channels",
    "components",
    "component_maps",
    "cleaning",
    "spectra",
    "physio_quality",
    "excluded",
    "decisions",
    "moments",
    "muscles",
)
"""Tables kept for every participant beside the epochs."""


@dataclass(frozen=True)
class Preprocessed:
    """What preprocessing makes of a recording.

    Attributes
    ----------
    locked : EventLocked
        Epochs.
    recording : Recording
        Cleaned and derived continuous signals.
    decisions : DataFrame
        Decisions of people with their outcome.
    muscles : DataFrame
        Muscle power around each event before and after cleaning (`event_muscle_power`), with its
        ``event`` and ``onset``; empty where the EEG came cleaned.
    spectra : DataFrame
        Spectrum before and after cleaning (`spectra_around_cleaning`); empty likewise.
    cleaned : Cleaned | None
        What was removed from the EEG; None where there is none or it came cleaned.
    derived : Derived | None
        Quality of the derived physiology; None where there is none or it came derived.
    """

    locked: EventLocked
    recording: Recording
    decisions: pd.DataFrame
    muscles: pd.DataFrame
    spectra: pd.DataFrame
    cleaned: Cleaned | None
    derived: Derived | None


def write_derivatives(
    done: Preprocessed, participant: str, out: Path, *, continuous: bool = True
) -> list[Path]:
    """Write epochs, signals and tables of one participant; files appear when all are complete.

    Parameters
    ----------
    done : Preprocessed
        What is written.
    participant : str
        Begins the files' names.
    out : Path
        Folder.
    continuous : bool
        Whether whole signals are written, too.

    Returns
    -------
    list of Path
        The files.
    """
    locked = done.locked
    written = []
    with ExitStack() as complete:

        def part_of(name: str) -> Path:
            written.append(out / f"{participant}_{name}")
            return complete.enter_context(atomic_file(written[-1]))

        for modality in MODALITIES:
            epochs = getattr(locked, modality)
            if epochs is not None:
                part = part_of(f"{modality}-epo.fif")
                epochs.save(part, fmt="single", overwrite=True, verbose="error")
        if continuous:
            for name, raw in _continuous(done.recording).items():
                raw.save(part_of(f"{name}_raw.fif"), fmt="single", overwrite=True, verbose="error")
        for name, table in _tables(done, participant).items():
            table.to_csv(part_of(f"{name}.csv"), index=False)
    return written


def read_epochs(out: Path, participants: Iterable[str], modality: str) -> mne.BaseEpochs:
    """Read and join one modality's epochs of several participants.

    Parameters
    ----------
    out : Path
        Folder that ``preprocess_study`` wrote.
    participants : iterable of str
        Participants in the order wanted.
    modality : {"eeg", "physio", "slow"}
        Which epochs.

    Raises
    ------
    MmmeError
        When events of two participants share an id.
    """
    parts = []
    for name in participants:
        path = out / f"{name}_{modality}-epo.fif"
        with reading(path, "epochs"):
            parts.append(mne.read_epochs(path, verbose="error"))
    joined = joined_epochs(parts)
    check_unique(joined.metadata["event"])
    return joined


def read_continuous(out: Path, participant: str, modality: str) -> Recording:
    """Read one participant's whole signals back, with every event and video.

    Parameters
    ----------
    out : Path
        Folder that ``preprocess_study`` wrote with ``continuous=True``.
    participant : str
        Code.
    modality : {"eeg", "physio"}
        Regions of the EEG, or derived physiology.

    Returns
    -------
    Recording
        With that signal only; ``events`` has ``event_type`` (``"event", "stimulus_onset",
        "stimulus_offset"``) and ``onset`` on the signal's own clock.

    Raises
    ------
    FileNotFoundError
        When the signal was not kept.
    """
    name = {"eeg": "regions", "physio": "physio"}[modality]
    path = out / f"{participant}_{name}_raw.fif"
    with reading(path, "a continuous signal"):
        raw = mne.io.read_raw_fif(path, verbose="error")
    events = pd.read_csv(out / f"{participant}_moments.csv", dtype={"stimulus": str, "event": str})
    if modality == "physio":
        events["onset"] = events["onset_physio"]
    signals = {"eeg": None, "physio": None, modality: raw}
    return Recording(events=events, participant=participant, **signals)


def read_table(out: Path, participants: Iterable[str], table: str) -> pd.DataFrame:
    """Read and join one kind of table of several participants."""
    parts = []
    for name in participants:
        path = out / f"{name}_{table}.csv"
        with reading(path, "a table"):
            parts.append(pd.read_csv(path, keep_default_na=table == "clocks", dtype={"event": str}))
    return pd.concat(parts, ignore_index=True)


def run_record(out: Path, participants: Sequence[str]) -> dict[str, Any]:
    """Say what a run of the preprocessing used, for methods texts.

    Parameters
    ----------
    out : Path
        Folder that ``preprocess_study`` wrote.
    participants : sequence of str
        Participants that were processed.

    Returns
    -------
    dict
        Plain values: ``clean, physio, epochs, reject`` (options of each verb), ``merge``,
        ``continuous``, ``rng``; ``muscle_band_hz``; and numbers of participants:
        ``n_participants``, ``n_already_clean`` (cleaned elsewhere) and ``n_without_iclabel``
        (where ICLabel could not be used).

    Raises
    ------
    MmmeError
        When nobody was processed, or not all with the same options.
    """
    if not participants:
        raise MissingInput(f"{out}: no participant was processed; there is nothing to record.")
    options = options_used(out, participants)
    record: dict[str, Any] = {}
    for key, value in options[participants[0]].items():
        part, _, name = key.rpartition(".")
        (record.setdefault(part, {}) if part else record)[name] = value
    del record["already_clean"]
    notes = read_table(out, participants, "cleaning")["setting"].astype(str)
    is_without = notes.str.startswith("ICLabel was not used")
    return record | {
        "muscle_band_hz": list(muscle_band(record["clean"]["line_hz"])),
        "n_participants": len(participants),
        "n_already_clean": sum(bool(each["already_clean"]) for each in options.values()),
        "n_without_iclabel": int((is_without & ~notes.str.endswith(SWITCHED_OFF)).sum()),
    }


def clock_table(participant: str, clocks: dict[str, ClockFit | None]) -> pd.DataFrame:
    """Describe the fits of a participant's device clocks, one row per device."""
    rows = []
    for device, fit in clocks.items():
        if fit is None:
            continue
        rows.append(
            {
                "participant": participant,
                "device": device,
                "offset_s": fit.offset,
                "drift_ppm": fit.drift_ppm,
                "drift_se_ppm": fit.drift_se_ppm,
                "center_device_s": float(fit.longest["center_other"]),
                "center_eeg_s": float(fit.longest["center_reference"]),
                "center_se_s": float(fit.longest["center_se"]),
                "dof": float(fit.longest["dof"]),
                "residual_sd_ms": float(fit.longest["residual_sd_ms"]),
                "n_matched": len(fit.matched),
                "n_unmatched": len(fit.unmatched),
                "n_segments": len(fit.segments),
            }
        )
    return pd.DataFrame(rows)


def _continuous(recording: Recording) -> dict[str, mne.io.BaseRaw]:
    """Whole signals that are small enough to keep: regions of the EEG, derived physiology."""
    signals = {}
    if recording.eeg is not None:
        try:
            signals["regions"] = region_signals(recording.eeg)
        except MissingInput as error:
            warnings.warn(f"signals of regions are not kept: {error}", stacklevel=2)
    if recording.physio is not None:
        signals["physio"] = recording.physio
    return signals


def _tables(done: Preprocessed, participant: str) -> dict[str, pd.DataFrame]:
    """Everything beside the epochs that later steps and readers want to see."""
    locked, recording = done.locked, done.recording
    clocks = {"physio": recording.clock, "camera": recording.camera}
    tables = {
        "clocks": clock_table(participant, clocks),
        "codes": _code_table(clocks),
        **_cleaning_tables(done.cleaned),
        "physio_quality": _quality_table(done.derived),
        "excluded": locked.excluded,
        "decisions": done.decisions,
        "moments": _moments(done),
        "muscles": done.muscles,
        "spectra": done.spectra,
    }
    return {
        name: table if "participant" in table else table.assign(participant=participant)
        for name, table in tables.items()
    }


def _cleaning_tables(cleaned: Cleaned | None) -> dict[str, pd.DataFrame]:
    """Bad channels, components, maps of the removed ones, options and notes of the cleaning.

    All are empty where the EEG came cleaned.
    """
    if cleaned is None:
        return {
            "bad_channels": pd.DataFrame(columns=["channel", "reason"]),
            "components": pd.DataFrame(columns=["component", "removed_as", "fingerprint"]),
            "component_maps": pd.DataFrame(columns=["component", "channel", "weight"]),
            "cleaning": pd.DataFrame(columns=["item", "setting"]),
        }
    settings = [*cleaned.settings().items(), *(("note", text) for text in cleaned.notes)]
    return {
        "bad_channels": pd.DataFrame(cleaned.bad_channels.items(), columns=["channel", "reason"]),
        "components": cleaned.components.assign(fingerprint=cleaned.fingerprint),
        "component_maps": cleaned.maps,
        "cleaning": pd.DataFrame(settings, columns=["item", "setting"]),
    }


def _quality_table(derived: Derived | None) -> pd.DataFrame:
    """Quality of the derived channels; empty where they came derived."""
    if derived is None:
        return pd.DataFrame(columns=["channel"])
    return derived.quality.reset_index()


def _moments(done: Preprocessed) -> pd.DataFrame:
    """Every event and the videos' begins and ends, with times on both clocks and their fate."""
    recording, locked = done.recording, done.locked
    if recording.codes is not None and len(recording.codes):
        events = with_stimulus_events(recording).events
    else:
        events = recording.events.assign(event_type="event")
    # Videos have no participant of their own.
    own = [name for name in events if name not in ("participant", "exclusion_reason")]
    columns = ["event", "event_type", "onset", "stimulus", "time_in_video", "code", "source_row"]
    table = events.reindex(columns=list(dict.fromkeys([*columns, *own])))
    onset = table["onset"].to_numpy(float)
    is_there = recording.physio is not None
    table["onset_physio"] = recording.physio_seconds(onset) if is_there else onset
    is_event = table["event_type"] == "event"
    cut = is_event & table["event"].isin(locked.events["event"])
    table["fate"] = np.select([cut, is_event], ["epoch", "excluded"], default="")
    return table


def _code_table(clocks: dict[str, ClockFit | None]) -> pd.DataFrame:
    """Every code of every device with its residual or the reason why it was not matched."""
    tables = []
    for device, fit in clocks.items():
        if fit is None:
            continue
        matched = fit.matched.assign(device=device, reason="")
        unmatched = fit.unmatched.rename(columns={"device": "seen_by"}).assign(device=device)
        tables += [matched, unmatched]
    tables = [table for table in tables if len(table)]
    columns = ["device", "code", "onset_reference", "residual_ms", "seen_by", "onset", "reason"]
    if not tables:
        return pd.DataFrame(columns=columns)
    return pd.concat(tables, ignore_index=True).reindex(columns=columns)
