"""Cross-modal association: repeated-measures correlations of brain and body, event by event.

Reads the single-event tables; writes cross_modal.csv.
"""

from pathlib import Path

from analyses.study import CROSS_MODAL_PAIRS
from analyses.tables import responses_table, write_table
from mmme_neuro.association.repeated import rm_corr_pairs

READS = ("erp_amplitudes.csv", "band_power.csv", "physio_responses.csv")
WRITES = ("cross_modal.csv",)


def main(study: Path, results: Path) -> None:
    pairs = rm_corr_pairs(responses_table(results), CROSS_MODAL_PAIRS, participant="participant")
    write_table(results, "cross_modal", pairs)
