"""Finite pieces of a signal with gaps, and the filters that work on them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, savgol_filter, sosfiltfilt

from mmme_neuro.signals.body.sensors import (
    EDA_LIMITS_S,
    OFF_MARGIN_SECONDS,
    SKT_LIMITS_CELSIUS,
)
from mmme_neuro.signals.bridges import bridged


@dataclass(frozen=True)
class Piece:
    """One finite stretch of a signal.

    Parameters
    ----------
    start : int
        Index of the first sample in the whole signal.
    values : array, shape (n_samples,)
        The samples; short gaps inside are filled by straight lines.
    """

    start: int
    values: np.ndarray


def finite_pieces(signal: np.ndarray, *, shortest: int = 1, bridge: int = 0) -> list[Piece]:
    """Cut a signal at its non-finite stretches.

    Parameters
    ----------
    signal : array, shape (n_samples,)
        Any signal; NaN and infinite samples count as missing.
    shortest : int
        Pieces of fewer samples are left out.
    bridge : int
        Gaps of at most so many samples do not cut; a straight line fills them.

    Returns
    -------
    list of Piece
        In the order of time; empty where no stretch is long enough.

    Examples
    --------
    >>> [piece.start for piece in finite_pieces(np.array([1.0, np.nan, 2.0, 3.0]), shortest=2)]
    [2]
    """
    is_finite = np.isfinite(signal)
    edges = np.flatnonzero(np.diff(np.r_[False, is_finite, False]))
    starts, stops = edges[::2], edges[1::2]
    if not starts.size:
        return []
    is_cut = starts[1:] - stops[:-1] > bridge
    starts, stops = starts[np.r_[True, is_cut]], stops[np.r_[is_cut, True]]
    return [
        Piece(int(start), bridged(signal[start:stop]))
        for start, stop in zip(starts, stops, strict=True)
        if stop - start >= shortest
    ]


def map_pieces(
    signal: np.ndarray,
    function: Callable[[np.ndarray], np.ndarray],
    *,
    shortest: int = 1,
    bridge: int = 0,
) -> np.ndarray:
    """Apply a same-length function to each finite piece and keep NaN everywhere else.

    Parameters
    ----------
    signal : array, shape (n_samples,)
        Signal, possibly with gaps.
    function : callable
        Array to array of the same length, such as a zero-phase filter.
    shortest, bridge : int
        As in :func:`finite_pieces`.

    Returns
    -------
    array, shape (n_samples,)
        NaN where the signal was missing, bridged gaps included.
    """
    mapped = np.full(signal.size, np.nan)
    for piece in finite_pieces(signal, shortest=shortest, bridge=bridge):
        mapped[piece.start : piece.start + piece.values.size] = function(piece.values)
    mapped[~np.isfinite(signal)] = np.nan
    return mapped


BRIDGE_SECONDS = 1.0 + 2 * OFF_MARGIN_SECONDS
"""Shorter gaps are bridged for filtering (and stay missing), so that they make no edges; the
margins of a sensor that was off for a second count."""

EDA_LOWPASS_HZ = 3.0
EDA_HIGHPASS_HZ = 0.05
EDA_MAX_SLOPE_S_PER_S = 10e-6
"""Credible change of skin conductance, after Kleckner et al. (2018, doi
10.1109/TBME.2017.2758643)."""

SKT_LOWPASS_HZ = 1.0

SKT_SLOPE_S = 10.0
"""Span of the line whose slope is the temperature's."""

EMG_BAND_HZ = (20.0, 450.0)
EMG_ENVELOPE_HZ = 8.0
EMG_MIN_SFREQ = 80.0


def skin_conductance(eda: np.ndarray, sfreq: float, *, lowpass: float) -> np.ndarray:
    """Smooth skin conductance and blank what no skin can do.

    Parameters
    ----------
    eda : array, shape (n_samples,)
        Skin conductance, S; NaN where missing.
    sfreq : float
        Sampling rate, Hz.
    lowpass : float
        Cut-off of the zero-phase Butterworth filter of order 4, Hz.

    Returns
    -------
    array, shape (n_samples,)
        Skin conductance, S; NaN where missing, outside 0.05-60 uS or steeper than 10 uS/s.
    """
    smooth = lowpassed(eda, sfreq, cutoff=lowpass)
    slope = np.abs(np.gradient(smooth)) * sfreq if smooth.size > 1 else np.zeros(smooth.size)
    with np.errstate(invalid="ignore"):
        is_credible = (smooth >= EDA_LIMITS_S[0]) & (smooth <= EDA_LIMITS_S[1])
        is_steep = slope > EDA_MAX_SLOPE_S_PER_S
    return np.where(is_credible & ~is_steep, smooth, np.nan)


def phasic(eda: np.ndarray, sfreq: float) -> np.ndarray:
    """Part of the skin conductance faster than 0.05 Hz.

    Parameters
    ----------
    eda : array, shape (n_samples,)
        Smoothed skin conductance, S; NaN where missing.
    sfreq : float
        Sampling rate, Hz.

    Returns
    -------
    array, shape (n_samples,)
        Zero-phase Butterworth high-pass of order 2; what it takes away is the tonic level.

    Notes
    -----
    A response is followed *and preceded* by an undershoot, as in every symmetric high-pass:
    measure event-locked changes in the smoothed conductance, not here.
    """
    sos = butter(2, EDA_HIGHPASS_HZ, btype="highpass", fs=sfreq, output="sos")
    return _filtered(eda, sfreq, sos, padding=1.0 / EDA_HIGHPASS_HZ)


def skin_temperature(skt: np.ndarray, sfreq: float, *, lowpass: float) -> np.ndarray:
    """Smooth skin temperature and blank what no skin can be.

    Parameters
    ----------
    skt : array, shape (n_samples,)
        Temperature, degC; NaN where missing.
    sfreq : float
        Sampling rate, Hz.
    lowpass : float
        Cut-off of the zero-phase Butterworth filter of order 4, Hz.

    Returns
    -------
    array, shape (n_samples,)
        Temperature, degC; NaN where missing or outside 10-45 degC.
    """
    smooth = lowpassed(skt, sfreq, cutoff=lowpass)
    with np.errstate(invalid="ignore"):
        is_credible = (smooth >= SKT_LIMITS_CELSIUS[0]) & (smooth <= SKT_LIMITS_CELSIUS[1])
    return np.where(is_credible, smooth, np.nan)


def temperature_slope(skt: np.ndarray, sfreq: float) -> np.ndarray:
    """How fast the skin warms or cools.

    Parameters
    ----------
    skt : array, shape (n_samples,)
        Smoothed temperature, degC; NaN where missing.
    sfreq : float
        Sampling rate, Hz.

    Returns
    -------
    array, shape (n_samples,)
        degC/min: slope of the line through the 10 s around each sample; NaN where missing and in
        pieces shorter than 10 s.
    """
    length = 2 * int(SKT_SLOPE_S * sfreq / 2) + 1
    if length < 3:
        return np.full(skt.size, np.nan)
    return map_pieces(
        skt,
        lambda piece: savgol_filter(piece, length, 1, deriv=1, delta=1 / sfreq / 60),
        shortest=length,
    )


def muscle_envelope(emg: np.ndarray, sfreq: float, *, lowpass: float) -> np.ndarray:
    """Average rectified electromyogram.

    Parameters
    ----------
    emg : array, shape (n_samples,)
        Electromyogram, V; NaN where missing.
    sfreq : float
        Sampling rate, Hz; at least 80.
    lowpass : float
        Cut-off of the envelope, Hz.

    Returns
    -------
    array, shape (n_samples,)
        Envelope, V, not negative: 20-450 Hz (or to 0.45 of the sampling rate), rectified,
        low-passed, all zero-phase.
    """
    band = (EMG_BAND_HZ[0], min(EMG_BAND_HZ[1], 0.45 * sfreq))
    sos = butter(4, band, btype="bandpass", fs=sfreq, output="sos")
    rectified = np.abs(_filtered(emg, sfreq, sos, padding=1.0 / EMG_BAND_HZ[0]))
    return np.maximum(lowpassed(rectified, sfreq, cutoff=lowpass), 0.0)


def lowpassed(signal: np.ndarray, sfreq: float, *, cutoff: float) -> np.ndarray:
    """Low-pass each finite piece without shifting it in time.

    Parameters
    ----------
    signal : array, shape (n_samples,)
        Any signal; NaN where missing.
    sfreq : float
        Sampling rate, Hz.
    cutoff : float
        Cut-off of the Butterworth filter of order 4, run forth and back, Hz.

    Returns
    -------
    array, shape (n_samples,)
        Unchanged where the sampling rate holds nothing above the cut-off.
    """
    if cutoff >= 0.45 * sfreq:
        return np.where(np.isfinite(signal), signal, np.nan)
    sos = butter(4, cutoff, fs=sfreq, output="sos")
    return _filtered(signal, sfreq, sos, padding=1.0 / cutoff)


def _filtered(signal: np.ndarray, sfreq: float, sos: np.ndarray, *, padding: float) -> np.ndarray:
    """Zero-phase filter of every finite piece, mirrored for ``padding`` s at its ends."""

    def run(values: np.ndarray) -> np.ndarray:
        n_padding = min(round(3 * padding * sfreq), values.size - 1)
        return sosfiltfilt(sos, values, padlen=n_padding)

    return map_pieces(signal, run, bridge=round(BRIDGE_SECONDS * sfreq))
