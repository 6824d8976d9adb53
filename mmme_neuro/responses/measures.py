"""One measure: what is taken of which signal, where, in which window, from which baseline."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy.integrate import cumulative_trapezoid

BANDS = {"theta": (4.0, 8.0), "alpha": (8.0, 13.0), "beta": (13.0, 25.0), "gamma": (30.0, 47.0)}
"""Bands in Hz. Beta needs care and gamma is exploratory: facial muscle reaches into both."""

ERP_BASELINE = (-1.5, -1.0)
"""Of potentials, s: before the premotor period, as -200..0 ms is no rest before a self-initiated
movement."""

POWER_BASELINE = (-1.25, -0.75)
"""Of power, s: before the premotor period, half a wavelet inside the epoch."""

BODY_BASELINE = (-1.0, 0.0)
"""Of peripheral signals, s: up to the event, as the skin answers 1 s after it at the earliest
(Boucsein 2012)."""

WINDOW_TOLERANCE_S = 1e-9
"""Added at both ends of a window: decimal times are no exact multiples of a sampling interval."""

SCALES = {"uV": 1e6, "uV^2": 1e12, "uS": 1e6}
"""From the SI unit of a signal to that of a measure; any other unit is the signal's own."""


def _mean(curves: np.ndarray, times: np.ndarray, fraction: float) -> np.ndarray:
    return curves.mean(axis=-1)


def _peak(curves: np.ndarray, times: np.ndarray, fraction: float) -> np.ndarray:
    return curves.max(axis=-1)


def _peak_latency(curves: np.ndarray, times: np.ndarray, fraction: float) -> np.ndarray:
    return times[curves.argmax(axis=-1)]


def _area_latency(curves: np.ndarray, times: np.ndarray, fraction: float) -> np.ndarray:
    area = cumulative_trapezoid(np.clip(curves, 0, None), times, axis=-1, initial=0)
    return _crossing(area, times, fraction * area[..., -1])


def _onset_latency(curves: np.ndarray, times: np.ndarray, fraction: float) -> np.ndarray:
    """Where the curve last passed the fraction of its peak before the peak."""
    peak = curves.argmax(axis=-1)
    level = fraction * curves.max(axis=-1)
    before = np.arange(times.size) <= peak[..., None]
    below = (curves < level[..., None]) & before
    last = times.size - 1 - below[..., ::-1].argmax(axis=-1)
    found = below.any(axis=-1) & (level > 0)
    at = np.clip(np.where(found, last, 0), 0, times.size - 2)
    low, high = (np.take_along_axis(curves, (at + k)[..., None], -1)[..., 0] for k in (0, 1))
    share = np.divide(level - low, high - low, out=np.zeros(level.shape), where=high != low)
    return np.where(found, times[at] + share * (times[at + 1] - times[at]), np.nan)


def _crossing(rising: np.ndarray, times: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Time at which rising curves reach a level, by straight lines; NaN where they never rise."""
    flat = rising.reshape(-1, times.size)
    values = [
        np.interp(goal, curve, times) if goal > 0 else np.nan
        for curve, goal in zip(flat, level.ravel(), strict=True)
    ]
    return np.array(values).reshape(level.shape)


CURVE_STATISTICS: Mapping[str, Callable[[np.ndarray, np.ndarray, float], np.ndarray]] = (
    MappingProxyType(
        {
            "mean": _mean,
            "peak": _peak,
            "peak_latency": _peak_latency,
            "area_latency": _area_latency,
            "onset_latency": _onset_latency,
        }
    )
)
"""Mean; largest value and when it is; when a fraction of the positive area, or (last before the
peak) of the peak, is reached. Of curves turned so that the component is positive."""

STATISTICS = (*CURVE_STATISTICS, "relative_mean", "ppc")
"""Those of curves; the mean's change as a share of the baseline's mean; pairwise phase consistency
over events."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What is measured after an event: a statistic of a signal in a window.

    Parameters
    ----------
    name : str
        Name of the result, e.g. ``"premotor"``; the column of single-event tables.
    window : tuple of float
        First and last time in s from the event, both included.
    baseline : tuple of float | None
        Window in s whose mean is subtracted; None for none, as when the baseline's mean enters the
        model as a covariate (`baseline_means`).
    signal : str | tuple of float
        ``"eeg"`` for the potential; a band, a key of `BANDS` or (low, high) in Hz, for its power;
        or a channel made by :func:`mmme_neuro.derive_physio`, e.g. ``"eda"``.
    roi : str | tuple of str
        Where on the scalp: a key of `ROIS` or channel names, averaged. Empty for a channel of the
        body.
    statistic : str
        One of `STATISTICS`.
    unit : str
        Unit of the result, for axes and tables: needed for a channel of the body; else it follows
        from signal and statistic (uV, uV^2, s, 1).
    polarity : {1, -1}
        Whether the component is positive or negative; a mean does not depend on it.
    fraction : float
        Of the area or peak, for the latencies that are named after one.
    frequency, n_cycles : float
        Hz, and cycles of the Morlet wavelet, of phase consistency.
    may_be_cut : bool
        Whether epochs that end inside the window are expected: it then ends with them.

    Examples
    --------
    >>> late = Measure(
    ...     name="late_positivity", roi="parietal", window=(0.25, 0.55), baseline=ERP_BASELINE
    ... )
    >>> late.unit, late.channel
    ('uV', 'parietal')
    """

    name: str
    window: tuple[float, float]
    baseline: tuple[float, float] | None
    signal: str | tuple[float, float] = "eeg"
    roi: str | tuple[str, ...] = ()
    statistic: str = "mean"
    unit: str = ""
    polarity: int = 1
    fraction: float = 0.5
    frequency: float | None = None
    n_cycles: float = 4.0
    may_be_cut: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be measured."""
        if not isinstance(self.name, str) or not self.name:
            raise ValueError(f"name={self.name!r}: a measure needs a name for its column.")
        for field in ("window", "baseline", "signal", "roi"):
            value = getattr(self, field)
            if isinstance(value, list):
                object.__setattr__(self, field, tuple(value))
        self._check_spans()
        self._check_statistic()
        self._check_place()
        object.__setattr__(self, "unit", self._own_unit())

    @property
    def kind(self) -> str:
        """What the signal is: ``"potential"``, ``"power"`` (of a band) or ``"body"``."""
        if self.signal == "eeg":
            return "potential"
        is_band = isinstance(self.signal, tuple) or self.signal in BANDS
        return "power" if is_band else "body"

    @property
    def scale(self) -> float:
        """From the SI unit of the signal to that of the measure."""
        return SCALES.get(self.unit, 1.0)

    @property
    def band(self) -> tuple[float, float] | None:
        """Edges of the band in Hz; None for what is no power."""
        if self.kind != "power":
            return None
        return BANDS[self.signal] if isinstance(self.signal, str) else self.signal

    @property
    def channel(self) -> str:
        """Its channel in continuous signals: of the body, or of `region_signals`."""
        if not self.roi:
            return str(self.signal)
        if not isinstance(self.roi, str) or isinstance(self.signal, tuple):
            raise ValueError(
                f"measure {self.name!r}: continuous signals are those of named regions and bands, "
                f"not of roi={self.roi!r} and signal={self.signal!r}."
            )
        return self.roi if self.signal == "eeg" else f"{self.signal}_{self.roi}"

    def _check_spans(self) -> None:
        for field in ("window", "baseline"):
            span = getattr(self, field)
            if span is None and field == "baseline":
                continue
            if not _is_pair(span):
                raise ValueError(
                    f"measure {self.name!r}: {field} must be (first, last) in s, got {span!r}."
                )
            is_instant = field == "window" and self.statistic == "ppc" and span[0] == span[1]
            if not (span[0] < span[1] or is_instant):
                raise ValueError(
                    f"measure {self.name!r}: {field} must begin before it ends, got {span} s."
                )

    def _check_statistic(self) -> None:
        if self.statistic not in STATISTICS:
            raise ValueError(
                f"measure {self.name!r}: statistic={self.statistic!r} must be one of "
                f"{list(STATISTICS)}."
            )
        if self.polarity not in (1, -1) or not 0 < self.fraction < 1:
            raise ValueError(
                f"measure {self.name!r}: polarity must be 1 or -1 and fraction between 0 and 1, "
                f"got {self.polarity} and {self.fraction}."
            )
        if self.statistic == "relative_mean" and self.baseline is None:
            raise ValueError(
                f"measure {self.name!r}: a relative_mean is a share of the baseline's; give one."
            )
        if (self.statistic == "ppc") != (self.frequency is not None):
            raise ValueError(
                f"measure {self.name!r}: frequency (Hz) belongs to statistic='ppc', which needs "
                f"it; got {self.frequency} with {self.statistic!r}."
            )
        if self.frequency is not None and not (self.frequency > 0 and self.n_cycles > 0):
            raise ValueError(
                f"measure {self.name!r}: frequency and n_cycles must be positive, got "
                f"{self.frequency} Hz and {self.n_cycles}."
            )

    def _check_place(self) -> None:
        if isinstance(self.signal, tuple) and not (
            _is_pair(self.signal) and 0 < self.signal[0] < self.signal[1]
        ):
            raise ValueError(
                f"measure {self.name!r}: signal={self.signal!r} must be (low, high) in Hz."
            )
        if self.kind == "body" and self.roi:
            raise ValueError(
                f"measure {self.name!r}: signal={self.signal!r} with a roi must be 'eeg', one of "
                f"the bands {list(BANDS)} or (low, high) in Hz; a channel of the body has no roi."
            )
        if self.kind != "body" and not self.roi:
            raise ValueError(
                f"measure {self.name!r}: roi is missing; give a key of ROIS or channel names."
            )

    def _own_unit(self) -> str:
        """Unit that follows from signal and statistic; of the body, the one that was given."""
        if self.statistic.endswith("latency"):
            return "s"
        if self.statistic == "ppc":
            return "1"
        if self.kind != "body":
            return "uV" if self.kind == "potential" else "uV^2"
        if not self.unit:
            raise ValueError(
                f"measure {self.name!r}: unit is missing; a channel of the body needs one, such as "
                "'uS' or 'bpm'."
            )
        return self.unit


def measure_curves(curves: np.ndarray, times: np.ndarray, measure: Measure) -> np.ndarray:
    """Take a measure on curves.

    Parameters
    ----------
    curves : array, shape (..., n_times)
        Averages of the measure's region in its unit, baseline subtracted.
    times : array, shape (n_times,)
        Seconds.
    measure : Measure
        What is measured; its statistic is a key of `CURVE_STATISTICS`.

    Returns
    -------
    array, shape (...)
        In the measure's unit; a latency is NaN where the component does not rise above zero.

    Examples
    --------
    >>> times = np.arange(0, 1, 0.01)
    >>> bump = np.exp(-((times - 0.4) / 0.1) ** 2)
    >>> late = Measure(name="late", roi="parietal", window=(0.2, 0.6), baseline=None,
    ...                statistic="peak_latency")
    >>> float(measure_curves(bump, times, late))
    0.4
    """
    check_measures([measure], statistics=CURVE_STATISTICS)
    inside = epoch_mask(times, measure.window, name="window")
    turned = measure.polarity * np.asarray(curves, float)[..., inside]
    values = CURVE_STATISTICS[measure.statistic](turned, times[inside], measure.fraction)
    return values if measure.statistic.endswith("latency") else measure.polarity * values


def check_measures(
    measures: Sequence[Measure],
    *,
    kinds: Iterable[str] = ("potential", "power", "body"),
    statistics: Iterable[str] = STATISTICS,
) -> None:
    """Refuse measures that a function cannot take, or that would overwrite each other.

    Parameters
    ----------
    measures : sequence of Measure
        Measures.
    kinds : iterable of str
        Which `Measure.kind` the function takes.
    statistics : iterable of str
        Which statistics it takes.
    """
    names = [(measure.name, measure.statistic) for measure in measures]
    if len(set(names)) < len(names) or not names:
        raise ValueError(
            f"measures: needs at least one and different names, got {[name for name, _ in names]}."
        )
    for measure in measures:
        if measure.kind not in kinds:
            raise ValueError(
                f"measure {measure.name!r}: signal={measure.signal!r} is of kind {measure.kind!r}; "
                f"here it must be of {list(kinds)}."
            )
        if measure.statistic not in statistics:
            raise ValueError(
                f"measure {measure.name!r}: statistic={measure.statistic!r}; here it must be one "
                f"of {list(statistics)}."
            )


def _is_pair(value: object) -> bool:
    """Whether a value is two finite numbers."""
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and all(isinstance(one, int | float | np.number) and np.isfinite(one) for one in value)
    )


def window_mask(
    times: np.ndarray, window: tuple[float, float], *, is_half_open: bool = False
) -> np.ndarray:
    """Samples inside a window; both ends belong to it.

    Parameters
    ----------
    times : array, shape (n_times,)
        Times in s.
    window : tuple of float
        First and last time in s. `WINDOW_TOLERANCE_S` decides on samples at the ends.
    is_half_open : bool
        Whether the end belongs to the next window, so that windows in a row share no sample.

    Returns
    -------
    mask : array of bool, shape (n_times,)
        True inside the window.

    Examples
    --------
    >>> times = np.arange(5) * 0.1
    >>> window_mask(times, (0.1, 0.3)).tolist()
    [False, True, True, True, False]
    >>> window_mask(times, (0.1, 0.3), is_half_open=True).tolist()
    [False, True, True, False, False]
    """
    times = np.asarray(times)
    begins = times >= window[0] - WINDOW_TOLERANCE_S
    if is_half_open:
        return begins & (times < window[1] - WINDOW_TOLERANCE_S)
    return begins & (times <= window[1] + WINDOW_TOLERANCE_S)


def window_samples(
    onsets: np.ndarray, window: tuple[float, float], sfreq: float
) -> tuple[np.ndarray, np.ndarray]:
    """First sample of a window after each onset, and the one behind its last.

    Parameters
    ----------
    onsets : array, shape (n_events,)
        Seconds since the first sample of a continuous signal; they need not lie on samples.
    window : tuple of float
        Start and end, s since the onset; the samples are those of `window_mask`.
    sfreq : float
        Rate in Hz.

    Returns
    -------
    begin, end : array of int, shape (n_events,)
        As for a slice. They may lie outside the signal.

    Examples
    --------
    >>> begin, end = window_samples(np.array([1.0, 2.03]), (-0.1, 0.2), 10.0)
    >>> begin.tolist(), end.tolist()
    ([9, 20], [13, 23])
    """
    onsets = np.asarray(onsets, float)
    begin = np.ceil((onsets + window[0] - WINDOW_TOLERANCE_S) * sfreq).astype(int)
    end = np.floor((onsets + window[1] + WINDOW_TOLERANCE_S) * sfreq).astype(int) + 1
    return begin, end


def epoch_mask(times: np.ndarray, window: tuple[float, float], *, name: str) -> np.ndarray:
    """Samples inside a closed window, which has to lie inside the epoch.

    Parameters
    ----------
    times : array, shape (n_times,)
        Times in s.
    window : tuple of float
        First and last time in s.
    name : str
        Name of the argument, for the error message.

    Returns
    -------
    mask : array of bool, shape (n_times,)
        True inside the window.
    """
    first, last = window
    # Half a sample of slack: decimal times are not multiples of the sampling interval.
    slack = 0.5 * (times[1] - times[0])
    if not (times[0] - slack <= first < last <= times[-1] + slack):
        raise ValueError(
            f"{name}=({first}, {last}): must be increasing and inside the epoch, which runs from "
            f"{times[0]:.3f} to {times[-1]:.3f} s. Change the window or cut longer epochs."
        )
    mask = window_mask(times, window)
    if not mask.any():
        raise ValueError(f"{name}=({first}, {last}): holds no sample. Widen it.")
    return mask
