"""Damaged files and files elsewhere: the one message a user gets about either."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath

from scipy.io.matlab import MatReadError

READ_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MatReadError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,  # of XML, inside a spreadsheet
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the libraries behind the readers raise on damaged files; none has an error of its own."""


@contextmanager
def reading(path: Path, expected: str) -> Iterator[None]:
    """Turn what a library raises on a damaged file into one message that names the file.

    Parameters
    ----------
    path : Path
        The file that is read.
    expected : str
        What it should hold, such as ``"an EEG recording"``.

    Raises
    ------
    ValueError
        In place of `READ_ERRORS`; errors that name the file, and missing files, stay as they are.
    """
    try:
        yield
    except READ_ERRORS as error:
        if isinstance(error, FileNotFoundError) or str(path) in str(error):
            raise
        raise ValueError(
            f"{path}: expected {expected}, found {path.stat().st_size} bytes that cannot be read "
            f"({type(error).__name__}: {error}); the file is empty, damaged, truncated or of "
            "another kind: copy or export it again."
        ) from error


def named_beside(path: Path, name: str) -> Path:
    """Return the file that `path` names as belonging to it, which must lie in the same folder.

    Parameters
    ----------
    path : Path
        File whose header names another.
    name : str
        The name in the header, of any operating system.

    Raises
    ------
    ValueError
        When the name leads elsewhere.
    """
    if name in ("", ".", "..") or len(PurePosixPath(name).parts + PureWindowsPath(name).parts) > 2:
        raise ValueError(
            f"{path}: expected the name of a file beside it, found {name!r}, which leads elsewhere "
            "and is not followed; copy that file here and correct the name in the header."
        )
    return path.with_name(name)


def refuse_links_outside(folder: Path, study: Path) -> None:
    """Refuse a participant's folder with files that are links to outside the study.

    Parameters
    ----------
    folder : Path
        The participant's folder.
    study : Path
        The folder that holds all that may be read.

    Raises
    ------
    ValueError
        With the names of the links.
    """
    root = study.resolve()
    outside = [
        path.name
        for path in (folder, *sorted(folder.iterdir()))
        if not path.resolve().is_relative_to(root)
    ]
    if outside:
        raise ValueError(
            f"{folder}: expected files inside the study folder {study}, found links that lead out "
            f"of it: {outside}; copy the files here, or move the study to where they lie."
        )
