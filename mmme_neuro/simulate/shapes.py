"""Time courses of event-locked responses, peak 1, time in seconds from the event's onset.

Every shape takes ``(time, latency, width)``: the two factors stretch its latency and its width
(1 = typical person), because people differ in both.
"""

from collections.abc import Callable

import numpy as np
from scipy.signal import fftconvolve
from scipy.stats import gamma

Shape = Callable[[np.ndarray, float, float], np.ndarray]


def premotor_ramp(time: np.ndarray, latency: float, width: float) -> np.ndarray:
    """Rise from about 1 s before the onset to a peak at the onset, gone 0.2 s later."""
    rise = np.clip((time + 1.0 * latency) / (1.0 * latency), 0, 1) ** 2
    fall = np.exp(-0.5 * (np.clip(time, 0, None) / (0.1 * width)) ** 2)
    return rise * fall


def late_positivity(time: np.ndarray, latency: float, width: float) -> np.ndarray:
    """Gaussian at 0.40 s, SD 0.10 s."""
    return np.exp(-0.5 * ((time - 0.40 * latency) / (0.10 * width)) ** 2)


def oscillation_change(time: np.ndarray, latency: float, width: float) -> np.ndarray:
    """Raised-cosine envelope of a rhythm's change: from 0 to 1.2 s, flat in its middle."""
    begin, end = 0.0, 1.2 * width * latency
    edge = 0.25
    rise = np.clip((time - begin) / edge, 0, 1)
    fall = np.clip((end + edge - time) / edge, 0, 1)
    return 0.25 * (1 - np.cos(np.pi * rise)) * (1 - np.cos(np.pi * fall))


def skin_conductance_response(time: np.ndarray, latency: float, width: float) -> np.ndarray:
    """Gaussian (3.07 s, 0.70 s) convolved with two exponential decays (Bach et al. 2010)."""
    step = 0.02
    grid = np.arange(0, 60, step)
    gaussian = np.exp(-0.5 * ((grid - 3.0745 * latency) / (0.7013 * width)) ** 2)
    decay = np.exp(-0.3176 * grid) + np.exp(-0.0708 * grid)
    response = fftconvolve(gaussian, decay)[: grid.size]
    return np.interp(time, grid, response / response.max(), left=0.0, right=0.0)


def heart_period_response(time: np.ndarray, latency: float, width: float) -> np.ndarray:
    """Second heart-period response function, a gamma pdf with its peak at 6.65 s (PsPM)."""
    return _gamma_pulse(time, shape=13.4, scale=0.73 * width, peak=6.65 * latency)


def vasoconstriction(time: np.ndarray, latency: float, width: float) -> np.ndarray:
    """Fall of the finger pulse: gamma pdf with its peak at 5 s."""
    return _gamma_pulse(time, shape=6.0, scale=0.8 * width, peak=5.0 * latency)


def breathing_response(time: np.ndarray, latency: float, width: float) -> np.ndarray:
    """Respiratory amplitude response: Gaussian at 8.07 s, SD 3.74 s (PsPM), from the onset on."""
    bump = np.exp(-0.5 * ((time - 8.07 * latency) / (3.74 * width)) ** 2)
    return bump * (time > 0)


def finger_temperature(time: np.ndarray, latency: float, width: float) -> np.ndarray:
    """Fingertip temperature follows vasoconstriction by about 15 s (Kistler 1998)."""
    return _gamma_pulse(time, shape=6.0, scale=3.0 * width, peak=15.0 * latency)


def two_waves(time: np.ndarray, latency: float, width: float) -> np.ndarray:
    """Two raised-cosine waves of the same sign, 1-4 s and 5-10 s: a slow response in two acts."""
    first = _wave(time, middle=2.5 * latency, half=1.5 * width)
    return first + 0.6 * _wave(time, middle=7.5 * latency, half=2.5 * width)


def rise_and_fall(time: np.ndarray, latency: float, width: float) -> np.ndarray:
    """Rise at 1-4 s and fall below rest at 4-9 s, as a heart that first answers, then slows."""
    rise = _wave(time, middle=2.5 * latency, half=1.5 * width)
    return _wave(time, middle=6.5 * latency, half=2.5 * width) - 0.7 * rise


def sawtooth(time: np.ndarray, latency: float, width: float) -> np.ndarray:
    """Steep rise at 0.20 s and straight fall to zero at 0.70 s."""
    since = (time - 0.20 * latency) / (0.50 * width)
    return np.where((since >= 0) & (since <= 1), 1 - since, 0.0)


def _wave(time: np.ndarray, *, middle: float, half: float) -> np.ndarray:
    """Raised cosine of height 1 from ``middle - half`` to ``middle + half``, after the onset."""
    near = np.abs(time - middle) < half
    return np.where(near, 0.5 * (1 + np.cos(np.pi * (time - middle) / half)), 0.0) * (time > 0)


def _gamma_pulse(time: np.ndarray, *, shape: float, scale: float, peak: float) -> np.ndarray:
    """Gamma pdf of given shape and scale with its mode at ``peak``, height 1, from the onset on."""
    mode = (shape - 1) * scale
    height = gamma.pdf(mode, shape, scale=scale)
    # For wide and early people the pdf begins before the event; a response does not.
    return gamma.pdf(time - peak + mode, shape, scale=scale) / height * (time > 0)
