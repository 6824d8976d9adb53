"""Action units of the coded events. Names as in the Facial Action Coding System; region of the face
as in the dataset's paper. n, events that hold the unit (an event counts for each of its units); %,
share of the micro- or macro-expressions. Overlapping rows of the annotation passes are merged;
events on whose expression they disagree are in action_units.csv only.
"""

from pathlib import Path

from analyses.tables import read_table
from mmme_neuro.plots import action_unit_figure

READS = ("action_units.csv",)


def draw(results: Path):
    table = read_table(results, "action_units")
    return action_unit_figure(table) if len(table) else None
