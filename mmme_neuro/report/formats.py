"""Columns that several tables of the report share."""

import math
from collections.abc import Callable
from typing import Any

from mmme_neuro.report.markup import Column
from mmme_neuro.wording import (
    estimate_text,
    interval_text,
    number_text,
    p_text,
    response_name,
    unit_text,
)

Row = dict[str, Any]


def text(key: str, heading: str, *, is_long: bool = False) -> Column:
    """Show a column as it stands; a missing value as a dash."""
    return Column(heading, lambda row: _plain(row.get(key)), is_long=is_long)


def written(key: str, heading: str, write: Callable[[Any], str]) -> Column:
    """Show a column as a function writes it."""
    return Column(heading, lambda row: write(row[key]))


def count(key: str, heading: str) -> Column:
    """Show whole numbers."""
    return Column(heading, lambda row: _whole(row.get(key)), is_number=True)


def number(key: str, heading: str, *, digits: int = 3, scale: float = 1.0) -> Column:
    """Show numbers with significant digits."""
    return Column(
        heading,
        lambda row: number_text(scale * float(row[key]), digits=digits),
        is_number=True,
    )


def percent(key: str, heading: str) -> Column:
    """Show shares in percent, with one decimal."""

    def write(row: Row) -> str:
        value = float(row[key])
        return f"{100 * value:.1f}" if math.isfinite(value) else "–"

    return Column(heading, write, is_number=True)


def interval(heading: str = "95 % CI") -> Column:
    """Show ``ci_low`` and ``ci_high``."""
    return Column(heading, lambda row: interval_text(row["ci_low"], row["ci_high"]), is_number=True)


def estimate(row: Row) -> str:
    """Write ``estimate`` to the precision of its interval, with its ``unit``."""
    value = estimate_text(row["estimate"], row["ci_low"], row["ci_high"])
    return f"{value} {unit_text(row['unit'])}".strip()


def response() -> Column:
    """Name responses."""
    return Column("response", lambda row: response_name(row["response"]))


def bootstrap_interval() -> Column:
    """Show ``boot_low`` and ``boot_high``, the interval from participants sampled whole."""
    return Column(
        "95 % CI (bootstrap)",
        lambda row: interval_text(row["boot_low"], row["boot_high"]),
        is_number=True,
    )


def p_value(key: str = "p_value", heading: str = "p") -> Column:
    """Show p values."""
    return Column(heading, lambda row: p_text(row[key]), is_number=True)


def unit(key: str = "unit") -> Column:
    """Show units."""
    return Column("unit", lambda row: unit_text(_plain(row[key])))


def _plain(value: Any) -> str:
    """A cell as text."""
    is_missing = value is None or (isinstance(value, float) and math.isnan(value)) or value == ""
    return "–" if is_missing else str(value)


def _whole(value: Any) -> str:
    """A count as text."""
    return "–" if value is None or not math.isfinite(float(value)) else f"{float(value):.0f}"
