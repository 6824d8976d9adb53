"""Mixed models of ME against MaE, one for every single-event response.

Reads the single-event tables; writes models.csv (fixed effects), variance_components.csv and
model_notes.csv (counts, reductions, warnings).
"""

from pathlib import Path

from analyses.study import RANDOM_TERMS, RESPONSES
from analyses.tables import responses_table, write_table
from mmme_neuro.models.battery import fit_battery

READS = ("erp_amplitudes.csv", "band_power.csv", "physio_responses.csv")
WRITES = ("models.csv", "variance_components.csv", "model_notes.csv")


def main(study: Path, results: Path) -> None:
    battery = fit_battery(list(RESPONSES), f"expression + {RANDOM_TERMS}", responses_table(results))
    write_table(results, "models", battery.estimates.assign(unit=_unit(battery.estimates)))
    write_table(results, "variance_components", battery.variance_components)
    write_table(results, "model_notes", battery.notes)


def _unit(table):
    return table["response"].map(RESPONSES)
