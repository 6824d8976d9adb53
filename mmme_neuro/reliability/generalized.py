"""Interval of absolute agreement in tables with gaps, by generalised pivotal quantities."""

import numpy as np
from scipy import stats
from scipy.stats import qmc

from mmme_neuro.reliability.variance_ratio import VariancePivot

N_POINTS = 4096
"""Points of the fixed Halton sequence; the limits' third decimal does not depend on it."""

_N_HALVINGS = 50


def absolute_interval(
    targets: VariancePivot, raters: VariancePivot, confidence: float
) -> tuple[float, float]:
    """Interval of target variance over target, rater and error variance.

    Parameters
    ----------
    targets, raters : VariancePivot
        Contrasts of each, free of the other's effects; their error is the same.
    confidence : float
        Level.

    Returns
    -------
    tuple of float

    Notes
    -----
    Generalised confidence interval (Weerahandi 1993, J Am Stat Assoc 88:899): the three variances
    are solved for at quantiles of the chi-squared variables that their sums of squares follow.
    The sums of targets and raters are taken as independent, which they are in a complete table and
    nearly so with gaps; the coverage is in docs/reliability.md. The points fill the cube evenly
    and are always the same, so there is no seed.
    """
    points = qmc.Halton(3, scramble=False).random(N_POINTS + 1)[1:]
    error = targets.error / stats.chi2.ppf(points[:, 0], targets.error_dof)
    lowest = -error / targets.weights.max() * (1 - 1e-9)
    of_targets = _solve(targets, stats.chi2.ppf(points[:, 1], targets.dof), error, lowest)
    of_raters = _solve(
        raters, stats.chi2.ppf(points[:, 2], raters.dof), error, np.zeros_like(error)
    )
    drawn = of_targets / (of_targets + of_raters + error)
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


def _solve(
    pivot: VariancePivot, target: np.ndarray, error: np.ndarray, lowest: np.ndarray
) -> np.ndarray:
    """Variance at which the standardised sum of squares has each value, or the lowest allowed."""
    low = lowest
    high = (pivot.contrasts**2).sum() / target
    for _ in range(_N_HALVINGS):
        middle = (low + high) / 2
        spread = middle[:, None] + error[:, None] / pivot.weights
        too_small = (pivot.contrasts**2 / spread).sum(axis=1) > target
        low, high = np.where(too_small, middle, low), np.where(too_small, high, middle)
    return low
