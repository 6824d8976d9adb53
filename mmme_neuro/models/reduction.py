"""Reduction of random terms that the events cannot support."""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from mmme_neuro.models.design import Weights
from mmme_neuro.models.formula import Formula, RandomTerm, factors_of, parse_formula
from mmme_neuro.models.mixed import LMMFit, estimate_lmm


def fit_reduced(
    formula: str,
    data: pd.DataFrame,
    *,
    participant: str = "participant",
    reml: bool = True,
    weights: Weights | None = None,
) -> LMMFit:
    """Fit a mixed model, leaving out random terms until the fit is neither singular nor failed.

    Parameters
    ----------
    formula : str
        As in `fit_lmm`, normally with all random slopes that the design justifies.
    data : DataFrame, shape (n_rows, n_columns)
        One row for each event.
    participant : str
        Grouping factor that is reduced last and whose intercept is never left out.
    reml : bool
        Restricted maximum likelihood (the default), else maximum likelihood.
    weights : str or array, shape (n_rows,), optional
        Prior weights, as of `fit_lmm`.

    Returns
    -------
    LMMFit
        The first fit that needs no more reduction; ``reductions`` names what was left out, in
        order, and why. Where nothing more can be left out the last fit is returned as it is.

    Notes
    -----
    One step at a time, always in this order: (1) correlations, (2) slopes of factors other than
    ``participant``, (3) slopes of ``participant``, (4) intercepts of factors other than
    ``participant``. Within a step the term written last goes first. A singular fit loses only
    terms that are at the boundary themselves (zero variance, or a rank-deficient covariance in
    step 1): a slope with a clear variance stays although the video variance is zero, since leaving
    it out would make tests of that slope's fixed effect anticonservative (Barr et al. 2013, J Mem
    Lang 68:255; Bates et al. 2015, arXiv 1506.04967). An intercept at zero below a slope with
    variance stays: once uncorrelated, leaving out a zero variance changes no estimate.

    Examples
    --------
    >>> fit_reduced("n400 ~ condition + (condition | participant)", events)  # doctest: +SKIP
    """
    fit = estimate_lmm(formula, data, reml=reml, weights=weights)
    current = parse_formula(formula)
    steps: list[str] = []
    while fit.singular or not fit.converged:
        reason = "singular" if fit.singular else "not converged"
        step = next(_steps(fit, current, participant), None)
        if step is None:
            break
        current, description = step
        steps.append(f"{description} ({reason})")
        fit = estimate_lmm(current, data, reml=reml, weights=weights)
    return replace(fit, reductions=tuple(steps))


def _steps(fit: LMMFit, formula: Formula, keep: str) -> Iterator[tuple[Formula, str]]:
    """Possible reductions in the fixed order."""
    last_first = formula.random[::-1]
    others = [term for term in last_first if term.group != keep]
    kept = [term for term in last_first if term.group == keep]
    at_boundary = _parts_at_boundary(fit)
    for term in others + kept:
        if term.correlated and len(_parts(fit, term)) > 1 and at_boundary[term]:
            yield (
                _exchanged(formula, term, replace(term, correlated=False)),
                (f"correlations of {term}"),
            )
    for term in others + kept:
        for part in _droppable_slopes(_parts(fit, term)):
            if part in at_boundary[term]:
                yield _exchanged(formula, term, _without(term, part, fit)), f"{part} from {term}"
    for term in others:
        if _parts(fit, term) == ["1"] and at_boundary[term] and len(formula.random) > 1:
            yield _exchanged(formula, term, None), str(term)


def _parts(fit: LMMFit, term: RandomTerm) -> list[str]:
    """Parts of a random term's expression, the intercept as ``"1"``."""
    sources = [source for factor in fit.design.random for source in factor.sources]
    return list(dict.fromkeys(part for owner, part in sources if owner == term))


def _parts_at_boundary(fit: LMMFit) -> dict[RandomTerm, set[str]]:
    """Parts of each term without variance of their own; all parts of a fit that failed."""
    parts: dict[RandomTerm, set[str]] = {term: set() for term in fit.design.formula.random}
    at_boundary, place = (fit._boundaries.is_zero | fit._boundaries.is_shared)[0], 0
    for factor in fit.design.random:
        for term, part in factor.sources:
            if not fit.singular or at_boundary[place]:
                parts[term].add(part)
            place += 1
    return parts


def _droppable_slopes(parts: list[str]) -> list[str]:
    """Slopes not contained in an interaction of the same term, the last first."""
    slopes = [part for part in parts if part != "1"]
    factors = {part: set(factors_of(part)) for part in slopes}
    return [
        part for part in slopes[::-1] if not any(factors[part] < factors[other] for other in slopes)
    ]


def _without(term: RandomTerm, part: str, fit: LMMFit) -> RandomTerm | None:
    """The random term without one slope; None if nothing is left."""
    parts = [other for other in _parts(fit, term) if other != part]
    if not parts:
        return None
    expression = " + ".join(parts if "1" in parts else ["0", *parts])
    return replace(term, expression=expression, correlated=term.correlated or len(parts) == 1)


def _exchanged(formula: Formula, term: RandomTerm, other: RandomTerm | None) -> Formula:
    """The formula with one random term changed or left out."""
    terms = [other if candidate == term else candidate for candidate in formula.random]
    return formula.with_random(tuple(candidate for candidate in terms if candidate is not None))
