"""Figures of event-locked autonomic responses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mmme_neuro.errors import BadInput
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


@dataclass(frozen=True)
class Quantity:
    """How a channel is shown.

    Parameters
    ----------
    title : str
        Name of the signal.
    unit : str
        Unit on the axis.
    scale : float
        From the unit of the channel to that on the axis.
    """

    title: str
    unit: str
    scale: float = 1.0


QUANTITIES: Mapping[str, Quantity] = MappingProxyType(
    {
        "eda": Quantity("Skin conductance", "µS", 1e6),
        "eda_phasic": Quantity("Phasic skin conductance", "µS", 1e6),
        "eda_tonic": Quantity("Tonic skin conductance", "µS", 1e6),
        "heart_rate": Quantity("Heart rate", "beats/min"),
        "pulse_rate": Quantity("Pulse rate", "beats/min"),
        "pulse_amplitude": Quantity("Pulse amplitude", "mV", 1e3),
        "rsp_rate": Quantity("Breathing rate", "breaths/min"),
        "rsp_amplitude": Quantity("Breathing amplitude", "V"),
        "skt": Quantity("Skin temperature", "°C"),
        "skt_b": Quantity("Skin temperature B", "°C"),
        "emg_a": Quantity("Muscle activity A", "µV", 1e6),
        "emg_b": Quantity("Muscle activity B", "µV", 1e6),
    }
)
"""Shown quantities by channel of :func:`mmme_neuro.derive_physio`."""


def response_panel(
    band: pd.DataFrame,
    ax: Axes,
    *,
    channel: str,
    levels: Levels,
    window: tuple[float, float] | None = None,
) -> Axes:
    """Draw the mean response of each condition with its confidence band.

    Parameters
    ----------
    band : pandas.DataFrame
        Columns ``channel, condition, time, mean, ci_low, ci_high`` (s and unit of the channel),
        as :func:`mmme_neuro.responses.curves.within_participant_band` gives it.
    ax : matplotlib.axes.Axes
        Where to draw.
    channel : str
        Channel to draw.
    levels : sequence of str | mapping of str to str
        Conditions in the order of drawing, the reference first; a mapping gives their names.
    window : tuple of float or None
        Measuring window to mark on the time axis, s.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    shown = band[band["channel"] == channel]
    if shown.empty:
        raise BadInput(
            f"channel: expected one of {sorted(band['channel'].unique())}, got {channel!r}"
        )
    unknown = sorted(set(shown["condition"]) - set(levels))
    if unknown:
        raise BadInput(f"levels={list(levels)}: the table has {unknown}, too; name them.")
    quantity = QUANTITIES.get(channel, Quantity(channel, "a.u."))
    ax.axhline(0.0, color="0.75", linewidth=0.6, zorder=0)
    mark_onset(ax)
    if window is not None:
        ax.axvspan(*window, color="0.95", linewidth=0, zorder=-1)
    for level in levels:
        curve = shown[shown["condition"] == level].sort_values("time")
        if not curve.empty:
            look = name_of(level, levels), color_of(level, levels)
            _draw_curve(curve, ax, quantity.scale, *look)
    ax.set_xlim(shown["time"].min(), shown["time"].max())
    ax.xaxis.set_major_locator(MaxNLocator(nbins=7, integer=True, steps=[1, 2, 5, 10]))
    ax.set_title(quantity.title)
    ax.set_ylabel(f"Change ({quantity.unit})")
    ax.set_xlabel("Time from onset (s)")
    ax.spines[["top", "right"]].set_visible(False)
    if not np.isfinite(shown["mean"]).any():
        ax.text(0.5, 0.5, "no data", transform=ax.transAxes, ha="center", va="bottom", color="0.4")
        ax.set_yticks([])
    return ax


def autonomic_figure(
    band: pd.DataFrame,
    *,
    levels: Levels,
    channels: Sequence[str] | None = None,
    windows: Mapping[str, tuple[float, float]] | None = None,
    n_columns: int = 3,
) -> Figure:
    """Draw the mean responses of all channels in a grid.

    Parameters
    ----------
    band : pandas.DataFrame
        As for :func:`response_panel`.
    levels : sequence of str | mapping of str to str
        Conditions in the order of drawing, the reference first; a mapping gives their names.
    channels : sequence of str or None
        Channels in the order of the panels; None takes all of the table, in its order.
    windows : mapping of str to tuple of float, or None
        Measuring window of each channel to mark, s.
    n_columns : int
        Most panels in a row.

    Returns
    -------
    matplotlib.figure.Figure
        180 mm wide, one legend for all panels; not shown and not saved.
    """
    channels = list(band["channel"].unique()) if channels is None else list(channels)
    n_columns = min(n_columns, len(channels))
    n_rows = -(-len(channels) // n_columns)
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=8 + 43 * n_rows)
        axes = [figure.add_subplot(n_rows, n_columns, i + 1) for i in range(len(channels))]
        for i, (channel, ax) in enumerate(zip(channels, axes, strict=True)):
            window = (windows or {}).get(channel)
            response_panel(band, ax, channel=channel, levels=levels, window=window)
            ax.locator_params(axis="y", nbins=5)
            panel_letter(ax, "abcdefghijklmnopqrstuvwxyz"[i])
            if i + n_columns < len(channels):
                ax.set_xlabel("")
        handles, labels = _legend_entries(axes)
        figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
        figure.align_ylabels(axes)
    return figure


def _draw_curve(curve: pd.DataFrame, ax: Axes, scale: float, label: str, color: str) -> None:
    """One mean and its band."""
    ax.fill_between(
        curve["time"],
        scale * curve["ci_low"],
        scale * curve["ci_high"],
        color=color,
        alpha=0.2,
        linewidth=0,
    )
    ax.plot(curve["time"], scale * curve["mean"], color=color, label=label)


def _legend_entries(axes: Sequence[Axes]) -> tuple[list, list[str]]:
    """Each condition once, whatever panel it is in."""
    entries: dict[str, Artist] = {}
    for ax in axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    return list(entries.values()), list(entries)
