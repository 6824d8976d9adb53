"""Evoked responses: traces by condition with intervals, and topographies of time windows."""

from collections.abc import Sequence

import matplotlib as mpl
import mne
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmme_neuro.plots.scalp import scalp_map
from mmme_neuro.plots.style import (
    DIVERGING,
    PAGE_MM,
    Levels,
    color_of,
    difference_name,
    journal_style,
    mark_onset,
    mark_times,
    name_of,
    new_figure,
    panel_letter,
)
from mmme_neuro.responses.grandaverage import GrandAverage, difference, region_average
from mmme_neuro.responses.measures import Measure, window_mask
from mmme_neuro.responses.regions import roi_channels
from mmme_neuro.wording import with_minus


def plot_evoked(
    region: xr.Dataset,
    ax: Axes,
    *,
    levels: Levels | None = None,
    measures: Sequence[Measure] = (),
    baseline: tuple[float, float] | None = None,
) -> Axes:
    """Draw the mean response of a region by condition with its interval.

    Parameters
    ----------
    region : Dataset
        ``mean, ci_low, ci_high`` in uV on (condition, time), as of `region_average`.
    ax : Axes
        Where to draw.
    levels : sequence of str | mapping of str to str | None
        Conditions in the order of drawing; a mapping gives their names. None: those of the region.
    measures : sequence of Measure
        Their windows are shaded and named.
    baseline : tuple of float | None
        Baseline in s, marked by a bar on the time axis.

    Returns
    -------
    ax : Axes
        The same axes.
    """
    times = region["time"].to_numpy()
    mark_onset(ax)
    ax.axhline(0, color="0.6", linewidth=0.5, zorder=1)
    levels = region["condition"].to_numpy().tolist() if levels is None else levels
    for condition in levels:
        trace, color = region.sel(condition=condition), color_of(condition, levels)
        ax.fill_between(
            times, trace["ci_low"], trace["ci_high"], color=color, alpha=0.2, linewidth=0
        )
        ax.plot(times, trace["mean"], color=color, label=name_of(condition, levels))
    low, high = float(region["ci_low"].min()), float(region["ci_high"].max())
    # Room below for the baseline and above for the names of the windows.
    ax.set_ylim(low - 0.12 * (high - low), high + 0.16 * (high - low))
    for measure in measures:
        _shade(ax, measure)
    if baseline is not None:
        _baseline_bar(ax, baseline)
    ax.set(xlim=(times[0], times[-1]), xlabel="Time from onset (s)", ylabel="Amplitude (µV)")
    return ax


def plot_topography(
    values: xr.DataArray,
    info: mne.Info,
    ax: Axes,
    *,
    limit: float,
    highlight: Sequence[str] = (),
) -> Axes:
    """Draw values of all channels on the scalp, seen from above, nose up.

    Parameters
    ----------
    values : DataArray
        In uV on (channel,).
    info : mne.Info
        Channels with positions.
    ax : Axes
        Where to draw.
    limit : float
        The colors run from ``-limit`` to ``limit`` uV.
    highlight : sequence of str
        Channels drawn as larger dots, e.g. those of the measured region.

    Returns
    -------
    ax : Axes
        The same axes.
    """
    names = list(values["channel"].to_numpy())
    picked = mne.pick_info(info, [info["ch_names"].index(name) for name in names])
    return scalp_map(values.to_numpy(), picked, ax, vlim=(-limit, limit), highlight=list(highlight))


def evoked_figure(
    grand: GrandAverage,
    *,
    rois: Sequence[str],
    measures: Sequence[Measure],
    levels: Levels,
    baseline: tuple[float, float] | None = None,
    marked: xr.DataArray | None = None,
) -> Figure:
    """Compose traces of regions and, below, topographies of each measure and its difference.

    Parameters
    ----------
    grand : GrandAverage
        Averages over participants.
    rois : sequence of str
        Regions, one trace panel each.
    measures : sequence of Measure
        One row of topographies each; shaded in the traces of their own region.
    levels : sequence of str | mapping of str to str
        The two conditions, the reference first; a mapping gives their names. The topographies show
        the second, the first, and second minus first on one color scale.
    baseline : tuple of float | None
        Baseline in s, marked.
    marked : DataArray of bool | None
        On (region, time): times with a bar at the bottom of that region's panel, for example those
        of a corrected test.

    Returns
    -------
    figure : Figure
        180 mm wide.
    """
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=58 + 40 * len(measures))
        parts = figure.subfigures(2, 1, squeeze=False, height_ratios=(54, 40 * len(measures)))[:, 0]
        _draw_traces(parts[0], grand, rois, measures, levels, baseline, marked)
        _draw_topographies(parts[1], grand, measures, levels)
    return figure


def _draw_traces(
    figure: mpl.figure.SubFigure,
    grand: GrandAverage,
    rois: Sequence[str],
    measures: Sequence[Measure],
    levels: Levels,
    baseline: tuple[float, float] | None,
    marked: xr.DataArray | None,
) -> None:
    """One trace panel a region, on a common amplitude scale."""
    axes = figure.subplots(1, len(rois), squeeze=False)[0]
    for number, (ax, roi) in enumerate(zip(axes, rois, strict=True)):
        region = region_average(grand, roi)
        own = [measure for measure in measures if measure.roi == roi]
        plot_evoked(region, ax, levels=levels, measures=own, baseline=baseline)
        if marked is not None and roi in marked["region"]:
            mark_times(ax, marked["time"].to_numpy(), marked.sel(region=roi).to_numpy())
        ax.set_title(_region_title(roi, region.attrs["channels"]))
        panel_letter(ax, "abcdefgh"[number])
        if number:
            ax.set_ylabel("")
    limits = np.array([ax.get_ylim() for ax in axes])
    for ax in axes:
        ax.set_ylim(limits[:, 0].min(), limits[:, 1].max())
    percent = round(100 * grand.confidence)
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4,
        title=f"mean of {grand.n_participants} participants, within-participant {percent} % CI",
        title_fontsize=6.5,
    )  # fmt: skip


def _draw_topographies(
    figure: mpl.figure.SubFigure,
    grand: GrandAverage,
    measures: Sequence[Measure],
    levels: Levels,
) -> None:
    """Rows of windows; columns of the two conditions and their difference; one color scale."""
    rows = [_window_means(grand, measure, levels) for measure in measures]
    limit = max(float(abs(values).max()) for row in rows for values in row)
    titles = [*(name_of(name, levels) for name in list(levels)[::-1]), difference_name(levels)]
    grid = figure.subplots(len(measures), 4, squeeze=False, width_ratios=(0.45, 1, 1, 1))
    labels, axes = grid[:, 0], grid[:, 1:]
    for measure, label, row_axes, row in zip(measures, labels, axes, rows, strict=True):
        for ax, values in zip(row_axes, row, strict=True):
            highlight = roi_channels(grand.info, measure.roi)
            plot_topography(values, grand.info, ax, limit=limit, highlight=highlight)
        label.text(
            1, 0.5, f"{measure.name.replace('_', ' ')}\n{_span(measure)}", ha="right", va="center"
        )
        label.set_axis_off()
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_title(title)
    panel_letter(axes[0, 0], "abcdefgh"[len(set(one.roi for one in measures))])
    norm = mpl.colors.Normalize(-limit, limit)
    figure.colorbar(
        mpl.cm.ScalarMappable(norm, DIVERGING), ax=axes, label="Amplitude (µV)", shrink=0.7,
        aspect=18,
    )  # fmt: skip


def _window_means(grand: GrandAverage, measure: Measure, levels: Levels) -> list[xr.DataArray]:
    """Channel means in a window: both conditions and their difference."""
    inside = window_mask(grand.data["time"].to_numpy(), measure.window)
    values = [grand.data["mean"].sel(condition=name) for name in list(levels)[::-1]]
    values.append(difference(grand, list(levels))["mean"])
    return [value.isel(time=inside).mean("time") for value in values]


def _span(measure: Measure) -> str:
    """A window's times in ms."""
    first, last = (with_minus(f"{1000 * time:.0f}") for time in measure.window)
    return f"{first} to {last} ms"


def _region_title(roi: str, channels: Sequence[str]) -> str:
    """Region with its channels."""
    return f"{str(roi).replace('_', '-')} ({', '.join(channels)})"


def _shade(ax: Axes, measure: Measure) -> None:
    """Shade a measurement window and name it at the top, clear of the onset line."""
    ax.axvspan(*measure.window, color="0.9", linewidth=0, zorder=0)
    first, last = measure.window
    place, align, shift = (first + last) / 2, "center", 0
    if last <= 0:
        place, align, shift = last, "right", -2
    elif first >= 0:
        place, align, shift = first, "left", 2
    ax.annotate(
        measure.name.replace("_", " "), (place, 1), xytext=(shift, -2),
        xycoords=("data", "axes fraction"), textcoords="offset points",
        ha=align, va="top", fontsize=6, color="0.3",
    )  # fmt: skip


def _baseline_bar(ax: Axes, baseline: tuple[float, float]) -> None:
    """Mark the baseline on the time axis."""
    transform = ax.get_xaxis_transform()
    ax.plot(baseline, (0.05, 0.05), color="0.4", linewidth=2.5, transform=transform,
            solid_capstyle="butt")  # fmt: skip
    ax.text(sum(baseline) / 2, 0.07, "baseline", transform=transform, ha="center", va="bottom",
            fontsize=6, color="0.3")  # fmt: skip
