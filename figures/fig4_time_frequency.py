"""Power around the onset of the expression, relative to the baseline (bar), at a frontal and an
occipital electrode: micro-expressions, macro-expressions and their difference on one scale. The
map is faded where the wavelet reaches past the epoch. Outlined: micro differs from macro, mixed
model of every cell, p at most .05 corrected over all channels, frequencies and times of the
test (it is of the whole map and claims no latency).
"""

from pathlib import Path

from analyses.study import LEVEL_NAMES
from analyses.tables import read_map, read_time_frequency
from mmme_neuro.plots import time_frequency_figure

READS = ("tfr.nc", "tfr-info.fif", "tfr_counts.csv", "map_power.nc")
ALPHA = 0.05
CHANNELS = ("FZ", "OZ")


def draw(results: Path):
    marked = read_map(results, "map_power")["p_value"] <= ALPHA
    maps = read_time_frequency(results, "tfr")
    return time_frequency_figure(maps, rois=CHANNELS, levels=LEVEL_NAMES, marked=marked)
