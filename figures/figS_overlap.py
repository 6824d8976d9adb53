"""Responses freed of overlap by deconvolution beside averages of all events: change from the
baseline, mean over participants, bands are 95 % intervals over participants. Shaded: the measuring
window; thick bars: the mean that a simulated study has there without overlap.
"""

from pathlib import Path

from analyses.study import LEVEL_NAMES, OVERLAP_PLANS
from analyses.tables import read_table
from mmme_neuro.plots import overlap_figure

READS = ("overlap.csv", "overlap_curves.csv")
MEASURES = ("scr", "heart_rate", "temperature", "premotor", "late_positivity", "alpha_power")
SPANS = {
    "scr": (-2.0, 15.0),
    "heart_rate": (-2.0, 15.0),
    "temperature": (-2.0, 40.0),
    "premotor": (-1.5, 1.5),
    "late_positivity": (-1.5, 1.5),
    "alpha_power": (-1.5, 2.0),
}


def draw(results: Path):
    curves, table = (read_table(results, name) for name in ("overlap_curves", "overlap"))
    windows = {one.name: one.window for plan in OVERLAP_PLANS for one in plan.measures}
    shown = {"windows": windows, "spans": SPANS, "measures": MEASURES}
    return overlap_figure(curves, table, levels=LEVEL_NAMES, **shown)
