"""Annotation passes: finding them in a sheet, and merging what two of them saw."""

import warnings
from collections.abc import Hashable
from string import ascii_uppercase
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components

from mmme_neuro.errors import BadInput
from mmme_neuro.events.coding import expression_by_rule, normalize_action_units
from mmme_neuro.stats.tables import check_table

MergeRule = Literal["union", "intersection", "first", "adjudicated"]
MERGE_RULES = get_args(MergeRule)
NOT_FINAL = "no"
FINAL_AS_CODED = "yes"
MERGED_COLUMNS = (
    "participant code clip annotation_pass source_row onset apex offset expression emotion valence "
    "action_units censored exclusion_reason"
).split()
"""Columns that merging reads."""
LEFT_OUT_COLUMNS = (
    "event",
    "source_row",
    "participant",
    "clip",
    "annotation_pass",
    "expression",
    "onset",
    "reason",
)


def infer_passes(has_counter: pd.Series, coded_at: pd.Series) -> pd.Series:
    """Tell concatenated passes apart by the format of their frame names and the coding dates.

    Parameters
    ----------
    has_counter : Series of bool
        Whether the row's frame name carries a frame counter, in sheet order.
    coded_at : Series of datetime
        When the row was coded; NaT where not known.

    Returns
    -------
    Series of str
        ``"A"``, ``"B"`` for each row.

    Notes
    -----
    A new pass begins where the format changes and the coding date steps back: one coder's list may
    change format half-way, but time goes on. Without dates it begins at the first change. Rows in
    no such order (more than two passes by this rule) are told apart by format alone, with a
    warning: rows with a counter are A.
    """
    changes = has_counter.ne(has_counter.shift()) & (np.arange(len(has_counter)) > 0)
    steps_back = coded_at.lt(coded_at.shift())
    if coded_at.isna().all():
        steps_back = changes & (changes.cumsum() == 1)
    number = (changes & steps_back).cumsum()
    if number.max() <= 1:
        return number.map(dict(enumerate(ascii_uppercase)))
    warnings.warn(
        "annotation passes do not follow one another in this sheet; rows whose frame names have a "
        "counter are called pass A, the others B. Add a column 'Pass' to say it yourself.",
        stacklevel=2,
    )
    return has_counter.map({True: "A", False: "B"})


def merge_passes(
    events: pd.DataFrame, merge: str = "union", *, min_iou: float = 0.0
) -> pd.DataFrame:
    """Merge overlapping rows of one clip, across passes and within them, into one event each.

    Parameters
    ----------
    events : DataFrame
        Events as ``read_events`` gives them.
    merge : {"union", "intersection", "first", "adjudicated"}
        ``"union"`` keeps every event, with times averaged over the passes that saw it;
        ``"intersection"`` keeps those that two passes or more saw; ``"first"`` keeps every event
        with the times, label and action units of the first pass (by name) that saw it;
        ``"adjudicated"`` keeps the rows that the column ``adjudicated`` calls final (``"yes"``, or
        the final label ``"micro"`` / ``"macro"``; ``"no"`` for the others).
    min_iou : float
        Two rows are one event if their intersection over union exceeds this (0: any overlap).

    Returns
    -------
    DataFrame
        One row per event by participant, code and onset, with the column ``source_rows`` listing
        the sheet rows behind it; ``source_row`` is the first of them, and ``event`` the id of that
        row. ``annotation_pass`` reads
        like ``"A+B"``. `left_out_rows` lists the sheet rows that are in no event, with the reason.

    Notes
    -----
    Rows are joined to connected groups of overlapping rows. Within a pass the group spans its
    first onset to its last offset with the mean apex; between passes times are averaged. An
    offset that was not coded (equal to the apex) has no say in the time from apex to offset unless
    no pass coded it. Rows that disagree on the expression give ``"mixed"``.
    """
    if merge not in MERGE_RULES:
        raise BadInput(f"merge must be one of {MERGE_RULES}, got {merge!r}.")
    if not 0 <= min_iou < 1:
        raise BadInput(f"min_iou must be at least 0 and below 1, got {min_iou!r}.")
    check_table(events, MERGED_COLUMNS, name="events")
    events = events.reset_index(drop=True)
    events = events[_reasons_to_leave(events, merge, min_iou) == ""]
    if merge == "adjudicated":
        events = _with_final_labels(events)
    groups = _overlap_groups(events, min_iou)
    is_alone = ~groups.duplicated(keep=False)
    alone = events[is_alone]
    alone = alone.assign(source_rows=alone["source_row"].astype(str))
    overlapping = events[~is_alone]
    merged = pd.DataFrame(
        [
            _merge_group(rows, merge)
            for _, rows in overlapping.groupby(groups[overlapping.index], observed=True)
        ],
        columns=alone.columns,
    ).astype(alone.dtypes.to_dict())
    table = pd.concat([part for part in (alone, merged) if len(part)] or [alone])
    return table.sort_values(["participant", "code", "onset"], kind="stable", ignore_index=True)


def choose_pass(events: pd.DataFrame, name: str) -> pd.DataFrame:
    """Keep the rows of one annotation pass; `left_out_rows` lists the others.

    Parameters
    ----------
    events : DataFrame
        Events as coded.
    name : str
        Name of the pass, such as ``"A"``.

    Returns
    -------
    DataFrame
    """
    return events[events["annotation_pass"] == name].reset_index(drop=True)


def left_out_rows(
    events: pd.DataFrame,
    *,
    annotation_pass: str | None = None,
    merge: str | None = None,
    min_iou: float = 0.0,
) -> pd.DataFrame:
    """List the sheet rows that choosing a pass or merging leaves out.

    Parameters
    ----------
    events : DataFrame
        Rows as coded: what ``read_events`` gives without a pass or merging.
    annotation_pass, merge : str, optional
        As of ``read_events``.
    min_iou : float
        As of `merge_passes`.

    Returns
    -------
    DataFrame
        ``event, source_row, participant, clip, annotation_pass, expression, onset`` (s of the
        clip) and ``reason``, by row. Every row of the sheet is either here or behind an event.

    Examples
    --------
    >>> left_out_rows(read_events("sheet.xlsx"), merge="intersection")  # doctest: +SKIP
    """
    events = events.reset_index(drop=True)
    reasons = pd.Series("", index=events.index)
    if annotation_pass is not None:
        is_other = events["annotation_pass"] != annotation_pass
        reasons = reasons.mask(is_other, f"not of pass {annotation_pass}")
    if merge is not None:
        reasons.update(_reasons_to_leave(events[reasons == ""], merge, min_iou))
    rows = events.assign(reason=reasons).reindex(columns=list(LEFT_OUT_COLUMNS))
    return rows[reasons != ""].sort_values("source_row", ignore_index=True)


def _reasons_to_leave(events: pd.DataFrame, how: str, min_iou: float) -> pd.Series:
    """Why each row is in no merged event; empty where it is."""
    reasons = pd.Series("", index=events.index)
    if how == "intersection":
        groups = _overlap_groups(events, min_iou)
        n_passes = events.groupby(groups, observed=True)["annotation_pass"].transform("nunique")
        alone = "seen by pass " + events["annotation_pass"] + " only"
        return reasons.mask(n_passes < 2, alone)
    if how == "adjudicated":
        is_final = _is_final(events)
        groups = _overlap_groups(events, min_iou)
        has_final = is_final.groupby(groups, observed=True).transform("any")
        reasons = reasons.mask(~is_final & has_final, "another row of the event is final")
        return reasons.mask(~is_final & ~has_final, "no final event")
    return reasons


def _is_final(events: pd.DataFrame) -> pd.Series:
    """Whether each row is an adjudicated event."""
    if "adjudicated" not in events:
        raise BadInput(
            "merge='adjudicated' needs a column of the sheet that says which rows are final "
            "(Adjudicated: yes, no, Micro or Macro), found none; add it or choose another rule "
            f"of {MERGE_RULES}."
        )
    return events["adjudicated"] != NOT_FINAL


def _with_final_labels(events: pd.DataFrame) -> pd.DataFrame:
    """Rows with the adjudicated label where one was given."""
    coded = events["expression"]
    labels = coded.where(events["adjudicated"] == FINAL_AS_CODED, events["adjudicated"])
    return events.assign(expression=labels)


def _overlap_groups(events: pd.DataFrame, min_iou: float) -> pd.Series:
    """Group number of each row: connected rows of one clip whose IoU exceeds `min_iou`."""
    groups = pd.Series(0, index=events.index)
    n_groups = 0
    for rows in events.groupby("clip", observed=True).groups.values():
        clip = events.loc[rows]
        n_found, labels = connected_components(overlap_iou(clip, clip) > min_iou, directed=False)
        groups.loc[rows] = labels + n_groups
        n_groups += n_found
    return groups


def overlap_iou(events: pd.DataFrame, others: pd.DataFrame) -> np.ndarray:
    """Intersection over union of the intervals of two tables.

    Parameters
    ----------
    events, others : DataFrame
        Columns ``onset, offset`` (s, on one clock).

    Returns
    -------
    array, shape (n_events, n_others)
        0 where they do not overlap or touch at one point.

    Examples
    --------
    >>> events = pd.DataFrame({"onset": [0.0], "offset": [2.0]})
    >>> overlap_iou(events, pd.DataFrame({"onset": [1.0, 5.0], "offset": [3.0, 6.0]})).round(3)
    array([[0.333, 0.   ]])
    """
    onset, offset = events["onset"].to_numpy()[:, None], events["offset"].to_numpy()[:, None]
    other_onset, other_offset = others["onset"].to_numpy(), others["offset"].to_numpy()
    shared = np.minimum(offset, other_offset) - np.maximum(onset, other_onset)
    spanned = np.maximum(offset, other_offset) - np.minimum(onset, other_onset)
    # Sheet times are hundredths: below a microsecond a shared stretch is rounding, not overlap.
    return np.where(shared > 1e-6, shared / np.where(spanned > 0, spanned, 1), 0.0)


def _merge_group(rows: pd.DataFrame, how: str) -> dict[Hashable, Any]:
    """One event of overlapping rows; ``"first"`` hears one pass for times, label, action units."""
    event = rows.iloc[rows["source_row"].to_numpy().argmin()].to_dict()
    voices = rows
    if how == "first":
        voices = rows[rows["annotation_pass"] == rows["annotation_pass"].min()]
    event |= _mean_times(voices, ("onset", "apex", "offset"))
    event |= _mean_times(voices, ("onset_clock", "apex_clock", "offset_clock"))
    event["duration"] = event["offset"] - event["onset"]
    event["rise"] = event["apex"] - event["onset"]
    for column in ("expression", "emotion", "valence"):
        labels = set(voices[column])
        event[column] = labels.pop() if len(labels) == 1 else "mixed"
    times = ([event[name]] for name in ("onset", "apex", "offset"))
    event["expression_by_rule"] = expression_by_rule(*times)[0]
    event["action_units"] = normalize_action_units(",".join(voices["action_units"]))
    event["censored"] = bool(voices["censored"].all())
    event["annotation_pass"] = "+".join(sorted(set(rows["annotation_pass"])))
    reasons = dict.fromkeys(reason for reason in rows["exclusion_reason"] if reason)
    event["exclusion_reason"] = "; ".join(reasons)
    event["source_rows"] = ",".join(str(row) for row in sorted(rows["source_row"]))
    return event


def _mean_times(rows: pd.DataFrame, columns: tuple[str, str, str]) -> dict[Hashable, Any]:
    """Onset, apex, offset of one event: the span within each pass, then the mean over passes."""
    times = rows[list(columns)].to_numpy()
    names, censored = rows["annotation_pass"].to_numpy(), rows["censored"].to_numpy()
    spans, is_censored = [], []
    for name in sorted(set(names)):
        coded = times[names == name]
        spans.append((coded[:, 0].min(), coded[:, 1].mean(), coded[:, 2].max()))
        is_censored.append(censored[names == name].all())
    onset, apex, offset = np.array(spans).T
    heard = np.full(len(spans), True) if all(is_censored) else ~np.array(is_censored)
    decay = (offset - apex)[heard].mean()
    return dict(zip(columns, (onset.mean(), apex.mean(), apex.mean() + decay), strict=True))


def has_unmerged_passes(events: pd.DataFrame) -> bool:
    """Whether clips were coded in more than one pass and rows were neither chosen nor merged.

    Parameters
    ----------
    events : DataFrame
        One row per event.

    Returns
    -------
    bool
    """
    if "annotation_pass" not in events or "source_rows" in events:
        return False
    return len(set(events["annotation_pass"])) > 1
