"""Connectivity over all events of a participant, and by condition where both have enough.

Reads epochs/; writes connectivity.nc (mean over participants), coupling.csv (named pairs over all
events), coupling_by_condition.csv (equal numbers of epochs, where both conditions have enough),
networks.csv (graph measures of each subsample, averaged), coupling_test.csv (the conditions
compared over participants with both) and connectivity_cells.csv (cells that were refused, and why).
"""

from pathlib import Path

import pandas as pd

from analyses.study import (
    COMPARED,
    CONDITION,
    CONNECTIVITY_BAND_HZ,
    CONNECTIVITY_METHOD,
    CONNECTIVITY_WINDOW_S,
    LEVELS,
    MIN_EPOCHS,
    PAIRS,
    SEED,
)
from analyses.tables import eeg_epochs, write_connectivity, write_table
from mmme_neuro import connectivity, graph_measures
from mmme_neuro.responses import (
    DENSITIES,
    Connectivity,
    average_matrix,
    pair_table,
    paired_differences,
)

HOW = {
    "method": CONNECTIVITY_METHOD,
    "band": CONNECTIVITY_BAND_HZ,
    "window": CONNECTIVITY_WINDOW_S,
    "min_epochs": MIN_EPOCHS,
}
NETWORKS = ["overall_strength", "global_efficiency", "clustering"]
NETWORKS += ["global_efficiency_area", "clustering_area"]
READS = ("participants.csv", "epochs")
WRITES = ("connectivity.nc", "connectivity-info.fif", "connectivity_cells.csv", "coupling.csv")
WRITES += ("connectivity_counts.csv", "coupling_by_condition.csv", "networks.csv")
WRITES += ("coupling_test.csv",)


def main(study: Path, results: Path) -> None:
    epochs = eeg_epochs(results)
    of_all = connectivity(epochs, by="participant", equalize=False, **HOW)
    write_connectivity(results, "connectivity", average_matrix(of_all, "all events"))
    electrodes = sorted({name for pair in PAIRS.values() for name in pair})
    how_pairs = {"by": "participant", "equalize": False, "picks": electrodes, "jackknife": True}
    write_table(results, "coupling", pair_table(connectivity(epochs, **how_pairs, **HOW), PAIRS))
    cells = ["participant", CONDITION]
    by_both = connectivity(epochs, by=cells, picks=electrodes, rng=SEED, n_resamples=50, **HOW)
    pairs = pair_table(by_both, PAIRS)
    write_table(results, "coupling_by_condition", pairs)
    networks = network_table(epochs, by_both)
    write_table(results, "networks", networks)
    measures = ((pairs, list(PAIRS)), (networks, NETWORKS))
    tests = [paired_differences(table, names, **COMPARED) for table, names in measures]
    families = zip(("pairs of electrodes", "networks"), tests, strict=True)
    write_table(results, "coupling_test", pd.concat(t.assign(family=f) for f, t in families))
    counts = pd.concat([of_all.counts, by_both.counts]).reset_index()
    write_table(results, "connectivity_cells", counts)


def network_table(epochs, by_both: Connectivity) -> pd.DataFrame:
    used = by_both.counts[by_both.counts["reason"] == ""]
    people = used["participant"].value_counts()
    both = epochs.metadata["participant"].isin(people.index[people == len(LEVELS)])
    labels = ["participant", CONDITION]
    if not both.any():
        return pd.DataFrame(columns=[*labels, *NETWORKS])
    cells = {"by": labels, "rng": SEED, "n_resamples": 20}
    matrix = connectivity(epochs[both.to_numpy()], average=False, **cells, **HOW).matrix
    weighted = graph_measures(matrix).networks.set_index(labels)
    sparse = graph_measures(matrix, density=DENSITIES[::2]).area().set_index(labels)
    table = weighted[["overall_strength", "global_efficiency", "clustering"]]
    return table.join(sparse[["global_efficiency", "clustering"]], rsuffix="_area").reset_index()
