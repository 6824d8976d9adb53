"""Quality of all recordings: events kept, channels and components removed, and an overview."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmme_neuro.errors import MissingInput
from mmme_neuro.pipeline.losses import LOSS_COLUMNS
from mmme_neuro.plots.autonomic import response_panel
from mmme_neuro.plots.evoked import plot_evoked, plot_topography
from mmme_neuro.plots.style import (
    DIVERGING,
    OKABE_ITO,
    OTHER_COLOR,
    PAGE_MM,
    Levels,
    color_of,
    difference_name,
    journal_style,
    new_figure,
    panel_letter,
)
from mmme_neuro.responses.grandaverage import GrandAverage, difference, region_average
from mmme_neuro.responses.measures import Measure, window_mask
from mmme_neuro.responses.regions import roi_channels


def overview_figure(
    grand: GrandAverage,
    band: pd.DataFrame,
    *,
    measures: Sequence[Measure],
    channels: Sequence[str],
    physio_windows: Mapping[str, tuple[float, float]],
    levels: Levels,
) -> Figure:
    """Compose potentials of two windows, the scalp map of the second, and autonomic responses.

    Parameters
    ----------
    grand : GrandAverage
        Averages over participants.
    band : DataFrame
        Mean autonomic responses, as of `response_panel`.
    measures : sequence of Measure
        Two; the window of each is shaded in the trace of its own region.
    channels : sequence of str
        Three channels of the autonomic responses.
    physio_windows : mapping of str to tuple of float
        Measuring window of each channel, s.
    levels : sequence of str | mapping of str to str
        The two conditions, the reference first; a mapping gives their names. The scalp map is that
        of second minus first.

    Returns
    -------
    figure : Figure
        180 mm wide.
    """
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=100)
        axes = figure.subplots(2, 3)
        for ax, measure in zip(axes[0], measures, strict=False):
            region = region_average(grand, measure.roi)
            plot_evoked(region, ax, levels=levels, measures=[measure])
            ax.set_title(f"EEG, {str(measure.roi).replace('_', '-')}", loc="left", weight="bold")
        low = min(ax.get_ylim()[0] for ax in axes[0, :2])
        high = max(ax.get_ylim()[1] for ax in axes[0, :2])
        for ax in axes[0, :2]:
            ax.set_ylim(low, high)
        _draw_map(figure, axes[0, 2], grand, measures[1], levels)
        for ax, channel in zip(axes[1], channels, strict=True):
            window_s = physio_windows.get(channel)
            response_panel(band, ax, channel=channel, levels=levels, window=window_s)
            ax.set_title(ax.get_title(loc="left"), loc="left", weight="bold")
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def _draw_map(
    figure: Figure, ax: Axes, grand: GrandAverage, measure: Measure, levels: Levels
) -> None:
    """Scalp map of the difference in a window, with its color bar."""
    inside = window_mask(grand.data["time"].to_numpy(), measure.window)
    values = difference(grand, list(levels))["mean"].isel(time=inside).mean("time")
    limit = float(abs(values).max())
    highlight = roi_channels(grand.info, measure.roi)
    plot_topography(values, grand.info, ax, limit=limit, highlight=highlight)
    ax.set_title(f"{difference_name(levels)}, {measure.name.replace('_', ' ')}", weight="bold")
    norm = mpl.colors.Normalize(-limit, limit)
    figure.colorbar(
        mpl.cm.ScalarMappable(norm, DIVERGING), ax=ax, label="Amplitude (µV)", shrink=0.7
    )


OTHER_EVENTS: Mapping[str, tuple[str, str]] = {
    "n_other": ("other", OTHER_COLOR),
    "n_excluded": ("excluded", "white"),
}
"""Events that are not compared: column -> label and color."""

REMOVED_COLORS = {"eye": OKABE_ITO["green"], "muscle": OKABE_ITO["orange"]}
_MOST_NAMED = 60
_ROW_MM = (4.5, 1.6)


def plot_stack(
    table: pd.DataFrame, ax: Axes, *, columns: Mapping[str, tuple[str, str]], xlabel: str
) -> Axes:
    """Draw columns of a table as stacked horizontal bars, one bar per row.

    Parameters
    ----------
    table : DataFrame
        Holds the columns.
    ax : Axes
        Where to draw.
    columns : mapping of str to (label, color)
        Columns from left to right; a white piece is outlined, so that it is seen.
    xlabel : str
        Quantity with its unit.

    Returns
    -------
    ax : Axes
        The same axes.
    """
    left = np.zeros(len(table))
    for column, (label, color) in columns.items():
        values = table[column].to_numpy(dtype=float)
        edge = "0.4" if color == "white" else "none"
        # A piece of no width would still show its outline.
        shown = np.where(values > 0, values, np.nan)
        ax.barh(range(len(table)), shown, left=left, height=0.72, color=color, label=label,
                edgecolor=edge, linewidth=0.4)  # fmt: skip
        left += values
    ax.set(ylim=(len(table) - 0.4, -0.6), xlabel=xlabel, xlim=(0, max(1.05 * left.max(), 1)))
    ax.tick_params(axis="y", length=0)
    ax.locator_params(axis="x", nbins=5, integer=True)
    return ax


def quality_figure(table: pd.DataFrame, *, levels: Levels) -> Figure:
    """Compose events, bad channels, removed components and their share of the variance.

    Parameters
    ----------
    table : DataFrame
        As of `mmme_neuro.pipeline.losses.quality_table`.
    levels : sequence of str | mapping of str to str
        Conditions whose events are counted, the reference first.

    Returns
    -------
    figure : Figure
        180 mm wide, one row per participant.
    """
    counted = {f"n_{level}": (level, color_of(level, levels)) for level in levels}
    needed = [*LOSS_COLUMNS, *counted]
    absent = [column for column in needed if column not in table]
    if absent or table.empty:
        raise MissingInput(f"table: needs rows with columns {needed}, lacks {absent}.")
    is_named = len(table) <= _MOST_NAMED
    row_mm = _ROW_MM[0] if is_named else _ROW_MM[1]
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=28 + row_mm * len(table))
        axes = figure.subplots(1, 4, sharey=True, width_ratios=(1.5, 0.7, 1, 1))
        plot_stack(table, axes[0], columns={**counted, **OTHER_EVENTS}, xlabel="Events")
        bad = {"n_bad_channels": ("interpolated", OKABE_ITO["sky"])}
        plot_stack(table, axes[1], columns=bad, xlabel="Bad channels")
        parts = {f"n_{kind}": (kind, color) for kind, color in REMOVED_COLORS.items()}
        plot_stack(table, axes[2], columns=parts, xlabel="Components removed")
        plot_stack(_percent(table), axes[3], columns=_shares(), xlabel="Variance removed (%)")
        axes[3].set_xlim(0, 100)
        axes[0].set_yticks(
            range(len(table)) if is_named else [], table["participant"] if is_named else []
        )
        for letter, ax in zip("abcd", axes, strict=True):
            panel_letter(ax, letter)
            ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2,
                      handlelength=1, columnspacing=1, handletextpad=0.5)  # fmt: skip
    return figure


def _percent(table: pd.DataFrame) -> pd.DataFrame:
    """The shares of the variance in percent."""
    return 100 * table[[f"{kind}_share" for kind in REMOVED_COLORS]]


def _shares() -> dict[str, tuple[str, str]]:
    """Columns of the shares with label and color."""
    return {f"{kind}_share": (kind, color) for kind, color in REMOVED_COLORS.items()}
