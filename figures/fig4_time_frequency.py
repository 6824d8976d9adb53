"""Power around the onset of the expression, relative to the baseline (bar), at a frontal and an
occipital electrode: micro-expressions, macro-expressions and their difference on one scale. The
map is faded where the wavelet reaches past the epoch.
"""

from pathlib import Path

from analyses.tables import read_time_frequency
from mmme_neuro.plots.timefrequency import time_frequency_figure

READS = ("tfr.nc", "tfr-info.fif", "tfr_counts.csv")
CHANNELS = ("FZ", "OZ")


def draw(results: Path):
    return time_frequency_figure(read_time_frequency(results, "tfr"), rois=CHANNELS)
