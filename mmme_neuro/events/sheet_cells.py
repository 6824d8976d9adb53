"""Cells of the annotation sheet: times, words, frame names; unreadable rows are named."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput
from mmme_neuro.vocabulary import FIRST_STIMULUS_CODE, LAST_STIMULUS_CODE, is_stimulus_code

SECONDS_PER_DAY = 86_400
_FRAME_NAME = re.compile(r"(\d{1,2})-(\d{1,2})-(\d{1,2})-(\d{1,3})(?:-(\d{1,4}))?", re.ASCII)


@dataclass(frozen=True)
class FrameName:
    """What a frame name says.

    Parameters
    ----------
    seconds : float
        Seconds of the day on the camera's wall clock, to the millisecond.
    counter : int or None
        Frame counter (wraps at 1000), None where the name has none.
    """

    seconds: float
    counter: int | None


def parse_frame_name(name: str) -> FrameName:
    """Read a frame name such as ``16-00-31-433-685``.

    Parameters
    ----------
    name : str
        ``HH-MM-SS-mmm`` or ``HH-MM-SS-mmm-counter``.

    Returns
    -------
    FrameName

    Examples
    --------
    >>> parse_frame_name("16-00-31-433-685")
    FrameName(seconds=57631.433, counter=685)
    """
    match = _FRAME_NAME.fullmatch(str(name).strip())
    if match is None:
        raise ValueError(f"a frame name must read HH-MM-SS-mmm or HH-MM-SS-mmm-counter: {name!r}")
    hour, minute, second, millisecond = (int(part) for part in match.groups()[:4])
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"a frame name must hold a time of the day: {name!r}")
    counter = match.group(5)
    total_ms = ((hour * 60 + minute) * 60 + second) * 1000 + millisecond
    return FrameName(total_ms / 1000, None if counter is None else int(counter))


def unwrap_midnight(seconds: np.ndarray) -> np.ndarray:
    """Let the clock of one session run on past midnight.

    Parameters
    ----------
    seconds : array
        Seconds of the day of one session, which lasts less than 12 hours; any shape.

    Returns
    -------
    array
        The same, with 86,400 s added to the times after midnight where the session spans it.
    """
    seconds = np.asarray(seconds, float)
    if seconds.size == 0:
        return seconds.copy()
    after_midnight = seconds < seconds.max() - SECONDS_PER_DAY / 2
    return seconds + SECONDS_PER_DAY * after_midnight


EXPRESSION_BY_CODED_WORD = {"macro": "macro", "mae": "macro", "micro": "micro", "me": "micro"}
ADJUDICATION_BY_CODED_WORD = {
    **dict.fromkeys(("", "no", "n", "0", "false", "drop", "reject", "rejected"), "no"),
    **dict.fromkeys(("yes", "y", "1", "true", "x", "keep", "final"), "yes"),
}

_MAX_ROWS_NAMED = 10


def parse_column(
    table: pd.DataFrame, column: str, read: Callable, expected: str, source: str
) -> pd.Series:
    """Read the cells of a column; refuse all unreadable ones at once, with their row numbers.

    Parameters
    ----------
    table : DataFrame
        The sheet, with ``source_row``.
    column : str
    read : callable
        Takes a cell; raises ValueError where it cannot be read.
    expected : str
        What a cell must be, for the message.
    source : str
        Name of the sheet, for the message.

    Returns
    -------
    Series
    """
    values, unreadable = [], []
    for cell in table[column]:
        try:
            values.append(read(cell))
        except ValueError:  # what float() and the readers of cells raise
            values.append(None)
        unreadable.append(values[-1] is None)
    if any(unreadable):
        wrong = table[unreadable]
        found = list(dict.fromkeys(repr(cell) for cell in wrong[column]))[:_MAX_ROWS_NAMED]
        raise BadInput(
            f"{source}: {column} must be {expected}, found {', '.join(found)} in "
            f"{name_rows(wrong['source_row'])}. Correct the cells."
        )
    return pd.Series(values, index=table.index)


def name_rows(source_rows: pd.Series) -> str:
    """Name rows in a message, the first ten of them.

    Parameters
    ----------
    source_rows : Series of int

    Returns
    -------
    str
    """
    named = ", ".join(str(row) for row in source_rows[:_MAX_ROWS_NAMED])
    more = len(source_rows) - _MAX_ROWS_NAMED
    return f"row {named}" + (f" and {more} more" if more > 0 else "")


def read_text(cell: Any) -> str:
    """Read text that must not be empty."""
    text = "" if pd.isna(cell) else str(cell).strip()
    if not text:
        raise ValueError("empty cell")
    return text


def read_seconds(cell: object) -> float:
    """Read a time from the clip's start: finite, not negative (s)."""
    seconds = float(read_text(cell))
    if not (np.isfinite(seconds) and seconds >= 0):
        raise ValueError("not a time")
    return seconds


def read_stimulus_code(cell: object) -> int:
    """Read the trigger code of a video."""
    number = float(read_text(cell))
    if not (number.is_integer() and is_stimulus_code(int(number))):
        raise ValueError(f"not between {FIRST_STIMULUS_CODE} and {LAST_STIMULUS_CODE}")
    return int(number)


def read_expression(cell: object) -> str:
    """Read macro or micro."""
    word = read_text(cell).lower().removesuffix("expression").rstrip("- ")
    if word not in EXPRESSION_BY_CODED_WORD:
        raise ValueError("neither macro nor micro")
    return EXPRESSION_BY_CODED_WORD[word]


def read_adjudication(cell: Any) -> str:
    """Read whether a row is final: yes, no (an empty cell is no), or its final label."""
    word = "" if pd.isna(cell) else str(cell).strip().lower().removesuffix(".0")
    if word in ADJUDICATION_BY_CODED_WORD:
        return ADJUDICATION_BY_CODED_WORD[word]
    return read_expression(cell)
