"""Files that appear under their names only when complete."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
