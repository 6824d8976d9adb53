"""Common factors of a correlation matrix: extraction, oblique rotation, general factor."""

from collections.abc import Callable

import numpy as np
from scipy import optimize

LOWEST_UNIQUENESS = 0.005


def minimum_residual(correlation: np.ndarray, n_factors: int) -> np.ndarray:
    """Loadings that leave the smallest squared residual correlations.

    Parameters
    ----------
    correlation : array, shape (n_items, n_items)
        Correlations.
    n_factors : int
        Number of factors.

    Returns
    -------
    array, shape (n_items, n_factors)
        Unrotated.

    Notes
    -----
    Harman & Jones (1966, Psychometrika 31:351); the search is over uniquenesses, as in psych.
    """

    def misfit(uniqueness: np.ndarray) -> tuple[float, np.ndarray]:
        loadings = _principal(correlation - np.diag(uniqueness), n_factors)
        residual = correlation - np.diag(uniqueness) - loadings @ loadings.T
        return float((residual**2).sum() / 2), -np.diagonal(residual)

    return _principal(correlation - np.diag(_search(misfit, correlation)), n_factors)


def maximum_likelihood(correlation: np.ndarray, n_factors: int) -> np.ndarray:
    """Loadings by maximum likelihood.

    Parameters
    ----------
    correlation : array, shape (n_items, n_items)
        Correlations.
    n_factors : int
        Number of factors.

    Returns
    -------
    array, shape (n_items, n_factors)
        Unrotated.

    Notes
    -----
    Joreskog (1967, Psychometrika 32:443): the criterion is concentrated on uniquenesses.
    """

    def scaled(uniqueness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        root = np.sqrt(uniqueness)
        return np.linalg.eigh(correlation / np.outer(root, root))

    def loadings_of(uniqueness: np.ndarray) -> np.ndarray:
        values, vectors = scaled(uniqueness)
        size = np.sqrt(np.maximum(values[-n_factors:] - 1, 0))
        return np.sqrt(uniqueness)[:, None] * vectors[:, -n_factors:] * size

    def misfit(uniqueness: np.ndarray) -> tuple[float, np.ndarray]:
        rest = scaled(uniqueness)[0][:-n_factors]
        loadings = loadings_of(uniqueness)
        gap = np.diagonal(loadings @ loadings.T) + uniqueness - np.diagonal(correlation)
        return float((rest - np.log(rest) - 1).sum()), gap / uniqueness**2

    return loadings_of(_search(misfit, correlation))


EXTRACTIONS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "minres": minimum_residual,
    "ml": maximum_likelihood,
}


def oblimin(loadings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotate factors obliquely to simple structure (direct quartimin).

    Parameters
    ----------
    loadings : array, shape (n_items, n_factors)
        Unrotated.

    Returns
    -------
    pattern : array, shape (n_items, n_factors)
        Rotated loadings.
    correlation : array, shape (n_factors, n_factors)
        Of the factors.

    Notes
    -----
    Jennrich (2002, Psychometrika 67:7): gradient projection from the unrotated factors, as R's
    GPArotation with gamma = 0 and without Kaiser's normalization.
    """
    n_factors = loadings.shape[1]
    others = np.ones((n_factors, n_factors)) - np.eye(n_factors)
    turn, step = np.eye(n_factors), 1.0

    def at(turn: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
        inverse = np.linalg.inv(turn)
        pattern = loadings @ inverse.T
        crossed = pattern**2 @ others
        slope = -(pattern.T @ (pattern * crossed) @ inverse).T
        return pattern, float((pattern**2 * crossed).sum() / 4), slope

    pattern, value, slope = at(turn)
    for _ in range(2000):
        projected = slope - turn * (turn * slope).sum(axis=0)
        size = np.sqrt((projected**2).sum())
        if size < 1e-6:
            break
        step *= 2
        for _ in range(30):
            candidate = turn - step * projected
            candidate = candidate / np.sqrt((candidate**2).sum(axis=0))
            found = at(candidate)
            if found[1] < value - 0.5 * size**2 * step:
                break
            step /= 2
        if found[1] >= value:
            break
        turn, (pattern, value, slope) = candidate, found
    return pattern, turn.T @ turn


def general_factor(
    correlation: np.ndarray, n_factors: int, extraction: str
) -> tuple[np.ndarray, np.ndarray]:
    """Loadings on a general factor and on group factors free of it.

    Parameters
    ----------
    correlation : array, shape (n_items, n_items)
        Correlations.
    n_factors : int
        Number of group factors; 1 means a general factor only.
    extraction : {"minres", "ml"}
        How factors are found.

    Returns
    -------
    general : array, shape (n_items,)
    group : array, shape (n_items, n_factors)
        Zero where there is one factor.

    Notes
    -----
    Schmid & Leiman (1957, Psychometrika 22:53): the factors' own common factor gives the general
    one. Two factors share their correlation equally.
    """
    loadings = EXTRACTIONS[extraction](correlation, n_factors)
    if n_factors == 1:
        return loadings[:, 0], np.zeros_like(loadings)
    pattern, between = oblimin(loadings)
    if n_factors == 2:
        size = np.sqrt(abs(between[0, 1]))
        second = np.array([size, size * np.sign(between[0, 1])])
    else:
        second = EXTRACTIONS[extraction](between, 1)[:, 0]
    return pattern @ second, pattern * np.sqrt(np.maximum(1 - second**2, 0))


def _principal(matrix: np.ndarray, n_factors: int) -> np.ndarray:
    """Loadings on the largest eigenvectors."""
    values, vectors = np.linalg.eigh(matrix)
    return vectors[:, -n_factors:] * np.sqrt(np.maximum(values[-n_factors:], 0))


def _search(
    misfit: Callable[[np.ndarray], tuple[float, np.ndarray]], correlation: np.ndarray
) -> np.ndarray:
    """Uniquenesses of the smallest misfit, from squared multiple correlations."""
    start = np.clip(1 / np.diagonal(np.linalg.pinv(correlation)), LOWEST_UNIQUENESS, 1)
    found = optimize.minimize(
        misfit,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(LOWEST_UNIQUENESS, 1.0)] * len(start),
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 1000},
    )
    return found.x
