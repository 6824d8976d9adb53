"""Coupling of all pairs of channels from spectra or envelopes that are computed once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import mne
import numpy as np

from mmme_neuro.extras import optional

KINDS = {
    "envelope_correlation": "correlation",
    "envelope_partial": "partial correlation",
    "envelope_tangent": "tangent",
}
"""Methods of `nilearn.connectome.ConnectivityMeasure` on envelopes."""

ORTHOGONAL = "orthogonal_envelope"


def analytic_signal(
    data: np.ndarray, sfreq: float, low: float, high: float, inside: np.ndarray
) -> np.ndarray:
    """Analytic signal of a band in a window of each epoch.

    Parameters
    ----------
    data : array, shape (n_epochs, n_channels, n_times)
        Whole epochs, so that the filter's ends stay outside the window.
    sfreq : float
        Hz.
    low, high : float
        Band (Hz).
    inside : array of int
        Samples of the window.

    Returns
    -------
    array of complex, shape (n_epochs, n_channels, n_samples)
    """
    filtered = mne.filter.filter_data(
        data, sfreq, low, high, method="iir", phase="zero", verbose="error"
    )
    # Takes a second to import, and is needed here only.
    from scipy.signal import hilbert

    return hilbert(filtered, axis=-1)[..., inside]


def orthogonal_correlation(analytic: np.ndarray) -> np.ndarray:
    """Correlation of envelopes after the part at zero lag was taken out, one matrix an epoch.

    Parameters
    ----------
    analytic : array of complex, shape (n_epochs, n_channels, n_samples)
        Of `analytic_signal`.

    Returns
    -------
    array, shape (n_epochs, n_channels, n_channels)
        Magnitudes (Hipp et al. 2012), by `mne_connectivity.envelope_correlation`. Averages over
        epochs keep their expectation at any number of epochs.
    """
    # Takes seconds to import, and plots and models need none of it.
    measures = optional("mne_connectivity")
    result = measures.envelope_correlation(analytic, orthogonalize="pairwise", verbose="error")
    return result.get_data("dense")[..., 0]


def envelope_matrices(envelopes: Sequence[np.ndarray], method: str) -> np.ndarray:
    """Matrices of several cells by nilearn's estimators.

    Parameters
    ----------
    envelopes : sequence of array, shape (n_epochs, n_channels, n_samples)
        Magnitudes of each cell; epochs are centered and joined.
    method : str
        A key of `KINDS`. Tangent space needs two cells or more: matrices are relative to their
        geometric mean.

    Returns
    -------
    array, shape (n_cells, n_channels, n_channels)
        Ledoit-Wolf shrinkage; it depends on the number of samples, so use equal ones.
    """
    # Takes a second to import, and is needed here only.
    from nilearn.connectome import ConnectivityMeasure

    if method == "envelope_tangent" and len(envelopes) < 2:
        raise ValueError("envelope_tangent needs two cells or more; choose another method.")
    series = [
        np.moveaxis(one - one.mean(axis=-1, keepdims=True), 1, 2).reshape(-1, one.shape[1])
        for one in envelopes
    ]
    measure = ConnectivityMeasure(kind=KINDS[method], standardize=False)
    return measure.fit_transform(series)


BATCH_BYTES = 2**27
"""Working memory for the products of one batch of pairs."""


@dataclass(frozen=True)
class Sums:
    """Sums over epochs of products of two channels, shape (n_sets, n_pairs, n_frequencies).

    Attributes
    ----------
    n : array, shape (n_sets, 1, 1)
        Epochs in each set.
    total : callable
        Takes a function of the products (complex, one an epoch) and gives its sum over each set.
    power : callable
        Gives the product of the two channels' summed powers of each set.
    """

    n: np.ndarray
    total: Callable[[Callable[[np.ndarray], np.ndarray]], np.ndarray]
    power: Callable[[], np.ndarray]


def _wpli2_debiased(sums: Sums) -> np.ndarray:
    total, magnitude = sums.total(np.imag), sums.total(lambda c: np.abs(c.imag))
    square = sums.total(lambda c: c.imag**2)
    return _ratio(total**2 - square, magnitude**2 - square)


def _wpli(sums: Sums) -> np.ndarray:
    return _ratio(np.abs(sums.total(np.imag)), sums.total(lambda c: np.abs(c.imag)))


def _ppc(sums: Sums) -> np.ndarray:
    phases = np.abs(sums.total(_phase)) ** 2
    return (phases - sums.n) / (sums.n * (sums.n - 1))


def _pli2_unbiased(sums: Sums) -> np.ndarray:
    index = (sums.total(lambda c: np.sign(c.imag)) / sums.n) ** 2
    return (sums.n * index - 1) / (sums.n - 1)


def _pli(sums: Sums) -> np.ndarray:
    return np.abs(sums.total(lambda c: np.sign(c.imag))) / sums.n


def _plv(sums: Sums) -> np.ndarray:
    return np.abs(sums.total(_phase)) / sums.n


def _ciplv(sums: Sums) -> np.ndarray:
    mean = sums.total(_phase) / sums.n
    real = np.clip(np.abs(mean.real), 0, 1 - 1e-14)
    return np.abs(mean.imag) / np.sqrt(1 - real**2)


def _coh(sums: Sums) -> np.ndarray:
    return _ratio(np.abs(sums.total(lambda c: c)), np.sqrt(sums.power()))


def _imcoh(sums: Sums) -> np.ndarray:
    return _ratio(sums.total(np.imag), np.sqrt(sums.power()))


def _phase(products: np.ndarray) -> np.ndarray:
    size = np.abs(products)
    return np.divide(products, size, out=np.zeros_like(products), where=size > 0)


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Quotient; zero where nothing is below."""
    return np.divide(above, below, out=np.zeros(above.shape), where=below != 0)


ESTIMATORS: Mapping[str, Callable[[Sums], np.ndarray]] = MappingProxyType(
    {
        "wpli2_debiased": _wpli2_debiased,
        "ppc": _ppc,
        "pli2_unbiased": _pli2_unbiased,
        "imcoh": _imcoh,
        "abs_imcoh": lambda sums: np.abs(_imcoh(sums)),
        "ciplv": _ciplv,
        "wpli": _wpli,
        "pli": _pli,
        "plv": _plv,
        "coh": _coh,
    }
)
"""Methods by name, as `mne_connectivity.spectral_connectivity_epochs` calls them; ``abs_imcoh`` is
the magnitude of ``imcoh`` at each frequency."""


def band_spectra(data: np.ndarray, sfreq: float, low: float, high: float) -> np.ndarray:
    """Fourier coefficients of Hann-tapered epochs in a band.

    Parameters
    ----------
    data : array, shape (n_epochs, n_channels, n_times)
        Epochs; means are removed.
    sfreq : float
        Hz.
    low, high : float
        Band (Hz), both edges included.

    Returns
    -------
    array of complex, shape (n_epochs, n_channels, n_frequencies)
    """
    # By hand: MNE's spectra of one taper give powers, and here the phases count.
    n_times = data.shape[-1]
    frequencies = np.fft.rfftfreq(n_times, 1 / sfreq)
    inside = (frequencies >= low) & (frequencies <= high)
    taper = np.hanning(n_times)
    centered = data - data.mean(axis=-1, keepdims=True)
    return np.fft.rfft(centered * taper, axis=-1)[..., inside]


def coupling(spectra: np.ndarray, sets: np.ndarray, method: str) -> np.ndarray:
    """Estimate the coupling of all pairs on several sets of epochs.

    Parameters
    ----------
    spectra : array of complex, shape (n_epochs, n_channels, n_frequencies)
        Of `band_spectra`.
    sets : array of bool, shape (n_sets, n_epochs)
        Epochs of each set.
    method : str
        A key of `ESTIMATORS`.

    Returns
    -------
    array, shape (n_sets, n_pairs)
        Mean over frequencies, pairs in the order of ``numpy.tril_indices(n_channels, -1)``; the
        signed ``imcoh`` is that from the row to the column.

    Notes
    -----
    Each estimator is a function of sums over epochs; those of all sets are one matrix product, so
    that 200 subsamples cost little more than one estimate.
    """
    n_epochs, n_channels, n_frequencies = spectra.shape
    rows, columns = np.tril_indices(n_channels, -1)
    weights = sets.astype(float)
    n = weights.sum(axis=1)[:, None, None]
    powers = np.einsum("se,ecf->scf", weights, np.abs(spectra) ** 2)
    step = max(BATCH_BYTES // (16 * n_epochs * n_frequencies), 1)
    out = np.full((len(sets), rows.size), np.nan)
    for start in range(0, rows.size, step):
        one, other = rows[start : start + step], columns[start : start + step]
        products = spectra[:, one] * np.conj(spectra[:, other])
        flat = products.reshape(n_epochs, -1)
        shape = (len(sets), one.size, n_frequencies)

        def total(
            of: Callable[[np.ndarray], np.ndarray],
            flat: np.ndarray = flat,
            shape: tuple[int, int, int] = shape,
        ) -> np.ndarray:
            return (weights @ of(flat)).reshape(shape)

        def power(one: np.ndarray = one, other: np.ndarray = other) -> np.ndarray:
            return powers[:, one] * powers[:, other]

        out[:, start : start + step] = ESTIMATORS[method](Sums(n, total, power)).mean(axis=-1)
    return out
