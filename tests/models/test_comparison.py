"""Likelihood-ratio tests equal R's numbers, and hold their level at boundaries."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from mmme_neuro.models.comparison import bootstrap_likelihood_ratio, likelihood_ratio
from mmme_neuro.models.mixed import fit_lmm
from tests.reference import tables
from tests.reference.published import DATASETS

SLEEP = {
    "intercept": "Reaction ~ Days + (1 | Subject)",
    "slope_uncorrelated": "Reaction ~ Days + (Days || Subject)",
    "slope": "Reaction ~ Days + (Days | Subject)",
}


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_statistics_equal_differences_of_lme4_criteria(method):
    reference = tables.lmm("small_fit", dataset="sleepstudy", method=method)
    reference = reference.set_index("model").loc[list(SLEEP)]
    fits = [fit_lmm(formula, DATASETS["sleepstudy"]) for formula in SLEEP.values()]
    found = likelihood_ratio(*fits[::-1], reml=method == "REML")
    np.testing.assert_allclose(found["criterion"], reference["criterion"], atol=1e-6)
    np.testing.assert_allclose(found["aic"], reference["AIC"], atol=1e-6)
    np.testing.assert_allclose(found["bic"], reference["BIC"], atol=1e-6)
    np.testing.assert_allclose(found["loglik"], reference["logLik"], atol=1e-6)
    expected = -np.diff(reference["criterion"])
    np.testing.assert_allclose(found["statistic"][1:], expected, atol=2e-6)
    assert list(found["n_parameters"]) == [4, 5, 6]


def test_p_values_of_the_published_comparison():
    # anova(fm2, fm1) in Bates et al. (2015): chi-squared 0.0639, 1 df, p = .8004.
    fits = [
        fit_lmm(SLEEP[name], DATASETS["sleepstudy"]) for name in ("slope_uncorrelated", "slope")
    ]
    row = likelihood_ratio(*fits).iloc[1]
    assert row["statistic"] == pytest.approx(0.0639, abs=5e-5)
    assert row["p_value"] == row["p_value_naive"] == pytest.approx(0.8004, abs=5e-5)
    assert row["note"] == ""


@pytest.fixture(scope="module")
def events():
    rng = np.random.default_rng(3)
    events = pd.DataFrame({"g": np.repeat(np.arange(15), 8), "h": np.tile(np.arange(8), 15)})
    events["x"] = rng.normal(size=120)
    events["z"] = rng.normal(size=120)
    events["y"] = rng.normal(0, 0.5, 15)[events["g"]] + 0.1 * events["x"] + rng.normal(size=120)
    return events


def compare(events, smaller, larger, reml=False):
    return likelihood_ratio(fit_lmm(smaller, events), fit_lmm(larger, events), reml=reml).iloc[1]


@pytest.mark.filterwarnings("ignore:singular fit")
def test_boundary_is_a_mixture_and_said(events):
    one = compare(events, "y ~ x + (1 | g)", "y ~ x + (1 | g) + (1 | h)")
    assert one["dof"] == 1
    assert one["p_value"] == pytest.approx(one["p_value_naive"] / 2 if one["statistic"] else 1)
    assert "boundary" in one["note"]
    slope = compare(events, "y ~ x + (1 | g)", "y ~ x + (x | g)")
    tails = scipy.stats.chi2.sf(slope["statistic"], [1, 2])
    assert slope["p_value"] == pytest.approx(tails.mean())
    several = compare(events, "y ~ x + (1 | g)", "y ~ x + (x + z || g)")
    assert several["p_value"] == several["p_value_naive"]
    assert "bootstrap_likelihood_ratio" in several["note"]
    fixed = compare(events, "y ~ 1 + (1 | g)", "y ~ x + z + (1 | g)")
    assert (fixed["dof"], fixed["note"]) == (2, "")


def test_ml_test_of_a_fixed_effect_is_the_likelihood_of_least_squares(events):
    # No between-group variance: both criteria are n log(rss) of ordinary regressions.
    flat = events.assign(y=events["y"] - events.groupby("g")["y"].transform("mean"))
    with pytest.warns(UserWarning, match="singular"):
        row = compare(flat, "y ~ 1 + (1 | g)", "y ~ x + (1 | g)")
    r = np.corrcoef(flat["x"], flat["y"])[0, 1]
    assert row["statistic"] == pytest.approx(-120 * np.log(1 - r**2), rel=1e-6)


def null_statistics(n_studies, seed):
    rng, rows = np.random.default_rng(seed), []
    for _ in range(n_studies):
        events = pd.DataFrame({"g": np.repeat(np.arange(40), 4), "h": np.tile(np.arange(40), 4)})
        events["y"] = rng.normal(size=40)[events["g"]] + rng.normal(size=160)
        rows.append(compare(events, "y ~ 1 + (1 | g)", "y ~ 1 + (1 | g) + (1 | h)", reml=True))
    return pd.DataFrame(rows)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:singular fit")
def test_mixture_holds_its_level_and_the_naive_test_is_conservative():
    table = null_statistics(1500, 6)
    assert 0.033 < (table["p_value"] < 0.05).mean() < 0.066
    assert (table["p_value_naive"] < 0.05).mean() < 0.037


def test_bootstrap_agrees_with_the_asymptotic_test_and_repeats(events):
    fits = [fit_lmm(formula, events) for formula in ("y ~ 1 + (1 | g)", "y ~ x + (1 | g)")]
    asymptotic = likelihood_ratio(*fits).iloc[1]
    found = bootstrap_likelihood_ratio(*fits, 300, rng=5)
    assert found["statistic"] == pytest.approx(asymptotic["statistic"])
    assert found["p_value_low"] - 0.03 < asymptotic["p_value"] < found["p_value_high"] + 0.03
    pd.testing.assert_series_equal(found, bootstrap_likelihood_ratio(*fits, 300, rng=5))


@pytest.mark.parametrize(
    ("formulas", "message"),
    [
        (("y ~ x + (1 | g)", "y ~ z + (1 | g) + (1 | h)"), "not nested"),
        (("y ~ x + (1 | g)", "y ~ x + (1 | h) + (0 + x | h)"), "not nested"),
        (("y ~ x + (x | g)", "y ~ x + z + (x + z || g)"), "not nested"),
        (("y ~ x + (1 | g)", "y ~ x + (1 | g)"), "not nested"),
        (("y ~ x + (1 | g)",), "two fits"),
        (("y ~ x + (1 | g)", "z ~ x + (x | g)"), "different events or responses"),
    ],
)
@pytest.mark.filterwarnings("ignore:singular fit")
def test_models_that_cannot_be_compared_are_refused(events, formulas, message):
    fits = [fit_lmm(formula, events) for formula in formulas]
    with pytest.raises(ValueError, match=message):
        likelihood_ratio(*fits)


def test_different_events_or_fixed_parts_are_refused(events):
    gaps = events.assign(z=events["z"].mask(events.index < 3))
    smaller = fit_lmm("y ~ x + (1 | g)", events)
    with pytest.raises(ValueError, match="120 and 117 events"):
        likelihood_ratio(smaller, fit_lmm("y ~ x + z + (1 | g)", gaps))
    larger = fit_lmm("y ~ x + z + (1 | g)", events)
    with pytest.raises(ValueError, match="restricted likelihoods"):
        likelihood_ratio(smaller, larger, reml=True)
    with pytest.raises(ValueError, match="exchange them"):
        bootstrap_likelihood_ratio(larger, smaller, 10, rng=1)
    with pytest.raises(ValueError, match="n_simulations"):
        bootstrap_likelihood_ratio(smaller, larger, 0, rng=1)


def test_fit_that_did_not_converge_is_named(events):
    smaller, larger = (fit_lmm(f"y ~ {x} + (1 | g)", events, reml=False) for x in ("1", "x"))
    row = likelihood_ratio(smaller, replace(larger, converged=False)).iloc[1]
    assert "not converged" in row["note"] and "y ~ x" in row["note"]


def test_other_coding_of_the_same_columns_is_nested(events):
    coded = events.assign(c=np.where(events["h"] % 2, "a", "b"))
    row = compare(coded, "y ~ C(c, contr.sum) + (1 | g)", "y ~ c * x + (1 | g)")
    assert row["dof"] == 2
