"""Constants of the study and of the methods, and the software that was used.

Reads nothing but code; writes methods.json, from which methods texts take every number.
"""

from dataclasses import asdict
from pathlib import Path

from analyses import study as choices
from mmme_neuro import vocabulary
from mmme_neuro.io import write_json
from mmme_neuro.report import method_constants, software_versions

READS = ()
WRITES = ("methods.json",)


def main(study: Path, results: Path) -> None:
    constants = {
        name.lower(): value
        for name, value in vars(choices).items()
        if name.isupper() and value is not getattr(vocabulary, name, None)
    }
    constants["preprocessing"] = asdict(choices.PREPROCESSING)
    constants["erp_windows"] = [asdict(window) for window in choices.ERP_WINDOWS]
    content = {"study": constants, "methods": method_constants(), "software": software_versions()}
    write_json(results / "methods.json", content)
