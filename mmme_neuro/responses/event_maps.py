"""Single-event maps, one row per event: what `fit_lmm_map` and `permutation_test` take."""

from collections.abc import Sequence

import mne
import numpy as np
import xarray as xr

from mmme_neuro.responses.measures import POWER_BASELINE, epoch_mask
from mmme_neuro.responses.potentials import UV_PER_V
from mmme_neuro.responses.regions import good_channels, roi_channels
from mmme_neuro.responses.spectral.wavelets import Transform, check_frequencies, cycles, reliable

POWER_FREQUENCIES = np.geomspace(4.0, 40.0, 15)
"""Default frequencies of power maps, Hz."""


def event_courses(
    epochs: mne.BaseEpochs,
    *,
    picks: str | Sequence[str] = "eeg",
    window: tuple[float, float] | None = None,
    step: float = 0.02,
    baseline: tuple[float, float] | None = None,
) -> xr.DataArray:
    """Time courses of single events as means over short steps.

    Parameters
    ----------
    epochs : mne.Epochs, shape (n_epochs, n_channels, n_times)
        Event-locked signals.
    picks : str | sequence of str
        Channel names or type; bad channels are left out.
    window : tuple of float | None
        First and last time in s; None for the whole epoch.
    step : float
        Length of a step in s, rounded to whole samples. Neighboring samples say nearly the same;
        fewer cells cost less and lose nothing slower than a step.
    baseline : tuple of float | None
        Window in s whose mean is taken from every event; None leaves the level.

    Returns
    -------
    DataArray
        On (event, channel, time in s): EEG in uV, other channels in their own unit.

    Examples
    --------
    >>> info = mne.create_info(["C3", "C4"], 100.0, "eeg")
    >>> epochs = mne.EpochsArray(np.zeros((5, 2, 101)), info, tmin=-0.5, verbose="error")
    >>> dict(event_courses(epochs, window=(-0.2, 0.4)).sizes)
    {'event': 5, 'channel': 2, 'time': 30}
    """
    info = good_channels(epochs.info, picks)
    shown = _inside(epochs.times, window)
    starts = _step_starts(shown, step * epochs.info["sfreq"])
    before = None if baseline is None else epoch_mask(epochs.times, baseline, name="baseline")
    kinds = info.get_channel_types()
    courses = np.full((len(epochs), len(kinds), len(starts) - 1), np.nan)
    for position, (name, kind) in enumerate(zip(info["ch_names"], kinds, strict=True)):
        signal = epochs.get_data(picks=[name], verbose="error")[:, 0]
        signal = signal * UV_PER_V if kind == "eeg" else signal
        if before is not None:
            signal = signal - signal[:, before].mean(axis=1, keepdims=True)
        courses[:, position] = _step_means(signal, starts)
    return xr.DataArray(
        courses,
        dims=("event", "channel", "time"),
        coords={"channel": info["ch_names"], "time": _step_means(epochs.times[None], starts)[0]},
        name="response",
    )


def region_courses(courses: xr.DataArray, info: mne.Info, rois: Sequence[str]) -> xr.DataArray:
    """Average the channels of regions.

    Parameters
    ----------
    courses : DataArray
        As of `event_courses`.
    info : mne.Info
        Channels of the epochs.
    rois : sequence of str
        Keys of `ROIS` or channel names.

    Returns
    -------
    DataArray
        On (event, region, ...).
    """
    means = [courses.sel(channel=roi_channels(info, roi)).mean("channel") for roi in rois]
    joined = xr.concat(means, xr.IndexVariable("region", list(rois)))
    return joined.transpose("event", "region", ...)


def event_power(
    epochs: mne.BaseEpochs,
    *,
    picks: str | Sequence[str] = "eeg",
    frequencies: Sequence[float] | np.ndarray = POWER_FREQUENCIES,
    window: tuple[float, float] | None = None,
    step: float = 0.05,
    baseline: tuple[float, float] | None = POWER_BASELINE,
) -> xr.DataArray:
    """Power of single events over frequency and time, in dB from their own baseline.

    Parameters
    ----------
    epochs : mne.Epochs, shape (n_epochs, n_channels, n_times)
        Event-locked EEG.
    picks : str | sequence of str
        Channel names or type; bad channels are left out.
    frequencies : array, shape (n_frequencies,)
        Hz; wavelets as of `time_frequency`.
    window : tuple of float | None
        First and last time in s; None for the whole epoch.
    step : float
        Length of a step in s; the mean of the logarithm is taken over it.
    baseline : tuple of float | None
        Window in s; None for dB re 1 uV^2.

    Returns
    -------
    DataArray
        On (event, channel, frequency, time in s). The coordinate ``reliable`` is False within two
        standard deviations of the wavelet of an end of the epoch.

    See Also
    --------
    time_frequency : Averages of the same.

    Notes
    -----
    8 bytes a cell and event: 3,475 events x 6 channels x 15 frequencies x 50 times are 125 MB.

    Examples
    --------
    >>> info = mne.create_info(["C3", "C4"], 100.0, "eeg")
    >>> noise = np.random.default_rng(0).normal(0, 1e-6, (4, 2, 351))
    >>> epochs = mne.EpochsArray(noise, info, tmin=-1.5, verbose="error")
    >>> dict(event_power(epochs, window=(-1.0, 1.0), step=0.1).sizes)
    {'event': 4, 'channel': 2, 'frequency': 15, 'time': 20}
    """
    frequencies = np.asarray(frequencies, dtype=float)
    n_cycles = cycles(frequencies)
    sfreq, times = epochs.info["sfreq"], epochs.times
    check_frequencies(frequencies, n_cycles, sfreq, len(times))
    info = good_channels(epochs.info, picks)
    starts = _step_starts(_inside(times, window), step * sfreq)
    before = None if baseline is None else epoch_mask(times, baseline, name="baseline")
    transform = Transform(sfreq, frequencies, n_cycles, 1)
    shape = (len(epochs), len(info["ch_names"]), len(frequencies), len(starts) - 1)
    level = np.full(shape, np.nan)
    for position, name in enumerate(info["ch_names"]):
        signal = epochs.get_data(picks=[name], verbose="error")[:, 0] * UV_PER_V
        for batch, power in transform.power(signal):
            with np.errstate(divide="ignore"):  # a flat channel becomes NaN
                logs = 10 * np.log10(power)
            with np.errstate(invalid="ignore"):
                if before is not None:
                    logs = logs - logs[..., before].mean(axis=-1, keepdims=True)
                level[batch, position] = _step_means(logs, starts)
    places = _step_means(times[None], starts)[0]
    return xr.DataArray(
        np.where(np.isfinite(level), level, np.nan),
        dims=("event", "channel", "frequency", "time"),
        coords={
            "channel": info["ch_names"],
            "frequency": frequencies,
            "time": places,
            "reliable": (
                ("frequency", "time"),
                reliable(frequencies, n_cycles, times)[:, np.searchsorted(times, places - 1e-9)],
            ),
        },
        attrs={"units": "dB" if baseline else "dB re 1 uV^2"},
        name="power",
    )


def _inside(times: np.ndarray, window: tuple[float, float] | None) -> np.ndarray:
    """Positions of the samples of a window."""
    if window is None:
        return np.arange(len(times))
    return np.flatnonzero(epoch_mask(times, window, name="window"))


def _step_starts(samples: np.ndarray, length: float) -> np.ndarray:
    """First sample of each step, and the end of the last one; a shorter rest is left out."""
    size = int(round(length))
    if size < 1 or size > len(samples):
        raise ValueError(
            f"step: must be between one sample and the window ({len(samples)} samples), got "
            f"{length:.3g} samples."
        )
    return samples[0] + np.arange(0, len(samples) + 1, size)


def _step_means(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Means of each step along the last axis."""
    kept = values[..., starts[0] : starts[-1]]
    return kept.reshape(*kept.shape[:-1], len(starts) - 1, -1).mean(axis=-1)
