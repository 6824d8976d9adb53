"""Shares of the variance: marginal and conditional R2, intraclass correlations."""

import numpy as np
import pandas as pd

from mmme_neuro.models.mixed import LMMFit
from mmme_neuro.models.weighting import variance_ratios


def random_variances(fit: LMMFit) -> pd.DataFrame:
    """Variance that each grouping factor gives to each event.

    Parameters
    ----------
    fit : LMMFit
        Fitted model.

    Returns
    -------
    DataFrame, shape (n_observations, n_factors)
        z' S z with z the random columns of the event and S the covariance of their effects, in
        squared units of the response; it differs between events where slopes are random.
    """
    products = fit._products
    factors = products.relative_factors(fit._scaled_theta)
    ratios = variance_ratios(fit.design)
    return pd.DataFrame(
        {
            factor.name: ((factor.columns @ (fit.sigma * lower)) ** 2).sum(axis=1) * ratios
            for factor, lower in zip(products.design.random, factors, strict=True)
        }
    )


def residual_variance(fit: LMMFit) -> float:
    """Mean residual variance of the events, which differs between them with prior weights."""
    return float(fit.sigma**2 * variance_ratios(fit.design).mean())


def r_squared(fit: LMMFit) -> pd.Series:
    """Share of the variance explained by the fixed terms, and by fixed and random terms.

    Parameters
    ----------
    fit : LMMFit
        Fitted model.

    Returns
    -------
    Series
        ``marginal`` and ``conditional``.

    Notes
    -----
    Nakagawa & Schielzeth (2013, Methods Ecol Evol 4:133), with random slopes by the mean variance
    over the events (Johnson 2014, Methods Ecol Evol 5:944). The variance of the fixed part is not
    corrected for the error of the estimates, so ``marginal`` is above zero without any effect:
    intervals come from `parametric_bootstrap`.

    Examples
    --------
    >>> r_squared(fit)  # doctest: +SKIP
    """
    fixed = float(np.var(fit.design.fixed @ fit.coefficients.to_numpy(), ddof=1))
    random = float(random_variances(fit).to_numpy().sum(axis=1).mean())
    total = fixed + random + residual_variance(fit)
    return pd.Series({"marginal": fixed / total, "conditional": (fixed + random) / total})


def intraclass_correlations(fit: LMMFit) -> pd.DataFrame:
    """Share of the variance that lies between the groups of each grouping factor.

    Parameters
    ----------
    fit : LMMFit
        Fitted model.

    Returns
    -------
    DataFrame, shape (n_factors + 1, 2)
        Index ``group``, the sum of all last (``"all"``). ``adjusted`` leaves the fixed part out
        of the whole: the correlation of two events of the same group (and of no other) at the
        same predictors; ``unadjusted`` counts it in.

    Notes
    -----
    Nakagawa, Johnson & Schielzeth (2017, J R Soc Interface 14:20170213). With random slopes the
    variances are means over the events and the share is no correlation of any one pair. The
    reliability of ratings or of repeated sessions is what `icc` computes from a table.

    Examples
    --------
    >>> intraclass_correlations(fit)  # doctest: +SKIP
    """
    between = random_variances(fit).mean()
    between["all"] = between.sum()
    fixed = float(np.var(fit.design.fixed @ fit.coefficients.to_numpy(), ddof=1))
    total = between["all"] + residual_variance(fit)
    shares = {"adjusted": between / total, "unadjusted": between / (total + fixed)}
    return pd.DataFrame(shares).rename_axis("group")
