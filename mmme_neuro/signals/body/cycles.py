"""The one place that calls NeuroKit2: heart beats, pulse waves and breaths in arrays.

NeuroKit2 fails on flat, short and slowly sampled signals and, with some versions of pandas, on
missing samples. Here it only ever gets finite pieces that are long enough, resampled to one
working rate; whatever still goes wrong comes back as a reason, never as an exception.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.signal import butter, resample_poly, sosfiltfilt

from mmme_neuro.errors import BadInput
from mmme_neuro.extras import optional
from mmme_neuro.signals.body.pieces import finite_pieces
from mmme_neuro.signals.body.rhythm import Resemblance, rhythmic_peaks, shaped
from mmme_neuro.signals.body.sensors import level_cuts

NEUROKIT_ERRORS = (ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError)
"""What NeuroKit2 0.2.13 raises on signals without a usable peak."""

MIN_CYCLES = 4
"""Fewer beats or breaths in a run give no interval series worth correcting."""

LEAST_LEVEL = 0.005
"""No gain that is changed makes a signal smaller than this; what is smaller is no signal."""


@dataclass(frozen=True)
class Detector:
    """What one kind of signal needs before NeuroKit2 may see it.

    Parameters
    ----------
    name : str
        Name of the signal in messages.
    find : callable
        ``(values, rate) -> (peaks, amplitude)``, in samples and in the unit of the signal.
    rate : float
        Working sampling rate, Hz.
    min_sfreq : float
        Slowest sampling rate that still carries the peaks, Hz.
    min_seconds : float
        Shortest piece, s.
    bridge_seconds : float
        Shorter gaps are bridged for detection, so that a lost sample does not cost a cycle, s.
    max_interval : float
        A longer interval is a gap: no cycle was missed there, the signal was lost, s.
    is_cardiac : bool
        Whether the intervals get the artifact correction made for heart beats.
    rhythm : Resemblance
        What its waves have in common, and those of noise have not.
    level_seconds : float
        Time in which the level of a good signal shows, s.
    """

    name: str
    find: Callable[[np.ndarray, float], tuple[np.ndarray, np.ndarray]]
    rate: float
    min_sfreq: float
    min_seconds: float
    bridge_seconds: float
    max_interval: float
    is_cardiac: bool
    rhythm: Resemblance
    level_seconds: float


@dataclass(frozen=True)
class Cycles:
    """Heart beats, pulse waves or breaths found in one signal.

    Parameters
    ----------
    seconds : array, shape (n_cycles,)
        Times of the peaks after correction, s from the first sample, increasing.
    amplitude : array, shape (n_cycles,)
        Height of the peak over the preceding trough, in the unit of the signal; NaN for beats
        that the correction placed and for the first of each piece.
    is_corrected : array of bool, shape (n_cycles,)
        Whether the correction put the peak there.
    run : array of int, shape (n_cycles,)
        Number of the uninterrupted run; no interval spans two runs.
    n_found : int
        Peaks found before correction.
    n_corrected : int
        Peaks added, moved or removed.
    reason : str
        Why there are no cycles; empty where there are.
    """

    seconds: np.ndarray
    amplitude: np.ndarray
    is_corrected: np.ndarray
    run: np.ndarray
    n_found: int
    n_corrected: int
    reason: str = ""

    def __repr__(self) -> str:
        """One line."""
        text = f"{self.seconds.size} found, {self.n_corrected} corrected"
        return f"<Cycles: {self.reason or text}>"


def r_peaks(ecg: np.ndarray, sfreq: float) -> Cycles:
    """Find R peaks in an electrocardiogram and correct misplaced ones.

    Parameters
    ----------
    ecg : array, shape (n_samples,)
        Electrocardiogram in any unit, either polarity; NaN where missing.
    sfreq : float
        Sampling rate, Hz; at least 50.

    Returns
    -------
    Cycles
        Beats with their height in the unit of ``ecg``.

    Notes
    -----
    NeuroKit2's default cleaning (0.5 Hz high-pass, mains smoothing) and gradient detector at
    500 Hz, a parabola through the three samples at each peak, then the correction of Lipponen and
    Tarvainen (2019, doi 10.1080/03091902.2019.1640306).

    Examples
    --------
    >>> import neurokit2 as nk
    >>> ecg = nk.ecg_simulate(duration=20, sampling_rate=250, heart_rate=60, random_state=1)
    >>> 18 <= r_peaks(ecg, 250.0).seconds.size <= 21
    True
    """
    return _cycles(ecg, sfreq, ECG)


def pulse_peaks(ppg: np.ndarray, sfreq: float) -> Cycles:
    """Find systolic peaks in a photoplethysmogram and correct misplaced ones.

    Parameters
    ----------
    ppg : array, shape (n_samples,)
        Photoplethysmogram in any unit, upright; NaN where missing.
    sfreq : float
        Sampling rate, Hz; at least 15.

    Returns
    -------
    Cycles
        Pulse waves; ``amplitude`` is foot to peak of the signal low-passed at 8 Hz.

    Notes
    -----
    Detector of Elgendi et al. (2013, doi 10.1371/journal.pone.0076585) at 200 Hz, correction as
    in :func:`r_peaks`. Its threshold rests on the mean power of the whole piece, so the signal is
    clipped at four times its usual height beforehand: one movement must not hide all beats.

    Examples
    --------
    >>> import neurokit2 as nk
    >>> ppg = nk.ppg_simulate(duration=20, sampling_rate=100, heart_rate=60, random_state=1)
    >>> 18 <= pulse_peaks(ppg, 100.0).seconds.size <= 21
    True
    """
    return _cycles(ppg, sfreq, PPG)


def respiration(rsp: np.ndarray, sfreq: float) -> Cycles:
    """Find the ends of inspiration in a breathing signal.

    Parameters
    ----------
    rsp : array, shape (n_samples,)
        Breathing belt or effort signal, larger when inhaling; NaN where missing.
    sfreq : float
        Sampling rate, Hz; at least 2.

    Returns
    -------
    Cycles
        Breaths; ``amplitude`` is inspiration, trough to peak. Nothing is corrected: pauses and
        sighs are breathing, too.

    Notes
    -----
    NeuroKit2's 0.05-3 Hz band-pass and zero-crossing detector after Khodadad et al. (2018,
    doi 10.1088/1361-6579/aad7e6) at 25 Hz.

    Examples
    --------
    >>> breathing = np.sin(2 * np.pi * 0.25 * np.arange(0, 60, 0.05))
    >>> np.diff(respiration(breathing, 20.0).seconds).mean().round(2)
    np.float64(4.0)
    """
    return _cycles(rsp, sfreq, RSP)


def _cycles(signal: np.ndarray, sfreq: float, detector: Detector) -> Cycles:
    """Cycles of all finite pieces, or none and the reason."""
    signal = np.asarray(signal, dtype=float)
    if signal.ndim != 1:
        raise BadInput(f"{detector.name}: expected a one-dimensional array, got {signal.shape}")
    if sfreq < detector.min_sfreq:
        return _no_cycles(f"sampled at {sfreq:g} Hz, needs {detector.min_sfreq:g} Hz or more")
    pieces = finite_pieces(
        signal,
        shortest=int(detector.min_seconds * sfreq),
        bridge=int(detector.bridge_seconds * sfreq),
    )
    if not pieces:
        return _no_cycles(f"no finite stretch of {detector.min_seconds:g} s")
    optional("neurokit2")  # what goes wrong with a piece is a reason; that it is missing is not
    found = [_cycles_of_piece(piece.values, sfreq, detector) for piece in pieces]
    return _joined(found, [piece.start / sfreq for piece in pieces])


def _cycles_of_piece(values: np.ndarray, sfreq: float, detector: Detector) -> Cycles:
    """Cycles of one finite piece, with thresholds of their own on both sides of a new level."""
    if np.ptp(values) <= np.finfo(float).eps * np.abs(values).max():
        return _no_cycles("flat")
    resampled, rate = _resampled(values, sfreq, detector.rate)
    with np.errstate(all="ignore"):
        shape = shaped(resampled, rate, detector.rhythm)
        cuts = level_cuts(shape, rate, detector.level_seconds)
    if not cuts.size:
        return _cycles_of_level(resampled, shape, rate, detector)
    edges = [0, *cuts.tolist(), resampled.size]
    levels = [
        slice(start, stop)
        for start, stop in zip(edges[:-1], edges[1:], strict=True)
        if stop - start >= detector.min_seconds * rate
    ]
    found = [_cycles_of_level(resampled[one], shape[one], rate, detector) for one in levels]
    sizes = [
        np.std(shape[one]) * (not part.reason) for one, part in zip(levels, found, strict=True)
    ]
    kept = [
        (part, one.start / rate)
        for part, one, size in zip(found, levels, sizes, strict=True)
        if size >= LEAST_LEVEL * max(sizes)
    ]
    if not kept:
        return _no_cycles(f"no stretch of one level of {detector.min_seconds:g} s")
    return _joined([part for part, _ in kept], [offset for _, offset in kept])


def _cycles_of_level(
    values: np.ndarray, shape: np.ndarray, rate: float, detector: Detector
) -> Cycles:
    """Cycles of a piece of one level; what NeuroKit2 raises becomes the reason."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            peaks, heights = detector.find(values, rate)
            is_rhythmic = rhythmic_peaks(shape, rate, peaks, heights, detector.rhythm)
            return _corrected(peaks, heights, is_rhythmic, rate, detector)
    except NEUROKIT_ERRORS as error:
        return _no_cycles(f"no peaks (NeuroKit2: {type(error).__name__}: {error})")


def _resampled(values: np.ndarray, sfreq: float, rate: float) -> tuple[np.ndarray, float]:
    """Signal at the working rate (band-limited both ways) and the exact rate reached."""
    ratio = Fraction(rate / sfreq).limit_denominator(500)
    if ratio == 1:
        return values, sfreq
    resampled = resample_poly(values, ratio.numerator, ratio.denominator, padtype="line")
    return resampled, sfreq * ratio.numerator / ratio.denominator


def _corrected(
    peaks: np.ndarray,
    amplitude: np.ndarray,
    is_rhythmic: np.ndarray,
    rate: float,
    detector: Detector,
) -> Cycles:
    """Correct peaks run by run; a lost signal must not be filled with beats."""
    is_gap = (np.diff(peaks) > detector.max_interval * rate) | ~is_rhythmic[1:] | ~is_rhythmic[:-1]
    runs = np.split(np.arange(peaks.size), np.flatnonzero(is_gap) + 1)
    runs = [run for run in runs if run.size >= MIN_CYCLES]
    if not runs:
        is_noise = peaks.size >= MIN_CYCLES and not is_rhythmic.any()
        return _no_cycles(
            f"artifacts only: the {detector.name} peaks do not resemble one another (noise)"
            if is_noise
            else f"fewer than {MIN_CYCLES} {detector.name} peaks in a row"
        )
    found = [_corrected_run(peaks[run], amplitude[run], rate, detector) for run in runs]
    return _joined(found, [0.0] * len(found))


def _corrected_run(
    peaks: np.ndarray, amplitude: np.ndarray, rate: float, detector: Detector
) -> Cycles:
    """Cycles of one run of peaks, in which every interval counts."""
    nk = optional("neurokit2")
    fixed = np.rint(peaks).astype(int)
    if detector.is_cardiac:
        # Rounded beats go in, so beats left alone can be told from those placed.
        _, fixed = nk.signal_fixpeaks(fixed, sampling_rate=rate, method="Kubios", iterative=True)
        fixed = np.unique(np.asarray(fixed, dtype=int))
    rounded = np.rint(peaks).astype(int)
    origin = np.clip(np.searchsorted(rounded, fixed), 0, rounded.size - 1)
    is_kept = rounded[origin] == fixed
    n_removed = rounded.size - np.count_nonzero(is_kept)
    return Cycles(
        seconds=np.where(is_kept, peaks[origin], fixed) / rate,
        amplitude=np.where(is_kept, amplitude[origin], np.nan),
        is_corrected=~is_kept,
        run=np.zeros(fixed.size, dtype=int),
        n_found=rounded.size,
        n_corrected=int(max(n_removed, np.count_nonzero(~is_kept))),
    )


def _joined(parts: list[Cycles], offsets: list[float]) -> Cycles:
    """One result of several, each shifted by its offset in seconds."""
    kept = [(part, offset) for part, offset in zip(parts, offsets, strict=True) if not part.reason]
    if not kept:
        return _no_cycles("; ".join(sorted({part.reason for part in parts})))
    n_runs = np.cumsum([0] + [part.run.max() + 1 for part, _ in kept])
    return Cycles(
        seconds=np.concatenate([part.seconds + offset for part, offset in kept]),
        amplitude=np.concatenate([part.amplitude for part, _ in kept]),
        is_corrected=np.concatenate([part.is_corrected for part, _ in kept]),
        run=np.concatenate([part.run + n for (part, _), n in zip(kept, n_runs, strict=False)]),
        n_found=sum(part.n_found for part, _ in kept),
        n_corrected=sum(part.n_corrected for part, _ in kept),
    )


def _no_cycles(reason: str) -> Cycles:
    """No cycles, and why."""
    empty = np.empty(0)
    return Cycles(empty, empty, empty.astype(bool), empty.astype(int), 0, 0, reason)


def _find_r_peaks(ecg: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """R peaks of an upright or inverted electrocardiogram."""
    nk = optional("neurokit2")
    cleaned = nk.ecg_clean(ecg, sampling_rate=round(rate))
    # The QRS complex makes the signal skewed to its own side.
    if np.mean(cleaned**3) < 0:
        cleaned = -cleaned
    peaks = np.asarray(nk.ecg_findpeaks(cleaned, sampling_rate=round(rate))["ECG_R_Peaks"], int)
    return _refined(cleaned, peaks), _heights(cleaned, peaks)


def _find_pulse_peaks(ppg: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Systolic peaks and their foot-to-peak height."""
    nk = optional("neurokit2")
    cleaned = nk.ppg_clean(ppg, sampling_rate=round(rate))
    window = round(2 * rate)
    blocks = np.abs(cleaned[: cleaned.size // window * window]).reshape(-1, window)
    usual_height = np.median(blocks.max(axis=1))
    clipped = np.clip(cleaned, -4 * usual_height, 4 * usual_height)
    peaks = np.asarray(nk.ppg_findpeaks(clipped, sampling_rate=round(rate))["PPG_Peaks"], int)
    # Foot to peak needs no high-pass, whose gain would follow the heart rate.
    smooth = sosfiltfilt(butter(4, 8.0, fs=rate, output="sos"), ppg)
    return _refined(cleaned, peaks), _heights(smooth, peaks)


def _find_breaths(rsp: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Ends of inspiration and the height of each inspiration."""
    nk = optional("neurokit2")
    cleaned = nk.rsp_clean(rsp, sampling_rate=round(rate))
    peaks = np.asarray(nk.rsp_findpeaks(cleaned, sampling_rate=round(rate))["RSP_Peaks"], int)
    return _refined(cleaned, peaks), _heights(cleaned, peaks)


def _refined(values: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Peaks between samples: vertex of the parabola through three samples."""
    peaks = peaks[(peaks > 0) & (peaks < values.size - 1)] if peaks.size else peaks
    left, middle, right = values[peaks - 1], values[peaks], values[peaks + 1]
    bend = left - 2 * middle + right
    shift = np.divide(0.5 * (left - right), bend, out=np.zeros(peaks.size), where=bend < 0)
    return peaks + np.clip(shift, -0.5, 0.5)


def _heights(values: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Height of each peak over the lowest sample since the previous one; NaN for the first."""
    peaks = peaks[(peaks > 0) & (peaks < values.size - 1)] if peaks.size else peaks
    troughs = np.minimum.reduceat(values, peaks)[:-1] if peaks.size else np.empty(0)
    return np.r_[np.nan, values[peaks[1:]] - troughs][: peaks.size]


ECG = Detector(
    name="ECG",
    find=_find_r_peaks,
    rate=500.0,
    min_sfreq=50.0,
    min_seconds=5.0,
    bridge_seconds=0.25,
    max_interval=3.0,
    is_cardiac=True,
    rhythm=Resemblance((1.0, 35.0), (0.25, 0.4), 0.7, 0.3),
    level_seconds=2.0,
)
PPG = Detector(
    name="PPG",
    find=_find_pulse_peaks,
    rate=200.0,
    min_sfreq=15.0,
    min_seconds=5.0,
    bridge_seconds=0.25,
    max_interval=3.0,
    is_cardiac=True,
    rhythm=Resemblance((0.5, 8.0), (0.3, 0.5), 0.55, 0.3),
    level_seconds=2.0,
)
RSP = Detector(
    name="RSP",
    find=_find_breaths,
    rate=25.0,
    min_sfreq=2.0,
    min_seconds=20.0,
    bridge_seconds=1.0,
    max_interval=20.0,
    is_cardiac=False,
    rhythm=Resemblance((0.05, 2.0), None, 0.5, 1.5, least=11),
    level_seconds=10.0,
)
