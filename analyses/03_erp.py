"""Event-related potentials: grand averages and single-event window amplitudes.

Reads epochs/; writes erp.nc, erp_counts.csv and erp_amplitudes.csv.
"""

from pathlib import Path

import pandas as pd

from analyses.study import ERP_BASELINE_S, ERP_LOWPASS_HZ, ERP_WINDOWS
from analyses.tables import eeg_epochs, write_grand_average, write_table
from mmme_neuro import evoked, grand_average, window_amplitudes

READS = ("participants.csv", "epochs")
WRITES = ("erp.nc", "erp_counts.csv", "erp_amplitudes.csv", "erp-info.fif", "erp_excluded.csv")


def main(study: Path, results: Path) -> None:
    epochs = eeg_epochs(results)
    amplitudes = window_amplitudes(epochs, ERP_WINDOWS, baseline=ERP_BASELINE_S)
    write_table(results, "erp_amplitudes", pd.concat([epochs.metadata, amplitudes], axis=1))
    smooth = epochs.copy().filter(None, ERP_LOWPASS_HZ, verbose="error")
    smooth.apply_baseline(ERP_BASELINE_S, verbose="error")
    cells = evoked(smooth, ["participant", "expression"])
    grand = grand_average(cells)
    write_grand_average(results, "erp", grand)
    write_table(results, "erp_counts", cells.counts)
