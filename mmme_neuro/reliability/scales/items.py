"""Answers to items, checked, and functions of their covariance with standard errors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput, NotEstimable
from mmme_neuro.stats.estimates import t_interval
from mmme_neuro.stats.groups import sums_by_cluster
from mmme_neuro.stats.resampling import ParticipantIntervals
from mmme_neuro.stats.rounding import is_constant

_LEAST = 1e-200
"""Variance below which, or above the inverse of which, products of items lose their digits."""

_STEP = 1e-3
"""Of the numerical derivative, in standard deviations of both items."""


@dataclass(frozen=True, eq=False)
class Items:
    """Answers of persons to items.

    Parameters
    ----------
    answers : array, shape (n_rows, n_items)
        NaN where missing (only with ``missing="pairwise"``).
    names : tuple of str
        Of the items.
    n_left_out : int
        Rows that are not in `answers`.
    kept : array of bool
        Which rows of the given table are.
    """

    answers: np.ndarray
    names: tuple[str, ...]
    n_left_out: int
    kept: np.ndarray

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the items, shape (n_items, n_items); pairwise where cells are missing."""
        return pd.DataFrame(self.answers).cov().to_numpy()


def clusters_of(participant: Sequence | np.ndarray | pd.Series | None, items: Items) -> np.ndarray:
    """Participant of each row that is used; each row its own if none are given."""
    if participant is None:
        return np.arange(len(items.answers))
    named = np.asarray(participant)
    if named.shape != items.kept.shape:
        raise ValueError(
            f"participant must name the participant of each of {len(items.kept)} rows, got "
            f"{len(named)}."
        )
    return named[items.kept]


def row_labels(items: Any) -> pd.Index:
    """Labels of the rows of a table of items, which may be an array."""
    return pd.DataFrame(items).index


def items_of(items: pd.DataFrame, *, missing: str, at_least: int = 2) -> Items:
    """Check a table of items.

    Parameters
    ----------
    items : DataFrame, shape (n_rows, n_items)
        One column per item, scored in the same direction.
    missing : {"complete", "pairwise"}
        Use rows without a gap, or all pairs of answers.
    at_least : int
        Smallest number of items.

    Returns
    -------
    Items
    """
    if missing not in ("complete", "pairwise"):
        raise ValueError(f"missing must be 'complete' or 'pairwise', got {missing!r}.")
    items = pd.DataFrame(items)
    if items.shape[1] < at_least:
        raise NotEstimable(
            f"items must have {at_least} columns or more, got {items.shape[1]}; one "
            "column per item."
        )
    if items.columns.has_duplicates:
        repeated = sorted(set(items.columns[items.columns.duplicated()]), key=str)
        raise ValueError(f"items must have one column each, {repeated} repeat; rename them.")
    text = [name for name in items if not pd.api.types.is_numeric_dtype(items[name])]
    if text:
        raise ValueError(f"items must hold numbers; {text} do not.")
    answers = items.to_numpy(dtype=float, na_value=np.nan)
    present = np.isfinite(answers)
    keep = present.all(axis=1) if missing == "complete" else present.any(axis=1)
    if keep.sum() < 3:
        raise NotEstimable(
            f"items must have 3 rows or more with answers, got {int(keep.sum())} of {len(items)} "
            f"({missing} cases)."
        )
    flat = is_constant(answers[keep])
    constant = [str(name) for name, is_flat in zip(items, flat, strict=True) if is_flat]
    if constant:
        raise NotEstimable(f"items {constant} do not vary; leave them out.")
    sizes = np.nanvar(answers[keep], axis=0)
    extreme = [
        str(name) for name, size in zip(items, sizes, strict=True) if not _LEAST < size < 1 / _LEAST
    ]
    if extreme:
        raise BadInput(
            f"items {extreme} hold numbers so large or small that their squares are none; change "
            "the unit."
        )
    return Items(answers[keep], tuple(map(str, items)), int((~keep).sum()), keep)


def delta_std_errors(
    statistics: Callable[[np.ndarray], np.ndarray], answers: np.ndarray, participant: np.ndarray
) -> np.ndarray:
    """Standard errors of functions of the covariance, without assuming a normal distribution.

    Parameters
    ----------
    statistics : callable
        From the covariance, shape (n_items, n_items), to values, shape (n_statistics,).
    answers : array, shape (n_rows, n_items)
        Complete answers.
    participant : array, shape (n_rows,)
        Participant of each row; rows of one participant may depend on each other.

    Returns
    -------
    array, shape (n_statistics,)

    Notes
    -----
    Delta method with the influence of each row on the covariance (Maydeu-Olivares, Coffman &
    Hartmann 2007, Psychol Methods 12:157); influences are added over the rows of a cluster. The
    derivative is taken by differences.
    """
    covariance = np.cov(answers.T)
    scale = np.sqrt(np.diagonal(covariance))
    centered = answers - answers.mean(axis=0)
    influence: np.ndarray = np.zeros(1)
    for i, j in zip(*np.triu_indices(len(covariance)), strict=True):
        step = np.zeros_like(covariance)
        step[i, j] = step[j, i] = _STEP * scale[i] * scale[j]
        above, below = statistics(covariance + step), statistics(covariance - step)
        slopes = (above - below) / (2 * step[i, j])
        pull = centered[:, i] * centered[:, j] - covariance[i, j]
        influence = influence + pull[:, None] * slopes
    return influence_std_errors(influence, participant)


def influence_std_errors(influence: np.ndarray, participant: np.ndarray) -> np.ndarray:
    """Standard errors from what each row adds to statistics.

    Parameters
    ----------
    influence : array, shape (n_rows, ...)
        Of each row.
    participant : array, shape (n_rows,)
        Participant of each row; rows of one participant may depend on each other.

    Returns
    -------
    array, shape (...)
        NaN with a single participant.
    """
    by_cluster = sums_by_cluster(influence, participant)
    n = len(by_cluster)
    if n < 2:
        return np.full(by_cluster.shape[1:], np.nan)
    return np.sqrt((by_cluster**2).sum(axis=0) * n / (n - 1)) / len(influence)


def bootstrap_intervals(
    statistics: Callable[[np.ndarray], np.ndarray],
    answers: np.ndarray,
    participant: np.ndarray,
    resampling: ParticipantIntervals,
) -> np.ndarray:
    """Intervals of functions of the covariance from resampled rows, or whole participants.

    Parameters
    ----------
    statistics : callable
        From covariances, shape (..., n_items, n_items), to values, shape (..., n_statistics).
    answers : array, shape (n_rows, n_items)
        Complete answers.
    participant : array, shape (n_rows,)
        Name of what is resampled as a whole.
    resampling : ParticipantIntervals
        Level, seed and number.

    Returns
    -------
    array, shape (n_statistics, 2)
    """
    centered = answers - answers.mean(axis=0)
    n_items = answers.shape[1]
    products = (centered[:, :, None] * centered[:, None, :]).reshape(len(centered), -1)
    rows = np.column_stack([np.ones(len(centered)), centered, products])
    sums = sums_by_cluster(rows, participant)

    def of_sums(sums: np.ndarray) -> np.ndarray:
        n, totals, products = np.split(sums, [1, 1 + n_items], axis=-1)
        square = products.reshape(*products.shape[:-1], n_items, n_items)
        outer = totals[..., :, None] * totals[..., None, :] / n[..., None]
        return statistics((square - outer) / (n[..., None] - 1))

    return resampling.intervals(of_sums, sums)


def log_intervals(
    estimates: np.ndarray, std_errors: np.ndarray, dof: float, confidence: float
) -> np.ndarray:
    """Intervals that are symmetric in ``log(1 - estimate)``, as a reliability stays below 1.

    Parameters
    ----------
    estimates, std_errors : array, shape (n_statistics,)
        Of the coefficients.
    dof : float
        Of Student's t.
    confidence : float
        Level.

    Returns
    -------
    array, shape (n_statistics, 2)
        NaN where the estimate is 1.
    """
    rest = np.where(estimates < 1, 1 - estimates, np.nan)
    low, high = t_interval(np.log(rest), std_errors / rest, dof, confidence=confidence)
    return np.column_stack([1 - np.exp(high), 1 - np.exp(low)])
