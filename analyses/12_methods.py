"""Constants of the study and of the methods, and the software that was used.

Reads nothing but code; writes methods.json, from which methods texts take every number.
"""

from dataclasses import asdict
from pathlib import Path

from analyses import study as choices
from mmme_neuro.derivatives import write_json
from mmme_neuro.methods import method_constants, software_versions

READS = ()
WRITES = ("methods.json",)


def main(study: Path, results: Path) -> None:
    names = [name for name in vars(choices) if name.isupper()]
    constants = {name.lower(): getattr(choices, name) for name in names}
    constants["preprocessing"] = asdict(choices.PREPROCESSING)
    constants["erp_windows"] = [asdict(window) for window in choices.ERP_WINDOWS]
    content = {"study": constants, "methods": method_constants(), "software": software_versions()}
    write_json(results / "methods.json", content)
