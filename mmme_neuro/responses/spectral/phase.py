"""Phase consistency over epochs, fair to conditions with few and many epochs."""

from collections.abc import Sequence
from dataclasses import dataclass

import mne
import numpy as np
import pandas as pd
import xarray as xr

from mmme_neuro.responses.design_cells import cell_name, cell_rows, count_cells
from mmme_neuro.responses.potentials import UV_PER_V
from mmme_neuro.responses.regions import good_channels
from mmme_neuro.responses.spectral.wavelets import (
    DEFAULT_FREQUENCIES,
    Transform,
    check_frequencies,
    cycles,
    reliable,
)

MEASURES = ("ppc", "itc")


@dataclass(frozen=True)
class PhaseConsistency:
    """Phase consistency of each condition.

    Parameters
    ----------
    data : DataArray
        On (condition, channel, frequency in Hz, time in s); refused conditions are NaN.
        ``reliable`` is False near the ends of the epoch, as in `TimeFrequency`.
    counts : DataFrame
        ``n_epochs, n_used, reason`` of each condition.
    measure : str
        ``"ppc"`` or ``"itc"``.
    """

    data: xr.DataArray
    counts: pd.DataFrame
    measure: str

    def __repr__(self) -> str:
        refused = int((self.counts["reason"] != "").sum())
        n = len(self.counts)
        return f"<PhaseConsistency | {self.measure}, {n} conditions ({refused} refused)>"


def phase_consistency(
    epochs: mne.BaseEpochs,
    *,
    by: str | Sequence[str],
    frequencies: Sequence[float] | np.ndarray | None = None,
    n_cycles: float | Sequence[float] | np.ndarray | None = None,
    measure: str = "ppc",
    picks: str | Sequence[str] = "eeg",
    decim: int | None = None,
    min_epochs: int = 20,
    equalize: bool = True,
    n_resamples: int = 200,
    rng: np.random.Generator | int | None = None,
) -> PhaseConsistency:
    """Measure how alike the phases of a rhythm are over the epochs of each condition.

    Parameters
    ----------
    epochs : mne.Epochs
        Event-locked EEG with metadata.
    by : str | sequence of str
        Column(s) of the metadata that define the conditions.
    frequencies, n_cycles
        As in `time_frequency`.
    measure : {"ppc", "itc"}
        Pairwise phase consistency [1]_, the unbiased square of inter-trial coherence; or
        inter-trial coherence itself, which is about sqrt(pi / (4 n)) without any consistency.
    picks : str | sequence of str
        Channels; bad ones are left out.
    decim : int | None
        Keep every so many samples; None for about 50 Hz.
    min_epochs : int
        Conditions with fewer epochs are refused: NaN, and ``counts`` says so.
    equalize : bool
        Whether each condition is estimated on as many epochs as the smallest accepted one. For
        ``"itc"`` the average over random subsamples; ``"ppc"`` has the same expectation at any
        number and is not subsampled.
    n_resamples : int
        Subsamples of each larger condition.
    rng : Generator | int | None
        Source of the subsamples; required where there are any.

    Returns
    -------
    PhaseConsistency

    References
    ----------
    .. [1] Vinck et al. (2010). NeuroImage 51, 112-122.

    Examples
    --------
    >>> info = mne.create_info(["Cz"], 100.0, "eeg")
    >>> table = pd.DataFrame({"kind": ["posed"] * 25 + ["spontaneous"] * 20})
    >>> noise = np.random.default_rng(0).normal(0, 1e-6, (45, 1, 301))
    >>> epochs = mne.EpochsArray(noise, info, tmin=-1.5, metadata=table, verbose="error")
    >>> phase_consistency(epochs, by="kind")
    <PhaseConsistency | ppc, 2 conditions (0 refused)>
    """
    if measure not in MEASURES:
        raise ValueError(f"measure={measure!r}: must be one of {list(MEASURES)}.")
    frequencies = DEFAULT_FREQUENCIES if frequencies is None else frequencies
    frequencies = np.asarray(frequencies, dtype=float)
    n_cycles = cycles(frequencies) if n_cycles is None else n_cycles
    n_cycles = np.broadcast_to(np.asarray(n_cycles, dtype=float), frequencies.shape)
    sfreq = epochs.info["sfreq"]
    check_frequencies(frequencies, n_cycles, sfreq, len(epochs.times))
    decim = max(1, int(sfreq // 50)) if decim is None else decim
    cells = cell_rows(epochs, by)
    counts = _counted(epochs, by, cells, min_epochs, equalize and measure == "itc")
    sets = _sets(cells, counts, len(epochs), n_resamples, rng)
    info = good_channels(epochs.info, picks)
    times = epochs.times[::decim]
    shape = (len(cells), len(info["ch_names"]), len(frequencies), len(times))
    values = np.full(shape, np.nan)
    transform = Transform(sfreq, frequencies, n_cycles, decim)
    for channel, name in enumerate(info["ch_names"]):
        signal = epochs.get_data(picks=[name], verbose="error")[:, 0] * UV_PER_V
        for cell, value in enumerate(_consistency(transform, signal, sets, measure)):
            values[cell, channel] = value
    data = xr.DataArray(
        values,
        dims=("condition", "channel", "frequency", "time"),
        coords={
            "condition": [cell_name(key) for key in cells],
            "channel": info["ch_names"],
            "frequency": frequencies,
            "time": times,
            "reliable": (("frequency", "time"), reliable(frequencies, n_cycles, times)),
        },
        name=measure,
    )
    return PhaseConsistency(data, counts, measure)


def _consistency(
    transform: Transform, signal: np.ndarray, sets: list[np.ndarray], measure: str
) -> list[np.ndarray]:
    """Mean over the subsamples of each condition; NaN for a refused one."""
    stacked = np.concatenate(sets)
    total = np.zeros(1)
    for batch, phases in transform.phases(signal):
        total = total + np.tensordot(stacked[:, batch].astype(float), phases, axes=1)
    n = stacked.sum(axis=1)[:, None, None]
    if measure == "itc":
        values = np.abs(total) / n
    else:
        values = (np.abs(total) ** 2 - n) / (n * (n - 1))
    ends = np.cumsum([len(one) for one in sets])
    parts = np.split(values, ends[:-1])
    missing = np.full(values.shape[1:], np.nan)
    return [part.mean(axis=0) if len(part) else missing for part in parts]


def _counted(
    epochs: mne.BaseEpochs,
    by: str | Sequence[str],
    cells: dict,
    min_epochs: int,
    equalize: bool,
) -> pd.DataFrame:
    """Epochs of each condition and how many are used."""
    if min_epochs < 2:
        raise ValueError(f"min_epochs={min_epochs}: consistency over epochs needs 2 or more.")
    counts = count_cells(epochs, by)
    counts.index = pd.Index([cell_name(key) for key in cells], name="condition")
    accepted = counts["n_epochs"] >= min_epochs
    smallest = counts["n_epochs"].where(accepted).min()
    used = np.where(equalize, smallest, counts["n_epochs"])
    counts["n_used"] = np.where(accepted, np.nan_to_num(used), 0).astype(int)
    few = counts["n_epochs"].map("{} epochs, fewer than ".format) + str(min_epochs)
    return counts.assign(reason=few.where(~accepted, ""))


def _sets(
    cells: dict,
    counts: pd.DataFrame,
    n_epochs: int,
    n_resamples: int,
    rng: np.random.Generator | int | None,
) -> list[np.ndarray]:
    """Epochs of each subsample of each condition."""
    is_drawn = (counts["n_used"] > 0) & (counts["n_used"] < counts["n_epochs"])
    if is_drawn.any() and rng is None:
        raise ValueError(
            f"rng=None: conditions have unequal numbers of epochs ({counts['n_epochs'].to_dict()}) "
            "and are subsampled. Give a seed, or measure='ppc'."
        )
    generator = np.random.default_rng(rng)
    sets = []
    for members, n_used, drawn in zip(cells.values(), counts["n_used"], is_drawn, strict=True):
        n_sets = 0 if n_used == 0 else n_resamples if drawn else 1
        own = np.zeros((n_sets, n_epochs), bool)
        for row in own:
            row[generator.choice(members, n_used, replace=False) if drawn else members] = True
        sets.append(own)
    return sets
