"""Constants of the study and of the methods, what the preprocessing used, and the software.

Reads used.json; writes methods.json, from which methods texts take every number.
"""

from pathlib import Path

from analyses import study as choices
from analyses.tables import read_json
from mmme_neuro import vocabulary
from mmme_neuro.io import write_json
from mmme_neuro.report import method_constants, software_versions

ELSEWHERE = ("MEASURES", "TRUE_MEASURES", "AUTONOMIC_MEASURES", "PREPROCESSING")
"""Measures that stand under other names, too; of the preprocessing the run's record is told, not
what the file says now."""

READS = ("used.json",)
WRITES = ("methods.json",)


def main(study: Path, results: Path) -> None:
    content = {"study": constants_of(choices), "used": read_json(results, "used")}
    made_with = {"methods": method_constants(), "software": software_versions()}
    write_json(results / "methods.json", content | made_with)


def constants_of(study) -> dict:
    return {
        name.lower(): value
        for name, value in vars(study).items()
        if name.isupper() and value is not getattr(vocabulary, name, None) and name not in ELSEWHERE
    }
