"""Agreement of any number of raters with credit for near misses: Gwet's AC2, Fleiss' kappa."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mmme_neuro.errors import NotEstimable
from mmme_neuro.reliability.coders.categories import coded_labels
from mmme_neuro.reliability.coders.kappa import credit_of
from mmme_neuro.stats.estimates import ESTIMATE, estimate_row


def gwet_ac2(
    labels: pd.DataFrame,
    *,
    weights: str = "quadratic",
    categories: Sequence | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Gwet's AC2: agreement beyond the chance that raters guess on hard units, near misses counted.

    Parameters
    ----------
    labels : DataFrame, shape (n_units, n_raters)
        Label that each rater gave each unit; missing where none.
    weights : {"quadratic", "linear", "ordinal", "unweighted"}
        Credit for labels that lie apart on the scale: it falls with the squared distance of their
        places, with the distance, or with the number of pairs of labels between them. AC1 without.
    categories : sequence, optional
        All possible labels, from the lowest to the highest. By default those of ordered
        Categoricals, or the numbers that occur; words need one of both.
    confidence : float
        Level of the interval.

    Returns
    -------
    DataFrame
        Index ``coefficient``: ``gwet_ac2`` (``gwet_ac1`` without weights); columns ``estimate,
        std_error, dof, statistic, p_value, ci_low, ci_high, observed`` and ``chance`` (weighted
        shares of agreement), ``n_units, n_raters``.

    Raises
    ------
    MmmeError
        With fewer than 2 raters, no unit that two raters labeled, unknown labels, or words without
        an order.

    See Also
    --------
    weighted_fleiss_kappa : The same with chance as Fleiss defines it.
    label_agreement : All coefficients, with intervals over participants.

    Notes
    -----
    Gwet (2008, Br J Math Stat Psychol 61:29; 2014, Handbook of inter-rater reliability, 4th ed.):
    chance is ``sum(w) / (q (q - 1)) * sum(p (1 - p))`` with q categories and p the mean share of
    each. Units with one label count in p only. The standard error takes units as a sample and
    raters as given; the interval is Student's t, cut at 1. Units of one participant depend on each
    other: then use `label_agreement` with ``participant``.

    Examples
    --------
    >>> labels = pd.DataFrame({"a": [1, 2, 3, 3, 2, 1], "b": [1, 2, 3, 2, 2, 1]})
    >>> float(gwet_ac2(labels).loc["gwet_ac2", "estimate"].round(3))
    0.88
    """
    name = "gwet_ac1" if weights == "unweighted" else "gwet_ac2"
    return _table(name, _ac2_chance, labels, weights, categories, confidence)


def weighted_fleiss_kappa(
    labels: pd.DataFrame,
    *,
    weights: str = "quadratic",
    categories: Sequence | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Fleiss' kappa of any number of raters, near misses counted.

    Parameters
    ----------
    labels, weights, categories, confidence
        As for `gwet_ac2`.

    Returns
    -------
    DataFrame
        Index ``coefficient``: ``weighted_fleiss_kappa`` (``fleiss_kappa`` without weights); columns
        as of `gwet_ac2`.

    Raises
    ------
    MmmeError
        As `gwet_ac2`.

    Notes
    -----
    Chance is the weighted agreement of two labels drawn from all (Fleiss 1971, Psychol Bull
    76:378). Standard error, units with one label and interval are as of `gwet_ac2`.

    Examples
    --------
    >>> labels = pd.DataFrame({"a": [1, 2, 3, 3, 2, 1], "b": [1, 2, 3, 2, 2, 1]})
    >>> float(weighted_fleiss_kappa(labels).loc["weighted_fleiss_kappa", "estimate"].round(3))
    0.855
    """
    name = "fleiss_kappa" if weights == "unweighted" else "weighted_fleiss_kappa"
    return _table(name, _fleiss_chance, labels, weights, categories, confidence)


Chance = Callable[[np.ndarray, np.ndarray], tuple[Any, np.ndarray]]
"""From credits and shares, shape (..., n_categories), to agreement by chance and its slopes."""


def _ac2_chance(credit: np.ndarray, share: np.ndarray) -> tuple[Any, np.ndarray]:
    """Chance of raters who guess on hard units."""
    q = len(credit)
    factor = credit.sum() / (q * (q - 1))
    return factor * (share * (1 - share)).sum(axis=-1), factor * (1 - share)


def _fleiss_chance(credit: np.ndarray, share: np.ndarray) -> tuple[Any, np.ndarray]:
    """Chance of labels drawn from all."""
    drawn = share @ credit
    return (share * drawn).sum(axis=-1), drawn


CHANCES: dict[str, Chance] = {"gwet_ac2": _ac2_chance, "fleiss_kappa": _fleiss_chance}


def unit_counts(codes: np.ndarray, credit: np.ndarray) -> np.ndarray:
    """Counts of each unit for `beyond_chance`.

    Parameters
    ----------
    codes : array of int, shape (n_units, n_raters)
        Number of the category, from 0; below 0 where there is none.
    credit : array, shape (n_categories, n_categories)
        Of each pair of categories, as of `credit_of`.

    Returns
    -------
    array, shape (n_units, 3 + n_categories)
        Share of pairs of raters that agree, whether there is a pair, whether there is a label, and
        the share of each category.
    """
    totals = (codes[..., None] == np.arange(len(credit))).sum(axis=1)
    n_labels = totals.sum(axis=1)
    is_paired = n_labels > 1
    agreeing = (totals * (totals @ credit - 1)).sum(axis=1)
    agreeing = agreeing / np.where(is_paired, n_labels * (n_labels - 1), 1)
    shares = totals / np.maximum(n_labels, 1)[:, None]
    return np.column_stack([np.where(is_paired, agreeing, 0), is_paired, n_labels > 0, shares])


def beyond_chance(counts: np.ndarray, credit: np.ndarray, chance: Chance) -> Any:
    """Weighted agreement beyond chance from added counts.

    Parameters
    ----------
    counts : array, shape (..., 3 + n_categories)
        As of `unit_counts`, added over units.
    credit : array, shape (n_categories, n_categories)
        The same as there.
    chance : callable
        One of `CHANCES`.

    Returns
    -------
    float or array, shape (...)
        NaN where no unit has a pair, or chance leaves nothing open.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = counts[..., 0] / counts[..., 1]
        by_chance, _ = chance(credit, counts[..., 3:] / counts[..., 2, None])
        is_open = 1 - by_chance > 1e-12
        return np.where(is_open, (observed - by_chance) / (1 - by_chance), np.nan)[()]


def _table(
    name: str,
    chance: Chance,
    labels: pd.DataFrame,
    weights: str,
    categories: Sequence | None,
    confidence: float,
) -> pd.DataFrame:
    """Coefficient with Gwet's standard error."""
    level = "nominal" if weights == "unweighted" else "ordinal"
    codes, values = coded_labels(labels, categories, level=level)
    codes = codes[(codes >= 0).any(axis=1)]
    credit = credit_of(len(values), weights)
    counts = unit_counts(codes, credit)
    agreeing, is_paired, _, shares = np.split(counts, [1, 2, 3], axis=1)
    n, n_paired = len(counts), is_paired.sum()
    if n_paired == 0:
        raise NotEstimable(
            "labels have no unit that two raters labeled; check how units are named."
        )
    observed = float(agreeing.sum() / n_paired)
    by_chance, slopes = chance(credit, shares.mean(axis=0))
    row = dict.fromkeys(ESTIMATE, np.nan)
    if 1 - by_chance > 1e-12:
        estimate = (observed - by_chance) / (1 - by_chance)
        pull = (n / n_paired) * (agreeing - by_chance * is_paired)[:, 0] / (1 - by_chance)
        pull = pull - 2 * (1 - estimate) * (shares @ slopes - by_chance) / (1 - by_chance)
        std_error = np.sqrt(((pull - estimate) ** 2).sum() / (n * (n - 1))) if n > 1 else np.nan
        row = estimate_row(float(estimate), float(std_error), n - 1, confidence=confidence)
        row["ci_high"] = min(row["ci_high"], 1.0)
    row |= {"observed": observed, "chance": float(by_chance)}
    row |= {"n_units": n, "n_raters": codes.shape[1]}
    return pd.DataFrame([row], index=pd.Index([name], name="coefficient"))
