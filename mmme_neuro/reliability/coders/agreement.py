"""Agreement of two coders of facial events: what they saw, what they called it, and when."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput
from mmme_neuro.events.coding import normalize_action_units
from mmme_neuro.reliability.coders.action_units import (
    ESTIMATE,
    action_unit_index,
    action_unit_table,
    label_places,
    time_unit_table,
)
from mmme_neuro.reliability.coders.detection import (
    Criterion,
    OverlapAbove,
    detection_table,
    match_events,
)
from mmme_neuro.reliability.coders.labels import label_agreement
from mmme_neuro.reliability.coders.timing import timing_table
from mmme_neuro.stats.levels import sorted_by_size
from mmme_neuro.stats.resampling import ParticipantIntervals
from mmme_neuro.stats.tables import check_table, checked_columns

LONGEST_CLIP_S = 1e6
"""Eleven days: times beyond it count from elsewhere, or in another unit."""

REQUIRED = ("participant", "clip", "onset", "apex", "offset", "action_units")


@dataclass(frozen=True, eq=False, repr=False)
class Agreement:
    """How far two coders of the same clips agree, with intervals over participants.

    Parameters
    ----------
    criterion : OverlapAbove or OnsetWithin
        Which pairs of rows count as one event.
    pairs : DataFrame
        One row per event that both saw: ``participant, clip, row_a, row_b, score, censored``
        (an offset not coded by one of them) and the columns of both with ``_a`` and ``_b``, the
        condition as ``label``.
    n_a, n_b : int
        Events of each coder in the clips that both saw.
    n_clips, n_participants : int
        What both saw.
    left_out_clips : tuple of str
        Clips with events of one coder that count as not seen by the other.
    detection : DataFrame
        One row per criterion: ``criterion, threshold, n_matched, n_a, n_b``, the shares ``found_a``
        of B's events that A saw and ``found_b``, and ``f1`` = 2 n_matched / (n_a + n_b) with
        ``ci_low, ci_high``.
    labels : DataFrame
        `label_agreement` on the condition of the matched events.
    action_unit_index : Series
        ``estimate, ci_low, ci_high, n`` of 2 agreed / (n1 + n2).
    action_units : DataFrame
        `action_unit_table` of the matched events.
    timing : DataFrame
        `timing_table` of the matched events.
    time_units : DataFrame
        `time_unit_table` of the clips.
    """

    criterion: Criterion
    pairs: pd.DataFrame
    n_a: int
    n_b: int
    n_clips: int
    n_participants: int
    left_out_clips: tuple[str, ...]
    detection: pd.DataFrame
    labels: pd.DataFrame
    action_unit_index: pd.Series
    action_units: pd.DataFrame
    timing: pd.DataFrame
    time_units: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """The main numbers in one tidy table.

        Returns
        -------
        DataFrame
            Columns ``measure`` (detection, action_units, labels, timing, time_units),
            ``quantity, estimate, ci_low, ci_high, n, unit``.
        """
        parts = [
            _part(
                "detection", "f1 " + self.detection["criterion"], self.detection, "f1", "n_matched"
            ),
            _part("action_units", ["index"], self.action_unit_index.to_frame().T, "estimate", "n"),
            _part("labels", self.labels.index, self.labels, "estimate", "n_units"),
            *(
                _part("timing", f"{name} " + self.timing.index, self.timing, name, "n")
                for name in ("median_abs_ms", "bias_ms", "icc_agreement")
                if name in self.timing
            ),
            _part("time_units", self.time_units.index, self.time_units, "estimate", "n"),
        ]
        return pd.concat(parts, ignore_index=True)

    def __repr__(self) -> str:
        return (
            f"<Agreement | {self.criterion} | {len(self.pairs)} matches of {self.n_a} and "
            f"{self.n_b} events | {self.n_clips} clips, {self.n_participants} participants>"
        )


def agreement(
    events_a: pd.DataFrame,
    events_b: pd.DataFrame,
    *,
    condition: str,
    levels: Sequence[str] = (),
    criterion: Criterion = OverlapAbove(),  # noqa: B008
    clips: Sequence[str] | None = None,
    clip_s: Mapping[str, float] | float | None = None,
    unit_s: float = 0.1,
    confidence: float = 0.95,
    rng: np.random.Generator | int | None = None,
    n_resamples: int = 2000,
) -> Agreement:
    """Agreement of two coders who watched the same clips.

    Parameters
    ----------
    events_a, events_b : DataFrame
        Events of each coder, as ``read_events(path, annotation_pass="A")`` gives them: columns
        ``participant, clip, onset, apex, offset`` (s of the clip), ``action_units``, the condition
        and, if present, ``censored``.
    condition : str
        Column of the label that each coder gave to an event.
    levels : sequence of str
        Labels from the weakest to the strongest, for kappas that weigh how far two labels lie
        apart; by default those of an ordered Categorical, or numbers by size. Labels that are not
        named follow; where these are several words, ``label_kappa_linear`` is NaN.
    criterion : OverlapAbove or OnsetWithin
        Which pairs of rows count as one event in action units, labels and timing.
    clips : sequence of str, optional
        Clips that both coders watched. Without it, those in which both found an event: a sheet
        does not list clips where a coder found nothing, so detection then looks better than it is.
    clip_s : mapping of str to float, or float, optional
        Length of each clip (s) for the units of time. Without it a clip ends with its last event,
        which makes kappa over units of time a little too small.
    unit_s : float
        Unit of time (s).
    confidence : float
        Level of the intervals.
    rng : Generator or int, optional
        For bootstrap intervals with participants resampled whole; jackknife over participants
        without (medians and limits of agreement have closed intervals over participants).
    n_resamples : int
        Number of bootstrap samples.

    Returns
    -------
    Agreement

    Raises
    ------
    ValueError
        When columns are missing, times are not in order, a table holds several passes, or no clip
        was seen by both.

    Notes
    -----
    Matches are one to one, as many as possible (`match_events`). Time correlations are those of
    one coder; of onset, apex and offset they are near 1 by the length of the clip alone, so read
    those of ``rise`` and ``duration``.

    Examples
    --------
    >>> sheet = "coding_file.xlsx"
    >>> coder_a, coder_b = (read_events(sheet, annotation_pass=p) for p in "AB")  # doctest: +SKIP
    >>> agreement(coder_a, coder_b, condition="kind", rng=1).table()  # doctest: +SKIP
    """
    resampling = ParticipantIntervals(confidence, rng, n_resamples)
    if not unit_s > 0:
        raise ValueError(f"unit_s must be above 0 s, got {unit_s!r}.")
    own_a = _checked(events_a, "events_a", condition)
    own_b = _checked(events_b, "events_b", condition)
    common, left_out = _common_clips(own_a, own_b, clips)
    a, b = (_of_clips(events, common) for events in (own_a, own_b))
    pairs = _pairs(a, b, match_events(a, b, criterion), condition)
    found = set(a[condition]) | set(b[condition])
    categories = sorted(found, key=str)
    levels = levels or _stated_levels(found, events_a[condition], events_b[condition])
    places = label_places(categories, levels)
    unnamed = found - set(levels)
    if len(unnamed) > 1:
        warnings.warn(
            f"labels {sorted(unnamed, key=str)} of {condition!r} have no order, so "
            "label_kappa_linear is NaN; name them from the weakest to the strongest with levels=.",
            stacklevel=2,
        )
    lengths = _lengths(common, a, b, clip_s)
    named_a, named_b = (events.assign(label=events[condition]) for events in (a, b))
    return Agreement(
        criterion=criterion,
        pairs=pairs,
        n_a=len(a),
        n_b=len(b),
        n_clips=len(common),
        n_participants=pd.concat([a["participant"], b["participant"]]).nunique(),
        left_out_clips=left_out,
        detection=detection_table(a, b, resampling=resampling),
        labels=label_agreement(
            pairs[["label_a", "label_b"]],
            participant=pairs["participant"],
            categories=categories,
            confidence=confidence,
            rng=rng,
            n_resamples=n_resamples,
        )
        if len(pairs)
        else _no_labels(),
        action_unit_index=pd.Series(action_unit_index(pairs, resampling)),
        action_units=action_unit_table(pairs, resampling),
        timing=timing_table(pairs, resampling),
        time_units=time_unit_table(
            named_a, named_b, places, lengths, unit_s, resampling, is_ranked=len(unnamed) < 2
        ),
    )


def _stated_levels(found: set, *columns: pd.Series) -> list:
    """Labels in the order of an ordered Categorical, or of their size; none for words."""
    for column in columns:
        if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered:
            return list(column.cat.categories)
    return sorted_by_size(found) or []


def _checked(events: pd.DataFrame, name: str, condition: str) -> pd.DataFrame:
    """A coder's table with plain columns; raise where it cannot be compared."""
    others = events.columns if isinstance(events, pd.DataFrame) else ()
    check_table(events, [*REQUIRED, condition, *others], name=name)
    passes = [column for column in ("annotation_pass",) if column in events]
    events = checked_columns(
        events, name=name, labels=["participant", "clip", "action_units", condition, *passes],
        numbers=["onset", "apex", "offset"],
    )  # fmt: skip
    unnamed = events[["participant", "clip"]].isna().any(axis=1)
    if unnamed.any():
        raise BadInput(
            f"{name}: every event needs a participant and a clip, {int(unnamed.sum())} lack one: "
            "name or remove them."
        )
    if events[condition].isna().any():
        raise BadInput(
            f"{name}: every event needs a label in {condition!r}, "
            f"{int(events[condition].isna().sum())} have none: label or remove them."
        )
    units = events["action_units"].fillna("").astype(str)
    events = events.assign(
        action_units=units.map({text: normalize_action_units(text) for text in units.unique()})
    )
    passes = sorted(set(events.get("annotation_pass", ())), key=str)
    if len(passes) > 1:
        raise ValueError(
            f"{name} must hold the events of one coder, got the passes {passes}; read it with "
            "annotation_pass=."
        )
    wrong = ~(events["onset"] < events["offset"])
    if wrong.any():
        raise ValueError(
            f"{name}: onset must lie before offset; {int(wrong.sum())} events break this, first "
            f"in row {wrong.to_numpy().argmax()}: correct or remove them."
        )
    return events


def _common_clips(
    a: pd.DataFrame, b: pd.DataFrame, clips: Sequence[str] | None
) -> tuple[list[str], tuple[str, ...]]:
    """Clips that both coders watched, and those with events that only one did."""
    found = set(a["clip"]) | set(b["clip"])
    common = set(a["clip"]) & set(b["clip"]) if clips is None else set(clips) & found
    if not common:
        raise ValueError(
            f"no clip holds events of both coders ({a['clip'].nunique()} clips of events_a, "
            f"{b['clip'].nunique()} of events_b); check that clips are named alike."
        )
    return sorted(common, key=str), tuple(sorted(found - common, key=str))


def _of_clips(events: pd.DataFrame, clips: Sequence[str]) -> pd.DataFrame:
    """Events of these clips."""
    return events[events["clip"].isin(clips)].reset_index(drop=True)


def _pairs(a: pd.DataFrame, b: pd.DataFrame, matches: pd.DataFrame, condition: str) -> pd.DataFrame:
    """Both coders' columns of each matched event."""
    first, second = a.iloc[matches["row"]], b.iloc[matches["other_row"]]
    columns = {
        "participant": first["participant"].to_numpy(),
        "clip": first["clip"].to_numpy(),
        "row_a": matches["row"].to_numpy(),
        "row_b": matches["other_row"].to_numpy(),
        "score": matches["score"].to_numpy(),
        "censored": _not_coded(first) | _not_coded(second),
    }
    for name, column in (*((name, name) for name in REQUIRED[2:]), ("label", condition)):
        columns[f"{name}_a"] = first[column].to_numpy()
        columns[f"{name}_b"] = second[column].to_numpy()
    return pd.DataFrame(columns)


def _not_coded(events: pd.DataFrame) -> np.ndarray:
    """Whether the offset is the apex, that is, was not coded."""
    if "censored" in events:
        return events["censored"].to_numpy(dtype=bool)
    return (events["apex"] == events["offset"]).to_numpy()


def _lengths(
    clips: Sequence[str],
    a: pd.DataFrame,
    b: pd.DataFrame,
    clip_s: Mapping[str, float] | float | None,
) -> dict[str, float]:
    """Length of each clip (s)."""
    ends = pd.concat([a, b]).groupby("clip", observed=True)["offset"].max()
    longest = float(ends.max()) if len(ends) else 0.0
    if longest > LONGEST_CLIP_S:
        raise BadInput(
            f"an event ends {longest:g} s after the start of its clip; onset, apex and offset must "
            "be in seconds from the start of the clip."
        )
    if clip_s is None:
        return {clip: float(ends[clip]) for clip in clips}
    lengths = clip_s if isinstance(clip_s, Mapping) else dict.fromkeys(clips, clip_s)
    missing = [clip for clip in clips if clip not in lengths]
    if missing:
        raise ValueError(
            f"clip_s lacks the length of {len(missing)} clips, such as {missing[0]!r}."
        )
    short = [clip for clip in clips if lengths[clip] < ends.get(clip, 0.0)]
    if short:
        raise ValueError(
            f"clip_s: {short[0]!r} lasts {lengths[short[0]]:g} s but has an event until "
            f"{ends[short[0]]:g} s; give lengths in seconds."
        )
    return {clip: float(lengths[clip]) for clip in clips}


def _no_labels() -> pd.DataFrame:
    """Agreement on labels where nothing was matched."""
    return pd.DataFrame(columns=[*ESTIMATE, "n_units", "n_clusters"]).rename_axis("coefficient")


def _part(
    measure: str,
    quantities: Sequence[str] | pd.Index | pd.Series,
    table: pd.DataFrame,
    value: str,
    n: str,
) -> pd.DataFrame:
    """Rows of `Agreement.table` from one of its tables."""
    ends = ("ci_low", "ci_high")
    limits = [f"{value}_{end}" if f"{value}_{end}" in table else end for end in ends]
    is_ms = value.endswith("_ms")
    return pd.DataFrame(
        {
            "measure": measure,
            "quantity": np.asarray(quantities, dtype=object),
            "estimate": table[value].to_numpy(dtype=float),
            "ci_low": table[limits[0]].to_numpy(dtype=float),
            "ci_high": table[limits[1]].to_numpy(dtype=float),
            "n": table[n].to_numpy(dtype=int),
            "unit": "ms" if is_ms else "1",
        }
    )
