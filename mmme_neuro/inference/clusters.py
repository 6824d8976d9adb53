"""Clusters of a map above a threshold and their mass."""

from dataclasses import dataclass

import numba
import numpy as np

from mmme_neuro.inference.adjacency import Neighbors
from mmme_neuro.stats.buffers import unwritten_integers


@dataclass(frozen=True)
class Clusters:
    """Clusters of one map; positive and negative ones are apart.

    Attributes
    ----------
    labels : array of int, shape (n_points,)
        Number of the cluster of each point, -1 for none.
    mass : array, shape (n_clusters,)
        Sum of the statistic over the cluster's points, with its sign; largest magnitude first.
    """

    labels: np.ndarray
    mass: np.ndarray


def find_clusters(statistic: np.ndarray, adjacency: Neighbors, *, threshold: float) -> Clusters:
    """Join neighbors whose statistic is at or beyond a threshold.

    Parameters
    ----------
    statistic : array, shape (n_points,)
        Signed statistic; NaN belongs to no cluster.
    adjacency : Neighbors
        Of the points.
    threshold : float
        Positive; clusters are made of points >= threshold, and of points <= -threshold.

    Returns
    -------
    Clusters

    Examples
    --------
    >>> from mmme_neuro.inference.adjacency import neighbors
    >>> find_clusters(np.array([3.0, 2.5, 0, -4]), neighbors((4,)), threshold=2).mass
    array([ 5.5, -4. ])
    """
    _check_threshold(threshold)
    statistic = np.ascontiguousarray(statistic, dtype=float)
    labels = _label(statistic, adjacency.first, adjacency.index, threshold)
    n_clusters = labels.max(initial=-1) + 1
    mass = np.bincount(labels[labels >= 0], weights=statistic[labels >= 0], minlength=n_clusters)
    order = np.argsort(-np.abs(mass), kind="stable")
    # The last entry is where label -1 looks.
    rank = np.full(n_clusters + 1, -1)
    rank[order] = np.arange(n_clusters)
    return Clusters(rank[labels], mass[order])


def largest_masses(statistic: np.ndarray, adjacency: Neighbors, *, threshold: float) -> np.ndarray:
    """Largest positive and largest negative cluster mass of each map.

    Parameters
    ----------
    statistic : array, shape (n_maps, n_points)
        Maps.
    adjacency : Neighbors
        Of the points.
    threshold : float
        As in `find_clusters`.

    Returns
    -------
    array, shape (n_maps, 2)
        Magnitudes of the largest positive and negative mass; 0 without a cluster.
    """
    _check_threshold(threshold)
    maps = np.ascontiguousarray(statistic, dtype=float)
    return _largest(maps, adjacency.first, adjacency.index, threshold)


def _check_threshold(threshold: float) -> None:
    """Refuse a threshold that would join everything."""
    if not threshold > 0:
        raise ValueError(f"threshold must be positive, got {threshold}.")


@numba.njit(cache=True, nogil=True)
def _label(
    statistic: np.ndarray, first: np.ndarray, index: np.ndarray, threshold: float
) -> np.ndarray:
    """Number of each point's cluster in the order of their first points; -1 for none."""
    n_points = statistic.size
    labels = np.full(n_points, -1, np.int64)
    stack = unwritten_integers(n_points)
    n_clusters = 0
    for start in range(n_points):
        if labels[start] >= 0 or not abs(statistic[start]) >= threshold:
            continue
        is_up = statistic[start] > 0
        labels[start], stack[0], depth = n_clusters, start, 1
        while depth:
            depth -= 1
            point = stack[depth]
            for at in range(first[point], first[point + 1]):
                other = index[at]
                beyond = abs(statistic[other]) >= threshold
                if beyond and labels[other] < 0 and (statistic[other] > 0) == is_up:
                    labels[other], stack[depth] = n_clusters, other
                    depth += 1
        n_clusters += 1
    return labels


@numba.njit(cache=True, nogil=True)
def _largest(
    maps: np.ndarray, first: np.ndarray, index: np.ndarray, threshold: float
) -> np.ndarray:
    """Largest masses of both signs."""
    out = np.zeros((maps.shape[0], 2))
    for row in range(maps.shape[0]):
        labels = _label(maps[row], first, index, threshold)
        mass = np.zeros(labels.max() + 1)
        for point in range(labels.size):
            if labels[point] >= 0:
                mass[labels[point]] += maps[row, point]
        for value in mass:
            if value > 0:
                out[row, 0] = max(out[row, 0], value)
            else:
                out[row, 1] = max(out[row, 1], -value)
    return out
