"""What preprocessing kept and removed of each participant. a, events that were analyzed, by
expression (other: coders disagreed), and events excluded; b, interpolated channels; c, independent
components removed as eye or muscle activity; d, their share of the variance of the EEG.
"""

from pathlib import Path

from analyses.study import LEVELS
from analyses.tables import participant_numbers, read_table
from mmme_neuro.events import pseudonymous
from mmme_neuro.plots import quality_figure

READS = ("quality.csv", "events.csv", "participants.csv")


def draw(results: Path):
    table = read_table(results, "quality")
    return quality_figure(pseudonymous(table, participant_numbers(results)), levels=LEVELS)
