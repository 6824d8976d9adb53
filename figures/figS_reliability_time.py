"""Dependability of participants' averages over time (means over 100 ms): share of the variance
between participants that is not measurement error, with pointwise 95 % intervals from resampled
participants. Dotted:
.7 and .8. Values below 0 (error alone explains the differences) are drawn at 0; in the baseline
there is nothing to measure.
"""

from pathlib import Path

from analyses.study import LEVEL_NAMES
from analyses.tables import read_table
from mmme_neuro.plots import reliability_time_figure

READS = ("reliability_curves.csv",)


def draw(results: Path):
    return reliability_time_figure(read_table(results, "reliability_curves"), levels=LEVEL_NAMES)
