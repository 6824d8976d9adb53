"""Stretches at which a sensor was off: missing, impossible, flat, or between such stretches."""

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy.ndimage import maximum_filter1d, median_filter, uniform_filter1d

OFF_MARGIN_SECONDS = 0.1
"""Samples so near to a stretch that is flat or out of range belong to it: a sensor that comes off
or is put on again shows what neither skin nor heart did."""

USABLE, MISSING, OUT_OF_RANGE, FLAT, ISLAND, NOISE = range(6)
CAUSES = ("usable", "missing", "out_of_range", "flat", "island", "noise")
"""Names of the numbers above: why a sample is not used."""

LONGER_THAN_USUAL = 10.0
"""A stretch without change is flat only if it lasts so many times longer than what is usual in the
recording: coarse or slowly sampled signals stand still between their steps."""

MAX_ISLAND_SECONDS = 5.0
"""A shorter stretch between two longer gaps says nothing, nor do samples in whose surroundings of
so many seconds to both sides the sensor was mostly off."""

ROUNDING = 1e-10
"""Changes smaller than this share of the largest sample are rounding, and none at all."""

MIN_AIMLESS_SECONDS = 8
MIN_ROUGH_SAMPLES = 16
AIMLESS_RATIO = 1.0
ROUGHER = 5.0
"""A slow signal that jumps or changes its roughness by this factor is noise where the von Neumann
ratio of at least eight seconds is larger than the one in the middle."""

LEVEL_CHANGE = 4.0
"""A signal that becomes larger or smaller by this factor, and stays so, is looked at by itself."""


@dataclass(frozen=True)
class Sensor:
    """What a sensor cannot show while it is on.

    Attributes
    ----------
    flat_seconds : float
        No signal of this kind stays the same for so long, s.
    low, high : float
        Limits of credible samples, SI units.
    shortest_seconds : float
        Nothing can be derived from a shorter stretch, s.
    pause_seconds : float
        A longer stretch without a beat or breath in it is no signal, s.
    jump : float
        A slow signal does not change by so much from one second to the next but one, SI units; a
        stretch behind such a jump is looked at by itself.
    """

    flat_seconds: float
    low: float = -np.inf
    high: float = np.inf
    shortest_seconds: float = 0.0
    pause_seconds: float = np.inf
    jump: float = np.inf


EDA_LIMITS_S = (0.05e-6, 60e-6)
"""Credible skin conductance, after Kleckner et al. (2018, doi 10.1109/TBME.2017.2758643)."""

SKT_LIMITS_CELSIUS = (10.0, 45.0)

SENSORS = MappingProxyType(
    {
        "ECG": Sensor(1.5, shortest_seconds=5.0, pause_seconds=3.0),
        "PPG": Sensor(1.0, shortest_seconds=5.0, pause_seconds=3.0),
        "RSP": Sensor(5.0, shortest_seconds=20.0, pause_seconds=20.0),
        "EDA": Sensor(5.0, *EDA_LIMITS_S, jump=0.5e-6),
        "SKT": Sensor(10.0, *SKT_LIMITS_CELSIUS, jump=1.0),
        "EMG": Sensor(1.0),
    }
)
"""Sensors by the first three letters of their channels' names."""


def causes_of_loss(signal: np.ndarray, sfreq: float, sensor: Sensor) -> np.ndarray:
    """Tell of each sample whether it can be used, and why not.

    Parameters
    ----------
    signal : array, shape (n_samples,)
        As recorded, SI units; NaN where missing. Nothing may have been filtered: a filter smears
        what a sensor shows while it is off.
    sfreq : float
        Sampling rate, Hz.
    sensor : Sensor
        What it cannot show.

    Returns
    -------
    array of uint8, shape (n_samples,)
        `USABLE`, `MISSING`, `OUT_OF_RANGE`, `FLAT`, `ISLAND` or, for slow signals, `NOISE`.

    Examples
    --------
    >>> skt = np.r_[np.full(3000, 0.0), 32 + 0.01 * np.arange(3000)]
    >>> np.unique(causes_of_loss(skt, 100.0, SENSORS["SKT"])).tolist()
    [0, 2]
    """
    cause = np.zeros(signal.size, dtype=np.uint8)
    is_missing = ~np.isfinite(signal)
    with np.errstate(invalid="ignore"):
        is_outside = (signal < sensor.low) | (signal > sensor.high)
    is_flat = _flat(signal, sfreq, sensor.flat_seconds, ~(is_missing | is_outside))
    margin = int(np.ceil(OFF_MARGIN_SECONDS * sfreq))
    for number, is_off in ((FLAT, is_flat), (OUT_OF_RANGE, is_outside)):
        if is_off.any():
            cause[maximum_filter1d(is_off, 2 * margin + 1)] = number
    cause[is_missing] = MISSING
    if np.isfinite(sensor.jump):
        _mark_aimless(cause, signal, sfreq, sensor.jump)
    if (cause > MISSING).any():
        _mark_islands(cause, round(MAX_ISLAND_SECONDS * sfreq))
    return cause


def runs(is_in: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First sample of each uninterrupted stretch, and the one after its last.

    Parameters
    ----------
    is_in : array of bool, shape (n_samples,)
        Where the stretches are.

    Returns
    -------
    starts, stops : array of int, shape (n_stretches,)

    Examples
    --------
    >>> [edge.tolist() for edge in runs(np.array([True, False, True, True]))]
    [[0, 2], [1, 4]]
    """
    edges = np.flatnonzero(np.diff(np.r_[False, is_in, False]))
    return edges[::2], edges[1::2]


def level_cuts(values: np.ndarray, rate: float, window_seconds: float) -> np.ndarray:
    """Samples at which a signal becomes much larger or smaller, and stays so.

    Parameters
    ----------
    values : array, shape (n_samples,)
        Finite samples, without baseline.
    rate : float
        Sampling rate, Hz.
    window_seconds : float
        Time in which each level of a good signal shows, such as that of the longest beat, s.

    Returns
    -------
    array of int, shape (n_cuts,)
        Increasing; empty for a signal of one level. A disturbance of less than a window makes no
        cut.

    Examples
    --------
    >>> beats = np.sin(np.arange(6000) / 10)
    >>> beats[3000:] *= 0.01
    >>> cut, = level_cuts(beats, 100.0, 2.0)
    >>> abs(int(cut) - 3000) <= 50
    True
    """
    block = max(round(window_seconds * rate / 4), 1)
    n_blocks = values.size // block
    if n_blocks < 16:
        return np.empty(0, dtype=int)
    blocks = values[: n_blocks * block].reshape(n_blocks, block)
    highs, lows = (
        np.lib.stride_tricks.sliding_window_view(edge, 4)
        for edge in (blocks.max(axis=1), blocks.min(axis=1))
    )
    spread = highs.max(axis=1) - lows.min(axis=1)
    level = np.log(np.maximum(spread, 1e-9 * spread.max() or 1.0))
    half = 5
    usual = median_filter(level, size=2 * half + 1, mode="nearest")
    before, after = (
        np.r_[np.full(half, usual[0]), usual[:-half]],
        np.r_[usual[half:], np.full(half, usual[-1])],
    )
    change = np.abs(after - before)
    cuts = []
    for start, stop in zip(*runs(change > np.log(LEVEL_CHANGE)), strict=True):
        here = change[start:stop]
        place = start + int(np.median(np.flatnonzero(here == here.max())))
        cuts.append(_crossing(level, before[place], after[place], place, 2 * half))
    return np.unique(np.clip(np.array(cuts, dtype=int) * block, 0, values.size))


def _crossing(level: np.ndarray, before: float, after: float, place: int, reach: int) -> int:
    """Block at which the level passes the middle between before and after, nearest to a place."""
    first = max(place - reach, 0)
    is_high = level[first : place + reach + 1] > 0.5 * (before + after)
    falls = after < before
    steps = np.flatnonzero(is_high[1:] != is_high[:-1])
    steps = steps[is_high[steps] == falls]
    if not steps.size:
        return place
    nearest = first + int(steps[np.abs(steps + first - place).argmin()]) + 1
    # A window of four blocks is large as long as one of them is.
    return nearest if falls else nearest + 3


def _flat(
    signal: np.ndarray, sfreq: float, flat_seconds: float, is_credible: np.ndarray
) -> np.ndarray:
    """Whether each sample belongs to a stretch without any change, longer than is usual."""
    is_flat = np.zeros(signal.size, dtype=bool)
    if signal.size < 2:
        return is_flat
    with np.errstate(invalid="ignore"):
        steps = np.abs(np.diff(signal))
        # Beside the one sample of a fault all others would be rounding.
        largest = np.max(np.abs(signal), where=is_credible, initial=0.0)
        starts, stops = runs(steps <= ROUNDING * largest)
    lengths = stops - starts + 1
    if not lengths.size or lengths.max() < flat_seconds * sfreq:
        return is_flat
    n_known = np.count_nonzero(np.isfinite(signal))
    single = np.ones(max(n_known - lengths.sum(), 0), dtype=lengths.dtype)
    usual = np.quantile(np.r_[lengths, single], 0.95)
    # One stretch of a recording that is otherwise without any says nothing about the usual.
    if lengths.size <= 5:
        usual = 1.0
    limit = max(flat_seconds * sfreq, LONGER_THAN_USUAL * usual)
    for start, stop in zip(starts[lengths >= limit], stops[lengths >= limit], strict=True):
        is_flat[start : stop + 1] = True
    return is_flat


def _mark_aimless(cause: np.ndarray, signal: np.ndarray, sfreq: float, jump: float) -> None:
    """Mark stretches of a slow signal that jump away from the rest and do not drift as skin does.

    The means of successive seconds of skin resemble one another; those of noise or mains do not:
    their von Neumann ratio (mean squared step over variance) is about 2.
    """
    block = max(round(sfreq), 1)
    n_blocks = signal.size // block
    if block < 3 or n_blocks < MIN_AIMLESS_SECONDS:
        return
    values = np.where(cause == USABLE, signal, np.nan)[: n_blocks * block].reshape(n_blocks, block)
    means = values.mean(axis=1)
    n_parts = 4 if block >= 8 else block
    quarters = values[:, : block // n_parts * n_parts].reshape(n_blocks, n_parts, -1).mean(axis=2)
    rough = np.abs(np.diff(values, axis=1)).mean(axis=1)
    if block < MIN_ROUGH_SAMPLES:
        rough[:] = 1.0
    cuts = _new_behavior(means, rough, jump)
    edges = [0, *cuts, n_blocks]
    for start, stop in zip(edges[:-1], edges[1:], strict=True):
        # Without a jump there is nothing to compare with: a quiet skin is no sensor that is off.
        if stop - start < max(MIN_AIMLESS_SECONDS, len(edges) == 2 and n_blocks + 1):
            continue
        # Seconds alone would take breathing for noise.
        if _ratio(means[start:stop]) > AIMLESS_RATIO < _ratio(quarters[start:stop].ravel()):
            first, last = _extended(quarters, start, stop, jump)
            here = slice(first * block // n_parts, (last * block) // n_parts)
            cause[here] = np.where(cause[here] == USABLE, NOISE, cause[here])
            if stop == n_blocks:
                cause[n_blocks * block :] = NOISE


def _extended(quarters: np.ndarray, start: int, stop: int, jump: float) -> tuple[int, int]:
    """Quarters of a second at the level of a stretch and one more on both sides: first, stop."""
    n_parts = quarters.shape[1]
    flat = quarters.ravel()
    own = quarters[start:stop]
    is_far = ~(np.abs(flat - np.nanmedian(own)) < max(0.5 * jump, 3 * np.nanstd(own)))
    first, last, reach = start * n_parts, stop * n_parts, 2 * n_parts
    before = np.flatnonzero(is_far[max(first - reach, 0) : first])
    after = np.flatnonzero(is_far[last : last + reach])
    first = max(first - reach, 0) + (before[-1] if before.size else 0)
    last = last + (after[0] + 1 if after.size else reach)
    return max(first, 0), min(last, flat.size)


def _ratio(means: np.ndarray) -> float:
    """Von Neumann ratio of the means of successive times; 0 where nothing changes."""
    steps = np.diff(means)
    steps = steps[np.isfinite(steps)]
    spread = np.nanvar(means) if steps.size else 0.0
    return float(np.mean(steps**2) / spread) if spread > 0 else 0.0


def _new_behavior(means: np.ndarray, rough: np.ndarray, jump: float) -> list[int]:
    """Seconds at which a slow signal jumps, becomes much rougher or smoother, or was lost."""
    is_lost = np.isnan(means)
    with np.errstate(invalid="ignore", divide="ignore"):
        is_jump = np.abs(means[2:] - means[:-2]) > jump
        change = np.abs(np.log(rough[2:] / rough[:-2]))
        is_new = is_jump | (change > np.log(ROUGHER))
    is_new = np.r_[False, is_new, False] | is_lost
    starts, stops = runs(is_new)
    return sorted({*starts.tolist(), *stops.tolist()} - {0, means.size})


def _mark_islands(cause: np.ndarray, longest: int) -> None:
    """Mark short usable stretches between longer gaps, at least one of them of a sensor off."""
    starts, stops = runs(cause == USABLE)
    before = starts - np.r_[0, stops[:-1]]
    after = np.r_[starts[1:], cause.size] - stops
    for start, stop, left, right in zip(starts, stops, before, after, strict=True):
        is_off = cause[max(start - 1, 0)] > MISSING or cause[min(stop, cause.size - 1)] > MISSING
        neighbors = min(left if start else np.inf, right if stop < cause.size else np.inf)
        if is_off and stop - start < min(longest, neighbors):
            cause[start:stop] = ISLAND
    is_off = cause > MISSING
    if np.count_nonzero(np.diff(is_off)) > 2:
        share_off = uniform_filter1d(is_off.astype(np.float32), 2 * longest + 1, mode="nearest")
        cause[(share_off > 0.501) & (cause == USABLE)] = ISLAND
