"""Events of the annotation sheet: what was coded, by whom, and what is wrong with it.

Reads the study's annotation sheet; writes events (merged passes), their audit and counts.
"""

from pathlib import Path

from analyses.study import PREPROCESSING
from analyses.tables import write_table
from mmme_neuro import audit_events, describe_events, read_events
from mmme_neuro.recording import study_sheet

READS = ("study:coding_file.*",)
WRITES = ("events.csv", "audit.csv", "dataset")


def main(study: Path, results: Path) -> None:
    coded = read_events(study_sheet(study))
    merged = read_events(study_sheet(study), merge=PREPROCESSING.merge)
    write_table(results, "events", merged)
    write_table(results, "audit", audit_events(coded).table())
    describe_events(merged).write(results / "dataset")
