"""Numbers that are the same but for rounding."""

from typing import Any

import numpy as np

SAME = 1e-13
"""Share of the largest absolute value up to which numbers are the same: some 400 of the steps in
which double precision counts, as much as sums of many numbers lose."""


def is_constant(values: np.ndarray, axis: int = 0) -> Any:
    """Whether numbers do not vary beyond rounding.

    Standard deviations do not tell: that of 0.1 three times is 1e-17, not 0.

    Parameters
    ----------
    values : array, shape (n_rows, ...)
        Any numbers; missing ones are passed over.
    axis : int
        Along which they may vary.

    Returns
    -------
    bool or array of bool, shape (...)
        True where there is no number.

    Examples
    --------
    >>> bool(is_constant(np.array([0.1, 0.1, 0.1, 0.3 - 0.2]))), bool(is_constant(np.arange(2)))
    (True, False)
    """
    values = np.asarray(values, dtype=float)
    if not values.shape[axis]:
        return np.ones(np.delete(values.shape, axis), dtype=bool)[()]
    low, high = np.fmin.reduce(values, axis=axis), np.fmax.reduce(values, axis=axis)
    return ~(high / 2 - low / 2 > SAME / 2 * np.fmax(np.abs(low), np.abs(high)))


def is_constant_within(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Whether columns do not vary within any group beyond rounding.

    Parameters
    ----------
    values : array, shape (n_rows, n_columns)
        Any numbers.
    codes : array of int, shape (n_rows,)
        Group of each row.

    Returns
    -------
    array of bool, shape (n_columns,)

    Examples
    --------
    >>> is_constant_within(np.array([[0.1, 1], [0.1, 2], [0.7, 1]]), np.array([0, 0, 1])).tolist()
    [True, False]
    """
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=codes[order[0]] - 1))
    values = values[order]
    low, high = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
    return ~((high - low) > SAME * np.nanmax(np.abs(values), axis=0)).any(axis=0)
