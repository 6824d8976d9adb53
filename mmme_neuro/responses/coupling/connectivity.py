"""Connectivity between channels over epochs, with equal trial numbers and refused small cells."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import mne
import numpy as np
import pandas as pd
import xarray as xr

from mmme_neuro.responses.coupling.estimators import (
    ESTIMATORS,
    KINDS,
    ORTHOGONAL,
    analytic_signal,
    band_spectra,
    coupling,
    envelope_matrices,
    orthogonal_correlation,
)
from mmme_neuro.responses.design_cells import cell_name, cell_rows, count_cells
from mmme_neuro.responses.measures import epoch_mask
from mmme_neuro.responses.regions import good_channels
from mmme_neuro.responses.spectral.bandpower import band_edges

MIRRORS = dict.fromkeys([*ESTIMATORS, ORTHOGONAL, *KINDS], 1) | {"imcoh": -1}
"""Methods, with the sign by which the value from B to A follows from that from A to B."""

DEBIASED = ("wpli2_debiased", "ppc", "pli2_unbiased")
"""Methods whose expectation without coupling is zero at any number of epochs. That of ``imcoh`` is
zero, too, but that of its magnitude (``abs_imcoh``) is not; that of ``orthogonal_envelope`` is
positive, yet the same at any number."""

MIN_CYCLES = 4


@dataclass(frozen=True)
class Connectivity:
    """Connectivity matrices by cell.

    Parameters
    ----------
    matrix : DataArray
        On (cell, channel, other), with ``subsample`` after the cell where they were not averaged;
        the diagonal, refused cells and absent subsamples are NaN. The labels of each cell are
        coordinates named as the columns that define the cells.
    counts : DataFrame
        One row per cell: its labels, ``n_epochs``, ``n_used`` (in each subsample),
        ``n_subsamples``, ``reason`` (empty, or why the cell was refused).
    info : mne.Info
        Channels, for the head plan.
    method : str
        A key of `MIRRORS`.
    band : tuple of float
        Hz.
    window : tuple of float
        Seconds from the event.
    """

    matrix: xr.DataArray
    counts: pd.DataFrame
    info: mne.Info
    method: str
    band: tuple[float, float]
    window: tuple[float, float]

    def __repr__(self) -> str:
        refused = int((self.counts["reason"] != "").sum())
        return (
            f"<Connectivity | {self.method} {self.band[0]:g}-{self.band[1]:g} Hz, "
            f"{len(self.counts)} cells ({refused} refused), {len(self.info['ch_names'])} "
            "channels>"
        )


def connectivity(
    epochs: mne.BaseEpochs,
    *,
    method: str = "wpli2_debiased",
    band: str | tuple[float, float] = (8.0, 13.0),
    window: tuple[float, float] = (-0.25, 0.75),
    picks: str | Sequence[str] = "eeg",
    by: str | Sequence[str] | None = None,
    min_epochs: int = 20,
    equalize: bool = True,
    n_resamples: int = 200,
    jackknife: bool = False,
    average: bool = True,
    rng: np.random.Generator | int | None = None,
) -> Connectivity:
    """Estimate coupling between all pairs of channels across the epochs of each cell.

    Parameters
    ----------
    epochs : mne.Epochs
        Event-locked EEG. For less volume conduction hand in
        ``mne.preprocessing.compute_current_source_density(epochs)`` with ``picks="csd"``; to leave
        out coupling by a shared evoked response, ``epochs.copy().subtract_evoked()``.
    method : str
        A key of `MIRRORS`; those in `DEBIASED` do not depend on the number of epochs.
    band : str | tuple of float
        A key of `measures.BANDS` or (low, high) in Hz; the estimates at its Fourier frequencies
        are averaged.
    window : tuple of float
        First and last time in s, both included.
    picks : str | sequence of str
        Channels; bad ones are left out.
    by : str | sequence of str | None
        Column(s) of the metadata that define the cells; None for all epochs together.
    min_epochs : int
        Cells with fewer epochs are refused: their matrix is NaN and ``counts`` gives the reason.
    equalize : bool
        Whether each cell is estimated from as many epochs as the smallest accepted one, as the
        average over random subsamples.
    n_resamples : int
        Subsamples of each larger cell.
    jackknife : bool
        Whether the bias of ratios is removed by the jackknife over epochs [2]_, at the cost of one
        estimate an epoch: for few channels, see Notes.
    average : bool
        Whether subsamples are averaged. Measures that are no averages of the matrix, such as those
        of a graph, have to be taken of each subsample: the average of many is less noisy than the
        one of the smallest cell, and noise alone makes efficient networks.
    rng : Generator | int | None
        Source of the subsamples; required where there are any.

    Returns
    -------
    connectivity : Connectivity
        Matrices and what they rest on.

    Notes
    -----
    Cross-spectra are those of Hann-tapered windows; the estimators equal
    `mne_connectivity.spectral_connectivity_epochs`. Methods that begin with ``envelope_`` are
    nilearn's on the band's amplitudes, ``orthogonal_envelope`` is the correlation of amplitudes
    without what is shared at zero lag (Hipp et al. 2012). At zero coupling PLV is about
    sqrt(pi / (4 n)): .37 with 6 and .17 with 26 epochs, hence equal numbers *and* a debiased
    estimator, the debiased squared weighted phase lag index by default [1]_. That one is unbiased
    at zero coupling only: a true value of .64 is estimated at .59 on 20 epochs, .62 on 60. The
    jackknife, n times the estimate minus n - 1 times the mean of those without one epoch,
    removes most of it; values may then lie slightly outside the method's range.

    References
    ----------
    .. [1] Vinck et al. (2011). NeuroImage 55, 1548-1565.
    .. [2] Quenouille (1956). Biometrika 43, 353-360.

    Examples
    --------
    >>> info = mne.create_info(["C3", "C4"], 100.0, "eeg")
    >>> noise = np.random.default_rng(0).normal(0, 1e-6, (30, 2, 251))
    >>> epochs = mne.EpochsArray(noise, info, tmin=-0.5, verbose="error")
    >>> connectivity(epochs)
    <Connectivity | wpli2_debiased 8-13 Hz, 1 cells (0 refused), 2 channels>
    """
    if method not in MIRRORS:
        raise ValueError(f"method={method!r}: must be one of {list(MIRRORS)}.")
    sfreq = epochs.info["sfreq"]
    low, high = band_edges(band, sfreq)
    info = good_channels(epochs.info, picks)
    inside = np.flatnonzero(epoch_mask(epochs.times, window, name="window"))
    data = epochs.get_data(picks=info["ch_names"], copy=False, verbose="error")
    _check_window(len(inside), sfreq, low, high)
    cells = {"all": np.arange(len(data))} if by is None else cell_rows(epochs, by)
    counts = _plan(cells, epochs, by, min_epochs, equalize, n_resamples)
    generator = _generator(rng, counts)
    chosen = [
        _sets(members, len(data), plan["n_used"], plan["n_subsamples"], generator)
        for members, plan in zip(cells.values(), counts.to_dict("records"), strict=True)
    ]
    longest = max(chosen, key=len)
    if method in ESTIMATORS:
        spectra = band_spectra(data[..., inside], sfreq, low, high)
        values = [_spectral(spectra, sets, method, jackknife) for sets in chosen]
        matrices = np.stack(
            [_square(value, data.shape[1], MIRRORS[method], len(longest)) for value in values]
        )
        if average:
            matrices = _mean_of_rounds(matrices)
    else:
        if jackknife:
            raise ValueError(
                f"jackknife: not for method={method!r}, which is no ratio over epochs."
            )
        if not average:
            raise ValueError(f"average=False: not for method={method!r}; use a spectral one.")
        analytic = analytic_signal(data, sfreq, low, high, inside)
        matrices = _amplitude(analytic, chosen, method)
    matrix = xr.DataArray(
        matrices,
        dims=("cell", *(() if average else ("subsample",)), "channel", "other"),
        coords={
            "cell": list(counts.index),
            **{name: ("cell", counts[name].astype(str)) for name in _columns(by)},
            "channel": info["ch_names"],
            "other": info["ch_names"],
        },
        name=method,
    )
    return Connectivity(matrix, counts, info, method, (low, high), window)


def labels_of(matrix: xr.DataArray) -> pd.DataFrame:
    """Labels of each cell of connectivity matrices, one column each.

    Parameters
    ----------
    matrix : DataArray
        On (cell, ...), as ``matrix`` of `connectivity`.

    Returns
    -------
    DataFrame
        One row per cell; the name of the cell where it has no labels.
    """
    names = [name for name, own in matrix.coords.items() if own.dims == ("cell",)]
    labels = [name for name in names if name != "cell"] or ["cell"]
    return pd.DataFrame({str(name): matrix[name].to_numpy() for name in labels})


def _columns(by: str | Sequence[str] | None) -> list[str]:
    """Columns that define the cells."""
    columns = [] if by is None else [by] if isinstance(by, str) else list(by)
    if columns == ["cell"]:
        return []  # The names of the cells are its labels.
    reserved = sorted({"cell", "subsample", "channel", "other"} & set(columns))
    if reserved:
        raise ValueError(f"by={by!r}: {reserved} name axes of the matrices; rename the columns.")
    return columns


def _plan(
    cells: dict,
    epochs: mne.BaseEpochs,
    by: str | Sequence[str] | None,
    min_epochs: int,
    equalize: bool,
    n_resamples: int,
) -> pd.DataFrame:
    """Decide which cells are estimated, from how many epochs and subsamples."""
    if min_epochs < 2:
        raise ValueError(f"min_epochs={min_epochs}: coupling over epochs needs 2 or more.")
    if by is None:
        counts = pd.DataFrame({"n_epochs": [len(epochs.selection)]})
    else:
        counts = count_cells(epochs, by).reset_index().drop(columns="cell", errors="ignore")
    counts.index = pd.Index([cell_name(key) for key in cells], name="cell")
    accepted = counts["n_epochs"] >= min_epochs
    if not accepted.any():
        warnings.warn(
            f"No cell has {min_epochs} epochs, all are refused: {counts['n_epochs'].to_dict()}.",
            stacklevel=3,
        )
    smallest = counts["n_epochs"].where(accepted).min()
    n_used = np.where(equalize, smallest, counts["n_epochs"])
    counts["n_used"] = np.where(accepted, n_used, 0).astype(int)
    is_drawn = accepted & (counts["n_used"] < counts["n_epochs"])
    counts["n_subsamples"] = np.where(is_drawn, n_resamples, accepted.astype(int))
    too_few = counts["n_epochs"].map("{} epochs, fewer than ".format) + str(min_epochs)
    counts["reason"] = too_few.where(~accepted, "")
    return counts


def _generator(
    rng: np.random.Generator | int | None, counts: pd.DataFrame
) -> np.random.Generator | None:
    """Random generator, required where a cell is subsampled."""
    if rng is None and (counts["n_subsamples"] > 1).any():
        raise ValueError(
            f"rng=None: cells have unequal numbers of epochs ({counts['n_epochs'].to_dict()}) and "
            "are subsampled. Give a seed or numpy.random.Generator, or equalize=False."
        )
    return None if rng is None else np.random.default_rng(rng)


def _sets(
    members: np.ndarray,
    n_epochs: int,
    n_used: int,
    n_resamples: int,
    rng: np.random.Generator | None,
) -> np.ndarray:
    """Epochs of each subsample of a cell, shape (n_resamples, n_epochs); none if refused."""
    sets = np.zeros((n_resamples if n_used else 0, n_epochs), bool)
    for row in sets:
        if rng is None or n_used == len(members):
            row[members] = True
        else:
            row[rng.choice(members, n_used, replace=False)] = True
    return sets


def _spectral(
    spectra: np.ndarray, sets: np.ndarray, method: str, jackknife: bool
) -> np.ndarray | None:
    """Values of each subsample of a cell, one a pair; None if the cell was refused."""
    if not len(sets):
        return None
    used = sets.any(axis=0)
    spectra, sets = spectra[used], sets[:, used]
    if not jackknife:
        return coupling(spectra, sets, method)
    return np.stack([_jackknifed(spectra[one], method) for one in sets])


def _mean_of_rounds(matrices: np.ndarray) -> np.ndarray:
    """Mean over the subsamples that are there."""
    present = np.isfinite(matrices).any(axis=(2, 3)).sum(axis=1)
    total = np.nansum(matrices, axis=1)
    mean = total / np.where(present, present, np.nan)[:, None, None]
    diagonal = np.arange(matrices.shape[-1])
    mean[:, diagonal, diagonal] = np.nan
    return mean


def _jackknifed(spectra: np.ndarray, method: str) -> np.ndarray:
    """Estimate without the bias of order 1 / n."""
    n = len(spectra)
    whole = coupling(spectra, np.ones((1, n), bool), method)[0]
    without_one = coupling(spectra, ~np.eye(n, dtype=bool), method)
    return n * whole - (n - 1) * without_one.mean(axis=0)


def _square(values: np.ndarray | None, n_channels: int, mirror: int, n_rounds: int) -> np.ndarray:
    """Full matrices of one value per pair, NaN on the diagonal and where there is none."""
    matrix = np.full((max(n_rounds, 1), n_channels, n_channels), np.nan)
    if values is not None:
        rows, columns = np.tril_indices(n_channels, -1)
        matrix[: len(values), rows, columns] = values
        matrix[: len(values), columns, rows] = mirror * values
    return matrix


def _amplitude(analytic: np.ndarray, chosen: list[np.ndarray], method: str) -> np.ndarray:
    """Matrices of envelope methods, NaN on the diagonal and of refused cells."""
    n_channels = analytic.shape[1]
    matrices = np.full((len(chosen), n_channels, n_channels), np.nan)
    there = [cell for cell, sets in enumerate(chosen) if len(sets)]
    if method == ORTHOGONAL:
        of_epochs = orthogonal_correlation(analytic)
        for cell in there:
            share = chosen[cell].mean(axis=0) / chosen[cell][0].sum()
            matrices[cell] = np.einsum("e,eij->ij", share, of_epochs)
    elif there:
        envelopes = np.abs(analytic)
        n_rounds = max(len(chosen[cell]) for cell in there)
        matrices[there] = np.mean(
            [
                envelope_matrices(
                    [envelopes[chosen[cell][turn % len(chosen[cell])]] for cell in there], method
                )
                for turn in range(n_rounds)
            ],
            axis=0,
        )
    matrices[:, np.arange(n_channels), np.arange(n_channels)] = np.nan
    return matrices


def _check_window(n_times: int, sfreq: float, low: float, high: float) -> None:
    """Refuse a window without a Fourier frequency in the band, warn when it is short."""
    frequencies = np.fft.rfftfreq(n_times, 1 / sfreq)
    if not ((frequencies >= low) & (frequencies <= high)).any():
        raise ValueError(
            f"band=({low}, {high}) Hz: a window of {n_times / sfreq:.2f} s resolves "
            f"{sfreq / n_times:.2f} Hz, which leaves no frequency in the band. Lengthen it."
        )
    if n_times / sfreq * low < MIN_CYCLES:
        warnings.warn(
            f"The window of {n_times / sfreq:.2f} s holds {n_times / sfreq * low:.1f} cycles at "
            f"{low:g} Hz; {MIN_CYCLES} or more are advised.",
            stacklevel=3,
        )
