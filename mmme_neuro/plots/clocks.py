"""Clock alignment of all participants: what remains at every trigger, and the drift."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmme_neuro.errors import MissingInput
from mmme_neuro.plots.style import OKABE_ITO, PAGE_MM, journal_style, new_figure, panel_letter
from mmme_neuro.wording import with_minus

CLOCK_COLUMNS = ("participant", "device", "drift_ppm", "drift_se_ppm", "residual_sd_ms")
CODE_COLUMNS = ("participant", "device", "onset_reference", "residual_ms")
DEVICE_NAMES = {"physio": "Physiology recorder", "camera": "Camera"}
DEVICE_COLORS = {"physio": OKABE_ITO["blue"], "camera": OKABE_ITO["vermilion"]}

SECONDS_PER_MINUTE = 60.0
_MOST_NAMED = 60
_ROW_MM = (7.0, 2.0)
"""Height of a row with few and with many participants."""


def plot_residuals(
    codes: pd.DataFrame, clocks: pd.DataFrame, ax: Axes, *, color: str, reach_ms: float
) -> Axes:
    """Draw the residuals of one device, one row per participant, with drift and spread beside it.

    Parameters
    ----------
    codes : DataFrame
        ``participant, onset_reference`` (s) and ``residual_ms`` of the matched codes.
    clocks : DataFrame
        ``participant, drift_ppm, drift_se_ppm, residual_sd_ms``; rows are drawn in this order.
    ax : Axes
        Where to draw.
    color : str
        Color of the dots.
    reach_ms : float
        Residual that reaches half-way to the next row.

    Returns
    -------
    ax : Axes
        The same axes: time in minutes of the EEG clock; rows are 2 ``reach_ms`` apart.
    """
    names = list(clocks["participant"])
    for row, name in enumerate(names):
        own = codes[codes["participant"] == name]
        minutes = own["onset_reference"].to_numpy() / SECONDS_PER_MINUTE
        height = row - own["residual_ms"].to_numpy() / (2 * reach_ms)
        ax.axhline(row, color="0.85", linewidth=0.5, zorder=0)
        ax.vlines(minutes, row, height, color=color, linewidth=0.5, alpha=0.6)
        ax.plot(minutes, height, "o", color=color, markersize=1.8, markeredgewidth=0)
    is_named = len(names) <= _MOST_NAMED
    ax.set_yticks(range(len(names)) if is_named else [], names if is_named else [])
    ax.set(ylim=(len(names) - 0.4, -0.6), xlabel="Time on the EEG clock (min)")
    ax.margins(x=0.03)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    if is_named:
        _write_fits(clocks, ax)
    _scale_bar(ax, len(names), reach_ms)
    return ax


def clocks_figure(clocks: pd.DataFrame, codes: pd.DataFrame) -> Figure:
    """Compose the residuals of every device, one column each.

    Parameters
    ----------
    clocks : DataFrame
        One row per participant and device: `CLOCK_COLUMNS`.
    codes : DataFrame
        One row per code: `CODE_COLUMNS`; without residual where it was not matched.

    Returns
    -------
    figure : Figure
        180 mm wide.
    """
    _check_columns("clocks", clocks, CLOCK_COLUMNS)
    _check_columns("codes", codes, CODE_COLUMNS)
    matched = codes[codes["residual_ms"].notna()]
    devices = list(dict.fromkeys(clocks["device"]))
    n_rows = int(clocks["device"].value_counts().max())
    row_mm = _ROW_MM[0] if n_rows <= _MOST_NAMED else _ROW_MM[1]
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=22 + row_mm * n_rows)
        axes = figure.subplots(1, len(devices), squeeze=False)[0]
        for number, (ax, device) in enumerate(zip(axes, devices, strict=True)):
            own = matched[matched["device"] == device]
            reach = _round_up(float(own["residual_ms"].abs().max()) if len(own) else 1.0)
            plot_residuals(
                own,
                clocks[clocks["device"] == device],
                ax,
                color=DEVICE_COLORS.get(device, OKABE_ITO["black"]),
                reach_ms=reach,
            )
            ax.set_title(DEVICE_NAMES.get(device, device), loc="left", pad=10)
            panel_letter(ax, "abcdefgh"[number])
    return figure


def _write_fits(clocks: pd.DataFrame, ax: Axes) -> None:
    """Write drift and residual spread at the right of each row."""
    columns = (1.17, "drift ± SE\n(ppm)"), (1.4, "residual\nSD (ms)")
    for place, title in columns:
        ax.text(place, 1.0, title, transform=ax.transAxes, ha="center", va="bottom", fontsize=6,
                color="0.3")  # fmt: skip
    for row, fit in enumerate(clocks.itertuples()):
        drift = with_minus(f"{fit.drift_ppm:.1f} ± {fit.drift_se_ppm:.1f}")
        for (place, _), text in zip(columns, (drift, f"{fit.residual_sd_ms:.1f}"), strict=True):
            ax.text(place, row, text, transform=ax.get_yaxis_transform(), ha="center",
                    va="center", fontsize=6)  # fmt: skip


def _scale_bar(ax: Axes, n_rows: int, reach_ms: float) -> None:
    """A bar of ``reach_ms`` at the right of the last row."""
    top = n_rows - 1
    ax.plot([1.01, 1.01], [top - 0.25, top + 0.25], color="black", linewidth=1.5,
            transform=ax.get_yaxis_transform(), clip_on=False, solid_capstyle="butt")  # fmt: skip
    ax.annotate(
        f"{reach_ms:g} ms", (1.01, top + 0.25), xycoords=ax.get_yaxis_transform(),
        xytext=(0, -2), textcoords="offset points", ha="center", va="top", fontsize=6,
        annotation_clip=False,
    )  # fmt: skip


def _round_up(value: float) -> float:
    """Smallest of 1, 2, 5 times a power of ten that is not below a value."""
    power = 10.0 ** np.floor(np.log10(max(value, 1e-3)))
    return float(next(lead * power for lead in (1, 2, 5, 10) if lead * power >= value))


def _check_columns(name: str, table: pd.DataFrame, columns: tuple[str, ...]) -> None:
    """Refuse a table that lacks columns or rows."""
    absent = [column for column in columns if column not in table]
    if absent:
        raise MissingInput(f"{name}: needs columns {list(columns)}, lacks {absent}.")
    if table.empty:
        raise MissingInput(f"{name}: has no row; was any device aligned?")
