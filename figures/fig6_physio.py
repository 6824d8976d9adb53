"""Peripheral physiology around the onset of the expression: change from the baseline, mean over
participants with the within-participant interval (Cousineau-Morey). Shaded: the measuring window.
"""

from pathlib import Path

from analyses.study import LEVEL_NAMES, PHYSIO_MEASURES
from analyses.tables import read_table
from mmme_neuro.plots import autonomic_figure

READS = ("physio_curves.csv",)
CHANNELS = (
    "eda",
    "eda_phasic",
    "heart_rate",
    "pulse_rate",
    "pulse_amplitude",
    "rsp_rate",
    "rsp_amplitude",
    "skt",
    "emg_a",
)


def draw(results: Path):
    curves = read_table(results, "physio_curves")
    shown = [channel for channel in CHANNELS if (curves["channel"] == channel).any()]
    windows = {measure.signal: measure.window for measure in PHYSIO_MEASURES}
    return autonomic_figure(curves, levels=LEVEL_NAMES, channels=shown, windows=windows)
