"""Correlations of many measures: a matrix with its modalities apart, and a network."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mmme_neuro.errors import MissingInput
from mmme_neuro.plots.style import DIVERGING, OKABE_ITO
from mmme_neuro.wording import response_name

MODALITY_COLORS = {
    "face": OKABE_ITO["orange"],
    "brain": OKABE_ITO["blue"],
    "body": OKABE_ITO["green"],
}
ALPHA = 0.05
PAIR_COLUMNS = ("x", "y", "modality_x", "modality_y", "adjusted_for", "r", "p_holm")


def modality_color(modality: str) -> str:
    """Color of a modality; others are gray."""
    return MODALITY_COLORS.get(modality, "0.4")


def order_measures(pairs: pd.DataFrame) -> dict[str, str]:
    """Measures of a table of pairs in the order of the matrix.

    Parameters
    ----------
    pairs : DataFrame
        ``x, y, modality_x, modality_y``, the upper triangle row by row.

    Returns
    -------
    dict of str to str
        Measure -> modality.

    Examples
    --------
    >>> rows = [("a", "b", "face", "face"), ("a", "c", "face", "body"), ("b", "c", "face", "body")]
    >>> order_measures(pd.DataFrame(rows, columns=["x", "y", "modality_x", "modality_y"]))
    {'a': 'face', 'b': 'face', 'c': 'body'}
    """
    first = dict(zip(pairs["x"], pairs["modality_x"], strict=True))
    return first | dict(zip(pairs["y"], pairs["modality_y"], strict=True))


def plot_association_matrix(
    pairs: pd.DataFrame, ax: Axes, *, limit: float, lower: str = "", upper: str | None = None
) -> Axes:
    """Draw correlations as a matrix.

    Parameters
    ----------
    pairs : DataFrame
        ``x, y, modality_x, modality_y, adjusted_for, r, p_holm``, one row per pair and adjustment.
    ax : Axes
        Where to draw.
    limit : float
        Largest absolute correlation of the color scale.
    lower, upper : str | None
        ``adjusted_for`` of the triangle below and above the diagonal; None leaves it empty.

    Returns
    -------
    Axes
        Dots mark pairs of different modalities with p (Holm) <= .05; a pair without a correlation
        is gray.
    """
    _check(pairs)
    measures = order_measures(pairs)
    names = list(measures)
    values = np.full((len(names), len(names)), np.nan)
    ax.imshow(np.zeros_like(values), cmap=mpl.colors.ListedColormap(["0.93"]), aspect="equal")
    places = {name: place for place, name in enumerate(names)}
    marks = []
    for adjusted, is_lower in ((lower, True), (upper, False)):
        if adjusted is None:
            continue
        for row in pairs[pairs["adjusted_for"] == adjusted].to_dict("records"):
            ends = places[row["x"]], places[row["y"]]
            i, j = (max(ends), min(ends)) if is_lower else (min(ends), max(ends))
            values[i, j] = row["r"]
            if row["modality_x"] != row["modality_y"] and row["p_holm"] <= ALPHA:
                marks.append((j, i))
    # An image, not seaborn's cells, which show hairlines between them in a PDF.
    ax.imshow(values, cmap=DIVERGING, vmin=-limit, vmax=limit, interpolation="nearest")
    if marks:
        ax.plot(*np.array(marks).T, "o", color="black", markersize=2.0, markeredgewidth=0)
    modalities = list(measures.values())
    for place in range(1, len(names)):
        if modalities[place] != modalities[place - 1]:
            ax.axhline(place - 0.5, color="black", linewidth=0.7)
            ax.axvline(place - 0.5, color="black", linewidth=0.7)
    for k in range(len(names)):
        ax.add_patch(mpl.patches.Rectangle((k - 0.5, k - 0.5), 1, 1, color="white", linewidth=0))
    labels = [response_name(name) for name in names]
    ax.set_yticks(range(len(names)), labels)
    ax.set_xticks(range(len(names)), labels, rotation=45, ha="right", rotation_mode="anchor")
    for ticks in (ax.get_xticklabels(), ax.get_yticklabels()):
        for label, modality in zip(ticks, modalities, strict=True):
            label.set_color(modality_color(modality))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax


def plot_association_network(
    pairs: pd.DataFrame, ax: Axes, *, limit: float, plain: str = "", held: str | None = None
) -> Axes:
    """Draw the pairs of different modalities that pass Holm's correction as a network.

    Parameters
    ----------
    pairs : DataFrame
        As for `plot_association_matrix`.
    ax : Axes
        Where to draw.
    limit : float
        Largest absolute correlation of the color scale; lines are as wide as correlations are
        large.
    plain : str
        ``adjusted_for`` of the lines drawn.
    held : str | None
        ``adjusted_for`` under which a line has to pass, too, to be drawn solid; others are dashed.

    Returns
    -------
    Axes
    """
    _check(pairs)
    measures = order_measures(pairs)
    places = _circle(list(measures.values()))
    at = dict(zip(measures, places, strict=True))
    colors = mpl.colormaps[DIVERGING]
    holding = _passing(pairs, held) if held is not None else None
    drawn = _passing(pairs, plain)
    # The strongest last, on top.
    for (x, y), r in sorted(drawn.items(), key=lambda item: abs(item[1])):
        is_solid = holding is None or (x, y) in holding
        share = float(np.clip(r / limit, -1, 1))
        # The middle of the scale is white: lines use its outer part.
        tone = 0.5 + 0.5 * np.sign(share) * (0.45 + 0.55 * abs(share))
        ax.plot(
            *np.array([at[x], at[y]]).T,
            color=colors(tone), linewidth=0.6 + 3.0 * abs(share), zorder=2,
            linestyle="-" if is_solid else (0, (2.2, 1.2)), solid_capstyle="round",
        )  # fmt: skip
    for (name, modality), (x, y) in zip(measures.items(), places, strict=True):
        ax.plot(x, y, "o", color=modality_color(modality), markersize=6, zorder=3)
        ax.text(
            1.13 * x, 1.13 * y, response_name(name).replace(" ", "\n", 1),
            ha="center" if abs(x) < 0.25 else ("left" if x > 0 else "right"),
            va="center" if abs(y) < 0.8 else ("bottom" if y > 0 else "top"),
            color=modality_color(modality), fontsize=6,
        )  # fmt: skip
    if not drawn:
        ax.text(0, 0, "no pair passes\nHolm's correction", ha="center", va="center")
    ax.set(xlim=(-1.75, 1.75), ylim=(-1.35, 1.5), aspect="equal")
    ax.set_axis_off()
    return ax


def _passing(pairs: pd.DataFrame, adjusted: str) -> dict[tuple[str, str], float]:
    """Correlations of pairs of different modalities with p (Holm) <= .05."""
    chosen = pairs[
        (pairs["adjusted_for"] == adjusted)
        & (pairs["modality_x"] != pairs["modality_y"])
        & (pairs["p_holm"] <= ALPHA)
    ]
    return dict(zip(zip(chosen["x"], chosen["y"], strict=True), chosen["r"], strict=True))


def _circle(modalities: Sequence[str]) -> np.ndarray:
    """Places on a circle, from the top clockwise, with gaps between modalities."""
    n_groups = len(dict.fromkeys(modalities))
    gap = 0.6 if n_groups > 1 else 0.0
    changes = np.cumsum([0, *(a != b for a, b in zip(modalities, modalities[1:], strict=False))])
    steps = np.arange(len(modalities)) + gap * changes
    angle = np.pi / 2 - 2 * np.pi * (steps + gap / 2) / (len(modalities) + gap * n_groups)
    return np.column_stack([np.cos(angle), np.sin(angle)])


def _check(pairs: pd.DataFrame) -> None:
    """Refuse a table that does not hold pairs."""
    absent = [name for name in PAIR_COLUMNS if name not in pairs]
    if absent:
        raise MissingInput(f"pairs: needs columns {list(PAIR_COLUMNS)}, lacks {absent}.")
    if pairs.empty:
        raise MissingInput("pairs: has no row to draw.")
