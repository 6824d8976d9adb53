"""Maps of corrected p-values and the table of clusters."""

import numpy as np
import pandas as pd

from mmme_neuro.inference.adjacency import Neighbours
from mmme_neuro.inference.clusters import find_clusters
from mmme_neuro.inference.maxima import SIDES, p_values
from mmme_neuro.inference.tfce import tfce


def corrected_maps(
    statistic: np.ndarray,
    null: np.ndarray,
    near: Neighbours,
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
    near : Neighbours
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
        One row a cluster.
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
    """One row a cluster."""
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
