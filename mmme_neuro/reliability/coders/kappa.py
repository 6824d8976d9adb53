"""Chance-corrected agreement on categories: Cohen, Fleiss, Gwet and Krippendorff.

Each coefficient is computed from counts that add up over units, so that whole participants can be
resampled by adding their counts.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

WEIGHTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "unweighted": lambda gap: (gap == 0).astype(float),
    "linear": lambda gap: 1 - np.abs(gap) / max(np.abs(gap).max(), 1),
    "quadratic": lambda gap: 1 - gap**2 / max((gap**2).max(), 1),
    "ordinal": lambda gap: 1 - _pairs_between(gap) / max(_pairs_between(gap).max(), 1),
}
"""Agreement of two categories by the distance of their places, 1 on the diagonal."""

LEVELS = ("nominal", "ordinal", "interval", "ratio")


def cohen_kappa(counts: np.ndarray, weights: str = "unweighted") -> Any:
    """Agreement of two raters beyond chance.

    Parameters
    ----------
    counts : array, shape (..., n_categories, n_categories)
        Units that the first rater put in row and the second in column category.
    weights : {"unweighted", "linear", "quadratic", "ordinal"}
        Credit for near misses; the categories are then in order.

    Returns
    -------
    float or array, shape (...)
        NaN where there is no unit, or both raters used one and the same category throughout.

    Notes
    -----
    Cohen (1960, Educ Psychol Meas 20:37; 1968, Psychol Bull 70:213).

    Examples
    --------
    >>> float(cohen_kappa(np.array([[20, 5], [10, 15]])).round(3))
    0.4
    """
    credit = credit_of(counts.shape[-1], weights)
    n = counts.sum(axis=(-2, -1))
    expected = counts.sum(axis=-1)[..., :, None] * counts.sum(axis=-2)[..., None, :]
    observed = (credit * counts).sum(axis=(-2, -1))
    return _beyond(_divide(observed, n), _divide((credit * expected).sum(axis=(-2, -1)), n**2))


def gwet_ac1(counts: np.ndarray) -> Any:
    """Agreement of two raters beyond the chance that both guess on hard units.

    Parameters
    ----------
    counts : array, shape (..., n_categories, n_categories)
        Units that the first rater put in row and the second in column category.

    Returns
    -------
    float or array, shape (...)
        Unlike kappa it stays near the observed agreement where one category is rare.

    Notes
    -----
    Gwet (2008, Br J Math Stat Psychol 61:29): chance agreement is
    ``sum(p * (1 - p)) / (n_categories - 1)`` with p the mean share of each category.
    """
    n = counts.sum(axis=(-2, -1))
    share = _divide(counts.sum(axis=-1) + counts.sum(axis=-2), 2 * n[..., None])
    chance = (share * (1 - share)).sum(axis=-1) / (counts.shape[-1] - 1)
    return _beyond(_divide(np.trace(counts, axis1=-2, axis2=-1), n), chance)


def fleiss_kappa(pairs: np.ndarray, totals: np.ndarray, n_raters: int) -> Any:
    """Agreement of several raters beyond chance.

    Parameters
    ----------
    pairs : array, shape (...)
        Ordered pairs of raters that agree, added over units.
    totals : array, shape (..., n_categories)
        Ratings in each category, added over units.
    n_raters : int
        Raters of every unit.

    Returns
    -------
    float or array, shape (...)

    Notes
    -----
    Fleiss (1971, Psychol Bull 76:378). `fleiss_counts` gives the counts.
    """
    n_ratings = totals.sum(axis=-1)
    share = _divide(totals, n_ratings[..., None])
    return _beyond(_divide(pairs, n_ratings * (n_raters - 1)), (share**2).sum(axis=-1))


def fleiss_counts(codes: np.ndarray, n_categories: int) -> np.ndarray:
    """Counts of each unit for `fleiss_kappa`.

    Parameters
    ----------
    codes : array of int, shape (n_units, n_raters)
        Number of the category, from 0.
    n_categories : int
        Number of categories.

    Returns
    -------
    array, shape (n_units, 1 + n_categories)
        Ordered pairs of raters that agree, then ratings in each category.
    """
    totals = (codes[..., None] == np.arange(n_categories)).sum(axis=1)
    return np.column_stack([(totals * (totals - 1)).sum(axis=1), totals])


def krippendorff_alpha(coincidences: np.ndarray, values: np.ndarray, level: str) -> Any:
    """Agreement of any number of raters with gaps, by level of measurement.

    Parameters
    ----------
    coincidences : array, shape (..., n_values, n_values)
        Pairs of values within units, as `coincidence_counts` gives them, added over units.
    values : array, shape (n_values,)
        The values in order; only their order counts for ``"nominal"`` and ``"ordinal"``.
    level : {"nominal", "ordinal", "interval", "ratio"}
        What differences mean.

    Returns
    -------
    float or array, shape (...)
        NaN where all values are the same or no unit has two.

    Notes
    -----
    Krippendorff (2011, Computing Krippendorff's alpha-reliability).
    """
    if level not in LEVELS:
        raise ValueError(f"level must be one of {LEVELS}, got {level!r}.")
    totals = coincidences.sum(axis=-1)
    n = totals.sum(axis=-1)
    distance = _distances(totals, values, level)
    expected = totals[..., :, None] * totals[..., None, :]
    expected = expected - totals[..., None] * np.eye(len(values))
    disagreement = (distance * coincidences).sum(axis=(-2, -1))
    by_chance = (distance * expected).sum(axis=(-2, -1))
    return 1 - _divide((n - 1) * disagreement, by_chance)


def coincidence_counts(codes: np.ndarray, n_values: int) -> np.ndarray:
    """Coincidences of each unit for `krippendorff_alpha`.

    Parameters
    ----------
    codes : array of int, shape (n_units, n_raters)
        Number of the value, from 0; below 0 where there is none.
    n_values : int
        Number of values.

    Returns
    -------
    array, shape (n_units, n_values, n_values)
        Zero for units with fewer than two values.
    """
    totals = (codes[..., None] == np.arange(n_values)).sum(axis=1)
    n_present = totals.sum(axis=1)
    pairs = totals[:, :, None] * totals[:, None, :] - totals[:, :, None] * np.eye(n_values)
    return pairs * np.where(n_present > 1, 1 / np.maximum(n_present - 1, 1), 0)[:, None, None]


def crossed_counts(first: np.ndarray, second: np.ndarray, n_categories: int) -> np.ndarray:
    """Counts of each unit for `cohen_kappa` and `gwet_ac1`.

    Parameters
    ----------
    first, second : array of int, shape (n_units,)
        Number of the category that each rater chose, from 0.
    n_categories : int
        Number of categories.

    Returns
    -------
    array, shape (n_units, n_categories, n_categories)
    """
    categories = np.arange(n_categories)
    chosen = (first[:, None] == categories)[:, :, None] & (second[:, None] == categories)[:, None]
    return chosen.astype(float)


def credit_of(n_categories: int, weights: str) -> np.ndarray:
    """Credit of each pair of categories.

    Parameters
    ----------
    n_categories : int
        Number of categories, in order.
    weights : {"unweighted", "linear", "quadratic", "ordinal"}
        How credit falls with the distance of their places.

    Returns
    -------
    array, shape (n_categories, n_categories)
        1 on the diagonal, 0 for the first and the last.

    Examples
    --------
    >>> credit_of(3, "quadratic")[0].tolist()
    [1.0, 0.75, 0.0]
    """
    if weights not in WEIGHTS:
        raise ValueError(f"weights must be one of {tuple(WEIGHTS)}, got {weights!r}.")
    places = np.arange(n_categories)
    return WEIGHTS[weights](places[:, None] - places)


def _pairs_between(gap: np.ndarray) -> np.ndarray:
    """Pairs of categories among two and those between them."""
    return np.abs(gap) * (np.abs(gap) + 1) / 2


def _distances(totals: np.ndarray, values: np.ndarray, level: str) -> np.ndarray:
    """Squared distance of each pair of values; of ordinal ones it depends on their counts."""
    if level == "nominal":
        return 1 - np.eye(len(values))
    if level == "ordinal":
        middle = np.cumsum(totals, axis=-1) - totals / 2
        return (middle[..., :, None] - middle[..., None, :]) ** 2
    values = np.asarray(values, float)
    gap = values[:, None] - values
    if level == "interval":
        return gap**2
    if (values < 0).any():
        raise ValueError(f"level 'ratio' needs values of zero or more, got {values.min():g}.")
    return _divide(gap, values[:, None] + values, empty=0.0) ** 2


def _beyond(observed: Any, chance: Any) -> Any:
    """Share of the agreement that chance leaves open, NaN where chance leaves none."""
    return _divide(observed - chance, 1 - chance)


def _divide(numerator: Any, denominator: Any, empty: float = np.nan) -> Any:
    """Quotient, with a stated value where the divisor is zero."""
    numerator, denominator = np.asarray(numerator, float), np.asarray(denominator, float)
    is_zero = np.abs(denominator) < 1e-12
    result = np.where(is_zero, empty, numerator / np.where(is_zero, 1.0, denominator))
    return result[()]
