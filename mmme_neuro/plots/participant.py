"""Figure of one participant's data: potentials, spectra, clocks and usable signals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmme_neuro.plots.cleaning import AFTER, BEFORE
from mmme_neuro.plots.clocks import DEVICE_COLORS, DEVICE_NAMES, SECONDS_PER_MINUTE
from mmme_neuro.plots.style import (
    OKABE_ITO,
    PAGE_MM,
    Levels,
    color_of,
    journal_style,
    mark_onset,
    new_figure,
    panel_letter,
)
from mmme_neuro.responses.measures import Measure
from mmme_neuro.wording import channel_name

HEIGHT_MM = 88.0
FREQUENCY_TICKS = (1, 2, 5, 10, 20, 50, 100)
USABLE = "usable_"
"""What names of measures of a channel's usable share begin with."""


@dataclass(frozen=True)
class ParticipantData:
    """What is drawn of one participant.

    Parameters
    ----------
    participant : str
        Name in the curves.
    curves : Dataset
        As of `mmme_neuro.responses.curves.participant_curves`, of everybody.
    spectra, codes, quality : DataFrame
        The participant's own rows of ``spectra, codes, participant_quality``.
    """

    participant: str
    curves: xr.Dataset
    spectra: pd.DataFrame
    codes: pd.DataFrame
    quality: pd.DataFrame


def participant_figure(
    data: ParticipantData, usual: pd.DataFrame, *, levels: Levels, measures: Sequence[Measure]
) -> Figure:
    """Compose one participant's potentials, spectra, trigger residuals and usable signals.

    Parameters
    ----------
    data : ParticipantData
        What is drawn; what it lacks is said in the panel.
    usual : DataFrame
        ``frequency, cleaning, low, median, high``: where most participants' spectra lie.
    levels : sequence of str | mapping of str to str
        Conditions in the order of drawing, the reference first.
    measures : sequence of Measure
        The first two regions are drawn, windows shaded.

    Returns
    -------
    figure : Figure
        180 mm wide, two rows of three panels.
    """
    rois = list(dict.fromkeys(str(measure.roi) for measure in measures))[:2]
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=HEIGHT_MM)
        top, bottom = figure.subplots(2, 3)
        for ax, roi in zip(top, rois, strict=False):
            own = [measure for measure in measures if measure.roi == roi]
            plot_curves(data, ax, roi=roi, levels=levels, measures=own)
        plot_spectra(data.spectra, usual, top[2])
        for ax, device in zip(bottom, DEVICE_NAMES, strict=False):
            plot_code_residuals(data.codes[data.codes["device"] == device], ax, device=device)
        plot_usable(data.quality, bottom[2])
        for letter, ax in zip("abcdef", (*top, *bottom), strict=True):
            panel_letter(ax, letter)
    return figure


def plot_curves(
    data: ParticipantData, ax: Axes, *, roi: str, levels: Levels, measures: Sequence[Measure] = ()
) -> Axes:
    """Draw the mean potential of a region by condition with its standard error over events.

    Parameters
    ----------
    data : ParticipantData
        Its curves are drawn.
    ax : Axes
        Where to draw.
    roi : str
        Region.
    levels : sequence of str | mapping of str to str
        Conditions in the order of drawing, the reference first.
    measures : sequence of Measure
        Their windows are shaded.

    Returns
    -------
    ax : Axes
        The same axes.
    """
    ax.set_title(roi.replace("_", "-").capitalize(), loc="left")
    if data.participant not in data.curves["participant"]:
        return _without(ax, "no events of the compared conditions")
    own = data.curves.sel(participant=data.participant, roi=roi)
    times = own["time"].to_numpy()
    for measure in measures:
        ax.axvspan(*measure.window, color="0.92", zorder=0)
    ax.axhline(0, color="0.6", linewidth=0.5, zorder=1)
    mark_onset(ax)
    for level in levels:
        cell, color = own.sel(condition=level), color_of(level, levels)
        if not (n := int(cell["n_epochs"])):
            continue
        mean, error = cell["mean"].to_numpy(), np.nan_to_num(cell["std_error"].to_numpy())
        ax.fill_between(times, mean - error, mean + error, color=color, alpha=0.2, linewidth=0)
        ax.plot(times, mean, color=color, label=f"{level} ({n})", linewidth=0.9)
    ax.set(xlim=(times[0], times[-1]), xlabel="Time from onset (s)", ylabel="Amplitude (µV)")
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.18 * (high - low))  # room for the legend
    ax.legend(loc="upper center", ncols=2, handlelength=1.2, columnspacing=1, borderaxespad=0.1)
    return ax


def plot_spectra(spectra: pd.DataFrame, usual: pd.DataFrame, ax: Axes) -> Axes:
    """Draw a participant's spectra before and after cleaning over the range of most.

    Parameters
    ----------
    spectra : DataFrame
        ``frequency, before_db, after_db``.
    usual : DataFrame
        ``frequency, cleaning, low, high``.
    ax : Axes
        Where to draw.

    Returns
    -------
    ax : Axes
        The same axes.
    """
    ax.set_title("Spectrum of the EEG", loc="left")
    shown = spectra[spectra["frequency"] >= FREQUENCY_TICKS[0]]
    if shown.empty:
        return _without(ax, "the EEG came cleaned")
    for when, color, label in (("before", BEFORE, "as recorded"), ("after", AFTER, "cleaned")):
        band = usual[(usual["cleaning"] == when) & (usual["frequency"] >= FREQUENCY_TICKS[0])]
        ax.fill_between(
            band["frequency"], band["low"], band["high"], color=color, alpha=0.15, linewidth=0
        )
        ax.plot(shown["frequency"], shown[f"{when}_db"], color=color, linewidth=0.8, label=label)
    ax.set_xscale("log")
    ax.set_xticks(FREQUENCY_TICKS, [f"{tick:g}" for tick in FREQUENCY_TICKS])
    ax.minorticks_off()
    ax.set(xlim=(FREQUENCY_TICKS[0], shown["frequency"].max()), xlabel="Frequency (Hz)")
    ax.set_ylabel("Power (dB re 1 µV²/Hz)")
    # Filters and notches go down for ever; what is seen is the rest.
    low = float(usual["low"].quantile(0.02))
    high = max(float(usual["high"].max()), float(shown["before_db"].max()))
    ax.set_ylim(low - 3, high + 3)
    ax.legend(loc="lower left")
    return ax


def plot_code_residuals(codes: pd.DataFrame, ax: Axes, *, device: str) -> Axes:
    """Draw what remains at every matched trigger code after the clocks were aligned.

    Parameters
    ----------
    codes : DataFrame
        ``onset_reference`` (s) and ``residual_ms``, NaN where a code was not matched.
    ax : Axes
        Where to draw.
    device : str
        Name in the tables.

    Returns
    -------
    ax : Axes
        The same axes.
    """
    ax.set_title(DEVICE_NAMES.get(device, device), loc="left")
    matched = codes[codes["residual_ms"].notna()]
    if matched.empty:
        return _without(ax, "not aligned by codes")
    minutes = matched["onset_reference"].to_numpy() / SECONDS_PER_MINUTE
    residual = matched["residual_ms"].to_numpy()
    color = DEVICE_COLORS.get(device, OKABE_ITO["black"])
    ax.axhline(0, color="0.6", linewidth=0.5, zorder=1)
    ax.vlines(minutes, 0, residual, color=color, linewidth=0.7, alpha=0.6)
    ax.plot(minutes, residual, "o", color=color, markersize=2.5, markeredgewidth=0)
    reach = 1.15 * max(float(np.abs(residual).max()), 1.0)
    ax.set(ylim=(-reach, reach), xlabel="Time on the EEG clock (min)", ylabel="Residual (ms)")
    return ax


def plot_usable(quality: pd.DataFrame, ax: Axes) -> Axes:
    """Draw the usable share of each derived signal.

    Parameters
    ----------
    quality : DataFrame
        ``measure, value, median, is_beyond_limit``; measures of shares begin with `USABLE`.
    ax : Axes
        Where to draw.

    Returns
    -------
    ax : Axes
        The same axes.
    """
    ax.set_title("Usable share", loc="left")
    own = quality[quality["measure"].str.startswith(USABLE)]
    if own.empty:
        return _without(ax, "no physiology")
    names = [channel_name(name.removeprefix(USABLE)) for name in own["measure"]]
    bars = ax.barh(range(len(own)), 100 * own["value"], height=0.7, color=OKABE_ITO["sky"])
    for bar, is_beyond in zip(bars, own["is_beyond_limit"], strict=True):
        bar.set_hatch("////" if is_beyond else "")
    rows = np.arange(len(own))
    ax.vlines(100 * own["median"], rows - 0.35, rows + 0.35, color="black", linewidth=0.9)
    ax.set_yticks(rows, names, fontsize=5.5)
    ax.set(xlim=(0, 101), ylim=(len(own) - 0.4, -0.6), xlabel="Samples (%)")
    ax.tick_params(axis="y", length=0)
    return ax


def _without(ax: Axes, reason: str) -> Axes:
    """Say why a panel is empty."""
    ax.set_axis_off()
    ax.text(0.5, 0.5, reason, ha="center", va="center", transform=ax.transAxes, color="0.35")
    return ax
