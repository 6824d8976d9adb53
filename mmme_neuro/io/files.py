"""Files that appear under their names only when complete, and JSON in one layout."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import numpy as np


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to, and move it to `path` if nothing went wrong.

    Parameters
    ----------
    path : Path
        Final name; a file of that name is replaced.

    Yields
    ------
    Path
        Temporary name in the same folder.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with atomic_file(path) as part:
    ...     _ = part.write_text("complete")
    >>> path.read_text()
    'complete'
    """
    # In front: writers go by the end of a name.
    part = path.with_name(f".part_{path.name}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_json(path: Path, content: dict[str, Any], *, allow_nan: bool = True) -> None:
    """Write a JSON file, atomically; the same content gives the same bytes.

    Parameters
    ----------
    path : Path
        Final name.
    content : dict
        Plain types, NumPy scalars and arrays, dataclasses.
    allow_nan : bool
        Write ``NaN``, which strict readers of JSON do not know, or refuse it.

    Raises
    ------
    TypeError
        When something has no form in JSON.
    ValueError
        When a number is not finite and must be.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=allow_nan, default=_plain)
    with atomic_file(path) as part:
        part.write_text(text + "\n", encoding="utf-8", newline="\n")


def _plain(value: object) -> object:
    """NumPy scalars, arrays and dataclasses as plain types."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if is_dataclass(value) and not isinstance(value, type):
        return {"is": type(value).__name__, **vars(value)}
    raise TypeError(f"cannot write {type(value).__name__} as JSON.")
