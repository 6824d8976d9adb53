"""Tables as people hand them over: the columns that are needed, their numbers and their labels."""

import difflib
import numbers as number_types
import warnings
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput

NEAREST = 1
"""How many columns of a similar name a message offers."""

LARGEST_WHOLE = 2**53
"""Beyond it a float64 no longer tells whole numbers apart."""


def check_table(table: Any, needed: Iterable[str] = (), *, name: str = "table") -> None:
    """Refuse what is no table, or lacks a column, or has one twice.

    Parameters
    ----------
    table : DataFrame
    needed : iterable of str
        Columns that must be there once.
    name : str
        What the message calls the table.

    Raises
    ------
    BadInput
        With what was found, and the nearest name of a column.

    Examples
    --------
    >>> check_table(pd.DataFrame({"onset": [1.0]}), ["onsett"], name="events")
    ... # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    mmme_neuro.errors.BadInput: events lacks the columns ['onsett']; it has ['onset']. Did you ...
    """
    if not isinstance(table, pd.DataFrame):
        raise BadInput(
            f"{name} must be a pandas DataFrame, got {type(table).__name__}; make one with "
            "pandas.DataFrame(...), one column per variable."
        )
    if isinstance(table.columns, pd.MultiIndex):
        raise BadInput(
            f"{name} has column names of {table.columns.nlevels} levels; give each column one name "
            "(table.columns = ['_'.join(map(str, names)) for names in table.columns])."
        )
    needed = list(dict.fromkeys(needed))
    columns = list(table.columns)
    missing = [column for column in needed if column not in columns]
    if missing:
        near = difflib.get_close_matches(str(missing[0]), list(map(str, columns)), n=NEAREST)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise BadInput(f"{name} lacks the columns {missing}; it has {columns}.{hint}")
    twice = [column for column in needed if columns.count(column) > 1]
    if twice:
        raise BadInput(
            f"{name} has the columns {twice} more than once, so which is meant is not known; "
            "rename or remove one of each."
        )


def column_numbers(
    table: pd.DataFrame, column: str, *, name: str = "table", is_finite: bool = True
) -> np.ndarray:
    """Return a column as float64, missing values as NaN, whatever dtype holds its numbers.

    Parameters
    ----------
    table : DataFrame
        With the column (`check_table`).
    column : str
        Of integers, floats, booleans, decimals, or text that is a number in every row.
    name : str
        What the message calls the table.
    is_finite : bool
        Refuse infinite values.

    Returns
    -------
    array of float, shape (n_rows,)

    Raises
    ------
    BadInput
        When a cell is no number; the message names its row.
    """
    values = table[column]
    where = f"{name} column {column!r}"
    kind = getattr(values.dtype, "kind", "O")
    if kind in "cmM" or isinstance(values.dtype, pd.PeriodDtype | pd.IntervalDtype):
        raise BadInput(
            f"{where} must hold numbers, got {values.dtype}; convert it first (times to seconds: "
            ".dt.total_seconds())."
        )
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    if kind in "iufb" and not isinstance(values.dtype, pd.CategoricalDtype):
        found = values.to_numpy(dtype=float, na_value=np.nan)
    else:
        found = _cells_as_numbers(values, where)
    if is_finite and np.isinf(found).any():
        row = int(np.flatnonzero(np.isinf(found))[0])
        raise BadInput(
            f"{where} holds infinite values, the first in row {row}; correct them or make them NaN."
        )
    return found


def _cells_as_numbers(values: pd.Series, where: str) -> np.ndarray:
    """Numbers of a column of objects, each cell by itself."""
    found = np.full(len(values), np.nan)
    for row, cell in enumerate(values):
        if _is_missing(cell):
            continue
        if isinstance(cell, str | number_types.Real) or type(cell).__name__ == "Decimal":
            try:
                found[row] = float(cell)
                continue
            except (ValueError, OverflowError):  # of float(): the cell is no number
                pass
        comma = isinstance(cell, str) and "," in cell
        remedy = "write decimals with a point" if comma else "correct it, or make it NaN"
        raise BadInput(f"{where} must hold numbers, found {shown(cell)} in row {row}; {remedy}.")
    return found


def in_row_order(values: Any, index: pd.Index, *, name: str) -> Any:
    """Return values given beside a table in the order of its rows.

    Parameters
    ----------
    values : array, Series or None
        One value per row. A Series with the labels of the rows in another order is put in theirs,
        with a warning; all else is taken row by row.
    index : Index, shape (n_rows,)
        Of the table.
    name : str
        What the warning calls the values.

    Returns
    -------
    array, Series or None

    Warns
    -----
    UserWarning
        Where values were put in another order.

    Examples
    --------
    >>> import warnings
    >>> weights = pd.Series([1.0, 2.0], index=["first", "second"])
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     in_row_order(weights, pd.Index(["second", "first"]), name="weights").tolist()
    [2.0, 1.0]
    """
    if not isinstance(values, pd.Series) or len(values) != len(index) or values.index.equals(index):
        return values
    if not (values.index.is_unique and index.is_unique and index.isin(values.index).all()):
        return values
    warnings.warn(
        f"the index of {name} has the labels of the table's rows in another order; they were "
        f"matched by label. Give {name} as an array to have them taken row by row",
        stacklevel=3,
    )
    return values.reindex(index)


def column_labels(table: pd.DataFrame, column: str, *, name: str = "table") -> pd.Series:
    """Return a column of labels that can be compared and sorted; missing ones stay missing.

    Parameters
    ----------
    table : DataFrame
        With the column (`check_table`).
    column : str
        Of words, numbers, booleans, dates or categories, but of one kind.
    name : str
        What the message calls the table.

    Returns
    -------
    Series, shape (n_rows,)
        Plain values without the column's categories, missing values NaN.

    Raises
    ------
    BadInput
        When cells are lists or the like, or words and numbers are mixed.
    """
    values = table[column].astype(object)
    kinds: dict[str, tuple[int, Any]] = {}
    for row, cell in enumerate(values):
        if not _is_missing(cell):
            kinds.setdefault(_kind_of(cell), (row, cell))
    where = f"{name} column {column!r}"
    if "other" in kinds:
        row, cell = kinds["other"]
        raise BadInput(
            f"{where} must hold one label per row, found {shown(cell)} ({type(cell).__name__}) in "
            f"row {row}; write labels as text."
        )
    if len(kinds) > 1:
        found = " and ".join(f"{shown(cell)} (row {row})" for row, cell in kinds.values())
        raise BadInput(
            f"{where} mixes kinds of labels: {found}; make them one kind, such as text "
            f"(.astype(str)), or make the odd ones missing."
        )
    return values.where(values.notna(), np.nan)


def check_hashable(column: pd.Series, *, name: str = "table") -> None:
    """Refuse a column with cells that cannot be labels, such as lists.

    Parameters
    ----------
    column : Series
    name : str
        What the message calls its table.

    Raises
    ------
    BadInput
        With the first such cell and its row.
    """
    for row, cell in enumerate(column):
        if not isinstance(cell, Hashable):
            raise BadInput(
                f"{name} column {column.name!r} must hold one label or number per row, found "
                f"{shown(cell)} ({type(cell).__name__}) in row {row}; write labels as text."
            )


def _kind_of(cell: Any) -> str:
    """Kind within which labels can be sorted."""
    if isinstance(cell, str):
        return "text"
    if isinstance(cell, number_types.Real | np.bool_):
        return "number"
    if isinstance(cell, pd.Timestamp | pd.Timedelta | pd.Period):
        return type(cell).__name__
    return "other"


def shown(cell: Any) -> str:
    """How a message shows a cell: as Python writes it, without NumPy's name of its type."""
    return repr(cell.item() if isinstance(cell, np.generic) else cell)


def _is_missing(cell: Any) -> bool:
    return cell is None or cell is pd.NA or cell is pd.NaT or (cell != cell) is True


def checked_columns(
    table: Any,
    *,
    name: str = "table",
    labels: Sequence[str] = (),
    numbers: Sequence[str] = (),
    whole: Sequence[str] = (),
    is_finite: bool = True,
) -> pd.DataFrame:
    """Return a copy with the named columns as plain labels, float64 numbers and integers.

    Parameters
    ----------
    table : DataFrame
    name : str
        What messages call it.
    labels, numbers : sequence of str
        Columns of either kind (`column_labels`, `column_numbers`).
    whole : sequence of str
        Columns of whole numbers, such as trigger codes, none missing.
    is_finite : bool
        Refuse infinite numbers.

    Returns
    -------
    DataFrame
        The other columns as they were.

    Raises
    ------
    BadInput
        See `check_table`, `column_labels`, `column_numbers`.
    """
    check_table(table, [*labels, *numbers, *whole], name=name)
    new: dict[str, Any] = {column: column_labels(table, column, name=name) for column in labels}
    new |= {
        column: column_numbers(table, column, name=name, is_finite=is_finite) for column in numbers
    }
    new |= {column: _whole(table, column, name) for column in whole}
    return with_columns(table, new)


def with_columns(table: pd.DataFrame, columns: Mapping[Any, Any]) -> pd.DataFrame:
    """Return a copy with these columns, whose names need not be text as of ``assign``.

    Parameters
    ----------
    table : DataFrame
    columns : mapping of name to array or Series
        Values, in the order of the rows.

    Returns
    -------
    DataFrame

    Examples
    --------
    >>> with_columns(pd.DataFrame({1: ["a"]}), {1: ["b"]})[1].tolist()
    ['b']
    """
    changed = table.copy()
    for column, values in columns.items():
        changed[column] = values
    return changed


def _whole(table: pd.DataFrame, column: str, name: str) -> np.ndarray:
    """Integers of a column of whole numbers."""
    found = column_numbers(table, column, name=name, is_finite=False)
    wrong = ~((found == np.round(found)) & (np.abs(found) <= LARGEST_WHOLE))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise BadInput(
            f"{name} column {column!r} must hold a whole number in every row, found "
            f"{shown(table[column].iloc[row])} in row {row}; correct or remove the "
            f"{int(wrong.sum())} row(s)."
        )
    return found.astype(np.int64)
