"""Type III F tests of the terms of a mixed model."""

from dataclasses import dataclass

import formulaic
import numpy as np
import pandas as pd
import scipy.stats
from formulaic.parser.types import Factor

from mmme_neuro.errors import BadFormula
from mmme_neuro.models.design import FUNCTIONS, Design
from mmme_neuro.models.mixed import DOF_METHODS, LMMFit
from mmme_neuro.models.naming import factor_text
from mmme_neuro.models.solver.dof import KenwardRoger, Satterthwaite
from mmme_neuro.stats.groups import are_independent, combination_weights

SPAN_TOLERANCE = 1e-6
"""Relative residual under which sum-coded columns span the same space as the fitted ones."""
NEGLIGIBLE = 1e-10
EQUAL_DOF = 1e-8


@dataclass(frozen=True)
class FTest:
    """One F test: statistic, and degrees of freedom of the denominator."""

    statistic: float
    dof: float


def anova(fit: LMMFit, *, dof: str = "satterthwaite") -> pd.DataFrame:
    """Test each fixed term by a type III F test.

    Parameters
    ----------
    fit : LMMFit
        Fitted model.
    dof : {"satterthwaite", "kenward-roger"}
        Degrees of freedom of the denominator; Kenward-Roger also scales F and needs REML.

    Returns
    -------
    DataFrame, shape (n_terms, 6)
        Index ``term``; ``sum_sq, mean_sq, dof_numerator, dof_denominator, statistic, p_value``,
        in squared units of the response where squares. NaN for a term whose hypothesis the
        events cannot test because cells are empty.

    Notes
    -----
    A term is tested with all others in the model, averaged over the levels of the other factors
    with equal weights and at zero of the numeric predictors (center them), whatever coding the
    formula uses: the hypothesis is that its sum-coded coefficients are zero. F over several
    degrees of freedom as in lmerTest (Kuznetsova, Brockhoff & Christensen 2017, J Stat Softw
    82(13)) or pbkrtest (Halekoh & Hojsgaard 2014, J Stat Softw 59(9)).

    Examples
    --------
    >>> anova(fit, dof="kenward-roger")  # doctest: +SKIP
    """
    if dof not in DOF_METHODS:
        raise ValueError(f"dof must be one of {sorted(DOF_METHODS)}, got {dof!r}")
    method = DOF_METHODS[dof](fit)
    hypotheses = type_three(fit.design)
    rows = {}
    for term, weights in hypotheses.items():
        q = len(weights)
        if np.isnan(weights).any():
            rows[term] = (np.nan, np.nan, q, np.nan, np.nan, np.nan)
            continue
        test = f_test(fit.coefficients.to_numpy(), weights, method)
        mean_square = test.statistic * fit.sigma**2
        p_value = scipy.stats.f.sf(test.statistic, q, test.dof)
        rows[term] = (mean_square * q, mean_square, q, test.dof, test.statistic, p_value)
    columns = ["sum_sq", "mean_sq", "dof_numerator", "dof_denominator", "statistic", "p_value"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.astype({"dof_numerator": int}).rename_axis("term")


def f_test(
    coefficients: np.ndarray, weights: np.ndarray, method: Satterthwaite | KenwardRoger
) -> FTest:
    """Test that several linear combinations of the fixed effects are all zero.

    Parameters
    ----------
    coefficients : array, shape (n_terms,)
        Fixed effects.
    weights : array, shape (q, n_terms)
        Linearly independent combinations.
    method : Satterthwaite or KenwardRoger
        Covariance of the fixed effects and its uncertainty.

    Returns
    -------
    FTest
    """
    value = weights @ coefficients
    covariance = method.covariance_of(weights)
    statistic = float(value @ np.linalg.solve(covariance, value)) / len(weights)
    if isinstance(method, KenwardRoger):
        scale, dof = kenward_roger_f(weights, method)
        return FTest(scale * statistic, dof)
    return FTest(statistic, satterthwaite_f(weights, method))


def satterthwaite_f(weights: np.ndarray, method: Satterthwaite) -> float:
    """Denominator degrees of freedom from those of the independent one-dimensional tests."""
    _, axes = np.linalg.eigh(method.covariance_of(weights))
    each = method.dof(axes.T @ weights)
    if len(each) == 1 or np.ptp(each) <= EQUAL_DOF * np.abs(each).max():
        return float(each.mean())
    above = each[each > 2]
    expectation = float(np.sum(above / (above - 2)))
    q = len(each)
    return 2 * expectation / (expectation - q) if expectation > q else 2.0


def kenward_roger_f(weights: np.ndarray, method: KenwardRoger) -> tuple[float, float]:
    """Scale of F and its denominator degrees of freedom, by matching two moments."""
    q = len(weights)
    if q == 1:
        return 1.0, float(method.dof(weights)[0])
    weights, unadjusted = weights @ method.to_basis, method.unadjusted
    theta = weights.T @ np.linalg.solve(weights @ unadjusted @ weights.T, weights)
    parts = theta @ unadjusted @ method.sensitivity @ unadjusted
    traces = np.trace(parts, axis1=1, axis2=2)
    spread = method.parameter_covariance
    a1 = float(traces @ spread @ traces)
    a2 = float(np.einsum("kl,kab,lba->", spread, parts, parts))
    if abs(a2) < NEGLIGIBLE:
        return 1.0, np.inf
    b = (a1 + 6 * a2) / (2 * q)
    g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
    c1, c2, c3 = np.array([g, q - g, q + 2 - g]) / (3 * q + 2 * (1 - g))
    v0, v1, v2 = 1 + c1 * b, 1 - c2 * b, 1 - c3 * b
    v0 = 0.0 if abs(v0) < NEGLIGIBLE else v0
    ratio = 1.0 if abs(v1) < NEGLIGIBLE else (1 - a2 / q) / v1
    rho = ratio**2 * v0 / v2 / q
    dof = 4 + (q + 2) / (q * rho - 1)
    return float(dof * (1 - a2 / q) / (dof - 2)), float(dof)


def type_three(design: Design) -> dict[str, np.ndarray]:
    """Combinations of the fixed effects that a type III test sets to zero.

    Parameters
    ----------
    design : Design
        Fixed columns of the model.

    Returns
    -------
    dict of str to array, shape (n_columns_of_term, n_terms)
        For each term but the intercept: differences from the first level, averaged over the other
        factors, as in lmerTest. NaN where empty cells leave the hypothesis without an estimate.
    """
    coded, matrix = _sum_coded(design)
    columns = matrix.to_numpy(float)
    if not are_independent(columns):
        return {
            term.name: np.full((len(term.columns), design.fixed.shape[1]), np.nan) for term in coded
        }
    weights = combination_weights(columns, design.fixed)
    missed = np.linalg.norm(design.fixed - columns @ weights, axis=0)
    if (missed > SPAN_TOLERANCE * np.linalg.norm(design.fixed, axis=0)).any():
        raise ValueError(
            f"the fixed part of {str(design.formula)!r} cannot be coded by sums; make the "
            "transformed categories columns of the table first"
        )
    return {term.name: term.to_differences @ weights[term.columns] for term in coded}


@dataclass(frozen=True)
class CodedTerm:
    """A term, its columns in the sum-coded design, and what makes them differences of levels."""

    name: str
    columns: list[int]
    to_differences: np.ndarray


def _sum_coded(design: Design) -> tuple[list[CodedTerm], pd.DataFrame]:
    """The terms and the fixed columns with every category coded by sums."""
    table, coding, differences = design.stand_ins, {}, {}
    for number, (factor, state) in enumerate(design._spec.factor_contrasts.items()):
        name = f"category_{number}_of_the_design"
        table[name] = pd.Categorical(_category(factor, state.levels, table, design), state.levels)
        coding[factor] = f"C({name}, contr.sum)"
        effects = np.vstack([np.eye(len(state.levels) - 1), -np.ones(len(state.levels) - 1)])
        differences[factor] = effects[1:] - effects[0]
    terms = list(design._spec.formula)
    texts = [":".join(coding.get(f, factor_text(f)) for f in term.factors) for term in terms]
    right = " + ".join([text for text in texts if text != "1"] + [str(int("1" in texts))])
    matrix = formulaic.Formula(right).get_model_matrix(table, context=FUNCTIONS, na_action="ignore")
    found = {
        frozenset(factor.expr for factor in term.factors): list(columns)
        for term, columns in matrix.model_spec.term_indices.items()
    }
    coded = []
    for term in terms:
        columns = found[frozenset(coding.get(f, f.expr) for f in term.factors)]
        if str(term) == "1" or not columns:
            continue
        product = np.eye(1)
        for factor in term.factors:
            product = np.kron(differences.get(factor, np.eye(1)), product)
        fits = product.shape[1] == len(columns)
        name = design.names.term(str(term))
        coded.append(CodedTerm(name, columns, product if fits else np.eye(len(columns))))
    return coded, pd.DataFrame(matrix)


def _category(factor: Factor, levels: list, table: pd.DataFrame, design: Design) -> pd.Series:
    """Values of a categorical factor, which must be one column of the table."""
    found = [name for name in table.columns if str(name) in factor.expr]
    values = table[found[0]] if len(found) == 1 else None
    if values is None or not set(values.unique()) <= set(levels):
        raise BadFormula(
            f"the category {design.names.written(factor.expr)!r} is not one column of the table; "
            "compute it as a column first"
        )
    return values
