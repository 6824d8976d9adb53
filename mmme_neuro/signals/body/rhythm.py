"""Whether peaks are beats or breaths: they resemble one another and come regularly."""

from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfiltfilt

N_TOGETHER = 15
"""Peaks that are judged together; a person's beats resemble their neighbors, not those an hour
later."""

N_POINTS = 48
"""Samples of a wave when waves are compared."""

END_LIKENESS = 0.7
"""The first and the last peak of a stretch must resemble it at least by this correlation."""


@dataclass(frozen=True)
class Resemblance:
    """What waves of one kind have in common.

    Attributes
    ----------
    band : tuple of float
        Frequencies that make their shape, Hz.
    around : tuple of float | None
        Seconds before and after the peak; None: from peak to peak, whatever the time between.
    max_unlikeness : float
        Waves are those of a body below this unlikeness (see `rhythmic_peaks`).
    shortest : float
        No body has a shorter interval in the middle of a stretch, s.
    least : int
        Fewer peaks say too little to be called noise.
    """

    band: tuple[float, float]
    around: tuple[float, float] | None
    max_unlikeness: float
    shortest: float
    least: int = 4


def shaped(values: np.ndarray, rate: float, rhythm: Resemblance) -> np.ndarray:
    """Keep the frequencies that make the shape of the waves.

    Parameters
    ----------
    values : array, shape (n_samples,)
        Finite samples.
    rate : float
        Sampling rate, Hz.
    rhythm : Resemblance
        Of the kind of signal.

    Returns
    -------
    array, shape (n_samples,)
        Zero-phase band-pass.
    """
    low, high = rhythm.band
    sos = butter(2, (low, min(high, 0.45 * rate)), btype="bandpass", fs=rate, output="sos")
    n_padding = min(round(rate / low), values.size - 1)
    return sosfiltfilt(sos, values, padlen=n_padding)


def rhythmic_peaks(
    shape: np.ndarray, rate: float, peaks: np.ndarray, heights: np.ndarray, rhythm: Resemblance
) -> np.ndarray:
    """Tell peaks of a body from those that any noise has.

    Parameters
    ----------
    shape : array, shape (n_samples,)
        Signal of `shaped`.
    rate : float
        Its sampling rate, Hz.
    peaks : array, shape (n_peaks,)
        Samples of the peaks, increasing.
    heights : array, shape (n_peaks,)
        Height of each peak over its trough; NaN where unknown.
    rhythm : Resemblance
        What the waves should have in common.

    Returns
    -------
    array of bool, shape (n_peaks,)
        Whether each peak belongs to a stretch of `N_TOGETHER` peaks (fewer only if there are no
        more) that are alike.

    Notes
    -----
    The unlikeness of a stretch is 1 minus the median correlation of each wave with the mean of
    the others, plus the median change of the logarithm of the interval from one peak to the next,
    plus the interquartile range of the logarithm of the heights over 1.35. Robust measures let a
    stretch keep a few extra, missed or moved peaks. In 95 % of stretches of white, pink and
    band-limited noise it is above 0.85 for an electrocardiogram, above 0.75 for a pulse (0.55 if
    the noise has only the frequencies of pulses) and above 0.55 for breathing; in simulated and
    real beats and breaths it was below 0.5. ``max_unlikeness`` lies between.

    Examples
    --------
    >>> times = np.arange(0, 60, 0.04)
    >>> peaks = np.arange(1.0, 59, 4) / 0.04
    >>> breaths = np.sin(2 * np.pi * 0.25 * times)
    >>> rhythm = Resemblance((0.05, 2.0), None, 0.5, 1.5)
    >>> bool(rhythmic_peaks(breaths, 25.0, peaks, np.full(15, 2.0), rhythm).all())
    True
    """
    n_together = min(N_TOGETHER, peaks.size)
    if n_together < rhythm.least:
        return np.ones(peaks.size, dtype=bool)
    stretches = np.lib.stride_tricks.sliding_window_view(np.diff(peaks), n_together - 1)
    is_slow_enough = np.median(stretches, axis=1) >= rhythm.shortest * rate
    waves = _waves(shape, rate, peaks, rhythm.around)
    likeness = _likeness(waves, n_together)
    unlikeness = 1 - np.median(likeness, axis=1)
    unlikeness += _irregularity(peaks, n_together) + _unevenness(heights, n_together)
    own = np.full(peaks.size, -np.inf)
    for first in np.flatnonzero(is_slow_enough & (unlikeness < rhythm.max_unlikeness)):
        here = slice(first, first + n_together)
        own[here] = np.maximum(own[here], likeness[first])
    return _trimmed(own)


def _waves(
    shape: np.ndarray, rate: float, peaks: np.ndarray, around: tuple[float, float] | None
) -> np.ndarray:
    """Wave of each peak at `N_POINTS` points, of mean 0 and length 1."""
    if around is None:
        starts = peaks[:-1]
        length = np.diff(peaks)
        at = starts[:, np.newaxis] + np.linspace(0, 1, N_POINTS) * length[:, np.newaxis]
        at = np.vstack([at, at[-1:]])
    else:
        at = peaks[:, np.newaxis] + rate * np.linspace(-around[0], around[1], N_POINTS)
    waves = np.interp(at, np.arange(shape.size), shape)
    waves -= waves.mean(axis=1, keepdims=True)
    length = np.linalg.norm(waves, axis=1, keepdims=True)
    return np.divide(waves, length, out=np.zeros_like(waves), where=length > 0)


def _likeness(waves: np.ndarray, n_together: int) -> np.ndarray:
    """Correlation of each wave of each stretch with the sum of the others, (n_stretches, n)."""
    total = np.cumsum(np.vstack([np.zeros(waves.shape[1]), waves]), axis=0)
    sums = total[n_together:] - total[:-n_together]
    n_stretches = len(sums)
    squares = (sums**2).sum(axis=1)
    likeness = np.full((n_stretches, n_together), np.nan)
    for n in range(n_together):
        wave = waves[n : n + n_stretches]
        product, own = (wave * sums).sum(axis=1), (wave**2).sum(axis=1)
        others = np.sqrt(np.maximum(squares - 2 * product + own, 1e-12))
        likeness[:, n] = (product - own) / others
    return likeness


def _irregularity(peaks: np.ndarray, n_together: int) -> np.ndarray:
    """Median change of the interval from one peak to the next, as a ratio, of each stretch."""
    change = np.abs(np.diff(np.log(np.maximum(np.diff(peaks), 1e-9))))
    stretches = np.lib.stride_tricks.sliding_window_view(change, n_together - 2)
    return np.median(stretches, axis=1)


def _unevenness(heights: np.ndarray, n_together: int) -> np.ndarray:
    """Spread of the heights of each stretch, as a ratio."""
    is_known = np.isfinite(heights)
    usual = np.median(heights[is_known]) if is_known.any() else 1.0
    known = np.log(np.maximum(np.where(is_known, heights, usual), 1e-300))
    stretches = np.lib.stride_tricks.sliding_window_view(known, n_together)
    low, high = np.percentile(stretches, [25, 75], axis=1)
    return (high - low) / 1.35


def _trimmed(own: np.ndarray) -> np.ndarray:
    """Peaks of good stretches, without those at the ends that do not resemble them."""
    is_in = np.isfinite(own)
    edges = np.flatnonzero(np.diff(np.r_[False, is_in, False]))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        alike = np.flatnonzero(own[start:stop] >= END_LIKENESS)
        is_in[start : start + (alike[0] if alike.size else stop - start)] = False
        is_in[start + (alike[-1] + 1 if alike.size else 0) : stop] = False
    return is_in
