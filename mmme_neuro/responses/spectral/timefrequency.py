"""Time-frequency maps: Morlet power of each condition relative to a baseline."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import mne
import numpy as np
import pandas as pd
import xarray as xr

from mmme_neuro.responses.design_cells import cell_name, cell_rows, count_cells
from mmme_neuro.responses.measures import POWER_BASELINE, epoch_mask
from mmme_neuro.responses.potentials import UV_PER_V
from mmme_neuro.responses.regions import good_channels
from mmme_neuro.responses.spectral.wavelets import (
    DEFAULT_FREQUENCIES,
    METHODS,
    Batches,
    Transform,
    check_frequencies,
    cycles,
    fwhm,
    reliable,
)

KINDS = ("total", "evoked", "induced")


@dataclass(frozen=True)
class TimeFrequency:
    """Power of each condition over time and frequency.

    Parameters
    ----------
    data : DataArray
        On (condition, channel, frequency in Hz, time in s), in ``data.attrs["units"]``. The
        coordinates ``n_cycles`` and ``fwhm`` (s) belong to the frequencies; ``reliable`` is False
        within two standard deviations of the wavelet of an end of the epoch.
    counts : DataFrame
        Epochs (participants, stimuli) of each condition.
    info : mne.Info
        Channels, for topographies.
    mode : str
        A key of `MODES`.
    baseline : tuple of float | None
        Baseline in s.
    """

    data: xr.DataArray
    counts: pd.DataFrame
    info: mne.Info
    mode: str
    baseline: tuple[float, float] | None

    def __repr__(self) -> str:
        sizes = self.data.sizes
        frequencies = self.data["frequency"].to_numpy()
        return (
            f"<TimeFrequency | {sizes['condition']} conditions, {sizes['channel']} channels, "
            f"{frequencies[0]:.3g}-{frequencies[-1]:.3g} Hz, {self.data.attrs['units']}>"
        )


def time_frequency(
    epochs: mne.BaseEpochs,
    *,
    by: str | Sequence[str],
    frequencies: Sequence[float] | np.ndarray | None = None,
    n_cycles: float | Sequence[float] | np.ndarray | None = None,
    baseline: tuple[float, float] | None = POWER_BASELINE,
    mode: str = "db",
    power: str = "total",
    method: str = "morlet",
    picks: str | Sequence[str] = "eeg",
    decim: int | None = None,
) -> TimeFrequency:
    """Average power over the epochs of each condition.

    Parameters
    ----------
    epochs : mne.Epochs
        Event-locked EEG with metadata.
    by : str | sequence of str
        Column(s) of the metadata that define the conditions; labels of several are joined by "/".
    frequencies : array, shape (n_frequencies,) | None
        Frequencies in Hz; None for 30 from 4 to 40 Hz in equal ratios.
    n_cycles : float | array, shape (n_frequencies,) | None
        Cycles of the wavelets; None for 3 at 4 Hz rising to 8 at 40 Hz (see `cycles`).
    baseline : tuple of float | None
        Window in s; None for power as it is.
    mode : {"db", "logratio", "power"}
        How power is expressed relative to the baseline, see Notes.
    power : {"total", "evoked", "induced"}
        Of single epochs; of each condition's average; or of single epochs without that average.
        Evoked power holds 1 / n of the noise: compare it at equal numbers of epochs only.
    method : {"morlet", "multitaper"}
        Gaussian wavelets, or three prolate tapers (time-bandwidth 4), smoother over frequencies.
    picks : str | sequence of str
        Channel names or type; bad channels are left out.
    decim : int | None
        Keep every ``decim``-th sample of the power; None for about 50 Hz.

    Returns
    -------
    maps : TimeFrequency
        Power on (condition, channel, frequency, time).

    Notes
    -----
    - ``"db"``: 10 log10 of the power of each epoch, minus its mean over the baseline, averaged
      over epochs. As the logarithm comes first, the expectation without an effect is zero at any
      number of epochs.
    - ``"logratio"``: log10 of (average power / average baseline power), as in MNE. It is biased
      downwards by up to .22 / n, so conditions with few and many epochs differ under the null.
    - ``"power"``: average power minus average baseline power, uV^2.

    A wavelet of n cycles at f Hz has a full width at half maximum of n sqrt(2 ln 2) / (pi f) s
    [1]_. Every epoch weighs the same; see `participant_average` for participants to do so.
    Channels and batches of epochs are gone through one by one, so memory does not grow with their
    number.

    References
    ----------
    .. [1] Cohen (2019). NeuroImage 199, 81-86.

    Examples
    --------
    >>> info = mne.create_info(["C3", "C4"], 100.0, "eeg")
    >>> table = pd.DataFrame({"kind": ["posed", "spontaneous"]})
    >>> noise = np.random.default_rng(0).normal(0, 1e-6, (2, 2, 351))
    >>> epochs = mne.EpochsArray(noise, info, tmin=-1.5, metadata=table, verbose="error")
    >>> time_frequency(epochs, by="kind")
    <TimeFrequency | 2 conditions, 2 channels, 4-40 Hz, dB>
    """
    express = _express(mode, baseline)
    _check_choice("power", power, KINDS)
    _check_choice("method", method, METHODS)
    frequencies = DEFAULT_FREQUENCIES if frequencies is None else frequencies
    frequencies = np.asarray(frequencies, dtype=float)
    n_cycles = cycles(frequencies) if n_cycles is None else n_cycles
    n_cycles = np.broadcast_to(np.asarray(n_cycles, dtype=float), frequencies.shape)
    sfreq = epochs.info["sfreq"]
    check_frequencies(frequencies, n_cycles, sfreq, len(epochs.times))
    decim = max(1, int(sfreq // 50)) if decim is None else decim
    times = epochs.times[::decim]
    before = None if baseline is None else epoch_mask(times, baseline, name="baseline")
    cells = cell_rows(epochs, by)
    membership = _membership(cells, len(epochs))
    weights = np.eye(len(cells)) if power == "evoked" else membership
    info = good_channels(epochs.info, picks)
    transform = Transform(sfreq, frequencies, n_cycles, decim, method)
    maps = np.full((len(cells), len(info["ch_names"]), len(frequencies), len(times)), np.nan)
    for channel, name in enumerate(info["ch_names"]):
        signal = epochs.get_data(picks=[name], verbose="error")[:, 0] * UV_PER_V
        signal = _prepared(signal, membership, power)
        maps[:, channel] = express(transform.power(signal), weights, before)
    data = xr.DataArray(
        maps,
        dims=("condition", "channel", "frequency", "time"),
        coords={
            "condition": [cell_name(key) for key in cells],
            "channel": info["ch_names"],
            "frequency": frequencies,
            "time": times,
            "n_cycles": ("frequency", n_cycles),
            "fwhm": ("frequency", fwhm(frequencies, n_cycles)),
            "reliable": (("frequency", "time"), reliable(frequencies, n_cycles, times)),
        },
        attrs={"units": _units(mode, baseline), "mode": mode},
        name="power",
    )
    return TimeFrequency(data, count_cells(epochs, by), info, mode, baseline)


def participant_average(maps: TimeFrequency) -> TimeFrequency:
    """Average maps by participant and condition so that each participant weighs the same.

    Parameters
    ----------
    maps : TimeFrequency
        Of ``time_frequency(epochs, by=["participant", condition])``.

    Returns
    -------
    average : TimeFrequency
        By condition. A participant who lacks a condition raises an error, as the conditions would
        otherwise rest on different people.
    """
    index = maps.counts.index
    if index.nlevels < 2 or index.names[0] != "participant":
        raise ValueError(
            f"maps: must be by ['participant', condition], got by={list(index.names)}. Use "
            "time_frequency(epochs, by=['participant', condition])."
        )
    conditions = np.array([cell_name(tuple(key[1:])) for key in index])
    people = index.get_level_values(0)
    per_person = pd.crosstab(people, conditions)
    lacking = list(per_person.index[(per_person == 0).any(axis=1)])
    if lacking:
        raise ValueError(
            f"maps: participants {lacking} lack a condition. Leave their epochs out explicitly "
            "before time_frequency."
        )
    groups = maps.data.assign_coords(condition=conditions).groupby("condition")
    data = groups.mean(keep_attrs=True).transpose(*maps.data.dims)
    counts = maps.counts.groupby(pd.Index(conditions, name="condition"))[["n_epochs"]].sum()
    counts["n_participants"] = len(per_person)
    return replace(maps, data=data, counts=counts)


def _log_first(batches: Batches, weights: np.ndarray, before: np.ndarray | None) -> np.ndarray:
    """Average over epochs of log power minus its own baseline, in dB."""
    total = np.zeros(1)
    for batch, power in batches:
        with np.errstate(divide="ignore", invalid="ignore"):  # a flat channel becomes NaN
            level = 10 * np.log10(power)
            if before is not None:
                level = level - level[..., before].mean(axis=-1, keepdims=True)
        total = total + np.tensordot(weights[:, batch], level, axes=1)
    return total


def _average(batches: Batches, weights: np.ndarray, before: np.ndarray | None) -> np.ndarray:
    """Average power minus average baseline power."""
    total = np.zeros(1)
    for batch, power in batches:
        total = total + np.tensordot(weights[:, batch], power, axes=1)
    if before is None:
        return total
    return total - total[..., before].mean(axis=-1, keepdims=True)


def _ratio_of_averages(batches: Batches, weights: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Log10 of average power over average baseline power."""
    total = _average(batches, weights, None)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(total / total[..., before].mean(axis=-1, keepdims=True))


MODES = {"db": _log_first, "logratio": _ratio_of_averages, "power": _average}
"""Ways to express power relative to the baseline."""


def _express(mode: str, baseline: tuple[float, float] | None) -> Callable:
    """The function of a mode, or an error that lists the modes."""
    if mode not in MODES:
        raise ValueError(f"mode={mode!r}: must be one of {list(MODES)}.")
    if mode == "logratio" and baseline is None:
        raise ValueError("mode='logratio' needs a baseline; use 'db' or 'power' for none.")
    return MODES[mode]


def _units(mode: str, baseline: tuple[float, float] | None) -> str:
    """Units of the maps."""
    if mode == "db" and baseline is None:
        return "dB re 1 uV^2"
    return {"db": "dB", "logratio": "log10 ratio", "power": "uV^2"}[mode]


def _prepared(signal: np.ndarray, membership: np.ndarray, power: str) -> np.ndarray:
    """Epochs, averages of the cells, or epochs without their cell's average."""
    if power == "total":
        return signal
    average = membership @ signal
    if power == "evoked":
        return average
    own = membership > 0
    return signal - own.T.astype(float) @ average


def _check_choice(name: str, value: str, known: Sequence[str]) -> None:
    """Refuse an unknown choice."""
    if value not in known:
        raise ValueError(f"{name}={value!r}: must be one of {list(known)}.")


def _membership(cells: dict, n_epochs: int) -> np.ndarray:
    """Averaging weights, shape (n_cells, n_epochs)."""
    weights = np.zeros((len(cells), n_epochs))
    for row, members in enumerate(cells.values()):
        weights[row, members] = 1 / len(members)
    return weights
