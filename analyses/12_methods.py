"""Constants of the study and of the methods, and the software that was used.

Reads nothing but code; writes methods.json, from which methods texts take every number.
"""

from dataclasses import asdict
from pathlib import Path

from analyses import study as choices
from mmme_neuro import vocabulary
from mmme_neuro.pipeline import write_json
from mmme_neuro.report import method_constants, software_versions

ELSEWHERE = ("MEASURES", "TRUE_MEASURES", "AUTONOMIC_MEASURES")
"""Collections of measures whose members stand under other names, too."""

READS = ()
WRITES = ("methods.json",)


def main(study: Path, results: Path) -> None:
    content = {"study": constants_of(choices), "methods": method_constants()}
    write_json(results / "methods.json", content | {"software": software_versions()})


def constants_of(study) -> dict:
    constants = {
        name.lower(): value
        for name, value in vars(study).items()
        if name.isupper() and value is not getattr(vocabulary, name, None) and name not in ELSEWHERE
    }
    return constants | {"preprocessing": asdict(study.PREPROCESSING)}
