"""Peripheral signals in plain tables: BIDS physio files, delimited text with or without header."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput, DamagedFile
from mmme_neuro.io.damage import reading, refuse_unwritten_end
from mmme_neuro.io.physio_signals import PhysioSignals
from mmme_neuro.io.physio_units import units_in
from mmme_neuro.io.tables.delimited import Table, read_delimited
from mmme_neuro.io.tables.sample_times import is_count, sampled, time_column

RATE_IN_WORDS = re.compile(
    r"(?:sampl\w*[ _-]*(?:rate|freq\w*)|abtastrate|sfreq|fs)\W*(?:\(?hz\)?\W*)?(\d+(?:[.,]\d+)?)",
    re.I,
)
"""As programs write it before the numbers."""

HIGHEST_RATE_HZ, LONGEST_S = 1e7, 1e11
"""What no device reaches: rates, and seconds (those since 1970 are 2e9)."""

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
    read = read_delimited(path)
    table = read.numbers
    if read.n_fields == len(labels):
        # Channels of sensors that were off throughout are columns without a single sample.
        table = table.reindex(columns=range(len(labels)))
    if table.shape[1] != len(labels):
        raise DamagedFile(
            f"{path}: expected {len(labels)} columns as {sidecar.name} says, found "
            f"{table.shape[1]}; correct 'Columns'."
        )
    sfreq, start = (_stated(sidecar, described, key) for key in BIDS_KEYS[:2])
    if not 0 < sfreq < HIGHEST_RATE_HZ or not abs(start) < LONGEST_S:
        raise DamagedFile(
            f"{sidecar}: expected a positive SamplingFrequency (Hz) and a StartTime in s, found "
            f"{sfreq:g} and {start:g}; correct them."
        )
    details = {label: described.get(label, {}) for label in labels}
    return PhysioSignals(
        labels=labels,
        units=tuple(str(details[label].get("Units", "")) for label in labels),
        data=np.ascontiguousarray(table.to_numpy(dtype=float).T),
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
            "next to the table."
        )
    described: dict[str, Any] = {}
    for sidecar in applicable:
        refuse_unwritten_end(sidecar)
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
        Samples per second; required where neither a column of times (`time_s`, `time (ms)`,
        dates) nor a line before the numbers states it.
    ch_names : sequence of str | None
        Names of the columns of a file without a line of names.
    units : mapping of str to str | None
        Unit of each column; else that in its name (``EDA [uS]``) or in a line below the names.

    Returns
    -------
    PhysioSignals
        Empty columns without a name at the end (a trailing separator), times and numbers of the
        samples are left out. Rows that the times leave out are NaN.
    """
    if sfreq is not None and not sfreq > 0:
        raise _no_rate(path)
    table = read_delimited(path)
    names = table.names or tuple(f"CH{n + 1}" for n in range(table.numbers.shape[1]))
    place = time_column(names, table.numbers)
    kept = _sample_columns(table, names, place)
    if not kept:
        raise BadInput(
            f"{path}: expected columns of samples, found only {list(names)}; a column of times or "
            "numbers is no signal."
        )
    used = [names[n] for n in kept]
    rows = np.ascontiguousarray(table.numbers.iloc[:, kept].to_numpy(dtype=float).T)
    rate = sfreq or stated_rate(table.notes)
    first_sample = 0
    if place is not None:
        named = f"{names[place]} {table.units[place]}".strip()
        at_times = sampled(path, named, table.numbers.iloc[:, place], rows, sfreq=sfreq)
        rows, rate, first_sample = at_times.data, at_times.sfreq, at_times.first_sample
    if rate is None:
        raise _no_rate(path)
    if ch_names is not None and len(ch_names) == len(names) != len(used):
        ch_names = [ch_names[n] for n in kept]
    labels = tuple(ch_names or used)
    if len(labels) != len(used):
        raise BadInput(
            f"{path}: expected {len(used)} names in ch_names, one for each column, got "
            f"{len(labels)}: {list(labels)}."
        )
    unknown = set(units or {}) - set(labels)
    if unknown:
        raise BadInput(f"units must name columns of {path}, {unknown} not among {labels}.")
    inside = units_in(used)
    found = [table.units[n] or inside[at] for at, n in enumerate(kept)]
    return PhysioSignals(
        labels=labels,
        units=tuple(
            (units or {}).get(label, unit) for label, unit in zip(labels, found, strict=True)
        ),
        data=rows,
        sfreq=float(rate),
        first_sample=first_sample,
    )


def stated_rate(notes: Sequence[str]) -> float | None:
    """Sampling rate that a preamble or a comment states.

    Parameters
    ----------
    notes : sequence of str
        Lines before the numbers.

    Returns
    -------
    float | None

    Examples
    --------
    >>> stated_rate(["# Sampling Rate (Hz): 250"])
    250.0
    """
    for note in notes:
        found = RATE_IN_WORDS.search(note)
        if found:
            return float(found[1].replace(",", "."))
    return None


def _sample_columns(table: Table, names: Sequence[str], place: int | None) -> list[int]:
    """Columns of samples: not the times, and not the numbers of the samples."""
    numbers = table.numbers
    may_count = table.names is not None and numbers.shape[1] > 1
    return [
        n
        for n in range(numbers.shape[1])
        if n != place
        and pd.api.types.is_float_dtype(numbers.iloc[:, n])
        and not (may_count and is_count(names[n], numbers.iloc[:, n].to_numpy()))
    ]


def _no_rate(path: Path) -> BadInput:
    """Error for a table that says nothing about time."""
    return BadInput(
        f"{path}: expected the sampling frequency, which the file does not state; "
        "give it as `sfreq` (samples per second), or add a column 'time_s'."
    )
