"""What errors of the coded onsets do to potentials and phases: onsets drawn anew.

Reads epochs/; writes onset_jitter.csv (every draw) and onset_jitter_summary.csv.
"""

from pathlib import Path

from analyses.study import (
    CODER_SD_S,
    COMPARED,
    JITTER_MEASURES,
    LARGEST_ONSET_SD_S,
    N_JITTER_DRAWS,
    SEED,
)
from analyses.tables import eeg_epochs, write_table
from mmme_neuro.responses import onset_jitter

READS = ("participants.csv", "epochs")
WRITES = ("onset_jitter.csv", "onset_jitter_summary.csv")


def main(study: Path, results: Path) -> None:
    epochs = eeg_epochs(results)
    epochs = epochs[(epochs.metadata["onset_sd"] <= LARGEST_ONSET_SD_S).to_numpy()]
    found = onset_jitter(
        epochs,
        JITTER_MEASURES,
        coder_sd=CODER_SD_S,
        n_resamples=N_JITTER_DRAWS,
        rng=SEED,
        **COMPARED,
    )
    write_table(results, "onset_jitter", found.draws)
    summary = found.summary().assign(sd_ms=found.sd_ms, n_events=len(epochs))
    write_table(results, "onset_jitter_summary", summary)
