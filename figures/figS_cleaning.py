"""What cleaning took out of the EEG. a, spectra as recorded and cleaned (thin: a participant;
thick: mean; median over channels and pieces of 4 s; shaded: band of the muscles); b, how often each
channel was bad and interpolated; c and d, where independent components lay that were removed as eye
and as muscle activity (mean weight over components, the largest of each is 1; number in
brackets).
"""

from pathlib import Path

from analyses.tables import muscle_band, read_table
from mmme_neuro.plots import cleaning_figure

TABLES = ("spectra", "bad_channels", "components", "component_maps")
READS = (*(f"{name}.csv" for name in TABLES), "used.json")


def draw(results: Path):
    tables = [read_table(results, name) for name in TABLES]
    if not len(tables[0]):
        return None
    return cleaning_figure(*tables, muscle_hz=muscle_band(results))
