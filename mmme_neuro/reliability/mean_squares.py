"""Intraclass correlations of complete tables, from mean squares."""

from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Coefficient:
    """One intraclass correlation, its test against zero and its interval."""

    icc: float
    f: float
    dof1: float
    dof2: float
    ci_low: float
    ci_high: float

    @property
    def p_value(self) -> float:
        """Probability of so large an F without differences between targets."""
        return float(stats.f.sf(self.f, self.dof1, self.dof2))

    def average(self, n_averaged: float) -> "Coefficient":
        """The same for the mean of several raters, by Spearman and Brown's formula."""
        return Coefficient(
            spearman_brown(self.icc, n_averaged),
            self.f,
            self.dof1,
            self.dof2,
            spearman_brown(self.ci_low, n_averaged),
            spearman_brown(self.ci_high, n_averaged),
        )


def spearman_brown(reliability: float, factor: float) -> float:
    """Reliability of a measure that is `factor` times as long.

    Parameters
    ----------
    reliability : float
        Of one rater, item or half.
    factor : float
        Number of them that are averaged.

    Returns
    -------
    float
        ``-inf`` where the correlation is as negative as it can be.
    """
    divisor = 1 + (factor - 1) * reliability
    # At the pole, -1 / (factor - 1), rounding may fall on either side.
    return factor * reliability / divisor if divisor > 1e-12 else -np.inf


def complete_forms(values: np.ndarray, confidence: float) -> dict[str, Coefficient]:
    """Single-rater forms of a complete table.

    Parameters
    ----------
    values : array, shape (n_targets, n_raters)
        Ratings without gaps.
    confidence : float
        Level of the intervals.

    Returns
    -------
    dict of str to Coefficient
        ``ICC(1), ICC(A,1), ICC(C,1)``.

    Notes
    -----
    Shrout & Fleiss (1979, Psychol Bull 86:420) and McGraw & Wong (1996, Psychol Methods 1:30).
    """
    n, k = values.shape
    between, raters, error, within = _mean_squares(values)
    alpha = 1 - confidence
    oneway = _from_f(_ratio(between, within), n - 1, n * (k - 1), k, alpha)
    consistent = _from_f(_ratio(between, error), n - 1, (n - 1) * (k - 1), k, alpha)
    divisor = between + (k - 1) * error + k * (raters - error) / n
    agreement = (between - error) / divisor
    low, high = _agreement_interval(between, raters, error, n, k, agreement, alpha)
    absolute = Coefficient(agreement, consistent.f, consistent.dof1, consistent.dof2, low, high)
    return {"ICC(1)": oneway, "ICC(A,1)": absolute, "ICC(C,1)": consistent}


def _mean_squares(values: np.ndarray) -> tuple[float, float, float, float]:
    """Mean squares between targets, between raters, of the rest, and within targets."""
    n, k = values.shape
    values = values - values.mean()
    by_target, by_rater = values.mean(axis=1), values.mean(axis=0)
    rest = values - by_target[:, None] - by_rater
    within = values - by_target[:, None]
    return (
        float(k * (by_target**2).sum() / (n - 1)),
        float(n * (by_rater**2).sum() / (k - 1)),
        _no_rounding((rest**2).sum(), values) / ((n - 1) * (k - 1)),
        _no_rounding((within**2).sum(), values) / (n * (k - 1)),
    )


def _no_rounding(sum_of_squares: float, values: np.ndarray) -> float:
    """Sum of squares, zero where it is no more than rounding."""
    return float(sum_of_squares) if sum_of_squares > 1e-24 * (values**2).sum() else 0.0


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else np.inf


def _from_f(f: float, dof1: int, dof2: int, k: int, alpha: float) -> Coefficient:
    """Correlation (F - 1) / (F + k - 1) with the limits of F."""
    low = f / stats.f.isf(alpha / 2, dof1, dof2)
    high = f / stats.f.ppf(alpha / 2, dof1, dof2)
    icc, ci_low, ci_high = (
        1.0 if np.isinf(value) else (value - 1) / (value + k - 1) for value in (f, low, high)
    )
    return Coefficient(icc, f, dof1, dof2, ci_low, ci_high)


def _agreement_interval(
    between: float, raters: float, error: float, n: int, k: int, icc: float, alpha: float
) -> tuple[float, float]:
    """Interval of ICC(A,1) with Satterthwaite's degrees of freedom (McGraw & Wong, table 7)."""
    if error == 0 and raters == 0:
        return 1.0, 1.0
    a = k * icc / (n * (1 - icc))
    b = 1 + k * icc * (n - 1) / (n * (1 - icc))
    dof = (a * raters + b * error) ** 2 / (
        (a * raters) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1))
    )
    upper, lower = stats.f.isf(alpha / 2, n - 1, dof), stats.f.isf(alpha / 2, dof, n - 1)
    noise = k * raters + (k * n - k - n) * error
    low = n * (between - upper * error) / (upper * noise + n * between)
    high = n * (lower * between - error) / (noise + n * lower * between)
    return float(low), float(high)
