"""Coupling of the amplitudes of a rhythm: orthogonalised, partial and tangent-space measures."""

from collections.abc import Sequence

import mne
import numpy as np

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
    from mne_connectivity import envelope_correlation

    result = envelope_correlation(analytic, orthogonalize="pairwise", verbose="error")
    return result.get_data("dense")[..., 0]


def envelope_matrices(envelopes: Sequence[np.ndarray], method: str) -> np.ndarray:
    """Matrices of several cells by nilearn's estimators.

    Parameters
    ----------
    envelopes : sequence of array, shape (n_epochs, n_channels, n_samples)
        Magnitudes of each cell; epochs are centred and joined.
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
