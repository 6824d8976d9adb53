"""Profile intervals equal lme4's published ones and cover the truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.models.mixed import fit_lmm
from mmme_neuro.models.profile import (
    components_of,
    profiled_criterion,
    value_of,
    variance_intervals,
)
from tests.reference.published import DATASETS

# Printed by lme4's confint(): Bates et al. (2015, J Stat Softw 67(1)) for sleepstudy, Bates (2010,
# lme4: Mixed-effects modeling with R, chapters 1 and 2) for the others. lme4 interpolates.
PUBLISHED = {
    ("sleepstudy", "Reaction ~ Days + (Days | Subject)"): [
        (14.381, 37.716),
        (-0.482, 0.685),
        (3.801, 8.753),
        (22.898, 28.858),
    ],
    ("Dyestuff", "Yield ~ 1 + (1 | Batch)"): [(12.197, 84.063), (38.230, 67.658)],
    ("Penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)"): [
        (0.6336, 1.1821),
        (1.0958, 3.5563),
        (0.4859, 0.6294),
    ],
    ("Pastes", "strength ~ 1 + (1 | batch / cask)"): [
        (0.0, 2.9466),
        (2.1579, 4.0536),
        (0.6520, 1.0854),
    ],
}


@pytest.mark.parametrize("key", PUBLISHED, ids=lambda key: key[0])
def test_profile_intervals_equal_published_ones(key):
    found = variance_intervals(fit_lmm(key[1], DATASETS[key[0]]), reml=False)
    expected = np.array(PUBLISHED[key])
    np.testing.assert_allclose(found[["ci_low", "ci_high"]], expected, rtol=2e-4, atol=5e-4)


@pytest.fixture(scope="module")
def crossed():
    rng = np.random.default_rng(5)
    index = pd.MultiIndex.from_product([range(12), range(5), range(2)], names=["p", "s", "k"])
    events = index.to_frame(index=False)
    events["x"] = rng.normal(size=len(events))
    slopes = rng.multivariate_normal([0, 0], [[1, 0.3], [0.3, 0.5]], 12)
    events["y"] = (
        slopes[events["p"], 0]
        + slopes[events["p"], 1] * events["x"]
        + rng.normal(0, 0.6, 5)[events["s"]]
        + rng.normal(size=len(events))
    )
    return events


FORMULA = "y ~ x + (1 + x | p) + (1 | s)"


def test_profile_touches_the_optimum_and_rises_on_both_sides(crossed):
    fit = fit_lmm(FORMULA, crossed)
    for component in components_of(fit):
        profile, estimate = profiled_criterion(fit, component), value_of(fit, component)
        assert profile(estimate) == pytest.approx(fit.criterion, abs=1e-7)
        for side in (0.8, 1.2):
            assert profile(side * estimate) > fit.criterion + 1e-3


def test_limits_lie_the_quantile_above_the_optimum(crossed):
    fit = fit_lmm(FORMULA, crossed)
    table = variance_intervals(fit, confidence=0.9)
    for component, row in zip(components_of(fit), table.itertuples(), strict=True):
        for limit in (row.ci_low, row.ci_high):
            excess = profiled_criterion(fit, component)(limit) - fit.criterion
            assert excess == pytest.approx(2.705543, abs=1e-4)  # chi-squared, 1 df, 90 %


def test_residual_interval_of_balanced_data_is_the_likelihood_interval_of_its_mean_square():
    # Far from the boundary the criterion depends on sigma through the within-group mean square.
    rng = np.random.default_rng(0)
    events = pd.DataFrame({"g": np.repeat(np.arange(9), 6)})
    events["y"] = rng.normal(0, 5, 9)[events["g"]] + rng.normal(size=54)
    within = events.groupby("g")["y"].var().mean()
    limits = variance_intervals(fit_lmm("y ~ 1 + (1 | g)", events)).iloc[-1]
    for limit in (limits["ci_low"], limits["ci_high"]):
        ratio = within / limit**2
        assert 45 * (ratio - 1 - np.log(ratio)) == pytest.approx(3.841459, abs=1e-4)


def test_interval_at_a_zero_variance_starts_there():
    events = pd.DataFrame({"g": np.repeat(np.arange(10), 10)})
    events["y"] = np.random.default_rng(0).normal(size=100)
    events["y"] -= events.groupby("g")["y"].transform("mean")
    with pytest.warns(UserWarning, match="singular"):
        fit = fit_lmm("y ~ 1 + (1 | g)", events)
    row = variance_intervals(fit).iloc[0]
    assert row["estimate"] == row["ci_low"] == 0
    assert 0 < row["ci_high"] < 0.5


@pytest.mark.parametrize("scale", [1e-6, 1e4])
def test_units_only_scale_the_intervals(crossed, scale):
    ours = variance_intervals(fit_lmm(FORMULA, crossed))
    theirs = variance_intervals(fit_lmm(FORMULA, crossed.assign(y=scale * crossed["y"])))
    factor = np.where(ours["kind"] == "sd", scale, 1.0)
    np.testing.assert_allclose(theirs["ci_high"], factor * ours["ci_high"], rtol=1e-4)
    np.testing.assert_allclose(theirs["ci_low"], factor * ours["ci_low"], rtol=1e-4)


def test_bootstrap_agrees_roughly_with_the_profile(crossed):
    fit = fit_lmm(FORMULA, crossed)
    profile = variance_intervals(fit)
    bootstrap = variance_intervals(fit, method="bootstrap", n_simulations=100, rng=3)
    few = [variance_intervals(fit, method="bootstrap", n_simulations=5, rng=3) for _ in "ab"]
    pd.testing.assert_frame_equal(*few)
    is_sd = profile["kind"] == "sd"
    width = (profile["ci_high"] - profile["ci_low"])[is_sd]
    for limit in ("ci_low", "ci_high"):
        assert ((bootstrap[limit] - profile[limit])[is_sd].abs() < 0.4 * width).all()


def test_fit_that_missed_its_optimum_is_found_out(crossed):
    fit = fit_lmm("y ~ x + (1 | p)", crossed)
    wrong = replace(fit, theta=0.7 * fit.theta, criterion=fit.criterion + 0.5, converged=False)
    with pytest.warns(UserWarning, match="below that of the fit"):
        variance_intervals(wrong)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:singular fit")
def test_profile_intervals_cover_as_often_as_they_say():
    rng, covered = np.random.default_rng(12), []
    truth = np.array([0.8, 1.0])
    for _ in range(400):
        events = pd.DataFrame({"g": np.repeat(np.arange(20), 8)})
        events["y"] = rng.normal(0, 0.8, 20)[events["g"]] + rng.normal(size=160)
        table = variance_intervals(fit_lmm("y ~ 1 + (1 | g)", events))
        covered.append((table["ci_low"] <= truth) & (table["ci_high"] >= truth))
    assert (np.abs(np.mean(covered, axis=0) - 0.95) < 0.033).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "wald"}, "method must be one of"),
        ({"confidence": 95}, "between 0 and 1"),
        ({"method": "bootstrap"}, "needs rng"),
    ],
)
def test_bad_requests_are_refused(crossed, arguments, message):
    with pytest.raises(ValueError, match=message):
        variance_intervals(fit_lmm(FORMULA, crossed), **arguments)
