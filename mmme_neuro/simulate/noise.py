"""Stationary Gaussian noise with a stated spectrum."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfftfreq

Spectrum = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class PowerLaw:
    """Power ``1 / f**exponent`` above ``knee_hz``, flat below."""

    exponent: float
    knee_hz: float = 0.4
    highest_hz: float = 100.0

    def __call__(self, freqs: np.ndarray) -> np.ndarray:
        """Return relative power at each frequency."""
        power = np.maximum(freqs, self.knee_hz) ** -self.exponent
        return power * (freqs > 0) * (freqs <= self.highest_hz)


@dataclass(frozen=True)
class Rhythm:
    """Narrow-band activity: a Gaussian in frequency."""

    center_hz: float
    sd_hz: float

    def __call__(self, freqs: np.ndarray) -> np.ndarray:
        """Return relative power at each frequency."""
        return np.exp(-0.5 * ((freqs - self.center_hz) / self.sd_hz) ** 2)


@dataclass(frozen=True)
class Broadband:
    """Flat power between two frequencies, with smooth edges (muscle)."""

    lowest_hz: float
    highest_hz: float = 1000.0

    def __call__(self, freqs: np.ndarray) -> np.ndarray:
        """Return relative power at each frequency."""
        rise = 1 / (1 + np.exp(-(freqs - self.lowest_hz) / 1.5))
        return rise * (freqs <= self.highest_hz) * (freqs > 0)


def density(spectrum: Spectrum, freqs: np.ndarray) -> np.ndarray:
    """Return the one-sided density (1/Hz) of unit-variance noise on an even grid of frequencies."""
    fine = np.linspace(0, 125.0, 12501)
    total = np.trapezoid(spectrum(fine), fine)
    return spectrum(freqs) / total


def colored_noise(
    spectrum: Spectrum, *, n_sources: int, n_times: int, sfreq: float, rng: np.random.Generator
) -> np.ndarray:
    """Draw unit-variance Gaussian noise, array (n_sources, n_times), float32."""
    length = next_fast_len(n_times + int(2 * sfreq), real=True)
    while not spectrum(freqs := rfftfreq(length, 1 / sfreq)).any():
        # The slowest fluctuation is longer than what is asked for: cut it out of a longer one.
        if length > 1e9:
            raise ValueError(f"{spectrum} has no power below {sfreq / 2:g} Hz.")
        length *= 2
    gain = np.sqrt(spectrum(freqs))
    gain = (gain / np.sqrt(np.mean(np.r_[gain, gain[1:]] ** 2))).astype(np.float32)
    out = np.full((n_sources, n_times), np.nan, np.float32)
    for row in out:
        parts = rng.standard_normal((2, freqs.size), dtype=np.float32)
        spectrum_of_noise = gain * (parts[0] + 1j * parts[1]) * np.float32(np.sqrt(length / 2))
        row[:] = irfft(spectrum_of_noise, n=length)[:n_times]
    return out
