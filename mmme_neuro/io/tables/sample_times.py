"""Sampling rate from a column of times, and samples at that rate."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api.types import is_float_dtype

from mmme_neuro.errors import BadInput, DamagedFile
from mmme_neuro.io.physio_units import normalized, unit_in

NAMES_OF_TIME = re.compile(
    r"(unix|epoch|posix|utc|local|lsl|elapsed|rel(ative)?|rec(ording)?)?[ _.-]*"
    r"(time|times|timestamps?|time[ _.-]?(stamp|axis)s?|date[ _.-]?time|zeit|zeitstempel|temps|"
    r"tiempo|tempo|t|sec|secs|seconds?|sekunden|msec|milliseconds?|min(utes)?|clock)"
    r"([ _.\-/]*[\[(]?[ ]*(s|sec|secs|seconds?|ms|msec|milliseconds?|us|µs|μs|microseconds?|ns|min|"
    r"minutes?|h|hh:mm:ss.*|utc|unix|iso\w*)[ ]*[\])]?)?",
    re.I,
)
NAMES_OF_COUNT = re.compile(
    r"(sample|samples|index|idx|nseq|seq|row|n|#|nr)([ _.-]?\w{0,6})?|", re.I
)

SECONDS_BY_UNIT = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sekunden"), 1.0),
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("us", "µs", "μs", "microsecond", "microseconds"), 1e-6),
    "ns": 1e-9,
    **dict.fromkeys(("min", "minute", "minutes"), 60.0),
    "h": 3600.0,
}

SLOWEST_HZ = 1.0
"""Times without a unit whose steps would be longer than this rate's are milliseconds."""

SAME_RATE = 0.01
"""A rate that is given and that of the times may differ by this share."""

EPOCH_S = (0.6e9, 4.0e9)
"""Seconds since 1970 in 1989 to 2096: a date, not a time in the recording."""


@dataclass(frozen=True)
class Sampled:
    """Samples at an even rate.

    Attributes
    ----------
    data : array, shape (n_channels, n_samples)
        NaN where the times leave a gap.
    sfreq : float
        Samples per second.
    first_sample : int
        Number of the first sample on the clock of the times; 0 for a date or time of day.
    """

    data: np.ndarray
    sfreq: float
    first_sample: int


def time_column(names: Sequence[str], table: pd.DataFrame) -> int | None:
    """Column that holds the time of each sample, by its name or because it holds dates.

    Parameters
    ----------
    names : sequence of str
        Of the columns.
    table : DataFrame
        Numbers, and text where a column holds dates.

    Returns
    -------
    int | None
    """
    moments = [n for n in range(table.shape[1]) if not is_float_dtype(table.dtypes.iloc[n])]
    if moments:
        return moments[0]
    named = [n for n, name in enumerate(names) if NAMES_OF_TIME.fullmatch(name.strip())]
    rising = [n for n in named if (np.diff(table.iloc[:, n].to_numpy()) > 0).mean() > 0.1]
    return rising[0] if rising else None


def is_count(name: str, values: np.ndarray) -> bool:
    """Whether a column numbers the samples.

    Parameters
    ----------
    name : str
        Of the column; empty for the index that pandas writes.
    values : array, shape (n_samples,)
        Its numbers.

    Returns
    -------
    bool
    """
    steps = np.diff(values)
    is_named = NAMES_OF_COUNT.fullmatch(name.strip()) or name.startswith("Unnamed")
    return bool(is_named) and steps.size > 0 and bool((steps == 1).mean() > 0.99)


def sampled(
    path: Path, name: str, times: pd.Series, data: np.ndarray, *, sfreq: float | None
) -> Sampled:
    """Bring samples to an even rate by their times.

    Parameters
    ----------
    path : Path
        The file, for messages.
    name : str
        Name of the column of times, with its unit.
    times : Series, shape (n_samples,)
        Numbers, dates or times of day.
    data : array, shape (n_channels, n_samples)
        The samples.
    sfreq : float | None
        Rate that the user gave; the times must agree.

    Returns
    -------
    Sampled
        With a warning where samples were missing or the times are irregular.

    Raises
    ------
    MmmeError
        When the times do not rise, or give another rate than the one given.
    """
    seconds, is_clock = _in_seconds(path, name, times, sfreq)
    steps = np.diff(seconds)
    if steps.size and not (steps > 0).all():
        row = int(np.flatnonzero(~(steps > 0))[0]) + 1
        raise DamagedFile(
            f"{path}: expected rising times in column {name!r}, found {times.iloc[row]!s} after "
            f"{times.iloc[row - 1]!s} in row {row + 1} of the numbers. Repair the times, or remove "
            "the column and give the rate as `sfreq` if samples are evenly spaced."
        )
    if steps.size < 2:
        raise DamagedFile(f"{path}: expected at least 3 times in column {name!r}, found fewer.")
    usual = float(np.median(steps))
    step = float(steps[steps < 1.5 * usual].mean())
    counts = np.r_[0, np.cumsum(np.rint(steps / step))].astype(int)
    # The steps of stamps that are rounded are only right on average.
    slope, start = np.polyfit(counts, seconds - seconds[0], 1)
    is_even = bool(np.abs(seconds - seconds[0] - start - slope * counts).max() < 0.75 * step)
    is_even &= counts.size == np.unique(counts).size
    rate = _rounded_rate(1 / slope if is_even else 1 / usual)
    if sfreq is not None and abs(rate - sfreq) > SAME_RATE * sfreq:
        raise BadInput(
            f"{path}: sfreq={sfreq:g} was given, but the times in column {name!r} come "
            f"{rate:.6g} times a second. Leave `sfreq` out, or correct the times or their unit in "
            "the column's name, such as 'time (ms)'."
        )
    rate = float(sfreq or rate)
    first = 0 if is_clock else round(float(seconds[0]) * rate)
    if is_even:
        return Sampled(_placed(path, data, counts), rate, first)
    return Sampled(_interpolated(path, name, seconds, data, rate), rate, first)


def _in_seconds(
    path: Path, name: str, times: pd.Series, sfreq: float | None
) -> tuple[np.ndarray, bool]:
    """Times in seconds, and whether they are dates or times of day."""
    if not is_float_dtype(times.dtype):
        return _moments(path, name, times), True
    values = times.to_numpy()
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise DamagedFile(
            f"{path}: expected a time in each row of column {name!r}, found none in row {row + 1} "
            "of the numbers; fill it, or remove the column and give the rate as `sfreq`."
        )
    unit = _unit_of_time(name)
    scale = SECONDS_BY_UNIT.get(unit) or _guessed_scale(path, name, values, sfreq)
    seconds = values * scale
    is_clock = bool(EPOCH_S[0] < seconds[0] < EPOCH_S[1])
    return seconds - (seconds[0] if is_clock else 0.0), is_clock


def _unit_of_time(name: str) -> str:
    """Unit within the name of a column of times; empty where there is none."""
    inside = unit_in(name) or re.split(r"[ _.\-/\[(]+", name.strip(" )]"))[-1]
    unit = normalized(inside).lower()
    return unit if unit in SECONDS_BY_UNIT else ""


def _guessed_scale(path: Path, name: str, values: np.ndarray, sfreq: float | None) -> float:
    """Seconds of the unit of times that have none, by their size or the rate that was given."""
    step = float(np.median(np.diff(values))) if values.size > 1 else 1.0
    scales = (1.0, 1e-3, 1e-6, 1e-9)
    for scale in scales:
        if EPOCH_S[0] < values[0] * scale < EPOCH_S[1]:
            return scale
    if sfreq is not None:
        fitting = [scale for scale in scales if abs(step * scale * sfreq - 1) < SAME_RATE * 5]
        return fitting[0] if fitting else 1.0
    if step * SLOWEST_HZ <= 1.0 or step <= 0:
        if step == 1.0:
            raise BadInput(
                f"{path}: the times in column {name!r} rise by 1 and have no unit: seconds, "
                "milliseconds or the numbers of the samples. Name the unit in the column's name, "
                "such as 'time (ms)', or give the rate as `sfreq`."
            )
        return 1.0
    warnings.warn(
        f"{path}: column {name!r} has no unit; its steps of {step:g} are taken for milliseconds. "
        "If that is wrong, name the unit in the column's name, such as 'time (s)'.",
        stacklevel=6,
    )
    return 1e-3


def _moments(path: Path, name: str, times: pd.Series) -> np.ndarray:
    """Seconds from the first of dates or times of day."""
    text = times.astype("string").str.strip().str.replace(",", ".")
    has_date = bool(re.match(r"\d{4}[-/.]|\d{1,2}[-/.]\d{1,2}[-/.]", str(text.iloc[0])))
    try:
        if has_date:
            is_day_first = bool(re.match(r"\d{1,2}\.", str(text.iloc[0])))
            moments = pd.to_datetime(text, format="mixed", dayfirst=is_day_first)
            seconds = (moments - moments.iloc[0]).dt.total_seconds().to_numpy()
        else:
            full = text.where(text.str.count(":") > 1, "0:" + text)
            seconds = pd.to_timedelta(full).dt.total_seconds().to_numpy()
    except (ValueError, TypeError) as error:  # what pandas raises on text that is no date
        raise DamagedFile(
            f"{path}: expected dates or times of day in column {name!r}, found one that cannot be "
            f"read ({error}); write them as 2024-01-31 12:34:56.789."
        ) from error
    # Past midnight.
    seconds = seconds + 86400.0 * np.r_[0, np.cumsum(np.diff(seconds) < -43200)]
    return np.asarray(seconds - seconds[0], dtype=float)


def _rounded_rate(rate: float) -> float:
    """Rate without what rounded times add to it."""
    whole = round(rate)
    return float(whole) if whole and abs(rate - whole) < 1e-3 * rate else float(f"{rate:.6g}")


def _placed(path: Path, data: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Samples at their places; NaN where the times say that some are missing."""
    n_samples = int(counts[-1]) + 1
    if n_samples == counts.size:
        return data
    warnings.warn(
        f"{path}: by its times, {n_samples - counts.size} of {n_samples} samples are missing; they "
        "are NaN.",
        stacklevel=5,
    )
    placed = np.full((len(data), n_samples), np.nan)
    placed[:, counts] = data
    return placed


def _interpolated(
    path: Path, name: str, seconds: np.ndarray, data: np.ndarray, rate: float
) -> np.ndarray:
    """Samples at an even rate by straight lines; NaN in gaps of more than two samples."""
    spread = np.quantile(np.diff(seconds), [0.05, 0.95])
    warnings.warn(
        f"{path}: the times in column {name!r} are irregular (steps of {spread[0]:.4g} to "
        f"{spread[1]:.4g} s); the samples were brought to {rate:g} Hz by straight lines.",
        stacklevel=5,
    )
    even = np.arange(seconds[0], seconds[-1] + 0.5 / rate, 1 / rate)
    after = np.clip(np.searchsorted(seconds, even), 1, seconds.size - 1)
    is_gap = seconds[after] - seconds[after - 1] > 2.5 / rate
    rows = [np.where(is_gap, np.nan, np.interp(even, seconds, row)) for row in data]
    return np.array(rows)
