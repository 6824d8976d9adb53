"""Oscillations: power maps by condition and single-event band power.

Reads epochs/; writes tfr.nc and band_power.csv.
"""

from pathlib import Path

import pandas as pd

from analyses.study import CONDITION, POWER_MEASURES, TFR_BASELINE_S, TFR_CHANNELS
from analyses.tables import eeg_epochs, event_table, write_table, write_time_frequency
from mmme_neuro import time_frequency
from mmme_neuro.responses import Measure, band_power

READS = ("participants.csv", "epochs")
WRITES = ("tfr.nc", "tfr-info.fif", "tfr_counts.csv", "band_power.csv")


def main(study: Path, results: Path) -> None:
    epochs = eeg_epochs(results)
    maps = time_frequency(epochs, by=CONDITION, picks=TFR_CHANNELS, baseline=TFR_BASELINE_S)
    write_time_frequency(results, "tfr", maps)
    power = {measure.name: single_events(epochs, measure) for measure in POWER_MEASURES}
    alpha = power["alpha_power"].drop(columns="power_uv2")
    linear = pd.DataFrame({name: table["power_uv2"] for name, table in power.items()})
    write_table(results, "band_power", event_table(epochs, linear, alpha))


def single_events(epochs, measure: Measure) -> pd.DataFrame:
    return band_power(
        epochs,
        band=measure.signal,
        roi=measure.roi,
        window=measure.window,
        baseline=measure.baseline,
        method="fir",
    )
