"""Numbers for the text: every quantity and table of the manuscript, as text with unit and interval.

Reads the tables of the other steps and methods.json; writes numbers.json.
"""

from pathlib import Path

from mmme_neuro.io import write_json
from mmme_neuro.report import Results, manuscript_numbers
from mmme_neuro.report.manuscript import TABLES

READS = (*(f"{name}.csv" for name in TABLES), "methods.json")
WRITES = ("numbers.json",)


def main(study: Path, results: Path) -> None:
    write_json(results / "numbers.json", manuscript_numbers(Results(results, results)))
