"""Largest statistics of maps whose units change sign, corrections, and p-values."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.stats
from threadpoolctl import threadpool_limits

from mmme_neuro.inference.adjacency import Neighbors
from mmme_neuro.inference.clusters import find_clusters, largest_masses
from mmme_neuro.inference.tfce import largest_scores, tfce

CHUNK_BYTES = 32_000_000
"""Memory of the permuted maps of one thread."""

CHUNK_MAPS = 32
"""Permuted maps of one matrix product, at most: a product's last bits depend on its shape, so the
shape may not depend on the number of threads."""

Largest = Callable[[np.ndarray], np.ndarray]
"""From maps, shape (n_maps, n_points), to the largest magnitude of either sign, (n_maps, 2)."""

TAILS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "both": lambda largest: largest.max(axis=1),
    "greater": lambda largest: largest[:, 0],
    "less": lambda largest: largest[:, 1],
}
"""The side of the alternative; of both signs' largest values, the one that counts."""


SIDES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "both": np.abs,
    "greater": lambda value: np.maximum(value, 0),
    "less": lambda value: np.maximum(-value, 0),
}
"""Magnitude of a signed value on the side of the alternative; NaN stays."""


def largest_points(maps: np.ndarray) -> np.ndarray:
    """Largest magnitude of either sign of each map; 0 where there is none, NaN left out."""
    known = np.nan_to_num(maps)
    return np.column_stack([known.max(axis=1, initial=0), (-known).max(axis=1, initial=0)])


def largest_of(correction: str, adjacency: Neighbors, threshold: float) -> Largest:
    """Function for the largest value that a correction compares."""
    choices: dict[str, Largest] = {
        "max": largest_points,
        "tfce": lambda maps: largest_scores(maps, adjacency),
        "cluster": lambda maps: largest_masses(maps, adjacency, threshold=threshold),
    }
    return choices[correction]


@dataclass(frozen=True, eq=False)
class Draws:
    """How a null distribution is drawn.

    Parameters
    ----------
    largest : callable
        From `largest_of`.
    n_permutations : int
        Number of draws.
    rng : Generator
        Their source.
    n_threads : int
        Threads; the result does not depend on them.
    progress : callable, optional
        Called with the draws done and their number.
    """

    largest: Largest
    n_permutations: int
    rng: np.random.Generator
    n_threads: int = 1
    progress: Callable[[int, int], None] | None = None

    def report(self, done: int) -> None:
        """Tell how far it is."""
        if self.progress is not None:
            self.progress(done, self.n_permutations)


def flipped_maxima(contributions: np.ndarray, draws: Draws) -> np.ndarray:
    """Largest values of maps in which whole units change sign at random.

    Parameters
    ----------
    contributions : array, shape (n_units, n_cells)
        Scaled so that their squares add up to one in each cell; NaN where nothing is tested.
    draws : Draws
        One pattern of signs serves all cells, so that their dependence stays.

    Returns
    -------
    array, shape (n_permutations, 2)
        For the positive and the negative side.
    """
    n_units, n_cells = contributions.shape
    n = draws.n_permutations
    signs = draws.rng.integers(0, 2, (n, n_units)) * 2.0 - 1.0
    width = max(1, min(CHUNK_BYTES // (8 * max(n_cells, 1)), CHUNK_MAPS))
    chunks = [signs[a : a + width] for a in range(0, n, width)]

    def work(chunk: np.ndarray) -> np.ndarray:
        return draws.largest(chunk @ contributions)

    found = np.full((n, 2), np.nan)
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(draws.n_threads) as executor:
        done = 0
        for part in executor.map(work, chunks):
            found[done : done + len(part)] = part
            done += len(part)
            draws.report(done)
    return found


@dataclass(frozen=True, eq=False)
class PValues:
    """P-values from permutations and the interval of their Monte-Carlo error.

    Parameters
    ----------
    p_value : array
        (1 + n at least as large) / (1 + n): the observed value is counted.
    low, high : array
        Clopper-Pearson limits of what all permutations would give.
    """

    p_value: np.ndarray
    low: np.ndarray
    high: np.ndarray


def p_values(observed: np.ndarray, null: np.ndarray, *, confidence: float = 0.95) -> PValues:
    """Compare observed values with the largest values of permutations.

    Parameters
    ----------
    observed : array
        Any shape; NaN stays NaN.
    null : array, shape (n_permutations,)
        Largest values under the null.
    confidence : float
        Of the Monte-Carlo interval.

    Returns
    -------
    PValues

    Notes
    -----
    Phipson & Smyth (2010), Stat Appl Genet Mol Biol 9, 39: counting the observed value keeps
    p-values valid for any number of permutations. Values equal up to rounding count as equal.

    Examples
    --------
    >>> p_values(np.array([3.0, 1.0]), np.array([1.0, 2.0, 0.5])).p_value
    array([0.25, 0.75])
    """
    null, n = np.sort(null), len(null)
    known = np.nan_to_num(observed)
    k = n - np.searchsorted(null, known * (1 - 1e-10), side="left")
    outside = (1 - confidence) / 2
    with np.errstate(invalid="ignore"):
        low = np.where(k > 0, scipy.stats.beta.ppf(outside, k, n - k + 1), 0.0)
        high = np.where(k < n, scipy.stats.beta.ppf(1 - outside, k + 1, n - k), 1.0)
    missing = np.isnan(observed)
    return PValues(*(np.where(missing, np.nan, v) for v in ((k + 1) / (n + 1), low, high)))


def corrected_maps(
    statistic: np.ndarray,
    null: np.ndarray,
    near: Neighbors,
    correction: str,
    tail: str,
    threshold: float,
    alpha: float,
    confidence: float,
) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """Corrected p-values of every cell and the clusters that stand out.

    Parameters
    ----------
    statistic : array, shape (n_cells,)
        Signed; NaN is not tested.
    null : array, shape (n_permutations,)
        Largest values of the permutations on the side of the alternative.
    near : Neighbors
        Of the cells.
    correction, tail : str
        As in `permutation_test`.
    threshold : float
        Cluster-forming.
    alpha, confidence : float
        As in `permutation_test`.

    Returns
    -------
    maps : dict of str to array, shape (n_cells,)
        ``statistic, p_value, p_low, p_high, cluster`` and, for TFCE, ``enhanced``.
    clusters : DataFrame
        One row per cluster.
    """
    side = SIDES[tail]
    sided = np.where(side(statistic) > 0, statistic, np.where(np.isnan(statistic), np.nan, 0.0))
    maps = {"statistic": statistic}
    if correction == "cluster":
        clusters = find_clusters(sided, near, threshold=threshold)
        by_cluster = p_values(np.abs(clusters.mass), null, confidence=confidence)
        labels = clusters.labels
        nothing = np.where(np.isnan(statistic), np.nan, 1.0)
        for name, value in (
            ("p_value", by_cluster.p_value),
            ("p_low", by_cluster.low),
            ("p_high", by_cluster.high),
        ):
            maps[name] = np.where(labels >= 0, np.append(value, np.nan)[labels], nothing)
    else:
        value = statistic
        if correction == "tfce":
            value = maps["enhanced"] = tfce(statistic, near)
        found = p_values(side(value), null, confidence=confidence)
        maps |= {"p_value": found.p_value, "p_low": found.low, "p_high": found.high}
        with np.errstate(invalid="ignore"):
            standing_out = np.where((found.p_value <= alpha) & (sided != 0), sided, np.nan)
        labels = find_clusters(standing_out, near, threshold=np.finfo(float).tiny).labels
    maps["cluster"] = labels
    return maps, _cluster_table(maps)


def _cluster_table(maps: dict[str, np.ndarray]) -> pd.DataFrame:
    """One row per cluster."""
    rows = []
    for number in range(int(maps["cluster"].max(initial=-1)) + 1):
        own = maps["cluster"] == number
        best = np.flatnonzero(own)[np.argmin(maps["p_value"][own])]
        statistic = maps["statistic"][own]
        rows.append(
            {
                "cluster": number,
                "sign": int(np.sign(statistic[0])),
                "n_cells": int(own.sum()),
                "peak": float(statistic[np.argmax(np.abs(statistic))]),
                "mass": float(statistic.sum()),
                **{name: float(maps[name][best]) for name in ("p_value", "p_low", "p_high")},
            }
        )
    names = ["cluster", "sign", "n_cells", "peak", "mass", "p_value", "p_low", "p_high"]
    return pd.DataFrame(rows, columns=names)
