"""Graph measures of connectivity matrices, weighted and over densities, against null networks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np
import pandas as pd
import xarray as xr
from scipy.sparse.csgraph import shortest_path

from mmme_neuro.responses.coupling.connectivity import labels_of

# By hand, not by networkx: it has no weighted efficiency and takes a second for each null network.
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


DENSITIES = tuple(np.round(np.arange(0.10, 0.3001, 0.025), 3).tolist())
"""Usual range: below it networks fall apart, above it they become alike."""

NODE_MEASURES = ("strength", "clustering", "nodal_efficiency", "local_efficiency")
NETWORK_MEASURES = ("global_efficiency", "clustering", "local_efficiency", "path_length")


@dataclass(frozen=True)
class GraphMeasures:
    """Measures of each node and of each network.

    Parameters
    ----------
    nodes : DataFrame
        The cell's labels, ``density, channel, strength, clustering, nodal_efficiency,
        local_efficiency``.
    networks : DataFrame
        The cell's labels, ``density, overall_strength, global_efficiency, clustering,
        local_efficiency, path_length, n_edges, n_negative``; with null networks each measure's
        ``*_null`` (mean over them) and ``*_normalized`` (ratio).
    densities : tuple of float | None
        Shares of the possible edges that were kept; None: every positive weight (NaN in the
        tables).
    labels : tuple of str
        Columns that name the cell.
    """

    nodes: pd.DataFrame
    networks: pd.DataFrame
    densities: tuple[float, ...] | None
    labels: tuple[str, ...] = ("cell",)

    def __repr__(self) -> str:
        kept = "all edges" if self.densities is None else f"densities {self.densities}"
        return f"<GraphMeasures | {len(self.networks)} networks, {kept}>"

    def area(self) -> pd.DataFrame:
        """Area under each network measure over the densities, divided by their range.

        Returns
        -------
        DataFrame
            One row per cell.

        Raises
        ------
        ValueError
            When there are fewer than two densities.
        """
        if self.densities is None or len(self.densities) < 2:
            raise ValueError("area: needs measures at two densities or more.")
        labels = list(self.labels)
        measured = self.networks.columns.drop([*labels, "density", "n_edges", "n_negative"])
        rows = []
        for label, part in self.networks.groupby(labels, sort=False, observed=True):
            part = part.sort_values("density")
            width = np.ptp(part["density"])
            areas = {name: np.trapezoid(part[name], part["density"]) / width for name in measured}
            rows.append(dict(zip(labels, label, strict=True)) | areas)
        return pd.DataFrame(rows)


def graph_measures(
    matrix: xr.DataArray,
    *,
    density: float | Sequence[float] | None = None,
    n_resamples: int = 0,
    rng: np.random.Generator | int | None = None,
) -> GraphMeasures:
    """Strength, clustering, efficiency and path length of weighted networks.

    Parameters
    ----------
    matrix : DataArray
        On (cell, channel, other), (channel, other) or, where the measures of subsamples are
        averaged, (cell, subsample, channel, other); symmetric, as ``matrix`` of
        `connectivity`; the diagonal is ignored. Negative weights, as debiased estimates have under
        no coupling, count as no edge, and their number is reported.
    density : float | sequence of float | None
        Share (0-1] of the possible edges to keep, the strongest, or several (`DENSITIES`); None
        for every positive weight.
    n_resamples : int
        Random networks that each network is compared with: as many edges at every node, the same
        weights elsewhere. 100 or more for a report; 0 for none.
    rng : Generator | int | None
        Source of the random networks; required where there are any.

    Returns
    -------
    measures : GraphMeasures
        Refused cells (all NaN) have NaN measures.

    Notes
    -----
    Strength is the sum of a node's weights. Clustering is the geometric mean of the weights of
    each triangle relative to the largest weight [1]_. An edge is 1 / weight long; efficiency is the
    mean inverse of the shortest path, from a node (nodal), over all pairs (global) or among a
    node's neighbors without it (local) [2]_, in units of the weight; path length is the mean
    shortest path over pairs that have one. Thresholding by density turns differences in overall
    strength into differences in topology [3]_: test both, with overall strength as a covariate.

    References
    ----------
    .. [1] Onnela et al. (2005). Physical Review E 71, 065103.
    .. [2] Latora & Marchiori (2001). Physical Review Letters 87, 198701.
    .. [3] van den Heuvel et al. (2017). NeuroImage 152, 437-449.

    Examples
    --------
    >>> names = ["C3", "Cz", "C4"]
    >>> full = xr.DataArray(np.full((3, 3), 0.5), {"channel": names, "other": names})
    >>> float(graph_measures(full).networks["global_efficiency"].item())
    0.5
    """
    densities = _densities(density)
    if n_resamples and rng is None:
        raise ValueError("rng=None: null networks are random; give a seed or Generator.")
    generator = np.random.default_rng(rng) if n_resamples else None
    if "cell" not in matrix.dims:
        matrix = matrix.expand_dims(cell=["all"])
    channels = matrix["channel"].to_numpy()
    table = labels_of(matrix)
    labels = [str(name) for name in table]
    nodes, networks = [], []
    for cell, names in enumerate(table.itertuples(index=False, name=None)):
        rounds = _rounds(matrix.isel(cell=cell), matrix["cell"].item(cell))
        upper = np.triu_indices(len(channels), 1)
        n_negative = float(np.mean([(weights[upper] < 0).sum() for weights in rounds]))
        for kept in densities or (None,):
            of_nodes, of_network = _mean_measures(rounds, kept, n_resamples, generator)
            label = dict(zip(labels, names, strict=True)) | {
                "density": np.nan if kept is None else kept
            }
            nodes.append(of_nodes.assign(**label, channel=channels))
            networks.append({**label, **of_network, "n_negative": n_negative})
    node_table = pd.concat(nodes, ignore_index=True)
    columns = [*labels, "density", "channel", *NODE_MEASURES]
    return GraphMeasures(node_table[columns], pd.DataFrame(networks), densities, tuple(labels))


def measures_of(weights: np.ndarray) -> tuple[pd.DataFrame, dict[str, float]]:
    """Measures of one network.

    Parameters
    ----------
    weights : array, shape (n_nodes, n_nodes)
        Symmetric, non-negative, zero for no edge; NaN all over if refused.

    Returns
    -------
    nodes : DataFrame
        One row per node.
    network : dict of str to float
        Of the whole network.
    """
    n_nodes = len(weights)
    if np.isnan(weights).any():
        names = ("overall_strength", *NETWORK_MEASURES, "n_edges")
        return pd.DataFrame(np.nan, range(n_nodes), NODE_MEASURES), dict.fromkeys(names, np.nan)
    paths = _path_lengths(weights)
    inverse = _inverse(paths)
    nodes = pd.DataFrame(
        {
            "strength": weights.sum(axis=1),
            "clustering": _clustering(weights),
            "nodal_efficiency": inverse.sum(axis=1) / (n_nodes - 1),
            "local_efficiency": [_among_neighbors(weights, node) for node in range(n_nodes)],
        }
    )
    reached = np.isfinite(paths) & ~np.eye(n_nodes, dtype=bool)
    network = {
        "overall_strength": float(weights.sum() / (n_nodes * (n_nodes - 1))),
        "global_efficiency": float(nodes["nodal_efficiency"].mean()),
        "clustering": float(nodes["clustering"].mean()),
        "local_efficiency": float(nodes["local_efficiency"].mean()),
        "path_length": float(paths[reached].mean()) if reached.any() else np.nan,
        "n_edges": int((weights > 0).sum() // 2),
    }
    return nodes, network


def _rounds(matrix: xr.DataArray, cell: object) -> list[np.ndarray]:
    """Weights of every subsample that is there; one missing matrix if the cell was refused."""
    if "subsample" not in matrix.dims:
        return [_off_diagonal(matrix.to_numpy(), cell)]
    values = matrix.transpose("subsample", ...).to_numpy()
    present = [one for one in values if np.isfinite(one).any()]
    return [_off_diagonal(one, cell) for one in present or [values[0]]]


def _mean_measures(
    rounds: list[np.ndarray],
    density: float | None,
    n_resamples: int,
    rng: np.random.Generator | None,
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Measures of every subsample's network, averaged."""
    nodes, networks = [], []
    for weights in rounds:
        thresholded = _thresholded(weights, density)
        of_nodes, of_network = measures_of(thresholded)
        if rng is not None:
            of_network |= _against_null(thresholded, of_network, n_resamples, rng)
        nodes.append(of_nodes)
        networks.append(of_network)
    if len(rounds) == 1:
        return nodes[0], networks[0]
    mean = pd.DataFrame(np.mean([one.to_numpy() for one in nodes], axis=0), columns=NODE_MEASURES)
    names = networks[0]
    return mean, {name: float(np.mean([one[name] for one in networks])) for name in names}


def _densities(density: float | Sequence[float] | None) -> tuple[float, ...] | None:
    """Checked densities."""
    if density is None:
        return None
    several = (density,) if isinstance(density, (int, float)) else tuple(density)
    for value in several:
        if not 0 < value <= 1:
            raise ValueError(f"density={value}: must lie above 0 and not above 1.")
    return several


def _against_null(
    weights: np.ndarray, found: dict[str, float], n_resamples: int, rng: np.random.Generator
) -> dict[str, float]:
    """Mean of each measure over null networks, and the ratio to it."""
    if np.isnan(weights).any():
        names = [f"{name}_{what}" for name in NETWORK_MEASURES for what in ("null", "normalized")]
        return dict.fromkeys(names, np.nan)
    null = pd.DataFrame([measures_of(rewired(weights, rng))[1] for _ in range(n_resamples)]).mean()
    out = {}
    for name in NETWORK_MEASURES:
        out[f"{name}_null"] = float(null[name])
        out[f"{name}_normalized"] = found[name] / null[name] if null[name] else np.nan
    return out


def _path_lengths(weights: np.ndarray) -> np.ndarray:
    """Shortest paths when an edge is 1 / weight long; infinite where there is none."""
    with np.errstate(divide="ignore"):
        lengths = np.where(weights > 0, 1 / weights, np.inf)
    np.fill_diagonal(lengths, 0.0)
    return shortest_path(lengths, method="D", directed=False)


def _inverse(paths: np.ndarray) -> np.ndarray:
    """1 / path, zero on the diagonal and without a path."""
    off = ~np.eye(len(paths), dtype=bool)
    return np.divide(1.0, paths, out=np.zeros(paths.shape), where=off & (paths > 0))


def _clustering(weights: np.ndarray) -> np.ndarray:
    """Onnela's clustering coefficient of every node."""
    largest = weights.max()
    if largest == 0:
        return np.zeros(len(weights))
    roots = np.cbrt(weights / largest)
    triangles = np.einsum("ij,jk,ki->i", roots, roots, roots, optimize=True)
    degree = (weights > 0).sum(axis=1)
    pairs = degree * (degree - 1)
    return np.divide(triangles, pairs, out=np.zeros(len(weights)), where=pairs > 0)


def _among_neighbors(weights: np.ndarray, node: int) -> float:
    """Efficiency of the network of a node's neighbors."""
    neighbors = np.flatnonzero(weights[node])
    if neighbors.size < 2:
        return 0.0
    paths = _path_lengths(weights[np.ix_(neighbors, neighbors)])
    return float(_inverse(paths).sum() / (neighbors.size * (neighbors.size - 1)))


def _off_diagonal(weights: np.ndarray, cell: object) -> np.ndarray:
    """Symmetric weights with a zero diagonal; NaN all over when the cell was refused."""
    weights = weights.astype(float).copy()
    np.fill_diagonal(weights, 0.0)
    off_diagonal = ~np.eye(len(weights), dtype=bool)
    missing = np.isnan(weights[off_diagonal])
    if missing.any() and not missing.all():
        raise ValueError(
            f"matrix: cell {cell!r} has {int(missing.sum())} missing weights. Leave out "
            "the channels concerned."
        )
    if not missing.any() and not np.allclose(weights, weights.T):
        raise ValueError(
            f"matrix: cell {cell!r} is not symmetric. For signed methods such as 'imcoh' "
            "use the magnitude, abs(matrix)."
        )
    return weights


def _thresholded(weights: np.ndarray, density: float | None) -> np.ndarray:
    """Positive weights, of which the strongest share of all pairs is kept."""
    positive = np.where(weights < 0, 0.0, weights)  # keeps NaN
    if density is None or np.isnan(weights).any():
        return positive
    rows, columns = np.triu_indices(len(weights), 1)
    n_kept = int(round(density * len(rows)))
    weakest = np.argsort(-positive[rows, columns], kind="stable")[n_kept:]
    kept = positive.copy()
    kept[rows[weakest], columns[weakest]] = 0.0
    kept[columns[weakest], rows[weakest]] = 0.0
    return kept
