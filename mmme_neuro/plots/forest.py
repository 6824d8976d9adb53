"""Estimates with their intervals: forests in their own units, and recovery of a known truth."""

from collections.abc import Sequence
from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmme_neuro.errors import BadInput, MissingInput
from mmme_neuro.models.formula import treatment_term
from mmme_neuro.plots.style import (
    COLUMN_MM,
    OKABE_ITO,
    PAGE_MM,
    Levels,
    difference_name,
    journal_style,
    new_figure,
    panel_letter,
)
from mmme_neuro.wording import (
    MINUS,
    estimate_text,
    fixed_text,
    interval_text,
    p_relation,
    quantity_text,
    response_name,
    unit_text,
)

FOREST_COLUMNS = ("label", "estimate", "ci_low", "ci_high")
DRAWN_OF_RECOVERY = ("quantity", "truth", "estimate", "std_error", "ci_low", "ci_high", "covered")

_ROW_MM = 5.0
_LINE_MM = 2.9
_LABEL_LETTERS = 40


def plot_forest(table: pd.DataFrame, ax: Axes, *, xlabel: str, reference: float = 0.0) -> Axes:
    """Draw estimates with their intervals, one a row, from top to bottom.

    Parameters
    ----------
    table : DataFrame
        Columns ``label, estimate, ci_low, ci_high``, and optionally ``color``. A missing estimate
        is written as such.
    ax : Axes
        Where to draw.
    xlabel : str
        Quantity with its unit.
    reference : float
        Value of no effect, drawn as a line.

    Returns
    -------
    ax : Axes
        The same axes.
    """
    _check_columns(table, FOREST_COLUMNS)
    rows = range(len(table))
    ax.axvline(reference, color="0.5", linewidth=0.6, zorder=1)
    colors = table["color"] if "color" in table else [OKABE_ITO["black"]] * len(table)
    for row, (_, entry), color in zip(rows, table.iterrows(), colors, strict=True):
        if np.isnan(entry["estimate"]):
            ax.annotate(
                "no estimate", (0.5, row), xycoords=("axes fraction", "data"),
                ha="center", va="center", fontsize=6, color="0.4",
            )  # fmt: skip
            continue
        _interval(ax, row, entry["estimate"], entry["ci_low"], entry["ci_high"], color)
    ax.set_yticks(rows, list(table["label"]))
    ax.set(ylim=(len(table) - 0.4, -0.6), xlabel=xlabel)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    return ax


def forest_figure(
    table: pd.DataFrame, *, width_mm: float = PAGE_MM, reference: float = 0.0
) -> Figure:
    """Compose forests, one panel for each unit, so that no axis mixes units.

    Parameters
    ----------
    table : DataFrame
        Columns ``label, estimate, ci_low, ci_high, unit`` and optionally ``quantity`` (name of the
        panel's axis) and ``color``.
    width_mm : float
        Width on paper.
    reference : float
        Value of no effect.

    Returns
    -------
    figure : Figure
        Panels in the order in which units appear.
    """
    _check_columns(table, (*FOREST_COLUMNS, "unit"))
    keys = ["quantity", "unit"] if "quantity" in table else ["unit"]
    groups = list(table.groupby(keys, sort=False, dropna=False, observed=True))
    n_columns = 1 if width_mm <= COLUMN_MM else min(2, len(groups))
    n_rows = -(-len(groups) // n_columns)
    counts = [len(group) for _, group in groups]
    n_lines = 1 + table["label"].str.count("\n").max()
    row_mm = max(_ROW_MM, _LINE_MM * n_lines + 3)
    longest = [max(counts[start : start + n_columns]) for start in range(0, len(counts), n_columns)]
    with journal_style():
        figure = new_figure(width_mm=width_mm, height_mm=row_mm * sum(longest) + 15 * n_rows)
        axes = figure.subplots(
            n_rows, n_columns, squeeze=False, height_ratios=[count + 1 for count in longest]
        ).ravel()
        for number, (ax, (key, group)) in enumerate(zip(axes, groups, strict=False)):
            quantity = key[0] if len(keys) == 2 else "Estimate"
            xlabel = f"{quantity} ({key[-1]})" if key[-1] else str(quantity)
            plot_forest(group, ax, xlabel=xlabel, reference=reference)
            ax.locator_params(axis="x", nbins=5)
            # Rows equally far apart in neighboring panels.
            ax.set_ylim(longest[number // n_columns] - 0.4, -0.6)
            if len(groups) > 1:
                panel_letter(ax, "abcdefghijklmnop"[number])
        for ax in axes[len(groups) :]:
            ax.set_axis_off()
    return figure


def contrast_figure(models: pd.DataFrame, *, condition: str, levels: Levels) -> Figure:
    """Compose the forest of one contrast over all modeled responses.

    Parameters
    ----------
    models : DataFrame
        Columns ``response, term, estimate, ci_low, ci_high, p_value, unit``.
    condition : str
        Column of the conditions in the models.
    levels : sequence of str | mapping of str to str
        The two conditions, the reference first; second minus first is drawn.

    Returns
    -------
    figure : Figure
        180 mm wide, one panel per unit; estimate, interval and p value are written under each name.
    """
    _check_columns(models, ("response", "term", "estimate", "ci_low", "ci_high", "p_value", "unit"))
    term = treatment_term(condition, list(levels))
    chosen = models[models["term"] == term]
    if chosen.empty:
        known = sorted(models["term"].unique())
        raise BadInput(f"levels={list(levels)}: no term {term!r}; the table has {known}.")
    labels = [
        f"{response_name(row['response'])}\n"
        f"{estimate_text(row['estimate'], row['ci_low'], row['ci_high'])} "
        f"{interval_text(row['ci_low'], row['ci_high'])}, {p_relation(row['p_value'])}"
        for row in chosen.to_dict("records")
    ]
    name = difference_name(levels)
    table = chosen.assign(label=labels, quantity=name, unit=chosen["unit"].map(unit_text))
    return forest_figure(table)


def plot_recovery(table: pd.DataFrame, ax: Axes) -> Axes:
    """Draw how far estimates lie from the known truth, in standard errors.

    Parameters
    ----------
    table : DataFrame
        Columns ``quantity, truth, estimate, std_error, ci_low, ci_high, covered`` and optionally
        ``unit``. Rows are drawn from top to bottom.
    ax : Axes
        Where to draw.

    Returns
    -------
    ax : Axes
        The same axes. A filled dot: the interval covers the truth; a hollow one: it does not.
    """
    _check_columns(table, DRAWN_OF_RECOVERY)
    _check_errors(table)
    offset = table[["estimate", "ci_low", "ci_high"]].sub(table["truth"], axis=0)
    standard = offset.div(table["std_error"], axis=0)
    ax.axvspan(-1.96, 1.96, color="0.93", linewidth=0, zorder=0)
    ax.axvline(0, color=OKABE_ITO["green"], linewidth=1.0, zorder=1)
    for row, (values, covered) in enumerate(
        zip(standard.to_numpy(), table["covered"].astype(bool), strict=True)
    ):
        color = OKABE_ITO["blue"] if covered else OKABE_ITO["vermilion"]
        estimate, low, high = values
        _interval(ax, row, estimate, low, high, color, is_filled=covered)
    reach = max(4.0, 1.08 * float(np.nanmax(np.abs(standard.to_numpy()))))
    ax.set_yticks(range(len(table)), list(table["quantity"]))
    ax.set(
        xlim=(-reach, reach),
        ylim=(len(table) - 0.4, -0.6),
        xlabel=f"(estimate {MINUS} truth) / standard error",
    )
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    return ax


def recovery_figure(table: pd.DataFrame) -> Figure:
    """Compose the recovery plot with the numbers of each quantity beside it.

    Parameters
    ----------
    table : DataFrame
        As for `plot_recovery`.

    Returns
    -------
    figure : Figure
        180 mm wide, one row per quantity: name (unit), standardized estimate with interval, and the
        numbers.
    """
    _check_columns(table, DRAWN_OF_RECOVERY)
    labels = [_recovery_label(row) for row in table.to_dict("records")]
    row_mm = max(_ROW_MM, _LINE_MM * max(label.count("\n") + 1 for label in labels) + 0.8)
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=row_mm * len(table) + 20)
        ax, beside = figure.subplots(1, 2, sharey=True, width_ratios=(1, 1.3))
        plot_recovery(table, ax)
        ax.set_yticks(range(len(table)), labels)
        beside.set_axis_off()
        decimals = [_decimals(error) for error in table["std_error"]]
        for place, column in ((0.13, "truth"), (0.4, "estimate"), (0.78, "interval")):
            heading = "95 % interval" if column == "interval" else column
            _text_column(beside, place, heading, _texts(table, column, decimals))
        n_covered = int(table["covered"].astype(bool).sum())
        figure.suptitle(
            f"{n_covered} of {len(table)} intervals cover the truth (filled dots)", fontsize=7.5
        )
    return figure


def _recovery_label(row: dict) -> str:
    """Quantity with its unit, on as many lines as needed."""
    unit = unit_text(str(row.get("unit", "")))
    text = quantity_text(row["quantity"])
    return fill(f"{text} ({unit})" if unit else text, _LABEL_LETTERS)


def _decimals(std_error: float) -> int:
    """Decimals that show two digits of the standard error."""
    return max(0, 1 - int(np.floor(np.log10(std_error))))


def _texts(table: pd.DataFrame, column: str, decimals: Sequence[int]) -> list[str]:
    """One text a row: a column, or both ends of the interval, to the precision of the row."""
    if column != "interval":
        return [
            fixed_text(value, places) for value, places in zip(table[column], decimals, strict=True)
        ]
    return [
        f"[{fixed_text(low, places)}, {fixed_text(high, places)}]"
        for low, high, places in zip(table["ci_low"], table["ci_high"], decimals, strict=True)
    ]


def _text_column(ax: Axes, place: float, title: str, texts: Sequence[str]) -> None:
    """Write one text a row, under a heading."""
    for row, text in [(-0.9, title), *enumerate(texts)]:
        ax.text(
            place, row, text, transform=ax.get_yaxis_transform(), ha="center", va="center",
            fontsize=6.5, color="0.3" if row < 0 else "black",
        )  # fmt: skip


def _interval(
    ax: Axes,
    row: int,
    estimate: float,
    low: float,
    high: float,
    color: str,
    is_filled: bool = True,
) -> None:
    """A dot with a horizontal interval."""
    ax.plot([low, high], [row, row], color=color, linewidth=1.1, zorder=2)
    face = color if is_filled else "white"
    ax.plot(
        estimate, row, "o", markersize=4, markerfacecolor=face, markeredgecolor=color,
        markeredgewidth=1.0, zorder=3,
    )  # fmt: skip


def _check_columns(table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse a table without the columns needed, or without rows."""
    absent = [column for column in columns if column not in table]
    if absent:
        raise MissingInput(f"table: needs columns {list(columns)}, lacks {absent}.")
    if table.empty:
        raise MissingInput("table: has no row to draw.")


def _check_errors(table: pd.DataFrame) -> None:
    """Refuse standard errors by which nothing can be divided."""
    wrong = ~(table["std_error"] > 0)
    if wrong.any():
        raise BadInput(
            "table: std_error must be positive to standardize by, but is not for "
            f"{list(table.loc[wrong, 'quantity'])}. Leave these rows out and report them."
        )
