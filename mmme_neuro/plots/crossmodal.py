"""The figure of cross-modal association: matrix, network, lags and canonical correlations."""

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmme_neuro.plots.association import plot_association_matrix, plot_association_network
from mmme_neuro.plots.style import (
    DIVERGING,
    OKABE_ITO,
    journal_style,
    new_figure,
    panel_letter,
)
from mmme_neuro.wording import channel_name, response_name

LAG_COLORS = (OKABE_ITO["green"], OKABE_ITO["vermilion"], OKABE_ITO["purple"], OKABE_ITO["sky"])


def plot_lags(lags: pd.DataFrame, ax: Axes) -> Axes:
    """Draw correlations by window after the event with the range of their null.

    Parameters
    ----------
    lags : DataFrame
        ``channel, lag, r, null_low, null_high, p_max``.
    ax : Axes
        Where to draw.

    Returns
    -------
    Axes
        Bands: 95 % of null orders at each lag; filled dots: p (over all lags) <= .05.
    """
    ax.axhline(0, color="0.8", linewidth=0.6, zorder=0)
    for (channel, rows), color in zip(
        lags.groupby("channel", sort=False, observed=True), LAG_COLORS, strict=False
    ):
        ax.fill_between(
            rows["lag"], rows["null_low"], rows["null_high"], color=color, alpha=0.15, lw=0
        )
        ax.plot(rows["lag"], rows["r"], color=color, label=channel_name(str(channel)))
        for lag, r, p in zip(rows["lag"], rows["r"], rows["p_max"], strict=True):
            face = color if p <= 0.05 else "white"
            ax.plot(lag, r, "o", markersize=3.2, markeredgecolor=color, markerfacecolor=face)
    ax.set(xlabel="Window after onset (center, s)", ylabel="Correlation (r)")
    ax.legend(loc="best")
    return ax


def plot_components(components: pd.DataFrame, ax: Axes) -> Axes:
    """Draw first canonical correlations, fitted and cross-validated, with their null.

    Parameters
    ----------
    components : DataFrame
        ``modality_x, modality_y, adjusted_for, r, r_cv, null_high, p_holm``; one row per pair of
        modalities and adjustment.
    ax : Axes
        Where to draw.

    Returns
    -------
    Axes
        Hollow: fitted and tested on the same events; filled: other participants and stimuli; bar:
        up to the 95 % point of the null of the latter.
    """
    ax.axvline(0, color="0.8", linewidth=0.6, zorder=0)
    labels = []
    rows = components.dropna(subset=["r_cv"]).to_dict("records")
    for place, row in enumerate(rows):
        color = OKABE_ITO["black"] if row["p_holm"] <= 0.05 else "0.55"
        ax.barh(place, row["null_high"], height=0.55, color="0.9", zorder=1)
        ax.plot([row["r_cv"], row["r"]], [place] * 2, color=color, linewidth=0.8, zorder=2)
        style: dict[str, Any] = {"markersize": 4.5, "markeredgecolor": color, "zorder": 3}
        ax.plot(row["r"], place, "o", markerfacecolor="white", **style)
        ax.plot(row["r_cv"], place, "o", markerfacecolor=color, **style)
        held = f"\n({row['adjusted_for']} constant)" if row["adjusted_for"] else ""
        labels.append(f"{row['modality_x']} – {row['modality_y']}{held}")
    ax.set_yticks(range(len(rows)), labels)
    ax.set(ylim=(len(rows) - 0.4, -0.6), xlabel="First canonical correlation")
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    if not rows:
        ax.text(0.5, 0.5, "not estimated", ha="center", va="center", transform=ax.transAxes)
    return ax


def cross_modal_figure(
    matrix: pd.DataFrame,
    lags: pd.DataFrame,
    components: pd.DataFrame,
    *,
    held: str,
    method: str = "cca",
) -> Figure:
    """Compose matrix and network above, lags and canonical correlations below.

    Parameters
    ----------
    matrix : DataFrame
        As for `plot_association_matrix`.
    lags : DataFrame
        As for `plot_lags`, of one measure ``x``.
    components : DataFrame
        As for `plot_components`, with ``method``.
    held : str
        ``adjusted_for`` of the upper triangle.
    method : {"cca", "pls"}
        Which of ``components`` is drawn.

    Returns
    -------
    Figure
        180 mm wide.
    """
    values = matrix["r"].abs()
    # Measures of one modality may be nearly the same; they must not set the scale.
    between = values[matrix["modality_x"] != matrix["modality_y"]]
    limit = float(np.ceil(10 * between.max()) / 10) if between.notna().any() else 1.0
    with journal_style():
        figure = new_figure(height_mm=150)
        # Any: matplotlib's stubs do not know that two rows are two figures.
        halves: Any = figure.subfigures(2, 1, height_ratios=(1.5, 1))
        top, bottom = halves
        left, right = top.subplots(1, 2, width_ratios=(1, 1))
        plot_association_matrix(matrix, left, limit=limit, upper=held)
        left.set_title(f"Below: as it is; above: {held} constant", loc="left")
        panel_letter(left, "a")
        plot_association_network(matrix, right, limit=limit, held=held)
        right.set_title("Pairs of modalities, p (Holm) ≤ .05", loc="left")
        panel_letter(right, "b")
        top.colorbar(
            mpl.cm.ScalarMappable(mpl.colors.Normalize(-limit, limit), DIVERGING),
            orientation="horizontal",
            # Close below the network, which is not as tall as the matrix with its labels.
            cax=right.inset_axes((0.2, -0.13, 0.6, 0.035)),
            extend="both" if values.max() > limit else "neither",
            label="Correlation within participants (r)",
        )  # fmt: skip
        below, beside = bottom.subplots(1, 2)
        plot_lags(lags, below)
        below.set_title(f"{response_name(str(lags['x'].iloc[0]))} with later windows", loc="left")
        panel_letter(below, "c")
        plot_components(components[components["method"] == method], beside)
        beside.set_title("Fitted (hollow) and cross-validated (filled)", loc="left")
        panel_letter(beside, "d")
    return figure
