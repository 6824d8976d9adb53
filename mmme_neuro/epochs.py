"""Event-locked epochs: EEG and physiology cut around the same events, row for row."""

import numbers
import warnings
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import mne
import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput, MissingInput
from mmme_neuro.events.ids import EVENT, check_unique
from mmme_neuro.io.breaks import CUT, across, cuts, skipped
from mmme_neuro.recording import Recording, warn_of_shared_clock
from mmme_neuro.stats.tables import check_hashable

__all__ = [
    "EventLocked",
    "Epoching",
    "epoch",
    "concatenate",
]

Landmark = Literal["onset", "apex", "offset"]
LANDMARKS = get_args(Landmark)
CONDITION_COLUMNS = ("condition", "trial_type")
"""Columns that name an event's condition where the caller names none (the second is BIDS')."""

ANY_EVENT = "event"
MISSING_LABEL = "missing"
MANY_LATE = 0.5
"""With a larger share of events behind its end the recording and the events hardly fit."""

DEVICE_NAMES = {"eeg": "EEG", "physio": "physio"}
MODALITIES = ("eeg", "physio", "slow")
SLOW_CHANNELS = ("skt", "skt_slope", "skt_b")
"""Derived channels that follow an event for half a minute (Kistler et al. 1998)."""


@dataclass(frozen=True, eq=False)
class EventLocked:
    """Epochs of both modalities and the one table that describes them.

    Row *i* of ``events`` is epoch *i* of ``eeg``, of ``physio`` and of ``slow``; the table is the
    metadata of all. Its index and its column ``event`` are the events' ids. MNE numbers the rows of
    ``metadata`` itself; there the ids are the column ``event``.

    Parameters
    ----------
    eeg, physio : mne.Epochs | None
        Epochs with ``events`` as their metadata.
    events : DataFrame
        One row per epoch, with ``event`` (unique ids).
    excluded : DataFrame
        Events without an epoch, each with its ``exclusion_reason``.
    lock : {"onset", "apex", "offset"}
        The landmark at time 0.
    slow : mne.Epochs | None
        Longer epochs of skin temperature, NaN where the recording has ended.

    Examples
    --------
    >>> import mne, numpy as np, pandas as pd
    >>> from mmme_neuro.recording import Recording
    >>> raw = mne.io.RawArray(np.zeros((1, 2000)), mne.create_info(["CZ"], 100.0, "eeg"),
    ...                       verbose="error")
    >>> events = pd.DataFrame({"onset": [5.0, 12.0], "kind": ["posed", "spontaneous"]})
    >>> mine = Recording(eeg=raw, physio=None, events=events)
    >>> locked = epoch(mine, condition="kind", eeg=(-0.5, 1.0))
    >>> locked["kind == 'posed'"]
    <EventLocked | 1 events locked to onset, EEG 1 channels, no physio>
    >>> locked.eeg.event_id
    {'posed': 1, 'spontaneous': 2}
    """

    eeg: mne.BaseEpochs | None
    physio: mne.BaseEpochs | None
    events: pd.DataFrame
    excluded: pd.DataFrame
    lock: str = "onset"
    slow: mne.BaseEpochs | None = None

    def __post_init__(self) -> None:
        if EVENT not in self.events:
            raise BadInput(
                "events must have a column 'event', an id of each event; epoch() gives one, "
                f"with_event_ids(events) as well. Found {list(self.events.columns)}."
            )
        check_unique(self.events[EVENT])
        indexed = self.events.set_axis(self.events[EVENT].to_numpy(), axis=0)
        object.__setattr__(self, "events", indexed)
        for name in MODALITIES:
            epochs = getattr(self, name)
            if epochs is not None and not _same_rows(epochs, self.events):
                raise BadInput(
                    f"{name} must hold one epoch for each of the {len(self.events)} rows of "
                    f"events, in the same order; got {len(epochs)} epochs."
                )

    def __len__(self) -> int:
        return len(self.events)

    def __getitem__(self, query: str) -> "EventLocked":
        """Select events by a metadata query, in both modalities."""
        rows = self.events.reset_index(drop=True).query(query).index.to_numpy()
        return chosen(self, rows, self.excluded)

    def __repr__(self) -> str:
        parts = [
            f"{name} {len(epochs.ch_names)} channels" if epochs is not None else f"no {name}"
            for name, epochs in (("EEG", self.eeg), ("physio", self.physio))
        ]
        return f"<EventLocked | {len(self)} events locked to {self.lock}, {', '.join(parts)}>"


@dataclass(frozen=True)
class Epoching:
    """Options of the cutting of epochs.

    Attributes
    ----------
    condition : str | None
        Column of the events whose labels name the epochs (``event_id``), so that
        ``locked.eeg["sad"]`` holds the sad ones; an event without a label is named ``"missing"``.
        None: the first of `CONDITION_COLUMNS` that the events have, else every epoch is named
        ``"event"``.
    lock : {"onset", "apex", "offset"}
        Which landmark of the event becomes time 0.
    eeg : tuple of float | None
        Window of the EEG around the landmark (s); None leaves the EEG out.
    physio : tuple of float | None
        Window of the physiology around the landmark (s); None leaves the physiology out.
    slow : tuple of float | None
        Window of skin temperature (s), where the physiology has it. It excludes no event: samples
        beyond the end of the recording are NaN.
    baseline : tuple of float | None
        Baseline to subtract from EEG epochs (s); None leaves it to the later steps.

    Raises
    ------
    MmmeError
        For an unknown landmark.
    """

    condition: str | None = None
    lock: Landmark = "onset"
    eeg: tuple[float, float] | None = (-1.5, 2.0)
    physio: tuple[float, float] | None = (-2.0, 10.0)
    slow: tuple[float, float] | None = (-2.0, 30.0)
    baseline: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.lock not in LANDMARKS:
            raise BadInput(f"lock must be one of {LANDMARKS}, got {self.lock!r}.")


def epoch(
    recording: Recording,
    *,
    condition: str | Sequence[str] | None = Epoching.condition,
    lock: Landmark = Epoching.lock,
    eeg: tuple[float, float] | None = Epoching.eeg,
    physio: tuple[float, float] | None = Epoching.physio,
    slow: tuple[float, float] | None = Epoching.slow,
    baseline: tuple[float, float] | None = Epoching.baseline,
) -> EventLocked:
    """Cut EEG and physiology around every event.

    Parameters
    ----------
    recording : Recording
        Signals and events on one clock; any MNE Raw and a table with ``onset`` will do.
    condition : str | sequence of str | None
        See `Epoching`. Labels of several columns are joined by "/", which MNE reads as tags.
    lock, eeg, physio, slow, baseline
        See `Epoching`.

    Returns
    -------
    EventLocked
        An event stays only if its window lies inside every modality's recording, touches no
        stretch annotated as bad (MNE's convention: the description starts with "bad"), crosses no
        cut of the recording (``boundary``, ``New Segment``) and it carries no
        ``exclusion_reason``; the others are in ``excluded`` with the reason. Rows are in the order
        of their times, whatever that of ``recording.events``.

    Raises
    ------
    MmmeError
        For events on the clock of a clip, unmerged annotation passes, an unknown landmark, a
        condition that is no column or whose labels are written alike, or no event left.

    Examples
    --------
    >>> import mne, numpy as np, pandas as pd
    >>> from mmme_neuro.recording import Recording
    >>> raw = mne.io.RawArray(np.zeros((1, 2000)), mne.create_info(["CZ"], 100.0, "eeg"),
    ...                       verbose="error")
    >>> mine = Recording(eeg=raw, physio=None, events=pd.DataFrame({"onset": [5.0, 19.5]}))
    >>> locked = epoch(mine, eeg=(-0.5, 1.0))
    >>> len(locked), locked.excluded["exclusion_reason"].tolist()
    (1, ['window leaves the EEG recording'])
    """
    events = events_with_reasons(recording, lock=lock, eeg=eeg, physio=physio)
    kept = (events["exclusion_reason"] == "").to_numpy()
    if not kept.any():
        counts = events["exclusion_reason"].value_counts().to_dict()
        spans = _spans_text(recording, events[lock])
        raise MissingInput(f"no event of {len(events)} can be cut: {counts}. {spans}")
    metadata = events[kept].reset_index(drop=True)
    named = _named_conditions(metadata, condition)
    cut = {
        name: _cut(raw, times[kept], window, metadata, named, baseline if name == "eeg" else None)
        for name, (raw, window, times) in _signals(recording, events[lock], eeg, physio).items()
    }
    excluded = events[~kept].reset_index(drop=True)
    long = None
    if slow is not None and "physio" in cut:
        times = recording.physio_seconds(metadata[lock])
        long = _padded(recording.physio, times, slow, metadata, named)
    return EventLocked(cut.get("eeg"), cut.get("physio"), metadata, excluded, lock, long)


def events_with_reasons(
    recording: Recording,
    *,
    lock: Landmark = Epoching.lock,
    eeg: tuple[float, float] | None = Epoching.eeg,
    physio: tuple[float, float] | None = Epoching.physio,
) -> pd.DataFrame:
    """Return all events of a recording with the reason why one cannot be cut, without cutting.

    Parameters
    ----------
    recording, lock, eeg, physio
        As in `epoch`.

    Returns
    -------
    DataFrame
        The events with ``exclusion_reason``; empty where an epoch can be cut.
    """
    events = _in_order(_checked_events(recording.events, lock), lock)
    signals = _signals(recording, events[lock], eeg, physio)
    if not signals:
        raise MissingInput("eeg and physio are both left out or absent; nothing to cut.")
    warn_of_shared_clock(recording)
    _warn_of_late_events(recording, events[lock])
    reasons = events["exclusion_reason"].fillna("").astype(str).to_numpy(object)
    reasons = np.where(events[lock].isna() & (reasons == ""), f"{lock} not coded", reasons)
    for name, (raw, window, times) in signals.items():
        outside = ~_inside(raw, window, times) & (reasons == "")
        reasons[outside] = f"window leaves the {DEVICE_NAMES[name]} recording"
        for text, touched in _in_bad_stretch(raw, window, times).items():
            reasons[touched & (reasons == "")] = f"{DEVICE_NAMES[name]} window touches {text!r}"
    return events.assign(exclusion_reason=reasons)


def concatenate(parts: list[EventLocked]) -> EventLocked:
    """Join the epochs of several participants, keeping rows and epochs together.

    Parameters
    ----------
    parts : list of EventLocked
        All with the same channels, windows and lock.

    Returns
    -------
    EventLocked

    Raises
    ------
    MmmeError
        When there are no parts, locks differ, only some parts have a modality, or two events share
        an id.
    """
    if not parts:
        raise BadInput("parts is empty; nothing to join.")
    locks = sorted({part.lock for part in parts})
    if len(locks) > 1:
        raise BadInput(f"parts must share one lock, got {locks}; epoch them alike.")
    events = pd.concat([part.events for part in parts], ignore_index=True)
    excluded = pd.concat([part.excluded for part in parts], ignore_index=True)
    eeg, physio, slow = (
        _joined([getattr(part, name) for part in parts], events, name) for name in MODALITIES
    )
    return EventLocked(eeg, physio, events, excluded, parts[0].lock, slow)


def _joined(
    parts: list[mne.BaseEpochs | None], events: pd.DataFrame, name: str
) -> mne.BaseEpochs | None:
    """Epochs of one modality of all parts, or none where no part has it."""
    there = [part for part in parts if part is not None]
    if not there:
        return None
    if len(there) < len(parts):
        raise MissingInput(
            f"{name} is there in {len(there)} of {len(parts)} parts only; leave those parts out or "
            f"epoch all with {name}=None."
        )
    joined = joined_epochs(there)
    with mne.utils.use_log_level("error"):
        joined.metadata = events
    return joined


def joined_epochs(parts: Sequence[mne.BaseEpochs]) -> mne.BaseEpochs:
    """Join epochs whose labels may have other codes in each part, as of participants who lack some.

    Parameters
    ----------
    parts : sequence of mne.Epochs
        All with the same channels and times.

    Returns
    -------
    mne.Epochs
        ``event_id`` holds every label once; a label that keeps its code in all parts has it still.

    Examples
    --------
    >>> import mne, numpy as np
    >>> info = mne.create_info(["CZ"], 100.0, "eeg")
    >>> first, second = (
    ...     mne.EpochsArray(np.zeros((1, 1, 9)), info, [[0, 0, 1]], event_id={name: 1},
    ...                     verbose="error") for name in ("posed", "spontaneous"))
    >>> joined_epochs([first, second]).event_id
    {'posed': 1, 'spontaneous': 2}
    """
    pairs = list(dict.fromkeys(pair for part in parts for pair in part.event_id.items()))
    labels, codes = ({pair[place] for pair in pairs} for place in (0, 1))
    if len(pairs) > max(len(labels), len(codes)) or len(labels) != len(codes):
        code_of = {label: code for code, label in enumerate(sorted(labels), 1)}
        parts = [_recoded(part, code_of) for part in parts]
    return mne.concatenate_epochs(list(parts), verbose="error")


def _recoded(epochs: mne.BaseEpochs, code_of: dict[str, int]) -> mne.BaseEpochs:
    """The same epochs with other codes of their labels."""
    label_of = {code: label for label, code in epochs.event_id.items()}
    out = epochs.copy()
    out.events[:, 2] = [code_of[label_of[code]] for code in epochs.events[:, 2]]
    out.event_id = {label: code_of[label] for label in epochs.event_id}
    return out


def chosen(locked: EventLocked, rows: np.ndarray, excluded: pd.DataFrame) -> EventLocked:
    """Keep some epochs of each modality and their rows.

    Parameters
    ----------
    locked : EventLocked
        Epochs.
    rows : array of int
        Rows to keep.
    excluded : DataFrame
        What is excluded then.

    Returns
    -------
    EventLocked
    """
    return EventLocked(
        eeg=None if locked.eeg is None else locked.eeg[rows],
        physio=None if locked.physio is None else locked.physio[rows],
        slow=None if locked.slow is None else locked.slow[rows],
        events=locked.events.iloc[rows],
        excluded=excluded,
        lock=locked.lock,
    )


def _checked_events(events: pd.DataFrame, lock: str) -> pd.DataFrame:
    """Refuse events that have no place on the recording's clock."""
    if lock not in LANDMARKS:
        raise BadInput(f"lock must be one of {LANDMARKS}, got {lock!r}.")
    if lock not in events:
        raise BadInput(f"lock={lock!r} needs an events column {lock!r}; it has {list(events)}.")
    if "clock" in events and (events["clock"] == "clip").any():
        raise BadInput(
            "events are on the clock of their clips; read_recording (or place_events) moves them "
            "to the EEG clock."
        )
    if _has_unmerged_passes(events):
        raise BadInput(
            "events of several annotation passes stand side by side and would count twice; merge "
            "them (read_events(..., merge='union')) or choose one (annotation_pass=...)."
        )
    if "exclusion_reason" not in events:
        events = events.assign(exclusion_reason="")
    _warn_of_twins(events, lock)
    return events.reset_index(drop=True)


def _warn_of_twins(events: pd.DataFrame, lock: str) -> None:
    """Warn of events that stand in the table twice."""
    if not events[lock].dropna().duplicated().any():
        return
    told = events.drop(columns=[EVENT], errors="ignore").astype(str)
    n_twins = int((told.duplicated() & events[lock].notna()).sum())
    if n_twins:
        warnings.warn(
            f"{n_twins} of {len(events)} events repeat another one in every column; they are kept "
            "and count twice. If they are the same events, leave them out with "
            f"events.drop_duplicates({[lock]}), or by more of their columns.",
            UserWarning,
            stacklevel=4,
        )


def _warn_of_late_events(recording: Recording, times: pd.Series) -> None:
    """Warn where most events lie behind the recording's end, as milliseconds or samples do."""
    known = times.dropna().to_numpy(float)
    if known.size and np.mean(known > _end(recording)) > MANY_LATE:
        warnings.warn(
            f"{int(np.sum(known > _end(recording)))} of {known.size} events lie behind the end of "
            f"the recording. {_spans_text(recording, times)}",
            UserWarning,
            stacklevel=3,
        )


def _end(recording: Recording) -> float:
    """Last time of the recording on the clock of the events."""
    if recording.eeg is not None:
        return float(recording.eeg.times[-1])
    assert recording.physio is not None
    end, clock = float(recording.physio.times[-1]), recording.clock
    return end + recording.physio_start if clock is None else clock.to_reference(end)


def _spans_text(recording: Recording, times: pd.Series) -> str:
    """How long the recording is and when the events are, with what may be wrong."""
    known, end = times.dropna().to_numpy(float), _end(recording)
    if not known.size:
        return f"The recording ends at {end:g} s; no event has a time."
    text = (
        f"The recording ends at {end:g} s, the events are at {known.min():g} to {known.max():g}; "
        f"{times.name!r} must be seconds from the first sample"
    )
    sfreq = (recording.eeg or recording.physio).info["sfreq"]  # type: ignore[union-attr]
    fits = [
        what
        for what, factor in (("milliseconds", 1e3), (f"samples of {sfreq:g} Hz", sfreq))
        if known.max() > end >= known.max() / factor
    ]
    return f"{text}: are they {' or '.join(fits)}?" if fits else f"{text}."


def _in_order(events: pd.DataFrame, lock: str) -> pd.DataFrame:
    """Events in the order of their times, those without one last."""
    return events.sort_values(lock, kind="stable", ignore_index=True)


def _has_unmerged_passes(events: pd.DataFrame) -> bool:
    """Whether clips were coded in more than one pass and rows were neither chosen nor merged."""
    if "annotation_pass" not in events or "source_rows" in events:
        return False
    return len(set(events["annotation_pass"])) > 1


def _signals(
    recording: Recording,
    times: pd.Series,
    eeg: tuple[float, float] | None,
    physio: tuple[float, float] | None,
) -> dict[str, tuple[mne.io.BaseRaw, tuple[float, float], np.ndarray]]:
    """Signal, window and event times on its own clock, of each modality that is wanted."""
    parts = {}
    if recording.eeg is not None and eeg is not None:
        parts["eeg"] = recording.eeg, eeg, times.to_numpy(float)
    if recording.physio is not None and physio is not None:
        parts["physio"] = recording.physio, physio, recording.physio_seconds(times)
    return parts


def _inside(raw: mne.io.BaseRaw, window: tuple[float, float], times: np.ndarray) -> np.ndarray:
    """Whether the window around each time lies inside the recording."""
    last = (raw.n_times - 1) / raw.info["sfreq"]
    return (times + window[0] >= 0) & (times + window[1] <= last)


def _in_bad_stretch(
    raw: mne.io.BaseRaw, window: tuple[float, float], times: np.ndarray
) -> dict[str, np.ndarray]:
    """Whether the window around each time touches a stretch annotated as bad, by annotation."""
    touched: dict[str, np.ndarray] = {}
    if len(breaks := cuts(raw)):
        touched[CUT] = across(*_samples(raw, window, times), breaks)
    for annotation in raw.annotations:
        text = annotation["description"]
        if not text.upper().startswith("BAD") or text == CUT and not annotation["duration"]:
            continue
        begin = annotation["onset"] - raw.first_time
        end = begin + annotation["duration"]
        now = (times + window[0] < end) & (times + window[1] > begin)
        touched[text] = touched.get(text, False) | now
    return touched


def _samples(
    raw: mne.io.BaseRaw, window: tuple[float, float], times: np.ndarray
) -> tuple[np.ndarray, tuple[int, int]]:
    """Sample of each event from the recording's first, and the window in samples."""
    sfreq = raw.info["sfreq"]
    first, last = (int(round(edge * sfreq)) for edge in window)
    known = np.where(np.isfinite(times), times, -1.0)
    limits = -raw.n_times - abs(first) - 1, 2 * raw.n_times + abs(last)
    return np.round(np.clip(known * sfreq, *limits)).astype(int), (first, last)


def _cut(
    raw: mne.io.BaseRaw,
    times: np.ndarray,
    window: tuple[float, float],
    metadata: pd.DataFrame,
    named: tuple[list[str], dict[str, int]],
    baseline: tuple[float, float] | None,
) -> mne.Epochs:
    """Cut one modality; two events may share a sample."""
    return mne.Epochs(
        raw,
        _mne_events(raw, times, named, window),
        event_id=named[1],
        tmin=window[0],
        tmax=window[1],
        baseline=baseline,
        metadata=metadata,
        preload=True,
        reject_by_annotation=False,
        verbose="error",
    )


def _padded(
    raw: mne.io.BaseRaw,
    times: np.ndarray,
    window: tuple[float, float],
    metadata: pd.DataFrame,
    named: tuple[list[str], dict[str, int]],
) -> mne.EpochsArray | None:
    """Cut the slow channels; NaN beyond the recording's ends. None where there are none."""
    names = [name for name in SLOW_CHANNELS if name in raw.ch_names]
    if not names:
        return None
    sfreq = raw.info["sfreq"]
    first, last = (int(round(edge * sfreq)) for edge in window)
    signal = raw.get_data(names, verbose="error")
    rows = np.round(times * sfreq).astype(int)[:, None] + np.arange(first, last + 1)
    inside = (rows >= 0) & (rows < raw.n_times)
    if len(breaks := cuts(raw)):
        piece = np.searchsorted(breaks, rows, "right")
        inside &= piece == piece[:, [-first]]
    inside &= ~skipped(raw)[np.clip(rows, 0, raw.n_times - 1)]
    data = np.where(inside, signal[:, np.clip(rows, 0, raw.n_times - 1)], np.nan)
    info = raw.copy().pick(names, verbose="error").info
    return mne.EpochsArray(
        data.transpose(1, 0, 2), info, _mne_events(raw, times, named, (0.0, 0.0)), first / sfreq,
        named[1],
        metadata=metadata, verbose="error",
    )  # fmt: skip


def _mne_events(
    raw: mne.io.BaseRaw,
    times: np.ndarray,
    named: tuple[list[str], dict[str, int]],
    window: tuple[float, float],
) -> np.ndarray:
    """Events as MNE wants them: sample, zero, code of the label."""
    samples, (first, last) = _samples(raw, window, times)
    samples = _distinct(samples, -first, raw.n_times - 1 - last) + raw.first_samp
    labels, code_of = named
    codes = [code_of[label] for label in labels]
    return np.column_stack([samples, np.zeros_like(samples), codes])


def _named_conditions(
    events: pd.DataFrame, condition: str | Sequence[str] | None
) -> tuple[list[str], dict[str, int]]:
    """Label of every event, and the code of each label: their order, from 1."""
    columns = _condition_columns(events, condition)
    if not columns:
        return [ANY_EVENT] * len(events), {ANY_EVENT: 1}
    values = list(zip(*(_plain(events[name]) for name in columns), strict=True))
    known: dict[str, tuple[Hashable, ...]] = {}
    for value in values:
        label = "/".join(map(_label, value))
        other = known.setdefault(label, value)
        if other != value:
            raise BadInput(
                f"condition={condition!r}: the labels {other} and {value} are both written "
                f"{label!r}; rename one of them in the events."
            )
    ranks = [_ranks(events[name]) for name in columns]

    def place(label: str) -> list[int]:
        return [rank[value] for rank, value in zip(ranks, known[label], strict=True)]

    code_of = {label: code for code, label in enumerate(sorted(known, key=place), 1)}
    return ["/".join(map(_label, value)) for value in values], code_of


def _condition_columns(events: pd.DataFrame, condition: str | Sequence[str] | None) -> list[str]:
    """Columns that name the condition; none where the events have no such column."""
    if condition is None:
        return [name for name in CONDITION_COLUMNS if name in events][:1]
    columns = [condition] if isinstance(condition, str) else list(condition)
    absent = [name for name in columns if name not in events]
    if absent or not columns:
        raise BadInput(
            f"condition={condition!r}: must name columns of the events, which have {list(events)}."
        )
    return columns


def _plain(column: pd.Series) -> list[Hashable]:
    """Values of a column; None where there is none."""
    check_hashable(column, name="events")
    values = [None if pd.isna(value) else value for value in column]
    return [None if isinstance(v, str) and not v.strip() else v for v in values]


def _ranks(column: pd.Series) -> dict[Hashable, int]:
    """Place of each value: as in the Categorical, else sorted; a missing one last."""
    present = [value for value in dict.fromkeys(_plain(column)) if value is not None]
    if isinstance(column.dtype, pd.CategoricalDtype):
        present.sort(key=list(column.cat.categories).index)
    else:
        present.sort(key=_place)
    return {value: rank for rank, value in enumerate([*present, None])}


def _place(value: Hashable) -> tuple[bool, float, str]:
    """Numbers by their size, then texts."""
    is_number = isinstance(value, numbers.Real | np.bool_)
    return not is_number, float(value) if is_number else 0.0, str(value)  # type: ignore[arg-type]


def _label(value: Hashable) -> str:
    """Text of a label; FIF files have no semicolon in one."""
    if value is None:
        return MISSING_LABEL
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if is_whole else value).replace(";", ",")  # type: ignore[call-overload]


def _distinct(samples: np.ndarray, first: int, last: int) -> np.ndarray:
    """Move an event that shares its sample with the one before by one sample, within limits."""
    out = samples.copy()
    for index in range(1, out.size):
        out[index] = max(out[index], out[index - 1] + 1)
    # What was moved beyond the last possible sample goes back, and pushes those before it.
    out = np.minimum(out, last - np.arange(out.size)[::-1])
    if out.size and out[0] < min(first, samples[0]):
        raise BadInput(
            f"events: {out.size} events share too few samples for each to have one of its own; "
            "leave out those that stand twice."
        )
    return out


def _same_rows(epochs: mne.BaseEpochs, events: pd.DataFrame) -> bool:
    """Whether the epochs' metadata is the events table."""
    if len(epochs) != len(events):
        return False
    metadata = epochs.metadata
    return (
        metadata is not None
        and EVENT in metadata
        and np.array_equal(metadata[EVENT].to_numpy(), events[EVENT].to_numpy())
    )
