"""ERP components of averages: amplitudes and latencies, their measurement error, differences."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import mne
import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats
from scipy.integrate import cumulative_trapezoid

from mmme_neuro.responses.design_cells import cell_labels, cell_rows
from mmme_neuro.responses.measures import epoch_mask
from mmme_neuro.responses.potentials import DEFAULT_BASELINE, MICROVOLT
from mmme_neuro.responses.regions import roi_channels
from mmme_neuro.stats.estimates import estimate_row


@dataclass(frozen=True, kw_only=True)
class Component:
    """What is measured on an average.

    Parameters
    ----------
    name : str
        Name of the component.
    roi : str | tuple of str
        A key of `ROIS` or channel names; channels are averaged first.
    tmin, tmax : float
        Window in s, both ends included.
    measure : str
        A key of `MEASURES`.
    polarity : {1, -1}
        Whether the component is positive or negative; a mean amplitude does not depend on it.
    fraction : float
        Of the area or peak, for the latencies that are named after one.
    """

    name: str
    roi: str | tuple[str, ...]
    tmin: float
    tmax: float
    measure: str = "mean"
    polarity: int = 1
    fraction: float = 0.5

    def __post_init__(self) -> None:
        if not self.tmin < self.tmax:
            raise ValueError(
                f"Component {self.name!r}: tmin must be smaller than tmax, got {self.tmin} and "
                f"{self.tmax} s."
            )
        if self.measure not in MEASURES:
            raise ValueError(f"measure={self.measure!r}: must be one of {list(MEASURES)}.")
        if self.polarity not in (1, -1) or not 0 < self.fraction < 1:
            raise ValueError(
                f"Component {self.name!r}: polarity must be 1 or -1 and fraction between 0 and 1, "
                f"got {self.polarity} and {self.fraction}."
            )

    @property
    def unit(self) -> str:
        """Unit of the measure."""
        return "s" if self.measure.endswith("latency") else "uV"


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


MEASURES: Mapping[str, Callable[[np.ndarray, np.ndarray, float], np.ndarray]] = MappingProxyType(
    {
        "mean": _mean,
        "peak": _peak,
        "peak_latency": _peak_latency,
        "area_latency": _area_latency,
        "onset_latency": _onset_latency,
    }
)
"""Mean; largest value and when it is; when a fraction of the positive area, or (last before the
peak) of the peak, is reached. Of curves turned so that the component is positive."""


def measure(curves: np.ndarray, times: np.ndarray, component: Component) -> np.ndarray:
    """Measure a component on curves.

    Parameters
    ----------
    curves : array, shape (..., n_times)
        Averages of the component's region, uV.
    times : array, shape (n_times,)
        Seconds.
    component : Component
        What is measured.

    Returns
    -------
    array, shape (...)
        uV or s; a latency is NaN where the component does not rise above zero.

    Examples
    --------
    >>> times = np.arange(0, 1, 0.01)
    >>> bump = np.exp(-((times - 0.4) / 0.1) ** 2)
    >>> late = Component(name="late", roi="parietal", tmin=0.2, tmax=0.6, measure="peak_latency")
    >>> float(measure(bump, times, late))
    0.4
    """
    inside = epoch_mask(times, (component.tmin, component.tmax), name="tmin, tmax")
    turned = component.polarity * np.asarray(curves, float)[..., inside]
    values = MEASURES[component.measure](turned, times[inside], component.fraction)
    return component.polarity * values if component.unit == "uV" else values


def component_table(
    epochs: mne.BaseEpochs,
    components: Sequence[Component],
    *,
    by: Sequence[str],
    baseline: tuple[float, float] | None = DEFAULT_BASELINE,
    n_resamples: int = 1000,
    rng: np.random.Generator | int | None = None,
) -> pd.DataFrame:
    """Measure components on each cell's average, with the standardized measurement error.

    Parameters
    ----------
    epochs : mne.Epochs
        Event-locked EEG with metadata.
    components : sequence of Component
        What is measured.
    by : sequence of str
        Columns of the metadata that define the cells.
    baseline : tuple of float | None
        Window in s whose mean is subtracted from each epoch.
    n_resamples : int
        Resamples of each cell's epochs for the error of measures that are no mean; 0 for none.
    rng : Generator | int | None
        Source of the resamples; required where there are any.

    Returns
    -------
    DataFrame
        Columns of ``by``, ``component, measure, unit, value, sme, n_epochs``.

    Notes
    -----
    The error of a mean amplitude is SD / sqrt(n) over epochs; of anything else the SD over averages
    of epochs drawn with replacement [1]_. Bootstrap samples hold fewer distinct epochs than the
    cell, so the error of a peak also shows its bias by noise.

    References
    ----------
    .. [1] Luck et al. (2021). Psychophysiology 58, e13793.
    """
    needs_draws = n_resamples > 0 and any(c.measure != "mean" for c in components)
    if needs_draws and rng is None:
        raise ValueError("rng=None: errors of latencies and peaks are bootstrapped; give a seed.")
    generator = np.random.default_rng(rng)
    cells = cell_rows(epochs, list(by))
    draws = {
        label: generator.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), n_resamples)
        for label, rows in cells.items()
        if needs_draws
    }
    records = []
    for component in components:
        curves = region_curves(epochs, component.roi, baseline=baseline)
        for label, rows in cells.items():
            value = measure(curves[rows].mean(axis=0), epochs.times, component)
            if component.measure == "mean":
                error = stats.sem(measure(curves[rows], epochs.times, component))
            elif needs_draws:
                averages = draws[label] @ curves[rows] / len(rows)
                error = np.nanstd(measure(averages, epochs.times, component), ddof=1)
            else:
                error = np.nan
            about = (component.name, component.measure, component.unit)
            records.append((*cell_labels(label), *about, float(value), float(error), len(rows)))
    columns = [*by, "component", "measure", "unit", "value", "sme", "n_epochs"]
    return pd.DataFrame(records, columns=columns)


def region_curves(
    epochs: mne.BaseEpochs,
    roi: str | Sequence[str],
    *,
    baseline: tuple[float, float] | None = DEFAULT_BASELINE,
) -> np.ndarray:
    """Mean signal of a region in each epoch.

    Parameters
    ----------
    epochs : mne.Epochs
        Event-locked EEG.
    roi : str | sequence of str
        A key of `ROIS` or channel names.
    baseline : tuple of float | None
        Window in s whose mean is subtracted.

    Returns
    -------
    array, shape (n_epochs, n_times)
        uV.
    """
    channels = roi_channels(epochs.info, roi)
    curves = MICROVOLT * epochs.get_data(picks=channels, verbose="error").mean(axis=1)
    if baseline is not None:
        before = epoch_mask(epochs.times, baseline, name="baseline")
        curves -= curves[:, before].mean(axis=1, keepdims=True)
    return curves


def measurement_quality(table: pd.DataFrame, *, condition: str) -> pd.DataFrame:
    """Compare the measurement error with the differences between participants.

    Parameters
    ----------
    table : DataFrame
        Of `component_table`, by participant and condition.
    condition : str
        Column of the conditions.

    Returns
    -------
    DataFrame
        One row per component, measure and ``condition``: ``rms_sme`` (root mean square over
        participants), ``sd_participants`` (of the measured values, which hold the error, too),
        ``share_of_error`` (squared ratio: the variance between participants that is error) and
        ``n_participants``.
    """
    rows = []
    for (component, what, level), part in table.groupby(["component", "measure", condition]):
        rms = float(np.sqrt(np.mean(part["sme"] ** 2)))
        spread = float(part["value"].std(ddof=1))
        share = rms**2 / spread**2 if spread else np.nan
        rows.append((component, what, level, rms, spread, share, part["participant"].nunique()))
    columns = ["component", "measure", "condition", "rms_sme", "sd_participants", "share_of_error"]
    return pd.DataFrame(rows, columns=[*columns, "n_participants"])


def jackknife_difference(
    individual: xr.DataArray,
    component: Component,
    *,
    levels: Sequence[str],
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Difference of a component between two conditions, measured on grand averages.

    Parameters
    ----------
    individual : DataArray
        Averages in uV on (participant, condition, channel, time), as ``GrandAverage.individual``.
    component : Component
        What is measured; its region is averaged first.
    levels : sequence of str
        The two conditions, the reference first; the difference is second minus first.
    confidence : float
        Level of the interval.

    Returns
    -------
    DataFrame, shape (1, 8)
        ``estimate, std_error, dof, statistic, p_value, ci_low, ci_high, n_participants``.

    Notes
    -----
    Latencies of single participants are too noisy to be compared; they are measured on the grand
    average, and on those without one participant each. Their spread d_i gives the standard error
    sqrt((n - 1) / n sum (d_i - mean d)^2) [1]_, with n - 1 degrees of freedom.

    References
    ----------
    .. [1] Miller, Patterson & Ulrich (1998). Psychophysiology 35, 99-115.
    """
    info = mne.create_info(individual["channel"].to_numpy().tolist(), 100.0, "eeg")
    channels = roi_channels(info, component.roi)
    curves = individual.sel(channel=channels).mean("channel")
    reference, other = levels
    pair = [curves.sel(condition=name).to_numpy() for name in (other, reference)]
    times = individual["time"].to_numpy()
    n = len(pair[0])
    if n < 3:
        raise ValueError(f"individual: the jackknife needs 3 participants, found {n}.")

    def difference(kept: np.ndarray) -> float:
        one, other = (measure(part[kept].mean(axis=0), times, component) for part in pair)
        return float(one - other)

    everyone = np.ones(n, bool)
    estimate = difference(everyone)
    without = np.array([difference(everyone & (np.arange(n) != k)) for k in range(n)])
    error = float(np.sqrt((n - 1) / n * np.sum((without - without.mean()) ** 2)))
    row = estimate_row(estimate, error, n - 1, confidence=confidence)
    return pd.DataFrame([{**row, "n_participants": n}])
