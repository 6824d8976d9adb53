"""Marginal means of a mixed model and contrasts between them."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput, NotEstimable
from mmme_neuro.models.mixed import LMMFit

WEIGHTS = ("equal", "proportional")


def marginal_means(
    fit: LMMFit,
    of: str,
    *,
    by: str | Sequence[str] | None = None,
    weights: str = "equal",
    at: Mapping[str, Sequence[float]] | None = None,
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
    weights : {"equal", "proportional"}
        Whether the levels of the other categorical predictors count equally or by their number of
        events.
    at : mapping of str to sequence of float, optional
        Values of numeric predictors; the mean over the events where not given.
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
    names = [of, *_names(by)]
    index, rows = _averaged_rows(fit, names, weights=weights, at=at or {})
    return fit.combinations(rows, index, dof=dof, confidence=confidence)


def contrast(
    fit: LMMFit,
    of: str | Mapping[str, Mapping[str, float]],
    *,
    by: str | Sequence[str] | None = None,
    method: str = "reference",
    weights: str = "equal",
    at: Mapping[str, Sequence[float]] | None = None,
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
    weights : {"equal", "proportional"}
        See `marginal_means`.
    at : mapping of str to sequence of float, optional
        Values of numeric predictors; the mean over the events where not given.
    dof : {"satterthwaite", "kenward-roger"}
        Degrees of freedom.
    confidence : float
        Level of the intervals.

    Returns
    -------
    DataFrame, shape (n_contrasts, 7)
        Index ``contrast`` (``"spontaneous - posed"``) and the levels of ``by``;
        ``estimate, std_error, dof, statistic, p_value, ci_low, ci_high``. Not corrected for
        multiplicity.

    Examples
    --------
    >>> contrast(fit, "condition", by="valence")  # doctest: +SKIP
    >>> contrast(fit, {"slope": {"Days": 1}})  # doctest: +SKIP
    """
    if not isinstance(of, str):
        index, rows = _combinations(fit, of)
        return fit.combinations(rows, index, dof=dof, confidence=confidence)
    if method not in PAIRS:
        raise BadInput(f"method must be one of {sorted(PAIRS)}, got {method!r}")
    by_names = _names(by)
    index, rows = _averaged_rows(fit, [of, *by_names], weights=weights, at=at or {})
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
    return fit.combinations(np.concatenate(differences), contrasts, dof=dof, confidence=confidence)


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
    return [by] if isinstance(by, str) else list(by)


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
    fit: LMMFit, names: list[str], *, weights: str, at: Mapping[str, Sequence[float]]
) -> tuple[pd.Index, np.ndarray]:
    """Rows of the reference grid averaged over the predictors that are not named."""
    if weights not in WEIGHTS:
        raise BadInput(f"weights must be one of {WEIGHTS}, got {weights!r}")
    predictors = fit.design.predictors
    values = _grid_values(fit, at)
    for name in names:
        if name not in values or (name not in fit.design.categories and name not in at):
            raise BadInput(
                f"{name!r} is not a categorical predictor of {fit.formula!r}; categorical are "
                f"{list(fit.design.categories)} (give values of a numeric one with 'at')"
            )
    others = [name for name in values if name not in names]
    order = names + others
    cells = list(itertools.product(*(values[name] for name in order)))
    grid = pd.DataFrame(cells, columns=order, index=range(len(cells)))
    for name in order:
        grid[name] = grid[name].astype(predictors[name].dtype if name not in at else float)
    rows = fit.design.fixed_rows(grid[list(predictors.columns)])
    n_named = int(np.prod([len(values[name]) for name in names]))
    share = _shares(fit, others, values) if weights == "proportional" else None
    averaged = np.average(rows.reshape(n_named, -1, rows.shape[1]), axis=1, weights=share)
    named = [values[name] for name in names]
    index = pd.MultiIndex.from_product(named, names=names)
    return (index if len(names) > 1 else pd.Index(named[0], name=names[0])), averaged


def _grid_values(fit: LMMFit, at: Mapping[str, Sequence[float]]) -> dict[str, list]:
    """Values of each predictor in the reference grid."""
    design, categories = fit.design, fit.design.categories
    unknown = [name for name in at if name not in design.predictors or name in categories]
    if unknown:
        raise BadInput(f"'at' expects numeric predictors of {fit.formula!r}, found {unknown}")
    return {
        name: list(at[name])
        if name in at
        else categories.get(name) or [design.predictors[name].mean()]
        for name in map(str, design.predictors.columns)
    }


def _shares(fit: LMMFit, others: list[str], values: dict[str, list]) -> np.ndarray:
    """Share of the events in each cell of the predictors averaged over."""
    names = [name for name in others if name in fit.design.categories]
    cells = list(itertools.product(*(values[name] for name in others)))
    keys = [tuple(c for n, c in zip(others, cell, strict=True) if n in names) for cell in cells]
    events = fit.design.predictors[names].itertuples(index=False, name=None)
    counts = pd.Series(list(events), dtype=object).value_counts()
    return np.array([counts.get(key, 0) for key in keys], dtype=float)
