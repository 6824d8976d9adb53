"""A table of action units, set as a figure."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmme_neuro.errors import MissingInput
from mmme_neuro.plots.dataset import COLOR_BY_EXPRESSION
from mmme_neuro.plots.style import (
    PAGE_MM,
    journal_style,
    new_figure,
)
from mmme_neuro.vocabulary import EXPRESSION_NAMES

_ROW_MM = 3.9
_HEAD_ROWS = 2.2
_BAR_MM = 24.0
_BAR_LEFT_MM = {"micro": 100.0, "macro": 151.0}


@dataclass(frozen=True)
class _Column:
    """One column of text: heading, place, side and content."""

    heading: str
    x_mm: float
    side: str
    text: Callable[[dict], str]


def action_unit_figure(table: pd.DataFrame) -> Figure:
    """Set the action units with names, regions and counts, beside bars of their shares.

    Parameters
    ----------
    table : DataFrame
        One row per action unit, by region: ``action_unit, name, region, n_micro, share_micro,
        n_macro, share_macro``.

    Returns
    -------
    Figure
        180 mm wide.

    Raises
    ------
    MissingInput
        When no event holds an action unit.
    """
    if table.empty:
        raise MissingInput("table: needs a row, but no event holds an action unit.")
    n_rows = len(table) + _HEAD_ROWS
    widest = max(float(table[["share_micro", "share_macro"]].to_numpy().max()), 0.01)
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=_ROW_MM * (n_rows + 0.6))
        ax = figure.add_subplot()
        ax.set(xlim=(0, PAGE_MM), ylim=(len(table) - 0.2, -_HEAD_ROWS))
        ax.axis("off")
        _head(ax)
        rows = table.to_dict("records")
        for place, row in enumerate(rows):
            is_first = place == 0 or rows[place - 1]["region"] != row["region"]
            if is_first:
                _rule(ax, place - 0.5, width=0.5 if place else 0.8)
            for column in _columns():
                if column.heading != "Region" or is_first:
                    ax.text(column.x_mm, place, column.text(row), ha=column.side, va="center")
            for name, left in _BAR_LEFT_MM.items():
                length = _BAR_MM * row[f"share_{name}"] / widest
                ax.barh(place, length, left=left, height=0.55, color=COLOR_BY_EXPRESSION[name])
        _rule(ax, len(table) - 0.5, width=0.8)
    return figure


def _columns() -> list[_Column]:
    """Columns of text, from left to right."""
    counts = [
        _Column(heading, left + offset, "right", _written(name, what))
        for name, left in _BAR_LEFT_MM.items()
        for heading, what, offset in (("n", "n", -11.0), ("%", "share", -2.0))
    ]
    return [
        _Column("Region", 1.0, "left", lambda row: str(row["region"]).capitalize()),
        _Column("Unit", 19.0, "left", lambda row: row["action_unit"]),
        _Column("Action", 33.0, "left", lambda row: row["name"]),
        *counts,
    ]


def _written(name: str, what: str) -> Callable[[dict], str]:
    """A count, or a share in percent, of one expression."""
    if what == "n":
        return lambda row: f"{row[f'n_{name}']:.0f}"
    return lambda row: f"{100 * row[f'share_{name}']:.1f}"


def _head(ax: Axes) -> None:
    """Headings between rules."""
    _rule(ax, -_HEAD_ROWS + 0.1, width=0.8)
    for column in _columns():
        ax.text(column.x_mm, -0.95, column.heading, ha=column.side, va="center", weight="bold")
    for name, left in _BAR_LEFT_MM.items():
        title = f"{EXPRESSION_NAMES[name]}s"
        ax.text(left - 18, -1.65, title, ha="left", va="center", weight="bold")


def _rule(ax: Axes, y: float, *, width: float) -> None:
    """A line across the table."""
    ax.plot([0, PAGE_MM], [y, y], color="black", linewidth=width, clip_on=False)
