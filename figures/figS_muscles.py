"""Facial muscles in the EEG. a, power in the muscle band in the 0.5 s after onset by region, before
(open) and after (full) cleaning; mean and 95 % interval over participants; facial EMG as recorded.
b on, the difference of micro- and macro-expressions under analyses that muscles affect differently:
t of the mixed model (full: p < .05; gray: |t| < 1.96). An effect of the brain should hold when
muscle power is a covariate or matched, after the surface Laplacian and for either part of the face,
and should not be that of the muscle band itself (last row).
"""

from pathlib import Path

from analyses.study import LEVEL_NAMES
from analyses.tables import muscle_band, read_table
from mmme_neuro.plots import muscles_figure

READS = ("muscle_power.csv", "sensitivity.csv", "used.json")


def draw(results: Path):
    power, sensitivity = (read_table(results, name) for name in ("muscle_power", "sensitivity"))
    if not len(power) or not len(sensitivity):
        return None
    return muscles_figure(power, sensitivity, levels=LEVEL_NAMES, muscle_hz=muscle_band(results))
