"""Intervals of statistics of counts, with participants left out or resampled whole."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

Statistic = Callable[[np.ndarray], Any]
"""From counts, shape (..., *count_shape), to values, shape (...)."""

_BLOCK = 250
"""Resamples at a time, which bounds the memory."""


@dataclass(frozen=True)
class Resampling:
    """How intervals over participants are made.

    Parameters
    ----------
    confidence : float
        Level of the intervals.
    rng : Generator, int or None
        With one: bootstrap-t, participants resampled whole. Without: jackknife, participants left
        out one at a time, and Student's t.
    n_resamples : int
        Number of bootstrap samples.

    Notes
    -----
    The bootstrap-t (Efron & Tibshirani 1993, section 12.5) studentises by the jackknife over
    participants; plain percentiles cover too seldom with fewer than about 40 participants
    (docs/reliability.md).
    """

    confidence: float = 0.95
    rng: np.random.Generator | int | None = None
    n_resamples: int = 2000

    def __post_init__(self) -> None:
        if not 0 < self.confidence < 1:
            raise ValueError(f"confidence must lie between 0 and 1, got {self.confidence!r}.")
        if self.n_resamples < 100:
            raise ValueError(f"n_resamples must be 100 or more, got {self.n_resamples!r}.")

    def estimate(
        self, statistic: Statistic, counts: np.ndarray, clusters: np.ndarray
    ) -> tuple[float, float, float]:
        """Value and limits of a coefficient between -1 and 1.

        Parameters
        ----------
        statistic : callable
            From counts, shape (..., *count_shape), to values, shape (...).
        counts : array, shape (n_units, *count_shape)
            Counts of each unit.
        clusters : array, shape (n_units,)
            Name of the participant of each unit.

        Returns
        -------
        tuple of float
            Estimate, lower and upper limit; NaN where there is none.
        """
        if not len(counts):
            return np.nan, np.nan, np.nan
        sums = sums_by_cluster(counts, clusters)
        low, high = self.interval(statistic, sums)
        low, high = np.clip([low, high], -1, 1)
        return float(statistic(sums.sum(axis=0))), float(low), float(high)

    def interval(self, statistic: Statistic, sums: np.ndarray) -> tuple[float, float]:
        """Interval of a statistic of the counts of all clusters.

        Parameters
        ----------
        statistic : callable
            From counts, shape (..., *count_shape), to values, shape (...).
        sums : array, shape (n_clusters, *count_shape)
            Counts of each cluster.

        Returns
        -------
        tuple of float
            NaN where there is one cluster only, or the statistic does not change with any of them.
        """
        tail = (1 - self.confidence) / 2
        estimate = float(statistic(sums.sum(axis=0)))
        std_error = float(_std_errors(statistic, sums, np.ones((1, len(sums))))[0])
        if not (std_error > 0 and np.isfinite(estimate)):
            return np.nan, np.nan
        if self.rng is None:
            low, high = stats.t.ppf([tail, 1 - tail], len(sums) - 1)
        else:
            studentised = self._studentised(statistic, sums, estimate)
            if len(studentised) < self.n_resamples / 2:
                return np.nan, np.nan
            low, high = np.quantile(studentised, [tail, 1 - tail])
        return estimate - high * std_error, estimate - low * std_error

    def _studentised(self, statistic: Statistic, sums: np.ndarray, estimate: float) -> np.ndarray:
        """Deviations of resampled statistics over their own standard errors."""
        n = len(sums)
        draws = np.random.default_rng(self.rng).multinomial(n, np.full(n, 1 / n), self.n_resamples)
        parts = []
        for start in range(0, self.n_resamples, _BLOCK):
            block = draws[start : start + _BLOCK].astype(float)
            values = statistic(np.tensordot(block, sums, axes=1))
            std_errors = _std_errors(statistic, sums, block)
            usable = (std_errors > 0) & np.isfinite(values)
            parts.append((values[usable] - estimate) / std_errors[usable])
        return np.concatenate(parts)


def sums_by_cluster(counts: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Add the counts of the units of each cluster.

    Parameters
    ----------
    counts : array, shape (n_units, *count_shape)
        Counts of each unit.
    clusters : array, shape (n_units,)
        Name of the cluster (participant) of each unit.

    Returns
    -------
    array, shape (n_clusters, *count_shape)
    """
    names, codes = np.unique(clusters, return_inverse=True)
    sums = np.zeros((len(names), *counts.shape[1:]))
    np.add.at(sums, codes, counts)
    return sums


def quantile_interval(
    values: np.ndarray, clusters: np.ndarray, *, share: float = 0.5, confidence: float = 0.95
) -> tuple[float, float]:
    """Interval of a quantile of values that come in clusters.

    Parameters
    ----------
    values : array, shape (n_values,)
        Such as absolute errors.
    clusters : array, shape (n_values,)
        Name of the cluster of each.
    share : float
        Of values below the quantile; 0.5 is the median.
    confidence : float
        Level.

    Returns
    -------
    tuple of float
        NaN where there are fewer than 2 clusters.

    Notes
    -----
    Woodruff (1952, J Am Stat Assoc 47:635): the quantiles at the limits of the share of values
    below, whose standard error is the jackknife's over clusters.
    """
    below = np.column_stack([values < np.quantile(values, share), np.ones(len(values))])
    tied = values == np.quantile(values, share)
    below[:, 0] += tied / 2
    sums = sums_by_cluster(below, clusters)
    if len(sums) < 2:
        return np.nan, np.nan
    std_error = _std_errors(_share, sums, np.ones((1, len(sums))))[0]
    width = stats.t.ppf((1 + confidence) / 2, len(sums) - 1) * std_error
    low, high = np.quantile(values, np.clip([share - width, share + width], 0, 1))
    return float(low), float(high)


def _share(counts: np.ndarray) -> np.ndarray:
    return counts[..., 0] / np.maximum(counts[..., 1], 1)


def _std_errors(statistic: Statistic, sums: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Jackknife standard error of each draw of clusters, shape (n_draws,)."""
    n = draws.sum(axis=1)
    left = np.tensordot(draws, sums, axes=1)[:, None] - sums
    values = np.where(draws > 0, statistic(np.maximum(left, 0)), 0.0)
    mean = (draws * values).sum(axis=1) / n
    return np.sqrt((n - 1) / n * (draws * (values - mean[:, None]) ** 2).sum(axis=1))
