"""Figure of a dataset beside the published ones."""

import re

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmme_neuro.plots.dataset import (
    COLOR_BY_EXPRESSION,
    DescribedEvents,
    plot_durations,
    plot_emotions,
    plot_participants,
    plot_valence,
)
from mmme_neuro.plots.style import (
    PAGE_MM,
    journal_style,
    new_figure,
)

_TITLES = {
    "a": "Emotion of the stimulus",
    "b": "Composite class",
    "c": "Events and participants of databases",
    "d": "Duration of micro-expressions",
    "e": "Duration of events whose offset was coded",
    "f": "Participants",
}

_COUNTS = (1, 3, 10, 30, 100, 300, 1000, 3000, 10000)


def plot_sizes(databases: pd.DataFrame, ax: Axes) -> Axes:
    """Draw the numbers of events and of participants of databases.

    Parameters
    ----------
    databases : DataFrame
        ``database, n_participants, n_micro, n_macro``; the last row is the study.
    ax : Axes
        Where to draw: events on a logarithmic axis, participants written at the right.

    Returns
    -------
    Axes
    """
    at = _rows(databases, ax)
    for name in ("macro", "micro"):
        n = databases[f"n_{name}"].to_numpy(dtype=float, na_value=np.nan)
        ax.plot(n, at, "o", color=COLOR_BY_EXPRESSION[name], markersize=4, label=name)
    ax.set_xscale("log")
    counts = databases[["n_micro", "n_macro"]].to_numpy(float, na_value=np.nan)
    low, high = max(float(np.nanmin(counts)), 1.0) / 1.5, 1.5 * float(np.nanmax(counts))
    ticks = [n for n in _COUNTS if low <= n <= high]
    ax.set_xticks(ticks, [str(n) for n in ticks])
    ax.set_xlim(low, high)
    ax.set_xlabel("Events")
    for place, n in zip(at, databases["n_participants"], strict=True):
        _beside(ax, f"{n:.0f}", place)
    _beside(ax, "people", -1, color="0.35")
    return ax


def plot_micro_durations(databases: pd.DataFrame, ax: Axes) -> Axes:
    """Draw mean and standard deviation of the duration of micro-expressions.

    Parameters
    ----------
    databases : DataFrame
        ``database, duration_mean_ms, duration_sd_ms``; the last row is the study.
    ax : Axes
        Where to draw; the study in color.

    Returns
    -------
    Axes
    """
    at = _rows(databases, ax)
    mean, sd = (
        databases[f"duration_{name}_ms"].to_numpy(dtype=float, na_value=np.nan)
        for name in ("mean", "sd")
    )
    for place, middle, spread in zip(at, mean, sd, strict=True):
        color = COLOR_BY_EXPRESSION["micro"] if place == at[-1] else "0.35"
        ax.plot([middle - spread, middle + spread], [place, place], color=color)
        ax.plot(middle, place, "o", color=color, markersize=4)
        if np.isfinite(middle):
            _beside(ax, f"{middle:.1f} (SD {spread:.1f})", place)
    ax.set_xlim(0, 1.08 * np.nanmax(mean + np.nan_to_num(sd)))
    ax.set_xlabel("Duration (ms): mean and SD")
    return ax


def databases_figure(description: DescribedEvents, databases: pd.DataFrame) -> Figure:
    """Draw a dataset beside the published ones, 180 mm wide.

    Parameters
    ----------
    description : Description
        See ``describe_events``.
    databases : DataFrame
        See ``database_table``.

    Returns
    -------
    Figure
        Panels: emotions, composite classes, size and durations beside other databases,
        distribution of durations, participants.
    """
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=165)
        panels = figure.subplot_mosaic([["a", "b"], ["c", "d"], ["e", "f"]])
        plot_emotions(description.emotions, panels["a"])
        plot_valence(description.valence, panels["b"])
        plot_sizes(databases, panels["c"])
        plot_micro_durations(databases, panels["d"])
        plot_durations(description.times, panels["e"])
        plot_participants(description.participants, panels["f"])
        for letter, title in _TITLES.items():
            # Within the title: beside it a letter would touch the highest tick's label.
            panels[letter].set_title(rf"$\bf{{{letter}}}$   {title}", loc="left")
        handles, labels = panels["a"].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


def _rows(databases: pd.DataFrame, ax: Axes) -> np.ndarray:
    """Name the rows, from top to bottom; the study stands apart in bold."""
    at = np.arange(len(databases), dtype=float)
    at[-1] += 0.3
    names = [re.sub(r"\(ME\)(\d)", r"(ME)$^\1$", str(name)) for name in databases["database"]]
    ax.set_yticks(at, names)
    ax.get_yticklabels()[-1].set_fontweight("bold")
    ax.set_ylim(at[-1] + 0.6, -0.6)
    ax.tick_params(axis="y", length=0)
    for place in at:
        ax.axhline(place, color="0.92", linewidth=0.6, zorder=0)
    return at


def _beside(ax: Axes, text: str, place: float, *, color: str = "black") -> None:
    """Text at the right of a row."""
    ax.annotate(text, (1, place), xytext=(6, 0), xycoords=("axes fraction", "data"),
                textcoords="offset points", va="center", fontsize=6, color=color,
                annotation_clip=False)  # fmt: skip
