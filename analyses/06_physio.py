"""Autonomic responses: single-event window means and mean curves by expression.

Reads epochs/; writes physio_responses.csv and physio_curves.csv.
"""

from pathlib import Path

from analyses.study import PHYSIO_BASELINE_S
from analyses.tables import physio_epochs, write_table
from mmme_neuro import autonomic_responses
from mmme_neuro.responses.curves import response_curves, within_participant_band

READS = ("participants.csv", "epochs")
WRITES = ("physio_responses.csv", "physio_curves.csv")


def main(study: Path, results: Path) -> None:
    epochs = physio_epochs(results)
    responses = autonomic_responses(epochs, baseline=PHYSIO_BASELINE_S)
    write_table(results, "physio_responses", epochs.metadata.join(responses))
    curves = response_curves(epochs, baseline=PHYSIO_BASELINE_S)
    write_table(results, "physio_curves", within_participant_band(curves))
