"""Phase coupling of electrodes. a, mean over participants, all events, electrodes in rows of
the cap from front to back, each row from left to right; b, the strongest connections on the
head seen from above; c, measures of the networks of macro- and micro-expressions, equal numbers
of epochs, in the participants who have enough of both (a line each; bars: means).
"""

from pathlib import Path

from analyses.study import COMPARED
from analyses.tables import read_connectivity, read_table
from mmme_neuro.plots import connectivity_figure

READS = (
    "connectivity.nc",
    "connectivity-info.fif",
    "connectivity_counts.csv",
    "networks.csv",
)


def draw(results: Path):
    result = read_connectivity(results, "connectivity")
    networks = read_table(results, "networks")
    cells = list(result.counts.index)
    return connectivity_figure(result, cells=cells, networks=networks, **COMPARED)
