"""Residuals of a mixed model, event by event, and collinearity of its fixed terms."""

import numpy as np
import pandas as pd
import scipy.linalg
import scipy.sparse
import scipy.stats

from mmme_neuro.models.mixed import LMMFit
from mmme_neuro.models.solver.crossproducts import random_columns
from mmme_neuro.models.weighting import variance_ratios


def collinearity(fit: LMMFit) -> pd.DataFrame:
    """How much the other fixed terms inflate the uncertainty of each.

    Parameters
    ----------
    fit : LMMFit
        Fitted model.

    Returns
    -------
    DataFrame, shape (n_terms, 3)
        Index ``term``; ``gvif`` (generalized variance inflation factor, 1 where a term is
        uncorrelated with the others), ``dof`` (its number of columns) and ``inflation``:
        gvif^(1 / (2 dof)), the factor on the standard error.

    Notes
    -----
    Fox & Monette (1992, J Am Stat Assoc 87:178) from the covariance of the estimates, without the
    intercept, so that the random terms count. Terms contained in an interaction are inflated by
    treatment coding alone: use ``C(x, contr.sum)`` and centered covariates to judge them. Rise time
    and EMG power are sensitivity covariates: report this table with them.

    Examples
    --------
    >>> collinearity(fit)  # doctest: +SKIP
    """
    names = list(fit.design.fixed_names)
    columns, factors = fit.design.terms, fit.design.factors
    used = [i for i, name in enumerate(names) if factors[name] != {"1"}]
    covariance = fit.covariance.to_numpy()[np.ix_(used, used)]
    sds = np.sqrt(np.diagonal(covariance))
    correlation = covariance / np.outer(sds, sds)
    terms = np.array([columns[names[i]] for i in used])
    rows = {}
    for term in dict.fromkeys(terms):
        own = terms == term
        log_gvif = (
            _log_determinant(correlation[np.ix_(own, own)])
            + _log_determinant(correlation[np.ix_(~own, ~own)])
            - _log_determinant(correlation)
        )
        dof = int(own.sum())
        rows[str(term)] = (np.exp(log_gvif), dof, np.exp(log_gvif / (2 * dof)))
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["gvif", "dof", "inflation"])
    return table.rename_axis("term")


def _log_determinant(matrix: np.ndarray) -> float:
    return float(np.linalg.slogdet(matrix)[1]) if len(matrix) else 0.0


RESIDUAL_COLUMNS = (
    "row response fixed fitted residual marginal_residual leverage standardized".split()
)
FAR = 3.0
"""Standardized residuals beyond are counted."""
FULL_LEVERAGE = 1e-10


def residual_table(fit: LMMFit) -> pd.DataFrame:
    """Residuals, fitted values and leverage of each event.

    Parameters
    ----------
    fit : LMMFit
        Fitted model.

    Returns
    -------
    DataFrame, shape (n_observations, 8 + n_factors)
        ``row`` (position in the table that was fitted), the grouping factors (``residual (group)``
        where one is called as another column), ``response, fixed, fitted, residual,
        marginal_residual`` in units of the response, ``leverage``, and ``standardized``:
        residual / (sigma sqrt((1 - leverage) / weight)), NaN for an event of leverage one.

    Notes
    -----
    ``fitted`` holds the conditional modes, ``fixed`` the fixed part alone; the leverage is
    d fitted / d response at the estimated variances, and sums to the effective number of
    parameters (Hodges & Sargent 2001, Biometrika 88:367).

    Examples
    --------
    >>> residual_table(fit).nlargest(5, "standardized")  # doctest: +SKIP
    """
    fixed = fit.expected
    fitted, hat = fit.fitted, leverage(fit)
    residual = fit.response - fitted
    levels = {f.name: np.array(f.levels, dtype=object)[f.codes] for f in fit.design.random}
    groups = {f"{n} (group)" if n in RESIDUAL_COLUMNS else n: v for n, v in levels.items()}
    free = np.where(1 - hat > FULL_LEVERAGE, 1 - hat, np.nan)
    columns = {
        "row": fit.design.rows,
        **groups,
        "response": fit.response,
        "fixed": fixed,
        "fitted": fitted,
        "residual": residual,
        "marginal_residual": fit.response - fixed,
        "leverage": hat,
        "standardized": residual / (fit.sigma * np.sqrt(variance_ratios(fit.design) * free)),
    }
    return pd.DataFrame(columns)


def leverage(fit: LMMFit) -> np.ndarray:
    """Derivative of each fitted value by its own response, shape (n_observations,)."""
    products = fit._products
    factors = products.relative_factors(fit._scaled_theta)
    scaled = scipy.sparse.hstack(
        [
            random_columns(factor)
            @ scipy.sparse.kron(scipy.sparse.eye_array(len(factor.levels)), lower)
            for factor, lower in zip(products.design.random, factors, strict=True)
        ]
    ).tocsr()
    basis = np.linalg.qr(products.design.fixed)[0]
    lower = np.linalg.cholesky((scaled.T @ scaled).toarray() + np.eye(scaled.shape[1]))
    random = scipy.linalg.solve_triangular(lower, scaled.toarray().T, lower=True)
    cross = random @ basis
    reduced = basis - random.T @ cross
    root = np.linalg.cholesky(basis.T @ basis - cross.T @ cross)
    fixed = scipy.linalg.solve_triangular(root, reduced.T, lower=True)
    return np.asarray((random**2).sum(axis=0) + (fixed**2).sum(axis=0))


def residual_checks(fit: LMMFit) -> pd.DataFrame:
    """Measures of how far residuals and random effects are from what the model assumes.

    Parameters
    ----------
    fit : LMMFit
        Fitted model.

    Returns
    -------
    DataFrame
        Index ``check, of``; ``value``, ``expected`` (under the model) and ``std_error`` (of the
        value under the model, for independent values). Skewness and excess kurtosis of the
        standardized residuals; their share beyond 3; rank correlation of their size with the
        fitted values; standard deviation in each level of each categorical predictor relative to
        all; skewness and kurtosis of the conditional modes; lag-one correlation of successive
        events of each group, in the order of the table.

    Notes
    -----
    Sizes, not tests: with thousands of events every test rejects, and fixed effects bear moderate
    skewness (Schielzeth et al. 2020, Methods Ecol Evol 11:1141). Conditional modes are shrunken
    and look more normal than the effects are. A lag-one correlation of residuals is about minus one
    over the size of the group by construction.

    Examples
    --------
    >>> residual_checks(fit)  # doctest: +SKIP
    """
    table = residual_table(fit)
    size = table["standardized"].abs()
    n = int(size.notna().sum())
    share = 2 * scipy.stats.norm.sf(FAR)
    rank = scipy.stats.spearmanr(size, table["fitted"], nan_policy="omit").statistic
    rows = [
        *_shape("residual", table["standardized"].to_numpy()),
        (f"share beyond {FAR:g}", "residual", (size > FAR).sum() / n, share, (share / n) ** 0.5),
        ("size against fitted", "residual", rank, 0.0, 1 / np.sqrt(n - 1)),
    ]
    for name in fit.design.categories:
        spread = table["standardized"].groupby(fit.design.predictors[name], observed=True)
        ratio = spread.std() / table["standardized"].std()
        rows += [
            ("relative spread", f"{name}={level}", value, 1.0, 1 / np.sqrt(2 * max(count - 1, 1)))
            for level, value, count in zip(ratio.index, ratio, spread.count(), strict=True)
        ]
    for factor in fit.design.random:
        modes = fit.conditional_modes[factor.name]
        for term in modes.columns:
            if modes[term].std() > 0:
                rows += _shape(f"{term} | {factor.name}", modes[term].to_numpy())
        before = table["standardized"].groupby(factor.codes, observed=True).shift()
        pairs = int((before.notna() & table["standardized"].notna()).sum())
        if pairs > 2:
            lag = table["standardized"].corr(before)
            rows.append(("lag-one correlation", factor.name, lag, 0.0, 1 / np.sqrt(pairs)))
    columns = ["check", "of", "value", "expected", "std_error"]
    return pd.DataFrame(rows, columns=columns).set_index(["check", "of"])


def _shape(name: str, values: np.ndarray) -> list[tuple[str, str, float, float, float]]:
    """Skewness and excess kurtosis with their standard errors for normal values."""
    n = int(np.isfinite(values).sum())
    skewness = float(scipy.stats.skew(values, nan_policy="omit"))
    kurtosis = float(scipy.stats.kurtosis(values, nan_policy="omit"))
    return [
        ("skewness", name, skewness, 0.0, (6 / n) ** 0.5),
        ("excess kurtosis", name, kurtosis, 0.0, (24 / n) ** 0.5),
    ]
