"""What cleaning took out of the EEG. a, spectra as recorded and cleaned (thin: a participant;
thick: mean; median over channels and pieces of 4 s); b, how often each channel was bad and
interpolated; c and d, where independent components lay that were removed as eye and as muscle
activity (mean weight over components, the largest of each is 1; number in brackets).
"""

from pathlib import Path

from analyses.tables import read_table
from mmme_neuro.plots import cleaning_figure

READS = ("spectra.csv", "bad_channels.csv", "components.csv", "component_maps.csv")


def draw(results: Path):
    tables = [read_table(results, name.removesuffix(".csv")) for name in READS]
    return cleaning_figure(*tables) if len(tables[0]) else None
