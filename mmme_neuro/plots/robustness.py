"""Measures under errors of the coded onsets, and with overlapping responses separated."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from mmme_neuro.plots.style import (
    PAGE_MM,
    Levels,
    color_of,
    journal_style,
    mark_onset,
    name_of,
    new_figure,
    panel_letter,
)
from mmme_neuro.wording import response_name, unit_text

LINES: Mapping[str, tuple[Any, str]] = MappingProxyType(
    {"average": ((0, (3, 1.5)), "Average of all events"), "deconvolution": ("-", "Deconvolution")}
)
"""Line style (matplotlib's) and name of each method."""

PANEL_MM = 44.0


def overlap_panel(
    curves: pd.DataFrame,
    ax: Axes,
    *,
    levels: Levels,
    truth: pd.DataFrame | None = None,
    window: tuple[float, float] | None = None,
    span: tuple[float, float] | None = None,
) -> Axes:
    """Draw averaged and deconvolved courses of each condition for one measure.

    Parameters
    ----------
    curves : DataFrame
        ``method, condition, time, estimate, ci_low, ci_high, unit`` of one measure.
    ax : Axes
        Where to draw.
    levels : sequence of str | mapping of str to str
        The two conditions, the reference first.
    truth : DataFrame | None
        ``condition, truth``: what the measure is without overlap, drawn over ``window``.
    window : tuple of float | None
        Measuring window (s).
    span : tuple of float | None
        Times to show (s); None for all.

    Returns
    -------
    Axes
    """
    span = (curves["time"].min(), curves["time"].max()) if span is None else span
    curves = curves[curves["time"].between(*span)]
    ax.axhline(0, color="0.8", linewidth=0.6, zorder=0)
    mark_onset(ax)
    if window is not None:
        ax.axvspan(*window, color="0.95", linewidth=0, zorder=-1)
    for (method, condition), curve in curves.groupby(
        ["method", "condition"], sort=False, observed=True
    ):
        color, style = color_of(str(condition), levels), LINES[str(method)][0]
        curve = curve.sort_values("time")
        if method == "deconvolution":
            ax.fill_between(
                curve["time"], curve["ci_low"], curve["ci_high"], color=color, alpha=0.18, lw=0
            )
        ax.plot(curve["time"], curve["estimate"], color=color, linestyle=style)
    if truth is not None and window is not None:
        for row in truth.dropna(subset=["truth"]).to_dict("records"):
            color = color_of(str(row["condition"]), levels)
            ax.plot(window, [row["truth"]] * 2, color="white", linewidth=3.4, zorder=4)
            ax.plot(window, [row["truth"]] * 2, color=color, linewidth=2.2, zorder=5)
    ax.set_xlim(*span)
    ax.set_xlabel("Time from onset (s)")
    ax.set_ylabel(f"Change ({unit_text(str(curves['unit'].iloc[0]))})")
    return ax


def overlap_figure(
    curves: pd.DataFrame,
    table: pd.DataFrame,
    *,
    levels: Levels,
    windows: Mapping[str, tuple[float, float]],
    spans: Mapping[str, tuple[float, float]],
    measures: Sequence[str],
) -> Figure:
    """Draw one panel per measure.

    Parameters
    ----------
    curves : DataFrame
        Means over participants: ``measure, unit, method, condition, time, estimate, ci_low,
        ci_high``.
    table : DataFrame
        ``measure, method, condition, truth``.
    levels : sequence of str | mapping of str to str
        The two conditions, the reference first; a mapping gives their names.
    windows, spans : mapping of str to (float, float)
        Measuring window and shown times of each measure (s).
    measures : sequence of str
        Panels in order; those without curves are left out.

    Returns
    -------
    Figure
    """
    shown = [name for name in measures if (curves["measure"] == name).any()]
    n_rows = int(np.ceil(len(shown) / 3))
    with journal_style():
        figure = new_figure(height_mm=12 + PANEL_MM * n_rows)
        axes = np.atleast_1d(figure.subplots(n_rows, min(3, len(shown)))).ravel()
        for ax in axes[len(shown) :]:
            ax.set_axis_off()
        for ax, name, letter in zip(axes, shown, "abcdefghijkl", strict=False):
            alone = table[(table["measure"] == name) & (table["method"] == "deconvolution")]
            alone = alone[alone["condition"].isin(list(levels))]
            overlap_panel(
                curves[curves["measure"] == name],
                ax,
                levels=levels,
                truth=alone,
                window=windows[name],
                span=spans.get(name),
            )
            ax.set_title(response_name(name), loc="left")
            panel_letter(ax, letter)
        has_truth = table["truth"].notna().any()
        figure.legend(
            handles=_legend(levels, has_truth=bool(has_truth)), loc="outside lower center", ncols=6
        )
    return figure


def _legend(levels: Levels, *, has_truth: bool) -> list[Line2D | Patch]:
    """What lines, bands and bars mean."""
    entries: list[Line2D | Patch] = [
        Line2D([], [], color=color_of(name, levels), label=name_of(name, levels)) for name in levels
    ]
    entries += [Line2D([], [], color="0.3", linestyle=s, label=text) for s, text in LINES.values()]
    if has_truth:
        entries.append(Line2D([], [], color="0.3", linewidth=2.2, label="Truth in the window"))
    return entries


def jitter_panel(draws: pd.DataFrame, ax: Axes, *, levels: Levels) -> Axes:
    """Draw one measure by condition: violins of the draws, a line where it is as coded.

    Parameters
    ----------
    draws : DataFrame
        ``draw, condition, unit, value`` of one measure; draw -1 is as coded.
    ax : Axes
        Where to draw.
    levels : sequence of str | mapping of str to str
        The two conditions, the reference first.

    Returns
    -------
    Axes
    """
    conditions = list(dict.fromkeys(draws["condition"]))
    for at, condition in enumerate(conditions):
        part = draws[draws["condition"] == condition]
        color = color_of(condition, levels) if condition in levels else "0.35"
        values = part.loc[part["draw"] >= 0, "value"].to_numpy()
        sns.violinplot(
            x=at, y=values, ax=ax, native_scale=True, width=0.7, color=color, alpha=0.35,
            linewidth=0, inner=None, cut=0, saturation=1,
        )  # fmt: skip
        ax.plot([at - 0.18, at + 0.18], [values.mean()] * 2, color=color, linewidth=0.8)
        coded = part.loc[part["draw"] < 0, "value"].item()
        ax.plot([at - 0.4, at + 0.4], [coded, coded], color=color, linewidth=1.6,
                solid_capstyle="butt")  # fmt: skip
    ax.axhline(0, color="0.7", linewidth=0.5, zorder=0)
    names = [condition if condition in levels else "difference" for condition in conditions]
    ax.set_xticks(range(len(conditions)), names)
    unit = draws["unit"].iloc[0]
    ax.set_ylabel("Consistency (PPC)" if unit == "1" else f"Amplitude ({unit_text(unit)})")
    return ax


def jitter_figure(draws: pd.DataFrame, *, levels: Levels) -> Figure:
    """Compose a panel a measure.

    Parameters
    ----------
    draws : DataFrame
        Of `OnsetJitter`: ``draw, measure, unit, condition, value``.
    levels : sequence of str | mapping of str to str
        The two conditions, the reference first.

    Returns
    -------
    Figure
    """
    measures = list(dict.fromkeys(draws["measure"]))
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=58)
        axes = figure.subplots(1, len(measures), squeeze=False)[0]
        for letter, ax, name in zip("abcdefgh", axes, measures, strict=False):
            jitter_panel(draws[draws["measure"] == name], ax, levels=levels)
            ax.set_title(response_name(name), loc="left")
            panel_letter(ax, letter)
    return figure
