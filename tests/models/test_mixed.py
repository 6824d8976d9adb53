"""Fits equal lme4, lmerTest and pbkrtest, recover simulated effects and keep their error rate."""

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.models.mixed import fit_lmm

SMALL = {
    ("sleepstudy", "slope"): "Reaction ~ Days + (Days | Subject)",
    ("sleepstudy", "intercept"): "Reaction ~ Days + (1 | Subject)",
    ("sleepstudy", "slope_uncorrelated"): "Reaction ~ Days + (Days || Subject)",
    ("Penicillin", "crossed"): "diameter ~ 1 + (1 | plate) + (1 | sample)",
    ("Pastes", "nested"): "strength ~ 1 + (1 | batch / cask)",
    ("cake", "factorial"): ("angle ~ recipe * C(temperature, contr.poly) + (1 | recipe:replicate)"),
    ("cake", "additive_linear_temp"): "angle ~ recipe + temp + (1 | recipe:replicate)",
    ("Dyestuff", "oneway"): "Yield ~ 1 + (1 | Batch)",
    ("Dyestuff2", "oneway_singular"): "Yield ~ 1 + (1 | Batch)",
}
STUDY = "condition * valence + logdur_z"
RANDOM = {
    "M1": "(1 | participant)",
    "M2": "(1 | participant) + (1 | video)",
    "M3": "(1 + condition | participant) + (1 | video)",
}


@pytest.fixture(scope="session")
def lmm_reference(shared_data):
    folder = shared_data / "reference_fits" / "lmm"

    def read(name):
        table = pd.read_csv(folder / f"{name}.csv")
        return table[table["fit"] == "polished"] if "fit" in table else table

    return read


@pytest.fixture(scope="session")
def study(lmm_reference):
    return lmm_reference("mmme_like_design_and_responses")


def select(table, **values):
    for name, value in values.items():
        table = table[table[name] == value]
    return table


def close_to_reference(fit, row, fixed, components):
    """Compare with lme4 and lmerTest at the best known optimum."""
    table = fit.table()
    assert fit.criterion == pytest.approx(row["criterion"], abs=1e-6)
    assert fit.loglik == pytest.approx(row["logLik"], abs=1e-6)
    assert fit.aic == pytest.approx(row["AIC"], abs=1e-6)
    assert fit.bic == pytest.approx(row["BIC"], abs=1e-6)
    assert fit.sigma == pytest.approx(row["sigma"], rel=1e-6)
    assert fit.singular == row["singular"]
    assert fit.converged
    assert fit.n_observations == row["nobs"]
    error = np.abs(table["estimate"].to_numpy() - fixed["est"].to_numpy())
    assert (error <= 1e-6 * np.maximum(fixed["est"].abs(), fixed["se"]).to_numpy()).all()
    np.testing.assert_allclose(table["std_error"], fixed["se"], rtol=1e-5)
    np.testing.assert_allclose(table["dof"], fixed["df"], rtol=1e-3)
    np.testing.assert_allclose(table["p_value"], fixed["p"], rtol=1e-3)
    variances = components[components["var2"].isna()]
    np.testing.assert_allclose(
        np.sort(fit.variance_components["variance"]),
        np.sort(variances["vcov"]),
        atol=2e-5,
        rtol=1e-4,
    )


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("key", SMALL, ids="-".join)
@pytest.mark.filterwarnings("ignore:singular fit")
def test_small_models_equal_lme4(lmm_reference, key, method):
    which = {"dataset": key[0], "model": key[1], "method": method}
    fit = fit_lmm(SMALL[key], lmm_reference(key[0]), reml=method == "REML")
    fixed = select(lmm_reference("small_fixef"), **which)
    close_to_reference(
        fit,
        select(lmm_reference("small_fit"), **which).iloc[0],
        fixed,
        select(lmm_reference("small_varcorr"), **which),
    )
    if method == "REML":
        kenward_roger = fit.table("kenward-roger")
        np.testing.assert_allclose(kenward_roger["std_error"], fixed["se_kr"], rtol=1e-6)
        np.testing.assert_allclose(kenward_roger["dof"], fixed["df_kr"], rtol=1e-6)
        np.testing.assert_allclose(kenward_roger["p_value"], fixed["p_kr"], rtol=1e-5)


@pytest.mark.parametrize("column", [253, 793, 1590, 3179, 5223, 10498])
@pytest.mark.parametrize(
    ("model", "method", "coding"),
    [(m, r, "treatment") for m in RANDOM for r in ("REML", "ML")]
    + [("M2", "REML", "sum"), ("M3", "REML", "sum")],
)
@pytest.mark.filterwarnings("ignore:singular fit")
def test_study_models_equal_lme4(lmm_reference, study, column, model, method, coding):
    which = {"column": column, "model": model, "method": method, "coding": coding}
    formula = f"y_{column} ~ {STUDY} + {RANDOM[model]}"
    if coding == "sum":
        for name in ("condition", "valence"):
            formula = formula.replace(name, f"C({name}, contr.sum)")
    fit = fit_lmm(formula, study, reml=method == "REML")
    close_to_reference(
        fit,
        select(lmm_reference("mmme_like_fit"), **which).iloc[0],
        select(lmm_reference("mmme_like_fixef"), **which),
        select(lmm_reference("mmme_like_varcorr"), **which),
    )
