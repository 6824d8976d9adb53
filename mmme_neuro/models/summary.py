"""Conditional modes of random effects, and the printed summary of a mixed model."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from mmme_neuro.models.design import RandomFactor
    from mmme_neuro.models.mixed import LMMFit
from dataclasses import replace

import scipy.linalg
import scipy.sparse

from mmme_neuro.models.solver.crossproducts import CrossProducts, random_columns
from mmme_neuro.models.solver.scaling import turn_of


def conditional_modes(products: CrossProducts, theta: np.ndarray) -> list[np.ndarray]:
    """Conditional modes (best linear unbiased predictions) of every grouping factor.

    Parameters
    ----------
    products : CrossProducts
        Design and response.
    theta : array, shape (n_theta,)
        Covariance parameters.

    Returns
    -------
    list of array, shape (n_levels, n_columns)
        In the order of ``products.design.random`` and for its columns, scaled or not.
    """
    lower, _ = products.factorize(theta)
    lower = np.tril(lower)
    solved = np.linalg.solve(lower[:-1, :-1].T, lower[-1, :-1])
    factors = products.relative_factors(theta)
    modes: list[np.ndarray] = [np.empty(0)] * len(factors)
    for index, start in products.starts.items():
        n_levels, size = len(products.design.random[index].levels), len(factors[index])
        stop = start + n_levels * size
        modes[index] = solved[start:stop].reshape(n_levels, size) @ factors[index].T
        solved[start:stop] = modes[index].ravel()
    main = factors[products.main]
    unexplained = products.cross[:, :, -1] - products.cross[:, :, :-1] @ solved
    penalized = main.T @ products.blocks @ main + np.eye(len(main))
    scaled = np.linalg.solve(penalized, (unexplained @ main)[:, :, None])[:, :, 0]
    modes[products.main] = scaled @ main.T
    return modes


def conditional_sds(products: CrossProducts, theta: np.ndarray) -> list[np.ndarray]:
    """Standard deviations of the random effects given the response, relative to the residual's.

    Parameters
    ----------
    products : CrossProducts
        Design, its random columns scaled.
    theta : array, shape (n_theta,)
        Covariance parameters of the scaled columns.

    Returns
    -------
    list of array, shape (n_levels, n_columns)
        In the order of ``products.design.random``, for the columns as they were given.

    Notes
    -----
    Roots of the diagonal of L (L'Z'ZL + I)^-1 L' (Bates et al. 2015, J Stat Softw 67(1), eq. 56, as
    ``condVar`` of lme4): fixed effects and variances are taken as known. One dense matrix of all
    random effects is inverted.
    """
    scaled, blocks = [], []
    factors = products.relative_factors(theta)
    for factor, lower in zip(products.design.random, factors, strict=True):
        scaled.append(random_columns(replace(factor, columns=factor.columns @ lower)))
        blocks.append((turn_of(factor) @ lower, len(factor.levels)))
    random = scipy.sparse.hstack(scaled)
    precision = (random.T @ random).toarray() + np.eye(random.shape[1])
    covariance = scipy.linalg.inv(precision, check_finite=False)
    sds, start = [], 0
    for lower, n_levels in blocks:
        size = len(lower)
        own = np.array(
            [
                covariance[place : place + size, place : place + size]
                for place in range(start, start + n_levels * size, size)
            ]
        )
        sds.append(np.sqrt(np.einsum("ij,njk,ik->ni", lower, own, lower)))
        start += n_levels * size
    return sds


DOF_TITLES = {"satterthwaite": "Satterthwaite's", "kenward-roger": "Kenward-Roger's"}
MOST_CORRELATIONS = 12
"""Fixed effects above which their correlations are not printed."""


def summary_text(fit: "LMMFit", table: pd.DataFrame, dof: str) -> str:
    """Lay out a fit as lme4 and lmerTest do.

    Parameters
    ----------
    fit : LMMFit
        Fitted model.
    table : DataFrame, shape (n_terms, 7)
        Its fixed effects.
    dof : str
        Method of the degrees of freedom.

    Returns
    -------
    str
    """
    method = "REML" if fit.reml else "maximum likelihood"
    dropped = f" ({fit.n_dropped} rows with missing values left out)" if fit.n_dropped else ""
    groups = "; ".join(f"{name}, {n}" for name, n in fit.n_groups.items())
    parts = [
        f"Linear mixed model fit by {method}. t-tests use {DOF_TITLES[dof]} method",
        f"Formula: {fit.formula}",
        "",
        _criterion_lines(fit),
        "",
        "Scaled residuals:",
        _scaled_residuals(fit),
        "",
        "Random effects:",
        _random_effects(fit),
        f"Number of obs: {fit.n_observations}{dropped}, groups:  {groups}",
        "",
        "Fixed effects:",
        _fixed_effects(table),
        *_fixed_correlations(fit),
        *(f"\nNote: {message}" for message in fit.warnings),
        *(f"\nReduced: {step}" for step in fit.reductions),
    ]
    return "\n".join(parts)


def _criterion_lines(fit: "LMMFit") -> str:
    if fit.reml:
        return f"REML criterion at convergence: {fit.criterion:.1f}"
    return (
        f"AIC {fit.aic:.1f}  BIC {fit.bic:.1f}  logLik {fit.loglik:.1f}  "
        f"deviance {fit.criterion:.1f}"
    )


def _scaled_residuals(fit: "LMMFit") -> str:
    """Quantiles of the residuals in units of sigma."""
    weights = 1.0 if fit.design.weights is None else np.sqrt(fit.design.weights)
    quantiles = np.quantile(weights * fit.residuals / fit.sigma, [0, 0.25, 0.5, 0.75, 1])
    names = ["Min", "1Q", "Median", "3Q", "Max"]
    return pd.DataFrame([quantiles], columns=names).round(4).to_string(index=False)


def _random_effects(fit: "LMMFit") -> str:
    components = fit.variance_components
    correlations = [
        row for factor in fit.design.random for row in _correlations(factor, fit.random_covariances)
    ]
    shown = pd.DataFrame(
        {
            "Groups": components["group"].where(~components["group"].duplicated(), ""),
            "Name": components["term"],
            "Variance": components["variance"].map("{:.5g}".format),
            "Std.Dev.": components["sd"].map("{:.5g}".format),
            "Corr": [*correlations, ""],
        }
    )
    return shown.to_string(index=False)


def _correlations(factor: "RandomFactor", covariances: dict[str, pd.DataFrame]) -> list[str]:
    """For each column of a factor its correlations with the earlier columns of the same term."""
    covariance = covariances[factor.name].to_numpy()
    sds = np.sqrt(np.diagonal(covariance))
    rows: list[list[str]] = [[] for _ in sds]
    for row, column in factor.template:
        if row != column:
            both = sds[row] * sds[column]
            rows[row].append(f"{covariance[row, column] / both:5.2f}" if both > 0 else "  NaN")
    return [" ".join(row) for row in rows]


def _fixed_correlations(fit: "LMMFit") -> list[str]:
    """Correlations of the fixed effects, as lme4 prints them; nothing for one or very many."""
    names = list(fit.coefficients.index)
    if not 1 < len(names) <= MOST_CORRELATIONS:
        return []
    covariance = fit.covariance.to_numpy()
    sds = np.sqrt(np.diagonal(covariance))
    cells = [
        [
            f"{covariance[i, j] / sds[i] / sds[j]:.3f}" if j < i else ""
            for j in range(len(names) - 1)
        ]
        for i in range(1, len(names))
    ]
    heads = [f"({number})" for number in range(1, len(names))]
    labels = [f"({number + 1}) {name}" for number, name in enumerate(names)]
    shown = pd.DataFrame(cells, index=labels[1:], columns=heads)
    return ["", f"Correlation of fixed effects, {labels[0]}:", shown.to_string()]


def _fixed_effects(table: pd.DataFrame) -> str:
    shown = pd.DataFrame(
        {
            "Estimate": table["estimate"].map("{:.5g}".format),
            "Std. Error": table["std_error"].map("{:.5g}".format),
            "df": table["dof"].map("{:.2f}".format),
            "t value": table["statistic"].map("{:.3f}".format),
            "Pr(>|t|)": table["p_value"].map("{:.3g}".format),
        }
    )
    return shown.rename_axis(None).to_string()
