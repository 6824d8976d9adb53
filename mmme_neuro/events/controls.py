"""Control windows: moments of the same participant and clip with no event nearby."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput
from mmme_neuro.events.ids import with_event_ids
from mmme_neuro.stats.tables import check_table, checked_columns
from mmme_neuro.vocabulary import STIMULUS_END_CODE, is_stimulus_code

EEG_DISTANCE_S = 5.0
PHYSIO_DISTANCE_S = 12.0
"""Away from any event by this much, EEG and slow peripheral signals are taken to be undisturbed."""

Span = tuple[float, float]


def clip_spans(codes: pd.DataFrame) -> pd.DataFrame:
    """Find when each clip was shown, from the trigger codes.

    Parameters
    ----------
    codes : DataFrame
        ``code, onset`` (s of the EEG clock), such as ``Recording.codes``. A clip starts at the
        first occurrence of its code, as for the events' placement.

    Returns
    -------
    DataFrame
        ``code, start, stop`` (s) and ``stop_source``: ``"code"`` where the clip's end code is
        there; ``"median"`` where it was lost and the median length of the other clips (at most up
        to the next clip) stands in. Without any length the clip stays, ``stop`` missing.

    Examples
    --------
    >>> import pandas as pd
    >>> clip_spans(pd.DataFrame({"code": [101, 100, 102], "onset": [10.0, 64.0, 99.0]}))
       code  start   stop stop_source
    0   101   10.0   64.0        code
    1   102   99.0  153.0      median
    """
    check_table(codes, ("code", "onset"), name="codes")
    codes = codes.sort_values("onset", kind="stable")
    starts = codes[[is_stimulus_code(code) for code in codes["code"]]].drop_duplicates("code")
    spans = pd.DataFrame({"code": starts["code"], "start": starts["onset"].astype(float)})
    spans = spans.reset_index(drop=True)
    following = spans["start"].shift(-1, fill_value=np.inf).to_numpy()
    ends = codes.loc[codes["code"] == STIMULUS_END_CODE, "onset"].to_numpy(dtype=float)
    stop = _first_after(ends, spans["start"].to_numpy())
    has_end = stop < following
    lengths = (stop - spans["start"].to_numpy())[has_end]
    usual = float(np.median(lengths)) if len(lengths) else np.nan
    stand_in = np.minimum(spans["start"].to_numpy() + usual, following)
    spans["stop"] = np.where(has_end, stop, stand_in)
    spans["stop_source"] = np.where(has_end, "code", "median")
    return spans


def control_events(
    events: pd.DataFrame,
    clips: pd.DataFrame,
    *,
    condition: str,
    rng: np.random.Generator | int,
    distance: float = EEG_DISTANCE_S,
    n_per_event: int = 1,
) -> pd.DataFrame:
    """Choose control moments for every event: same participant, same clip, no event nearby.

    Parameters
    ----------
    events : DataFrame
        One participant's events on the EEG clock: ``code, onset`` (s) and, where coded, ``offset``.
    clips : DataFrame
        When each clip was shown: ``code, start, stop`` (s of the EEG clock), see `clip_spans`.
    condition : str
        Column that names the conditions of the events; it says ``"control"`` for every control.
    rng : Generator | int
        Decides whose control is chosen first and between equally near moments.
    distance : float
        Seconds around a control in which there is neither any part of an event nor another control:
        5 for EEG, 12 (`PHYSIO_DISTANCE_S`) for physiology.
    n_per_event : int
        Controls for each event.

    Returns
    -------
    DataFrame
        ``n_per_event`` rows per event, columns of `events`, by onset: `condition` is
        ``"control"``; ``apex`` and ``offset`` are as far from the onset as the event's;
        ``event`` is the event's id with the number of the control (``e0012-control1``),
        ``matched_event`` and ``matched_onset`` (s) are the event's id and onset, and
        ``time_difference`` (s) is the control's time in the video minus the event's. A row for
        which no moment is left has an ``exclusion_reason`` and no times.

    Raises
    ------
    BadInput
        When columns are missing, several participants are mixed, or events are on a clip's clock.

    Notes
    -----
    A control is the free moment nearest to its event in the time of the video. As events take turns
    (in random order), a clip full of events gives some of them a control far away or none:
    report ``time_difference``. Events with an ``exclusion_reason`` get no control, yet keep
    controls away; clips with an event of unknown time give none.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({"code": [101], "onset": [20.0], "expression": ["micro"]})
    >>> clips = pd.DataFrame({"code": [101], "start": [10.0], "stop": [24.0]})
    >>> controls = control_events(events, clips, condition="expression", rng=1)
    >>> controls[["expression", "onset", "time_difference"]]
      expression  onset  time_difference
    0    control   15.0             -5.0
    """
    timed = [name for name in ("apex", "offset") if name in events]
    named = [
        name for name in (condition, "participant", "clock", "exclusion_reason") if name in events
    ]
    events = checked_columns(
        events, name="events", labels=named, numbers=["onset", *timed], whole=["code"]
    )
    clips = checked_columns(
        clips, name="clips", numbers=["start", "stop"], whole=["code"], is_finite=False
    )
    _check_arguments(events, distance=distance, n_per_event=n_per_event)
    rng = np.random.default_rng(rng)
    events = with_event_ids(events).reset_index(drop=True)
    spans = {
        int(code): (float(start), float(stop))
        for code, start, stop in clips[["code", "start", "stop"]].to_numpy()[::-1]
    }
    onset, reason = _chosen_moments(
        events, spans, distance=distance, n_per_event=n_per_event, rng=rng
    )
    controls = events.loc[np.repeat(events.index, n_per_event)].reset_index(drop=True)
    turns = np.tile(np.arange(1, n_per_event + 1), len(events))
    ids = [f"{name}-control{turn}" for name, turn in zip(controls["event"], turns, strict=True)]
    controls = controls.assign(event=ids, matched_event=controls["event"])
    return _as_controls(controls, onset.ravel(), reason.ravel(), condition=condition)


def _first_after(times: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """First of the sorted times after each moment; infinite where there is none."""
    return np.append(times, np.inf)[np.searchsorted(times, moments, side="right")]


def _check_arguments(events: pd.DataFrame, *, distance: float, n_per_event: int) -> None:
    """Refuse events whose clock is not the clips', or of several people."""
    if "clock" in events and (events["clock"] == "clip").any():
        raise BadInput(
            "events are on the clock of their clips; read_recording (or place_events) moves them "
            "to the EEG clock."
        )
    participants = set(events["participant"]) if "participant" in events else set()
    if len(participants) > 1:
        raise BadInput(
            f"events: expected one participant, found {len(participants)}; choose controls for "
            "each recording apart."
        )
    if not (distance > 0 and n_per_event >= 1):
        raise BadInput(
            f"distance must be positive (s) and n_per_event at least 1, got {distance}, "
            f"{n_per_event}."
        )


def _chosen_moments(
    events: pd.DataFrame,
    spans: dict[int, Span],
    *,
    distance: float,
    n_per_event: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Onset (s) and reason of each control, arrays of shape (n_events, n_per_event)."""
    onset = np.full((len(events), n_per_event), np.nan)
    reason = np.full((len(events), n_per_event), "", dtype=object)
    taken = _neighborhoods(events, distance)
    excluded = _exclusion_reasons(events)
    codes = events["code"].to_numpy(dtype=int)
    for code in np.unique(codes):
        rows = np.flatnonzero(codes == code)
        refusal = _clip_refusal(events.iloc[rows], spans.get(code))
        free = [] if refusal else _free_spans(spans[code], taken)
        for turn in range(n_per_event):
            for row in rng.permutation(rows):
                if refusal or excluded[row]:
                    reason[row, turn] = refusal or f"the event is excluded ({excluded[row]})"
                    continue
                moment = _nearest_free(free, float(events["onset"].iloc[row]), rng)
                if moment is None:
                    reason[row, turn] = (
                        f"no moment of the clip left that is {distance:g} s from any event"
                    )
                    continue
                onset[row, turn] = moment
                free = _without(free, (moment - distance, moment + distance))
    return onset, reason


def _neighborhoods(events: pd.DataFrame, distance: float) -> list[Span]:
    """Stretches around all events, excluded ones too, in which no control may lie."""
    onset = events["onset"].to_numpy(dtype=float)
    offset = events["offset"].to_numpy(dtype=float) if "offset" in events else onset
    last = np.fmax(onset, offset)
    known = np.isfinite(onset)
    return list(zip(onset[known] - distance, last[known] + distance, strict=True))


def _exclusion_reasons(events: pd.DataFrame) -> np.ndarray:
    """Reason of each excluded event; empty for the others."""
    if "exclusion_reason" not in events:
        return np.full(len(events), "", dtype=object)
    return events["exclusion_reason"].fillna("").astype(str).to_numpy(dtype=object)


def _clip_refusal(events: pd.DataFrame, span: Span | None) -> str:
    """Reason why a clip can give no control, empty if it can."""
    if span is None:
        return "the clip's start code is not in the recording"
    if not np.isfinite(span[1]):
        return "the clip's end is not known"
    if events["onset"].isna().any():
        return "an event of the clip has no known time"
    return ""


def _free_spans(clip: Span, taken: Iterable[Span]) -> list[Span]:
    """What is left of a clip outside the stretches taken."""
    free = [clip] if clip[0] < clip[1] else []
    for stretch in taken:
        free = _without(free, stretch)
    return free


def _without(free: list[Span], stretch: Span) -> list[Span]:
    """Free spans less an open stretch; its ends stay free."""
    left = [(start, min(stop, stretch[0])) for start, stop in free if start <= stretch[0]]
    right = [(max(start, stretch[1]), stop) for start, stop in free if stop >= stretch[1]]
    return sorted({*left, *right})


def _nearest_free(free: list[Span], moment: float, rng: np.random.Generator) -> float | None:
    """Free moment nearest to another; chance decides between equally near ones."""
    if not free:
        return None
    candidates = np.array([min(max(moment, start), stop) for start, stop in free])
    away = np.abs(candidates - moment)
    # Sums of decimal times differ in their last digit.
    nearest = candidates[away <= away.min() + 1e-9]
    return float(rng.choice(nearest))


def _as_controls(
    controls: pd.DataFrame, onset: np.ndarray, reason: np.ndarray, *, condition: str
) -> pd.DataFrame:
    """Turn copies of the matched events into control rows at other onsets."""
    matched = controls["onset"].to_numpy(dtype=float)
    moved = {
        name: controls[name].to_numpy(dtype=float) - matched + onset
        for name in ("apex", "offset")
        if name in controls
    }
    other: dict[str, Any] = {"expression_by_rule": "control", "action_units": "", "censored": False}
    other |= {"onset_sd": 0.0, "onset_check": np.nan}
    other |= dict.fromkeys(("onset_clock", "apex_clock", "offset_clock"), np.nan)
    controls = controls.assign(
        **moved,
        **{name: value for name, value in other.items() if name in controls},
        onset=onset,
        exclusion_reason=reason,
        matched_onset=matched,
        time_difference=onset - matched,
    )
    controls[condition] = "control"
    return controls.sort_values("onset", kind="stable", ignore_index=True)
