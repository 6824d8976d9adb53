"""Difference of micro- from macro-expressions in every single-event response: estimate of the
mixed model with its 95 % interval and p value (Satterthwaite's degrees of freedom), one panel a
unit. Random terms that could not be estimated were removed; the report lists them.
"""

from pathlib import Path

from analyses.study import COMPARED
from analyses.tables import read_table
from mmme_neuro.plots import contrast_figure

READS = ("models.csv",)


def draw(results: Path):
    return contrast_figure(read_table(results, "models"), **COMPARED)
