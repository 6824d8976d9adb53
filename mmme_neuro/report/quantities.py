"""Quantities and tables as text, for a manuscript that computes nothing."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from mmme_neuro.report.markup import Column
from mmme_neuro.wording import (
    estimate_text,
    fixed_text,
    interval_text,
    number_text,
    p_relation,
    unit_text,
)

INTERVAL = "95 % CI"
"""Name of the intervals in the result tables."""

SIGNIFICANT = 0.05
"""Level at which a text calls a difference significant."""

Row = Mapping[Any, Any]


def quantity(row: Row, *, name: str, unit: str = "", value: str = "estimate") -> dict[str, str]:
    """Write one estimated quantity.

    Parameters
    ----------
    row : mapping
        With ``value`` and, as far as known, ``ci_low, ci_high, statistic, dof, p_value``.
    name : str
        Name for readers.
    unit : str
        As in a table.
    value : str
        Key of the estimate.

    Returns
    -------
    dict of str to str
        ``name, estimate`` (with its unit), ``interval, test, p`` (empty where unknown) and
        ``text``, all of them in one line.

    Examples
    --------
    >>> row = {"estimate": -2.81, "ci_low": -4.09, "ci_high": -1.52, "statistic": -4.87,
    ...        "dof": 9.73, "p_value": 0.0007}
    >>> quantity(row, name="Premotor potential", unit="uV")["text"]
    '−2.81 µV, 95 % CI [−4.09, −1.52], t(9.7) = −4.87, p < .001'
    """
    low, high = _value(row, "ci_low"), _value(row, "ci_high")
    estimate = f"{estimate_text(_value(row, value), low, high)} {unit_text(unit)}".strip()
    interval = f"{INTERVAL} {interval_text(low, high)}" if _known(low, high) else ""
    parts = {"estimate": estimate, "interval": interval, "test": _test(row), "p": _p(row)}
    text = ", ".join(part for part in parts.values() if part)
    return {"name": name, **parts, "text": text}


def table_text(table: pd.DataFrame, columns: Sequence[Column]) -> dict[str, list]:
    """Write a table as texts.

    Parameters
    ----------
    table : DataFrame
        One row per row.
    columns : sequence of Column
        What to show, and how.

    Returns
    -------
    dict
        ``header`` (texts), ``kinds`` (``number``, ``long`` or ``text`` of each column) and
        ``rows`` (lists of texts).

    Examples
    --------
    >>> shown = [Column("n", lambda row: str(row["n"]), is_number=True)]
    >>> table_text(pd.DataFrame({"n": [3]}), shown)
    {'header': ['n'], 'kinds': ['number'], 'rows': [['3']]}
    """
    return {
        "header": [column.heading for column in columns],
        "kinds": [column.css or "text" for column in columns],
        "rows": [[column.text(row) for column in columns] for row in table.to_dict("records")],
    }


def count_text(n: float) -> str:
    """Write a count with thin spaces between thousands.

    Examples
    --------
    >>> count_text(428.0)
    '428'
    """
    return f"{int(n):,}".replace(",", "\N{THIN SPACE}")


def percent_text(share: float, *, digits: int = 2) -> str:
    """Write a share in percent with so many significant digits.

    Examples
    --------
    >>> percent_text(0.0123), percent_text(0.5)
    ('1.2 %', '50 %')
    """
    return f"{number_text(100 * share, digits=digits)} %"


def spread_text(values: pd.Series, *, unit: str = "", digits: int = 2) -> str:
    """Write the mean and the range of values, e.g. over participants.

    Parameters
    ----------
    values : Series
        Missing ones are left out.
    unit : str
        As in a table.
    digits : int
        Significant digits.

    Returns
    -------
    str

    Examples
    --------
    >>> spread_text(pd.Series([1.0, 2.0, 4.0]), unit="uV")
    'mean 2.3 µV, range 1 to 4'
    """
    values = values.dropna().astype(float)
    if values.empty:
        return "unknown"
    mean, low, high = (
        number_text(value, digits=digits) for value in (values.mean(), values.min(), values.max())
    )
    if (values % 1 == 0).all():
        low, high = (count_text(value) for value in (values.min(), values.max()))
    return f"mean {f'{mean} {unit_text(unit)}'.strip()}, range {low} to {high}"


def dof_text(dof: float) -> str:
    """Write degrees of freedom: whole ones as such, others with one decimal.

    Examples
    --------
    >>> dof_text(9.0), dof_text(9.73), dof_text(float("nan"))
    ('9', '9.7', '–')
    """
    if not math.isfinite(dof):
        return "–"
    return f"{dof:.0f}" if dof % 1 == 0 or dof >= 100 else f"{dof:.1f}"


def statistic_text(statistic: float) -> str:
    """Write a test statistic with two decimals.

    Examples
    --------
    >>> statistic_text(-4.8716)
    '−4.87'
    """
    return fixed_text(statistic, 2)


def share_text(is_so: pd.Series) -> str:
    """Write how many of how many are so.

    Examples
    --------
    >>> share_text(pd.Series([True, False, True]))
    '2 of 3'
    """
    return f"{count_text(is_so.sum())} of {count_text(len(is_so))}"


def is_significant(table: pd.DataFrame, key: str = "p_value") -> pd.Series:
    """Tell which rows have a p value below `SIGNIFICANT`; missing ones have not."""
    return table[key].astype(float) < SIGNIFICANT


def _test(row: Row) -> str:
    """A t statistic with its degrees of freedom."""
    statistic, dof = _value(row, "statistic"), _value(row, "dof")
    if not _known(statistic, dof):
        return ""
    return f"t({dof_text(dof)}) = {statistic_text(statistic)}"


def _p(row: Row) -> str:
    """A p value, and the one corrected for its family where there is one."""
    p, corrected = _value(row, "p_value"), _value(row, "p_holm")
    if not _known(p):
        return ""
    holm = f" (Holm: {p_relation(corrected)})" if _known(corrected) else ""
    return p_relation(p) + holm


def _value(row: Row, key: str) -> float:
    """A number of a row, or NaN."""
    value = row.get(key)
    return math.nan if value is None else float(value)


def _known(*values: float) -> bool:
    """Whether all numbers are finite."""
    return all(math.isfinite(value) for value in values)
