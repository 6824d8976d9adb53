"""Variance components of complete crossed tables, from mean squares."""

from dataclasses import dataclass
from itertools import combinations
from math import prod

import numpy as np
from scipy import stats
from scipy.stats import qmc

N_POINTS = 4096
"""Points of the fixed Halton sequence at which generalised limits are evaluated."""


@dataclass(frozen=True, eq=False)
class MeanSquares:
    """Mean squares of a complete table with one score a cell.

    Parameters
    ----------
    sources : tuple of tuple of int
        Axes of each source: single ones, their combinations, all of them (the residual).
    values : array, shape (n_sources,)
        Mean squares.
    dof : array, shape (n_sources,)
        Degrees of freedom.
    weights : array, shape (n_sources, n_sources)
        Variance components are ``weights @ values``.
    """

    sources: tuple[tuple[int, ...], ...]
    values: np.ndarray
    dof: np.ndarray
    weights: np.ndarray

    @property
    def components(self) -> np.ndarray:
        """Unbiased variance of each source, shape (n_sources,); may be negative."""
        return self.weights @ self.values

    def generalised(self) -> np.ndarray:
        """Variances at quantiles of the mean squares' distributions, not below zero.

        Returns
        -------
        array, shape (N_POINTS, n_sources)
            Their quantiles are generalised confidence limits (Weerahandi 1993): each mean square
            times its degrees of freedom is its expectation times chi-squared.
        """
        points = qmc.Halton(len(self.dof), scramble=False).random(N_POINTS + 1)[1:]
        expected = self.values * self.dof / stats.chi2.ppf(points, self.dof)
        return np.maximum(expected @ self.weights.T, 0)


def mean_squares(table: np.ndarray) -> MeanSquares:
    """Mean squares of all sources of a complete table.

    Parameters
    ----------
    table : array, shape (n_1, ..., n_factors)
        One score a cell.

    Returns
    -------
    MeanSquares

    Notes
    -----
    All factors are random: the expectation of a source's mean square adds, for each source that
    contains it, that source's variance times the number of cells of one of its levels
    (Brennan 2001, section 3.4).
    """
    axes = range(table.ndim)
    sources = tuple(
        source for size in range(1, table.ndim + 1) for source in combinations(axes, size)
    )
    values, dof = [], []
    for source in sources:
        effect = table
        for axis in axes:
            mean = effect.mean(axis=axis, keepdims=True)
            effect = effect - mean if axis in source else mean
        cells = prod(table.shape[axis] for axis in axes if axis not in source)
        dof.append(prod(table.shape[axis] - 1 for axis in source))
        values.append(float((effect**2).sum()) * cells / dof[-1])
    weights = [
        [
            (-1.0) ** (len(other) - len(source)) / prod(_rest(table.shape, source))
            if set(source) <= set(other)
            else 0.0
            for other in sources
        ]
        for source in sources
    ]
    return MeanSquares(sources, np.array(values), np.array(dof), np.array(weights))


def _rest(shape: tuple[int, ...], source: tuple[int, ...]) -> list[int]:
    """Sizes of the axes outside a source."""
    return [size for axis, size in enumerate(shape) if axis not in source]
