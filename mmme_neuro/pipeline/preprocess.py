"""From a participant's raw files to cleaned, event-locked epochs; one failure stops no other."""

import json
import logging
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import mne
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from mmme_neuro.epochs import LANDMARKS, epoch
from mmme_neuro.errors import EXPECTED_FAILURES
from mmme_neuro.muscles.event_power import COLUMNS as MUSCLE_COLUMNS
from mmme_neuro.muscles.event_power import (
    SPECTRUM_COLUMNS,
    event_muscle_power,
    spectra_around_cleaning,
)
from mmme_neuro.pipeline.decisions import NONE, Applied, Decisions, apply_decisions
from mmme_neuro.pipeline.derivatives import Preprocessed, read_table, write_derivatives
from mmme_neuro.pipeline.executors import processes
from mmme_neuro.pipeline.inputs import Source
from mmme_neuro.pipeline.provenance import (
    Provenance,
    file_digest,
    input_digests,
    software,
    stale_because,
)
from mmme_neuro.recording import Recording
from mmme_neuro.rejection import RULES, reject
from mmme_neuro.signals.body.channels import EDA_METHODS
from mmme_neuro.signals.body.derive import derive_physio
from mmme_neuro.signals.eeg.clean import clean_eeg, removed_by_cleaning
from mmme_neuro.signals.eeg.ica import METHODS, CleaningDecisions


@dataclass(frozen=True)
class Options:
    """Choices of the preprocessing, each with the default of the method.

    Attributes
    ----------
    eeg_window, physio_window, slow_window : tuple of float
        Epoch around the lock in seconds; the slow one is that of skin temperature.
    lock : str
        Landmark at time 0.
    clean : bool
        Whether eye and muscle components are removed (``False`` shows what muscles do).
    ransac, iclabel : bool
        Whether RANSAC finds bad channels, ICLabel eyes and muscles (see ``clean_eeg``).
    ica_method : str
        ``"picard"`` or ``"infomax"``.
    reject_rule : str
        ``"threshold"`` or ``"autoreject"``.
    reject_uv : float
        Largest absolute deviation of an EEG epoch from its mean, microvolt.
    physio_sfreq : float
        Sampling rate of the derived physiology (Hz).
    eda_method : str
        ``"highpass"`` or ``"cvxeda"`` (see ``derive_physio``).
    merge : str
        How annotation passes are merged.
    continuous : bool
        Whether the derived physiology and the signals of regions are kept whole, for
        deconvolution.
    rng : int
        Seed of ICA, RANSAC and autoreject.
    """

    eeg_window: tuple[float, float] = (-1.5, 2.0)
    physio_window: tuple[float, float] = (-2.0, 10.0)
    slow_window: tuple[float, float] = (-2.0, 30.0)
    lock: str = "onset"
    clean: bool = True
    ransac: bool = True
    iclabel: bool = True
    ica_method: str = "picard"
    reject_rule: str = "threshold"
    reject_uv: float = 150.0
    physio_sfreq: float = 50.0
    eda_method: str = "highpass"
    merge: str = "union"
    continuous: bool = True
    rng: int = 0

    def __post_init__(self) -> None:
        known = {
            "ica_method": METHODS,
            "reject_rule": RULES,
            "eda_method": EDA_METHODS,
            "lock": LANDMARKS,
        }
        for name, values in known.items():
            if getattr(self, name) not in values:
                raise ValueError(
                    f"{name} must be one of {list(values)}, got {getattr(self, name)!r}."
                )
        if self.reject_uv <= 0 or self.physio_sfreq <= 0:
            raise ValueError(
                f"reject_uv and physio_sfreq must be positive, got {self.reject_uv} and "
                f"{self.physio_sfreq}."
            )


@dataclass(frozen=True)
class Outcome:
    """What became of one participant: a status, a reason if it failed, and counts.

    ``status`` is ``"done"`` or ``"failed"``; ``reran`` says why it was processed (empty: it was
    up to date and left as it was).
    """

    participant: str
    status: str
    reason: str
    n_epochs: int = 0
    n_micro: int = 0
    n_macro: int = 0
    n_excluded: int = 0
    reran: str = ""


def preprocess_recording(
    recording: Recording,
    options: Options,
    *,
    decisions: pd.DataFrame | None = None,
    is_clean: bool = False,
) -> Preprocessed:
    """Clean the signals of a recording and cut them around its events.

    Parameters
    ----------
    recording : Recording
        As read.
    options : Options
        Windows and thresholds.
    decisions : DataFrame | None
        People's decisions about it (``Decisions.of``).
    is_clean : bool
        Whether the signals are cleaned and derived already.

    Returns
    -------
    Preprocessed
    """
    rows = NONE.table if decisions is None else decisions
    eeg, physio = recording.eeg, recording.physio
    if physio is not None and not is_clean:
        # First, and then let go: the device's samples take as much memory as the EEG's.
        physio = derive_physio(physio, sfreq=options.physio_sfreq, eda_method=options.eda_method)
        recording = replace(recording, physio=physio)
    names = [] if eeg is None else eeg.ch_names
    applied = apply_decisions(rows, ch_names=names, events=recording.events, fingerprint=None)
    if is_clean:
        # Filters and averages below need them in memory.
        eeg = None if eeg is None else eeg.copy().load_data(verbose="error")
    elif eeg is not None:
        eeg, applied = _cleaned(recording, options, rows, applied)
    prepared = replace(
        recording.with_signals(eeg=eeg, physio=physio), events=_decided(recording.events, applied)
    )
    locked = epoch(
        prepared,
        lock=options.lock,
        eeg=options.eeg_window if eeg is not None else None,
        physio=options.physio_window if physio is not None else None,
        slow=options.slow_window,
    )
    kept = np.flatnonzero(
        locked.events["onset"].isin(recording.events["onset"].iloc[[*applied.kept]])
    )
    locked = reject(
        locked,
        rule=options.reject_rule,
        eeg_uv=options.reject_uv,
        kept=tuple(int(row) for row in kept),
        rng=options.rng,
    )
    muscles = _muscles(recording, prepared, is_clean=is_clean)
    spectra = _spectra(recording, prepared, is_clean=is_clean)
    return Preprocessed(locked, prepared, applied.log, muscles, spectra)


def preprocess_study(
    sources: Iterable[Source],
    out: str | Path,
    *,
    options: Options,
    executor: Executor,
    decisions: Decisions = NONE,
    force: bool = False,
    progress: Callable[[Outcome], None] | None = None,
) -> pd.DataFrame:
    """Preprocess every participant and write epochs and tables, each file atomically.

    Parameters
    ----------
    sources : iterable of Source
        Participants, from ``study_sources``.
    out : Path
        Folder for ``SUB_eeg-epo.fif``, ``SUB_physio-epo.fif``, ``SUB_<table>.csv``, the sidecar
        ``SUB_provenance.json`` and ``logs/SUB.log``.
    options : Options
        Windows and thresholds.
    executor : concurrent.futures.Executor
        Processes, threads or a cluster's executor.
    decisions : Decisions
        People's decisions.
    force : bool
        Whether participants whose results are up to date are processed again.
    progress : callable | None
        Called with each participant's outcome.

    Returns
    -------
    DataFrame
        One row a participant: ``participant, status, reason`` and counts of epochs.

    Notes
    -----
    A participant whose sidecar matches inputs, options, decisions and software, and whose files are
    all there and unchanged, is left as it is. The sidecar is written last, so a run that was killed
    leaves none. A worker that dies fails its participant only: the others of a broken pool are
    tried again in a pool of their own.
    """
    out = Path(out)
    (out / "logs").mkdir(parents=True, exist_ok=True)
    _remove_half_written(out)
    waiting = list(sources)
    outcomes: list[Outcome] = []

    def finished(outcome: Outcome) -> None:
        outcomes.append(outcome)
        if progress:
            progress(outcome)

    jobs: dict[Future, Source] = {
        executor.submit(
            preprocess_participant, source, out, options, decisions.of(source.participant), force
        ): source
        for source in waiting
    }
    orphans = []
    for job in as_completed(jobs):
        try:
            finished(job.result())
        except BrokenProcessPool:
            orphans.append(jobs[job])
    for source in orphans:
        finished(_alone(source, out, options, decisions, force))
    table = pd.DataFrame([vars(outcome) for outcome in outcomes])
    return table.sort_values("participant", ignore_index=True)


def preprocess_participant(
    source: Source,
    out: Path,
    options: Options,
    decisions: pd.DataFrame | None = None,
    force: bool = False,
) -> Outcome:
    """Preprocess one participant and write the results; a failure is an outcome, not an error."""
    participant = source.participant
    sidecar = out / f"{participant}_provenance.json"
    (out / "logs").mkdir(parents=True, exist_ok=True)
    with _logged(out / "logs" / f"{participant}.log") as log:
        try:
            with threadpool_limits(limits=1):
                plan = _plan(source, options, decisions)
                why = "forced" if force else stale_because(plan, sidecar)
                if not why:
                    log("up to date")
                    return _counted(participant, out, "")
                log(f"processing: {why}")
                sidecar.unlink(missing_ok=True)
                done = preprocess_recording(
                    _read(source, log), options, decisions=decisions, is_clean=source.is_clean
                )
                log(f"cut {done.locked!r}")
                written = write_derivatives(done, participant, out, continuous=options.continuous)
                outputs = {path.name: file_digest(path) for path in written}
                replace(plan, outputs=outputs).write(sidecar)
                log(f"wrote {len(outputs)} files")
        except EXPECTED_FAILURES as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            folder = str(source.folder)
            text = str(error) if folder in str(error) else f"{folder}: {error}"
            log(f"FAILED: {text}")
            reason = f"{text} [{type(error).__name__} in {last.name}]"
            return Outcome(participant, "failed", reason, reran="failed")
        return _counted(participant, out, why)


def _read(source: Source, log: Callable[[str], None]) -> Recording:
    """Read a recording; only the caller's argument holds it."""
    recording = source.read()
    log(f"read {recording!r}")
    return recording


def _cleaned(
    recording: Recording, options: Options, rows: pd.DataFrame, applied: Applied
) -> tuple[mne.io.BaseRaw, Applied]:
    """Cleaned EEG; components that people decided about are looked up in the solution first."""
    choices = {
        "ica": options.clean,
        "ransac": options.ransac,
        "iclabel": options.iclabel,
        "ica_method": options.ica_method,
        "rng": options.rng,
    }
    channels = CleaningDecisions(applied.cleaning.bad_channels, applied.cleaning.good_channels)
    eeg = clean_eeg(recording.eeg, decisions=channels, **choices)  # type: ignore[arg-type]
    if not applied.cleaning.remove_components and not applied.cleaning.keep_components:
        return eeg, applied
    applied = apply_decisions(
        rows,
        ch_names=recording.eeg.ch_names,  # type: ignore[union-attr]
        events=recording.events,
        fingerprint=removed_by_cleaning(eeg).fingerprint,
    )
    if not applied.cleaning.remove_components and not applied.cleaning.keep_components:
        return eeg, applied
    return clean_eeg(recording.eeg, decisions=applied.cleaning, **choices), applied  # type: ignore[arg-type]


def _muscles(recording: Recording, prepared: Recording, *, is_clean: bool) -> pd.DataFrame:
    """Muscle power around each event in the EEG as recorded and as cleaned."""
    if is_clean or recording.eeg is None or prepared.eeg is None:
        return pd.DataFrame(columns=["onset", *MUSCLE_COLUMNS])
    onsets = recording.events["onset"].to_numpy(float)
    table = event_muscle_power(recording.eeg, prepared.eeg, onsets)
    return table.assign(onset=onsets[table["event"]]).drop(columns="event")


def _spectra(recording: Recording, prepared: Recording, *, is_clean: bool) -> pd.DataFrame:
    """Spectra of the EEG as recorded and as cleaned."""
    if is_clean or recording.eeg is None or prepared.eeg is None:
        return pd.DataFrame(columns=SPECTRUM_COLUMNS)
    return spectra_around_cleaning(recording.eeg, prepared.eeg)


def _decided(events: pd.DataFrame, applied: Applied) -> pd.DataFrame:
    """Events with the reasons for which people exclude some."""
    if not applied.excluded:
        return events
    given = events.get("exclusion_reason", pd.Series("", index=events.index))
    reasons = given.fillna("").astype(str).to_numpy(object)
    for position, reason in applied.excluded.items():
        reasons[position] = f"decided: {reason}"
    return events.assign(exclusion_reason=reasons)


def _plan(source: Source, options: Options, decisions: pd.DataFrame | None) -> Provenance:
    """What decides this participant's derivatives."""
    tables = source.tables()
    if decisions is not None and len(decisions):
        tables["decisions"] = decisions
    choices = json.loads(json.dumps(asdict(options) | {"already_clean": source.is_clean}))
    inputs = input_digests(source.files(), tables)
    return Provenance(source.participant, inputs, choices, software(Path(__file__)), {})


def _alone(
    source: Source, out: Path, options: Options, decisions: Decisions, force: bool
) -> Outcome:
    """Process a participant whose pool broke in a process of its own."""
    with processes(1) as executor:
        rows = decisions.of(source.participant)
        job = executor.submit(preprocess_participant, source, out, options, rows, force)
        try:
            return job.result()
        except BrokenProcessPool:
            reason = (
                f"{source.folder}: the worker process died (killed, or out of memory); free memory "
                "or run fewer jobs."
            )
            return Outcome(source.participant, "failed", reason, reran="failed")


def _counted(participant: str, out: Path, why: str) -> Outcome:
    """Count what lies on disk."""
    moments = read_table(out, [participant], "moments")
    kinds = moments.loc[moments["fate"] == "epoch", "expression"].value_counts()
    n_epochs = int((moments["fate"] == "epoch").sum())
    return Outcome(
        participant,
        "done",
        "",
        n_epochs=n_epochs,
        n_micro=int(kinds.get("micro", 0)),
        n_macro=int(kinds.get("macro", 0)),
        n_excluded=int((moments["fate"] == "excluded").sum()),
        reran=why,
    )


@contextmanager
def _logged(path: Path) -> Iterator[Callable[[str], None]]:
    """Write steps, seconds since the start, and warnings of a participant into its log."""
    begun = time.monotonic()
    logger = logging.Logger(path.stem)
    handler = logging.FileHandler(path, mode="w", encoding="utf-8")
    logger.addHandler(handler)

    def log(text: str) -> None:
        logger.info("%7.1f s  %s", time.monotonic() - begun, text)

    def note(message: object, category: object, *_: object, **__: object) -> None:
        log(f"warning: {message}")

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.showwarning = note  # type: ignore[assignment]
            yield log
    finally:
        handler.close()


def _remove_half_written(out: Path) -> None:
    """Remove what a killed run left of files it was writing."""
    for path in out.glob(".part_*"):
        if path.is_file():
            path.unlink()
