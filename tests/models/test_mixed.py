"""Fits equal lme4, lmerTest and pbkrtest, recover simulated effects and keep their error rate."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from mmme_neuro.models.mixed import fit_lmm
from tests.chance import counts_by_chance, error_of_mean, error_of_sd
from tests.reference import tables
from tests.reference.published import DATASETS

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
def study():
    return tables.mmme_like()


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
def test_small_models_equal_lme4(key, method):
    which = {"dataset": key[0], "model": key[1], "method": method}
    fit = fit_lmm(SMALL[key], DATASETS[key[0]], reml=method == "REML")
    fixed = tables.lmm("small_fixef", **which)
    close_to_reference(
        fit,
        tables.lmm("small_fit", **which).iloc[0],
        fixed,
        tables.lmm("small_varcorr", **which),
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
def test_study_models_equal_lme4(study, column, model, method, coding):
    which = {"column": column, "model": model, "method": method, "coding": coding}
    formula = f"y_{column} ~ {STUDY} + {RANDOM[model]}"
    if coding == "sum":
        for name in ("condition", "valence"):
            formula = formula.replace(name, f"C({name}, contr.sum)")
    fit = fit_lmm(formula, study, reml=method == "REML")
    close_to_reference(
        fit,
        tables.lmm("mmme_like_fit", **which).iloc[0],
        tables.lmm("mmme_like_fixef", **which),
        tables.lmm("mmme_like_varcorr", **which),
    )


def simulate(rng, *, n_participants=10, n_stimuli=8, effect=0.0, slope_sd=0.0, stimulus_sd=0.7):
    """Events crossed by participant and stimulus; valence varies between stimuli only."""
    rows = pd.MultiIndex.from_product(
        [range(n_participants), range(n_stimuli), range(2)], names=["participant", "stimulus", "k"]
    )
    events = rows.to_frame(index=False)
    events["expression"] = np.where(rng.random(len(events)) < 0.35, "micro", "macro")
    events["valence"] = np.where(events["stimulus"] % 2, "positive", "negative")
    is_micro = (events["expression"] == "micro").to_numpy(float)
    slopes = rng.normal(effect, slope_sd, n_participants)
    events["y"] = (
        rng.normal(0, 1, n_participants)[events["participant"]]
        + slopes[events["participant"]] * is_micro
        + rng.normal(0, stimulus_sd, n_stimuli)[events["stimulus"]]
        + rng.normal(0, 1.5, len(events))
    )
    return events


def rejection_rate(formula, term, n_studies, *, seed, **truth):
    rng = np.random.default_rng(seed)
    p_values = [
        fit_lmm(formula, simulate(rng, **truth)).table().loc[term, "p_value"]
        for _ in range(n_studies)
    ]
    return np.mean(np.array(p_values) < 0.05)


def test_balanced_slopes_equal_the_paired_t_test_of_participant_means():
    rng = np.random.default_rng(8)
    rows = pd.MultiIndex.from_product(
        [range(14), ["macro", "micro"], range(6)], names=["participant", "expression", "k"]
    )
    events = rows.to_frame(index=False)
    slopes = rng.normal(0.8, 1.2, 14)
    events["y"] = (
        rng.normal(0, 1, 14)[events["participant"]]
        + slopes[events["participant"]] * (events["expression"] == "micro")
        + rng.normal(size=len(events))
    )
    cells = events.groupby(["participant", "expression"])["y"]
    means, within = cells.mean().unstack(), cells.var().mean()  # noqa: PD010
    difference = means["micro"] - means["macro"]
    expected = scipy.stats.ttest_rel(means["micro"], means["macro"])
    fit = fit_lmm("y ~ expression + (1 + expression | participant)", events)
    row = fit.table().loc["expression[T.micro]"]
    assert row["estimate"] == pytest.approx(difference.mean(), rel=1e-8)
    assert row["std_error"] == pytest.approx(scipy.stats.sem(difference), rel=1e-7)
    assert row["dof"] == pytest.approx(13, rel=1e-5)
    assert row["p_value"] == pytest.approx(expected.pvalue, rel=1e-5)
    limits = expected.confidence_interval()
    assert row[["ci_low", "ci_high"]].tolist() == pytest.approx([*limits], rel=1e-5)
    found = fit.variance_components["variance"].to_numpy()
    of_means = [means["macro"].var() - within / 6, difference.var() - within / 3, within]
    np.testing.assert_allclose(found, of_means, rtol=1e-6)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:singular fit")
def test_simulated_effect_and_variances_are_recovered():
    rng = np.random.default_rng(8)
    formula = "y ~ expression + (1 + expression | participant) + (1 | stimulus)"
    truth = {"n_participants": 40, "n_stimuli": 24, "effect": 0.8, "slope_sd": 0.5}
    fits = [fit_lmm(formula, simulate(rng, **truth)) for _ in range(400)]
    tables = pd.concat(fit.table().loc[["expression[T.micro]"]] for fit in fits)
    error = tables["estimate"] - 0.8
    assert abs(error.mean()) <= error_of_mean(error)
    low, high = counts_by_chance(400, 0.95)
    assert low <= ((tables["ci_low"] < 0.8) & (tables["ci_high"] > 0.8)).sum() <= high
    assert error.std() == pytest.approx(tables["std_error"].mean(), rel=error_of_sd(400))
    # REML's variances are unbiased where they are far from zero.
    errors = [fit.variance_components["variance"] - np.square([1, 0.5, 0.7, 1.5]) for fit in fits]
    assert (np.abs(np.mean(errors, axis=0)) <= error_of_mean(errors)).all()


@pytest.mark.filterwarnings("ignore:singular fit")
def test_null_rate_with_few_stimuli_needs_the_stimulus_term():
    model = "y ~ valence + (1 | participant)"
    term = "valence[T.positive]"
    crossed = rejection_rate(f"{model} + (1 | stimulus)", term, 120, seed=1)
    assert 0.005 <= crossed <= 0.11
    assert rejection_rate(model, term, 40, seed=1) > 0.2


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:singular fit")
@pytest.mark.parametrize(
    ("formula", "term", "truth", "lowest"),
    [
        ("y ~ valence + (1 | participant) + (1 | stimulus)", "valence[T.positive]", {}, 0.035),
        (
            "y ~ expression + (1 + expression | participant) + (1 | stimulus)",
            "expression[T.micro]",
            {"slope_sd": 0.8},
            0.035,
        ),
        (
            "y ~ expression + (1 + expression | participant) + (1 | stimulus)",
            "expression[T.micro]",
            # a slope variance that is truly zero can only be overestimated: conservative
            {"slope_sd": 0.0, "stimulus_sd": 0.0},
            0.015,
        ),
    ],
)
def test_null_rate_is_nominal(formula, term, truth, lowest):
    rate = rejection_rate(formula, term, 1500, seed=2, **truth)
    assert lowest <= rate <= 0.066


@pytest.fixture(scope="module")
def crossed():
    return simulate(np.random.default_rng(21), effect=0.5, slope_sd=0.6)


CROSSED = "y ~ expression + (1 + expression | participant) + (1 | stimulus)"


@pytest.mark.parametrize("scale", [1e-7, 1e5])
def test_units_of_the_response_only_scale_the_result(crossed, scale):
    fit = fit_lmm(CROSSED, crossed)
    scaled = fit_lmm(CROSSED, crossed.assign(y=scale * (crossed["y"] + 3)))
    for df in ("satterthwaite", "kenward-roger"):
        ours, theirs = fit.table(df), scaled.table(df)
        np.testing.assert_allclose(theirs["std_error"], scale * ours["std_error"], rtol=1e-6)
        np.testing.assert_allclose(theirs["dof"], ours["dof"], rtol=1e-5)
    np.testing.assert_allclose(scaled.theta, fit.theta, rtol=1e-6)


def test_large_offset_is_no_constant_response(crossed):
    fit = fit_lmm(CROSSED, crossed.assign(y=1e6 + 1e-3 * crossed["y"]))
    assert fit.sigma == pytest.approx(1e-3 * fit_lmm(CROSSED, crossed).sigma, rel=1e-4)


def test_order_of_the_rows_does_not_matter(crossed):
    shuffled = crossed.sample(frac=1, random_state=0)
    fit, other = fit_lmm(CROSSED, crossed), fit_lmm(CROSSED, shuffled)
    pd.testing.assert_frame_equal(fit.table(), other.table(), rtol=1e-6)


def test_slash_equals_its_two_terms(crossed):
    nested = fit_lmm("y ~ 1 + (1 | participant/stimulus)", crossed)
    spelt = fit_lmm("y ~ 1 + (1 | participant) + (1 | participant:stimulus)", crossed)
    assert nested.criterion == spelt.criterion


def test_balanced_oneway_equals_the_analysis_of_variance():
    rng = np.random.default_rng(0)
    events = pd.DataFrame({"g": np.repeat(np.arange(9), 6)})
    events["y"] = rng.normal(0, 2, 9)[events["g"]] + rng.normal(size=54)
    within = events.groupby("g")["y"].var().mean()
    between = 6 * events.groupby("g")["y"].mean().var()
    fit = fit_lmm("y ~ 1 + (1 | g)", events)
    variances = fit.variance_components["variance"]
    assert variances[0] == pytest.approx((between - within) / 6, rel=1e-8)
    assert variances[1] == pytest.approx(within, rel=1e-8)
    table = fit.table().loc["Intercept"]
    assert table["dof"] == pytest.approx(8, rel=1e-6)
    assert table["std_error"] == pytest.approx(np.sqrt(between / 54), rel=1e-8)


def test_zero_variance_is_exactly_zero_and_flagged():
    events = pd.DataFrame({"g": np.repeat(np.arange(10), 10)})
    events["y"] = np.random.default_rng(0).normal(size=100)
    events["y"] -= events.groupby("g")["y"].transform("mean")
    with pytest.warns(UserWarning, match="zero variance of Intercept . g"):
        fit = fit_lmm("y ~ 1 + (1 | g)", events)
    assert fit.variance_components["variance"][0] == 0
    assert fit.singular
    assert fit.converged
    assert fit.table()["dof"].iloc[0] == pytest.approx(99)


def test_result_tells_what_it_rests_on(crossed):
    with_gaps = crossed.assign(y=crossed["y"].mask(crossed.index < 5))
    fit = fit_lmm(CROSSED, with_gaps)
    assert fit.n_observations == 155
    assert fit.n_dropped == 5
    assert fit.n_groups == {"participant": 10, "stimulus": 8}
    assert fit.formula in repr(fit)
    assert "\n" not in repr(fit)
    text = fit.summary()
    for expected in ("REML criterion", "participant, 10", "5 rows", "Corr", "expression[T.micro]"):
        assert expected in text
    assert "logLik" in fit_lmm(CROSSED, crossed, reml=False).summary()


def test_variance_components_hold_the_correlation(crossed):
    fit = fit_lmm(CROSSED, crossed)
    components = fit.variance_components.set_index(["group", "term"])
    covariance = fit.random_covariances["participant"].to_numpy()
    slope = components.loc["participant", "expression[T.micro]"]
    assert slope["correlation"] == pytest.approx(
        covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    )
    assert np.isnan(components.loc[("participant", "Intercept"), "correlation"])
    assert components.loc[("Residual", ""), "sd"] == fit.sigma


def test_residuals_and_conditional_modes_add_up(crossed):
    fit = fit_lmm(CROSSED, crossed)
    modes = fit.conditional_modes
    is_micro = crossed["expression"] == "micro"
    participant = modes["participant"].loc[crossed["participant"].astype(str)].to_numpy()
    by_hand = (
        fit.coefficients.iloc[0]
        + fit.coefficients.iloc[1] * is_micro.to_numpy()
        + participant[:, 0]
        + participant[:, 1] * is_micro.to_numpy()
        + modes["stimulus"].loc[crossed["stimulus"].astype(str), "Intercept"].to_numpy()
    )
    np.testing.assert_allclose(fit.fitted, by_hand)
    np.testing.assert_allclose(fit.response - fit.residuals, by_hand)


def test_wider_confidence_gives_wider_intervals(crossed):
    fit = fit_lmm(CROSSED, crossed)
    narrow, wide = fit.table(confidence=0.9), fit.table(confidence=0.99)
    assert (wide["ci_high"] > narrow["ci_high"]).all()
    p_value = fit.table()["p_value"].iloc[1]
    edge = fit.table(confidence=1 - p_value).iloc[1]
    assert np.abs(edge[["ci_low", "ci_high"]]).min() == pytest.approx(0, abs=1e-9)


def test_input_is_not_changed(crossed):
    before = crossed.copy()
    fit_lmm(CROSSED, crossed)
    pd.testing.assert_frame_equal(crossed, before)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda e: fit_lmm("~ expression + (1 | participant)", e), "no response"),
        (lambda e: fit_lmm("y ~ expression", e), "no random term"),
        (lambda e: fit_lmm(CROSSED, e.assign(y=1.0)), "constant"),
        (lambda e: fit_lmm(CROSSED, e.assign(y=np.nan)), "'y': 160"),
        (lambda e: fit_lmm(CROSSED, e.head(1)), "one level"),
        (lambda e: fit_lmm("y ~ 0 + (1 | participant)", e), "no fixed"),
        (lambda e: fit_lmm(CROSSED, e).table("wald"), "dof must be one of"),
        (lambda e: fit_lmm(CROSSED, e).table(confidence=95), "between 0 and 1"),
        (lambda e: fit_lmm(CROSSED, e, reml=False).table("kenward-roger"), "need a REML fit"),
    ],
)
def test_bad_requests_are_refused(crossed, call, message):
    with pytest.raises(ValueError, match=message):
        call(crossed)


def test_anything_but_a_table_is_refused(crossed):
    with pytest.raises(TypeError, match="DataFrame"):
        fit_lmm(CROSSED, {"y": [1, 2], "participant": [1]})
