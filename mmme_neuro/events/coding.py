"""Codes in the sheet: action units written as text, and the rule for micro and macro."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from mmme_neuro.errors import BadInput
from mmme_neuro.stats.tables import check_table, checked_columns, column_numbers, shown
from mmme_neuro.vocabulary import (
    CAMERA_COLUMNS,
    EVENT_COLUMNS,
    MICRO_MAX_DURATION_S,
    MICRO_MAX_RISE_S,
)

NUMBER_COLUMNS = "code onset apex offset onset_sd duration rise source_row".split() + list(
    CAMERA_COLUMNS
)
"""Columns of an events table that hold numbers; ``censored`` holds yes or no, the others text."""

WHOLE_COLUMNS = ("code", "source_row")
KEY_COLUMNS = ("participant", "clip", "annotation_pass")
"""Text that no event can be without."""


def coded_events(
    events: pd.DataFrame, needed: Sequence[str] = EVENT_COLUMNS, *, name: str = "events"
) -> pd.DataFrame:
    """Check an events table and return its columns as plain text, numbers and yes or no.

    Parameters
    ----------
    events : DataFrame
        As ``read_events`` gives it, perhaps saved and read again.
    needed : sequence of str
        Columns that must be there.
    name : str
        What messages call the table.

    Returns
    -------
    DataFrame
        Missing text is empty.

    Raises
    ------
    BadInput
        When a column is missing, or a cell is not what its column holds.
    """
    check_table(events, needed, name=name)
    labels = [column for column in needed if column not in (*NUMBER_COLUMNS, "censored")]
    whole = [column for column in needed if column in WHOLE_COLUMNS]
    numbers = [column for column in needed if column in NUMBER_COLUMNS and column not in whole]
    events = checked_columns(events, name=name, labels=labels, numbers=numbers, whole=whole)
    if "censored" in needed:
        censored = column_numbers(events, "censored", name=name)
        is_yes_or_no = np.isin(censored, (0, 1))
        if not is_yes_or_no.all():
            raise BadInput(
                f"{name} column 'censored' must say yes or no (True, False) in every row; found "
                f"{shown(events['censored'].iloc[np.argmin(is_yes_or_no)])}."
            )
        events = events.assign(censored=censored.astype(bool))
    for column in labels:
        if column in KEY_COLUMNS and events[column].isna().any():
            raise BadInput(
                f"{name} column {column!r} is empty in row "
                f"{int(events[column].isna().to_numpy().argmax())}; every event needs one."
            )
        words = events[column].map(lambda cell: "" if cell != cell else str(cell))
        events = events.assign(**{column: words})
    return events


def expression_by_rule(onset: ArrayLike, apex: ArrayLike, offset: ArrayLike) -> np.ndarray:
    """Micro or macro by time alone: micro if onset-offset <= 500 ms or onset-apex <= 250 ms.

    Parameters
    ----------
    onset, apex, offset : array, shape (n_events,)
        Seconds, on one clock.

    Returns
    -------
    array of str, shape (n_events,)
        ``"micro"`` or ``"macro"``.

    Notes
    -----
    Compared in whole milliseconds: 24.58 - 24.33 is 0.25 s and a hair more in binary.

    Examples
    --------
    >>> expression_by_rule([24.33, 1.0], [24.58, 1.3], [26.0, 1.6]).tolist()
    ['micro', 'macro']
    """
    onset, apex, offset = (np.asarray(times, float) for times in (onset, apex, offset))
    is_short = np.round(offset - onset, 3) <= MICRO_MAX_DURATION_S
    is_quick = np.round(apex - onset, 3) <= MICRO_MAX_RISE_S
    return np.where(is_short | is_quick, "micro", "macro").astype(object)


_ACTION_UNIT = re.compile(r"(?:AU)?\s*0*([1-9]\d?)", re.IGNORECASE | re.ASCII)
_SEPARATOR = re.compile(r"[,;+，；、]")


def normalize_action_units(text: str) -> str:
    """Action units in one spelling: upper case, by number, each once, joined by commas.

    Parameters
    ----------
    text : str
        Such as ``"AU7, AU4"``, ``"au04+7"`` or ``""`` (none coded).

    Returns
    -------
    str
        Such as ``"AU4,AU7"``.

    Examples
    --------
    >>> normalize_action_units("AU12, au4")
    'AU4,AU12'
    """
    numbers = set()
    for token in filter(None, (part.strip() for part in _SEPARATOR.split(str(text)))):
        match = _ACTION_UNIT.fullmatch(token)
        if match is None:
            raise BadInput(f"action units must read like 'AU4, AU7': {token!r} in {text!r}")
        numbers.add(int(match.group(1)))
    return ",".join(f"AU{number}" for number in sorted(numbers))


def split_action_units(action_units: str) -> tuple[str, ...]:
    """Split normalized action units.

    Parameters
    ----------
    action_units : str
        Such as ``"AU4,AU7"``.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> split_action_units("AU4,AU7")
    ('AU4', 'AU7')
    """
    return tuple(filter(None, action_units.split(",")))
