"""Description of an annotation sheet: an audit, tables and a figure."""

from pathlib import Path

from mmme_neuro.events.audit import audit_events
from mmme_neuro.events.describe import Description, describe_events
from mmme_neuro.events.passes import merge_passes
from mmme_neuro.events.sheet import read_events, sheet_columns
from mmme_neuro.plots.dataset import dataset_figure

_FIGURE_METADATA = {"pdf": {"CreationDate": None}, "png": None}
"""Formats of the figure; without the date, the same events give the same bytes."""


def describe_sheet(path: str | Path, out: str | Path) -> Description:
    """Describe an annotation sheet: print its audit and tables, write them with the figure.

    Parameters
    ----------
    path : path
        The annotation sheet.
    out : path
        Folder for ``audit.csv``, the tables, ``dataset.pdf`` and ``dataset.png``; created where it
        does not exist.

    Returns
    -------
    Description
        Of the events after merging overlapping rows; the audit is of the rows as coded.

    Examples
    --------
    >>> describe_sheet("coding_file.xlsx", "out")  # doctest: +SKIP
    """
    events = read_events(path)
    audit = audit_events(events, ignored_columns=sheet_columns(path).ignored).table()
    description = describe_events(merge_passes(events, "union"))
    paths = [*description.write(out), *_write_figure(description, Path(out))]
    audit.to_csv(Path(out) / "audit.csv", index=False, float_format="%.6g")
    n_events = len(description.times)
    print(f"Audit of the {len(events)} rows as coded")
    print(audit.drop(columns="remedy").round(3).to_string(index=False))
    print(f"\n{n_events} events after merging overlapping rows\n\n{description.to_text()}")
    print(f"\nWritten to {out}: audit.csv, {', '.join(path.name for path in paths)}")
    return description


def _write_figure(description: Description, folder: Path) -> list[Path]:
    """Draw the tables in each format."""
    figure, paths = dataset_figure(description), []
    for suffix, metadata in _FIGURE_METADATA.items():
        paths.append(folder / f"dataset.{suffix}")
        figure.savefig(paths[-1], dpi=300, metadata=metadata)
    return paths
