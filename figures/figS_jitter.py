"""Errors of the coded onsets. Each onset was shifted at random by a further error of the coders'
and the clocks' size, 200 times; violins: the measures so found (thin line: their mean); thick line:
with onsets as coded; difference: micro minus macro. PPC: pairwise phase consistency.
"""

from pathlib import Path

from analyses.study import LEVELS
from analyses.tables import read_table
from mmme_neuro.plots import jitter_figure

READS = ("onset_jitter.csv",)


def draw(results: Path):
    draws = read_table(results, "onset_jitter")
    return jitter_figure(draws, levels=LEVELS) if len(draws) else None
