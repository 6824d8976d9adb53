"""Time-frequency maps of conditions and their difference on one symmetric color scale."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmme_neuro.errors import BadInput, MissingInput
from mmme_neuro.plots.style import (
    DIVERGING,
    PAGE_MM,
    Levels,
    difference_name,
    journal_style,
    mark_onset,
    name_of,
    new_figure,
    panel_letter,
)
from mmme_neuro.responses.regions import roi_channels
from mmme_neuro.responses.spectral.timefrequency import TimeFrequency

FREQUENCY_TICKS = (1, 2, 4, 6, 8, 10, 13, 20, 30, 40, 60, 80)


def plot_time_frequency(
    values: xr.DataArray,
    ax: Axes,
    *,
    limit: float,
    baseline: tuple[float, float] | None = None,
    log: bool = True,
) -> Axes:
    """Draw one map of power.

    Parameters
    ----------
    values : DataArray
        On (frequency in Hz, time in s). Where its coordinate ``reliable`` is False the map is
        faded, as the wavelet reaches past the epoch there.
    ax : Axes
        Where to draw.
    limit : float
        The colors run from ``-limit`` to ``limit``, in the units of ``values``.
    baseline : tuple of float | None
        Baseline in s, marked on the time axis.
    log : bool
        Whether the frequency axis is logarithmic.

    Returns
    -------
    ax : Axes
        The same axes.
    """
    values = values.transpose("frequency", "time")
    times, frequencies = values["time"].to_numpy(), values["frequency"].to_numpy()
    ax.set_yscale("log" if log else "linear")
    ax.pcolormesh(
        times, frequencies, values.to_numpy(), cmap=DIVERGING, vmin=-limit, vmax=limit,
        shading="gouraud", rasterized=True,
    )  # fmt: skip
    if "reliable" in values.coords and not values["reliable"].all():
        _fade(ax, values)
    mark_onset(ax)
    if baseline is not None:
        ax.plot(
            baseline, (0.012, 0.012), color="black", linewidth=2.5, solid_capstyle="butt",
            transform=ax.get_xaxis_transform(),
        )  # fmt: skip
    ax.set(
        xlim=(times[0], times[-1]),
        ylim=(frequencies[0], frequencies[-1]),
        xlabel="Time from onset (s)",
        ylabel="Frequency (Hz)",
    )
    ticks = [tick for tick in FREQUENCY_TICKS if frequencies[0] <= tick <= frequencies[-1]]
    if ticks:
        ax.set_yticks(ticks, [str(tick) for tick in ticks])
        ax.set_yticks([], minor=True)
    return ax


def time_frequency_figure(
    maps: TimeFrequency,
    *,
    rois: Sequence[str | Sequence[str]],
    levels: Levels,
    limit: float | None = None,
    log: bool = True,
    marked: xr.DataArray | None = None,
) -> Figure:
    """Compose the maps of two conditions and their difference, one row per region.

    Parameters
    ----------
    maps : TimeFrequency
        Maps by condition.
    rois : sequence of (str | sequence of str)
        One row of panels each: a key of `regions.ROIS`, a channel, or several channels that are
        averaged.
    levels : sequence of str | mapping of str to str
        The two conditions, the reference first; a mapping gives their names. Columns are the
        second, the first, and second minus first, all panels on one color scale.
    limit : float | None
        Largest magnitude of the color scale; None for the largest reliable one in the maps.
    log : bool
        Whether the frequency axis is logarithmic.
    marked : DataArray of bool | None
        On (channel, frequency, time): outlined in the difference of rows that are one channel, for
        example cells of a corrected test.

    Returns
    -------
    figure : Figure
        180 mm wide.
    """
    contrast = list(levels)[::-1]
    _check_conditions(maps, contrast)
    if isinstance(rois, str):
        raise BadInput(f"rois={rois!r}: pass a sequence, one row per region: [{rois!r}].")
    rows = [_region_panels(maps, roi, contrast) for roi in rois]
    if limit is None:
        limit = max(
            float(abs(panel.where(panel["reliable"])).max()) for row in rows for panel in row
        )
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=16 + 50 * len(rows))
        axes = figure.subplots(len(rows), 3, sharex=True, sharey=True, squeeze=False)
        letters = iter("abcdefghijklmnopqrstuvwxyz")
        for roi, row_axes, row in zip(rois, axes, rows, strict=True):
            for ax, panel in zip(row_axes, row, strict=True):
                plot_time_frequency(panel, ax, limit=limit, baseline=maps.baseline, log=log)
                panel_letter(ax, next(letters))
                ax.label_outer()
            row_axes[0].set_ylabel(f"{_region_name(maps, roi)}\nFrequency (Hz)")
            if marked is not None and isinstance(roi, str) and roi in marked["channel"]:
                _outline(row_axes[-1], marked.sel(channel=roi))
        for ax, title in zip(axes[0], _titles(maps, levels), strict=True):
            ax.set_title(title)
        norm = mpl.colors.Normalize(-limit, limit)
        figure.colorbar(
            mpl.cm.ScalarMappable(norm, DIVERGING), ax=axes, aspect=18 * len(rows),
            label=_label(maps),
        )  # fmt: skip
        figure.supxlabel(
            f"{_resolution(maps)}. Bar: baseline; beyond the dotted lines the wavelet reaches "
            "past the epoch.",
            fontsize=6.5, color="0.3",
        )  # fmt: skip
    return figure


def _region_panels(
    maps: TimeFrequency, roi: str | Sequence[str], contrast: Sequence[str]
) -> list[xr.DataArray]:
    """Maps of one row: both conditions and their difference."""
    region = maps.data.sel(channel=_region_channels(maps, roi)).mean("channel")
    first, second = (region.sel(condition=name, drop=True) for name in contrast)
    return [first, second, first - second]


def _region_channels(maps: TimeFrequency, roi: str | Sequence[str]) -> list[str]:
    """Channels of a row; a single channel may be named by itself."""
    if isinstance(roi, str) and roi in maps.info["ch_names"]:
        return roi_channels(maps.info, [roi])
    return roi_channels(maps.info, roi)


def _region_name(maps: TimeFrequency, roi: str | Sequence[str]) -> str:
    """Label of a row: the region with its channels, or its one channel."""
    channels = ", ".join(_region_channels(maps, roi))
    if isinstance(roi, str) and roi != channels:
        return f"{roi.replace('_', '-')} ({channels})"
    return channels


def _titles(maps: TimeFrequency, levels: Levels) -> list[str]:
    """Headings of the three columns."""
    counted = [
        f"{name_of(name, levels)} ({_count(maps, name)} epochs)" for name in list(levels)[::-1]
    ]
    return [*counted, difference_name(levels)]


def _count(maps: TimeFrequency, condition: str) -> int:
    """Epochs of a condition."""
    position = list(maps.data["condition"].to_numpy()).index(condition)
    return int(maps.counts["n_epochs"].iloc[position])


def _label(maps: TimeFrequency) -> str:
    """Quantity and unit of the color bar."""
    units = maps.data.attrs["units"].replace("uV^2", "µV²")
    kind = "Power" if maps.baseline is None else "Power change"
    return f"{kind} ({units})"


def _resolution(maps: TimeFrequency) -> str:
    """Temporal resolution at both ends of the frequency axis."""
    width = maps.data["fwhm"].to_numpy() * 1000
    frequencies = maps.data["frequency"].to_numpy()
    return (
        f"Temporal FWHM {width[0]:.0f} ms at {frequencies[0]:g} Hz, {width[-1]:.0f} ms at "
        f"{frequencies[-1]:g} Hz"
    )


def _fade(ax: Axes, values: xr.DataArray) -> None:
    """Fade the map where the wavelet reaches past the epoch."""
    unreliable = ~values["reliable"].transpose("frequency", "time").to_numpy()
    ax.contourf(
        values["time"], values["frequency"], unreliable.astype(float), levels=[0.5, 1.5],
        colors=["white"], alpha=0.55,
    )  # fmt: skip
    ax.contour(
        values["time"], values["frequency"], unreliable.astype(float), levels=[0.5],
        colors=["0.45"], linewidths=0.5, linestyles="dotted",
    )  # fmt: skip


def _outline(ax: Axes, marked: xr.DataArray) -> None:
    """Outline marked cells."""
    values = marked.transpose("frequency", "time").to_numpy().astype(float)
    if values.any():
        ax.contour(
            marked["time"], marked["frequency"], values, levels=[0.5], colors=["black"],
            linewidths=0.8,
        )  # fmt: skip


def _check_conditions(maps: TimeFrequency, contrast: Sequence[str]) -> None:
    """Refuse conditions that the maps do not have."""
    known = list(maps.data["condition"].to_numpy())
    unknown = [name for name in contrast if name not in known]
    if unknown:
        raise BadInput(f"levels={list(contrast)[::-1]}: the maps have conditions {known}.")
    if not np.isfinite(maps.data.sel(condition=list(contrast))).any():
        raise MissingInput("maps: every value is missing; were the channels flat?")
