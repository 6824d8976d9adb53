"""Event times as numbers: what tables hold in place of seconds, read or refused."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput
from mmme_neuro.stats.tables import shown

EVENT_TIMES = ("onset", "apex", "offset")
"""Columns of an events table that are read as seconds."""

MISSING_WORDS = frozenset({"", "n/a", "na", "nan", "none", "null", "<na>", "-"})
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+")
SHOWN = 3


def event_seconds(times: pd.Series | Sequence[Any], *, name: str = "onset") -> pd.Series:
    """Read event times as seconds, whatever type the column has.

    Parameters
    ----------
    times : Series | sequence
        Numbers, texts such as ``"12.5"``, ``"12,5"`` or ``"n/a"``, or time differences.
    name : str
        Name of the column, for messages.

    Returns
    -------
    Series of float
        Seconds, with the index of ``times``; NaN where there is none.

    Raises
    ------
    BadInput
        For dates, clock times, truth values and any other text, with row and value.

    Notes
    -----
    A comma is a decimal mark where no value has a point and not all have three digits behind it,
    which could be thousands as well.

    Examples
    --------
    >>> event_seconds(["100", "20,5", "n/a"]).tolist()
    [100.0, 20.5, nan]
    >>> event_seconds(pd.to_timedelta([1500, 250], unit="ms").to_series()).tolist()
    [1.5, 0.25]
    """
    column = times if isinstance(times, pd.Series) else pd.Series(list(times), dtype=object)
    kind = column.dtype
    if pd.api.types.is_timedelta64_dtype(kind):
        return column.dt.total_seconds()
    if pd.api.types.is_bool_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind):
        raise _refusal(name, column, np.ones(len(column), bool), str(kind))
    if pd.api.types.is_complex_dtype(kind):
        raise _refusal(name, column, np.ones(len(column), bool), "complex numbers")
    if pd.api.types.is_numeric_dtype(kind):
        return pd.Series(column.to_numpy(float, na_value=np.nan), column.index, name=column.name)
    values = column.to_numpy(object)
    numbers = np.array([_number(value, comma=_has_decimal_commas(values)) for value in values])
    known = np.array([not _is_missing(value) for value in values], dtype=bool)
    if (faulty := known & np.isnan(numbers.astype(float))).any():
        raise _refusal(name, column, faulty, "text")
    return pd.Series(numbers.astype(float), index=column.index, name=column.name)


def _is_missing(value: Any) -> bool:
    """Whether a cell stands for no value."""
    if isinstance(value, str):
        return value.strip().lower() in MISSING_WORDS
    return value is None or value is pd.NA or value is pd.NaT or value != value


def _has_decimal_commas(values: np.ndarray) -> bool:
    """Whether commas in the texts of a column are decimal marks."""
    texts = [value.strip() for value in values if isinstance(value, str)]
    with_comma = [text for text in texts if "," in text]
    if any("." in text for text in texts) or not with_comma:
        return False
    if not all(_DECIMAL_COMMA.fullmatch(text) for text in with_comma):
        return False
    return not all(_THOUSANDS.fullmatch(text) for text in with_comma)


def _number(value: Any, *, comma: bool) -> float:
    """A cell as a number of seconds; NaN where it is none."""
    if isinstance(value, pd.Timedelta | np.timedelta64) or hasattr(value, "total_seconds"):
        return pd.Timedelta(value).total_seconds() if not _is_missing(value) else np.nan
    if _is_missing(value) or isinstance(value, bool | np.bool_ | complex):
        return np.nan
    text = value.strip() if isinstance(value, str) else value
    if isinstance(text, str) and ("_" in text or text.lower().lstrip("+-").startswith("inf")):
        return np.nan
    try:
        return float(text.replace(",", ".") if comma and isinstance(text, str) else text)
    except (TypeError, ValueError):  # what float() raises on what is no number
        return np.nan


def _refusal(name: str, column: pd.Series, faulty: np.ndarray, found: str) -> BadInput:
    """The error about rows whose times are no numbers of seconds."""
    rows = np.flatnonzero(faulty)
    examples = ", ".join(f"row {row}: {shown(column.iloc[row])}" for row in rows[:SHOWN])
    more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    return BadInput(
        f"events: column {name!r} must hold seconds of the recording as numbers, found {found} "
        f"({examples}{more}). Convert it first: dates and clock times by subtracting the "
        "recording's start, (time - start).dt.total_seconds(); texts with pd.to_numeric."
    )
