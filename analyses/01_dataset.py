"""Events of the annotation sheet: what was coded, by whom, and what is wrong with it.

Reads the study's annotation sheet and decisions.csv (participants left out); writes events (merged
passes), their audit and counts, action_units.csv (named, by region) and databases.csv (the study
next to published databases).
"""

from pathlib import Path

from analyses.study import PREPROCESSING
from analyses.tables import write_table
from mmme_neuro import audit_events, read_events
from mmme_neuro.events import database_table, describe_events, named_action_units, sheet_columns
from mmme_neuro.pipeline import decisions
from mmme_neuro.recording import study_sheet

READS = ("study:coding_file.*", "study:decisions.csv")
WRITES = ("events.csv", "audit.csv", "dataset", "action_units.csv", "databases.csv")


def main(study: Path, results: Path) -> None:
    sheet = study_sheet(study)
    made = decisions.of_study(study)
    coded = made.included(read_events(sheet))
    merged = made.included(read_events(sheet, merge=PREPROCESSING.merge))
    audit = audit_events(coded, ignored_columns=sheet_columns(sheet).ignored)
    write_table(results, "events", merged)
    write_table(results, "audit", audit.table())
    write_table(results, "action_units", named_action_units(merged))
    write_table(results, "databases", database_table(merged))
    describe_events(merged).write(results / "dataset")
