"""Weighted graph measures of connectivity matrices."""

from dataclasses import dataclass

import networkx as nx
import numpy as np
import pandas as pd
import xarray as xr


@dataclass(frozen=True)
class GraphMeasures:
    """Measures of each node and of each network.

    Parameters
    ----------
    nodes : DataFrame
        ``condition, channel, strength, clustering``.
    networks : DataFrame
        ``condition, overall_strength, global_efficiency, clustering, n_edges, n_negative``.
    density : float | None
        Share of the possible edges that was kept.
    """

    nodes: pd.DataFrame
    networks: pd.DataFrame
    density: float | None

    def __repr__(self) -> str:
        kept = "all edges" if self.density is None else f"density {self.density:g}"
        return f"<GraphMeasures | {len(self.networks)} networks, {kept}>"


def graph_measures(matrix: xr.DataArray, *, density: float | None = None) -> GraphMeasures:
    """Strength, clustering and global efficiency of weighted networks.

    Parameters
    ----------
    matrix : DataArray
        On (condition, channel, other) or (channel, other), symmetric, as ``matrix`` of
        `connectivity`; the diagonal is ignored. Negative weights, as debiased estimates have under
        no coupling, count as no edge, and their number is reported.
    density : float | None
        Share (0-1] of the possible edges to keep, the strongest; None for every positive weight.

    Returns
    -------
    measures : GraphMeasures
        Refused conditions (all NaN) have NaN measures.

    Notes
    -----
    Strength is the sum of a node's weights. Clustering is the geometric mean of the weights of
    each triangle relative to the largest weight [1]_. Global efficiency is the mean over pairs of
    1 / shortest path with edge length 1 / weight, in units of the weight. Thresholding by density
    turns differences in overall strength into differences in topology [2]_: test both.

    References
    ----------
    .. [1] Onnela et al. (2005). Physical Review E 71, 065103.
    .. [2] van den Heuvel et al. (2017). NeuroImage 152, 437-449.

    Examples
    --------
    >>> names = ["C3", "Cz", "C4"]
    >>> full = xr.DataArray(np.full((3, 3), 0.5), {"channel": names, "other": names})
    >>> float(graph_measures(full).networks["global_efficiency"].item())
    0.5
    """
    if density is not None and not 0 < density <= 1:
        raise ValueError(f"density={density}: must lie above 0 and not above 1.")
    if "condition" not in matrix.dims:
        matrix = matrix.expand_dims(condition=["all"])
    channels = matrix["channel"].to_numpy()
    nodes, networks = [], []
    for condition in matrix["condition"].to_numpy():
        weights = _off_diagonal(matrix.sel(condition=condition).to_numpy(), condition)
        n_negative = int((weights[np.triu_indices(len(weights), 1)] < 0).sum())
        node_table, network = _measure(_thresholded(weights, density))
        nodes.append(node_table.assign(condition=condition, channel=channels))
        networks.append({"condition": condition, **network, "n_negative": n_negative})
    node_table = pd.concat(nodes, ignore_index=True)
    columns = ["condition", "channel", "strength", "clustering"]
    return GraphMeasures(node_table[columns], pd.DataFrame(networks), density)


def global_efficiency(weights: np.ndarray) -> float:
    """Mean inverse shortest path length of a weighted network.

    Parameters
    ----------
    weights : array, shape (n_nodes, n_nodes)
        Symmetric, non-negative; 0 for no edge.

    Returns
    -------
    efficiency : float
        In units of the weight; pairs without a path count as 0.
    """
    n_nodes = len(weights)
    with np.errstate(divide="ignore"):
        lengths = np.where(weights > 0, 1 / weights, 0.0)
    paths = nx.all_pairs_dijkstra_path_length(nx.from_numpy_array(lengths))
    total = sum(1 / path for _, reached in paths for path in reached.values() if path > 0)
    return total / (n_nodes * (n_nodes - 1))


def _measure(weights: np.ndarray) -> tuple[pd.DataFrame, dict[str, float]]:
    """Node table and network measures of non-negative weights (NaN when refused)."""
    n_nodes = len(weights)
    if np.isnan(weights).any():
        empty = pd.DataFrame({"strength": np.full(n_nodes, np.nan), "clustering": np.nan})
        names = ("overall_strength", "global_efficiency", "clustering", "n_edges")
        return empty, dict.fromkeys(names, np.nan)
    clustering = nx.clustering(nx.from_numpy_array(weights), weight="weight")
    nodes = pd.DataFrame(
        {"strength": weights.sum(axis=1), "clustering": [clustering[i] for i in range(n_nodes)]}
    )
    network = {
        "overall_strength": float(weights.sum() / (n_nodes * (n_nodes - 1))),
        "global_efficiency": global_efficiency(weights),
        "clustering": float(nodes["clustering"].mean()),
        "n_edges": int((weights > 0).sum() // 2),
    }
    return nodes, network


def _off_diagonal(weights: np.ndarray, condition: object) -> np.ndarray:
    """Symmetric weights with a zero diagonal; NaN all over when the cell was refused."""
    weights = weights.astype(float).copy()
    np.fill_diagonal(weights, 0.0)
    off_diagonal = ~np.eye(len(weights), dtype=bool)
    missing = np.isnan(weights[off_diagonal])
    if missing.any() and not missing.all():
        raise ValueError(
            f"matrix: condition {condition!r} has {int(missing.sum())} missing weights. Leave out "
            "the channels concerned."
        )
    if not missing.any() and not np.allclose(weights, weights.T):
        raise ValueError(
            f"matrix: condition {condition!r} is not symmetric. For signed methods such as 'imcoh' "
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
