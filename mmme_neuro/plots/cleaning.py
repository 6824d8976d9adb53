"""Figures of what cleaning took out of the EEG."""

import mne
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmme_neuro.errors import MissingInput
from mmme_neuro.io.montage import template_positions
from mmme_neuro.plots.scalp import head_outline, head_plan, scalp_map
from mmme_neuro.plots.style import (
    DIVERGING,
    OKABE_ITO,
    PAGE_MM,
    SEQUENTIAL,
    journal_style,
    new_figure,
    panel_letter,
)
from mmme_neuro.signals.eeg.ica import MUSCLE_BAND_HZ

BEFORE, AFTER = OKABE_ITO["vermilion"], OKABE_ITO["blue"]
KINDS = {"eye": "Eye components", "muscle": "Muscle components"}
MAPS_A_ROW = 14
FEWEST_ELECTRODES = 4


def spectrum_panel(
    spectra: pd.DataFrame, ax: Axes, *, muscle_hz: tuple[float, float] = MUSCLE_BAND_HZ
) -> Axes:
    """Draw spectra before and after cleaning: thin a participant, thick their mean.

    Parameters
    ----------
    spectra : DataFrame
        ``participant, frequency, before_db, after_db``.
    ax : Axes
        Where to draw.
    muscle_hz : tuple of float
        Band in which muscles were measured, shaded (Hz).

    Returns
    -------
    Axes
    """
    shown = spectra[spectra["frequency"] >= 1]
    for column, color, label in (
        ("before_db", BEFORE, "as recorded"),
        ("after_db", AFTER, "cleaned"),
    ):
        wide = shown.pivot_table(
            index="frequency", columns="participant", values=column, observed=True
        )
        wide = wide.clip(lower=_floor(wide))
        ax.plot(wide.index, wide, color=color, linewidth=0.3, alpha=0.35)
        ax.plot(wide.index, wide.mean(axis=1), color=color, linewidth=1.2, label=label)
    ax.axvspan(*muscle_hz, color="0.92", zorder=0)
    ax.text(
        muscle_hz[1], 0.98, "muscle ", transform=ax.get_xaxis_transform(), ha="right", va="top",
        color="0.35", rotation=90,
    )  # fmt: skip
    ax.set_xscale("log")
    ticks = [1, 2, 5, 10, 20, 50, 100]
    top = shown["frequency"].max()
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.set_xlim(1, top)
    ax.set(xlabel="Frequency (Hz)", ylabel="Power (dB re 1 µV²/Hz)")
    ax.legend(loc="lower left")
    return ax


def scalp_panel(values: pd.Series, ax: Axes, *, limit: float, is_signed: bool = False) -> Axes:
    """Draw one value per channel on the scalp, seen from above, nose up.

    Parameters
    ----------
    values : Series
        By channel name; channels without a standard position are left out.
    ax : Axes
        Where to draw.
    limit : float
        End of the colors.
    is_signed : bool
        Whether colors run from ``-limit``, not from 0.

    Returns
    -------
    Axes
    """
    placed = _placed(values)
    if placed is None:
        return _without_positions(ax)
    return scalp_map(
        placed[0].to_numpy(float), placed[1], ax,
        vlim=(-limit if is_signed else 0, limit), cmap=DIVERGING if is_signed else SEQUENTIAL,
        sensors=False,
    )  # fmt: skip


def electrode_panel(values: pd.Series, ax: Axes, *, limit: float) -> Axes:
    """Draw one value per electrode as a colored dot, where values between would mean nothing.

    Parameters
    ----------
    values : Series
        By channel name; channels without a standard position are left out.
    ax : Axes
        Where to draw.
    limit : float
        End of the colors, which begin at 0.

    Returns
    -------
    Axes
    """
    placed = _placed(values)
    if placed is None:
        return _without_positions(ax)
    shown, info = placed[0].to_numpy(float), placed[1]
    head_outline(ax)
    right, front = head_plan(info, info["ch_names"]).T
    ax.scatter(
        right, front, c=shown, s=np.where(shown > 0, 26, 7), cmap=SEQUENTIAL, vmin=0, vmax=limit,
        edgecolors="0.4", linewidths=0.3, zorder=5,
    )  # fmt: skip
    return ax


def _placed(values: pd.Series) -> tuple[pd.Series, mne.Info] | None:
    """Values of channels with a standard position, and their Info; None where they are too few."""
    positions = template_positions(list(values.index))
    placed = values[[name in positions for name in values.index]]
    if len(placed) < FEWEST_ELECTRODES:
        return None
    info = mne.create_info(list(placed.index), 100.0, "eeg")
    montage = mne.channels.make_dig_montage(positions, coord_frame="head")
    info.set_montage(montage, verbose="error")
    return placed, info


def _without_positions(ax: Axes) -> Axes:
    """Say that there is no scalp to draw."""
    ax.set_axis_off()
    ax.text(0.5, 0.5, "no positions", ha="center", va="center", transform=ax.transAxes)
    return ax


def cleaning_figure(
    spectra: pd.DataFrame,
    bad_channels: pd.DataFrame,
    components: pd.DataFrame,
    maps: pd.DataFrame,
    *,
    muscle_hz: tuple[float, float] = MUSCLE_BAND_HZ,
) -> Figure:
    """Compose spectra before and after, where channels were bad, and where components lay.

    Parameters
    ----------
    spectra : DataFrame
        ``participant, frequency, before_db, after_db``.
    bad_channels : DataFrame
        ``participant, channel``.
    components : DataFrame
        ``participant, component, removed_as``.
    maps : DataFrame
        ``participant, component, channel, weight`` of the removed components.
    muscle_hz : tuple of float
        Band in which muscles were measured, shaded (Hz).

    Returns
    -------
    Figure
    """
    channels = sorted({*maps["channel"], *bad_channels["channel"]})
    n_people = spectra["participant"].nunique()
    share = (
        bad_channels.groupby("channel", observed=True)["participant"]
        .nunique()
        .reindex(channels)
        .fillna(0)
    )
    weights = maps.merge(components[["participant", "component", "removed_as"]])
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=58)
        ratios = (1.5, 1, 1, 1)
        axes = figure.subplots(1, 4, width_ratios=ratios)
        spectrum_panel(spectra, axes[0], muscle_hz=muscle_hz)
        panel_letter(axes[0], "a")
        percent = 100 * share / n_people
        limit = max(float(percent.max()), 10.0) if len(percent) else 10.0
        electrode_panel(percent, axes[1], limit=limit)
        axes[1].set_title("Bad channels")
        _bar(figure, axes[1], "participants (%)")
        panel_letter(axes[1], "b")
        for letter, ax, (kind, title) in zip("cd", axes[2:], KINDS.items(), strict=True):
            own = weights[weights["removed_as"] == kind]
            n = len(own[["participant", "component"]].drop_duplicates())
            mean = own["weight"].abs().groupby(own["channel"], observed=True).mean()
            scalp_panel(mean, ax, limit=1.0)
            ax.set_title(f"{title} ({n})")
            _bar(figure, ax, "mean |weight|")
            panel_letter(ax, letter)
    return figure


def components_figure(components: pd.DataFrame, maps: pd.DataFrame) -> Figure:
    """Draw the map of every component that was removed, a row (or more) a participant.

    Parameters
    ----------
    components : DataFrame
        ``participant, component, removed_as``; the order of participants is kept.
    maps : DataFrame
        ``participant, component, channel, weight``.

    Returns
    -------
    Figure
    """
    kinds = components.set_index(["participant", "component"])["removed_as"]
    people = [
        name
        for name in dict.fromkeys(components["participant"])
        if name in set(maps["participant"])
    ]
    rows: list[tuple[str, list[int]]] = []
    for name in people:
        own = sorted(set(maps.loc[maps["participant"] == name, "component"]))
        rows += [(name, own[at : at + MAPS_A_ROW]) for at in range(0, len(own), MAPS_A_ROW)]
    if not rows:
        raise MissingInput("maps: no component was removed; there is nothing to draw.")
    columns = max(len(own) for _, own in rows)
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=8 + 15 * len(rows))
        axes = figure.subplots(len(rows), max(columns, 8), squeeze=False)
        for ax in axes.flat:
            ax.set_axis_off()
        for row, (name, own) in zip(axes, rows, strict=True):
            row[0].text(
                -0.15, 0.5, name, transform=row[0].transAxes, ha="right", va="center", clip_on=False
            )
            for ax, number in zip(row, own, strict=False):
                part = maps[(maps["participant"] == name) & (maps["component"] == number)]
                ax.set_axis_on()
                scalp_panel(part.set_index("channel")["weight"], ax, limit=1.0, is_signed=True)
                ax.set_title(f"{number} {kinds[name, number]}", fontsize=5, pad=1)
    return figure


def _bar(figure: Figure, ax: Axes, label: str) -> None:
    """Color bar below a scalp map."""
    shown = [image for image in (*ax.collections, *ax.images) if image.get_visible()]
    if not shown:
        return
    bar = figure.colorbar(shown[0], ax=ax, orientation="horizontal", shrink=0.7, aspect=18, pad=0.0)
    bar.set_label(label)
    bar.outline.set_linewidth(0.4)  # type: ignore[operator]


def _floor(wide: pd.DataFrame) -> float:
    """Lowest power that is drawn: a notch goes down without end."""
    return float(np.nanpercentile(wide.to_numpy(), 2)) - 3
