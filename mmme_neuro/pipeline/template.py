"""The scripts of a study, written into the user's own folder."""

import os
import tempfile
from pathlib import Path

import mmme_neuro

PACKAGE = Path(__file__).parents[1]
CARRIED = PACKAGE / "template"
"""Where an installed package has the scripts; a checkout has them next to the package."""

PATTERNS = ("analyses/*.py", "figures/*.py", "paper/*.py", "paper/*.typ", "paper/*.bib")
NOT_CARRIED = "figures/readme_picture.py"
"""It draws the picture of this package's README."""

README = """\
# Analysis of a study with mmme_neuro

These scripts came with mmme_neuro {version} (`mmme start`); they are yours to edit. They need all
parts of the package:

    pip install 'mmme_neuro[all]'

Run every command in this folder.

1. Put the recordings and the annotation sheet into the folder `study`, or simulate a study with
   known truth, and check what can be analyzed:

       mmme simulate study --participants 10 --videos 12
       mmme check study

2. Choose in `analyses/study.py` what is analyzed: conditions, windows, regions, formulas, seed,
   exclusions.

3. Run the numbered steps. Steps whose inputs and code did not change are skipped; `--study`
   names another folder, `--only 03` one step.

       python -m analyses

   The results are in `analyses/results`.

4. Draw the figures into `figures`, write the report, set the manuscript:

       python -m figures
       mmme report analyses/results --figures figures --out report.html
       python -m paper

After an update of mmme_neuro, `mmme start . --force` writes its new scripts; a file that you edited
is kept as NAME.old, so that you can move your changes over.
"""


def start_study(folder: str | Path, *, force: bool = False) -> list[Path]:
    """Write the scripts of analysis, figures and manuscript into a folder, to edit and run there.

    Parameters
    ----------
    folder : path-like
        New folder, or one that may already hold a study or results.
    force : bool
        Replace files that are there and differ; each is kept as ``NAME.old``.

    Returns
    -------
    list of Path
        Files that were written, relative to ``folder``; those that were already there with the
        same content are not among them.

    Raises
    ------
    FileExistsError
        When files of these names are there and differ, and ``force`` is not given; nothing is
        written then.
    NotADirectoryError
        When ``folder`` is a file.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "mine"
    >>> Path("analyses/study.py") in start_study(folder)
    True
    >>> start_study(folder)
    []
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder}: expected a folder or a new name, found a file.")
    contents = _contents()
    there = {name for name in contents if (folder / name).exists()}
    changed = {name for name in there if (folder / name).read_bytes() != contents[name]}
    if changed and not force:
        names = ", ".join(str(name) for name in sorted(changed))
        raise FileExistsError(
            f"{folder}: expected no other files of the names of the scripts, found {names}; choose "
            "another folder, or replace them with --force, which keeps each as NAME.old."
        )
    written = sorted((contents.keys() - there) | changed)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".mmme_start_") as stage:
        # Whatever can fail fails before the first file appears under its name.
        for name in written:
            (Path(stage) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(stage) / name).write_bytes(contents[name])
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        for name in written:
            if name in changed:
                os.replace(folder / name, folder / f"{name}.old")
            os.replace(Path(stage) / name, folder / name)
    return written


def _contents() -> dict[Path, bytes]:
    """Bytes of every file by its path in the user's folder."""
    root = CARRIED if CARRIED.is_dir() else PACKAGE.parent
    paths = [path for pattern in PATTERNS for path in root.glob(pattern)]
    contents = {path.relative_to(root): path.read_bytes() for path in paths}
    contents.pop(Path(NOT_CARRIED), None)
    readme = README.format(version=mmme_neuro.__version__)
    return contents | {Path("README.md"): readme.encode()}
