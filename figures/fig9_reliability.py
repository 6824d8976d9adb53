"""Reliability of participants' mean responses and of the difference of micro- and
macro-expressions. (a) With the events as they are: dependability (filled, with its 95 % interval
from resampled participants) and split-half reliability (hollow; mean correlation of random halves,
stepped up by Spearman and Brown; of latencies with its interval). An arrow: the interval goes on
below 0, where error alone explains the differences between participants; estimates there have no
dot. (b) Dependability by number of events of a kind; shaded: interval of the difference; dotted: .7
and .8.
"""

from pathlib import Path

from analyses.study import LEVEL_NAMES
from analyses.tables import read_table
from mmme_neuro.plots import reliability_figure

READS = ("score_reliability.csv", "dependability.csv")


def draw(results: Path):
    by_trials = read_table(results, "dependability")
    coefficients = read_table(results, "score_reliability")
    return reliability_figure(coefficients, by_trials, levels=LEVEL_NAMES)
