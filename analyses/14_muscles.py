"""Facial muscles in the EEG: power before and after cleaning, and what results owe to it.

Reads epochs/, muscles.csv and the single-event tables; writes muscle_power.csv (means by region and
condition), muscle_removal.csv (variance that cleaning took, compared between conditions),
sensitivity.csv (the contrast under several analyses) and muscle_balance.csv.
"""

from pathlib import Path

import pandas as pd

from analyses.study import (
    COMPARED,
    ERP_MEASURES,
    MUSCLE_ROIS,
    POWER_MEASURES,
    RANDOM_TERMS,
    SEED,
    SENSITIVITY_RESPONSES,
)
from analyses.tables import eeg_epochs, read_table, responses_table, write_table
from mmme_neuro.muscles import (
    NEGATIVE_CONTROL,
    by_condition,
    muscle_balance,
    muscle_of_events,
    muscle_variants,
    region_values,
    removal_by_region,
    sensitivity_table,
)
from mmme_neuro.responses import band_power, window_amplitudes
from mmme_neuro.signals import current_source_density

READS = ("participants.csv", "epochs", "muscles.csv", "erp_amplitudes.csv", "band_power.csv")
READS += ("physio_responses.csv",)
WRITES = ("muscle_power.csv", "muscle_removal.csv", "sensitivity.csv", "muscle_balance.csv")


def main(study: Path, results: Path) -> None:
    muscles, events = read_table(results, "muscles"), responses_table(results)
    write_table(results, "muscle_power", by_condition(muscles, events, **COMPARED))
    removal = removal_by_region(muscles, events, RANDOM_TERMS, **COMPARED)
    write_table(results, "muscle_removal", removal)
    events = muscle_of_events(events, muscles, MUSCLE_ROIS)
    others = {"current source density": laplacian(results, events)}
    others[NEGATIVE_CONTROL] = events.assign(**muscle_band(events, muscles))
    variants = muscle_variants(events, **COMPARED, others=others, rng=SEED)
    write_table(results, "muscle_balance", muscle_balance(variants[:-2], **COMPARED))
    table = sensitivity_table(variants, SENSITIVITY_RESPONSES, RANDOM_TERMS, **COMPARED)
    write_table(results, "sensitivity", table)


def laplacian(results: Path, events: pd.DataFrame) -> pd.DataFrame:
    epochs = current_source_density(eeg_epochs(results))
    measured = dict(window_amplitudes(epochs, ERP_MEASURES).items()) | {
        one.name: band_power(
            epochs,
            band=one.signal,
            roi=one.roi,
            window=one.window,
            baseline=one.baseline,
            method="fir",
        )["power_uv2"]
        for one in POWER_MEASURES
    }
    return events.assign(**{name: events["event"].map(of) for name, of in measured.items()})


def muscle_band(events: pd.DataFrame, muscles: pd.DataFrame) -> dict[str, pd.Series]:
    return {
        one.name: region_values(events, muscles, "after_db", one.roi)
        for one in (*ERP_MEASURES, *POWER_MEASURES)
    }
