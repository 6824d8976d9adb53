"""Cronbach's alpha of a scale, its items, and its levels."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from mmme_neuro.reliability.scales.items import (
    Items,
    bootstrap_intervals,
    clusters_of,
    delta_std_errors,
    influence_std_errors,
    items_of,
    log_intervals,
    row_labels,
)
from mmme_neuro.stats.resampling import ParticipantIntervals
from mmme_neuro.stats.tables import in_row_order

INTERVALS = ("feldt", "delta", "bootstrap")

_NO_VARIANCE = 1e-10
"""Share of the largest variance of a combination of items up to which another has next to none."""
_ROUNDING = 1e-14
"""Share of it that rounding alone may leave."""


def cronbach_alpha(
    items: pd.DataFrame,
    *,
    confidence: float = 0.95,
    interval: str = "feldt",
    participant: Sequence | np.ndarray | pd.Series | None = None,
    missing: str = "complete",
    rng: np.random.Generator | int | None = None,
    n_resamples: int = 2000,
) -> pd.DataFrame:
    """Internal consistency of items that are added to one score.

    Parameters
    ----------
    items : DataFrame, shape (n_rows, n_items)
        One column per item, all scored in the same direction.
    confidence : float
        Level of the intervals.
    interval : {"feldt", "delta", "bootstrap"}
        Feldt's F distribution (of alpha; exact where items are normal and parallel), delta method
        without a distribution, or bootstrap of rows.
    participant : array, shape (n_rows,), optional
        Participant of each row, where rows of one depend on each other; needs ``"delta"`` or
        ``"bootstrap"``.
    missing : {"complete", "pairwise"}
        Use rows without a gap, or every pair of answers (estimates and Feldt's interval only).
    rng : Generator or int, optional
        For the bootstrap.
    n_resamples : int
        Number of bootstrap samples.

    Returns
    -------
    DataFrame
        Index ``coefficient``: ``alpha`` (of the sum), ``standardized_alpha`` (of the sum of z
        scores), ``lambda6`` (Guttman's, from squared multiple correlations), ``mean_correlation``;
        columns ``estimate, std_error, ci_low, ci_high, n, n_items, n_left_out`` (rows with gaps).
        Standard errors are those of the delta method; ``lambda6`` has none where items are
        combinations of others, which then predict them without error.

    Raises
    ------
    ValueError
        With one item, items that do not vary, fewer than 3 rows, or a bootstrap without `rng`.

    Warns
    -----
    UserWarning
        When alpha is negative or not defined, or items are combinations of others.

    See Also
    --------
    alpha_if_dropped : What each item contributes.
    multilevel_alpha : Within and between participants.

    Notes
    -----
    Cronbach (1951, Psychometrika 16:297); Feldt, Woodruff & Salih (1987, Appl Psychol Meas 11:93).
    Equal to pingouin's, which rounds its interval to three decimals and knows no other one.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> trait = rng.normal(size=(200, 1))
    >>> items = pd.DataFrame(trait + rng.normal(size=(200, 4)), columns=list("abcd"))
    >>> float(cronbach_alpha(items)["estimate"]["alpha"].round(2))
    0.78
    """
    if interval not in INTERVALS:
        raise ValueError(f"interval must be one of {INTERVALS}, got {interval!r}.")
    if interval == "bootstrap" and rng is None:
        raise ValueError("interval='bootstrap' needs rng, a Generator or a seed.")
    if interval == "feldt" and participant is not None:
        raise ValueError("Feldt's interval needs independent rows; use 'delta' or 'bootstrap'.")
    table = items_of(items, missing=missing)
    if missing == "pairwise" and np.isnan(table.answers).any() and interval != "feldt":
        raise ValueError("missing='pairwise' has Feldt's interval only; use missing='complete'.")
    people = clusters_of(in_row_order(participant, row_labels(items), name="participant"), table)
    resampling = ParticipantIntervals(confidence, rng, n_resamples)
    estimates = _all(table.covariance)
    std_errors = np.full(len(estimates), np.nan)
    limits = np.full((len(estimates), 2), np.nan)
    cautions = _cautions(table, estimates)
    if not np.isnan(table.answers).any():
        std_errors = delta_std_errors(_all, table.answers, people)
        # By differences, the step would lead past the correlations that near copies can have.
        std_errors[_PLACES["lambda6"]] = (
            np.nan
            if "lambda6" in cautions
            else influence_std_errors(_influence_on_lambda6(table.answers), people)
        )
        dof = len(np.unique(people)) - 1
        limits = log_intervals(estimates, std_errors, dof, confidence)
    if interval == "bootstrap":
        limits = bootstrap_intervals(_all, table.answers, people, resampling)
    if interval == "feldt":
        dof = len(table.answers) - 1
        limits[0] = feldt_interval(estimates[0], dof, len(table.names), confidence)
    for caution in cautions.values():
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
        },
        index=pd.Index(_STATISTICS, name="coefficient"),
    )


def _cautions(table: Items, estimates: np.ndarray) -> dict[str, str]:
    """What stands but needs care, of each coefficient."""
    notes = {}
    correlation = correlation_of(table.covariance)
    if not estimates[_PLACES["alpha"]] >= 0:
        notes["alpha"] = negative_alpha_text(correlation, table.names)
    sizes = np.linalg.eigvalsh(correlation)
    if sizes[0] < -_NO_VARIANCE * sizes[-1]:
        notes["lambda6"] = (
            "correlations of pairs contradict each other, so lambda6 is not defined; use "
            "missing='complete'."
        )
    elif sizes[0] <= _NO_VARIANCE * sizes[-1]:
        notes["lambda6"] = (
            "some items are sums or copies of others (or there are no more rows than items), which "
            "predict them without error: lambda6 has no standard error; leave such items out."
        )
    return notes


def negative_alpha_text(correlation: np.ndarray, names: Sequence[str]) -> str:
    """What a negative alpha says, and which items go against the others.

    Parameters
    ----------
    correlation : array, shape (n_items, n_items)
        Of the items.
    names : sequence of str
        Of the items.

    Returns
    -------
    str
    """
    signs = np.sign(np.linalg.eigh(correlation)[1][:, -1])
    fewer = -1 if signs.sum() > 0 else 1
    against = [name for name, sign in zip(names, signs, strict=True) if sign == fewer]
    return (
        "alpha is negative, or not defined as the sum does not vary: as they are scored, the "
        f"items do not measure one thing. Items {against} go against the others; reverse those "
        "that are worded the other way."
    )


def alpha_if_dropped(items: pd.DataFrame, *, missing: str = "complete") -> pd.DataFrame:
    """What each item contributes to a scale.

    Parameters
    ----------
    items : DataFrame, shape (n_rows, n_items)
        One column per item, all scored in the same direction; 3 or more.
    missing : {"complete", "pairwise"}
        Use rows without a gap, or every pair of answers.

    Returns
    -------
    DataFrame
        Index ``item``; of the scale without it ``alpha, standardized_alpha, lambda6,
        mean_correlation``; of the item ``r_total`` (correlation with the sum of all items),
        ``r_rest`` (with the sum of the others), ``mean, sd`` and ``n`` answers.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> items = pd.DataFrame(rng.normal(size=(50, 1)) + rng.normal(size=(50, 3)))
    >>> alpha_if_dropped(items).index.tolist()
    ['0', '1', '2']
    """
    table = items_of(items, missing=missing, at_least=3)
    covariance = table.covariance
    if not alpha_of(covariance) >= 0:
        text = negative_alpha_text(correlation_of(covariance), table.names)
        warnings.warn(f"with all items, {text}", stacklevel=2)
    rows = {}
    for place, name in enumerate(table.names):
        others = np.delete(np.arange(len(table.names)), place)
        rest = covariance[np.ix_(others, others)]
        answers = table.answers[:, place]
        variance, with_rest = covariance[place, place], covariance[place, others].sum()
        rows[name] = {key: float(statistic(rest)) for key, statistic in _STATISTICS.items()} | {
            "r_total": (variance + with_rest) / np.sqrt(variance * covariance.sum()),
            "r_rest": with_rest / np.sqrt(variance * rest.sum()),
            "mean": np.nanmean(answers),
            "sd": np.nanstd(answers, ddof=1),
            "n": int(np.isfinite(answers).sum()),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(index="item")


def feldt_interval(
    alpha: float, dof: float, n_items: int, confidence: float
) -> tuple[float, float]:
    """Interval of alpha from the F distribution.

    Parameters
    ----------
    alpha : float
        Estimate.
    dof : float
        Rows less one (less the participants, for alpha within them).
    n_items : int
        Number of items.
    confidence : float
        Level.

    Returns
    -------
    tuple of float
    """
    tail = (1 - confidence) / 2
    upper, lower = stats.f.isf([tail, 1 - tail], dof, dof * (n_items - 1))
    return float(1 - (1 - alpha) * upper), float(1 - (1 - alpha) * lower)


def alpha_of(covariance: np.ndarray) -> Any:
    """Cronbach's alpha of the sum of items.

    Parameters
    ----------
    covariance : array, shape (..., n_items, n_items)
        Covariance of the items.

    Returns
    -------
    float or array, shape (...)
        NaN where the sum has no variance.
    """
    k = covariance.shape[-1]
    total = covariance.sum(axis=(-2, -1))
    own = np.trace(covariance, axis1=-2, axis2=-1)
    # Items that cancel leave traces of rounding in their sum.
    varies = total > 1e-12 * own
    return np.where(varies, k / (k - 1) * (1 - own / np.where(varies, total, 1)), np.nan)[()]


def correlation_of(covariance: np.ndarray) -> np.ndarray:
    """Correlations of covariances, shape (..., n_items, n_items)."""
    sd = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return covariance / (sd[..., :, None] * sd[..., None, :])


def _standardized_alpha(covariance: np.ndarray) -> Any:
    return alpha_of(correlation_of(covariance))


def _lambda6(covariance: np.ndarray) -> Any:
    """One less the items' variance that the other items do not predict, over the sum's."""
    correlation = correlation_of(covariance)
    is_defined = np.isfinite(correlation).all(axis=(-2, -1))
    safe = np.where(is_defined[..., None, None], correlation, np.eye(correlation.shape[-1]))
    sizes, directions = np.linalg.eigh(safe)
    is_empty = sizes <= _ROUNDING * sizes[..., -1:]
    inverse = np.where(is_empty, 0, 1 / np.where(is_empty, 1, sizes))
    # An item in a combination without variance is predicted by the others in it; 1 / diag(R^-1)
    # holds for those outside, also where others are nearly predicted.
    is_predicted = (directions**2 * is_empty[..., None, :]).sum(axis=-1) > 1e-14
    unpredicted = 1 / (directions**2 * inverse[..., None, :]).sum(axis=-1)
    left = np.where(is_predicted, 0, unpredicted).sum(axis=-1)
    total = safe.sum(axis=(-2, -1))
    is_defined &= (sizes[..., 0] >= -_NO_VARIANCE * sizes[..., -1]) & (total > _NO_VARIANCE)
    return np.where(is_defined, 1 - left / np.where(is_defined, total, 1), np.nan)[()]


def _influence_on_lambda6(answers: np.ndarray) -> np.ndarray:
    """What each row adds to lambda6, shape (n_rows,); no item may be a combination of others."""
    around = answers - answers.mean(axis=0)
    scores = around / around.std(axis=0, ddof=1)
    correlation = np.corrcoef(answers.T)
    inverse = np.linalg.inv(correlation)
    unpredicted = 1 / np.diagonal(inverse)
    residuals = scores @ inverse * unpredicted
    of_left = (residuals**2 - unpredicted * scores**2).sum(axis=1)
    of_total = scores.sum(axis=1) ** 2 - scores**2 @ correlation.sum(axis=1)
    total = correlation.sum()
    return (unpredicted.sum() * of_total / total - of_left) / total


def _mean_correlation(covariance: np.ndarray) -> Any:
    k = covariance.shape[-1]
    return (correlation_of(covariance).sum(axis=(-2, -1)) - k) / (k * (k - 1))


_STATISTICS: dict[str, Callable[[np.ndarray], Any]] = {
    "alpha": alpha_of,
    "standardized_alpha": _standardized_alpha,
    "lambda6": _lambda6,
    "mean_correlation": _mean_correlation,
}
_PLACES = {name: place for place, name in enumerate(_STATISTICS)}


def _all(covariance: np.ndarray) -> np.ndarray:
    """All coefficients, shape (..., n_coefficients)."""
    return np.stack([statistic(covariance) for statistic in _STATISTICS.values()], axis=-1)
