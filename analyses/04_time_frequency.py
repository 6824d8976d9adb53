"""Oscillations: power maps by expression and single-event alpha power.

Reads epochs/; writes tfr.nc and band_power.csv.
"""

from pathlib import Path

import pandas as pd

from analyses.study import ALPHA_BAND_HZ, ALPHA_ROI, ALPHA_WINDOW_S, TFR_BASELINE_S, TFR_CHANNELS
from analyses.tables import eeg_epochs, write_table, write_time_frequency
from mmme_neuro import band_power, time_frequency

READS = ("participants.csv", "epochs")
WRITES = ("tfr.nc", "tfr-info.fif", "tfr_counts.csv", "band_power.csv")


def main(study: Path, results: Path) -> None:
    epochs = eeg_epochs(results)
    maps = time_frequency(epochs, by="expression", picks=TFR_CHANNELS, baseline=TFR_BASELINE_S)
    write_time_frequency(results, "tfr", maps)
    power = band_power(
        epochs,
        band=ALPHA_BAND_HZ,
        roi=ALPHA_ROI,
        window=ALPHA_WINDOW_S,
        baseline=TFR_BASELINE_S,
        method="fir",
    ).rename(columns={"power_uv2": "alpha_power"})
    write_table(results, "band_power", pd.concat([epochs.metadata, power], axis=1))
