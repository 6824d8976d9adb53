"""Intervals of statistics of counts, with participants left out or resampled whole."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from mmme_neuro.stats.groups import sums_by_cluster

Statistic = Callable[[np.ndarray], Any]
"""From counts, shape (..., *count_shape), to values, shape (...)."""

_ALMOST_ONE = 0.999
"""Above, Fisher's z is too far from others for a symmetric interval."""


@dataclass(frozen=True)
class ParticipantIntervals:
    """How intervals over participants are made.

    Parameters
    ----------
    confidence : float
        Level of the intervals.
    rng : Generator, int or None
        With one: bootstrap, participants resampled whole. Without: jackknife, participants left
        out one at a time, and Student's t.
    n_resamples : int
        Number of bootstrap samples.

    Notes
    -----
    Percentiles of a bootstrap over few clusters are too narrow; their levels are widened for the
    number of clusters (Hesterberg 2015, Am Stat 69:371, "expanded percentile"). The jackknife of a
    coefficient well within -1 and 1 works on Fisher's z. Coverage is in docs/reliability.md.
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
        total = sums.sum(axis=0)
        left = np.append(statistic(total - sums), statistic(total))
        if np.abs(left).max() < _ALMOST_ONE:
            low, high = np.tanh(self.interval(lambda c: _fisher_z(statistic(c)), sums))
        else:
            low, high = np.clip(self.interval(statistic, sums), -1, 1)
        return float(left[-1]), float(low), float(high)

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
            NaN where there is one cluster only, the statistic does not change with any of them, or
            it is not defined without one of them (jackknife) or in half the samples (bootstrap).
        """
        low, high = self.intervals(lambda counts: np.asarray(statistic(counts))[..., None], sums)[0]
        return float(low), float(high)

    def intervals(self, statistics: Statistic, sums: np.ndarray) -> np.ndarray:
        """The same of several statistics that are computed together.

        Parameters
        ----------
        statistics : callable
            From counts, shape (..., *count_shape), to values, shape (..., n_statistics).
        sums : array, shape (n_clusters, *count_shape)
            Counts of each cluster.

        Returns
        -------
        array, shape (n_statistics, 2)
        """
        n, total = len(sums), sums.sum(axis=0)
        estimate = np.asarray(statistics(total))
        if n < 2:
            return np.full((len(estimate), 2), np.nan)
        tail = stats.t.ppf((1 - self.confidence) / 2, n - 1)
        if self.rng is None:
            left = np.asarray(statistics(total - sums))
            width = tail * np.sqrt((n - 1) / n * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
            width = np.where(np.ptp(left, axis=0) > 0, width, np.nan)
            return np.column_stack([estimate + width, estimate - width])
        level = stats.norm.cdf(tail * np.sqrt(n / (n - 1)))
        draws = np.random.default_rng(self.rng).multinomial(n, np.full(n, 1 / n), self.n_resamples)
        drawn = np.asarray(statistics(np.tensordot(draws.astype(float), sums, axes=1)))
        return np.array([_limits(values, level) for values in drawn.T])


def _limits(drawn: np.ndarray, level: float) -> tuple[float, float]:
    """Quantiles of what is defined of the resampled values."""
    defined = drawn[np.isfinite(drawn)]
    if len(defined) < len(drawn) / 2 or not np.ptp(defined) > 0:
        return np.nan, np.nan
    low, high = np.quantile(defined, [level, 1 - level])
    return float(low), float(high)


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
    quantile = np.quantile(values, share)
    is_below = (values < quantile) + (values == quantile) / 2
    below = np.column_stack([is_below, np.ones(len(values))])
    sums = sums_by_cluster(below, clusters)
    if len(sums) < 2:
        return np.nan, np.nan
    limits = ParticipantIntervals(confidence).interval(_share, sums)
    if np.isnan(limits[0]):
        limits = share, share
    low, high = np.quantile(values, np.clip(limits, 0, 1))
    return float(low), float(high)


def _share(counts: np.ndarray) -> np.ndarray:
    return counts[..., 0] / np.maximum(counts[..., 1], 1)


def _fisher_z(coefficient: Any) -> np.ndarray:
    """Coefficient on the scale where its spread depends little on its size."""
    return np.arctanh(np.clip(coefficient, -1 + 1e-12, 1 - 1e-12))
