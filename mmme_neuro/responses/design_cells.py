"""Cells of a design: the epochs that share a participant, condition, or any other labels."""

from collections.abc import Hashable, Sequence

import mne
import numpy as np
import pandas as pd

COUNTED = ("participant", "stimulus")
"""Columns whose distinct values are counted in every cell, where the events have them."""


def cell_rows(epochs: mne.BaseEpochs, by: str | Sequence[str]) -> dict[Hashable, np.ndarray]:
    """Find the epochs of every cell.

    Parameters
    ----------
    epochs : mne.Epochs
        Epochs with metadata.
    by : str | sequence of str
        Column or columns of the metadata.

    Returns
    -------
    rows : dict
        Label (a tuple when ``by`` is a sequence) -> epoch indices, in order of appearance sorted
        by label.
    """
    metadata = _labeled_metadata(epochs, by)
    columns = by if isinstance(by, str) else list(by)
    groups = metadata.reset_index(drop=True).groupby(columns, sort=True, observed=True)
    return {key: np.sort(rows) for key, rows in groups.indices.items()}


def count_cells(epochs: mne.BaseEpochs, by: str | Sequence[str]) -> pd.DataFrame:
    """Count what every cell rests on.

    Parameters
    ----------
    epochs : mne.Epochs
        Epochs with metadata.
    by : str | sequence of str
        Column or columns of the metadata.

    Returns
    -------
    counts : DataFrame
        Indexed by the columns of ``by``: ``n_epochs`` and, where the events have these columns,
        ``n_participants`` and ``n_stimuli``.
    """
    metadata = _labeled_metadata(epochs, by)
    groups = metadata.groupby(by if isinstance(by, str) else list(by), sort=True, observed=True)
    counts = groups.size().to_frame("n_epochs")
    for column, name in zip(COUNTED, ("n_participants", "n_stimuli"), strict=True):
        if column in metadata:
            counts[name] = (
                metadata.groupby(groups.ngroup(), observed=True)[column].nunique().to_numpy()
            )
    return counts


def cell_labels(key: Hashable) -> tuple[Hashable, ...]:
    """Labels of a cell as a tuple, whether one column or several define it.

    Parameters
    ----------
    key : hashable
        Key of `cell_rows`.

    Returns
    -------
    labels : tuple
        One label a column.
    """
    return key if isinstance(key, tuple) else (key,)


def cell_name(key: Hashable) -> str:
    """Name of a cell for readers: its labels joined by "/"; it is never parsed.

    Parameters
    ----------
    key : hashable
        Key of `cell_rows`.

    Returns
    -------
    name : str
        E.g. ``"p01/posed"``.
    """
    return "/".join(map(str, cell_labels(key)))


def _labeled_metadata(epochs: mne.BaseEpochs, by: str | Sequence[str]) -> pd.DataFrame:
    """Metadata whose columns ``by`` exist and have no missing label."""
    columns = [by] if isinstance(by, str) else list(by)
    metadata = epochs.metadata
    known = [] if metadata is None else list(metadata.columns)
    absent = [column for column in columns if column not in known]
    if absent or not columns:
        raise ValueError(
            f"by={by!r}: must name columns of epochs.metadata, which has {known}. "
            "Set epochs.metadata to the events table or choose one of its columns."
        )
    missing = metadata[columns].isna().any(axis=1)
    if missing.any():
        raise ValueError(
            f"by={by!r}: {int(missing.sum())} of {len(metadata)} epochs have no label there. "
            f"Leave them out explicitly, e.g. epochs[epochs.metadata[{columns[0]!r}].notna()]."
        )
    return metadata
