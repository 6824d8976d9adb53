"""All signals of one participant around one event, on one time axis."""

from collections.abc import Sequence

import mne
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from mmme_neuro.errors import MissingInput
from mmme_neuro.plots.autonomic import QUANTITIES, Quantity
from mmme_neuro.plots.style import (
    OKABE_ITO,
    PAGE_MM,
    Levels,
    color_of,
    journal_style,
    name_of,
    new_figure,
    panel_letter,
)
from mmme_neuro.responses.potentials import UV_PER_V

_EVENT_ALPHA = 0.18
_LANDMARKS = {"onset": "-", "apex": (0, (1, 1)), "offset": (0, (4, 2))}


def most_isolated(events: pd.DataFrame, *, condition: str, level: str) -> pd.Series:
    """Choose the event that is farthest from every other event of its participant.

    Parameters
    ----------
    events : DataFrame
        Columns ``participant, onset, apex, offset`` (s), ``censored`` and the condition.
    condition : str
        Column of the conditions.
    level : str
        Condition of the event wanted; its offset must have been coded.

    Returns
    -------
    event : Series
        Row of ``events``; the first one where several are equally far.
    """
    ordered = events.sort_values(["participant", "onset"], kind="stable")
    onset = ordered.groupby("participant")["onset"]
    gap = pd.concat([onset.diff(), -onset.diff(-1)], axis=1).min(axis=1).fillna(np.inf)
    # The first and last event of a session have one neighbor; an only event has none.
    is_coded = (ordered[condition] == level) & ~ordered["censored"].astype(bool)
    is_coded &= ordered[["apex", "offset"]].notna().all(axis=1)
    if not is_coded.any():
        raise MissingInput(f"events: no {level!r} event with onset, apex and offset coded.")
    best = int(np.argmax(gap.where(is_coded, -np.inf).to_numpy()))
    return ordered.iloc[best]


def plot_stacked(
    signals: np.ndarray, times: np.ndarray, names: Sequence[str], ax: Axes, *, bar: float, unit: str
) -> Axes:
    """Draw signals below each other on one scale, with a scale bar.

    Parameters
    ----------
    signals : array, shape (n_signals, n_times)
        In the unit of the bar.
    times : array, shape (n_times,)
        s from the onset.
    names : sequence of str
        Names at the left, from top to bottom.
    ax : Axes
        Where to draw.
    bar : float
        Length of the scale bar.
    unit : str
        Unit of the bar.

    Returns
    -------
    ax : Axes
        The same axes.
    """
    step = 1.05 * max(float(np.ptp(signals, axis=1).max()), bar)
    for row, signal in enumerate(signals):
        middle = (signal.max() + signal.min()) / 2
        ax.plot(times, signal - middle - row * step, color="0.15", linewidth=0.6)
    ax.set_yticks([-row * step for row in range(len(signals))], list(names))
    ax.set(xlim=(times[0], times[-1]), ylim=(-(len(signals) - 0.45) * step, 0.6 * step))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    low = -(len(signals) - 1) * step - bar / 2
    ax.plot(
        [1.015, 1.015], [low, low + bar], color="black", linewidth=1.5, clip_on=False,
        solid_capstyle="butt", transform=ax.get_yaxis_transform(),
    )  # fmt: skip
    ax.text(1.03, low + bar / 2, f"{bar:g} {unit}", transform=ax.get_yaxis_transform(),
            rotation=90, va="center", ha="left", fontsize=6)  # fmt: skip
    return ax


def mark_event(
    event: pd.Series,
    ax: Axes,
    *,
    zero: float,
    color: str,
    is_main: bool = True,
    is_named: bool = False,
) -> Axes:
    """Shade an event from onset to offset and mark its landmarks.

    Parameters
    ----------
    event : Series
        ``onset, apex, offset`` (s).
    ax : Axes
        Time from ``zero`` on its x axis.
    zero : float
        Time of the axis' zero on the clock of the event, s.
    color : str
        Color of its condition.
    is_main : bool
        Whether its landmarks are drawn, too.
    is_named : bool
        Whether the landmarks get labels for a legend.

    Returns
    -------
    ax : Axes
        The same axes.
    """
    ax.axvspan(
        event["onset"] - zero, event["offset"] - zero, color=color, linewidth=0, zorder=0,
        alpha=_EVENT_ALPHA if is_main else 0.6 * _EVENT_ALPHA,
    )  # fmt: skip
    if is_main:
        for name, style in _LANDMARKS.items():
            ax.axvline(
                event[name] - zero, color=color, linewidth=0.9, linestyle=style, zorder=1.5,
                label=name if is_named else None,
            )  # fmt: skip
    return ax


def example_figure(
    eeg: mne.BaseEpochs,
    physio: mne.BaseEpochs,
    *,
    row: int,
    condition: str,
    levels: Levels,
    eeg_channels: Sequence[str],
    physio_channels: Sequence[str],
) -> Figure:
    """Compose EEG, eye and muscle channels (left) and autonomic signals (right) of one event.

    Parameters
    ----------
    eeg, physio : mne.Epochs
        One participant's epochs with one events table as metadata of both.
    row : int
        The event.
    condition : str
        Column of the conditions.
    levels : sequence of str | mapping of str to str
        Conditions that are compared, the reference first; a mapping gives their names.
    eeg_channels : sequence of str
        Electrodes, from top to bottom; those that are absent are left out.
    physio_channels : sequence of str
        Channels of the physiology, one panel each; absent or empty ones are left out.

    Returns
    -------
    figure : Figure
        180 mm wide.
    """
    events = eeg.metadata.reset_index(drop=True)
    event, others = events.loc[row], events.drop(index=row)
    body = _finite_channels(physio[row], physio_channels)
    with journal_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=24 + 19 * max(len(body), 4))
        left, right = figure.subfigures(1, 2, squeeze=False, wspace=0.02)[0]
        brain_axes = _draw_brain(left, eeg[row], eeg_channels)
        body_axes = _draw_body(right, physio[row], body)
        for number, ax in enumerate([*brain_axes, *body_axes]):
            for _, other in _visible(others, event["onset"], ax).iterrows():
                color = color_of(other[condition], levels)
                mark_event(other, ax, zero=event["onset"], color=color, is_main=False)
            color = color_of(event[condition], levels)
            mark_event(event, ax, zero=event["onset"], color=color, is_named=number == 0)
        panel_letter(brain_axes[0], "a")
        panel_letter(brain_axes[-1], "b")
        panel_letter(body_axes[0], "c")
        units = event["action_units"].replace(",", " + ")
        title = f"{name_of(event[condition], levels)} ({units})"
        figure.legend(
            *brain_axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3,
            title=title, title_fontsize=7,
        )  # fmt: skip
    return figure


def _draw_brain(figure: SubFigure, epoch: mne.BaseEpochs, channels: Sequence[str]) -> list[Axes]:
    """Electrodes on one scale; below, eye and muscle channels on another."""
    present = [name for name in channels if name in epoch.ch_names]
    kinds = epoch.get_channel_types()
    aside = [n for n, kind in zip(epoch.ch_names, kinds, strict=True) if kind in ("eog", "emg")]
    groups = [group for group in (present, aside) if group]
    axes = figure.subplots(
        len(groups), 1, sharex=True, squeeze=False, height_ratios=[len(group) for group in groups]
    )[:, 0]
    for ax, group in zip(axes, groups, strict=True):
        signals = epoch.get_data(picks=group, verbose="error")[0] * UV_PER_V
        bar = _round_bar(float(np.ptp(signals, axis=1).max()))
        plot_stacked(signals, epoch.times, group, ax, bar=bar, unit="µV")
    axes[-1].set_xlabel("Time from onset (s)")
    return list(axes)


def _draw_body(figure: SubFigure, epoch: mne.BaseEpochs, channels: Sequence[str]) -> list[Axes]:
    """One panel per channel."""
    axes = figure.subplots(len(channels), 1, sharex=True, squeeze=False)[:, 0]
    for ax, channel in zip(axes, channels, strict=True):
        quantity = QUANTITIES.get(channel, Quantity(channel, "a.u."))
        values = epoch.get_data(picks=[channel], verbose="error")[0, 0] * quantity.scale
        ax.plot(epoch.times, values, color=OKABE_ITO["black"], linewidth=1.0)
        ax.set_ylabel(f"{quantity.title.replace(' ', chr(10), 1)}\n({quantity.unit})")
        ax.set_xlim(epoch.times[0], epoch.times[-1])
        ax.margins(y=0.12)
        ax.locator_params(axis="y", nbins=4)
    axes[-1].set_xlabel("Time from onset (s)")
    figure.align_ylabels(axes)
    return list(axes)


def _finite_channels(epoch: mne.BaseEpochs, channels: Sequence[str]) -> list[str]:
    """Channels that are there and hold a value."""
    present = [name for name in channels if name in epoch.ch_names]
    values = epoch.get_data(picks=present, verbose="error")[0]
    return [name for name, own in zip(present, values, strict=True) if np.isfinite(own).any()]


def _visible(events: pd.DataFrame, zero: float, ax: Axes) -> pd.DataFrame:
    """Events that reach into an axis."""
    first, last = ax.get_xlim()
    return events[(events["offset"] - zero > first) & (events["onset"] - zero < last)]


def _round_bar(spread: float) -> float:
    """Round length of a scale bar, at most half the largest signal."""
    rounds = [10.0**power * lead for power in range(-3, 7) for lead in (1, 2, 5)]
    return max((length for length in rounds if length <= spread / 2), default=rounds[0])
