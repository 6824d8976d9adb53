"""Autonomic responses: single-event window means and mean curves by condition.

Reads epochs/; writes physio_responses.csv and physio_curves.csv.
"""

from pathlib import Path

import pandas as pd

from analyses.study import CONDITION, PHYSIO_BASELINE_S
from analyses.tables import event_table, physio_epochs, slow_epochs, write_table
from mmme_neuro import autonomic_responses
from mmme_neuro.responses import AUTONOMIC_WINDOWS, response_curves, within_participant_band

READS = ("participants.csv", "epochs")
WRITES = ("physio_responses.csv", "physio_curves.csv")


def main(study: Path, results: Path) -> None:
    epochs = physio_epochs(results)
    responses = autonomic_responses(epochs, baseline=PHYSIO_BASELINE_S)
    how = {"condition": CONDITION, "baseline": PHYSIO_BASELINE_S}
    curves = response_curves(epochs, **how)
    slow = slow_epochs(results)
    if slow is not None:
        windows = {name: w for name, w in AUTONOMIC_WINDOWS.items() if w.channel in slow.ch_names}
        long = autonomic_responses(slow, windows=windows, baseline=PHYSIO_BASELINE_S)
        responses = responses.assign(**{name: long[name] for name in windows})
        curves = curves[~curves["channel"].isin(slow.ch_names)]
        curves = pd.concat([curves, response_curves(slow, **how)])
    write_table(results, "physio_responses", event_table(epochs, responses))
    write_table(results, "physio_curves", within_participant_band(curves))
