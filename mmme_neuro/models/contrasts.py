"""Marginal means of a mixed model and contrasts between them."""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput, NotEstimable
from mmme_neuro.models.families import ADJUSTMENTS, adjusted
from mmme_neuro.models.mixed import LMMFit

At = Mapping[str, object]


def marginal_means(
    fit: LMMFit,
    of: str,
    *,
    by: str | Sequence[str] | None = None,
    weights: str = "equal",
    at: At | None = None,
    dof: str = "satterthwaite",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the mean response at each level of a predictor.

    Parameters
    ----------
    fit : LMMFit
        Fitted model.
    of : str
        Categorical predictor, for example ``"condition"``.
    by : str or sequence of str, optional
        Further predictors within whose levels the means are taken.
    weights : {"equal", "proportional", "outer", "cells", "flat"}
        How the levels of the other categorical predictors count, as in emmeans: equally; by the
        number of events of their combination; by the product of the numbers of each level; by the
        number of events in the cell itself, which are those of each mean; or equally among the
        cells that have events. Where the fit has prior weights, numbers of events are their sums.
    at : mapping of str to number or sequence, optional
        Values of numeric predictors, the mean over the events where not given; or some of the
        levels of a categorical one.
    dof : {"satterthwaite", "kenward-roger"}
        Degrees of freedom.
    confidence : float
        Level of the intervals.

    Returns
    -------
    DataFrame, shape (n_means, 7)
        Index the levels; ``estimate, std_error, dof, statistic, p_value, ci_low, ci_high`` in
        units of the response. NaN where a cell has no events. The tests are against zero.

    Notes
    -----
    Linear predictor on the reference grid, averaged (Searle, Speed & Milliken 1980, Am Stat 34:216;
    R's emmeans).

    Examples
    --------
    >>> marginal_means(fit, "condition", by="valence")  # doctest: +SKIP
    """
    names = [str(of), *_names(by)]
    index, rows = _averaged_rows(fit, names, weights=weights, at={} if at is None else at)
    return fit.combinations(rows, index, dof=dof, confidence=confidence)


def contrast(
    fit: LMMFit,
    of: str | Mapping[str, Mapping[str, float]],
    *,
    by: str | Sequence[str] | None = None,
    method: str = "reference",
    weights: str = "equal",
    at: At | None = None,
    adjust: str = "none",
    dof: str = "satterthwaite",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Test differences between marginal means, or any combination of the fixed effects.

    Parameters
    ----------
    fit : LMMFit
        Fitted model.
    of : str or mapping
        Categorical predictor whose marginal means are compared; or combinations of the fixed
        effects by name, ``{"name": {"term": weight, ...}}``.
    by : str or sequence of str, optional
        Predictors within whose levels the means are compared.
    method : {"reference", "pairwise"}
        Each level minus the first, or each minus every earlier level.
    weights, at
        See `marginal_means`.
    adjust : {"none", "tukey", "sidak", "bonferroni", "holm", "fdr", "fdr-dependent"}
        Correction for the number of contrasts, which are a family within each combination of
        ``by``. ``"tukey"`` is for ``method="pairwise"``: the studentized range of the means, with
        the degrees of freedom of each contrast, as in emmeans.
    dof : {"satterthwaite", "kenward-roger"}
        Degrees of freedom.
    confidence : float
        Level of the intervals.

    Returns
    -------
    DataFrame, shape (n_contrasts, 7)
        Index ``contrast`` (``"spontaneous - posed"``) and the levels of ``by``;
        ``estimate, std_error, dof, statistic, p_value, ci_low, ci_high``, each for itself. With
        ``adjust``, also ``p_adjusted`` and the simultaneous interval ``ci_low_adjusted,
        ci_high_adjusted`` (that of Bonferroni where the method has none of its own).

    Examples
    --------
    >>> contrast(fit, "condition", by="valence")  # doctest: +SKIP
    >>> contrast(fit, "emotion", method="pairwise", adjust="tukey")  # doctest: +SKIP
    >>> contrast(fit, {"slope": {"Days": 1}})  # doctest: +SKIP
    """
    if adjust not in ADJUSTMENTS:
        raise BadInput(f"adjust must be one of {sorted(ADJUSTMENTS)}, got {adjust!r}")
    if isinstance(of, Mapping):
        index, rows = _combinations(fit, of)
        table = fit.combinations(rows, index, dof=dof, confidence=confidence)
        return adjusted(table, adjust, np.zeros(len(rows), int), None, confidence=confidence)
    if method not in PAIRS:
        raise BadInput(
            f"method must be one of {sorted(PAIRS)}, got {method!r} (corrections for their number "
            f"are given as adjust, one of {sorted(ADJUSTMENTS)})"
        )
    of, by_names = str(of), _names(by)
    index, rows = _averaged_rows(fit, [of, *by_names], weights=weights, at={} if at is None else at)
    levels = list(index.get_level_values(0).unique())
    if len(levels) < 2:
        raise NotEstimable(f"contrast of {of!r}: expected two levels or more, found {levels}")
    by_level = rows.reshape(len(levels), -1, rows.shape[1])
    pairs = PAIRS[method](len(levels))
    differences = [by_level[later] - by_level[earlier] for later, earlier in pairs]
    labels = [f"{levels[later]} - {levels[earlier]}" for later, earlier in pairs]
    cells = [cell[1:] for cell in index[: by_level.shape[1]]] if by_names else []
    contrasts = (
        pd.MultiIndex.from_tuples(
            [(label, *cell) for label in labels for cell in cells], names=["contrast", *by_names]
        )
        if by_names
        else pd.Index(labels, name="contrast")
    )
    table = fit.combinations(np.concatenate(differences), contrasts, dof=dof, confidence=confidence)
    family = np.tile(np.arange(by_level.shape[1]), len(pairs))
    n_means = (~np.isnan(by_level).any(axis=2)).sum(axis=0)[family]
    is_pairwise = method == "pairwise" or len(levels) == 2
    return adjusted(table, adjust, family, n_means if is_pairwise else None, confidence=confidence)


def _reference_pairs(n_levels: int) -> list[tuple[int, int]]:
    """Every level with the first."""
    return [(level, 0) for level in range(1, n_levels)]


def _all_pairs(n_levels: int) -> list[tuple[int, int]]:
    """Every level with every earlier one."""
    return [(later, earlier) for earlier, later in itertools.combinations(range(n_levels), 2)]


PAIRS = {"reference": _reference_pairs, "pairwise": _all_pairs}


def _names(by: str | Sequence[str] | None) -> list[str]:
    """Names as a list."""
    if by is None:
        return []
    return [str(name) for name in ([by] if np.ndim(by) == 0 else by)]


def _combinations(
    fit: LMMFit, of: Mapping[str, Mapping[str, float]]
) -> tuple[pd.Index, np.ndarray]:
    """Weights of named combinations of the fixed effects."""
    terms = list(fit.coefficients.index)
    rows = np.zeros((len(of), len(terms)))
    for row, (label, combination) in zip(rows, of.items(), strict=True):
        for term, weight in combination.items():
            if term not in terms:
                raise BadInput(f"contrast {label!r}: no term {term!r}; the terms are {terms}")
            row[terms.index(term)] = weight
    return pd.Index(of, name="contrast"), rows


def _averaged_rows(
    fit: LMMFit, names: list[str], *, weights: str, at: At
) -> tuple[pd.Index, np.ndarray]:
    """Rows of the reference grid averaged over the predictors that are not named."""
    if weights not in WEIGHTS:
        raise BadInput(f"weights must be one of {list(WEIGHTS)}, got {weights!r}")
    predictors = fit.design.predictors
    values = _grid_values(fit, at)
    for name in names:
        if name not in values or (name not in fit.design.categories and name not in at):
            raise BadInput(
                f"{name!r} is not a categorical predictor of {fit.formula!r}; categorical are "
                f"{list(fit.design.categories)} (give values of a numeric one with 'at')"
            )
    if len(set(names)) < len(names):
        raise BadInput(f"the predictors {names} must differ: 'by' names one that is compared")
    others = [name for name in values if name not in names]
    cells = pd.MultiIndex.from_product([values[name] for name in names + others] or [[0]])
    grid = pd.DataFrame(list(cells), columns=names + others, index=range(len(cells)))
    for name in names + others:
        grid[name] = grid[name].astype(predictors[name].dtype)
    rows = fit.design.fixed_rows(grid[list(predictors.columns)])
    n_named = int(np.prod([len(values[name]) for name in names]))
    share = WEIGHTS[weights](fit, grid, names, others).reshape(n_named, -1)
    rows = rows.reshape(n_named, -1, rows.shape[1])
    # A cell without events has no estimate; where it does not count, the mean has one.
    rows = np.where(share[:, :, None] > 0, rows, 0.0)
    total = share.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        averaged = np.einsum("nc,nct->nt", share, rows) / total[:, None]
    named = [values[name] for name in names]
    if len(names) == 1:
        return pd.Index(named[0], name=names[0], tupleize_cols=False), averaged
    return pd.MultiIndex.from_product(named, names=names), averaged


def _grid_values(fit: LMMFit, at: At) -> dict[str, list]:
    """Values of each predictor in the reference grid."""
    design, categories = fit.design, fit.design.categories
    if not isinstance(at, Mapping):
        raise BadInput(
            "at must name predictors with their values, for example "
            f"at={{{next(iter(design.predictors), 'predictor')!r}: 3}}, got {at!r}"
        )
    at = {str(name): value for name, value in at.items()}
    unknown = [name for name in at if name not in design.predictors]
    if unknown:
        raise BadInput(
            f"'at' expects numeric predictors of {fit.formula!r} or levels of categorical ones, "
            f"found {unknown}; the predictors are {list(design.predictors)}"
        )
    values = {}
    for name in map(str, design.predictors.columns):
        if name not in at:
            values[name] = categories.get(name) or [design.predictors[name].mean()]
        elif name in categories:
            values[name] = _known_levels(name, at[name], categories[name])
        else:
            values[name] = _finite_values(name, at[name])
    return values


def _listed(value: object) -> list:
    """One value or several as a list."""
    is_several = isinstance(value, Iterable) and not isinstance(value, str | bytes)
    found = list(value) if is_several else [value]  # type: ignore[call-overload]
    if not found:
        raise BadInput("'at' expects one value or more of each predictor, found none")
    return found


def _known_levels(name: str, value: object, levels: list) -> list:
    """Levels of a category; others are refused."""
    found = _listed(value)
    unknown = [level for level in found if level not in levels]
    if unknown:
        raise BadInput(
            f"'at' expects numeric predictors, or levels of categorical ones: {name!r} has no "
            f"level {unknown}; it has {levels}"
        )
    return found


def _finite_values(name: str, value: object) -> list:
    """Values of a numeric predictor; what is no number is refused."""
    found = _listed(value)
    try:
        is_good = bool(np.isfinite(np.array(found, dtype=float)).all())
    except (TypeError, ValueError):  # numpy's words for what is no number
        is_good = False
    if not is_good:
        raise BadInput(f"'at' expects finite numbers for {name!r}, found {found}")
    return found


def _counts(fit: LMMFit, grid: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Number of events in the cell of each row of the grid, of its categorical predictors."""
    categories = fit.design.categories
    used = [name for name in names if name in categories]
    if not used:
        return np.ones(len(grid))
    events = list(fit.design.predictors[used].itertuples(index=False, name=None))
    weights = fit.design.weights
    counted: dict[tuple, float] = dict.fromkeys(events, 0.0)
    counts = np.ones(len(events)) if weights is None else weights
    for event, weight in zip(events, counts, strict=True):
        counted[event] += float(weight)
    cells = grid[used].itertuples(index=False, name=None)
    return np.array([counted.get(cell, 0.0) for cell in cells])


def _equal(fit: LMMFit, grid: pd.DataFrame, named: list[str], others: list[str]) -> np.ndarray:
    return np.ones(len(grid))


def _proportional(
    fit: LMMFit, grid: pd.DataFrame, named: list[str], others: list[str]
) -> np.ndarray:
    return _counts(fit, grid, others)


def _outer(fit: LMMFit, grid: pd.DataFrame, named: list[str], others: list[str]) -> np.ndarray:
    return np.prod([np.ones(len(grid)), *(_counts(fit, grid, [name]) for name in others)], axis=0)


def _cells(fit: LMMFit, grid: pd.DataFrame, named: list[str], others: list[str]) -> np.ndarray:
    return _counts(fit, grid, named + others)


def _flat(fit: LMMFit, grid: pd.DataFrame, named: list[str], others: list[str]) -> np.ndarray:
    return (_counts(fit, grid, named + others) > 0).astype(float)


Weighting = Callable[[LMMFit, pd.DataFrame, list[str], list[str]], np.ndarray]
WEIGHTS: dict[str, Weighting] = {
    "equal": _equal,
    "proportional": _proportional,
    "outer": _outer,
    "cells": _cells,
    "flat": _flat,
}
"""Weight of each row of the reference grid in the mean that it belongs to."""
