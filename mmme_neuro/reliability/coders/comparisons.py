"""Agreement of the coders of one sheet, as tidy tables for several ways of matching events."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from mmme_neuro.reliability.coders.agreement import Agreement, agreement
from mmme_neuro.reliability.coders.detection import Criterion
from mmme_neuro.reliability.coders.timing import TIMES, seconds_of
from mmme_neuro.stats.tables import check_table


def pass_pairs(events: pd.DataFrame) -> pd.DataFrame:
    """List every two annotation passes that saw the same clips.

    Parameters
    ----------
    events : DataFrame
        Rows as coded, with ``annotation_pass, clip``.

    Returns
    -------
    DataFrame
        ``pass_a, pass_b, n_clips`` (with events of both), most clips first; no row where no clip
        holds events of two passes.

    Examples
    --------
    >>> events = pd.DataFrame({"annotation_pass": list("ABB"), "clip": ["c", "c", "d"]})
    >>> pass_pairs(events).to_dict("records")
    [{'pass_a': 'A', 'pass_b': 'B', 'n_clips': 1}]
    """
    check_table(events, ("annotation_pass", "clip"), name="events")
    clips = {str(name): set(rows["clip"]) for name, rows in events.groupby("annotation_pass")}
    rows = [(a, b, len(clips[a] & clips[b])) for a, b in combinations(sorted(clips), 2)]
    table = pd.DataFrame(rows, columns=["pass_a", "pass_b", "n_clips"])
    table = table[table["n_clips"] > 0]
    return table.sort_values("n_clips", ascending=False, kind="stable", ignore_index=True)


@dataclass(frozen=True, eq=False, repr=False)
class AgreementTables:
    """Two coders compared, with events matched in several ways; no table names anybody.

    All but ``detection`` and ``time_units`` have a column ``criterion``.

    Parameters
    ----------
    summary : DataFrame
        One row per criterion: counts.
    detection : DataFrame
        See `Agreement`; it does not depend on the criterion.
    labels : DataFrame
        Kappas of micro and macro, and the index of action units as ``action_unit_index``.
    action_units, timing, time_units : DataFrame
        See `Agreement`.
    confusion : DataFrame
        ``expression_a, expression_b, n, share``.
    differences : DataFrame
        One row per matched event and time: ``pair, time, difference_ms`` (A minus B), ``mean_ms``
        and ``censored``.
    """

    summary: pd.DataFrame
    detection: pd.DataFrame
    labels: pd.DataFrame
    action_units: pd.DataFrame
    timing: pd.DataFrame
    time_units: pd.DataFrame
    confusion: pd.DataFrame
    differences: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return what was compared, one row per criterion."""
        return self.summary

    def __repr__(self) -> str:
        matched = ", ".join(f"{n} matched" for n in self.summary["n_matched"])
        return f"<AgreementTables | {len(self.summary)} criteria: {matched}>"


def agreement_tables(
    events_a: pd.DataFrame,
    events_b: pd.DataFrame,
    criteria: Sequence[Criterion],
    *,
    condition: str,
    levels: Sequence[str] = (),
    unit_s: float = 0.1,
    rng: np.random.Generator | int | None = None,
    n_resamples: int = 2000,
) -> AgreementTables:
    """Compare two coders, with events matched in several ways.

    Parameters
    ----------
    events_a, events_b : DataFrame
        Events of each coder, as for `agreement`.
    criteria : sequence of OverlapAbove or OnsetWithin
        Which pairs of rows count as one event; one set of rows each.
    condition : str
        Column of the label that each coder gave to an event.
    levels : sequence of str
        Labels from the weakest to the strongest, as for `agreement`.
    unit_s : float
        Unit of time (s) of the agreement on what the face does at each moment.
    rng : Generator or int, optional
        For bootstrap intervals over participants; jackknife without.
    n_resamples : int
        Number of bootstrap samples.

    Returns
    -------
    AgreementTables

    Examples
    --------
    >>> agreement_tables(a, b, [OverlapAbove(0.5)], condition="kind", rng=1)  # doctest: +SKIP
    """
    if not criteria:
        raise ValueError("criteria must name at least one way of matching, got none.")
    found = [
        agreement(
            events_a,
            events_b,
            condition=condition,
            levels=levels,
            criterion=each,
            unit_s=unit_s,
            rng=rng,
            n_resamples=n_resamples,
        )
        for each in criteria
    ]
    return AgreementTables(
        summary=_stacked(found, _summary),
        detection=found[0].detection,
        labels=_stacked(found, _labels),
        action_units=_stacked(found, lambda result: result.action_units.reset_index()),
        timing=_stacked(found, lambda result: result.timing.reset_index()),
        time_units=found[0].time_units.reset_index(),
        confusion=_stacked(found, lambda result: label_confusion(result.pairs, levels)),
        differences=_stacked(found, lambda result: time_differences(result.pairs)),
    )


def label_confusion(pairs: pd.DataFrame, levels: Sequence[str] = ()) -> pd.DataFrame:
    """Count which label each of two coders gave to the events that both saw.

    Parameters
    ----------
    pairs : DataFrame
        Matched events with ``label_a, label_b``, as in `Agreement`.
    levels : sequence of str
        Labels from the weakest to the strongest, as for `agreement`; the strongest comes first.

    Returns
    -------
    DataFrame
        ``label_a, label_b, n, share`` (of all pairs), combinations without a pair included.
    """
    labels_of = ["label_a", "label_b"]
    labels = {*pairs["label_a"], *pairs["label_b"]}
    known = [name for name in levels[::-1] if name in labels]
    known += sorted(labels - set(known))
    cells = pd.MultiIndex.from_product([known, known], names=labels_of)
    table = pairs.groupby(labels_of).size().reindex(cells, fill_value=0).reset_index(name="n")
    return table.assign(share=table["n"] / max(len(pairs), 1))


def time_differences(pairs: pd.DataFrame) -> pd.DataFrame:
    """Differences of two coders' times, one row per matched event and time.

    Parameters
    ----------
    pairs : DataFrame
        Matched events, as in `Agreement`.

    Returns
    -------
    DataFrame
        ``pair`` (number of the event), ``time`` (onset, apex, offset, rise, duration),
        ``difference_ms`` (A minus B), ``mean_ms`` and ``censored`` (an offset that one of them
        did not code).
    """
    parts = []
    for time in TIMES:
        a, b = (1000 * seconds_of(pairs, time, coder) for coder in "ab")
        columns = {"difference_ms": a - b, "mean_ms": (a + b) / 2}
        part = pd.DataFrame(columns).assign(time=time, censored=pairs["censored"].to_numpy())
        parts.append(part.rename_axis("pair").reset_index())
    order = ["pair", "time", "difference_ms", "mean_ms", "censored"]
    return pd.concat(parts, ignore_index=True)[order]


def _stacked(found: Sequence[Agreement], make: Callable[[Agreement], pd.DataFrame]) -> pd.DataFrame:
    """One table of every criterion, named in the first column."""
    parts = []
    for result in found:
        part = make(result)
        part.insert(0, "criterion", str(result.criterion))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _summary(result: Agreement) -> pd.DataFrame:
    """What was compared."""
    row = {
        "n_a": result.n_a,
        "n_b": result.n_b,
        "n_matched": len(result.pairs),
        "n_clips": result.n_clips,
        "n_participants": result.n_participants,
        "n_clips_left_out": len(result.left_out_clips),
        "reason": "",
    }
    return pd.DataFrame([row])


def _labels(result: Agreement) -> pd.DataFrame:
    """Coefficients of the labels, and the index of action units."""
    index = result.action_unit_index.rename({"n": "n_units"}).to_frame("action_unit_index").T
    index["n_clusters"] = result.pairs["participant"].nunique()
    table = pd.concat([result.labels, index]).rename_axis("coefficient").reset_index()
    return table.fillna({"reason": ""})
