"""Least squares under serially correlated noise, with gaps."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.linalg
import scipy.signal
from scipy import sparse

from mmme_neuro.errors import NotEstimable

ORDERS = (0, 1, 2, 4, 8, 16)
"""Orders of the autoregressive noise that are compared."""

SMALLEST_EIGENVALUE = 1e-10
"""Of the design's correlation matrix; below it columns are taken to be aliased."""


@dataclass(frozen=True)
class Solution:
    """Generalized least squares of one or more signals on one design.

    Attributes
    ----------
    coefficients : array, shape (n_columns, n_signals)
        Estimates.
    unscaled : array, shape (n_columns, n_columns)
        Covariance of the estimates over the noise variance.
    variance : array, shape (n_signals,)
        Variance of the innovations.
    ar : array, shape (order,)
        Coefficients of the noise, the signals' common ones.
    dof : int
        Samples used minus columns.
    condition : float
        Condition number of the design with columns of unit length.
    inflation : array, shape (n_groups,)
        Generalized variance inflation factor of each group of columns.
    """

    coefficients: np.ndarray
    unscaled: np.ndarray
    variance: np.ndarray
    ar: np.ndarray
    dof: int
    condition: float
    inflation: np.ndarray


def solve(
    design: sparse.csr_array,
    signals: np.ndarray,
    is_good: np.ndarray,
    names: list[str],
    *,
    groups: Sequence[slice] = (),
    orders: tuple[int, ...] = ORDERS,
    whiten: bool = True,
) -> Solution:
    """Regress signals on a design; noise is autoregressive, its order chosen by BIC.

    Parameters
    ----------
    design : sparse array, shape (n_times, n_columns)
        Regressors.
    signals : array, shape (n_signals, n_times)
        What is explained; whatever stands where ``is_good`` is False is not looked at.
    is_good : array of bool, shape (n_times,)
        Samples to use.
    names : list of str
        Columns, for messages.
    groups : sequence of slice
        Columns that belong together, whose collinearity with the others is wanted.
    orders : tuple of int
        Orders to choose from; ``(0,)`` for white noise.
    whiten : bool
        Whether the estimates themselves are weighted by the noise (generalized least squares), or
        only their errors follow from it (ordinary least squares).

    Returns
    -------
    Solution

    Raises
    ------
    NotEstimable
        When there are fewer good samples than columns or columns are aliased.

    Notes
    -----
    Weighting is efficient where the design can take the shape of the responses. Where it cannot, as
    with fixed response functions, it must not be used: whitening a smooth signal makes its fastest
    details count most, and these are what a fixed shape misses.

    Ordinary least squares gives residuals, these the autoregressive coefficients (over stretches
    without gaps), and both sides are filtered with them (Cochrane & Orcutt 1949), twice.

    The generalized variance inflation factor of d columns [1]_ is taken to the power 1 / d, so that
    1 is none and 4 means intervals twice as wide, however many columns a group has.

    References
    ----------
    .. [1] Fox & Monette (1992). Journal of the American Statistical Association 87, 178-183.
    """
    first = _least_squares(design, signals, is_good, names, groups)
    if tuple(orders) == (0,):
        return first
    solution = first
    for _ in range(2):
        residuals = np.where(is_good, signals - (design @ solution.coefficients).T, np.nan)
        ar = _autoregression(residuals, orders)
        if not ar.size:
            return first
        if not whiten:
            return replace(
                first,
                unscaled=_colored(design, is_good, first.unscaled, ar),
                ar=ar,
                variance=_innovations(residuals, ar),
            )
        white, left = _whitened(design, is_good, ar)
        whitened = _filtered(np.where(is_good, signals, 0.0), ar)
        solution = _least_squares(white, whitened, left, names, groups, ar=ar)
    return solution


def _least_squares(
    design: sparse.csr_array,
    signals: np.ndarray,
    is_good: np.ndarray,
    names: list[str],
    groups: Sequence[slice],
    ar: np.ndarray | None = None,
) -> Solution:
    """Ordinary least squares over the good samples."""
    used = design[is_good]
    n_times, n_columns = used.shape
    if n_times <= n_columns:
        raise NotEstimable(
            f"{n_times} good samples cannot carry {n_columns} columns; use fewer basis functions, "
            "fewer terms or a longer recording."
        )
    gram = (used.T @ used).toarray()
    length = np.sqrt(np.diag(gram))
    if not length.all():
        empty = [names[i] for i in np.flatnonzero(length == 0)]
        raise NotEstimable(f"columns without a sample: {_some(empty)}; leave them out.")
    scaled = gram / np.outer(length, length)
    eigenvalues, vectors = np.linalg.eigh(scaled)
    if eigenvalues[0] < SMALLEST_EIGENVALUE * eigenvalues[-1]:
        share = np.abs(vectors[:, 0])
        aliased = [names[i] for i in np.argsort(-share) if share[i] > 0.1 * share.max()]
        raise NotEstimable(
            f"the design is rank deficient: {_some(aliased)} explain one another. Leave one out, "
            "shorten the basis, or use fewer functions."
        )
    factor = scipy.linalg.cho_factor(scaled)
    inverse = scipy.linalg.cho_solve(factor, np.eye(n_columns))
    unscaled = inverse / np.outer(length, length)
    values = signals[:, is_good]
    coefficients = unscaled @ (used.T @ values.T)
    residuals = values - (used @ coefficients).T
    dof = n_times - n_columns
    return Solution(
        coefficients=coefficients,
        unscaled=unscaled,
        variance=np.sum(residuals**2, axis=1) / dof,
        ar=np.empty(0) if ar is None else ar,
        dof=dof,
        condition=float(np.sqrt(eigenvalues[-1] / eigenvalues[0])),
        inflation=np.array([_inflation(scaled[g, g], inverse[g, g]) for g in groups]),
    )


def _colored(
    design: sparse.csr_array, is_good: np.ndarray, inverse: np.ndarray, ar: np.ndarray
) -> np.ndarray:
    """Covariance of ordinary least squares over the innovations' variance, noise autoregressive.

    With W the whitening filter the noise is W^-1 times innovations, and X' W^-1 W^-T X is a sum of
    squares of the design filtered backwards in time. Bad samples are zero rows of X.
    """
    used = np.asarray((sparse.diags_array(is_good.astype(float)) @ design).todense())
    filtered = scipy.signal.lfilter([1.0], np.r_[1.0, -ar], used[::-1], axis=0)
    return inverse @ (filtered.T @ filtered) @ inverse


def _innovations(residuals: np.ndarray, ar: np.ndarray) -> np.ndarray:
    """Variance of each signal's innovations."""
    order = ar.size
    n_times = residuals.shape[1]
    past = sum(
        weight * residuals[:, order - lag : n_times - lag] for lag, weight in enumerate(ar, 1)
    )
    return np.nanvar(residuals[:, order:] - past, axis=1)


def _inflation(own: np.ndarray, inverse: np.ndarray) -> float:
    """Generalized variance inflation factor of a group of columns, to the power 1 / columns."""
    logs = np.linalg.slogdet(own).logabsdet + np.linalg.slogdet(inverse).logabsdet
    return float(np.exp(logs / len(own)))


def _some(names: list[str]) -> str:
    """The first few names."""
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _autoregression(residuals: np.ndarray, orders: tuple[int, ...]) -> np.ndarray:
    """Coefficients by least squares on the samples before, order by BIC.

    Yule-Walker would pull the roots of slow noise towards zero and understate its errors.
    """
    highest = max(orders)
    scaled = residuals / np.nanstd(residuals, axis=1, keepdims=True)
    n_times = residuals.shape[1]
    lagged = np.stack([scaled[:, highest - lag : n_times - lag] for lag in range(highest + 1)])
    lagged = lagged[:, :, np.isfinite(lagged).all(axis=(0, 1))].reshape(highest + 1, -1)
    if lagged.shape[1] <= 10 * highest:
        return np.empty(0)
    products = lagged @ lagged.T / lagged.shape[1]
    best, lowest = np.empty(0), np.inf
    # Signals are not independent of each other: samples count once.
    n = lagged.shape[1] / len(residuals)
    for order in orders:
        past, now = products[1 : order + 1, 1 : order + 1], products[1 : order + 1, 0]
        ar = np.linalg.solve(past, now)
        criterion = n * np.log(products[0, 0] - ar @ now) + order * np.log(n)
        if criterion < lowest:
            best, lowest = ar, criterion
    return best


def _whitened(
    design: sparse.csr_array, is_good: np.ndarray, ar: np.ndarray
) -> tuple[sparse.csr_array, np.ndarray]:
    """Design after the noise's filter, and the samples whose past is complete."""
    n_times = design.shape[0]
    taps = np.r_[1.0, -ar]
    operator = sparse.diags_array(
        [np.full(n_times - lag, tap) for lag, tap in enumerate(taps)],
        offsets=[-lag for lag in range(taps.size)],
        shape=(n_times, n_times),
    )
    counts = np.convolve(is_good, np.ones(taps.size))[:n_times]
    return sparse.csr_array(operator @ design), counts > taps.size - 0.5


def _filtered(signals: np.ndarray, ar: np.ndarray) -> np.ndarray:
    """Signals after the noise's filter."""
    return scipy.signal.lfilter(np.r_[1.0, -ar], [1.0], signals, axis=1)
