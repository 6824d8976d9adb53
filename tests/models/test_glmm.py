"""Generalized mixed models: statsmodels' own numbers, recovery, bad input."""

import warnings

import numpy as np
import pandas as pd
import pytest
from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM

from mmme_neuro.errors import NotEstimable
from mmme_neuro.models import fit_glmm

FORMULA = "{} ~ expression + (1 | participant) + (1 | stimulus)"


@pytest.fixture(scope="module")
def events():
    rng = np.random.default_rng(5)
    n = 1500
    table = pd.DataFrame(
        {"participant": rng.integers(0, 30, n), "stimulus": rng.integers(0, 15, n)}
    )
    micro = rng.random(n) < 0.4
    table["expression"] = np.where(micro, "micro", "macro")
    level = rng.normal(0, 0.6, 30)[table["participant"]] + rng.normal(0, 0.4, 15)[table["stimulus"]]
    table["blink"] = rng.random(n) < 1 / (1 + np.exp(0.5 - level - 0.8 * micro))
    table["n_scr"] = rng.poisson(np.exp(0.3 + level - 0.5 * micro))
    return table


def test_effects_are_recovered(events):
    for response, family, truth in (("blink", "binomial", 0.8), ("n_scr", "poisson", -0.5)):
        fit = fit_glmm(FORMULA.format(response), events, family=family)
        table = fit.table()
        assert table.index.tolist() == ["Intercept", "expression[T.micro]"]
        row = table.loc["expression[T.micro]"]
        assert abs(row["estimate"] - truth) < 3.5 * row["std_error"]
        assert row["std_error"] < 0.2
        assert row["ci_high"] - row["ci_low"] == pytest.approx(3.92 * row["std_error"], rel=1e-3)
        components = fit.variance_components
        assert components["group"].tolist() == ["participant", "stimulus"]
        # The SD of 30 participants and 15 stimuli itself: two and a half standard errors.
        error = 2.5 * np.array([0.6, 0.4]) / np.sqrt(2 * np.array([29, 14]))
        assert (np.abs(components["sd"].to_numpy() - [0.6, 0.4]) < error).all()
        assert fit.n_observations == len(events) and family in repr(fit)


def test_as_statsmodels_own_formula(events):
    table = events.assign(
        blink=events["blink"].astype(float),
        micro=(events["expression"] == "micro").astype(float),
    )
    own = BinomialBayesMixedGLM.from_formula(
        "blink ~ micro",
        {"participant": "0 + C(participant)", "stimulus": "0 + C(stimulus)"},
        table,
        vcp_p=0.5,
    ).fit_vb()
    fit = fit_glmm(FORMULA.format("blink"), events, family="binomial")
    np.testing.assert_allclose(fit.result.fe_mean, own.fe_mean, atol=2e-3)
    np.testing.assert_allclose(fit.result.vcp_mean, own.vcp_mean, atol=5e-3)


def test_the_same_events_give_the_same_numbers(events):
    first, second = (fit_glmm(FORMULA.format("blink"), events, family="binomial") for _ in "ab")
    np.testing.assert_array_equal(first.result.params, second.result.params)


def test_slopes_have_variances_of_their_own(events):
    formula = "n_scr ~ expression + (1 + expression | participant)"
    fit = fit_glmm(formula, events, family="poisson")
    assert fit.variance_components["term"].tolist() == ["Intercept", "expression[T.micro]"]


@pytest.mark.parametrize(
    ("change", "how", "message"),
    [
        ({}, {"family": "gamma"}, "family must be one of"),
        ({"blink": 2}, {}, "needs 0 and 1"),
        ({"blink": 1}, {}, "nothing to model"),
        ({"blink": 0.5}, {"family": "poisson"}, "needs counts"),
    ],
)
def test_bad_input_is_refused(events, change, how, message):
    with pytest.raises(ValueError, match=message):
        fit_glmm(FORMULA.format("blink"), events.assign(**change), **({"family": "binomial"} | how))


def test_a_formula_without_response_is_refused(events):
    with pytest.raises(ValueError, match="names no response"):
        fit_glmm("~ expression + (1 | participant)", events, family="binomial")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda x: x * 1e-6,
            "'x' has a standard deviation of .*e-0[67].*next to zero: standardize",
        ),
        (lambda x: x * 0.1, "'x' has a standard deviation.*fixed_sd=2"),
        (lambda x: x + 40, "'x' lies about 40.* with a standard deviation"),
    ],
)
def test_covariates_that_the_prior_decides_about_are_said(events, change, message):
    x = np.random.default_rng(3).normal(size=len(events))
    with pytest.warns(UserWarning, match=message):
        fit_glmm("n_scr ~ x + (1 | participant)", events.assign(x=change(x)), family="poisson")


def test_a_search_that_found_nothing_is_refused(events):
    x = np.random.default_rng(3).normal(size=len(events)) + 1e4
    with pytest.warns(UserWarning, match="lies about"), pytest.raises(NotEstimable, match="search"):
        fit_glmm("blink ~ x + (1 | participant)", events.assign(x=x), family="binomial")


def test_standardized_covariates_are_not_warned_of(events):
    x = np.random.default_rng(3).normal(size=len(events))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit_glmm("n_scr ~ x + (1 | participant)", events.assign(x=x), family="poisson")
