"""Rate and amplitude curves from beats or breaths."""

import numpy as np
from scipy.interpolate import PchipInterpolator

from mmme_neuro.signals.body.cycles import Cycles


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
    is_artefact : array of bool, shape (n_times,)
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
    is_artefact = np.zeros(times.size, dtype=bool)
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
        is_artefact[inside] = is_touched[interval]
    return rate, is_artefact


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
