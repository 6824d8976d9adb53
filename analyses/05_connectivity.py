"""Connectivity over all events of a participant, and by expression where both have enough.

Reads epochs/; writes connectivity.nc (mean over participants), coupling.csv (named pairs over all
events), coupling_by_expression.csv (equal numbers of epochs, where both expressions have enough)
and connectivity_cells.csv (cells that were refused, and why).
"""

from pathlib import Path

import pandas as pd

from analyses.study import (
    CONNECTIVITY_BAND_HZ,
    CONNECTIVITY_METHOD,
    CONNECTIVITY_WINDOW_S,
    MIN_EPOCHS,
    PAIRS,
    SEED,
)
from analyses.tables import eeg_epochs, write_connectivity, write_table
from mmme_neuro import connectivity
from mmme_neuro.responses.pairs import average_matrix, pair_table

HOW = {
    "method": CONNECTIVITY_METHOD,
    "band": CONNECTIVITY_BAND_HZ,
    "tmin": CONNECTIVITY_WINDOW_S[0],
    "tmax": CONNECTIVITY_WINDOW_S[1],
    "min_epochs": MIN_EPOCHS,
}
READS = ("participants.csv", "epochs")
WRITES = ("connectivity.nc", "connectivity-info.fif", "connectivity_cells.csv", "coupling.csv")
WRITES += ("connectivity_counts.csv", "coupling_by_expression.csv")


def main(study: Path, results: Path) -> None:
    epochs = eeg_epochs(results)
    of_all = connectivity(epochs, by="participant", equalize=False, **HOW)
    write_connectivity(results, "connectivity", average_matrix(of_all, "all events"))
    electrodes = sorted({name for pair in PAIRS.values() for name in pair})
    how_pairs = {"by": "participant", "equalize": False, "picks": electrodes, "jackknife": True}
    write_table(results, "coupling", pair_table(connectivity(epochs, **how_pairs, **HOW), PAIRS))
    cells = ["participant", "expression"]
    by_both = connectivity(epochs, by=cells, picks=electrodes, rng=SEED, n_subsamples=50, **HOW)
    write_table(results, "coupling_by_expression", pair_table(by_both, PAIRS))
    counts = pd.concat([of_all.counts, by_both.counts]).reset_index()
    write_table(results, "connectivity_cells", counts)
