"""The row in which every estimate is reported, and Student's t test of means."""

import warnings
from typing import Any

import numpy as np
from scipy import stats

from mmme_neuro.errors import BadInput

ESTIMATE = ("estimate", "std_error", "dof", "statistic", "p_value", "ci_low", "ci_high")
"""Columns of every estimate with a standard error."""


def t_interval(
    estimate: Any, std_error: Any, dof: Any = np.inf, *, confidence: float = 0.95
) -> tuple[Any, Any]:
    """Interval of an estimate from Student's t, or from the normal distribution.

    Parameters
    ----------
    estimate, std_error : float or array
        In the same units.
    dof : float or array
        Degrees of freedom; infinite for the normal distribution.
    confidence : float
        Level.

    Returns
    -------
    low, high : float or array
        NaN where there are no degrees of freedom.

    Examples
    --------
    >>> low, high = t_interval(1.0, 0.5)
    >>> round(float(low), 3), round(float(high), 3)
    (0.02, 1.98)
    """
    if not 0 < confidence < 1:
        raise BadInput(f"confidence must lie between 0 and 1, got {confidence}")
    half_width = stats.t.isf((1 - confidence) / 2, dof) * std_error
    return estimate - half_width, estimate + half_width


def t_test(estimate: Any, std_error: Any, dof: Any = np.inf) -> tuple[Any, Any]:
    """Statistic and two-sided p-value of the hypothesis that an estimate's target is zero.

    Parameters
    ----------
    estimate, std_error, dof : float or array
        As in `t_interval`.

    Returns
    -------
    statistic, p_value : float or array
        NaN where the standard error is zero.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(np.equal(std_error, 0), np.nan, np.divide(estimate, std_error))[()]
    return statistic, 2 * stats.t.sf(np.abs(statistic), dof)


def estimate_row(
    estimate: Any, std_error: Any, dof: Any = np.inf, *, confidence: float = 0.95
) -> dict[str, Any]:
    """All that is reported of an estimate with a standard error.

    Parameters
    ----------
    estimate, std_error, dof, confidence
        As in `t_interval`.

    Returns
    -------
    dict
        ``estimate, std_error, dof, statistic, p_value, ci_low, ci_high``.

    Examples
    --------
    >>> row = estimate_row(1.0, 0.5, 10)
    >>> list(row)
    ['estimate', 'std_error', 'dof', 'statistic', 'p_value', 'ci_low', 'ci_high']
    >>> float(row["statistic"]), round(float(row["p_value"]), 3)
    (2.0, 0.073)
    """
    statistic, p_value = t_test(estimate, std_error, dof)
    low, high = t_interval(estimate, std_error, dof, confidence=confidence)
    values = (estimate, std_error, dof, statistic, p_value, low, high)
    return dict(zip(ESTIMATE, values, strict=True))


def mean_row(values: np.ndarray, *, confidence: float = 0.95, fewest: int = 2) -> dict[str, Any]:
    """Test a mean against zero; of differences within participants this is the paired t-test.

    Parameters
    ----------
    values : array, shape (n_participants, ...)
        One value for each participant, such as a difference between two conditions.
    confidence : float
        Level of the interval.
    fewest : int
        With fewer values all numbers are NaN.

    Returns
    -------
    dict
        As of `estimate_row`, each of shape (...).

    Examples
    --------
    >>> row = mean_row(np.array([1.0, 2.0, 3.0]))
    >>> float(row["estimate"]), row["dof"], round(float(row["p_value"]), 3)
    (2.0, 2, 0.074)
    """
    n = len(values)
    if n < fewest:
        return dict.fromkeys(ESTIMATE, np.full(values.shape[1:], np.nan)[()])
    mean, std_error = values.mean(axis=0), stats.sem(values, axis=0)
    with warnings.catch_warnings():
        # Values that do not differ are rightly without a test: they become NaN below.
        warnings.filterwarnings("ignore", "Precision loss occurred", RuntimeWarning)
        warnings.filterwarnings("ignore", "(divide by zero|invalid value)", RuntimeWarning)
        test = stats.ttest_1samp(values, 0.0, axis=0)
        low, high = test.confidence_interval(confidence)
    is_alike = np.equal(std_error, 0)
    numbers = (
        mean,
        std_error,
        n - 1,
        np.where(is_alike, np.nan, test.statistic)[()],
        np.where(is_alike, np.nan, test.pvalue)[()],
        np.where(is_alike, mean, low)[()],
        np.where(is_alike, mean, high)[()],
    )
    return dict(zip(ESTIMATE, numbers, strict=True))
