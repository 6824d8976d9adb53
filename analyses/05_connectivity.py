"""Connectivity over all events of a participant, and by expression where both have enough.

Reads epochs/; writes connectivity.nc (mean over participants), coupling.csv (named pairs) and
connectivity_cells.csv (cells that were refused, and why).
"""

from pathlib import Path

from analyses.study import (
    CONNECTIVITY_BAND_HZ,
    CONNECTIVITY_METHOD,
    CONNECTIVITY_WINDOW_S,
    MIN_EPOCHS,
    PAIRS,
)
from analyses.tables import eeg_epochs, write_connectivity, write_table
from mmme_neuro import connectivity
from mmme_neuro.responses.pairs import average_matrix, pair_table

READS = ("participants.csv", "epochs")
WRITES = ("connectivity.nc", "connectivity-info.fif", "connectivity_cells.csv", "coupling.csv")


def main(study: Path, results: Path) -> None:
    by_participant = connectivity(
        eeg_epochs(results),
        method=CONNECTIVITY_METHOD,
        band=CONNECTIVITY_BAND_HZ,
        tmin=CONNECTIVITY_WINDOW_S[0],
        tmax=CONNECTIVITY_WINDOW_S[1],
        by="participant",
        min_epochs=MIN_EPOCHS,
        equalize=False,
    )
    write_table(results, "coupling", pair_table(by_participant, PAIRS))
    write_connectivity(results, "connectivity", average_matrix(by_participant, "all events"))
    write_table(results, "connectivity_cells", by_participant.counts.reset_index())
