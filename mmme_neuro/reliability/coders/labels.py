"""Agreement of two or more raters on labels, with intervals over participants."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from mmme_neuro.reliability.coders.kappa import (
    cohen_kappa,
    coincidence_counts,
    crossed_counts,
    fleiss_counts,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
)
from mmme_neuro.stats.resampling import ParticipantIntervals

UNDEFINED = "all labels are the same or no unit has them, so agreement beyond chance is 0 / 0"


def label_agreement(
    labels: pd.DataFrame,
    *,
    participant: Sequence | np.ndarray | pd.Series | None = None,
    categories: Sequence | None = None,
    level: str = "nominal",
    confidence: float = 0.95,
    rng: np.random.Generator | int | None = None,
    n_resamples: int = 2000,
) -> pd.DataFrame:
    """Agreement of raters on labels of the same units.

    Parameters
    ----------
    labels : DataFrame, shape (n_units, n_raters)
        Label that each rater gave each unit; missing where none.
    participant : array, shape (n_units,), optional
        Participant of each unit; each unit its own if not given.
    categories : sequence, optional
        All possible labels, in order; by default those that occur, sorted. Gwet's AC1 depends on
        their number and weighted kappas on their order.
    level : {"nominal", "ordinal", "interval", "ratio"}
        Of Krippendorff's alpha. Other than ``"nominal"`` adds weighted kappas.
    confidence : float
        Level of the intervals.
    rng : Generator or int, optional
        For bootstrap intervals with participants resampled whole; jackknife intervals without.
    n_resamples : int
        Number of bootstrap samples.

    Returns
    -------
    DataFrame
        Index ``coefficient``: ``observed_agreement, cohen_kappa, gwet_ac1`` and the weighted
        ``cohen_kappa_linear, cohen_kappa_quadratic`` (two raters), ``fleiss_kappa,
        krippendorff_alpha``; columns ``estimate, ci_low, ci_high, n_units, n_clusters, reason``.
        The first ones rest on units that all raters labeled, alpha on those with two labels or
        more. NaN where a coefficient is not defined, with the reason; limits are NaN where no
        participant left out changes it.

    Raises
    ------
    ValueError
        With fewer than 2 raters, no unit that two raters labeled, or unknown labels.

    Examples
    --------
    >>> labels = pd.DataFrame({"a": list("mmMMMmmM"), "b": list("mmMMmmMM")})
    >>> float(label_agreement(labels)["estimate"]["cohen_kappa"].round(3))
    0.5
    """
    resampling = ParticipantIntervals(confidence, rng, n_resamples)
    labels = pd.DataFrame(labels)
    codes, values = _codes(labels, categories)
    named = np.arange(len(labels)) if participant is None else np.asarray(participant)
    if len(named) != len(labels):
        raise ValueError(
            f"participant must name one person for each of {len(labels)} units, got {len(named)}."
        )
    is_full, is_paired = (codes >= 0).all(axis=1), (codes >= 0).sum(axis=1) > 1
    if not is_paired.any():
        raise ValueError("labels have no unit that two raters labeled; check how units are named.")
    full, paired = named[is_full], named[is_paired]
    rows: dict[str, tuple] = {}
    for name, (counts, statistic) in _full_unit_coefficients(codes[is_full], values, level).items():
        rows[name] = (*resampling.estimate(statistic, counts, full), len(full), full)
    numbers = _numbers(values, level)
    coincidences = coincidence_counts(codes[is_paired], len(values))
    alpha = resampling.estimate(
        lambda sums: krippendorff_alpha(sums, numbers, level), coincidences, paired
    )
    rows["krippendorff_alpha"] = (*alpha, len(paired), paired)
    table = pd.DataFrame(
        [(*row[:4], len(np.unique(row[4]))) for row in rows.values()],
        index=pd.Index(rows, name="coefficient"),
        columns=["estimate", "ci_low", "ci_high", "n_units", "n_clusters"],
    )
    return table.assign(reason=np.where(table["estimate"].isna(), UNDEFINED, ""))


def _full_unit_coefficients(
    codes: np.ndarray, values: list, level: str
) -> dict[str, tuple[np.ndarray, Callable[[np.ndarray], Any]]]:
    """Counts by unit and statistic of the coefficients that need all raters."""
    n_raters, n_values = codes.shape[1], len(values)
    totals = fleiss_counts(codes, n_values)
    coefficients: dict[str, tuple[np.ndarray, Callable[[np.ndarray], Any]]] = {
        "observed_agreement": (
            totals,
            lambda c: c[..., 0] / np.maximum((n_raters - 1) * c[..., 1:].sum(axis=-1), 1),
        )
    }
    if n_raters == 2:
        crossed = crossed_counts(codes[:, 0], codes[:, 1], n_values)
        coefficients["cohen_kappa"] = (crossed, cohen_kappa)
        if level != "nominal":
            for weights in ("linear", "quadratic"):
                weighted = partial(cohen_kappa, weights=weights)
                coefficients[f"cohen_kappa_{weights}"] = (crossed, weighted)
        coefficients["gwet_ac1"] = (crossed, gwet_ac1)
    coefficients["fleiss_kappa"] = (
        totals,
        lambda c: fleiss_kappa(c[..., 0], c[..., 1:], n_raters),
    )
    return coefficients


def _numbers(values: list, level: str) -> np.ndarray:
    """Values whose distances count, places where only the order does."""
    if level not in ("interval", "ratio"):
        return np.arange(len(values))
    try:
        return np.array([np.nan if value is None else value for value in values], dtype=float)
    except (TypeError, ValueError):  # what NumPy raises on labels that are no numbers
        raise ValueError(
            f"level {level!r} needs labels that are numbers, got {values}; use 'ordinal' or "
            "'nominal'."
        ) from None


def _codes(labels: pd.DataFrame, categories: Sequence | None) -> tuple[np.ndarray, list]:
    """Number of each label's category, -1 where missing, and the categories."""
    if labels.shape[1] < 2:
        raise ValueError(
            f"labels must have a column for each of 2 raters or more, got {labels.shape[1]}."
        )
    flat = labels.to_numpy(dtype=object).ravel()
    present = flat[pd.notna(flat)]
    values = sorted(set(present)) if categories is None else list(categories)
    unknown = sorted(set(present) - set(values), key=str)
    if unknown:
        raise ValueError(f"labels hold {unknown}, which are not in categories {values}.")
    if len(values) < 2:
        # One label throughout: a second, unused one keeps the coefficients' formulas defined.
        values = [*values, None]
    places = {value: place for place, value in enumerate(values)}
    codes = np.array([places[value] if pd.notna(value) else -1 for value in flat], dtype=int)
    return codes.reshape(labels.shape), values
