"""Channels of a physiological recording, and the autonomic signals and rates of each."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

import numpy as np
from scipy.interpolate import PchipInterpolator

from mmme_neuro.signals.body import pieces
from mmme_neuro.signals.body.cvxeda import convex_phasic
from mmme_neuro.signals.body.cycles import Cycles, pulse_peaks, r_peaks, respiration


def rate_curve(
    cycles: Cycles, times: np.ndarray, *, interval_limits: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Give the momentary rate of beats or breaths at any times.

    Parameters
    ----------
    cycles : Cycles
        Beats or breaths.
    times : array, shape (n_times,)
        Increasing times, s on the clock of the cycles.
    interval_limits : tuple of float
        Shortest and longest credible interval, s; the rate is NaN in others.

    Returns
    -------
    rate : array, shape (n_times,)
        Cycles per minute; NaN before the first and after the last cycle of each run.
    is_artifact : array of bool, shape (n_times,)
        Whether the interval was not credible or has a corrected end.

    Notes
    -----
    The number of beats so far is known exactly at each beat. A monotone cubic (PCHIP) through
    it is differentiated: the rate is continuous, never negative, and its mean over each interval
    is exactly one beat per interval, so the mean over a window counts (fractional) beats. Rates
    placed at the beat that ends the interval, as is common, come half an interval late.

    Examples
    --------
    >>> from mmme_neuro.signals.body.cycles import respiration
    >>> breaths = respiration(np.sin(2 * np.pi * 0.25 * np.arange(0, 60, 0.05)), 20.0)
    >>> rate, _ = rate_curve(breaths, np.arange(20, 40, 0.1), interval_limits=(1.5, 20))
    >>> round(float(rate.mean()), 1)
    15.0
    """
    rate = np.full(times.size, np.nan)
    is_artifact = np.zeros(times.size, dtype=bool)
    for run in np.unique(cycles.run):
        is_run = cycles.run == run
        seconds, is_corrected = cycles.seconds[is_run], cycles.is_corrected[is_run]
        inside = slice(*np.searchsorted(times, [seconds[0], seconds[-1]]))
        count = PchipInterpolator(seconds, np.arange(seconds.size))
        interval = np.searchsorted(seconds, times[inside], side="right") - 1
        length = np.diff(seconds)
        is_credible = (length >= interval_limits[0]) & (length <= interval_limits[1])
        is_touched = ~is_credible | is_corrected[:-1] | is_corrected[1:]
        rate[inside] = np.where(is_credible[interval], 60.0 * count(times[inside], 1), np.nan)
        is_artifact[inside] = is_touched[interval]
    return rate, is_artifact


def amplitude_curve(cycles: Cycles, times: np.ndarray) -> np.ndarray:
    """Give the amplitude of beats or breaths at any times.

    Parameters
    ----------
    cycles : Cycles
        Beats or breaths.
    times : array, shape (n_times,)
        Increasing times, s on the clock of the cycles.

    Returns
    -------
    array, shape (n_times,)
        Straight lines between the peaks, in the unit of the signal; NaN outside each run.
    """
    amplitude = np.full(times.size, np.nan)
    for run in np.unique(cycles.run):
        is_known = (cycles.run == run) & np.isfinite(cycles.amplitude)
        seconds = cycles.seconds[is_known]
        if seconds.size < 2:
            continue
        inside = slice(*np.searchsorted(times, [seconds[0], seconds[-1]]))
        amplitude[inside] = np.interp(times[inside], seconds, cycles.amplitude[is_known])
    return amplitude


BEAT_INTERVAL_LIMITS_S = (0.3, 2.0)
"""30 to 200 beats per minute."""

BREATH_INTERVAL_LIMITS_S = (1.5, 20.0)
"""3 to 40 breaths per minute."""

EDA_METHODS = MappingProxyType({"highpass": pieces.phasic, "cvxeda": convex_phasic})
"""Ways to take the phasic part out of the skin conductance."""


@dataclass(frozen=True)
class Grid:
    """Times at which derived signals are sampled.

    Parameters
    ----------
    times : array, shape (n_times,)
        Evenly spaced times, s from the first sample of the recording.
    sfreq : float
        Their rate, Hz.
    """

    times: np.ndarray
    sfreq: float


@dataclass(frozen=True)
class Curves:
    """Signals derived from one channel.

    Parameters
    ----------
    curves : dict of str to array, shape (n_times,)
        Derived channels by name.
    is_artifact : array of bool, shape (n_times,)
        Blanked as not credible, or resting on corrected beats.
    n_found, n_corrected : int or None
        Beats or breaths; None where the signal has none.
    reason : str
        Why everything is NaN; empty where it is not.
    """

    curves: dict[str, np.ndarray]
    is_artifact: np.ndarray
    n_found: int | None = None
    n_corrected: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class ChannelSource:
    """One channel of a recording and what is derived from it.

    Parameters
    ----------
    name : str
        Channel name in the recording, with or without ``_A``.
    channels : tuple of str
        Derived channels.
    derive : callable
        ``(signal, sfreq, grid, channels) -> Curves``, with the signal in SI units.
    kind : str or None
        MNE channel type; the only channel of that type stands in where none has the name.
    """

    name: str
    channels: tuple[str, ...]
    derive: Callable[[np.ndarray, float, Grid, tuple[str, ...]], Curves]
    kind: str | None = None


def sources_of(ch_names: list[str], *, eda_method: str = "highpass") -> list[ChannelSource]:
    """List the usual sources, and further thermometers and electromyograms that are there.

    Parameters
    ----------
    ch_names : list of str
        Channels of a recording.
    eda_method : str
        Key of `EDA_METHODS`.

    Returns
    -------
    list of ChannelSource
        The five usual ones first, whether there or not.

    Examples
    --------
    >>> [source.name for source in sources_of(["EMG_A", "Digital"])]
    ['ECG', 'PPG', 'RSP', 'EDA', 'SKT', 'EMG_A']
    """
    derive = {"EMG": _derive_muscle, "SKT": _derive_temperature}
    extra = sorted(name for name in ch_names if re.fullmatch(r"EMG(_\w)?|SKT_[B-Z]", name.upper()))
    separate = EDA_METHODS[eda_method]
    usual = [
        replace(one, derive=partial(_derive_conductance, separate=separate))
        if one.name == "EDA"
        else one
        for one in USUAL_SOURCES
    ]
    return [
        *usual,
        *(ChannelSource(name.upper(), (name.lower(),), derive[name[:3].upper()]) for name in extra),
    ]


def nothing(channels: tuple[str, ...], grid: Grid, reason: str) -> Curves:
    """All NaN, and why.

    Parameters
    ----------
    channels : tuple of str
        Derived channels.
    grid : Grid
        Their times.
    reason : str
        Why there is nothing.

    Returns
    -------
    Curves
        Without a single finite sample.
    """
    curves = {name: np.full(grid.times.size, np.nan) for name in channels}
    return Curves(curves, np.zeros(grid.times.size, dtype=bool), reason=reason)


def _from_cycles(
    cycles: Cycles,
    grid: Grid,
    channels: tuple[str, ...],
    interval_limits: tuple[float, float],
) -> Curves:
    """Rate and, where asked for, amplitude of beats or breaths."""
    if cycles.reason:
        return nothing(channels, grid, cycles.reason)
    rate, is_artifact = rate_curve(cycles, grid.times, interval_limits=interval_limits)
    curves = [rate, np.where(np.isfinite(rate), amplitude_curve(cycles, grid.times), np.nan)]
    return Curves(
        dict(zip(channels, curves, strict=False)),
        is_artifact,
        cycles.n_found,
        cycles.n_corrected,
        "" if np.isfinite(rate).any() else "no credible interval between peaks",
    )


def _derive_heart(ecg: np.ndarray, sfreq: float, grid: Grid, channels: tuple[str, ...]) -> Curves:
    """Heart rate from the electrocardiogram."""
    return _from_cycles(r_peaks(ecg, sfreq), grid, channels, BEAT_INTERVAL_LIMITS_S)


def _derive_pulse(ppg: np.ndarray, sfreq: float, grid: Grid, channels: tuple[str, ...]) -> Curves:
    """Pulse rate and amplitude from the photoplethysmogram."""
    return _from_cycles(pulse_peaks(ppg, sfreq), grid, channels, BEAT_INTERVAL_LIMITS_S)


def _derive_breathing(
    rsp: np.ndarray, sfreq: float, grid: Grid, channels: tuple[str, ...]
) -> Curves:
    """Breathing rate and amplitude."""
    return _from_cycles(respiration(rsp, sfreq), grid, channels, BREATH_INTERVAL_LIMITS_S)


def _derive_conductance(
    eda: np.ndarray,
    sfreq: float,
    grid: Grid,
    channels: tuple[str, ...],
    separate: Callable[[np.ndarray, float], np.ndarray] = pieces.phasic,
) -> Curves:
    """Skin conductance, its phasic and its tonic part."""
    lowpass = min(pieces.EDA_LOWPASS_HZ, 0.4 * grid.sfreq)
    smooth = pieces.skin_conductance(eda, sfreq, lowpass=lowpass)
    conductance = _sampled(smooth, sfreq, grid.times)
    fast = separate(conductance, grid.sfreq)
    limits = "outside 0.05-60 uS"
    return _continuous(
        dict(zip(channels, (conductance, fast, conductance - fast), strict=True)), eda, limits
    )


def _derive_temperature(
    skt: np.ndarray, sfreq: float, grid: Grid, channels: tuple[str, ...]
) -> Curves:
    """Smoothed skin temperature and its slope."""
    lowpass = min(pieces.SKT_LOWPASS_HZ, 0.4 * grid.sfreq)
    smooth = pieces.skin_temperature(skt, sfreq, lowpass=lowpass)
    level = _sampled(smooth, sfreq, grid.times)
    curves = (level, pieces.temperature_slope(level, grid.sfreq))
    return _continuous(dict(zip(channels, curves, strict=False)), skt, "outside 10-45 degC")


def _derive_muscle(emg: np.ndarray, sfreq: float, grid: Grid, channels: tuple[str, ...]) -> Curves:
    """Envelope of the electromyogram."""
    if sfreq < pieces.EMG_MIN_SFREQ:
        needed = f"needs {pieces.EMG_MIN_SFREQ:g} Hz or more"
        return nothing(channels, grid, f"sampled at {sfreq:g} Hz, {needed}")
    lowpass = min(pieces.EMG_ENVELOPE_HZ, 0.4 * grid.sfreq)
    envelope = pieces.muscle_envelope(emg, sfreq, lowpass=lowpass)
    return _continuous({channels[0]: _sampled(envelope, sfreq, grid.times)}, emg, "")


def _continuous(curves: dict[str, np.ndarray], signal: np.ndarray, limits: str) -> Curves:
    """Curves without beats; what the rules blanked is an artifact."""
    first = next(iter(curves.values()))
    finite = signal[np.isfinite(signal)]
    is_blank = not np.isfinite(first).any()
    reason = f"all {limits} (median {np.median(finite):g}): check the unit" if is_blank else ""
    return Curves(curves, ~np.isfinite(first), reason=reason)


def _sampled(signal: np.ndarray, sfreq: float, times: np.ndarray) -> np.ndarray:
    """Signal at the output times by straight lines, which a low-passed signal allows."""
    return np.interp(times, np.arange(signal.size) / sfreq, signal)


USUAL_SOURCES = (
    ChannelSource("ECG", ("heart_rate",), _derive_heart, "ecg"),
    ChannelSource("PPG", ("pulse_rate", "pulse_amplitude"), _derive_pulse),
    ChannelSource("RSP", ("rsp_rate", "rsp_amplitude"), _derive_breathing, "resp"),
    ChannelSource("EDA", ("eda", "eda_phasic", "eda_tonic"), _derive_conductance, "gsr"),
    ChannelSource("SKT", ("skt", "skt_slope"), _derive_temperature, "temperature"),
)
"""Always in the result, all NaN where the recording has no such channel."""
