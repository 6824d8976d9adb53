"""From a participant's raw files to cleaned, event-locked epochs; one failure stops no other."""

import json
import traceback
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import mne
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from mmme_neuro.atomic_file import atomic_file
from mmme_neuro.clock import ClockFit
from mmme_neuro.epochs import EventLocked, epoch
from mmme_neuro.failures import EXPECTED_FAILURES
from mmme_neuro.recording import Recording, read_recording
from mmme_neuro.rejection import reject
from mmme_neuro.signals.eeg import clean_eeg, component_table, removed_by_cleaning
from mmme_neuro.signals.physio import derive_physio, physio_quality

TABLES = ("clocks", "codes", "bad_channels", "components", "physio_quality", "excluded")
"""Tables kept for every participant beside the epochs."""


@dataclass(frozen=True)
class Options:
    """Choices of the preprocessing, each with the default of the method.

    Attributes
    ----------
    eeg_window, physio_window : tuple of float
        Epoch around the lock in seconds.
    lock : str
        Landmark at time 0.
    clean : bool
        Whether eye and muscle components are removed (``False`` shows what muscles do).
    reject_uv : float
        Largest absolute deviation of an EEG epoch from its mean, microvolt.
    physio_sfreq : float
        Sampling rate of the derived physiology (Hz).
    merge : str
        How annotation passes are merged.
    rng : int
        Seed of the ICA.
    """

    eeg_window: tuple[float, float] = (-1.5, 2.0)
    physio_window: tuple[float, float] = (-2.0, 10.0)
    lock: str = "onset"
    clean: bool = True
    reject_uv: float = 150.0
    physio_sfreq: float = 50.0
    merge: str = "union"
    rng: int = 0


@dataclass(frozen=True)
class Outcome:
    """What became of one participant: a status, a reason if it failed, and counts."""

    participant: str
    status: str
    reason: str
    n_epochs: int = 0
    n_micro: int = 0
    n_macro: int = 0
    n_excluded: int = 0


def preprocess_recording(recording: Recording, options: Options) -> EventLocked:
    """Clean the signals of a recording and cut them around its events.

    Parameters
    ----------
    recording : Recording
        As read.
    options : Options
        Windows and thresholds.

    Returns
    -------
    EventLocked
        Epochs of the cleaned EEG and the derived physiology.
    """
    eeg, physio = recording.eeg, recording.physio
    if eeg is not None:
        eeg = clean_eeg(eeg, ica=options.clean, rng=options.rng)
    if physio is not None:
        physio = derive_physio(physio, sfreq=options.physio_sfreq)
    locked = epoch(
        recording.with_signals(eeg=eeg, physio=physio),
        lock=options.lock,
        eeg=options.eeg_window,
        physio=options.physio_window,
    )
    return reject(locked, eeg_uv=options.reject_uv)


def preprocess_study(
    folders: Iterable[Path],
    events: pd.DataFrame,
    out: str | Path,
    *,
    options: Options,
    executor: Executor,
    progress: Callable[[Outcome], None] | None = None,
) -> pd.DataFrame:
    """Preprocess every participant and write epochs and tables, each file atomically.

    Parameters
    ----------
    folders : iterable of Path
        Participants' folders.
    events : DataFrame
        Events of all participants as read and merged by ``read_events``.
    out : Path
        Folder for ``SUB_eeg-epo.fif``, ``SUB_physio-epo.fif`` and ``SUB_<table>.csv``.
    options : Options
        Windows and thresholds.
    executor : concurrent.futures.Executor
        Processes, threads or a cluster's executor.
    progress : callable | None
        Called with each participant's outcome.

    Returns
    -------
    DataFrame
        One row a participant: ``participant, status, reason`` and counts of epochs.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    jobs: list[Future] = [
        executor.submit(preprocess_participant, folder, events, out, options) for folder in folders
    ]
    outcomes = []
    for job in as_completed(jobs):
        outcomes.append(job.result())
        if progress:
            progress(outcomes[-1])
    table = pd.DataFrame([vars(outcome) for outcome in outcomes])
    return table.sort_values("participant", ignore_index=True)


def preprocess_participant(
    folder: Path, events: pd.DataFrame, out: Path, options: Options
) -> Outcome:
    """Preprocess one participant and write the results; a failure is an outcome, not an error."""
    participant = folder.name
    try:
        with threadpool_limits(limits=1):
            recording = read_recording(folder, sheet=events)
            locked = preprocess_recording(recording, options)
            _write(locked, recording, out)
    except EXPECTED_FAILURES as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        text = str(error) if str(folder) in str(error) else f"{folder}: {error}"
        reason = f"{text} [{type(error).__name__} in {last.name}]"
        return Outcome(participant, "failed", reason)
    counts = locked.events["expression"].value_counts()
    return Outcome(
        participant,
        "done",
        "",
        n_epochs=len(locked),
        n_micro=int(counts.get("micro", 0)),
        n_macro=int(counts.get("macro", 0)),
        n_excluded=len(locked.excluded),
    )


def read_epochs(out: Path, participants: Iterable[str], modality: str) -> mne.BaseEpochs:
    """Read and join one modality's epochs of several participants.

    Parameters
    ----------
    out : Path
        Folder that ``preprocess_study`` wrote.
    participants : iterable of str
        Participants in the order wanted.
    modality : {"eeg", "physio"}
        Which epochs.
    """
    parts = [
        mne.read_epochs(out / f"{name}_{modality}-epo.fif", verbose="error")
        for name in participants
    ]
    for part in parts:
        part.info["description"] = None
    return mne.concatenate_epochs(parts, verbose="error")


def read_table(out: Path, participants: Iterable[str], table: str) -> pd.DataFrame:
    """Read and join one kind of table of several participants."""
    parts = [
        pd.read_csv(out / f"{name}_{table}.csv", keep_default_na=table == "clocks")
        for name in participants
    ]
    return pd.concat(parts, ignore_index=True)


def clock_table(participant: str, clocks: dict[str, ClockFit | None]) -> pd.DataFrame:
    """Describe the fits of a participant's device clocks, one row a device."""
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
                "centre_device_s": float(fit.longest["centre_other"]),
                "centre_eeg_s": float(fit.longest["centre_reference"]),
                "centre_se_s": float(fit.longest["centre_se"]),
                "dof": float(fit.longest["dof"]),
                "residual_sd_ms": float(fit.longest["residual_sd_ms"]),
                "n_matched": len(fit.matched),
                "n_unmatched": len(fit.unmatched),
                "n_segments": len(fit.segments),
            }
        )
    return pd.DataFrame(rows)


def _write(locked: EventLocked, recording: Recording, out: Path) -> None:
    """Write epochs and tables of one participant; files appear when all are complete."""
    participant = recording.participant
    with ExitStack() as complete:
        for modality in ("eeg", "physio"):
            epochs = getattr(locked, modality)
            if epochs is None:
                continue
            path = out / f"{participant}_{modality}-epo.fif"
            part = complete.enter_context(atomic_file(path))
            epochs.save(part, fmt="single", overwrite=True, verbose="error")
        for name, table in _tables(locked, recording).items():
            part = complete.enter_context(atomic_file(out / f"{participant}_{name}.csv"))
            table.to_csv(part, index=False)


def _tables(locked: EventLocked, recording: Recording) -> dict[str, pd.DataFrame]:
    """Everything beside the epochs that later steps and readers want to see."""
    participant = recording.participant
    removed = removed_by_cleaning(locked.eeg)
    bad = pd.DataFrame(removed.bad_channels.items(), columns=["channel", "reason"])
    quality = physio_quality(locked.physio)
    clocks = {"physio": recording.clock, "camera": recording.camera}
    tables = {
        "clocks": clock_table(participant, clocks),
        "codes": _code_table(clocks),
        "bad_channels": bad,
        "components": component_table(removed),
        "physio_quality": quality.reset_index(drop=quality.index.name is None),
        "excluded": locked.excluded,
    }
    return {
        name: table if "participant" in table else table.assign(participant=participant)
        for name, table in tables.items()
    }


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


def write_json(path: Path, content: dict) -> None:
    """Write a small result as JSON, atomically."""
    with atomic_file(path) as part:
        part.write_text(json.dumps(content, indent=1, default=_plain), encoding="utf-8")


def _plain(value: object) -> object:
    """NumPy scalars and arrays as plain types."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"cannot write {type(value).__name__} as JSON.")
