"""Constants of the study and of the methods, what the preprocessing used, and the software.

Reads used.json; writes methods.json, from which methods texts take every number.
"""

from dataclasses import asdict
from pathlib import Path

from analyses import study as choices
from analyses.tables import read_json
from mmme_neuro import vocabulary
from mmme_neuro.io import write_json
from mmme_neuro.report import method_constants, software_versions

READS = ("used.json",)
WRITES = ("methods.json",)


def main(study: Path, results: Path) -> None:
    constants = {
        name.lower(): value
        for name, value in vars(choices).items()
        if name.isupper() and value is not getattr(vocabulary, name, None)
    }
    # The text reports what the run used, not what study.py says now.
    del constants["preprocessing"]
    constants["erp_windows"] = [asdict(window) for window in choices.ERP_WINDOWS]
    used = read_json(results, "used")
    made_with = {"methods": method_constants(), "software": software_versions()}
    write_json(results / "methods.json", {"study": constants, "used": used, **made_with})
