"""Threshold-free cluster enhancement, integrated exactly."""

import numba
import numpy as np

from mmme_neuro.inference.adjacency import Neighbors
from mmme_neuro.stats.buffers import unwritten

EXTENT_POWER = 0.5
HEIGHT_POWER = 2.0
"""E and H of Smith & Nichols (2009)."""


def tfce(
    statistic: np.ndarray,
    adjacency: Neighbors,
    *,
    extent_power: float = EXTENT_POWER,
    height_power: float = HEIGHT_POWER,
) -> np.ndarray:
    """Enhance maps of a statistic by the support that each point has from its neighbors.

    Parameters
    ----------
    statistic : array, shape (..., n_points)
        Maps of a signed statistic such as t, their points in the last axis. NaN is no point: it
        belongs to no cluster and stays NaN.
    adjacency : Neighbors
        Of ``n_points`` points.
    extent_power, height_power : float
        E and H.

    Returns
    -------
    array, shape (..., n_points)
        Score with the statistic's sign; positive and negative clusters are apart.

    Notes
    -----
    The score of a point of height h_p is the integral from 0 to h_p of e(h)^E h^H dh, where e(h)
    is the number of points in its cluster above h [1]_. e(h) only changes at values of the
    statistic, so the integral is a finite sum: points join clusters in the order of their heights
    (union-find), and each stretch between two joins adds e^E (h1^(H+1) - h2^(H+1)) / (H+1) once for
    the whole cluster. There is no step to choose; implementations that add up thresholds approach
    this value as their step goes to zero.

    References
    ----------
    .. [1] Smith & Nichols (2009). NeuroImage 44, 83-98.

    Examples
    --------
    >>> from mmme_neuro.inference.adjacency import neighbors
    >>> tfce(np.array([0.0, 3.0, 0.0]), neighbors((3,)))  # 3 ** 3 / 3
    array([0., 9., 0.])
    """
    statistic = np.asarray(statistic, dtype=float)
    if statistic.shape[-1:] != (adjacency.n_points,):
        raise ValueError(
            f"statistic: its last axis must hold the {adjacency.n_points} points of the adjacency, "
            f"got shape {statistic.shape}."
        )
    if np.isinf(statistic).any():
        raise ValueError("statistic must not be infinite; look at the cells concerned.")
    maps = np.ascontiguousarray(statistic.reshape(-1, adjacency.n_points))
    scores = _enhance_all(maps, adjacency.first, adjacency.index, extent_power, height_power)
    return scores.reshape(statistic.shape)


def largest_scores(
    statistic: np.ndarray,
    adjacency: Neighbors,
    *,
    extent_power: float = EXTENT_POWER,
    height_power: float = HEIGHT_POWER,
) -> np.ndarray:
    """Largest positive and largest negative score of each map, faster than all scores.

    Parameters
    ----------
    statistic : array, shape (n_maps, n_points)
        Maps; NaN is no point.
    adjacency, extent_power, height_power
        As in `tfce`.

    Returns
    -------
    array, shape (n_maps, 2)
        Magnitudes; 0 without a point of that sign.

    Notes
    -----
    A cluster's largest score belongs to a peak and grows by what every point of the cluster gains,
    so one number per cluster is enough.
    """
    maps = np.ascontiguousarray(statistic, dtype=float)
    return _largest_all(maps, adjacency.first, adjacency.index, extent_power, height_power)


@numba.njit(cache=True, nogil=True)
def _largest_all(
    maps: np.ndarray,
    first: np.ndarray,
    index: np.ndarray,
    extent_power: float,
    height_power: float,
) -> np.ndarray:
    """Largest scores of both signs of every map."""
    n_points = maps.shape[1]
    largest = np.zeros((maps.shape[0], 2))
    extent = np.arange(n_points + 1) ** extent_power
    parent, size = np.full(n_points, -1, np.int32), np.zeros(n_points, np.int32)
    best, since = unwritten(n_points), unwritten(n_points)
    for row in range(maps.shape[0]):
        order = _highest_first(np.abs(maps[row]))
        _largest_scores(
            maps[row],
            order,
            first,
            index,
            extent,
            height_power,
            parent,
            size,
            best,
            since,
            largest[row],
        )
    return largest


@numba.njit(cache=True, nogil=True)
def _highest_first(heights: np.ndarray) -> np.ndarray:
    """Positions of the positive heights, the highest first; NaN and zero are left out.

    Three counting passes over the upper 33 bits, in which positive numbers are ordered as
    integers, then insertion for what differs below.
    """
    positive = np.flatnonzero(heights > 0).astype(np.int32)
    keys = heights.view(np.int64)
    other = positive.copy()
    counts = np.zeros(2048, np.int64)
    for digit in range(3):
        shift = 30 + 11 * digit
        counts[:] = 0
        for point in positive:
            counts[2047 - ((keys[point] >> shift) & 2047)] += 1
        total = 0
        for bucket in range(2048):
            count = counts[bucket]
            counts[bucket] = total
            total += count
        for point in positive:
            bucket = 2047 - ((keys[point] >> shift) & 2047)
            other[counts[bucket]] = point
            counts[bucket] += 1
        positive, other = other, positive
    for i in range(1, positive.size):
        point = positive[i]
        height = heights[point]
        at = i
        while at > 0 and heights[positive[at - 1]] < height:
            positive[at] = positive[at - 1]
            at -= 1
        positive[at] = point
    return positive


@numba.njit(cache=True, nogil=True)
def _largest_scores(
    statistic: np.ndarray,
    order: np.ndarray,
    first: np.ndarray,
    index: np.ndarray,
    extent: np.ndarray,
    height_power: float,
    parent: np.ndarray,
    size: np.ndarray,
    best: np.ndarray,
    since: np.ndarray,
    largest: np.ndarray,
) -> None:
    """Largest scores of one map; ``parent, size, best, since`` are memory."""
    power = height_power + 1.0
    parent[:] = -1
    for point in order:
        height = abs(statistic[point])
        now = (height * height * height if power == 3.0 else height**power) / power
        is_up = statistic[point] > 0
        parent[point], size[point], best[point], since[point] = point, 1, 0.0, now
        one = point
        for at in range(first[point], first[point + 1]):
            two = index[at]
            if parent[two] < 0 or parent[two] == one or (statistic[two] > 0) != is_up:
                continue
            while parent[two] != two:
                parent[two] = parent[parent[two]]
                two = parent[two]
            if one == two:
                continue
            if size[one] < size[two]:
                one, two = two, one
            best[one] += extent[size[one]] * (since[one] - now)
            best[two] += extent[size[two]] * (since[two] - now)
            since[one] = now
            parent[two] = one
            size[one] += size[two]
            best[one] = max(best[one], best[two])
    for point in order:
        if parent[point] == point:
            side = 0 if statistic[point] > 0 else 1
            score = best[point] + extent[size[point]] * since[point]
            largest[side] = max(largest[side], score)


@numba.njit(cache=True, nogil=True)
def _enhance_all(
    maps: np.ndarray,
    first: np.ndarray,
    index: np.ndarray,
    extent_power: float,
    height_power: float,
) -> np.ndarray:
    """Enhance both signs of every map."""
    scores = unwritten(maps.shape)
    extent = np.arange(maps.shape[1] + 1) ** extent_power
    for row in range(maps.shape[0]):
        up = _enhance(maps[row], first, index, extent, height_power)
        down = _enhance(-maps[row], first, index, extent, height_power)
        for point in range(maps.shape[1]):
            # Of a NaN both are zero.
            value = up[point] - down[point]
            scores[row, point] = np.nan if np.isnan(maps[row, point]) else value
    return scores


@numba.njit(cache=True, nogil=True)
def _enhance(
    heights: np.ndarray,
    first: np.ndarray,
    index: np.ndarray,
    extent: np.ndarray,
    height_power: float,
) -> np.ndarray:
    """Scores of the points above zero; 0 elsewhere."""
    n_points = heights.size
    scores = np.zeros(n_points)
    above = np.flatnonzero(heights > 0)
    order = above[np.argsort(-heights[above])]
    parent = np.full(n_points, -1, np.int32)
    size = np.zeros(n_points, np.int32)
    # Of a root: integral up to now. Of a joined one: what to add to that of its parent.
    gathered = np.zeros(n_points)
    since = np.zeros(n_points)
    power = height_power + 1.0
    for point in order:
        parent[point], size[point] = point, 1
        now = heights[point] ** power / power
        since[point] = now
        for at in range(first[point], first[point + 1]):
            other = index[at]
            if parent[other] < 0:
                continue
            one, two = _root(parent, gathered, point), _root(parent, gathered, other)
            if one == two:
                continue
            if size[one] < size[two]:
                one, two = two, one
            for root in (one, two):
                gathered[root] += extent[size[root]] * (since[root] - now)
                since[root] = now
            parent[two] = one
            gathered[two] -= gathered[one]
            size[one] += size[two]
    for point in order:
        if parent[point] == point:
            gathered[point] += extent[size[point]] * since[point]
    for point in order:
        root = _root(parent, gathered, point)
        scores[point] = gathered[point] + (gathered[root] if root != point else 0.0)
    return scores


@numba.njit(cache=True, nogil=True)
def _root(parent: np.ndarray, gathered: np.ndarray, point: int) -> int:
    """Root of a point's cluster; the path is shortened so that its parent is the root."""
    root = point
    while parent[root] != root:
        root = parent[root]
    # From the point upwards, what each adds relative to the root.
    total, at = 0.0, point
    while parent[at] != root and at != root:
        total += gathered[at]
        at = parent[at]
    if at != root:
        total += gathered[at]
    at = point
    while parent[at] != root and at != root:
        above, own = parent[at], gathered[at]
        parent[at], gathered[at] = root, total
        total -= own
        at = above
    return root
