"""The events that were coded, beside published databases. (a) Emotion of the stimulus. (b)
Composite class. (c) Micro- and macro-expressions (of databases that have them) and, at the right,
people recorded. (d) Duration of micro-expressions, mean and standard deviation as published; here,
of those whose offset was coded. (e) Duration of events whose offset was coded (dotted: the
longest micro-expression by definition). (f) Events of each participant. Overlapping rows of the
annotation passes are merged; mixed: the rows disagree on the expression.
"""

from pathlib import Path

from analyses.tables import read_table
from mmme_neuro.events import describe_events
from mmme_neuro.plots import databases_figure

READS = ("events.csv", "databases.csv")


def draw(results: Path):
    events = read_table(results, "events")
    return databases_figure(describe_events(events), read_table(results, "databases"))
