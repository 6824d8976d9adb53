"""One picture of a study: what the brain and the body do around an expression."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmme_neuro.plots.autonomic import response_panel
from mmme_neuro.plots.evoked import plot_evoked, plot_topography
from mmme_neuro.plots.style import DIVERGING, PAGE_MM, difference_name, journal_style, new_figure
from mmme_neuro.responses.grandaverage import GrandAverage, difference, region_average
from mmme_neuro.responses.regions import Window, roi_channels


def overview_figure(
    grand: GrandAverage,
    band: pd.DataFrame,
    *,
    windows: Sequence[Window],
    channels: Sequence[str],
    physio_windows: Mapping[str, tuple[float, float]],
    contrast: tuple[str, str] = ("micro", "macro"),
) -> Figure:
    """Compose potentials of two windows, the scalp map of the second, and autonomic responses.

    Parameters
    ----------
    grand : GrandAverage
        Averages over participants.
    band : DataFrame
        Mean autonomic responses, as of `response_panel`.
    windows : sequence of Window
        Two windows; each is shaded in the trace of its own region.
    channels : sequence of str
        Three channels of the autonomic responses.
    physio_windows : mapping of str to tuple of float
        Measuring window of each channel, s.
    contrast : tuple of str
        Conditions (a, b) of the scalp map of a - b.

    Returns
    -------
    figure : Figure
        180 mm wide.
    """
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=100)
        axes = figure.subplots(2, 3)
        for ax, window in zip(axes[0], windows, strict=False):
            region = region_average(grand, window.roi)
            plot_evoked(region, ax, windows=[window])
            ax.set_title(f"EEG, {str(window.roi).replace('_', '-')}", loc="left", weight="bold")
        low = min(ax.get_ylim()[0] for ax in axes[0, :2])
        high = max(ax.get_ylim()[1] for ax in axes[0, :2])
        for ax in axes[0, :2]:
            ax.set_ylim(low, high)
        _draw_map(figure, axes[0, 2], grand, windows[1], contrast)
        for ax, channel in zip(axes[1], channels, strict=True):
            response_panel(band, ax, channel=channel, window=physio_windows.get(channel))
            ax.set_title(ax.get_title(loc="left"), loc="left", weight="bold")
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def _draw_map(
    figure: Figure, ax: Axes, grand: GrandAverage, window: Window, contrast: tuple[str, str]
) -> None:
    """Scalp map of the difference in a window, with its colour bar."""
    span = slice(window.tmin, window.tmax)
    values = difference(grand, *contrast)["mean"].sel(time=span).mean("time")
    limit = float(abs(values).max())
    highlight = roi_channels(grand.info, window.roi)
    plot_topography(values, grand.info, ax, limit=limit, highlight=highlight)
    ax.set_title(f"{difference_name(*contrast)}, {window.name.replace('_', ' ')}", weight="bold")
    norm = mpl.colors.Normalize(-limit, limit)
    figure.colorbar(
        mpl.cm.ScalarMappable(norm, DIVERGING), ax=ax, label="Amplitude (µV)", shrink=0.7
    )
