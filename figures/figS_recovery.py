"""What the analysis of the simulated study found beside what was put into it: distance of the
estimate from the truth in standard errors, with the 95 % interval; the numbers at the right are in
the units named.
"""

from pathlib import Path

from analyses.tables import read_table
from mmme_neuro.plots import recovery_figure

READS = ("recovery.csv",)


def draw(results: Path):
    table = read_table(results, "recovery")
    return recovery_figure(table) if len(table) else None
