"""Connectivity: matrix ordered along the cap, and the strongest connections on a head plan."""

from collections.abc import Sequence
from textwrap import fill

import matplotlib as mpl
import mne
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from mmme_neuro.errors import BadInput
from mmme_neuro.plots.scalp import head_outline, head_plan
from mmme_neuro.plots.style import (
    DIVERGING,
    PAGE_MM,
    SEQUENTIAL,
    Levels,
    color_of,
    journal_style,
    name_of,
    new_figure,
    panel_letter,
)
from mmme_neuro.responses.coupling.connectivity import MIRRORS, Connectivity
from mmme_neuro.responses.regions import LOBES, lobe_of
from mmme_neuro.stats.levels import two_levels
from mmme_neuro.wording import network_name

FIRST_IN_LOBE = {"FP": 0, "AF": 1, "PO": 0, "O": 1}
"""Rows of the cap within lobes that have several, from front to back."""

METHOD_NAMES = {
    "wpli2_debiased": "Debiased squared wPLI",
    "pli2_unbiased": "Unbiased squared PLI",
    "ppc": "Pairwise phase consistency",
    "imcoh": "Imaginary coherency",
    "ciplv": "Corrected imaginary PLV",
    "wpli": "wPLI",
    "pli": "PLI",
    "plv": "PLV",
    "coh": "Coherence",
}


def order_channels(ch_names: Sequence[str]) -> list[str]:
    """Order electrodes from front to back, and in each row of the cap from left to right.

    Parameters
    ----------
    ch_names : sequence of str
        10-10 names in any letter case.

    Returns
    -------
    ordered : list of str
        The same names.

    Examples
    --------
    >>> order_channels(["Oz", "C4", "Cz", "C3", "Fz", "Fp2"])
    ['Fp2', 'Fz', 'C3', 'Cz', 'C4', 'Oz']
    """
    rows = [*LOBES, "other"]

    def place(name: str) -> tuple[int, int, int]:
        row = name.upper().rstrip("0123456789Z")
        return rows.index(lobe_of(name)), FIRST_IN_LOBE.get(row, 2), _laterality(name)

    return sorted(ch_names, key=place)


def plot_connectivity_matrix(
    matrix: xr.DataArray, ax: Axes, *, limits: tuple[float, float], cmap: str = SEQUENTIAL
) -> Axes:
    """Draw a connectivity matrix with channels ordered and grouped by the rows of the cap.

    Parameters
    ----------
    matrix : DataArray
        On (channel, other).
    ax : Axes
        Where to draw.
    limits : tuple of float
        Ends of the color scale.
    cmap : str
        Color map.

    Returns
    -------
    ax : Axes
        The same axes.
    """
    names = order_channels(list(matrix["channel"].to_numpy()))
    ordered = matrix.sel(channel=names, other=names).to_numpy()
    # An image, not seaborn's cells: thousands of vector cells show hairlines between them.
    ax.imshow(ordered, cmap=cmap, vmin=limits[0], vmax=limits[1], interpolation="nearest")
    lobes = [lobe_of(name) for name in names]
    starts = [position for position, lobe in enumerate(lobes) if lobe not in lobes[:position]]
    ends = [*starts[1:], len(lobes)]
    for start in starts[1:]:
        ax.axhline(start - 0.5, color="0.5", linewidth=0.5)
        ax.axvline(start - 0.5, color="0.5", linewidth=0.5)
    centers = [(start + end - 1) / 2 for start, end in zip(starts, ends, strict=True)]
    labels = [lobes[start] for start in starts]
    ax.set_yticks(centers, labels)
    ax.set_xticks(centers, labels, rotation=45, ha="right", rotation_mode="anchor")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax


def plot_head_connections(
    matrix: xr.DataArray,
    info: mne.Info,
    ax: Axes,
    *,
    n_strongest: int = 30,
    limits: tuple[float, float],
    cmap: str = SEQUENTIAL,
) -> Axes:
    """Draw the strongest connections on the head, seen from above, nose up.

    Parameters
    ----------
    matrix : DataArray
        On (channel, other), symmetric in magnitude.
    info : mne.Info
        Channels with positions.
    ax : Axes
        Where to draw.
    n_strongest : int
        Number of connections, by magnitude.
    limits : tuple of float
        Ends of the color scale.
    cmap : str
        Color map.

    Returns
    -------
    ax : Axes
        The same axes.
    """
    names = list(matrix["channel"].to_numpy())
    plan = head_plan(info, names)
    rows, columns = np.triu_indices(len(names), 1)
    weights = matrix.to_numpy()[rows, columns]
    is_known = np.isfinite(weights)
    rows, columns, weights = rows[is_known], columns[is_known], weights[is_known]
    # Ascending, so that the strongest are drawn last and lie on top.
    strongest = np.argsort(np.abs(weights), kind="stable")[-n_strongest:]
    segments = np.stack([plan[rows[strongest]], plan[columns[strongest]]], axis=1)
    head_outline(ax)
    share = np.abs(weights[strongest]) / max(np.abs(limits))
    lines = LineCollection(
        list(segments), cmap=cmap, norm=mpl.colors.Normalize(*limits), zorder=2,
        linewidths=0.4 + 1.0 * np.clip(share, 0, 1),
    )  # fmt: skip
    lines.set_array(weights[strongest])
    ax.add_collection(lines)
    used = np.unique(np.concatenate([rows[strongest], columns[strongest]]))
    ax.plot(*plan.T, "o", color="0.6", markersize=1.6, markeredgewidth=0, zorder=3)
    ax.plot(*plan[used].T, "o", color="black", markersize=2.4, markeredgewidth=0, zorder=4)
    return ax


def connectivity_figure(
    result: Connectivity,
    *,
    cells: Sequence[str],
    n_strongest: int = 30,
    networks: pd.DataFrame | None = None,
    condition: str = "condition",
    levels: Levels = (),
) -> Figure:
    """Compose matrix and head plan of each cell on one color scale; below, graph measures.

    Parameters
    ----------
    result : Connectivity
        Matrices by cell.
    cells : sequence of str
        One row of panels each; a refused cell shows the reason.
    n_strongest : int
        Connections on the head plan.
    networks : DataFrame | None
        ``participant``, the condition, and graph measures: one panel each, a line a participant.
    condition : str
        Column of the conditions of ``networks``.
    levels : sequence of str | mapping of str to str
        The two conditions of ``networks``, the reference first.

    Returns
    -------
    figure : Figure
        180 mm wide.
    """
    unknown = [name for name in cells if name not in result.counts.index]
    if unknown:
        raise BadInput(f"cells={list(cells)}: there are {list(result.counts.index)}.")
    limits, cmap = _scale(result, cells)
    with journal_style():
        has_networks = networks is not None and not networks.empty
        tall = 8 + 74 * len(cells)
        whole = new_figure(width_mm=PAGE_MM, height_mm=tall + 46 * has_networks)
        heights = (tall, 46) if has_networks else (tall,)
        parts = whole.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
        figure = parts[0]
        axes = figure.subplots(len(cells), 2, squeeze=False)
        letters = iter("abcdefghijkl")
        for cell, (left, right) in zip(cells, axes, strict=True):
            matrix = result.matrix.sel(cell=cell)
            counts = result.counts.loc[[cell]].iloc[0]
            panel_letter(left, next(letters))
            if counts["reason"]:
                _refusal(left, right, cell, counts["reason"])
                continue
            panel_letter(right, next(letters))
            plot_connectivity_matrix(matrix, left, limits=limits, cmap=cmap)
            plot_head_connections(
                matrix, result.info, right, n_strongest=n_strongest, limits=limits, cmap=cmap
            )
            left.set_title(_title(cell, counts), loc="left")
            right.set_title(f"{n_strongest} strongest connections", loc="left")
        low, high = result.band
        is_clipped = float(np.nanmax(np.abs(result.matrix), initial=0.0)) > limits[1]
        figure.colorbar(
            mpl.cm.ScalarMappable(mpl.colors.Normalize(*limits), cmap), ax=axes, aspect=30,
            shrink=0.7, extend="max" if is_clipped and limits[0] == 0 else "neither",
            label=f"{METHOD_NAMES[result.method]}, {low:g}–{high:g} Hz",
        )  # fmt: skip
        if networks is not None and has_networks:
            plot_networks(networks, parts[1], condition=condition, levels=levels)
            panel_letter(parts[1].axes[0], next(letters))
    return whole


def plot_networks(
    networks: pd.DataFrame,
    figure: Figure | mpl.figure.SubFigure,
    *,
    condition: str,
    levels: Levels,
) -> None:
    """Draw graph measures of two conditions, a line a participant.

    Parameters
    ----------
    networks : DataFrame
        As for `connectivity_figure`; participants without one of the two are left out.
    figure : Figure or SubFigure
        Where to draw, one panel per measure.
    condition : str
        Column of the conditions.
    levels : sequence of str | mapping of str to str
        The two conditions, the reference first.
    """
    two = list(two_levels(networks, condition, list(levels)))
    measures = [str(name) for name in networks if name not in ("participant", condition)]
    axes = figure.subplots(1, len(measures), squeeze=False)[0]
    for ax, measure in zip(axes, measures, strict=True):
        wide = networks.pivot_table(
            index="participant", columns=condition, values=measure, observed=True
        )
        pairs = wide.reindex(columns=two).dropna().to_numpy()
        ax.plot((0, 1), pairs.T, color="0.7", linewidth=0.8, zorder=1)
        for place, level in enumerate(two):
            color = color_of(level, levels)
            ax.plot(np.full(len(pairs), place), pairs[:, place], "o", color=color, markersize=3)
            if len(pairs):
                ax.plot(place, pairs[:, place].mean(), "_", color=color, markersize=16,
                        markeredgewidth=2)  # fmt: skip
        ax.set_xticks((0, 1), two)
        ax.set_xlim(-0.5, 1.5)
        title = network_name(measure)
        ax.set_title(fill(title[:1].upper() + title[1:], 18))
        ax.locator_params(axis="y", nbins=4)
    axes[0].set_ylabel(f"{len(pairs)} participants with\nenough epochs of both")


def _laterality(name: str) -> int:
    """Place from left (odd numbers, negative) to right (even numbers)."""
    digits = "".join(character for character in name if character.isdigit())
    number = int(digits) if digits else 0
    return -number if number % 2 else number


def _scale(result: Connectivity, cells: Sequence[str]) -> tuple[tuple[float, float], str]:
    """Common limits of the colors: symmetric for signed methods, from zero for others."""
    values = np.abs(result.matrix.sel(cell=list(cells)).to_numpy())
    if not np.isfinite(values).any():
        return (0.0, 1.0), SEQUENTIAL
    limit = float(np.nanquantile(values, 0.999))
    if MIRRORS[result.method] < 0:
        return (-limit, limit), DIVERGING
    return (0.0, limit), SEQUENTIAL


def _title(cell: str, counts: pd.Series) -> str:
    """Cell with what its matrix rests on."""
    name = name_of(cell)[:1].upper() + name_of(cell)[1:]
    if counts["n_subsamples"] > 1:
        return (
            f"{name} ({counts['n_used']} of {counts['n_epochs']} epochs, "
            f"{counts['n_subsamples']} draws)"
        )
    return f"{name} ({counts['n_epochs']} epochs)"


def _refusal(left: Axes, right: Axes, cell: str, reason: str) -> None:
    """Say in the panel why a cell has no matrix."""
    left.set_title(name_of(cell), loc="left")
    left.text(0.5, 0.5, f"not estimated:\n{reason}", ha="center", va="center")
    left.set_axis_off()
    right.set_axis_off()
