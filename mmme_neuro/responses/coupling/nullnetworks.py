"""Random networks with the same degrees and the same weights."""

import numba
import numpy as np

SWAPS_PER_EDGE = 10


def rewired(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give a random network with as many edges at every node and the same weights elsewhere.

    Parameters
    ----------
    weights : array, shape (n_nodes, n_nodes)
        Symmetric, zero for no edge.
    rng : Generator
        Source of the randomness.

    Returns
    -------
    array, shape (n_nodes, n_nodes)

    Notes
    -----
    Pairs of edges exchange their ends, ten times as often as there are edges, unless that would
    make a loop or a double edge (Maslov & Sneppen 2002); then weights are dealt out anew. In a
    complete network only the weights move. Strengths are not preserved.

    Examples
    --------
    >>> ring = np.roll(np.eye(5), 1, axis=1)
    >>> rewired(ring + ring.T, np.random.default_rng(0)).sum(axis=0)
    array([2., 2., 2., 2., 2.])
    """
    rows, columns = np.nonzero(np.triu(weights, 1))
    n_edges = rows.size
    if n_edges < 2:
        return weights.copy()
    draws = rng.integers(0, n_edges, (SWAPS_PER_EDGE * n_edges, 2))
    sides = rng.random(len(draws)) < 0.5
    ends = _swapped(np.column_stack([rows, columns]), len(weights), draws, sides)
    out = np.zeros_like(weights)
    dealt = rng.permutation(weights[rows, columns])
    out[ends[:, 0], ends[:, 1]] = dealt
    out[ends[:, 1], ends[:, 0]] = dealt
    return out


@numba.njit(cache=True)
def _swapped(edges: np.ndarray, n_nodes: int, draws: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Edges after the swaps that leave a simple network."""
    edges = edges.copy()
    is_edge = np.zeros((n_nodes, n_nodes), np.bool_)
    for a, b in edges:
        is_edge[a, b] = is_edge[b, a] = True
    for turn in range(draws.shape[0]):
        one, two = draws[turn]
        a, b = edges[one]
        c, d = edges[two]
        if sides[turn]:
            c, d = d, c
        if a == c or a == d or b == c or b == d or is_edge[a, d] or is_edge[c, b]:
            continue
        is_edge[a, b] = is_edge[b, a] = is_edge[c, d] = is_edge[d, c] = False
        is_edge[a, d] = is_edge[d, a] = is_edge[c, b] = is_edge[b, c] = True
        edges[one, 0], edges[one, 1] = a, d
        edges[two, 0], edges[two, 1] = c, b
    return edges
