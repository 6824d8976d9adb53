"""Quality of every participant's recording: events kept, channels and components removed.

Reads the tables of the preprocessing; writes quality.csv.
"""

from pathlib import Path

from analyses.tables import read_table, write_table
from mmme_neuro.quality import quality_table

READS = ("participants.csv", "bad_channels.csv", "components.csv")
WRITES = ("quality.csv",)


def main(study: Path, results: Path) -> None:
    tables = (read_table(results, name) for name in ("participants", "bad_channels", "components"))
    write_table(results, "quality", quality_table(*tables))
