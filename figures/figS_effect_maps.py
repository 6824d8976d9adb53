"""Micro minus macro at every channel and time. a, t statistic on the scalp (white dots: p at most
.05 after correction over channels and times by sign flips and threshold-free cluster enhancement).
b, the same, channels from front to back and from left to right in each row of the cap; corrected
cells are outlined. c, status of each fit: where variances or correlations of random effects lie on
a boundary, degrees of freedom are conditional on it. Marked cells describe the data and claim no
latency.
"""

from pathlib import Path

from analyses.study import LEVELS
from analyses.tables import read_channels, read_map
from mmme_neuro.plots import difference_name, effect_maps_figure

READS = ("map_erp.nc", "erp-info.fif")
TIMES_S = (-0.6, -0.4, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8)


def draw(results: Path):
    info = read_channels(results, "erp")
    return effect_maps_figure(
        read_map(results, "map_erp"),
        info,
        times=TIMES_S,
        name=difference_name(LEVELS).lower(),
    )
