"""Recovery: what the analysis found beside what was put into a simulated study.

Reads truth.json of the study and the results of the other steps; writes recovery.csv. A real
study has no truth.json; the table is then empty.
"""

import json
from pathlib import Path

import pandas as pd

from analyses.study import PAIRS, TRUE_MEASURES
from analyses.tables import read_table, write_table
from mmme_neuro.simulate import RECOVERY_COLUMNS, recovery_table, with_measures

READS = ("study:truth.json", "clocks.csv", "erp_amplitudes.csv", "models.csv", "coupling.csv")
READS += ("cross_modal.csv", "icc.csv")
WRITES = ("recovery.csv",)
TABLES = ("clocks", "erp_amplitudes", "models", "coupling", "cross_modal", "icc")


def main(study: Path, results: Path) -> None:
    path = study / "truth.json"
    if not path.is_file():
        write_table(results, "recovery", pd.DataFrame(columns=RECOVERY_COLUMNS))
        return
    truth = with_measures(json.loads(path.read_text(encoding="utf-8")), TRUE_MEASURES)
    found = {name: read_table(results, name) for name in TABLES}
    write_table(results, "recovery", recovery_table(truth, found, pairs=tuple(PAIRS)))
