"""Audit of an events table: what is wrong with it, how often, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput
from mmme_neuro.events.coding import coded_events
from mmme_neuro.events.crowding import has_neighbor
from mmme_neuro.events.passes import merge_passes, overlap_iou
from mmme_neuro.vocabulary import (
    CAMERA_COLUMNS,
    EMOTION_BY_CODED_WORD,
    EVENT_COLUMNS,
    MICRO_MAX_DURATION_S,
    STIMULUS_WORD_BY_CODE,
)

CLOCK_LIMITS_S = (0.05, 0.2, 1.0)
"""Differences between clip and camera clock that are counted."""

CROWDING_WINDOWS_S = ((-1.0, 1.5), (-2.0, 10.0))
"""Windows around an onset, a typical EEG and a typical physiology epoch, searched for others."""

NEAR_ONSETS_S = 0.1
FEW_EVENTS = 10


@dataclass(frozen=True)
class AuditCheck:
    """One thing counted.

    Parameters
    ----------
    check : str
        What is counted.
    n, total : int
        How many, out of how many.
    remedy : str
        What to do about it.
    source_rows : tuple of int
        The sheet rows concerned; empty where the count is not of rows.
    """

    check: str
    n: int
    total: int
    remedy: str
    source_rows: tuple[int, ...] = field(default=(), repr=False)


@dataclass(frozen=True, repr=False)
class EventAudit:
    """Result of ``audit_events``.

    Parameters
    ----------
    checks : tuple of AuditCheck
    n_rows : int
        Rows of the audited table.
    """

    checks: tuple[AuditCheck, ...]
    n_rows: int

    def __repr__(self) -> str:
        return f"EventAudit({self.n_rows} rows, {len(self.checks)} checks)"

    def table(self) -> pd.DataFrame:
        """Counts of all checks.

        Returns
        -------
        DataFrame
            Columns ``check, n, share, remedy``; ``share`` is of the rows, clips, participants or
            events that the check looks at.
        """
        rows = [
            (check.check, check.n, check.n / check.total if check.total else np.nan, check.remedy)
            for check in self.checks
        ]
        return pd.DataFrame(rows, columns=["check", "n", "share", "remedy"])

    def rows(self, check: str) -> tuple[int, ...]:
        """Sheet rows that a check found.

        Parameters
        ----------
        check : str
            Its name in ``table()``.

        Returns
        -------
        tuple of int
            Row numbers as a spreadsheet shows them.
        """
        for candidate in self.checks:
            if candidate.check == check:
                return candidate.source_rows
        raise BadInput(f"check must be one of {[one.check for one in self.checks]}, got {check!r}.")


def audit_events(events: pd.DataFrame, *, ignored_columns: Sequence[str] = ()) -> EventAudit:
    """Count what is wrong with a table of events.

    Parameters
    ----------
    events : DataFrame
        Events as ``read_events`` gives them, best before merging.
    ignored_columns : sequence of str
        Columns of the sheet that were not used (``sheet_columns(path).ignored``).

    Returns
    -------
    EventAudit

    Raises
    ------
    BadInput
        When a column is missing, or a cell is not what its column holds.

    Notes
    -----
    Definitions, with the counts they give on the public sheet of 944 rows:

    - *Outside / inside the rule* compares ``expression`` with ``expression_by_rule``, in whole
      milliseconds of the clip: 13 micro rows outside, 182 macro rows inside.
    - *Shorter / longer than 500 ms* compares ``duration``, and the *clocks* compare
      ``onset_clock - onset`` with its median over the clip's rows (both passes), as the numbers
      stand in double precision: 155 macro rows, 22 micro rows, 217 / 39 / 2 clock differences. The
      sheet's hundredths have no exact binary form, so a row exactly at a limit may fall on either
      side; in whole milliseconds the counts are 156, 21 and 216 / 39 / 2.
    - *Crowding* counts merged events, within a clip.

    Examples
    --------
    >>> audit_events(read_events("coding_file.xlsx")).table()  # doctest: +SKIP
    """
    events = coded_events(events, (*EVENT_COLUMNS[1:], *CAMERA_COLUMNS))
    if events["source_row"].duplicated().any():
        again = events["source_row"][events["source_row"].duplicated()].iloc[0]
        raise BadInput(
            f"events column 'source_row' names row {again} of the sheet more than once; give each "
            "row its own number, as read_events does."
        )
    merged = events if "source_rows" in events else merge_passes(events, "union")
    checks = [
        *_pass_checks(events, merged),
        *_label_checks(events),
        *_clock_checks(events),
        *_duplicate_checks(events),
        *_crowding_checks(merged),
        *_balance_checks(events),
        *_column_checks(events, ignored_columns),
    ]
    return EventAudit(tuple(checks), len(events))


def _row_check(check: str, found: pd.Series, among: pd.Series, remedy: str) -> AuditCheck:
    """Check that counts rows: `found` of those `among`."""
    rows = tuple(found.index[found & among].tolist())
    return AuditCheck(check, len(rows), int(among.sum()), remedy, rows)


def _by_source_row(events: pd.DataFrame) -> pd.DataFrame:
    """Events indexed by their sheet row, so that what is found keeps it."""
    return events.set_index("source_row", drop=False)


def _pass_checks(events: pd.DataFrame, merged: pd.DataFrame) -> list[AuditCheck]:
    """Passes, and what two of them saw."""
    single = events[["clip"]].assign(name=events["annotation_pass"].str.split("+")).explode("name")
    n_passes_by_clip = single.drop_duplicates()["clip"].value_counts()
    names = sorted(set(single["name"]))
    n_seen_twice = int(merged["annotation_pass"].str.contains("+", regex=False).sum())
    return [
        AuditCheck(
            "annotation passes",
            len(names),
            len(names),
            f"Passes {', '.join(names)}: choose one (annotation_pass=) or merge them (merge=).",
        ),
        AuditCheck(
            "clips annotated in more than one pass",
            int((n_passes_by_clip > 1).sum()),
            len(n_passes_by_clip),
            "Merge before counting or epoching: their events are in the sheet twice.",
        ),
        AuditCheck(
            "events seen by more than one pass",
            n_seen_twice,
            len(merged),
            "After merging. Use them to estimate the coders' agreement.",
        ),
    ]


def _label_checks(events: pd.DataFrame) -> list[AuditCheck]:
    """Labels against the rule, and offsets that were not coded."""
    events = _by_source_row(events)
    is_micro, is_macro = events["expression"] == "micro", events["expression"] == "macro"
    is_short = events["duration"] <= MICRO_MAX_DURATION_S
    by_rule = "Analyze as coded and by rule (expression_by_rule); keep duration as a covariate."
    everything = pd.Series(True, index=events.index)
    return [
        _row_check(
            "micro rows outside the rule",
            events["expression_by_rule"] == "macro",
            is_micro,
            by_rule,
        ),
        _row_check("micro rows longer than 500 ms", ~is_short, is_micro, by_rule),
        _row_check(
            "macro rows inside the rule", events["expression_by_rule"] == "micro", is_macro, by_rule
        ),
        _row_check("macro rows lasting 500 ms or less", is_short, is_macro, by_rule),
        _row_check(
            "offsets not coded (apex = offset)",
            events["censored"],
            everything,
            "Their duration is censored: prefer the rise (onset to apex), or model the censoring.",
        ),
    ]


def _clock_checks(events: pd.DataFrame) -> list[AuditCheck]:
    """Clip time against the camera's clock; only where the table has both."""
    if "onset_clock" not in events or not (events["clock"] == "clip").all():
        return []
    events = _by_source_row(events)
    clip_start = events["onset_clock"] - events["onset"]
    difference = (clip_start - clip_start.groupby(events["clip"]).transform("median")).abs()
    return [
        _row_check(
            f"clip and camera clock differ by more than {limit * 1000:.0f} ms",
            difference > limit,
            difference.notna(),
            "Place events by the camera clock and the triggers, never by clip time alone.",
        )
        for limit in CLOCK_LIMITS_S
    ]


def _duplicate_checks(events: pd.DataFrame) -> list[AuditCheck]:
    """Rows that look like one event."""
    events = _by_source_row(events)
    everything = pd.Series(True, index=events.index)
    repeated = events.duplicated(["clip", "onset", "apex", "offset"], keep="first")
    ordered = events.sort_values(["clip", "onset"], kind="stable")
    is_near = ordered.groupby("clip")["onset"].diff() < NEAR_ONSETS_S
    overlaps = pd.Series(False, index=events.index)
    for _, clip in events.groupby("clip"):
        iou = overlap_iou(clip, clip)
        np.fill_diagonal(iou, 0)
        overlaps[clip.index] = np.any(iou > 0, axis=1)
    merge = "Merge (merge='union')."
    return [
        _row_check("rows with all three times of an earlier row", repeated, everything, merge),
        _row_check(
            "onsets less than 100 ms after another of the clip",
            is_near.loc[events.index],
            everything,
            merge,
        ),
        _row_check("rows that overlap another of the clip", overlaps, everything, merge),
    ]


def _crowding_checks(merged: pd.DataFrame) -> list[AuditCheck]:
    """Events with others in their window."""
    return [
        AuditCheck(
            f"events with another onset in {start:g} to {stop:g} s",
            int(has_neighbor(merged, start, stop).sum()),
            len(merged),
            "Counted after merging. Deconvolve, or report and exclude with a reason.",
        )
        for start, stop in CROWDING_WINDOWS_S
    ]


def _balance_checks(events: pd.DataFrame) -> list[AuditCheck]:
    """How unequally micro-expressions fall on participants."""
    counts = pd.crosstab(events["participant"], events["expression"])
    counts = counts.reindex(columns=["macro", "micro"], fill_value=0)
    micro = counts["micro"]
    n_micro = int(micro.sum())
    few = (counts < FEW_EVENTS).any(axis=1)
    spread = f"{micro.min()} to {micro.max()} micro rows a participant, median {micro.median():g}"
    return [
        AuditCheck(
            f"participants with fewer than {FEW_EVENTS} micro or macro rows",
            int(few.sum()),
            len(counts),
            f"{spread}: use mixed models on single events rather than participant averages.",
        ),
        AuditCheck(
            "micro rows of the three participants with most",
            int(micro.nlargest(3).sum()),
            n_micro,
            "Repeat the analysis without them.",
        ),
    ]


def _column_checks(events: pd.DataFrame, ignored: Sequence[str]) -> list[AuditCheck]:
    """Columns that do not mean what their name says."""
    category = events["code"].map(STIMULUS_WORD_BY_CODE).map(EMOTION_BY_CODED_WORD)
    named = f" ({', '.join(ignored)})" if ignored else ""
    return [
        _row_check(
            "rows whose emotion is the video's category",
            (events["emotion"] == category).set_axis(events["source_row"]),
            pd.Series(True, index=events["source_row"]),
            "Treat emotion as a property of the stimulus: give models a random effect of stimulus.",
        ),
        AuditCheck(
            f"columns of the sheet ignored{named}",
            len(ignored),
            len(ignored),
            "'dif' is frames in one pass and milliseconds in the other: rise is computed anew.",
        ),
    ]
