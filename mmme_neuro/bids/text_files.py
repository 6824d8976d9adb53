"""Text files of a BIDS dataset: the same input gives the same bytes."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from mmme_neuro.errors import DamagedFile
from mmme_neuro.io.damage import reading

MISSING = "n/a"
"""What BIDS writes for a missing value; a cell must not be empty."""


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file.

    Raises
    ------
    FileNotFoundError, DamagedFile
        When it is not there or not JSON.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected a BIDS sidecar, found no such file.")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # what json and an unknown encoding raise
        raise DamagedFile(f"{path}: expected JSON, found {error}; copy the file again.") from error


def write_tsv(path: Path, table: pd.DataFrame) -> None:
    """Write a table; missing and empty cells become ``n/a``, numbers keep all their digits."""
    filled = table.astype(object).where(table.notna() & (table != ""), MISSING)
    filled.to_csv(path, sep="\t", index=False, lineterminator="\n", encoding="utf-8")


def read_tsv(path: Path) -> pd.DataFrame:
    """Read a table as text, ``n/a`` as it stands.

    Raises
    ------
    FileNotFoundError, DamagedFile
        When it is not there or no table.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected a BIDS table, found no such file.")
    with reading(path, "a BIDS table"):
        return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, encoding="utf-8")


def write_gzip(path: Path, blocks: Iterable[str]) -> None:
    """Write text as gzip, without a time or a file name in its header."""
    with (
        path.open("wb") as stream,
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=stream, mtime=0) as packed,
    ):
        for block in blocks:
            packed.write(block.encode("utf-8"))
