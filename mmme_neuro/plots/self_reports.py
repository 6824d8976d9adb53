"""Figures of the self-reports: emotions felt, and agreement of participants on videos."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmme_neuro.plots.style import (
    OKABE_ITO,
    PAGE_MM,
    SEQUENTIAL,
    journal_style,
    new_figure,
    panel_letter,
)

SELF_REPORT_FORM = "ICC(A,1)"

_ROW_MM = 4.2


def plot_felt(felt: pd.DataFrame, ax: Axes) -> Axes:
    """Draw which emotion was felt most after videos of each intended emotion.

    Parameters
    ----------
    felt : DataFrame
        ``intended, felt, share``.
    ax : Axes
        Where to draw; the intended emotion in rows, shares written in percent.

    Returns
    -------
    Axes
    """
    columns = list(dict.fromkeys(felt["felt"]))
    rows = [name for name in columns if (felt["intended"] == name).any()]
    wide = felt.pivot_table(index="intended", columns="felt", values="share", observed=True)
    shares = wide.reindex(index=rows, columns=columns).to_numpy(dtype=float)
    texts = np.where(shares >= 0.005, np.char.mod("%.0f", 100 * shares), "")
    sns.heatmap(
        shares, ax=ax, cmap=SEQUENTIAL, vmin=0, vmax=1, cbar=False, annot=texts, fmt="",
        annot_kws={"size": 6}, xticklabels=_capital(columns), yticklabels=_capital(rows),
    )  # fmt: skip
    ax.tick_params(axis="y", rotation=0)
    for label in ax.get_xticklabels():
        label.set(rotation=45, ha="right")
    ax.set(xlabel="Felt most (% of trials)", ylabel="Intended")
    ax.tick_params(length=0)
    return ax


def plot_dominance(table: pd.DataFrame, ax: Axes) -> Axes:
    """Draw how often the intended emotion was felt most.

    Parameters
    ----------
    table : DataFrame
        ``intended, measure, estimate, ci_low, ci_high, chance``; rows whose measure is
        ``"dominance"`` are drawn, with chance as a line.
    ax : Axes
        Where to draw.

    Returns
    -------
    Axes
    """
    rows = table[table["measure"] == "dominance"]
    ax.axvline(rows["chance"].iloc[0], color="0.5", linewidth=0.6, linestyle="--")
    _forest(ax, rows, _capital(rows["intended"]))
    ax.set(xlim=(0, 1), xlabel="Intended emotion felt most\n(share of trials)")
    return ax


def plot_agreement(table: pd.DataFrame, ax: Axes, names: Sequence[str]) -> Axes:
    """Draw how far videos move all participants alike.

    Parameters
    ----------
    table : DataFrame
        ``item, form, icc, ci_low, ci_high``; the form `SELF_REPORT_FORM` is drawn.
    ax : Axes
        Where to draw.
    names : sequence of str
        Printed names of the items, as they come.

    Returns
    -------
    Axes
    """
    rows = table[table["form"] == SELF_REPORT_FORM].rename(columns={"icc": "estimate"})
    ax.axvline(0, color="0.5", linewidth=0.6)
    _forest(ax, rows, names)
    ax.set(
        xlim=(min(-0.1, rows["ci_low"].min() - 0.02), 1), xlabel=f"Agreement, {SELF_REPORT_FORM}"
    )
    return ax


def self_report_figure(
    rating_icc: pd.DataFrame,
    video_icc: pd.DataFrame,
    video_names: Sequence[str],
    dominance: pd.DataFrame | None = None,
    felt: pd.DataFrame | None = None,
) -> Figure:
    """Compose the manipulation check: agreement on videos, and emotions felt.

    Parameters
    ----------
    rating_icc, video_icc : DataFrame
        As for `plot_agreement`: of ratings, and of physiological responses to videos.
    video_names : sequence of str
        Printed names of the physiological items.
    dominance, felt : DataFrame, optional
        As for `plot_dominance` and `plot_felt`; without them only agreement is drawn.

    Returns
    -------
    Figure
        180 mm wide.
    """
    both = pd.concat([rating_icc, video_icc])
    drawn = both[both["form"] == SELF_REPORT_FORM]
    names = [*_capital(drawn["item"][: len(drawn) - len(video_names)]), *video_names]
    height = max(_ROW_MM * len(drawn) + 14, 0.0 if dominance is None else 60.0)
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=height)
        if dominance is None or felt is None:
            plot_agreement(both, figure.subplots(), names)
            return figure
        axes = figure.subplots(1, 3, width_ratios=(1.25, 1, 1))
        plot_felt(felt, axes[0])
        plot_dominance(dominance, axes[1])
        plot_agreement(both, axes[2], names)
        for ax, letter in zip(axes, "abc", strict=True):
            panel_letter(ax, letter)
    return figure


def _forest(ax: Axes, rows: pd.DataFrame, names: Sequence[str]) -> None:
    """One dot with an interval a row, from top to bottom."""
    for at, row in enumerate(rows.to_dict("records")):
        ax.plot([row["ci_low"], row["ci_high"]], [at, at], color=OKABE_ITO["blue"])
        ax.plot(row["estimate"], at, "o", color=OKABE_ITO["blue"], markersize=3.5)
    ax.set_yticks(range(len(rows)), list(names))
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)


def _capital(names: Sequence[str] | pd.Series) -> list[str]:
    """Names with a capital letter."""
    return [str(name)[:1].upper() + str(name)[1:] for name in names]
