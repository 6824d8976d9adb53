"""Intervals of within-participant correlations from samples of whole participants."""

import numpy as np

from mmme_neuro.stats.groups import summed

MIN_PARTICIPANTS = 5
"""With fewer, samples of participants say too little: there is no interval."""


def participant_products(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Cross-products of centered columns, by participant.

    Parameters
    ----------
    values : array, shape (n_rows, n_columns)
        Centered within participants.
    codes : array of int, shape (n_rows,)
        Participant of each row.

    Returns
    -------
    array, shape (n_participants, n_columns, n_columns)
    """
    return summed(values[:, :, np.newaxis] * values[:, np.newaxis, :], codes)


def weighted_correlation(
    products: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Correlate the first two columns given the others, for samples of participants.

    Parameters
    ----------
    products : array, shape (n_participants, n_columns, n_columns)
        Cross-products of two measures and of covariates.
    weights : array, shape (n_samples, n_participants)
        How often each participant is in a sample.

    Returns
    -------
    z : array, shape (n_samples,)
        Fisher's z of the (partial) correlation.
    std_error : array, shape (n_samples,)
        Of z, from the spread of participants' contributions (first-order influence).
    """
    total = np.einsum("sp,pij->sij", weights, products)
    directions = _residual_directions(total)
    half = np.einsum("sai,pij->spaj", directions, products, optimize=True)
    moments = np.einsum("spaj,sbj->spab", half, directions, optimize=True)
    xx, yy, xy = moments[..., 0, 0], moments[..., 1, 1], moments[..., 0, 1]
    sum_xx, sum_yy, sum_xy = ((weights * part).sum(axis=1) for part in (xx, yy, xy))
    with np.errstate(invalid="ignore", divide="ignore"):
        r = sum_xy / np.sqrt(sum_xx * sum_yy)
        z = np.arctanh(r)
        influence = xy / np.sqrt(sum_xx * sum_yy)[:, np.newaxis] - r[:, np.newaxis] / 2 * (
            xx / sum_xx[:, np.newaxis] + yy / sum_yy[:, np.newaxis]
        )
        n_drawn = weights.sum(axis=1)
        variance = n_drawn / (n_drawn - 1) * (weights * influence**2).sum(axis=1)
        std_error = np.sqrt(variance) / (1 - r**2)
    return z, std_error


def bootstrap_interval(
    products: np.ndarray, *, n_resamples: int, rng: np.random.Generator, confidence: float = 0.95
) -> tuple[float, float]:
    """Interval of a within-participant correlation, participants sampled whole.

    Parameters
    ----------
    products : array, shape (n_participants, n_columns, n_columns)
        As of `participant_products`; columns after the second are held constant.
    n_resamples : int
        Samples.
    rng : numpy.random.Generator
        Source of the draws.
    confidence : float
        Level.

    Returns
    -------
    low, high : float
        NaN where there are fewer than 5 participants.

    Notes
    -----
    Studentized on Fisher's z (Davison & Hinkley 1997, 5.2): with few participants percentiles of
    plain samples are too narrow (docs/cross_modal.md). The slope may differ between participants.
    """
    n_participants = len(products)
    if n_participants < MIN_PARTICIPANTS:
        return np.nan, np.nan
    z, std_error = weighted_correlation(products, np.ones((1, n_participants)))
    shares = np.full(n_participants, 1 / n_participants)
    weights = rng.multinomial(n_participants, shares, size=n_resamples).astype(float)
    # One participant drawn every time has no spread.
    weights = weights[(weights > 0).sum(axis=1) >= 2]
    z_drawn, error_drawn = weighted_correlation(products, weights)
    pivots = (z_drawn - z) / error_drawn
    tail = (1 - confidence) / 2
    low, high = np.quantile(pivots[np.isfinite(pivots)], [tail, 1 - tail])
    ends = np.tanh(z[0] - np.array([high, low]) * std_error[0])
    return float(ends[0]), float(ends[1])


def _residual_directions(total: np.ndarray) -> np.ndarray:
    """Weights that take the covariates out of both measures, shape (n_samples, 2, n_columns)."""
    n_samples, n_columns = total.shape[:2]
    directions = np.zeros((n_samples, 2, n_columns))
    directions[:, 0, 0] = directions[:, 1, 1] = 1
    if n_columns > 2:
        inverse = np.linalg.pinv(total[:, 2:, 2:], hermitian=True)
        directions[:, :, 2:] = -np.swapaxes(inverse @ total[:, 2:, :2], 1, 2)
    return directions
