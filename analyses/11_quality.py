"""Quality of every participant's recording: events kept, channels and components removed.

Reads the tables of the preprocessing; writes quality.csv, rejection.csv (whether the rule rejects
both conditions alike) and component_labels.csv (ICLabel's verdicts at several
probabilities).
"""

from pathlib import Path

from analyses.study import COMPARED
from analyses.tables import read_table, write_table
from mmme_neuro.pipeline import label_table, quality_table, rejection_table

READS = ("participants.csv", "bad_channels.csv", "components.csv", "moments.csv", "excluded.csv")
WRITES = ("quality.csv", "rejection.csv", "component_labels.csv")


def main(study: Path, results: Path) -> None:
    names = ("participants", "bad_channels", "components", "moments")
    tables = [read_table(results, name) for name in names]
    write_table(results, "quality", quality_table(*tables, **COMPARED))
    excluded = read_table(results, "excluded")
    write_table(results, "rejection", rejection_table(tables[-1], excluded, **COMPARED))
    write_table(results, "component_labels", label_table(read_table(results, "components")))
