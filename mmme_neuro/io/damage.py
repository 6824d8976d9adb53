"""Damaged files and files elsewhere: the one message a user gets about either."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath

from mmme_neuro.errors import BadInput, DamagedFile, MissingExtra, MmmeError

TAIL_BYTES = 65536
LONGEST_TEXT_BYTES = 2**26


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
    MmmeError
        In place of any error but one that names the file or tells of a missing one or a
        missing extra.
    """
    try:
        yield
    except Exception as error:  # libraries raise anything, MNE's FIF reader even bare exceptions
        is_named = str(path) in str(error)
        if isinstance(error, FileNotFoundError | MissingExtra):
            raise
        if is_named and isinstance(error, OSError):
            raise
        if isinstance(error, MmmeError) and (is_named or str(path.parent) in str(error)):
            raise  # it names the file, or one beside it
        if is_named:
            raise DamagedFile(str(error)) from error
        raise DamagedFile(
            f"{path}: expected {expected}, found {path.stat().st_size} bytes that cannot be read "
            f"({type(error).__name__}: {error}); the file is empty, damaged, truncated or of "
            "another kind: copy or export it again."
        ) from error


def refuse_unwritten_end(path: Path) -> None:
    """Refuse a text, gzipped or not, that ends in zeros, before anybody reads gigabytes of them.

    Parameters
    ----------
    path : Path
        The file.
    """
    _written_tail(path)


def _written_tail(path: Path) -> bytes:
    """The last bytes of a file; refused where all of them are zeros."""
    with path.open("rb") as stream:
        stream.seek(max(path.stat().st_size - TAIL_BYTES, 0))
        tail = stream.read()
    if len(tail) == TAIL_BYTES and not tail.strip(b"\0"):
        raise DamagedFile(
            f"{path}: ends in {TAIL_BYTES} bytes or more that were never written (zeros); copying "
            "or saving was interrupted: copy or export it again."
        )
    return tail


def check_last_line(path: Path, separator: str = "") -> None:
    """Refuse or warn of a plain text file that seems to end within a line.

    Parameters
    ----------
    path : Path
        Text file; a gzipped one has a check sum and is left alone.
    separator : str
        What stands between the numbers of a line, and only there; without one, a last line that
        is too short cannot be told from a whole one.
    """
    # Every second byte of UTF-16 is zero.
    *before, last = _written_tail(path).replace(b"\0", b"").split(b"\n")
    if path.suffix.lower() == ".gz" or not last.strip() or not before:
        return
    mark = separator.encode()
    if mark and last.count(mark) < before[-1].count(mark):
        raise DamagedFile(
            f"{path}: expected a whole last line, found {last[-40:]!r} with fewer numbers than the "
            "line before; the file is truncated: copy or export it again."
        )
    warnings.warn(
        f"{path}: the last line has no line break; if the file was cut, its last value is wrong. "
        "Compare its size with the original's.",
        stacklevel=4,
    )


def small_text(path: Path) -> bytes:
    """Bytes of a header, a list of markers or a description, which is never large.

    Parameters
    ----------
    path : Path

    Returns
    -------
    bytes

    Raises
    ------
    DamagedFile
        When the file is larger than any such text, before it fills the memory.
    """
    n_bytes = path.stat().st_size
    if n_bytes > LONGEST_TEXT_BYTES:
        raise DamagedFile(
            f"{path}: expected a header or a description, found {n_bytes} bytes; the file is "
            "damaged or of another kind: copy or export it again."
        )
    return path.read_bytes()


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
    MmmeError
        When the name leads elsewhere.
    """
    if name in ("", ".", "..") or len(PurePosixPath(name).parts + PureWindowsPath(name).parts) > 2:
        raise BadInput(
            f"{path}: expected the name of a file next to it, found {name!r}, which leads "
            "elsewhere and is not followed; copy that file here and correct the name in the header."
        )
    return path.with_name(name)


def found_beside(path: Path, name: str, *, what: str) -> Path:
    """Find the file that a header names, also where the recording was renamed after it was written.

    Parameters
    ----------
    path : Path
        The header.
    name : str
        Its entry.
    what : str
        What the entry names, for messages.

    Returns
    -------
    Path
        The file of that name; else one that differs in upper and lower case only; else the one with
        the header's own stem and the entry's suffix.

    Raises
    ------
    FileNotFoundError
        When there is none.
    MmmeError
        When the name leads to another folder.

    Warns
    -----
    UserWarning
        When the header's entry is not followed, or a file with the header's own stem lies there
        beside the one that it names.
    """
    named = named_beside(path, name)
    own = f"{path.stem}{named.suffix}"
    beside = {entry.name.lower(): entry for entry in sorted(path.parent.iterdir(), reverse=True)}
    renamed = beside.get(own.lower())
    if named.is_file() or named.name.lower() in beside:
        found = named if named.is_file() else beside[named.name.lower()]
        if renamed is not None and renamed.name.lower() != named.name.lower():
            warnings.warn(
                f"{path}: names {name!r} as its {what}, which is read, though {renamed.name!r} "
                "lies there, too. Correct the name in the header if the recording was renamed.",
                stacklevel=5,
            )
        return found
    if renamed is None:
        raise FileNotFoundError(
            f"{path}: names {name!r} as its {what}; found neither that nor {own!r} next to it. "
            "Copy the file there, or correct the name in the header."
        )
    warnings.warn(
        f"{path}: names {name!r} as its {what}, which is not there; {renamed.name!r} next to it is "
        "read in its place. Correct the name in the header.",
        stacklevel=5,
    )
    return renamed


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
    MmmeError
        With the names of the links.
    """
    root = study.resolve()
    outside = [
        path.name
        for path in (folder, *sorted(folder.iterdir()))
        if not path.resolve().is_relative_to(root)
    ]
    if outside:
        raise BadInput(
            f"{folder}: expected files inside the study folder {study}, found links that lead out "
            f"of it: {outside}; copy the files here, or move the study to where they lie."
        )
