"""Stated models give the stated responses; planned events have the stated counts."""

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.models.bootstrap import draw_responses, parametric_bootstrap, simulate_responses
from mmme_neuro.models.mixed import fit_lmm
from mmme_neuro.models.planning import StatedModel, crossed_events, stated_model

WITHIN = {"expression": ("macro", "micro")}
COVARIANCE = pd.DataFrame(
    [[1.0, -0.3], [-0.3, 0.5]],
    index=["Intercept", "expression[T.micro]"],
    columns=["Intercept", "expression[T.micro]"],
)
MODEL = StatedModel(
    "y ~ expression + (1 + expression | participant) + (1 | stimulus)",
    {"Intercept": 2.0, "expression[T.micro]": 0.5},
    {"participant": COVARIANCE, "stimulus": {"Intercept": 0.7}},
    sigma=1.5,
)


@pytest.fixture(scope="module")
def events():
    return crossed_events(12, 6, WITHIN, {"macro": 9, "micro": 3}, rng=1)


def test_every_participant_has_the_stated_events(events):
    counts = events.groupby(["participant", "expression"], observed=True).size()
    assert (counts.xs("macro", level="expression") == 9).all()
    assert (counts.xs("micro", level="expression") == 3).all()
    per_stimulus = events.groupby(["participant", "expression", "stimulus"], observed=True).size()
    assert per_stimulus.xs("micro", level="expression").max() == 1
    assert per_stimulus.xs("macro", level="expression").max() == 2
    assert list(events["expression"].cat.categories) == ["macro", "micro"]
    pd.testing.assert_frame_equal(
        events, crossed_events(12, 6, WITHIN, {"macro": 9, "micro": 3}, rng=1)
    )


def test_predictors_of_stimuli_and_participants_do_not_vary_within_them():
    events = crossed_events(
        8,
        12,
        WITHIN,
        5,
        rng=3,
        of_stimulus={"valence": ("negative", "positive", "surprise"), "tone": ("lo", "hi")},
        of_participant={"sex": ("f", "m")},
    )
    stimuli = events.drop_duplicates(["stimulus", "valence", "tone"])
    assert len(stimuli) == 12
    assert len(events.drop_duplicates(["participant", "sex"])) == 8
    assert (stimuli.groupby(["valence", "tone"], observed=False).size() == 2).all()


def test_random_counts_have_the_stated_mean():
    events = crossed_events(400, 20, WITHIN, {"macro": 6, "micro": 1.5}, rng=4, is_random=True)
    means = events["expression"].value_counts() / 400
    assert means["macro"] == pytest.approx(6, abs=0.5)
    assert means["micro"] == pytest.approx(1.5, abs=0.25)


def test_simulated_responses_have_the_stated_moments(events):
    design = MODEL.design_of(events)
    draws = draw_responses(
        design,
        MODEL.expected(design),
        MODEL.factors(design),
        MODEL.sigma,
        20000,
        np.random.default_rng(0),
    )
    x = design.fixed[:, 1]
    np.testing.assert_allclose(draws.mean(axis=1), 2 + 0.5 * x, atol=0.08)
    same = events["participant"].to_numpy()[:, None] == events["participant"].to_numpy()
    both = events["stimulus"].to_numpy()[:, None] == events["stimulus"].to_numpy()
    z = np.column_stack([np.ones_like(x), x])
    expected = same * (z @ COVARIANCE.to_numpy() @ z.T) + 0.49 * both + 2.25 * np.eye(len(x))
    np.testing.assert_allclose(np.cov(draws), expected, atol=0.2)


def test_fit_becomes_a_model_and_its_responses_have_the_same_moments(events):
    rng = np.random.default_rng(5)
    design = MODEL.design_of(events)
    y = draw_responses(design, MODEL.expected(design), MODEL.factors(design), MODEL.sigma, 1, rng)[
        :, 0
    ]
    fit = fit_lmm(MODEL.formula, events.assign(y=y))
    model = stated_model(fit).with_coefficients(**{"expression[T.micro]": 9.0})
    assert model.coefficients["expression[T.micro]"] == 9.0
    assert model.coefficients["Intercept"] == fit.coefficients["Intercept"]
    factors = model.factors(design)
    covariance = factors["participant"] @ factors["participant"].T
    np.testing.assert_allclose(covariance, fit.random_covariances["participant"], atol=1e-10)
    draws = simulate_responses(fit, 8000, rng=1)
    assert draws.var(axis=1).mean() == pytest.approx(
        fit.sigma**2 + (draw_variance(fit, "participant") + draw_variance(fit, "stimulus")).mean(),
        rel=0.03,
    )


def draw_variance(fit, name):
    factor = next(factor for factor in fit.design.random if factor.name == name)
    covariance = fit.random_covariances[name].to_numpy()
    return np.einsum("ei,ij,ej->e", factor.columns, covariance, factor.columns)


def test_bootstrap_spreads_as_the_standard_errors_say(events):
    rng = np.random.default_rng(8)
    y = rng.normal(size=12)[events["participant"]] + rng.normal(size=len(events))
    fit = fit_lmm("y ~ expression + (1 | participant)", events.assign(y=y))
    draws = parametric_bootstrap(fit, lambda again: again.coefficients, 300, rng=2)
    np.testing.assert_allclose(
        draws[fit.coefficients.index].std(), fit.table()["std_error"], rtol=0.15
    )
    np.testing.assert_allclose(draws[fit.coefficients.index].mean(), fit.coefficients, atol=0.1)
    assert draws["converged"].all() and draws["singular"].dtype == bool
    with pytest.raises(ValueError, match="n_simulations"):
        parametric_bootstrap(fit, lambda again: again.coefficients, 0, rng=2)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"coefficients": {"expression[T.tiny]": 1.0}}, "no estimable terms"),
        ({"random": {"participant": COVARIANCE}}, "must state the grouping factors"),
        (
            {"random": {"participant": {"Intercept": 1.0}, "stimulus": {"Intercept": 1.0}}},
            "must state the columns",
        ),
        (
            {"random": {"participant": -COVARIANCE, "stimulus": {"Intercept": 1.0}}},
            "no negative eigenvalue",
        ),
        ({"sigma": 0.0}, "sigma must be above zero"),
    ],
)
def test_bad_models_are_refused(events, changed, message):
    values = {"coefficients": MODEL.coefficients, "random": MODEL.random, "sigma": 1.5} | changed
    with pytest.raises(ValueError, match=message):
        model = StatedModel(MODEL.formula, **values)
        design = model.design_of(events)
        model.expected(design)
        model.factors(design)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 6, WITHIN, 3), "n_participants"),
        ((6, 1, WITHIN, 3), "n_stimuli"),
        ((6, 6, WITHIN, 2.5), "whole numbers"),
        ((6, 6, WITHIN, 0), "positive"),
        ((6, 6, WITHIN, {"macro": 3}), "each of its levels"),
    ],
)
def test_bad_plans_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        crossed_events(*arguments, rng=1)
