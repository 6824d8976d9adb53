"""Figures of how far two coders agree: what they saw, what they called it, and when."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmme_neuro.errors import MissingInput
from mmme_neuro.plots.style import (
    OKABE_ITO,
    PAGE_MM,
    SEQUENTIAL,
    journal_style,
    new_figure,
    panel_letter,
)
from mmme_neuro.wording import with_minus

TIMES_DRAWN = ("onset", "apex", "offset_coded")
"""Offsets only where both coders coded one."""

WIDEST_MS = 1000.0
"""Larger differences are counted in the last bins."""

MIN_SHOWN = 3
"""An action unit that fewer of the matched events hold, by either coder, is left to the table."""

_BLUE, _RED = OKABE_ITO["blue"], OKABE_ITO["vermilion"]
_BIN_MS = 50.0
_ROW_MM = 4.0


def plot_detection(detection: pd.DataFrame, ax: Axes, *, by: str = "IoU") -> Axes:
    """Draw F1 of detection against how strict a match must be.

    Parameters
    ----------
    detection : DataFrame
        ``criterion, threshold, f1, ci_low, ci_high``.
    ax : Axes
        Where to draw.
    by : {"IoU", "onset"}
        Rows matched by overlap, against the smallest intersection over union; or by onset, against
        the largest difference (ms).

    Returns
    -------
    Axes
    """
    is_onset = detection["criterion"].str.startswith("onsets")
    rows = detection[is_onset if by == "onset" else ~is_onset]
    x = rows["threshold"].to_numpy(dtype=float) * (1000 if by == "onset" else 1)
    ax.fill_between(x, rows["ci_low"], rows["ci_high"], color=_BLUE, alpha=0.15, linewidth=0)
    ax.plot(x, rows["f1"], "o-", color=_BLUE, markersize=2.8)
    ax.set(ylim=(0, 1))
    if by == "onset":
        ax.set_xlim(0, None)
        ax.set_xlabel("Largest onset difference (ms)")
    else:
        ax.axvline(0.5, color="0.75", linewidth=0.6, linestyle=":", zorder=0)
        ax.set_xlim(0, 1)
        ax.set_xlabel("Smallest IoU (0: any overlap)")
    return ax


def plot_confusion(confusion: pd.DataFrame, ax: Axes) -> Axes:
    """Draw which label each coder gave to the events that both saw.

    Parameters
    ----------
    confusion : DataFrame
        ``label_a, label_b, n, share``.
    ax : Axes
        Where to draw; first coder in rows, counts and shares written in.

    Returns
    -------
    Axes
    """
    names = list(dict.fromkeys(confusion["label_a"]))
    wide = {
        key: confusion.pivot_table(index="label_a", columns="label_b", values=key, observed=True)
        .reindex(index=names, columns=names)
        .to_numpy(dtype=float)
        for key in ("n", "share")
    }
    texts = [
        [f"{n:.0f}\n({100 * share:.0f} %)" for n, share in zip(*rows, strict=True)]
        for rows in zip(wide["n"], wide["share"], strict=True)
    ]
    labels = [name.capitalize() for name in names]
    sns.heatmap(
        wide["share"], ax=ax, cmap=SEQUENTIAL, vmin=0, vmax=1, cbar=False,
        annot=np.array(texts), fmt="", annot_kws={"size": mpl.rcParams["font.size"]},
        xticklabels=labels, yticklabels=labels,
    )  # fmt: skip
    ax.set(xlabel="Coder B", ylabel="Coder A")
    ax.tick_params(length=0)
    return ax


def plot_action_unit_kappas(table: pd.DataFrame, ax: Axes, prevalence: Axes) -> Axes:
    """Draw kappa and AC1 of each action unit, beside how often it was coded.

    Parameters
    ----------
    table : DataFrame
        ``action_unit, prevalence, kappa, kappa_ci_low, kappa_ci_high, ac1``, in the order drawn.
    ax : Axes
        Of kappa (filled, with its interval) and AC1 (hollow).
    prevalence : Axes
        Of the share of matched events, on the same rows.

    Returns
    -------
    Axes
        ``ax``.
    """
    at = np.arange(len(table))
    ax.axvline(0, color="0.5", linewidth=0.6, zorder=0)
    low, high = (table[f"kappa_ci_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
    # An interval that reaches beyond chance in the other direction goes on to the left.
    lowest = -0.2
    for place, ends in enumerate(zip(low, high, strict=True)):
        if np.isfinite(ends).all():
            ax.plot(np.clip(ends, lowest, 1), [place, place], color=_BLUE, linewidth=1.0)
    ax.plot(table["ac1"], at, "o", markerfacecolor="white", markeredgecolor="0.35",
            markersize=5.2, markeredgewidth=0.8, label="AC1", clip_on=False)  # fmt: skip
    ax.plot(table["kappa"], at, "o", color=_BLUE, markersize=3.4, label="Kappa", clip_on=False)
    ax.set_yticks(at, table["action_unit"])
    ax.set(xlim=(lowest, 1), xlabel="Agreement beyond chance")
    percent = 100 * table["prevalence"].to_numpy(dtype=float)
    prevalence.barh(at, percent, color="0.6", height=0.6)
    for row, value in enumerate(percent):
        text = f"{value:.0f}" if value >= 1 else "<1"
        prevalence.text(value + 1.5, row, text, va="center", fontsize=6)
    prevalence.set(xlabel="Events (%)", xlim=(0, 1.3 * percent.max()))
    for axes in (ax, prevalence):
        axes.set_ylim(len(table) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
    prevalence.set_yticklabels([])
    prevalence.set_yticks([])
    prevalence.spines["left"].set_visible(False)
    return ax


def plot_time_differences(differences: pd.Series, limits: pd.Series, ax: Axes) -> Axes:
    """Draw how far two coders' times lie apart.

    Parameters
    ----------
    differences : Series
        A minus B (ms), one an event.
    limits : Series
        ``n, median_abs_ms, bias_ms, loa_low_ms, loa_high_ms`` of the same events.
    ax : Axes
        Where to draw: a histogram, the bias as a line and the limits of agreement dashed.

    Returns
    -------
    Axes
        Differences beyond `WIDEST_MS` in the last bins.
    """
    # Differences are multiples of 10 ms; edges between them leave no value on an edge.
    edges = np.arange(-WIDEST_MS - _BIN_MS / 2, WIDEST_MS + _BIN_MS, _BIN_MS).tolist()
    inside = np.clip(differences.to_numpy(dtype=float), edges[0] + 1, edges[-1] - 1)
    sns.histplot(
        x=inside, bins=edges, ax=ax, color="0.75", alpha=1, edgecolor="white", linewidth=0.3
    )
    ax.axvline(limits["bias_ms"], color=_RED, linewidth=1.0)
    for name in ("loa_low_ms", "loa_high_ms"):
        if abs(limits[name]) <= edges[-1]:
            ax.axvline(limits[name], color=_RED, linewidth=0.9, linestyle="--")
    text = (
        f"n = {limits['n']:.0f}\nMedian |d|\n   {limits['median_abs_ms']:.0f} ms\n"
        f"Bias\n   {_signed(limits['bias_ms'])} ms\nLimits (ms)\n"
        f"   {_signed(limits['loa_low_ms'])} to {_signed(limits['loa_high_ms'])}"
    )
    # Beside the panel: within it the text would cross the limits of agreement.
    ax.annotate(text, (1, 1), xytext=(5, 0), xycoords="axes fraction",
                textcoords="offset points", ha="left", va="top", fontsize=6)  # fmt: skip
    ticks = np.array([-WIDEST_MS, -WIDEST_MS / 2, 0, WIDEST_MS / 2, WIDEST_MS])
    labels = [with_minus(f"{tick:g}") for tick in ticks]
    ax.set_xticks(ticks, [f"\N{LESS-THAN OR EQUAL TO}{labels[0]}", *labels[1:-1],
                          f"\N{GREATER-THAN OR EQUAL TO}{labels[-1]}"])  # fmt: skip
    ax.set_xlim(edges[0], edges[-1])
    return ax


def agreement_figure(
    detection: pd.DataFrame,
    confusion: pd.DataFrame,
    action_units: pd.DataFrame,
    timing: pd.DataFrame,
    differences: pd.DataFrame,
) -> Figure:
    """Compose detection, labels, action units and times of two coders.

    Parameters
    ----------
    detection, confusion, action_units : DataFrame
        As for the plots of the panels, of one way of matching events.
    timing : DataFrame
        One row per ``time`` of `TIMES_DRAWN`, as for `plot_time_differences`.
    differences : DataFrame
        ``time, difference_ms, censored``.

    Returns
    -------
    Figure
        180 mm wide.

    Raises
    ------
    MissingInput
        When no event was matched.
    """
    if confusion.empty or differences.empty:
        raise MissingInput(
            "confusion, differences: need rows, but no event was seen by both coders."
        )
    often = action_units["n_a"] + action_units["n_b"] - action_units["n_both"] >= MIN_SHOWN
    units = action_units[often].sort_values("prevalence", ascending=False, kind="stable")
    lower_mm = max(_ROW_MM * len(units) + 16, 90.0)
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=58 + lower_mm)
        halves = figure.add_gridspec(2, 1, height_ratios=(52, lower_mm))
        top = halves[0].subgridspec(1, 3)
        bottom = halves[1].subgridspec(1, 3, width_ratios=(1.15, 0.5, 1.6))
        first = plot_detection(detection, figure.add_subplot(top[0]))
        first.set_ylabel("F1 of detection")
        second = plot_detection(detection, figure.add_subplot(top[1]), by="onset")
        second.set_ylabel("F1 of detection")
        third = plot_confusion(confusion, figure.add_subplot(top[2]))
        fourth = figure.add_subplot(bottom[0])
        beside = figure.add_subplot(bottom[1])
        if len(units):
            plot_action_unit_kappas(units, fourth, beside)
            fourth.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
        right = bottom[2].subgridspec(len(TIMES_DRAWN), 1)
        times = [figure.add_subplot(right[place]) for place in range(len(TIMES_DRAWN))]
        for ax, time in zip(times, TIMES_DRAWN, strict=True):
            _time_panel(differences, timing, time, ax)
        times[-1].set_xlabel("Coder A minus coder B (ms)")
        for ax, letter in zip((first, second, third, fourth, times[0]), "abcde", strict=True):
            panel_letter(ax, letter)
    return figure


def _time_panel(differences: pd.DataFrame, timing: pd.DataFrame, time: str, ax: Axes) -> None:
    """Distribution of the differences in one time, or why there is none."""
    name = time.removesuffix("_coded")
    is_drawn = differences["time"] == name
    if name != time:
        is_drawn &= ~differences["censored"].astype(bool)
    ax.set_title(f"{name.capitalize()}{', coded by both' if name != time else ''}", loc="left")
    ax.set_ylabel("Events")
    limits = timing[timing["time"] == time].iloc[0]
    if np.isfinite(limits["bias_ms"]):
        plot_time_differences(differences.loc[is_drawn, "difference_ms"], limits, ax)
    else:
        ax.text(0.5, 0.5, "too few events", transform=ax.transAxes, ha="center", color="0.4")


def _signed(value: float) -> str:
    """Whole number with a typographic minus."""
    return with_minus(f"{value:.0f}")
