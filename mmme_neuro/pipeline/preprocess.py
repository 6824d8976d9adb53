"""From a participant's raw files to cleaned, event-locked epochs; one failure stops no other."""

import json
import logging
import math
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import mne
import pandas as pd
from threadpoolctl import threadpool_limits

from mmme_neuro.epochs import Epoching, epoch
from mmme_neuro.errors import EXPECTED_FAILURES, BadInput, crash_text
from mmme_neuro.events.passes import MERGE_RULES, MergeRule
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
    remove_derivatives,
    software,
    stale_because,
)
from mmme_neuro.recording import Recording
from mmme_neuro.rejection import Rejection, reject
from mmme_neuro.signals.body.derive import Deriving, derive_physio
from mmme_neuro.signals.eeg.clean import Cleaned, Cleaning, clean_eeg, find_components


@dataclass(frozen=True, kw_only=True)
class Options:
    """Choices of the preprocessing; each verb's own are with the verb.

    Attributes
    ----------
    clean : Cleaning
        Cleaning of the EEG (`clean_eeg`).
    physio : Deriving
        Derivation of autonomic signals (`derive_physio`).
    epochs : Epoching
        Cutting of epochs (`epoch`).
    reject : Rejection
        Rejection of epochs (`reject`).
    merge : {"union", "intersection", "first", "adjudicated"}
        How annotation passes are merged.
    continuous : bool
        Whether the derived physiology and the signals of regions are kept whole, for
        deconvolution.
    rng : int
        Seed of ICA, RANSAC and autoreject.

    Raises
    ------
    BadInput
        For an option that cannot be.

    Examples
    --------
    >>> Options(clean=Cleaning(line_hz=60.0), rng=1).clean.line_hz
    60.0
    """

    clean: Cleaning = field(default_factory=Cleaning)
    physio: Deriving = field(default_factory=Deriving)
    epochs: Epoching = field(default_factory=Epoching)
    reject: Rejection = field(default_factory=Rejection)
    merge: MergeRule = "union"
    continuous: bool = True
    rng: int

    def __post_init__(self) -> None:
        if self.merge not in MERGE_RULES:
            raise BadInput(f"merge must be one of {MERGE_RULES}, got {self.merge!r}.")


@dataclass(frozen=True)
class Outcome:
    """What became of one participant: a status, a reason if it failed, and counts.

    ``status`` is ``"done"``, ``"excluded"`` (by a decision), ``"failed"`` (by what ``reason``
    says) or ``"crashed"`` (by an error that nobody expected, a bug; its traceback is in the log).
    ``share_usable`` is the share of the events that have an epoch (NaN without any event).
    ``reran`` says why it was processed (empty: it was up to date and left as it was).
    """

    participant: str
    status: str
    reason: str
    n_epochs: int = 0
    n_excluded: int = 0
    share_usable: float = math.nan
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
    derived = cleaned = None
    if physio is not None and not is_clean:
        # First, and then let go: the device's samples take as much memory as the EEG's.
        derived = derive_physio(physio, **vars(options.physio))
        physio = derived.raw
        recording = replace(recording, physio=physio)
    names = [] if eeg is None else eeg.ch_names
    applied = apply_decisions(rows, ch_names=names, events=recording.events, fingerprint=None)
    if is_clean:
        # Filters and averages below need them in memory.
        eeg = None if eeg is None else eeg.copy().load_data(verbose="error")
    elif eeg is not None:
        cleaned, applied = _cleaned(eeg, recording.events, options, rows, applied)
        eeg = cleaned.raw
    prepared = replace(
        recording.with_signals(eeg=eeg, physio=physio), events=_decided(recording.events, applied)
    )
    windows = vars(options.epochs) | ({"eeg": None} if eeg is None else {})
    locked = epoch(prepared, **windows | ({"physio": None} if physio is None else {}))
    locked = reject(
        locked,
        kept=applied.kept,
        rng=options.rng,
        **vars(options.reject),
    )
    return Preprocessed(
        locked,
        prepared,
        applied.log,
        _muscles(recording, cleaned),
        _spectra(recording, cleaned),
        cleaned,
        derived,
    )


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
        One row per participant: ``participant, status, reason`` and counts of epochs.

    Notes
    -----
    A participant whom a decision leaves out has the status ``"excluded"`` and its reason;
    derivatives of an earlier run are removed. A participant whose sidecar matches inputs, options,
    decisions and software, and whose files are all there and unchanged, is left as it is. The
    sidecar is written last, so a run that was killed leaves none. A worker that dies fails its
    participant only: the others of a broken pool are tried again in a pool of their own.
    """
    out, sources = Path(out), list(sources)
    (out / "logs").mkdir(parents=True, exist_ok=True)
    _remove_half_written(out)
    left_out = decisions.excluded_participants
    waiting = [source for source in sources if source.participant not in left_out]
    outcomes: list[Outcome] = []

    def finished(outcome: Outcome) -> None:
        outcomes.append(outcome)
        if progress:
            progress(outcome)

    for source in sources:
        if source.participant in left_out:
            remove_derivatives(source.participant, out)
            finished(Outcome(source.participant, "excluded", left_out[source.participant]))
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
                return _counted(participant, out, why)
        except EXPECTED_FAILURES as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            folder = str(source.folder)
            text = str(error) if folder in str(error) else f"{folder}: {error}"
            log(f"FAILED: {text}")
            reason = f"{text} [{type(error).__name__} in {last.name}]"
            return Outcome(participant, "failed", reason, reran="failed")
        except Exception as error:  # a bug must not cost the other participants their run
            log(f"CRASHED: {traceback.format_exc()}")
            reason = f"{crash_text(error)} See logs/{participant}.log."
            return Outcome(participant, "crashed", reason, reran="failed")


def _read(source: Source, log: Callable[[str], None]) -> Recording:
    """Read a recording; only the caller's argument holds it."""
    recording = source.read()
    log(f"read {recording!r}")
    return recording


def _cleaned(
    eeg: mne.io.BaseRaw,
    events: pd.DataFrame,
    options: Options,
    rows: pd.DataFrame,
    applied: Applied,
) -> tuple[Cleaned, Applied]:
    """Cleaned EEG, and the decisions as far as they fit its components.

    Components are found by themselves only where people decided about some: the recording is then
    read and resampled twice, which takes a quarter longer.
    """
    choices, found = vars(options.clean), None
    if rows["kind"].str.endswith("component").any():
        if options.clean.ica:
            found = find_components(eeg, decisions=applied.cleaning, rng=options.rng, **choices)
        applied = apply_decisions(
            rows,
            ch_names=eeg.ch_names,
            events=events,
            fingerprint="" if found is None else found.fingerprint,
        )
    decisions = applied.cleaning
    cleaned = clean_eeg(eeg, components=found, decisions=decisions, rng=options.rng, **choices)
    return cleaned, applied


def _muscles(recording: Recording, cleaned: Cleaned | None) -> pd.DataFrame:
    """Muscle power around each event in the EEG as recorded and as cleaned."""
    if recording.eeg is None or cleaned is None:
        return pd.DataFrame(columns=["event", "onset", *MUSCLE_COLUMNS])
    onsets = recording.events.set_index("event")["onset"].astype(float)
    table = event_muscle_power(
        recording.eeg,
        cleaned.raw,
        onsets,
        line_hz=cleaned.options.line_hz,
        interpolated=cleaned.bad_channels,
    )
    return table.assign(onset=onsets.loc[table["event"]].to_numpy())


def _spectra(recording: Recording, cleaned: Cleaned | None) -> pd.DataFrame:
    """Spectra of the EEG as recorded and as cleaned."""
    if recording.eeg is None or cleaned is None:
        return pd.DataFrame(columns=SPECTRUM_COLUMNS)
    return spectra_around_cleaning(recording.eeg, cleaned.raw)


def _decided(events: pd.DataFrame, applied: Applied) -> pd.DataFrame:
    """Events with the reasons for which people exclude some."""
    if not applied.excluded:
        return events
    given = events.get("exclusion_reason", pd.Series("", index=events.index))
    reasons = {event: f"decided: {reason}" for event, reason in applied.excluded.items()}
    decided = events["event"].map(reasons)
    return events.assign(exclusion_reason=decided.fillna(given.fillna("").astype(str)))


def _plan(source: Source, options: Options, decisions: pd.DataFrame | None) -> Provenance:
    """What decides this participant's derivatives."""
    tables = source.tables()
    if decisions is not None and len(decisions):
        tables["decisions"] = decisions
    choices = _flat(asdict(options)) | {"already_clean": source.is_clean}
    inputs = input_digests(source.files(), tables)
    plain = json.loads(json.dumps(choices))
    return Provenance(source.participant, inputs, plain, software(Path(__file__)), {})


def _flat(options: dict) -> dict[str, object]:
    """Options under dotted names, such as ``clean.line_hz``."""
    return {
        key: value
        for name, part in options.items()
        for key, value in (
            {f"{name}.{inner}": it for inner, it in part.items()}
            if isinstance(part, dict)
            else {name: part}
        ).items()
    }


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
    n_epochs, n_excluded = (int((moments["fate"] == fate).sum()) for fate in ("epoch", "excluded"))
    n_events = n_epochs + n_excluded
    share = n_epochs / n_events if n_events else math.nan
    return Outcome(participant, "done", "", n_epochs, n_excluded, round(share, 3), why)


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
