"""Peripheral signals in plain tables: BIDS physio files, delimited text with or without header."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput, DamagedFile
from mmme_neuro.io.acqknowledge import open_text
from mmme_neuro.io.damage import check_last_line, reading
from mmme_neuro.io.physio_signals import PhysioSignals

BIDS_KEYS = ("SamplingFrequency", "StartTime", "Columns")
DATASET_MARK = "dataset_description.json"


def read_bids_physio(path: Path) -> PhysioSignals:
    """Read a BIDS ``_physio.tsv.gz`` with its sidecars, inherited ones too.

    Parameters
    ----------
    path : Path
        Table without header line; ``n/a`` is missing.

    Returns
    -------
    PhysioSignals
        ``first_sample`` is ``StartTime`` in samples: 0 is the first sample of the EEG.
    """
    sidecar, described = bids_description(path)
    missing = [key for key in BIDS_KEYS if key not in described]
    if missing:
        raise DamagedFile(
            f"{sidecar}: expected the keys {list(BIDS_KEYS)}, {missing} missing; add them."
        )
    labels = tuple(described["Columns"])
    table = _read_numbers(path, sep="\t", header=None)
    if table.shape[1] != len(labels):
        raise DamagedFile(
            f"{path}: expected {len(labels)} columns as {sidecar.name} says, found "
            f"{table.shape[1]}; correct 'Columns'."
        )
    sfreq, start = (_stated(sidecar, described, key) for key in BIDS_KEYS[:2])
    if not sfreq > 0:
        raise DamagedFile(f"{sidecar}: expected a positive SamplingFrequency, found {sfreq:g}.")
    details = {label: described.get(label, {}) for label in labels}
    return PhysioSignals(
        labels=labels,
        units=tuple(str(details[label].get("Units", "")) for label in labels),
        data=np.ascontiguousarray(table.to_numpy().T),
        sfreq=sfreq,
        first_sample=round(start * sfreq),
    )


def bids_description(path: Path) -> tuple[Path, dict[str, Any]]:
    """Content of the sidecars that apply to a BIDS physio table, by the inheritance principle.

    Parameters
    ----------
    path : Path
        ``sub-01_task-rest_run-1_physio.tsv.gz``, in its folder of the dataset or anywhere.

    Returns
    -------
    sidecar : Path
        The nearest one.
    described : dict
        Keys of all; those of a nearer or more specific sidecar replace others'.

    Raises
    ------
    FileNotFoundError
        When there is none.
    DamagedFile
        When one is no JSON object.

    Notes
    -----
    A sidecar applies if it lies in the table's folder or one above it, up to the dataset's root,
    and has no entity (``task-rest``) that the table lacks.
    """
    own = _entities(path)
    applicable = [
        found
        for folder in reversed(_folders_to_root(path))
        for found in sorted(folder.iterdir(), key=lambda found: (len(_entities(found)), found))
        if _is_physio_sidecar(found) and _entities(found) <= own
    ]
    if not applicable:
        places = ", ".join(str(folder) for folder in _folders_to_root(path))
        raise FileNotFoundError(
            f"{path}: expected its description in {path.name.split('.')[0]}.json, or in a sidecar "
            f"of fewer entities such as task-..._physio.json, found none in {places}; copy it "
            "beside the table."
        )
    described: dict[str, Any] = {}
    for sidecar in applicable:
        with reading(sidecar, "the description of a BIDS recording"):
            described |= dict(json.loads(sidecar.read_text(encoding="utf-8-sig")))
    return applicable[-1], described


def _entities(path: Path) -> set[str]:
    """Entities of a BIDS name, such as ``sub-01``; its suffix is none."""
    return set(path.name.split(".")[0].split("_")[:-1])


def _is_physio_sidecar(path: Path) -> bool:
    """Whether a name is that of a description of peripheral recordings."""
    stem, _, ending = path.name.lower().partition(".")
    return ending == "json" and stem.split("_")[-1] == "physio"


def _folders_to_root(path: Path) -> list[Path]:
    """Folder of a file and those above it that belong to its dataset, the nearest first."""
    folder = Path(os.path.abspath(path)).parent
    folders = [folder]
    inside = any(part.startswith("sub-") for part in folder.parts)
    while inside and not (folder / DATASET_MARK).is_file() and folder != folder.parent:
        below, folder = folder, folder.parent
        folders.append(folder)
        if below.name.startswith("sub-"):
            break
    return folders


def _stated(sidecar: Path, described: Mapping[str, Any], key: str) -> float:
    """A number of a sidecar."""
    try:
        value = float(described[key])
    except (TypeError, ValueError):  # what float() raises on what is no number
        value = np.nan
    if not np.isfinite(value):
        raise DamagedFile(
            f"{sidecar}: expected a number for {key!r}, found {described[key]!r}; correct it."
        )
    return value


def read_table(
    path: Path,
    *,
    sfreq: float | None,
    ch_names: Sequence[str] | None,
    units: Mapping[str, str] | None,
) -> PhysioSignals:
    """Read delimited text, one column per channel, with or without a line of names.

    Parameters
    ----------
    path : Path
        ``.csv``, ``.tsv`` or ``.txt``, gzipped or not.
    sfreq : float | None
        Samples per second; required, as the file does not say.
    ch_names : sequence of str | None
        Names of the columns of a file without a line of names.
    units : mapping of str to str | None
        Unit of each column.

    Returns
    -------
    PhysioSignals
        Empty columns at the end (a trailing separator) are left out.
    """
    if sfreq is None or not sfreq > 0:
        raise BadInput(
            f"{path}: expected the sampling frequency, which the file does not state; "
            "give it as `sfreq` (samples per second)."
        )
    with open_text(path) as stream:
        first_line = stream.readline()
    separator = next((mark for mark in "\t,;" if mark in first_line), ",")
    has_names = not all(_is_number(field) for field in first_line.strip().split(separator))
    table = _read_numbers(path, sep=separator, header=0 if has_names else None)
    while table.shape[1] > 1 and table.iloc[:, -1].isna().all():
        table = table.iloc[:, :-1]
    names_in_file = table.columns if has_names else [f"CH{n + 1}" for n in range(table.shape[1])]
    labels = tuple(ch_names or names_in_file)
    if len(labels) != table.shape[1]:
        raise BadInput(
            f"{path}: expected {table.shape[1]} names in ch_names, one for each column, got "
            f"{len(labels)}: {list(labels)}."
        )
    unknown = set(units or {}) - set(labels)
    if unknown:
        raise BadInput(f"units must name columns of {path}, {unknown} not among {labels}.")
    return PhysioSignals(
        labels=labels,
        units=tuple((units or {}).get(label, "") for label in labels),
        data=np.ascontiguousarray(table.to_numpy().T),
        sfreq=float(sfreq),
    )


def _is_number(field: str) -> bool:
    """Whether a field is a number, empty or a mark of a missing value."""
    try:
        float(field)
    except ValueError:  # what float() raises
        return field.strip().lower() in ("", "n/a", "na")
    return True


def _read_numbers(path: Path, *, sep: str, header: int | None) -> pd.DataFrame:
    """A table of numbers; anything else is refused with its column."""
    with reading(path, "a table of numbers"):
        table = pd.read_csv(path, sep=sep, header=header, na_values=["n/a"])
    text = [name for name in table.columns if not pd.api.types.is_numeric_dtype(table[name])]
    if text or table.empty:
        raise DamagedFile(
            f"{path}: expected rows of numbers, found {len(table)} rows"
            f"{f' and text in the columns {text}' if text else ''}; remove what is not a signal."
        )
    check_last_line(path, sep)
    return table.astype(float)
