"""Plots of a dataset's events: counts by emotion, class, action unit and participant; durations."""

from typing import Any, Protocol

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mmme_neuro.vocabulary import EXPRESSIONS, MICRO_MAX_DURATION_S

COLOR_BY_EXPRESSION = dict(
    zip(EXPRESSIONS, ("#D55E00", "#0072B2", "#CC79A7", "#333333"), strict=True)
)
"""Okabe-Ito colors, told apart with any color vision."""

COLOR_BY_VALENCE = {
    "negative": "#AA4499",
    "surprise": "#F0E442",
    "positive": "#009E73",
    "neutral": "#BBBBBB",
    "mixed": "#666666",
}

FIGURE_WIDTH_MM = 180
_MM_PER_INCH = 25.4
_STYLE: dict[Any, Any] = {
    "font.size": 7,
    "axes.titlesize": 8,
    "axes.labelsize": 7,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}
_MAX_NAMED_PARTICIPANTS = 24
_PANEL_TITLES = {
    "a": "Emotion of the stimulus",
    "b": "Composite class",
    "c": "Duration of events whose offset was coded",
    "d": "Participants",
    "e": "Action units",
}


class DescribedEvents(Protocol):
    """What ``dataset_figure`` draws: the tables of a ``Description``."""

    @property
    def emotions(self) -> pd.DataFrame:
        """See ``Description``."""
        ...

    @property
    def valence(self) -> pd.DataFrame:
        """See ``Description``."""
        ...

    @property
    def action_units(self) -> pd.DataFrame:
        """See ``Description``."""
        ...

    @property
    def participants(self) -> pd.DataFrame:
        """See ``Description``."""
        ...

    @property
    def times(self) -> pd.DataFrame:
        """See ``Description``."""
        ...


def plot_emotions(emotions: pd.DataFrame, ax: Axes) -> Axes:
    """Draw the number of events by emotion and expression.

    Parameters
    ----------
    emotions : DataFrame
        Columns ``emotion, expression, n``.
    ax : Axes

    Returns
    -------
    Axes
    """
    _grouped_bars(emotions, "emotion", ax)
    for label in ax.get_xticklabels():
        label.set(rotation=35, ha="right", rotation_mode="anchor")
    ax.set_ylabel("Events")
    return ax


def plot_action_units(action_units: pd.DataFrame, ax: Axes) -> Axes:
    """Draw the number of events that hold each action unit, by expression.

    Parameters
    ----------
    action_units : DataFrame
        Columns ``action_unit, expression, n``.
    ax : Axes

    Returns
    -------
    Axes
    """
    numbered = action_units.assign(action_unit=action_units["action_unit"].str.removeprefix("AU"))
    _grouped_bars(numbered, "action_unit", ax)
    ax.set_xlabel("Action unit")
    ax.set_ylabel("Events")
    return ax


def plot_valence(valence: pd.DataFrame, ax: Axes) -> Axes:
    """Draw the composite classes as shares of each expression's events.

    Parameters
    ----------
    valence : DataFrame
        Columns ``valence, expression, n, share``.
    ax : Axes

    Returns
    -------
    Axes
    """
    expressions = _present(valence)[::-1]
    left = np.zeros(len(expressions))
    for name in dict.fromkeys(valence["valence"]):
        rows = valence[valence["valence"] == name].set_index("expression").loc[expressions]
        percent = 100 * rows["share"].to_numpy()
        color = COLOR_BY_VALENCE[name]
        ax.barh(expressions, percent, left=left, color=color, height=0.7, label=name)
        for row, (start, width) in enumerate(zip(left, percent, strict=True)):
            # Narrower pieces have no room for their number.
            if width >= 7:
                is_dark = name not in ("surprise", "neutral")
                ax.text(
                    start + width / 2,
                    row,
                    f"{width:.0f}",
                    ha="center",
                    va="center",
                    color="white" if is_dark else "black",
                )
        left += percent
    ax.set_xlim(0, 100)
    ax.set_xlabel("Share of events (%)")
    ax.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.3),
        ncols=5,
        borderaxespad=0,
        handlelength=1,
        columnspacing=1.2,
    )
    return ax


def plot_durations(times: pd.DataFrame, ax: Axes, *, longest: float = 2.0) -> Axes:
    """Draw the distribution of duration, of events whose offset was coded, by expression.

    Parameters
    ----------
    times : DataFrame, one row per event
        Columns ``expression, duration`` (s) and ``censored``.
    ax : Axes
    longest : float
        Longer events (s) are counted in one last bin.

    Returns
    -------
    Axes
    """
    coded = times[~times["censored"]]
    # Edges lie a millisecond above the tenths: an event of 0.5 s is within the limit of 0.5 s.
    bins = (np.arange(0, longest + 0.15, 0.1) + 0.001).tolist()
    for name in _present(times):
        duration = coded.loc[coded["expression"] == name, "duration"].clip(upper=longest + 0.05)
        color = COLOR_BY_EXPRESSION[name]
        label = f"{name} (n = {len(duration)})"
        ax.hist(duration, bins, histtype="stepfilled", color=color, alpha=0.25)
        ax.hist(duration, bins, histtype="step", color=color, linewidth=1.2, label=label)
    ax.axvline(MICRO_MAX_DURATION_S, color="black", linestyle=":", linewidth=0.8)
    ticks = np.arange(0, longest, 0.5)
    ax.set_xticks([*ticks, longest + 0.05], [*(f"{tick:g}" for tick in ticks), f">{longest:g}"])
    ax.set_xlim(0, longest + 0.1)
    ax.set_xlabel("Duration (s)")
    ax.set_ylabel("Events")
    return ax


def plot_participants(participants: pd.DataFrame, ax: Axes) -> Axes:
    """Draw the number of events of each participant, most first, stacked by expression.

    Parameters
    ----------
    participants : DataFrame
        Columns ``participant, expression, n``.
    ax : Axes

    Returns
    -------
    Axes
    """
    wide = participants.pivot_table(
        index="participant", columns="expression", values="n", observed=True
    )
    wide = wide.loc[wide.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    position = np.arange(1, len(wide) + 1)
    is_named = len(wide) <= _MAX_NAMED_PARTICIPANTS
    width = 0.8 if is_named else 1.0
    bottom = np.zeros(len(wide))
    for name in _present(participants):
        n_events = wide[name].to_numpy()
        ax.bar(
            position, n_events, width, bottom=bottom, color=COLOR_BY_EXPRESSION[name], label=name
        )
        bottom += n_events
    if is_named:
        ax.set_xticks(position, wide.index, rotation=90)
        ax.set_xlabel("Participant")
    else:
        ax.set_xlabel("Participants, most events first")
    ax.set_xlim(0.4, len(wide) + 0.6)
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.set_ylabel("Events")
    return ax


def dataset_figure(description: DescribedEvents) -> Figure:
    """Draw the overview of a dataset, 180 mm wide.

    Parameters
    ----------
    description : Description
        See ``describe_events``.

    Returns
    -------
    Figure
        Panels: emotions, composite classes, durations, participants, action units.
    """
    width = FIGURE_WIDTH_MM / _MM_PER_INCH
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, width * 0.85), layout="constrained")
        panels = figure.subplot_mosaic([["a", "b"], ["c", "d"], ["e", "e"]])
        plot_emotions(description.emotions, panels["a"])
        plot_valence(description.valence, panels["b"])
        plot_durations(description.times, panels["c"])
        plot_participants(description.participants, panels["d"])
        plot_action_units(description.action_units, panels["e"])
        for letter, title in _PANEL_TITLES.items():
            panels[letter].set_title(rf"$\bf{{{letter}}}$   {title}", loc="left")
        handles, labels = panels["a"].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


def _present(table: pd.DataFrame) -> list[str]:
    """Expressions of the table in the vocabulary's order."""
    return [name for name in EXPRESSIONS if (table["expression"] == name).any()]


def _grouped_bars(counts: pd.DataFrame, column: str, ax: Axes) -> None:
    """Bars of the levels of `column`, side by side by expression."""
    levels = list(dict.fromkeys(counts[column]))
    expressions = _present(counts)
    width = 0.8 / len(expressions)
    for rank, name in enumerate(expressions):
        rows = counts[counts["expression"] == name].set_index(column).reindex(levels)
        position = np.arange(len(levels)) + (rank - (len(expressions) - 1) / 2) * width
        ax.bar(position, rows["n"].fillna(0), width, color=COLOR_BY_EXPRESSION[name], label=name)
    ax.set_xticks(np.arange(len(levels)), levels)
    ax.set_xlim(-0.6, len(levels) - 0.4)
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
