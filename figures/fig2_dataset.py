"""The events that were coded. a, emotion of the stimulus; b, composite class; c, duration of events
whose offset was coded (dotted: the longest micro-expression by definition); d, events of each
participant; e, action units (an event counts for each of its units). Overlapping rows of the
annotation passes are merged.
"""

from pathlib import Path

from analyses.tables import read_table
from mmme_neuro import describe_events
from mmme_neuro.plots.dataset import dataset_figure

READS = ("events.csv",)


def draw(results: Path):
    return dataset_figure(describe_events(read_table(results, "events")))
