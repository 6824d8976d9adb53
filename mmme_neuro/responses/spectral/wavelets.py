"""Wavelets and tapers: single-epoch spectra in batches that bound memory."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from mne.time_frequency import tfr_array_morlet, tfr_array_multitaper

BATCH_BYTES = 2**26
"""Working memory for the spectra of one batch of epochs of one channel."""

DEFAULT_FREQUENCIES = np.geomspace(4.0, 40.0, 30)
"""Default frequencies in Hz."""

METHODS = ("morlet", "multitaper")
TIME_BANDWIDTH = 4.0
"""Of the multitaper method: three tapers, smoothing over ``4 / duration`` Hz."""

Batches = Iterator[tuple[slice, np.ndarray]]
"""Epochs of a batch and their values, shape (n_batch, n_frequencies, n_times)."""


@dataclass(frozen=True)
class Transform:
    """How single epochs are transformed, and how often the result is kept.

    Parameters
    ----------
    sfreq : float
        Hz.
    frequencies, n_cycles : array, shape (n_frequencies,)
        Hz, and cycles of each wavelet or taper.
    decim : int
        Every so many samples are kept.
    method : {"morlet", "multitaper"}
        Gaussian wavelets, or discrete prolate tapers.
    """

    sfreq: float
    frequencies: np.ndarray
    n_cycles: np.ndarray
    decim: int
    method: str = "morlet"

    def power(self, signal: np.ndarray) -> Batches:
        """Power of one channel in batches of epochs, shape (n_epochs, n_times)."""
        for batch, part in self._batches(signal, 8):
            if self.method == "multitaper":
                values = tfr_array_multitaper(
                    part, self.sfreq, self.frequencies, n_cycles=self.n_cycles, decim=self.decim,
                    time_bandwidth=TIME_BANDWIDTH, output="power", verbose="error",
                )  # fmt: skip
            else:
                values = self._morlet(part, "power")
            yield batch, values[:, 0]

    def phases(self, signal: np.ndarray) -> Batches:
        """Unit phasors of one channel in batches of epochs (Morlet only: tapers have no phase)."""
        for batch, part in self._batches(signal, 32):
            values = self._morlet(part, "complex")[:, 0]
            size = np.abs(values)
            yield batch, np.divide(values, size, out=np.zeros_like(values), where=size > 0)

    def _morlet(self, part: np.ndarray, output: str) -> np.ndarray:
        return tfr_array_morlet(
            part, self.sfreq, self.frequencies, n_cycles=self.n_cycles, decim=self.decim,
            output=output, verbose="error",
        )  # fmt: skip

    def _batches(self, signal: np.ndarray, n_bytes: int) -> Iterator[tuple[slice, np.ndarray]]:
        n_epochs, n_times = signal.shape
        size = max(1, BATCH_BYTES // (n_bytes * n_times * len(self.frequencies)))
        for start in range(0, n_epochs, size):
            yield slice(start, start + size), signal[start : start + size, None]


def cycles(frequencies: np.ndarray) -> np.ndarray:
    """Default number of wavelet cycles: 3 up to 4 Hz, 8 from 40 Hz, linear in log frequency.

    Parameters
    ----------
    frequencies : array, shape (n_frequencies,)
        Hz.

    Returns
    -------
    n_cycles : array, shape (n_frequencies,)
        Cycles.
    """
    return np.interp(np.log(frequencies), np.log([4.0, 40.0]), [3.0, 8.0])


def fwhm(frequencies: np.ndarray, n_cycles: np.ndarray | float) -> np.ndarray:
    """Full width at half maximum of Morlet wavelets in s.

    Parameters
    ----------
    frequencies : array, shape (n_frequencies,)
        Hz.
    n_cycles : float | array, shape (n_frequencies,)
        Cycles.

    Returns
    -------
    width : array, shape (n_frequencies,)
        Seconds.

    Examples
    --------
    >>> round(float(fwhm(np.array(4.0), 3.0)), 3)
    0.281
    """
    return np.asarray(n_cycles) * np.sqrt(2 * np.log(2)) / (np.pi * np.asarray(frequencies))


def check_frequencies(
    frequencies: np.ndarray, n_cycles: np.ndarray, sfreq: float, n_times: int
) -> None:
    """Refuse frequencies that cannot be had from these epochs."""
    nyquist = sfreq / 2
    if frequencies.ndim != 1 or np.any(frequencies <= 0) or np.any(np.diff(frequencies) <= 0):
        raise ValueError(f"frequencies: must be increasing and positive (Hz), got {frequencies}.")
    if frequencies[-1] >= nyquist:
        raise ValueError(
            f"frequencies: must stay below half the sampling rate ({nyquist} Hz), got "
            f"{frequencies[-1]:.4g} Hz."
        )
    # MNE's wavelets extend over five standard deviations on each side.
    length = 10 * n_cycles / (2 * np.pi * frequencies)
    too_long = length > n_times / sfreq
    if too_long.any():
        raise ValueError(
            f"frequencies: the wavelet at {frequencies[too_long][0]:.4g} Hz lasts "
            f"{length[too_long][0]:.2f} s, the epoch {n_times / sfreq:.2f} s. Use fewer cycles, "
            "higher frequencies or longer epochs."
        )


def reliable(frequencies: np.ndarray, n_cycles: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Where an end of the epoch is two standard deviations of the wavelet or more away."""
    spread = 2 * n_cycles / (2 * np.pi * frequencies)
    distance = np.minimum(times - times[0], times[-1] - times)
    return distance[None, :] >= spread[:, None]
