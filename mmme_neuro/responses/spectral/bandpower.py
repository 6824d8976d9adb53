"""Single-trial band power of a region, relative to a baseline."""

import warnings
from collections.abc import Sequence

import mne
import numpy as np
import pandas as pd
from scipy import signal

from mmme_neuro.events.ids import event_index
from mmme_neuro.responses.measures import BANDS, POWER_BASELINE, epoch_mask
from mmme_neuro.responses.potentials import UV_PER_V
from mmme_neuro.responses.regions import roi_channels


def band_power(
    epochs: mne.BaseEpochs,
    *,
    band: str | tuple[float, float],
    roi: str | Sequence[str],
    window: tuple[float, float],
    baseline: tuple[float, float] | None = POWER_BASELINE,
    method: str = "morlet",
) -> pd.DataFrame:
    """Measure the band power of a region in a time window on every single epoch.

    Parameters
    ----------
    epochs : mne.Epochs
        Event-locked EEG.
    band : str | tuple of float
        A key of `BANDS` or (low, high) in Hz.
    roi : str | sequence of str
        A key of `ROIS` or channel names. Power is averaged over its channels.
    window : tuple of float
        First and last time in s from the event, both included.
    baseline : tuple of float | None
        Window in s; None for power as it is (``log_ratio_db`` is then NaN).
    method : {"morlet", "fir"}
        A Gaussian band-pass whose gain is a half at the edges of the band (short in time), or a
        windowed-sinc band-pass (flat in the band, longer).

    Returns
    -------
    table : DataFrame
        One row per epoch (index: the event's id): ``power_uv2`` (window minus baseline),
        ``window_uv2``, ``baseline_uv2``, and ``log_ratio_db`` (mean over the window of 10 log10
        power minus that over the baseline).

    See Also
    --------
    roi_channels : The channels averaged.

    Notes
    -----
    The signal of each channel is convolved with an analytic, linear-phase kernel h of unit gain
    at the center of the band; power is 2 abs(h * x)^2, so that a sinusoid of amplitude A at the
    center has A^2 / 2, its mean square. The *linear* difference to the baseline is what a
    mixed model can average: as power of independent sources adds up in expectation, stationary
    noise cancels from it, which it does not from a ratio.

    Examples
    --------
    >>> info = mne.create_info(["C3", "C4"], 100.0, "eeg")
    >>> noise = np.random.default_rng(0).normal(0, 1e-6, (4, 2, 351))
    >>> epochs = mne.EpochsArray(noise, info, tmin=-1.5, verbose="error")
    >>> table = band_power(epochs, band="alpha", roi="sensorimotor", window=(0.2, 0.8))
    >>> list(table.columns)
    ['power_uv2', 'window_uv2', 'baseline_uv2', 'log_ratio_db']
    """
    low, high = band_edges(band, epochs.info["sfreq"])
    if method not in KERNELS:
        raise ValueError(f"method={method!r}: must be one of {list(KERNELS)}.")
    kernel = KERNELS[method](low, high, epochs.info["sfreq"])
    channels = roi_channels(epochs.info, roi)
    times = epochs.times
    after = epoch_mask(times, window, name="window")
    before = None if baseline is None else epoch_mask(times, baseline, name="baseline")
    half_support = energy_half_width(kernel) / epochs.info["sfreq"]
    _warn_at_ends(times, [window] if baseline is None else [window, baseline], half_support)
    power = np.mean([_trial_power(epochs, name, kernel) for name in channels], axis=0)
    return _relative(power, after, before).set_axis(event_index(epochs), axis=0)


def instantaneous_power(data: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Mean-square power passed by an analytic kernel.

    Parameters
    ----------
    data : array, shape (..., n_times)
        Signal; its mean over time is removed, the ends are continued by odd reflection.
    kernel : array of complex, shape (n_taps,)
        Odd length, unit gain at the center of its band.

    Returns
    -------
    power : array, shape (..., n_times)
        In the squared units of ``data``.
    """
    half = len(kernel) // 2
    if data.shape[-1] <= half:
        raise ValueError(
            f"The filter reaches {half} samples to each side, the epoch has only {data.shape[-1]}. "
            "Use longer epochs, a wider band or method='morlet'."
        )
    centered = data - data.mean(axis=-1, keepdims=True)
    padding = [(0, 0)] * (data.ndim - 1) + [(half, half)]
    padded = np.pad(centered, padding, mode="reflect", reflect_type="odd")
    kernel = kernel.reshape((1,) * (data.ndim - 1) + (-1,))
    return 2 * np.abs(signal.oaconvolve(padded, kernel, mode="valid", axes=-1)) ** 2


def energy_half_width(kernel: np.ndarray, share: float = 0.99) -> int:
    """Samples to each side of the center that hold a share of the kernel's energy.

    Parameters
    ----------
    kernel : array of complex, shape (n_taps,)
        Symmetric in magnitude, odd length.
    share : float
        Between 0 and 1.

    Returns
    -------
    n_samples : int
        Half-width.
    """
    energy = np.abs(kernel) ** 2
    half = len(kernel) // 2
    one_side = energy[half:].copy()
    one_side[1:] *= 2
    return int(np.searchsorted(np.cumsum(one_side), share * energy.sum()))


def _gaussian_kernel(low: float, high: float, sfreq: float) -> np.ndarray:
    """Morlet wavelet whose amplitude gain is 1/2 at both edges of the band."""
    sigma_f = (high - low) / (2 * np.sqrt(2 * np.log(2)))
    sigma_t = 1 / (2 * np.pi * sigma_f)
    half = int(np.ceil(4 * sigma_t * sfreq))
    times = np.arange(-half, half + 1) / sfreq
    return _analytic(np.exp(-0.5 * (times / sigma_t) ** 2), low, high, sfreq)


def _sinc_kernel(low: float, high: float, sfreq: float) -> np.ndarray:
    """Hamming-windowed sinc, gain 1/2 at the edges, transitions half as wide as the band."""
    transition = min((high - low) / 2, low)
    half = int(np.ceil(3.3 * sfreq / transition / 2))
    envelope = signal.firwin(2 * half + 1, (high - low) / 2, window="hamming", fs=sfreq)
    return _analytic(envelope, low, high, sfreq)


def _analytic(envelope: np.ndarray, low: float, high: float, sfreq: float) -> np.ndarray:
    """Move a low-pass kernel to the center of the band, with unit gain there."""
    half = len(envelope) // 2
    times = np.arange(-half, half + 1) / sfreq
    return envelope / envelope.sum() * np.exp(2j * np.pi * (low + high) / 2 * times)


KERNELS = {"morlet": _gaussian_kernel, "fir": _sinc_kernel}
"""Analytic band-pass kernels."""


def _trial_power(epochs: mne.BaseEpochs, ch_name: str, kernel: np.ndarray) -> np.ndarray:
    """Power of one channel in uV^2, shape (n_epochs, n_times)."""
    data = epochs.get_data(picks=[ch_name], verbose="error")[:, 0] * UV_PER_V
    return instantaneous_power(data, kernel)


def _relative(power: np.ndarray, after: np.ndarray, before: np.ndarray | None) -> pd.DataFrame:
    """Window power minus baseline power, linear and logarithmic."""
    in_window = power[:, after].mean(axis=1)
    at_baseline = np.full(len(power), np.nan)
    log_ratio = np.full(len(power), np.nan)
    if before is not None:
        at_baseline = power[:, before].mean(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):  # a flat channel has no ratio: NaN
            level = 10 * np.log10(power)
            log_ratio = level[:, after].mean(axis=1) - level[:, before].mean(axis=1)
    change = in_window if before is None else in_window - at_baseline
    return pd.DataFrame(
        {
            "power_uv2": change,
            "window_uv2": in_window,
            "baseline_uv2": at_baseline,
            "log_ratio_db": log_ratio,
        }
    )


def band_edges(band: str | tuple[float, float], sfreq: float) -> tuple[float, float]:
    """Edges of a named or given band, checked against the sampling rate.

    Parameters
    ----------
    band : str | tuple of float
        A key of `BANDS` or (low, high) in Hz.
    sfreq : float
        Sampling rate in Hz.

    Returns
    -------
    low, high : float
        Hz.
    """
    if isinstance(band, str) and band not in BANDS:
        raise ValueError(f"band={band!r}: must be one of {list(BANDS)} or (low, high) in Hz.")
    low, high = BANDS[band] if isinstance(band, str) else band
    if not 0 < low < high < sfreq / 2:
        raise ValueError(
            f"band={band!r}: must satisfy 0 < low < high < {sfreq / 2} Hz (half the sampling rate)."
        )
    return float(low), float(high)


def _warn_at_ends(
    times: np.ndarray, windows: Sequence[tuple[float, float]], half_support: float
) -> None:
    """Warn where the filter reaches past the epoch for a part of a window."""
    first, last = times[0] + half_support, times[-1] - half_support
    outside = [window for window in windows if window[0] < first - 1e-9 or window[1] > last + 1e-9]
    if outside:
        warnings.warn(
            f"The filter needs {half_support:.2f} s to each side; windows {outside} s reach closer "
            f"to an end of the epoch ({times[0]:.2f} to {times[-1]:.2f} s), where the signal is "
            "continued by reflection. Cut longer epochs or move the windows.",
            stacklevel=3,
        )
