"""Ids of events: an event is found again by its id, never by its time."""

import hashlib
import warnings
from collections.abc import Iterable

import mne
import pandas as pd

from mmme_neuro.errors import BadInput
from mmme_neuro.stats.tables import check_table, column_labels

EVENT = "event"
"""Column of the id in every table with one row per event."""


def row_ids(rows: Iterable[int], tag: str = "") -> list[str]:
    """Make ids of row numbers.

    Parameters
    ----------
    rows : iterable of int
        Rows of the annotation sheet as a spreadsheet shows them, or positions from 1.
    tag : str
        Tells participants apart whose rows are counted each from 1.

    Returns
    -------
    list of str
        ``e0012``, or ``e0012-tag``.

    Examples
    --------
    >>> row_ids([2, 12]), row_ids([1], "01")
    (['e0002', 'e0012'], ['e0001-01'])
    """
    return [f"e{row:04d}-{tag}" if tag else f"e{row:04d}" for row in rows]


def with_event_ids(events: pd.DataFrame, participant: str = "") -> pd.DataFrame:
    """Return events of one recording with an id each.

    Parameters
    ----------
    events : DataFrame
        Where it has a column ``event``, that is kept; it must be complete and without repetition.
        Otherwise ids count the rows.
    participant : str
        Code of the participant; a digest of it ends the ids that are made here, so that they stay
        unique in a study and do not tell the code.

    Returns
    -------
    DataFrame
        With ``event`` (text).

    Raises
    ------
    BadInput
        When an id is missing or two events have the same.

    Examples
    --------
    >>> with_event_ids(pd.DataFrame({"onset": [3.0, 3.0]}))
       event  onset
    0  e0001    3.0
    1  e0002    3.0
    """
    check_table(events, name="events")
    if EVENT not in events:
        tag = hashlib.blake2b(participant.encode(), digest_size=3).hexdigest()
        made = events.copy()
        made.insert(0, EVENT, row_ids(range(1, len(events) + 1), tag if participant else ""))
        return made
    check_table(events, [EVENT], name="events")
    given = column_labels(events, EVENT, name="events")
    if given.isna().any() or (given == "").any():
        n_missing = int((given.isna() | (given == "")).sum())
        raise BadInput(
            f"events: {n_missing} of {len(events)} rows have no id in column 'event'; give each "
            "one of its own, or leave the column out to have the rows counted."
        )
    check_unique(given)
    is_text = all(isinstance(one, str) for one in given)
    return events if is_text else events.assign(event=given.astype(str))


def check_unique(ids: pd.Series) -> None:
    """Refuse events that share an id.

    Parameters
    ----------
    ids : Series
        Column ``event``.

    Raises
    ------
    BadInput
        With some of the ids that come up again.
    """
    again = ids[ids.duplicated()].unique()
    if len(again):
        raise BadInput(
            f"events: ids must be unique in a study, but {list(map(str, again[:3]))} stand in "
            "several rows of column 'event'. Give each event its own (a Recording with "
            "participant=... counts its events apart from others')."
        )


def event_index(epochs: mne.BaseEpochs) -> pd.Index:
    """Ids of the epochs' events, as index of a table with one row per epoch.

    Parameters
    ----------
    epochs : mne.Epochs
        MNE numbers the rows of ``metadata`` anew; the ids are its column ``event``.

    Returns
    -------
    Index
        Named ``event``; where the metadata have no such ids, the index of the metadata, or 0..n-1.
    """
    if epochs.metadata is None:
        return pd.RangeIndex(len(epochs.selection))
    if EVENT in epochs.metadata and epochs.metadata[EVENT].is_unique:
        return pd.Index(epochs.metadata[EVENT])
    return epochs.metadata.index


def warn_of_twins(events: pd.DataFrame, lock: str = "onset") -> None:
    """Warn of events that stand in the table twice.

    Parameters
    ----------
    events : DataFrame
        One row per event.
    lock : str
        Column of their times (s).
    """
    if not events[lock].dropna().duplicated().any():
        return
    told = events.drop(columns=[EVENT], errors="ignore").astype(str)
    n_twins = int((told.duplicated() & events[lock].notna()).sum())
    if n_twins:
        warnings.warn(
            f"{n_twins} of {len(events)} events repeat another one in every column; they are kept "
            "and count twice. If they are the same events, leave them out with "
            f"events.drop_duplicates({[lock]}), or by more of their columns.",
            UserWarning,
            stacklevel=4,
        )
