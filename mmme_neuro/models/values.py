"""Values of columns as formulas take them: float64 numbers, and categories with an order."""

import numbers
from collections.abc import Iterable, Mapping
from decimal import Decimal

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput, NotEstimable
from mmme_neuro.models.naming import Expression
from mmme_neuro.stats.tables import check_hashable

SMALLEST_SIZE, LARGEST_SIZE = 1e-140, 1e140
NUMBER, BOOLEAN, CATEGORY = "number", "boolean", "category"
INFERRED = {
    "string": CATEGORY,
    "boolean": BOOLEAN,
    "integer": NUMBER,
    "floating": NUMBER,
    "mixed-integer-float": NUMBER,
}
"""Kinds of objects that pandas tells at once."""


def kind_of(column: pd.Series) -> str:
    """What the values of a column are: ``"number"``, ``"boolean"`` or ``"category"``.

    Parameters
    ----------
    column : Series
        Of any dtype. Objects that are all numbers (``Decimal``, too) are numbers.

    Returns
    -------
    str
    """
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return CATEGORY
    if pd.api.types.is_bool_dtype(dtype):
        return BOOLEAN
    if pd.api.types.is_complex_dtype(dtype):
        raise BadInput(
            f"column {column.name!r} holds complex numbers; take their real part, size or angle"
        )
    if pd.api.types.is_numeric_dtype(dtype):
        return NUMBER
    if pd.api.types.is_object_dtype(dtype):
        inferred = INFERRED.get(pd.api.types.infer_dtype(column, skipna=True))
        if inferred is not None:
            return inferred
        check_hashable(column)
        present = column[column.notna()]
        if len(present) and all(_is_number(value) for value in present):
            return NUMBER
    return CATEGORY


def _is_number(value: object) -> bool:
    is_real = isinstance(value, numbers.Real | Decimal | np.number)
    return is_real and not isinstance(value, (bool, np.bool_))


def as_numbers(column: pd.Series) -> pd.Series:
    """Numbers or truth values as float64, missing ones as NaN.

    Parameters
    ----------
    column : Series
        Numbers of any width, nullable, of arrow or objects.

    Returns
    -------
    Series
        Same index and name.
    """
    if column.dtype == np.float64:
        return column
    if isinstance(column.dtype, np.dtype) and not pd.api.types.is_object_dtype(column.dtype):
        values = column.to_numpy().astype(float)
    else:
        values = column.astype(object).to_numpy(dtype=float, na_value=np.nan)
    return pd.Series(values, column.index, name=column.name)


def as_category(column: pd.Series, *, is_folded: bool = True) -> pd.Series:
    """Column as a Categorical whose first level is the reference; unused levels go.

    Parameters
    ----------
    column : Series
        Without missing values.
    is_folded : bool
        Whether levels without an order of their own are sorted without regard to case, as R does.

    Returns
    -------
    Series

    Raises
    ------
    BadInput
        When two levels read alike, as 1 and "1".
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        used = column.cat.remove_unused_categories()
        levels = list(used.cat.categories)
        if isinstance(used.cat.categories.dtype, pd.api.extensions.ExtensionDtype) and (
            pd.api.types.is_string_dtype(used.cat.categories.dtype)
        ):
            used = used.cat.rename_categories(pd.Index(levels, dtype=object))
    else:
        if pd.api.types.is_bool_dtype(column.dtype):
            column = column.astype(bool)
        levels = in_order(pd.unique(column), is_folded=is_folded)
        is_object = not isinstance(column.dtype, np.dtype) or column.dtype.kind == "O"
        # Levels that are tuples are no MultiIndex, and those of string types are plain words.
        categories = pd.Index(levels, dtype=object, tupleize_cols=False) if is_object else levels
        used = (column.astype(object) if is_object else column).astype(
            pd.CategoricalDtype(categories)
        )
    if len(set(map(str, levels))) < len(levels):
        alike = [level for level in levels if sum(str(o) == str(level) for o in levels) > 1]
        raise BadInput(
            f"column {column.name!r} has levels that read alike but are of different types: "
            f"{[f'{level!r} ({type(level).__name__})' for level in alike[:4]]}; make them one type"
        )
    return used


def in_order(levels: Iterable[object], *, is_folded: bool = True) -> list:
    """Levels sorted: as R sorts words, letter case only breaking ties (MaE before ME)."""

    def key(level: object) -> tuple[str, object, object]:
        is_word = isinstance(level, str)
        kind = "str" if is_word else "number" if _is_number(level) else type(level).__name__
        return kind, level.casefold() if is_word and is_folded else level, level  # type: ignore

    found = list(levels)
    try:
        return sorted(found, key=key)
    except TypeError:
        return sorted(found, key=lambda level: (type(level).__name__, str(level)))


def complete_rows(columns: Mapping[str, pd.Series], kinds: Mapping[str, str]) -> np.ndarray:
    """Positions of rows without missing values; infinite values are refused.

    Parameters
    ----------
    columns : mapping of str to Series
        Of the same length.
    kinds : mapping of str to str
        What each is (`kind_of`).

    Returns
    -------
    array of int

    Raises
    ------
    NotEstimable
        When a value is infinite or no row is complete.
    """
    missing = {}
    for name, column in columns.items():
        if kinds[name] != NUMBER:
            missing[name] = column.isna().to_numpy(bool)
            continue
        values = as_numbers(column).to_numpy()
        missing[name] = np.isnan(values)
        n_infinite = int(np.isinf(values).sum())
        if n_infinite:
            raise NotEstimable(
                f"column {name!r} has {n_infinite} infinite values; correct them or set them "
                "to NaN to leave these events out"
            )
        largest = float(np.abs(values[~missing[name]]).max(initial=0.0))
        if largest and not SMALLEST_SIZE < largest < LARGEST_SIZE:
            raise NotEstimable(
                f"column {name!r} has values of a size of {largest:.1g}, whose squares are no "
                "numbers of a computer; give it in another unit"
            )
    n_rows = len(next(iter(columns.values()))) if columns else 0
    rows = np.flatnonzero(~np.any(list(missing.values()), axis=0))
    if not len(rows):
        counts = {name: int(of.sum()) for name, of in missing.items() if of.any()}
        raise NotEstimable(
            f"no event of {n_rows} has all of {sorted(columns)}; missing values by column: {counts}"
        )
    return rows


class CompleteColumns:
    """Columns of a table without missing values, each made a category or numbers once.

    Parameters
    ----------
    columns : mapping of str to Series
        Indexed 0, 1, ...
    kinds : mapping of str to str
        What each is (`kind_of`).
    n_rows : int
        Their length; there may be none.
    is_folded : bool
        As of `as_category`.
    """

    def __init__(
        self,
        columns: Mapping[str, pd.Series],
        kinds: Mapping[str, str],
        n_rows: int,
        *,
        is_folded: bool = True,
    ) -> None:
        self.columns, self.kinds, self.n_rows = columns, kinds, n_rows
        self._is_folded = is_folded
        self._categories: dict[str, pd.Series] = {}

    def category(self, name: str) -> pd.Series:
        """A column as a Categorical."""
        if name not in self._categories:
            column = self.columns[name]
            self._categories[name] = as_category(column, is_folded=self._is_folded)
        return self._categories[name]

    def prepared(self, expression: Expression) -> pd.DataFrame:
        """Values of the columns of an expression.

        Parameters
        ----------
        expression : Expression
            What needs them.

        Returns
        -------
        DataFrame
            By the names of the columns: Categorical where they are levels of a term, else float64.
        """
        coded = [text for text in expression.stand_ins if text.startswith("category")]
        in_code = {expression.names.column_of(text) for text in coded}
        table = {}
        for name in sorted(expression.columns):
            kind = self.kinds[name]
            is_category = kind == CATEGORY or name in in_code
            is_category |= kind == BOOLEAN and name in expression.as_category
            table[name] = self.category(name) if is_category else as_numbers(self.columns[name])
        return pd.DataFrame(table, index=range(self.n_rows))


def stand_in_table(
    expression: Expression, values: pd.DataFrame, kinds: Mapping[str, str]
) -> pd.DataFrame:
    """Table whose columns are the identifiers of an expression.

    Parameters
    ----------
    expression : Expression
        With its identifiers.
    values : DataFrame
        What `prepared` returned, or other values of the same columns.
    kinds : mapping of str to str
        What each column is by itself (`kind_of`).

    Returns
    -------
    DataFrame
        Numbers, and truth values in arithmetic, are float64; all else is Categorical.
    """
    table = {}
    for stand_in in sorted(expression.stand_ins):
        name = expression.names.column_of(stand_in)
        kind = kinds[name]
        is_number = kind == NUMBER or (kind == BOOLEAN and stand_in.startswith("value"))
        is_number = is_number and not stand_in.startswith("category")
        table[stand_in] = as_numbers(values[name]) if is_number else values[name]
    return pd.DataFrame(table, index=values.index)
