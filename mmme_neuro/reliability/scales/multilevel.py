"""Alpha of items that participants answered many times: within and between participants."""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmme_neuro.errors import NotEstimable
from mmme_neuro.reliability.scales.alpha import (
    alpha_of,
    correlation_of,
    feldt_interval,
    negative_alpha_text,
)
from mmme_neuro.reliability.scales.items import clusters_of, items_of, row_labels
from mmme_neuro.stats.groups import sums_by_cluster
from mmme_neuro.stats.resampling import ParticipantIntervals
from mmme_neuro.stats.tables import in_row_order


def multilevel_alpha(
    items: pd.DataFrame,
    participant: Sequence | np.ndarray | pd.Series,
    *,
    confidence: float = 0.95,
    rng: np.random.Generator | int | None = None,
    n_resamples: int = 2000,
) -> pd.DataFrame:
    """Internal consistency of changes within and of differences between participants.

    Parameters
    ----------
    items : DataFrame, shape (n_rows, n_items)
        One row per occasion (event, video) of a participant, one column per item.
    participant : array, shape (n_rows,)
        Participant of each row.
    confidence : float
        Level of the intervals.
    rng : Generator or int, optional
        For the interval of ``between`` from resampled participants; jackknife without.
    n_resamples : int
        Number of bootstrap samples.

    Returns
    -------
    DataFrame
        Index ``level``: ``within`` and ``between``; columns ``estimate, ci_low, ci_high,
        variance`` (of the sum of items at that level), ``n`` (rows or participants), ``n_items,
        n_left_out`` (rows with gaps) and ``reason``: where participants' means differ no more than
        chance would have it, ``between`` is NaN.

    Raises
    ------
    ValueError
        With fewer than 3 participants, or none with two occasions.

    Notes
    -----
    Geldhof, Preacher & Zyphur (2014, Psychol Methods 19:72), with both covariances from mean
    squares instead of maximum likelihood. The interval within is Feldt's with rows less
    participants as degrees of freedom.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> people = np.repeat(np.arange(20), 10)
    >>> trait = rng.normal(size=20)[people] + rng.normal(size=200)
    >>> items = pd.DataFrame(trait[:, None] + rng.normal(size=(200, 3)))
    >>> multilevel_alpha(items, people)["estimate"].round(1).tolist()
    [0.8, 1.0]
    """
    table = items_of(items, missing="complete")
    people = clusters_of(in_row_order(participant, row_labels(items), name="participant"), table)
    n_rows, n_items = table.answers.shape
    n_people = len(np.unique(people))
    if n_people < 3 or n_people == n_rows:
        raise NotEstimable(
            "participants must be 3 or more, some with two rows or more, got "
            f"{n_people} participants in {n_rows} complete rows."
        )
    sums = _sums(table.answers, people)
    within, between = _covariances(sums.sum(axis=0), n_items)
    estimate = float(alpha_of(within))
    rows = {
        "within": (
            estimate,
            *feldt_interval(estimate, n_rows - n_people, n_items, confidence),
            float(within.sum()),
            n_rows,
            n_items,
        )
    }
    resampling = ParticipantIntervals(confidence, rng, n_resamples)
    low, high = resampling.interval(lambda s: alpha_of(_covariances(s, n_items)[1]), sums)
    rows["between"] = (
        float(alpha_of(between)),
        low,
        high,
        float(between.sum()),
        n_people,
        n_items,
    )
    columns = ["estimate", "ci_low", "ci_high", "variance", "n", "n_items"]
    result = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    result = result.rename_axis(index="level")
    by_chance = "participants' means differ no more than by chance" if between.sum() <= 0 else ""
    for level, covariance in (("within", within), ("between", between)):
        if result["estimate"][level] < 0:
            correlation = correlation_of(covariance)
            # A variance between participants can be estimated below zero.
            usable = correlation if np.isfinite(correlation).all() else covariance
            text = negative_alpha_text(usable, table.names)
            warnings.warn(f"{level} participants, {text}", stacklevel=2)
    return result.assign(n_left_out=table.n_left_out, reason=["", by_chance])


def _sums(answers: np.ndarray, people: np.ndarray) -> np.ndarray:
    """What adds up over participants: 1, rows, rows^2, sums, products, products of sums / rows."""
    answers = answers - answers.mean(axis=0)
    n_items = answers.shape[1]
    products = (answers[:, :, None] * answers[:, None, :]).reshape(len(answers), -1)
    rows = sums_by_cluster(np.column_stack([np.ones(len(answers)), answers, products]), people)
    size, totals = rows[:, :1], rows[:, 1 : 1 + n_items]
    outer = (totals[:, :, None] * totals[:, None, :]).reshape(len(rows), -1) / size
    return np.column_stack([np.ones(len(rows)), size, size**2, rows[:, 1:], outer])


def _covariances(sums: np.ndarray, n_items: int) -> tuple[np.ndarray, np.ndarray]:
    """Covariance within and between participants, shape (..., n_items, n_items)."""
    square = n_items * n_items
    parts = np.split(sums, [1, 2, 3, 3 + n_items, 3 + n_items + square], axis=-1)
    n_people, n_rows, squares = (part[..., None] for part in parts[:3])
    totals = parts[3]
    products, outer = (part.reshape(*part.shape[:-1], n_items, n_items) for part in parts[4:])
    within = (products - outer) / (n_rows - n_people)
    grand = totals[..., :, None] * totals[..., None, :] / n_rows
    mean_square = (outer - grand) / (n_people - 1)
    typical = (n_rows - squares / n_rows) / (n_people - 1)
    return within, (mean_square - within) / typical
