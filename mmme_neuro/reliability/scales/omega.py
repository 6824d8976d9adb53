"""McDonald's omega: how much of a score's variance is due to common factors."""

import warnings
from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from mmme_neuro.errors import NotEstimable
from mmme_neuro.reliability.scales.alpha import alpha_of, correlation_of
from mmme_neuro.reliability.scales.factor import EXTRACTIONS, general_factor
from mmme_neuro.reliability.scales.items import (
    Items,
    bootstrap_intervals,
    clusters_of,
    delta_std_errors,
    items_of,
    log_intervals,
    row_labels,
)
from mmme_neuro.stats.resampling import ParticipantIntervals
from mmme_neuro.stats.tables import in_row_order

COEFFICIENTS = ("omega_total", "omega_hierarchical", "explained_common_variance", "alpha")


def mcdonald_omega(
    items: pd.DataFrame,
    *,
    n_factors: int | None = None,
    extraction: str = "minres",
    standardized: bool = True,
    confidence: float = 0.95,
    participant: Sequence | np.ndarray | pd.Series | None = None,
    rng: np.random.Generator | int | None = None,
    n_resamples: int = 1000,
) -> pd.DataFrame:
    """Reliability of a sum of items from a factor model.

    Parameters
    ----------
    items : DataFrame, shape (n_rows, n_items)
        One column per item, all scored in the same direction; 3 or more.
    n_factors : int, optional
        Group factors beside the general one; 1 for a general factor only. By default 3 where
        there are 6 items or more (as in R's psych), else 1.
    extraction : {"minres", "ml"}
        Minimum residual or maximum likelihood.
    standardized : bool
        Of the sum of z scores (as in psych), else of the sum of the items as they are.
    confidence : float
        Level of the intervals.
    participant : array, shape (n_rows,), optional
        Participant of each row, where rows of one depend on each other.
    rng : Generator or int, optional
        For bootstrap intervals (rows or whole participants resampled); delta method without.
    n_resamples : int
        Number of bootstrap samples.

    Returns
    -------
    DataFrame
        Index ``coefficient``: ``omega_total`` (all common factors), ``omega_hierarchical`` (the
        general factor), ``explained_common_variance`` (share of the general factor in the common
        variance), ``alpha``; columns ``estimate, std_error, ci_low, ci_high, n, n_items,
        n_left_out`` (rows with gaps), ``n_factors`` and ``note`` (the warnings).

    Raises
    ------
    ValueError
        With fewer than 3 items, items that do not vary, or more factors than half the items.

    Warns
    -----
    UserWarning
        When items cannot identify so many factors, or load negatively on the general one.

    Notes
    -----
    McDonald (1999, Test theory); Zinbarg, Revelle, Yovel & Li (2005, Psychometrika 70:123).
    Factors are rotated by oblimin and split by Schmid and Leiman's transformation. With one factor
    both omegas are about the same factor: over the observed variance of the sum
    (``omega_hierarchical``), and one less the unique variance over it (``omega_total``).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> items = pd.DataFrame(rng.normal(size=(300, 1)) + rng.normal(size=(300, 4)))
    >>> float(mcdonald_omega(items)["estimate"]["omega_total"].round(2))
    0.78
    """
    table, n_factors = _specified(items, n_factors, extraction)
    people = clusters_of(in_row_order(participant, row_labels(items), name="participant"), table)
    statistics = partial(
        omegas, n_factors=n_factors, extraction=extraction, standardized=standardized
    )
    estimates = statistics(table.covariance)
    std_errors = delta_std_errors(statistics, table.answers, people)
    if rng is None:
        limits = log_intervals(estimates, std_errors, len(np.unique(people)) - 1, confidence)
    else:
        resampling = ParticipantIntervals(confidence, rng, n_resamples)
        limits = bootstrap_intervals(statistics, table.answers, people, resampling)
    general, _ = general_factor(correlation_of(table.covariance), n_factors, extraction)
    cautions = _cautions(table.names, general, n_factors)
    for caution in cautions:
        warnings.warn(caution, stacklevel=2)
    return pd.DataFrame(
        {
            "estimate": estimates,
            "std_error": std_errors,
            "ci_low": limits[:, 0],
            "ci_high": limits[:, 1],
            "n": len(table.answers),
            "n_items": len(table.names),
            "n_left_out": table.n_left_out,
            "n_factors": n_factors,
            "note": "; ".join(cautions),
        },
        index=pd.Index(COEFFICIENTS, name="coefficient"),
    )


def omega_loadings(
    items: pd.DataFrame, *, n_factors: int | None = None, extraction: str = "minres"
) -> pd.DataFrame:
    """Loadings of the factor model on which `mcdonald_omega` rests.

    Parameters
    ----------
    items, n_factors, extraction
        As of `mcdonald_omega`.

    Returns
    -------
    DataFrame
        Index ``item``; columns ``general`` (its sum is not negative), ``group1, ...`` and
        ``uniqueness``, of standardized items.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> items = pd.DataFrame(rng.normal(size=(300, 1)) + rng.normal(size=(300, 4)))
    >>> omega_loadings(items)["general"].round(1).tolist()
    [0.7, 0.7, 0.6, 0.7]
    """
    table, n_factors = _specified(items, n_factors, extraction)
    general, group = general_factor(correlation_of(table.covariance), n_factors, extraction)
    sign = 1.0 if general.sum() >= 0 else -1.0
    groups = {f"group{place + 1}": column for place, column in enumerate(group.T)}
    unique = 1 - general**2 - (group**2).sum(axis=1)
    return pd.DataFrame(
        {"general": sign * general, **groups, "uniqueness": unique},
        index=pd.Index(table.names, name="item"),
    )


def _specified(items: pd.DataFrame, n_factors: int | None, extraction: str) -> tuple[Items, int]:
    """Complete answers and the number of factors, checked."""
    table = items_of(items, missing="complete", at_least=3)
    n_items = len(table.names)
    if n_factors is None:
        n_factors = 3 if n_items >= 6 else 1
    if extraction not in EXTRACTIONS:
        raise ValueError(f"extraction must be one of {tuple(EXTRACTIONS)}, got {extraction!r}.")
    if not 1 <= n_factors <= max(1, (n_items + 1) // 2):
        raise ValueError(
            f"n_factors must lie between 1 and {max(1, (n_items + 1) // 2)} for {n_items} items, "
            f"got {n_factors!r}."
        )
    if len(table.answers) <= n_items:
        raise NotEstimable(
            f"items need more complete rows than items, got {len(table.answers)} rows of "
            f"{n_items} items."
        )
    return table, n_factors


def omegas(
    covariance: np.ndarray, *, n_factors: int, extraction: str, standardized: bool
) -> np.ndarray:
    """Coefficients of covariances of items.

    Parameters
    ----------
    covariance : array, shape (..., n_items, n_items)
        Covariance of the items.
    n_factors : int
        Number of group factors.
    extraction : {"minres", "ml"}
        How factors are found.
    standardized : bool
        Of the sum of z scores, else of the items as they are.

    Returns
    -------
    array, shape (..., 4)
        In the order of `COEFFICIENTS`.
    """
    if covariance.ndim > 2:
        parts = covariance.reshape(-1, *covariance.shape[-2:])
        found = [
            omegas(part, n_factors=n_factors, extraction=extraction, standardized=standardized)
            for part in parts
        ]
        return np.array(found).reshape(*covariance.shape[:-2], len(COEFFICIENTS))
    correlation = correlation_of(covariance)
    if not np.isfinite(correlation).all():
        return np.full(len(COEFFICIENTS), np.nan)
    general, group = general_factor(correlation, n_factors, extraction)
    weights = np.ones(len(general)) if standardized else np.sqrt(np.diagonal(covariance))
    scored = correlation * np.outer(weights, weights)
    common = general**2 + (group**2).sum(axis=1)
    return np.array(
        [
            1 - (weights**2 * (1 - common)).sum() / scored.sum(),
            (weights @ general) ** 2 / scored.sum(),
            (general**2).sum() / common.sum(),
            alpha_of(scored),
        ]
    )


def _cautions(names: Sequence[str], general: np.ndarray, n_factors: int) -> list[str]:
    """What stands but needs care."""
    cautions = []
    n_items = len(names)
    if (n_items - n_factors) ** 2 < n_items + n_factors:
        cautions.append(
            f"{n_factors} factors of {n_items} items are not identified, so another program may "
            "find others that fit as well; ask for fewer factors."
        )
    sign = 1.0 if general.sum() >= 0 else -1.0
    negative = [name for name, size in zip(names, sign * general, strict=True) if size < 0]
    if negative:
        cautions.append(
            f"items {negative} load negatively on the general factor; reverse them if they are "
            "worded the other way (R's psych does so by itself)."
        )
    return cautions
