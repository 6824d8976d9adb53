"""Constants of the study and of the methods, and the software that was used.

Reads nothing but code; writes methods.json, from which methods texts take every number.
"""

from dataclasses import asdict
from pathlib import Path

from analyses import study as choices
from mmme_neuro import vocabulary
from mmme_neuro.pipeline import write_json
from mmme_neuro.report import method_constants, software_versions

DERIVED = ("MEASURES", "TRUE_MEASURES")
"""Collections of measures that stand elsewhere in the study's choices."""

READS = ()
WRITES = ("methods.json",)


def main(study: Path, results: Path) -> None:
    constants = {
        name.lower(): value
        for name, value in vars(choices).items()
        if name.isupper() and value is not getattr(vocabulary, name, None) and name not in DERIVED
    }
    constants["preprocessing"] = asdict(choices.PREPROCESSING)
    content = {"study": constants, "methods": method_constants(), "software": software_versions()}
    write_json(results / "methods.json", content)
