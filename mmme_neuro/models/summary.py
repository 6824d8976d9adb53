"""Printed summary of a mixed model."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from mmme_neuro.models.mixed import LMMFit

DOF_TITLES = {"satterthwaite": "Satterthwaite's", "kenward-roger": "Kenward-Roger's"}


def summary_text(fit: "LMMFit", table: pd.DataFrame, df: str) -> str:
    """Lay out a fit as lme4 and lmerTest do.

    Parameters
    ----------
    fit : LMMFit
        Fitted model.
    table : DataFrame, shape (n_terms, 7)
        Its fixed effects.
    df : str
        Method of the degrees of freedom.

    Returns
    -------
    str
    """
    method = "REML" if fit.reml else "maximum likelihood"
    dropped = f" ({fit.n_dropped} rows with missing values left out)" if fit.n_dropped else ""
    groups = "; ".join(f"{name}, {n}" for name, n in fit.n_groups.items())
    parts = [
        f"Linear mixed model fit by {method}. t-tests use {DOF_TITLES[df]} method",
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
    quantiles = np.quantile(fit.residuals / fit.sigma, [0, 0.25, 0.5, 0.75, 1])
    names = ["Min", "1Q", "Median", "3Q", "Max"]
    return pd.DataFrame([quantiles], columns=names).round(4).to_string(index=False)


def _random_effects(fit: "LMMFit") -> str:
    components = fit.variance_components
    shown = pd.DataFrame(
        {
            "Groups": components["group"].where(~components["group"].duplicated(), ""),
            "Name": components["term"],
            "Variance": components["variance"].map("{:.5g}".format),
            "Std.Dev.": components["sd"].map("{:.5g}".format),
            "Corr": components["correlation"].map(lambda r: "" if np.isnan(r) else f"{r:.2f}"),
        }
    )
    return shown.to_string(index=False)


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
