"""Autonomic responses: single-event window means and mean curves by condition.

Reads epochs/; writes physio_responses.csv and physio_curves.csv.
"""

from pathlib import Path

import pandas as pd

from analyses.study import CONDITION, PHYSIO_BASELINE_S, PHYSIO_MEASURES
from analyses.tables import event_table, physio_epochs, slow_epochs, write_table
from mmme_neuro import autonomic_responses
from mmme_neuro.responses import response_curves, within_participant_band

READS = ("participants.csv", "epochs")
WRITES = ("physio_responses.csv", "physio_curves.csv")


def main(study: Path, results: Path) -> None:
    epochs = physio_epochs(results)
    responses = autonomic_responses(epochs, measures=PHYSIO_MEASURES)
    how = {"condition": CONDITION, "baseline": PHYSIO_BASELINE_S}
    curves = response_curves(epochs, **how)
    slow = slow_epochs(results)
    if slow is not None:
        measures = [one for one in PHYSIO_MEASURES if one.signal in slow.ch_names]
        long = autonomic_responses(slow, measures=measures)
        responses = responses.assign(**{one.name: long[one.name] for one in measures})
        curves = curves[~curves["channel"].isin(slow.ch_names)]
        curves = pd.concat([curves, response_curves(slow, **how)])
    write_table(results, "physio_responses", event_table(epochs, responses))
    write_table(results, "physio_curves", within_participant_band(curves))
