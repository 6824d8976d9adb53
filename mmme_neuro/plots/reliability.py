"""Figures of how reliable participants' scores are."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmme_neuro.errors import MissingInput
from mmme_neuro.plots.style import (
    DIFFERENCE_COLOR,
    PAGE_MM,
    Levels,
    color_of,
    difference_name,
    journal_style,
    mark_onset,
    name_of,
    new_figure,
    panel_letter,
)
from mmme_neuro.wording import response_name

TARGETS = (0.7, 0.8)

_FILLED = {"dependability": True, "split_half": False}
_TITLE_LETTERS = 20
_ROW_MM = 3.6
_PANEL_MM = 33.0


def plot_coefficients(table: pd.DataFrame, ax: Axes, *, levels: Levels) -> Axes:
    """Draw dependability and split-half reliability of each response and condition.

    Parameters
    ----------
    table : DataFrame
        ``response, condition, coefficient, estimate, ci_low, ci_high``; coefficients
        ``dependability`` (filled) and ``split_half`` (hollow), with the interval of the first.
    ax : Axes
        Where to draw.
    levels : sequence of str | mapping of str to str
        The conditions, the reference first; any other row is a difference.

    Returns
    -------
    Axes
        From 0 to 1; an arrow head where the interval goes on to the left. An estimate below 0 has
        no dot.
    """
    _check(table, ("response", "condition", "coefficient", "estimate", "ci_low", "ci_high"))
    responses = list(dict.fromkeys(table["response"]))
    conditions = list(dict.fromkeys(table["condition"]))
    step = len(conditions) + 0.8
    for target in TARGETS:
        ax.axvline(target, color="0.75", linewidth=0.6, linestyle=":", zorder=0)
    for (response, condition), part in table.groupby(
        ["response", "condition"], sort=False, observed=True
    ):
        at = responses.index(response) * step + conditions.index(condition)
        color = _color(str(condition), levels)
        by_kind = {row["coefficient"]: row for row in part.to_dict("records")}
        # The interval is that of the coefficient that comes first where both are there.
        kinds = [kind for kind in _FILLED if kind in by_kind]
        _interval(ax, by_kind[kinds[0]], at, color)
        for kind in kinds:
            _dot(ax, by_kind[kind]["estimate"], at, color, is_filled=_FILLED[kind])
    middle = (len(conditions) - 1) / 2
    ax.set_yticks(
        [place * step + middle for place in range(len(responses))],
        [response_name(name) for name in responses],
    )
    ax.set(xlim=(0, 1), ylim=(len(responses) * step - 0.4, -1.2), xlabel="Reliability")
    ax.tick_params(axis="y", length=0)
    return ax


def plot_by_trials(table: pd.DataFrame, ax: Axes, *, levels: Levels) -> Axes:
    """Draw dependability by number of events, one line per condition.

    Parameters
    ----------
    table : DataFrame
        ``condition, n_trials, dependability, ci_low, ci_high`` of one response.
    ax : Axes
        Where to draw; the interval of the difference is shaded.
    levels : sequence of str | mapping of str to str
        The conditions, the reference first; any other row is a difference.

    Returns
    -------
    Axes
    """
    _check(table, ("condition", "n_trials", "dependability", "ci_low", "ci_high"))
    for target in TARGETS:
        ax.axhline(target, color="0.75", linewidth=0.6, linestyle=":", zorder=0)
    for condition, part in table.groupby("condition", sort=False, observed=True):
        color = _color(str(condition), levels)
        if str(condition) not in levels:
            ax.fill_between(
                part["n_trials"], part["ci_low"], part["ci_high"], color=color, alpha=0.1,
                linewidth=0,
            )  # fmt: skip
        ax.plot(part["n_trials"], part["dependability"], color=color)
    ax.set(xlim=(0, table["n_trials"].max()), ylim=(0, 1))
    return ax


def reliability_figure(
    coefficients: pd.DataFrame, by_trials: pd.DataFrame, *, levels: Levels
) -> Figure:
    """Compose reliability as it is, beside reliability by number of events.

    Parameters
    ----------
    coefficients : DataFrame
        As for `plot_coefficients`.
    by_trials : DataFrame
        As for `plot_by_trials`, with ``response``.
    levels : sequence of str | mapping of str to str
        The conditions, the reference first; a mapping gives their names.

    Returns
    -------
    Figure
        180 mm wide.
    """
    responses = list(dict.fromkeys(by_trials["response"]))
    n_rows = -(-len(responses) // 2)
    lines = coefficients.drop_duplicates(["response", "condition"])
    left_mm = _ROW_MM * (len(lines) + coefficients["response"].nunique())
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=max(left_mm + 22, _PANEL_MM * n_rows + 18))
        grid = figure.add_gridspec(n_rows, 3, width_ratios=(1.5, 1, 1))
        first = plot_coefficients(coefficients, figure.add_subplot(grid[:, 0]), levels=levels)
        panel_letter(first, "a")
        for place, response in enumerate(responses):
            ax = figure.add_subplot(grid[place // 2, 1 + place % 2])
            plot_by_trials(by_trials[by_trials["response"] == response], ax, levels=levels)
            ax.set_title(fill(response_name(response), _TITLE_LETTERS), loc="left")
            if place == 0:
                panel_letter(ax, "b")
            if place % 2:
                ax.set_yticklabels([])
            else:
                ax.set_ylabel("Dependability")
            if place >= len(responses) - 2:
                ax.set_xlabel("Events of a kind")
        _legend(figure, list(dict.fromkeys(coefficients["condition"])), levels)
    return figure


def reliability_time_figure(curves: pd.DataFrame, *, levels: Levels) -> Figure:
    """Compose dependability at each time, one panel per region and condition.

    Parameters
    ----------
    curves : DataFrame
        ``roi, condition, time, estimate, ci_low, ci_high``.
    levels : sequence of str | mapping of str to str
        The conditions, the reference first; a mapping gives their names.

    Returns
    -------
    Figure
        180 mm wide, one row per region.
    """
    _check(curves, ("roi", "condition", "time", "estimate", "ci_low", "ci_high"))
    regions = list(dict.fromkeys(curves["roi"]))
    conditions = list(dict.fromkeys(curves["condition"]))
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=45 * len(regions) + 5)
        axes = figure.subplots(
            len(regions), len(conditions), sharex=True, sharey=True, squeeze=False
        )
        letters = iter("abcdefghijklmnopqr")
        for row, region in enumerate(regions):
            for column, condition in enumerate(conditions):
                is_here = (curves["roi"] == region) & (curves["condition"] == condition)
                ax = axes[row, column]
                _time_panel(curves[is_here], ax, _color(condition, levels))
                panel_letter(ax, next(letters))
                place = region.replace("_", "-").capitalize()
                ax.set_title(f"{place}: {_condition(condition, levels)}", loc="left")
            axes[row, 0].set_ylabel("Dependability")
        for ax in axes[-1]:
            ax.set_xlabel("Time from onset (s)")
    return figure


def _time_panel(curve: pd.DataFrame, ax: Axes, color: str) -> None:
    """One curve with its pointwise interval."""
    for target in TARGETS:
        ax.axhline(target, color="0.75", linewidth=0.6, linestyle=":", zorder=0)
    mark_onset(ax)
    low, high = (curve[name].clip(0, 1) for name in ("ci_low", "ci_high"))
    ax.fill_between(curve["time"], low, high, color=color, alpha=0.15, linewidth=0)
    ax.plot(curve["time"], curve["estimate"].clip(0, 1), color=color, linewidth=0.9)
    ax.set(ylim=(0, 1), xlim=(curve["time"].min(), curve["time"].max()))


def _legend(figure: Figure, conditions: list[str], levels: Levels) -> None:
    """Conditions by color; both coefficients by dot."""
    ax = figure.axes[0]
    handles = [
        ax.plot([], [], color=_color(name, levels), label=_condition(name, levels))[0]
        for name in conditions
    ]
    for label, face in (("Dependability", "0.3"), ("Split-half", "white")):
        handles += ax.plot(
            [], [], "o", markersize=3.5, markerfacecolor=face, markeredgecolor="0.3", label=label
        )
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))


def _interval(ax: Axes, row: dict, at: float, color: str) -> None:
    """The part of an interval that lies on the axis."""
    if not row["ci_low"] <= row["ci_high"]:
        return
    ends = np.clip([row["ci_low"], row["ci_high"]], 0, 1)
    ax.plot(ends, [at, at], color=color, linewidth=1.0)
    if row["ci_low"] < 0:
        ax.plot(0.005, at, marker="<", color=color, markersize=2.5, clip_on=False)


def _dot(ax: Axes, value: float, at: float, color: str, *, is_filled: bool) -> None:
    """An estimate, if it lies on the axis."""
    if np.isfinite(value) and value >= 0:
        ax.plot(
            value, at, "o", markersize=3.2, markerfacecolor=color if is_filled else "white",
            markeredgecolor=color, markeredgewidth=0.8, zorder=4 - is_filled,
        )  # fmt: skip


def _color(condition: str, levels: Levels) -> str:
    """Color of a condition; differences are black."""
    return color_of(condition, levels) if condition in levels else DIFFERENCE_COLOR


def _condition(condition: str, levels: Levels) -> str:
    """Printed name of a condition or of the difference."""
    return name_of(condition, levels) if condition in levels else difference_name(levels)


def _check(table: pd.DataFrame, columns: tuple[str, ...]) -> None:
    """Refuse a table without the columns needed, or without rows."""
    absent = [column for column in columns if column not in table]
    if absent or table.empty:
        raise MissingInput(f"table: needs rows with the columns {list(columns)}, lacks {absent}.")
