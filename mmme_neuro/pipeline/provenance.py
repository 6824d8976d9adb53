"""What a derivative was made from, so that it is made again only if that changed."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

from mmme_neuro.errors import BadInput
from mmme_neuro.io.files import atomic_file
from mmme_neuro.pipeline.reached_code import code_digest

DERIVING = (
    "mne",
    "numpy",
    "scipy",
    "pandas",
    "neurokit2",
    "python-picard",
    "mne-icalabel",
    "onnxruntime",
    "pyprep",
    "autoreject",
    "scikit-learn",
    "clarabel",
)
"""Packages whose version can change a derivative."""


@dataclass(frozen=True)
class Provenance:
    """Everything that decides what a participant's derivatives are, and what they became.

    Attributes
    ----------
    participant : str
        Code.
    inputs : dict of str to str
        Name of each input -> digest.
    options : dict
        Choices.
    versions : dict of str to str
        Package -> version, and ``code`` -> digest of the code of this package that preprocessing
        reaches (`code_digest`).
    outputs : dict of str to str
        Name of each derivative -> digest; empty before they are written.
    """

    participant: str
    inputs: dict[str, str]
    options: dict
    versions: dict[str, str]
    outputs: dict[str, str]

    def difference(self, earlier: "Provenance") -> str:
        """Why derivatives of ``earlier`` are not those of this one; empty if they are."""
        for name in ("inputs", "options", "versions"):
            now, then = getattr(self, name), getattr(earlier, name)
            changed = [key for key in sorted({*now, *then}) if now.get(key) != then.get(key)]
            if changed:
                what = [_change(name, key, then.get(key), now.get(key)) for key in changed[:3]]
                return f"{name} changed: " + "; ".join(what)
        return ""

    def write(self, path: Path) -> None:
        """Write the sidecar, atomically."""
        with atomic_file(path) as part:
            part.write_text(json.dumps(vars(self), indent=1, sort_keys=True), encoding="utf-8")


def read_provenance(path: Path) -> Provenance | None:
    """Read a sidecar; None where there is none or it is damaged."""
    try:
        return Provenance(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError, TypeError):
        return None


def remove_derivatives(participant: str, folder: Path) -> None:
    """Remove what an earlier run wrote of a participant who is left out now.

    Parameters
    ----------
    participant : str
    folder : Path
        Where the derivatives and the sidecar that lists them are.
    """
    sidecar = folder / f"{participant}_provenance.json"
    earlier = read_provenance(sidecar)
    for name in () if earlier is None else earlier.outputs:
        if Path(name).name == name:
            (folder / name).unlink(missing_ok=True)
    sidecar.unlink(missing_ok=True)


def stale_because(planned: Provenance, path: Path) -> str:
    """Say why a participant has to be processed again.

    Parameters
    ----------
    planned : Provenance
        What would be made now, without outputs.
    path : Path
        Sidecar of the earlier run, beside its derivatives.

    Returns
    -------
    str
        Empty if every derivative is there, unchanged, and would come out the same.
    """
    earlier = read_provenance(path)
    if earlier is None:
        return "no complete earlier run"
    if difference := planned.difference(earlier):
        return difference
    for name, digest in earlier.outputs.items():
        output = path.parent / name
        if not output.is_file():
            return f"{name} is missing"
        if file_digest(output) != digest:
            return f"{name} was changed"
    return ""


def options_used(out: Path, participants: Iterable[str]) -> dict[str, dict]:
    """Return the options with which participants were preprocessed, from their sidecars.

    Parameters
    ----------
    out : Path
        Folder that ``preprocess_study`` wrote.
    participants : iterable of str
        Participants that were processed.

    Returns
    -------
    dict of str to dict
        Participant -> its options by dotted name, such as ``clean.line_hz``, and
        ``already_clean``.

    Raises
    ------
    BadInput
        When a participant has no sidecar, or participants were processed with different options.
    """
    found: dict[str, dict] = {}
    for name in participants:
        sidecar = read_provenance(out / f"{name}_provenance.json")
        if sidecar is None:
            raise BadInput(f"{out}: {name} has no sidecar; preprocess the study again.")
        found[name] = sidecar.options
    first, *others = found or {"": {}}
    for name in others:
        keys = {*found[first], *found[name]} - {"already_clean"}
        differing = [key for key in sorted(keys) if found[first].get(key) != found[name].get(key)]
        if differing:
            raise BadInput(
                f"{out}: {first} and {name} were processed with different options {differing}; "
                "preprocess the study again."
            )
    return found


def file_digest(path: Path) -> str:
    """Digest of a file's content, read in blocks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def table_digest(table: pd.DataFrame) -> str:
    """Digest of a table's cells."""
    return hashlib.blake2b(table.to_csv(index=False).encode(), digest_size=16).hexdigest()


def input_digests(files: Iterable[Path], tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Digests of a participant's files, by name, and tables."""
    digests = {path.name: file_digest(path) for path in files}
    return digests | {name: table_digest(table) for name, table in tables.items()}


def software(module: Path) -> dict[str, str]:
    """Versions of what computes, and a digest of a module and all own code that it reaches."""
    return {"code": _code_of(module), **versions(DERIVING)}


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Version of each package; ``"not installed"`` where it is absent."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


@cache
def _code_of(module: Path) -> str:
    """Digest of the code that this process runs; an edit counts in the next one."""
    return code_digest([module])


def _change(name: str, key: str, then: object, now: object) -> str:
    """``reject_uv 150.0 -> 100.0``; digests are not shown."""
    if name == "inputs" or key == "code":
        return f"{key} {'is new' if then is None else 'is gone' if now is None else 'differs'}"
    return f"{key} {then} -> {now}"
