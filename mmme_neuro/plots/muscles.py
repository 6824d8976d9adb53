"""Figures of facial muscle activity in the EEG and of what results owe to it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmme_neuro.plots.style import (
    Levels,
    color_of,
    difference_name,
    journal_style,
    name_of,
    new_figure,
    panel_letter,
)
from mmme_neuro.signals.eeg.ica import MUSCLE_BAND_HZ
from mmme_neuro.wording import response_name

REGION_ORDER = (
    "face",
    "frontal_polar",
    "temporal",
    "fronto_central",
    "sensorimotor",
    "left_tpj",
    "right_tpj",
    "parietal",
    "occipital",
)
NAMES = {"left_tpj": "Left TPJ", "right_tpj": "Right TPJ", "face": "Facial EMG"}


def power_panel(
    table: pd.DataFrame,
    ax: Axes,
    *,
    levels: Levels,
    muscle_hz: tuple[float, float] = MUSCLE_BAND_HZ,
) -> Axes:
    """Draw muscle power by region and condition, before (open) and after (full) cleaning.

    Parameters
    ----------
    table : DataFrame
        ``roi, condition, cleaning, mean_db, ci_low, ci_high``.
    ax : Axes
        Where to draw.
    levels : sequence of str | mapping of str to str
        The two conditions, the reference first; a mapping gives their names.
    muscle_hz : tuple of float
        Band in which muscles were measured (Hz).

    Returns
    -------
    Axes
    """
    rois = [roi for roi in REGION_ORDER if (table["roi"] == roi).any()]
    for level, offset in zip(levels, (-0.14, 0.14), strict=True):
        for cleaning in ("before", "after"):
            part = table[(table["condition"] == level) & (table["cleaning"] == cleaning)]
            part = part.set_index("roi").reindex(rois)
            places = np.arange(len(rois)) + offset
            color = color_of(level, levels)
            ax.errorbar(
                part["mean_db"],
                places,
                xerr=[part["mean_db"] - part["ci_low"], part["ci_high"] - part["mean_db"]],
                fmt="o",
                markersize=3.6,
                color=color,
                markerfacecolor="white" if cleaning == "before" else color,
                elinewidth=0.8,
                label=f"{name_of(level, levels)}, {cleaning} cleaning",
            )
    ax.set_yticks(range(len(rois)), [NAMES.get(roi, _plain(roi)) for roi in rois])
    ax.invert_yaxis()
    low, high = muscle_hz
    ax.set_xlabel(f"{low:g}\N{EN DASH}{high:g} Hz power (dB re 1 µV²)")
    return ax


def sensitivity_panel(
    table: pd.DataFrame, ax: Axes, *, analyses: Sequence[str], levels: Levels
) -> Axes:
    """Draw one response's contrast under every analysis as t, which has no unit.

    Parameters
    ----------
    table : DataFrame
        ``analysis, statistic, dof, p_value`` of one response.
    ax : Axes
        Where to draw.
    analyses : sequence of str
        Rows from top to bottom.
    levels : sequence of str | mapping of str to str
        The two conditions, the reference first.

    Returns
    -------
    Axes
    """
    rows = table.set_index("analysis").reindex(list(analyses))
    places = list(range(len(rows)))
    ax.axvline(0, color="0.5", linewidth=0.6)
    ax.axvspan(-1.96, 1.96, color="0.94", linewidth=0, zorder=-1)
    significant = (rows["p_value"] < 0.05).to_numpy()
    colors = ["#0072B2" if name == analyses[0] else "0.25" for name in analyses]
    for place, value, is_full, color in zip(
        places, rows["statistic"], significant, colors, strict=True
    ):
        if not np.isfinite(value):
            ax.text(0, place, "no estimate", ha="center", va="center", color="0.4", fontsize=6)
            continue
        ax.plot([0, value], [place, place], color=color, linewidth=0.9)
        face = color if is_full else "white"
        ax.plot(value, place, "o", color=color, markerfacecolor=face, markersize=3.8)
    ax.set_yticks(places, [name[0].upper() + name[1:] for name in analyses])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    name = difference_name(levels)
    ax.set_xlabel(f"t, {name[0].lower()}{name[1:]}")
    return ax


def muscles_figure(
    power: pd.DataFrame,
    sensitivity: pd.DataFrame,
    *,
    levels: Levels,
    muscle_hz: tuple[float, float] = MUSCLE_BAND_HZ,
) -> Figure:
    """Draw muscle power by region and the contrasts under all analyses.

    Parameters
    ----------
    power : DataFrame
        As for `power_panel`.
    sensitivity : DataFrame
        Of `sensitivity_table`.
    levels : sequence of str | mapping of str to str
        The two conditions, the reference first; a mapping gives their names.
    muscle_hz : tuple of float
        Band in which muscles were measured (Hz).

    Returns
    -------
    Figure
    """
    responses = list(dict.fromkeys(sensitivity["response"]))
    analyses = list(dict.fromkeys(sensitivity["analysis"]))
    n_rows = int(np.ceil(len(responses) / 3))
    with journal_style():
        figure = new_figure(height_mm=62 + 45 * n_rows)
        parts = figure.subfigures(2, 1, height_ratios=[62, 45 * n_rows], squeeze=False)
        top, bottom = parts[0, 0], parts[1, 0]
        ax = top.subplots()
        power_panel(power, ax, levels=levels, muscle_hz=muscle_hz)
        top.legend(*ax.get_legend_handles_labels(), loc="outside right center")
        panel_letter(ax, "a")
        axes = np.atleast_1d(bottom.subplots(n_rows, 3, sharey=True)).ravel()
        for ax, response, letter in zip(axes, responses, "bcdefghijkl", strict=False):
            part = sensitivity[sensitivity["response"] == response]
            sensitivity_panel(part, ax, analyses=analyses, levels=levels)
            ax.set_title(response_name(response), loc="left")
            panel_letter(ax, letter)
        for ax in axes[len(responses) :]:
            ax.set_axis_off()
    return figure


def _plain(roi: str) -> str:
    """Printed name of a region."""
    text = roi.replace("_", "-")
    return text[0].upper() + text[1:]
