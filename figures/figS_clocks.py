"""Alignment of each participant's device clocks to the EEG clock: residual of every matched
trigger code after the linear map, EEG time minus mapped device time (one row per participant,
upwards is positive; scale bar at the lower right), with the drift and the spread of the residuals.
The camera's codes are the starts of its clips.
"""

from pathlib import Path

from analyses.tables import participant_numbers, read_table
from mmme_neuro.events import pseudonymous
from mmme_neuro.plots import clocks_figure

READS = ("clocks.csv", "codes.csv", "events.csv", "participants.csv")


def draw(results: Path):
    numbers = participant_numbers(results)
    tables = (pseudonymous(read_table(results, name), numbers) for name in ("clocks", "codes"))
    return clocks_figure(*tables)
