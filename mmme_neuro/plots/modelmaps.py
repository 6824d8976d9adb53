"""Effects of mixed models over maps: time courses, topographies, boundaries; random effects."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import mne
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure

from mmme_neuro.plots.autonomic import QUANTITIES, Quantity
from mmme_neuro.plots.connectivity import order_channels
from mmme_neuro.plots.scalp import scalp_map
from mmme_neuro.plots.style import (
    DIVERGING,
    OKABE_ITO,
    PAGE_MM,
    journal_style,
    mark_onset,
    mark_times,
    new_figure,
    panel_letter,
)
from mmme_neuro.wording import response_name, unit_text, with_minus

STATUS_COLORS = {
    "interior": "#FFFFFF",
    "boundary: participants": OKABE_ITO["sky"],
    "boundary: stimuli": OKABE_ITO["orange"],
    "boundary: both": OKABE_ITO["purple"],
    "not fitted": "#000000",
}
EFFECT_COLOR = OKABE_ITO["black"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def plot_effect_course(effect: xr.Dataset, ax: Axes, *, scale: float = 1.0, alpha: float) -> Axes:
    """Draw an effect over time with the interval of each time, and mark corrected times.

    Parameters
    ----------
    effect : Dataset
        ``estimate, ci_low, ci_high, p_value`` on (time,).
    ax : Axes
        Where to draw.
    scale : float
        From the unit of the effect to that on the axis.
    alpha : float
        Times whose corrected p-value is at most this have a bar at the bottom.

    Returns
    -------
    Axes
    """
    times = effect["time"].to_numpy()
    mark_onset(ax)
    ax.axhline(0, color="0.6", linewidth=0.5, zorder=1)
    low, high = (scale * effect[name].to_numpy() for name in ("ci_low", "ci_high"))
    ax.fill_between(times, low, high, color=EFFECT_COLOR, alpha=0.18, linewidth=0)
    ax.plot(times, scale * effect["estimate"].to_numpy(), color=EFFECT_COLOR)
    step = np.diff(times).mean()
    ax.set_xlim(times[0] - step / 2, times[-1] + step / 2)
    bottom, top = np.nanmin(low), np.nanmax(high)
    ax.set_ylim(bottom - 0.12 * (top - bottom), top + 0.05 * (top - bottom))
    mark_times(ax, times, effect["p_value"].to_numpy() <= alpha)
    return ax


def effect_courses_figure(
    regions: xr.Dataset, signals: xr.Dataset, *, effect: str, alpha: float = 0.05
) -> Figure:
    """Compose time courses of an effect: regions of the scalp left, signals of the body right.

    Parameters
    ----------
    regions : Dataset
        ``estimate, ci_low, ci_high, p_value`` in uV on (region, time).
    signals : Dataset
        The same on (channel, time) in the channels' own units.
    effect : str
        Printed name of the effect.
    alpha : float
        Of the bars.

    Returns
    -------
    Figure
        180 mm wide.
    """
    names, channels = list(regions["region"].to_numpy()), list(signals["channel"].to_numpy())
    n_rows = max(len(names), len(channels))
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=8 + 36 * n_rows)
        axes = figure.subplots(n_rows, 2, squeeze=False, sharex="col")
        letters = iter(LETTERS)
        for row in range(n_rows):
            for column, listed in enumerate((names, channels)):
                ax = axes[row, column]
                if row >= len(listed):
                    ax.set_axis_off()
                    continue
                name = listed[row]
                if column == 0:
                    quantity = Quantity(name.replace("_", "-"), "µV")
                    data = regions.sel(region=name)
                else:
                    quantity = QUANTITIES.get(name, Quantity(response_name(name), "a.u."))
                    data = signals.sel(channel=name)
                plot_effect_course(data, ax, scale=quantity.scale, alpha=alpha)
                title = quantity.title[:1].upper() + quantity.title[1:]
                ax.set_title(f"{title} ({quantity.unit})")
                ax.set_ylabel(effect)
                if row == len(listed) - 1:
                    ax.tick_params(labelbottom=True)
                    ax.set_xlabel("Time from onset (s)")
                panel_letter(ax, next(letters))
        figure.align_ylabels(axes)
    return figure


def effect_maps_figure(
    effect: xr.Dataset,
    info: mne.Info,
    *,
    times: Sequence[float],
    name: str,
    alpha: float = 0.05,
) -> Figure:
    """Compose scalp maps of t, channels over time, and where variances lie on a boundary.

    Parameters
    ----------
    effect : Dataset
        ``statistic, p_value, status`` on (channel, time).
    info : mne.Info
        Channels with positions.
    times : sequence of float
        Centers of the scalp maps, s.
    name : str
        Printed name of the effect.
    alpha : float
        White dots and outlines: corrected p-value at most this.

    Returns
    -------
    Figure
        180 mm wide.
    """
    ordered = effect.sel(channel=order_channels(list(effect["channel"].to_numpy())))
    limit = float(np.nanmax(np.abs(ordered["statistic"])))
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=170)
        parts = figure.subfigures(2, 1, squeeze=False, height_ratios=(26, 144))[:, 0]
        _topographies(parts[0], ordered, info, times, limit, alpha)
        upper, lower = parts[1].subplots(2, 1, sharex=True)
        image = _channels_over_time(
            upper, ordered, ordered["statistic"], DIVERGING, vmin=-limit, vmax=limit
        )
        _outline(upper, ordered, ordered["p_value"].to_numpy() <= alpha)
        parts[1].colorbar(image, ax=upper, label=f"t ({name})", aspect=25, pad=0.01)
        upper.set_xlabel("")
        panel_letter(upper, "b")
        _status_panel(parts[1], lower, ordered)
        panel_letter(lower, "c")
    return figure


def status_classes(status: xr.DataArray) -> xr.DataArray:
    """Sort statuses of cells into those of `STATUS_COLORS`.

    Parameters
    ----------
    status : DataArray
        Codes of `LMMMap`, with its ``boundaries``.

    Returns
    -------
    DataArray
        Positions in `STATUS_COLORS`.
    """
    codes = status.to_numpy()
    classes = np.zeros(codes.shape, dtype=int)
    for bit, text in enumerate(status.attrs["boundaries"]):
        is_there = (codes >= 0) & ((codes >> bit) & 1 == 1)
        classes |= is_there * (2 if text.endswith("| stimulus") else 1)
    classes[codes < 0] = 4
    return status.copy(data=classes)


def random_effects_figure(
    table: pd.DataFrame,
    *,
    responses: Sequence[str],
    rows: Sequence[tuple[str, str, str]],
    names: Mapping[str, str] | None = None,
) -> Figure:
    """Compose caterpillar plots: random effects of participants and stimuli, sorted.

    Parameters
    ----------
    table : DataFrame
        ``response, group, term, level, mode, ci_low, ci_high, unit``.
    responses : sequence of str
        Columns of panels.
    rows : sequence of (group, term, label)
        Rows of panels.
    names : mapping of str to str | None
        Printed names of participants.

    Returns
    -------
    Figure
        180 mm wide; a term that was left out of a model is written so.
    """
    names = names or {}
    counts = [table.loc[table["group"] == group, "level"].nunique() for group, _, _ in rows]
    heights = [max(26.0, 1.9 * count + 8) for count in counts]
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=min(240.0, sum(heights) + 10))
        axes = figure.subplots(
            len(rows), len(responses), squeeze=False, height_ratios=heights, sharex="col"
        )
        letters = iter(LETTERS)
        for (group, term, label), row_axes in zip(rows, axes, strict=True):
            for ax, response in zip(row_axes, responses, strict=True):
                chosen = table[
                    (table["response"] == response)
                    & (table["group"] == group)
                    & (table["term"] == term)
                ]
                _caterpillar(ax, chosen, names)
                panel_letter(ax, next(letters))
            row_axes[0].set_ylabel(label)
        for ax, top, response in zip(axes[-1], axes[0], responses, strict=True):
            unit = table.loc[table["response"] == response, "unit"]
            text = f"({unit_text(unit.iloc[0])})" if len(unit) else ""
            ax.set_xlabel(f"Deviation {text}".strip())
            ax.tick_params(labelbottom=True)
            top.set_title(response_name(response))
    return figure


def _caterpillar(ax: Axes, table: pd.DataFrame, names: Mapping[str, str]) -> None:
    """Modes with intervals from the smallest to the largest."""
    ax.axvline(0, color="0.6", linewidth=0.5, zorder=1)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    if table.empty:
        ax.text(0.5, 0.5, "left out", transform=ax.transAxes, ha="center", va="center",
                color="0.45", fontsize=6.5, bbox={"color": "white"})  # fmt: skip
        ax.set_ylim(0, 1)
        return
    if not table["mode"].any():
        ax.text(0.5, 0.5, "zero variance", transform=ax.transAxes, ha="center", va="center",
                color="0.45", fontsize=6.5, bbox={"color": "white"})  # fmt: skip
        return
    table = table.sort_values(["mode", "level"])
    places = np.arange(len(table))
    ax.hlines(places, table["ci_low"], table["ci_high"], color="0.55", linewidth=1.0)
    ax.plot(table["mode"], places, "o", color=OKABE_ITO["blue"], markersize=2.2)
    ax.set_ylim(-0.8, len(table) - 0.2)
    labels = [names.get(str(level), str(level)) for level in table["level"]]
    if len(table) <= 40:
        ax.set_yticks(places, labels, fontsize=4.5)
        ax.tick_params(axis="y", length=0, pad=1)


def _topographies(
    figure: mpl.figure.SubFigure,
    effect: xr.Dataset,
    info: mne.Info,
    times: Sequence[float],
    limit: float,
    alpha: float,
) -> None:
    """Scalp maps of t at some times."""
    names = list(effect["channel"].to_numpy())
    picked = mne.pick_info(info, [info["ch_names"].index(name) for name in names])
    axes = figure.subplots(1, len(times), squeeze=False)[0]
    for ax, time in zip(axes, times, strict=True):
        here = effect.sel(time=time, method="nearest")
        marked = [n for n, p in zip(names, here["p_value"].to_numpy(), strict=True) if p <= alpha]
        values = np.nan_to_num(here["statistic"].to_numpy())
        scalp_map(values, picked, ax, vlim=(-limit, limit), highlight=marked)
        ax.set_title(with_minus(f"{1000 * float(here['time']):.0f} ms"))
    panel_letter(axes[0], "a")


def _status_panel(figure: mpl.figure.SubFigure, ax: Axes, effect: xr.Dataset) -> None:
    """Status of each fit, and the share of cells with each."""
    classes, labels = status_classes(effect["status"]), list(STATUS_COLORS)
    image = _channels_over_time(
        ax, effect, classes, ListedColormap(list(STATUS_COLORS.values())),
        norm=BoundaryNorm(np.arange(len(labels) + 1) - 0.5, len(labels)),
    )  # fmt: skip
    bar = figure.colorbar(image, ax=ax, aspect=25, pad=0.01, ticks=range(len(labels)))
    shares = [100 * float((classes == code).mean()) for code in range(len(labels))]
    named = zip(labels, shares, strict=True)
    bar.ax.set_yticklabels([f"{label}\n({share:.0f} %)" for label, share in named])
    bar.ax.tick_params(length=0)


def _channels_over_time(
    ax: Axes, effect: xr.Dataset, values: xr.DataArray, colors: str | ListedColormap, **scale: Any
) -> mpl.collections.QuadMesh:
    """Draw an image of channels over time."""
    times, n_channels = effect["time"].to_numpy(), effect.sizes["channel"]
    image = ax.pcolormesh(
        times, np.arange(n_channels), values.transpose("channel", "time").to_numpy(),
        cmap=colors, shading="nearest", rasterized=True, **scale,
    )  # fmt: skip
    mark_onset(ax)
    names = list(effect["channel"].to_numpy())
    every = max(1, round(n_channels / 22))
    ax.set_yticks(range(0, n_channels, every), names[::every], fontsize=5.5)
    ax.invert_yaxis()
    ax.set(xlabel="Time from onset (s)", ylabel="Channel")
    return image


def _outline(ax: Axes, effect: xr.Dataset, is_marked: np.ndarray) -> None:
    """Outline marked cells along their edges."""
    times = effect["time"].to_numpy()
    half = float(np.diff(times).mean()) / 2
    padded = np.pad(is_marked, 1)
    lines = []
    for channel, time in zip(*np.nonzero(padded[1:-1, 1:-1]), strict=True):
        left, right = times[time] - half, times[time] + half
        top, bottom = channel - 0.5, channel + 0.5
        row, column = channel + 1, time + 1
        if not padded[row - 1, column]:
            lines.append([(left, top), (right, top)])
        if not padded[row + 1, column]:
            lines.append([(left, bottom), (right, bottom)])
        if not padded[row, column - 1]:
            lines.append([(left, top), (left, bottom)])
        if not padded[row, column + 1]:
            lines.append([(right, top), (right, bottom)])
    ax.add_collection(mpl.collections.LineCollection(lines, colors="black", linewidths=0.6))
