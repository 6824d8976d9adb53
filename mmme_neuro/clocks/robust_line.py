"""Straight lines through clock differences, fitted so that a bad point does not move them."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

OUTLIER_PROBABILITY = 1e-3
"""Chance that a study with normal jitter has any point cut as an outlier."""

BISQUARE_TUNING = 4.685
"""Tukey's constant: 95 % efficiency under normal errors."""


@dataclass(frozen=True, eq=False)
class Line:
    """A line ``y = level + slope * (x - center)``; ``level`` and ``slope`` are uncorrelated."""

    center: float
    level: float
    slope: float
    level_se: float
    slope_se: float
    inlier: np.ndarray
    residual: np.ndarray
    dof: int

    @property
    def residual_sd(self) -> float:
        """Standard deviation of the residuals of the inliers, on ``dof`` degrees of freedom."""
        return float(np.sqrt(np.sum(self.residual[self.inlier] ** 2) / max(self.dof, 1)))


def trimmed_line(x: np.ndarray, y: np.ndarray, *, resolution: float) -> Line:
    """Fit least squares to the points that agree with the repeated-median line.

    Parameters
    ----------
    x, y : array, shape (n_points,)
        At least three points.
    resolution : float
        Smallest standard deviation that the points are thought to have (units of ``y``), so that
        copies of identical times do not make the next sample an outlier.

    Returns
    -------
    Line

    Notes
    -----
    The start is Siegel's repeated median (half of the points may be wrong). Points further than a
    Bonferroni-corrected t quantile of the robust standard deviation are left out; as this cuts a
    good point in one study of a thousand, the usual least-squares standard errors stay calibrated.
    """
    inlier = np.ones(len(x), dtype=bool)
    residual = y - _repeated_median(x, y)
    for _ in range(20):
        previous = inlier
        inlier = np.abs(residual) <= _cut(residual, resolution=resolution)
        line = _least_squares(x, y, inlier)
        residual = line.residual
        if np.array_equal(inlier, previous):
            break
    return line


def bisquare_line(x: np.ndarray, y: np.ndarray, *, resolution: float) -> Line:
    """Fit an M-estimate with Tukey's bisquare, for errors with long tails.

    Parameters
    ----------
    x, y : array, shape (n_points,)
        At least three points.
    resolution : float
        Smallest scale of the errors (units of ``y``).

    Returns
    -------
    Line
        ``inlier`` is false where the weight is zero.

    Notes
    -----
    Standard errors are Huber's (1981, eq. 6.5 in chapter 7) with the small-sample factor K.
    """
    residual = y - _repeated_median(x, y)
    scale = _robust_sd(residual, resolution=resolution)
    centered = x - x.mean()
    design = np.column_stack([np.ones(len(x)), centered])
    for _ in range(50):
        ratio = np.clip(np.abs(residual) / (BISQUARE_TUNING * scale), 0.0, 1.0)
        root_weight = 1.0 - ratio**2
        coefficients = np.linalg.lstsq(design * root_weight[:, None], y * root_weight, rcond=None)[
            0
        ]
        change = residual - (y - design @ coefficients)
        residual = residual - change
        if np.max(np.abs(change)) < 1e-12 + 1e-9 * scale:
            break
    error = _huber_error(residual, scale)
    return Line(
        center=float(x.mean()),
        level=float(coefficients[0]),
        slope=float(coefficients[1]),
        level_se=error / np.sqrt(len(x)),
        slope_se=error / np.sqrt(np.sum(centered**2)),
        inlier=ratio < 1.0,
        residual=residual,
        dof=len(x) - 2,
    )


def _repeated_median(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Values at ``x`` of the line through the medians of the pairwise slopes."""
    slope, intercept = stats.siegelslopes(y, x - x.mean())
    return intercept + slope * (x - x.mean())


def _robust_sd(residual: np.ndarray, *, resolution: float) -> float:
    """Standard deviation from the median absolute residual of a line."""
    n_points = len(residual)
    small_sample = np.sqrt(n_points / max(n_points - 2, 1))
    spread = stats.median_abs_deviation(residual, center=lambda _, axis: 0.0, scale="normal")
    return max(small_sample * float(spread), resolution)


def _cut(residual: np.ndarray, *, resolution: float) -> float:
    """Largest residual that is still one of the same kind."""
    n_points = len(residual)
    quantile = stats.t.ppf(1 - OUTLIER_PROBABILITY / (2 * n_points), max(n_points - 2, 1))
    return quantile * _robust_sd(residual, resolution=resolution)


def _least_squares(x: np.ndarray, y: np.ndarray, inlier: np.ndarray) -> Line:
    """Ordinary least squares through the inliers; residuals of all points."""
    center, level = float(x[inlier].mean()), float(y[inlier].mean())
    position = x[inlier] - center
    spread = float(position @ position)
    slope = float(position @ (y[inlier] - level)) / spread
    residual = y - level - slope * (x - center)
    n_inliers = int(inlier.sum())
    dof = n_inliers - 2
    sd = np.sqrt(np.sum(residual[inlier] ** 2) / max(dof, 1))
    return Line(
        center=center,
        level=level,
        slope=slope,
        level_se=float(sd / np.sqrt(n_inliers)),
        slope_se=float(sd / np.sqrt(spread)),
        inlier=inlier,
        residual=residual,
        dof=dof,
    )


def _huber_error(residual: np.ndarray, scale: float) -> float:
    """Standard deviation that an M-estimate acts as if each point had."""
    ratio2 = np.clip((residual / (BISQUARE_TUNING * scale)) ** 2, 0.0, 1.0)
    influence = residual * (1 - ratio2) ** 2
    derivative = (1 - ratio2) * (1 - 5 * ratio2)
    n_points, mean_derivative = len(residual), derivative.mean()
    small_sample = 1 + 2 / n_points * derivative.var() / mean_derivative**2
    return float(
        small_sample * np.sqrt(np.sum(influence**2) / max(n_points - 2, 1)) / mean_derivative
    )
