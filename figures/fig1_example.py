"""Signals of one participant around one micro-expression: the one farthest from any other
expression among those whose offset was coded. a, EEG after cleaning; b, eye and muscle channels;
c, peripheral physiology. Shaded: from onset to offset of the expression; paler: other expressions.
"""

from pathlib import Path

import numpy as np

from analyses.study import CONDITION, LEVEL_NAMES, LEVELS
from analyses.tables import read_table
from mmme_neuro import read_epochs
from mmme_neuro.plots import example_figure, most_isolated

READS = ("erp_amplitudes.csv", "epochs/*_eeg-epo.fif", "epochs/*_physio-epo.fif")
EEG_CHANNELS = ("FZ", "C3", "CZ", "C4", "PZ", "OZ")
PHYSIO_CHANNELS = ("eda", "heart_rate", "pulse_amplitude", "rsp_rate", "rsp_amplitude")


def draw(results: Path):
    event = most_isolated(
        read_table(results, "erp_amplitudes"), condition=CONDITION, level=LEVELS[1]
    )
    eeg, physio = (
        read_epochs(results / "epochs", [event["participant"]], modality)
        for modality in ("eeg", "physio")
    )
    rows = np.flatnonzero(eeg.metadata["event"] == event["event"])
    return example_figure(
        eeg,
        physio,
        row=int(rows[0]),
        condition=CONDITION,
        levels=LEVEL_NAMES,
        eeg_channels=EEG_CHANNELS,
        physio_channels=PHYSIO_CHANNELS,
    )
