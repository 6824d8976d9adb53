"""Exact and generalized inference on one variance over the error variance."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats
from scipy.stats import qmc


@dataclass(frozen=True, eq=False)
class VariancePivot:
    """Independent normal contrasts of one random effect, and the error.

    Parameters
    ----------
    contrasts : array, shape (n_contrasts,)
        Contrast i has variance ``variance + error_variance / weights[i]``.
    weights : array, shape (n_contrasts,)
        Positive.
    error : float
        Sum of squares of the error: error variance times chi-squared.
    error_dof : int
        Its degrees of freedom.

    Notes
    -----
    Wald (1947, Ann Math Stat 18:586); Harville & Fenech (1985, Biometrics 41:137).
    """

    contrasts: np.ndarray
    weights: np.ndarray
    error: float
    error_dof: int

    @property
    def dof(self) -> int:
        """Number of contrasts."""
        return len(self.contrasts)

    @property
    def f(self) -> float:
        """F ratio of the test that the variance is zero."""
        between = float((self.weights * self.contrasts**2).sum() / self.dof)
        return between / (self.error / self.error_dof) if self.error > 0 else np.inf

    def sum_of_squares(self, ratio: float) -> float:
        """Contrasts over ``ratio + 1 / weights``, squared and added.

        Parameters
        ----------
        ratio : float
            Variance over the error variance.

        Returns
        -------
        float
            The error variance times chi-squared at the true ratio.
        """
        return float((self.contrasts**2 / (ratio + 1 / self.weights)).sum())

    def ratio_interval(self, confidence: float) -> tuple[float, float]:
        """Exact interval of the variance over the error variance.

        Parameters
        ----------
        confidence : float
            Level.

        Returns
        -------
        tuple of float
            May be negative, as where F is small, but above ``-1 / max(weights)``.
        """
        tail = (1 - confidence) / 2
        limits = stats.f.isf([tail, 1 - tail], self.dof, self.error_dof)
        mean_error = self.error / self.error_dof
        low, high = (self._solve(limit * self.dof * mean_error) for limit in limits)
        return low, high

    def _solve(self, target: float) -> float:
        """Ratio at which the sum of squares has this value; it falls as the ratio rises."""
        lowest = -1 / self.weights.max()
        scale = 1 / self.weights.min()
        low, high = lowest + 1e-12 * scale, scale
        while self.sum_of_squares(high) > target:
            high *= 4
        if self.sum_of_squares(low) <= target:
            return lowest
        return float(
            optimize.brentq(
                lambda ratio: self.sum_of_squares(ratio) - target, low, high, xtol=1e-14
            )
        )


def variance_pivot(
    response: np.ndarray,
    groups: np.ndarray,
    others: np.ndarray | None,
    *,
    rounding: float = 0.0,
) -> VariancePivot | None:
    """Contrasts between groups, free of other groups' effects.

    Parameters
    ----------
    response : array, shape (n_rows,)
        Observations.
    groups : array of int, shape (n_rows,)
        Number of the group whose variance is wanted.
    others : array of int, shape (n_rows,) or None
        Number of another grouping, whose effects are taken as fixed.
    rounding : float
        Size of an error that may come of rounding alone.

    Returns
    -------
    VariancePivot or None
        None where the design leaves no contrast or no degree of freedom for the error.
    """
    wanted = _indicators(groups)
    fixed = np.ones((len(response), 1)) if others is None else _indicators(others)
    basis = np.linalg.svd(fixed, full_matrices=False)[0]
    wanted = wanted - basis @ (basis.T @ wanted)
    response = response - basis @ (basis.T @ response)
    weights, vectors = np.linalg.eigh(wanted.T @ wanted)
    keep = weights > 1e-9 * max(weights.max(), 1.0)
    n_error = len(response) - basis.shape[1] - int(keep.sum())
    if not keep.any() or n_error <= 0:
        return None
    weights, vectors = weights[keep], vectors[:, keep]
    contrasts = (vectors.T @ (wanted.T @ response)) / weights
    rest = response - wanted @ (vectors @ contrasts)
    error = float(rest @ rest)
    negligible = max(1e-24 * (response @ response), len(response) * rounding**2)
    if error <= negligible:
        error = 0.0
    if weights @ contrasts**2 <= negligible:
        contrasts = np.zeros_like(contrasts)
    return VariancePivot(contrasts, weights, error, n_error)


def _indicators(groups: np.ndarray) -> np.ndarray:
    """One column of zeros and ones for each group."""
    return (groups[:, None] == np.unique(groups)).astype(float)


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
    Generalized confidence interval (Weerahandi 1993, J Am Stat Assoc 88:899): the three variances
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
    """Variance at which the standardized sum of squares has each value, or the lowest allowed."""
    low = lowest
    high = (pivot.contrasts**2).sum() / target
    for _ in range(_N_HALVINGS):
        middle = (low + high) / 2
        spread = middle[:, None] + error[:, None] / pivot.weights
        too_small = (pivot.contrasts**2 / spread).sum(axis=1) > target
        low, high = np.where(too_small, middle, low), np.where(too_small, high, middle)
    return low
