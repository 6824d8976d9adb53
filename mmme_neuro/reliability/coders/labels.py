"""Agreement of two or more raters on labels, with intervals over participants."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput
from mmme_neuro.reliability.coders.categories import coded_labels
from mmme_neuro.reliability.coders.kappa import (
    LEVELS,
    cohen_kappa,
    coincidence_counts,
    credit_of,
    crossed_counts,
    fleiss_counts,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
)
from mmme_neuro.reliability.coders.weighted import CHANCES, beyond_chance, unit_counts
from mmme_neuro.stats.resampling import ParticipantIntervals
from mmme_neuro.stats.tables import in_row_order

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
        All possible labels, from the lowest to the highest. Gwet's coefficients depend on their
        number and weighted ones on their order. By default those that occur; at another level than
        ``"nominal"`` those of ordered Categoricals (unused ones included) or the numbers that
        occur, also as text. Three words or more that nothing orders are refused there.
    level : {"nominal", "ordinal", "interval", "ratio"}
        Of Krippendorff's alpha. Other than ``"nominal"`` adds weighted coefficients, which count
        the places that labels lie apart.
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
        ``cohen_kappa_linear, cohen_kappa_quadratic`` (two raters), ``fleiss_kappa``, the weighted
        ``fleiss_kappa_linear, fleiss_kappa_quadratic, gwet_ac2_linear, gwet_ac2_quadratic``, and
        ``krippendorff_alpha``; columns ``estimate, ci_low, ci_high, n_units, n_clusters, reason``.
        The first ones rest on units that all raters labeled, alpha on those with two labels or
        more. NaN where a coefficient is not defined, with the reason; limits are NaN where no
        participant left out changes it.

    Raises
    ------
    ValueError
        With fewer than 2 raters, no unit that two raters labeled, unknown labels, or words without
        an order.

    See Also
    --------
    gwet_ac2, weighted_fleiss_kappa : With Gwet's own standard errors, and units with gaps.

    Examples
    --------
    >>> labels = pd.DataFrame({"a": list("mmMMMmmM"), "b": list("mmMMmmMM")})
    >>> float(label_agreement(labels)["estimate"]["cohen_kappa"].round(3))
    0.5
    """
    resampling = ParticipantIntervals(confidence, rng, n_resamples)
    labels = pd.DataFrame(labels)
    if level not in LEVELS:
        raise BadInput(f"level must be one of {LEVELS}, got {level!r}.")
    codes, values = coded_labels(labels, categories, level=level)
    named = (
        np.arange(len(labels))
        if participant is None
        else np.asarray(in_row_order(participant, labels.index, name="participant"))
    )
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
    if level != "nominal":
        for name, chance in reversed(CHANCES.items()):
            for weights in ("linear", "quadratic"):
                credit = credit_of(n_values, weights)
                weighed = partial(beyond_chance, credit=credit, chance=chance)
                coefficients[f"{name}_{weights}"] = (unit_counts(codes, credit), weighed)
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
