"""Figure of measures with onsets as coded and drawn anew."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmme_neuro.plots.style import (
    PAGE_MM,
    colour_of,
    journal_style,
    new_figure,
    panel_letter,
)
from mmme_neuro.wording import response_name, unit_text


def jitter_panel(draws: pd.DataFrame, ax: Axes) -> Axes:
    """Draw one measure by condition: violins of the draws, a line where it is as coded.

    Parameters
    ----------
    draws : DataFrame
        ``draw, condition, unit, value`` of one measure; draw -1 is as coded.
    ax : Axes
        Where to draw.

    Returns
    -------
    Axes
    """
    conditions = list(dict.fromkeys(draws["condition"]))
    for at, condition in enumerate(conditions):
        part = draws[draws["condition"] == condition]
        colour = "0.35" if " - " in condition else colour_of(condition)
        values = part.loc[part["draw"] >= 0, "value"].to_numpy()
        shape = ax.violinplot(values, [at], widths=0.7, showextrema=False, showmeans=True)
        for body in shape["bodies"]:  # type: ignore[attr-defined]
            body.set(facecolor=colour, alpha=0.35, edgecolor="none")
        shape["cmeans"].set(color=colour, linewidth=0.8)
        coded = part.loc[part["draw"] < 0, "value"].item()
        ax.plot([at - 0.4, at + 0.4], [coded, coded], color=colour, linewidth=1.6,
                solid_capstyle="butt")  # fmt: skip
    ax.axhline(0, color="0.7", linewidth=0.5, zorder=0)
    names = ["difference" if " - " in condition else condition for condition in conditions]
    ax.set_xticks(range(len(conditions)), names)
    unit = draws["unit"].iloc[0]
    ax.set_ylabel("Consistency (PPC)" if unit == "1" else f"Amplitude ({unit_text(unit)})")
    return ax


def jitter_figure(draws: pd.DataFrame) -> Figure:
    """Compose a panel a measure.

    Parameters
    ----------
    draws : DataFrame
        Of `OnsetJitter`: ``draw, measure, unit, condition, value``.

    Returns
    -------
    Figure
    """
    measures = list(dict.fromkeys(draws["measure"]))
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=58)
        axes = figure.subplots(1, len(measures), squeeze=False)[0]
        for letter, ax, name in zip("abcdefgh", axes, measures, strict=False):
            jitter_panel(draws[draws["measure"] == name], ax)
            ax.set_title(response_name(name), loc="left")
            panel_letter(ax, letter)
    return figure
