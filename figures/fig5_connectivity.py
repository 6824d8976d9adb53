"""Phase coupling of electrodes over all events, mean over participants. Left, electrodes in rows
of the cap from front to back, each row from left to right; right, the strongest connections on
the head seen from above.
"""

from pathlib import Path

from analyses.tables import read_connectivity
from mmme_neuro.plots.connectivity import connectivity_figure

READS = ("connectivity.nc", "connectivity-info.fif", "connectivity_counts.csv")


def draw(results: Path):
    result = read_connectivity(results, "connectivity")
    return connectivity_figure(result, conditions=list(result.counts.index))
