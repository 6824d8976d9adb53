"""Event-related potentials: grand averages, single-event amplitudes, components with their errors.

Reads epochs/; writes erp.nc, erp_participants.nc (curves of each participant), erp_counts.csv,
erp_amplitudes.csv, erp_components.csv (each participant's averages with their measurement error),
erp_measurement.csv (that error beside the differences between participants) and erp_jackknife.csv
(differences measured on grand averages).
"""

from pathlib import Path

import pandas as pd

from analyses.study import (
    CONDITION,
    ERP_BASELINE_S,
    ERP_COMPONENTS,
    ERP_LOWPASS_HZ,
    ERP_MEASURES,
    LEVELS,
    SEED,
)
from analyses.tables import eeg_epochs, event_table, write_grand_average, write_map, write_table
from mmme_neuro import evoked
from mmme_neuro.responses import (
    GrandAverage,
    component_table,
    grand_average,
    jackknife_difference,
    measurement_quality,
    participant_curves,
    window_amplitudes,
)

READS = ("participants.csv", "epochs")
WRITES = ("erp.nc", "erp_counts.csv", "erp_amplitudes.csv", "erp-info.fif", "erp_excluded.csv")
WRITES += ("erp_components.csv", "erp_measurement.csv", "erp_jackknife.csv", "erp_participants.nc")
REGIONS = list(dict.fromkeys(measure.roi for measure in ERP_MEASURES))


def main(study: Path, results: Path) -> None:
    epochs = eeg_epochs(results)
    amplitudes = window_amplitudes(epochs, ERP_MEASURES)
    write_table(results, "erp_amplitudes", event_table(epochs, amplitudes))
    smooth = epochs.copy().filter(None, ERP_LOWPASS_HZ, verbose="error")
    by = ["participant", CONDITION]
    measured = component_table(smooth, ERP_COMPONENTS, by=by, rng=SEED)
    write_table(results, "erp_components", measured)
    write_table(results, "erp_measurement", measurement_quality(measured, condition=CONDITION))
    smooth.apply_baseline(ERP_BASELINE_S, verbose="error")
    cells = evoked(smooth, by)
    curves = participant_curves(smooth, REGIONS, condition=CONDITION, levels=LEVELS)
    write_map(results, "erp_participants", curves)
    grand = grand_average(cells, levels=LEVELS)
    write_grand_average(results, "erp", grand)
    write_table(results, "erp_counts", cells.counts)
    write_table(results, "erp_jackknife", jackknifed(grand))


def jackknifed(grand: GrandAverage) -> pd.DataFrame:
    rows = [
        {"component": measure.name, "measure": measure.statistic, "unit": measure.unit}
        | jackknife_difference(grand.individual, measure, levels=LEVELS).iloc[0].to_dict()
        for measure in ERP_COMPONENTS
        if grand.individual.sizes["participant"] > 2
    ]
    return pd.DataFrame(rows)
