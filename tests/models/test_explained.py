"""R2 and intraclass correlations equal published ones and their definitions."""

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.models.explained import intraclass_correlations, r_squared, random_variances
from mmme_neuro.models.mixed import fit_lmm
from tests.reference.published import DATASETS


def test_sleepstudy_equals_r():
    # MuMIn::r.squaredGLMM 0.2786511, 0.7992199; performance::icc 0.722, 0.521.
    fit = fit_lmm("Reaction ~ Days + (Days | Subject)", DATASETS["sleepstudy"])
    found = r_squared(fit)
    assert found["marginal"] == pytest.approx(0.2786511, abs=2e-6)
    assert found["conditional"] == pytest.approx(0.7992199, abs=2e-6)
    shares = intraclass_correlations(fit).loc["all"]
    assert shares["adjusted"] == pytest.approx(0.722, abs=5e-4)
    assert shares["unadjusted"] == pytest.approx(0.521, abs=5e-4)


@pytest.fixture(scope="module")
def events():
    rng = np.random.default_rng(7)
    index = pd.MultiIndex.from_product([range(30), range(20)], names=["p", "s"])
    events = index.to_frame(index=False)
    events["x"] = rng.normal(2, 1, 600)
    events["y"] = (
        rng.normal(0, 1, 30)[events["p"]]
        + (0.5 + rng.normal(0, 0.4, 30)[events["p"]]) * events["x"]
        + rng.normal(0, 0.7, 20)[events["s"]]
        + rng.normal(size=600)
    )
    return events


def test_balanced_oneway_icc_is_that_of_the_analysis_of_variance(events):
    fit = fit_lmm("y ~ 1 + (1 | p)", events)
    within = events.groupby("p")["y"].var().mean()
    between = 20 * events.groupby("p")["y"].mean().var()
    expected = (between - within) / (between + 19 * within)
    shares = intraclass_correlations(fit)
    assert shares.loc["p", "adjusted"] == pytest.approx(expected, rel=1e-7)
    assert shares.loc["p", "unadjusted"] == pytest.approx(expected, rel=1e-7)
    assert r_squared(fit)["marginal"] == pytest.approx(0, abs=1e-12)
    assert r_squared(fit)["conditional"] == pytest.approx(expected, rel=1e-7)


def test_variance_of_an_event_follows_its_slope(events):
    fit = fit_lmm("y ~ x + (1 + x | p) + (1 | s)", events)
    covariance = fit.random_covariances["p"].to_numpy()
    z = np.array([1.0, events["x"][17]])
    variances = random_variances(fit)
    assert variances.loc[17, "p"] == pytest.approx(z @ covariance @ z)
    assert np.ptp(variances["s"]) == 0
    shares = intraclass_correlations(fit)["adjusted"]
    assert shares["all"] == pytest.approx(shares["p"] + shares["s"])


def test_centering_a_predictor_changes_nothing(events):
    centered = events.assign(x=events["x"] - 2)
    formula = "y ~ x + (1 + x | p) + (1 | s)"
    ours, theirs = fit_lmm(formula, events), fit_lmm(formula, centered)
    pd.testing.assert_series_equal(r_squared(ours), r_squared(theirs), rtol=1e-5)


def test_truth_is_recovered():
    rng, found = np.random.default_rng(2), []
    for _ in range(30):
        events = pd.DataFrame({"p": np.repeat(np.arange(30), 10), "x": rng.normal(size=300)})
        events["y"] = rng.normal(size=30)[events["p"]] + events["x"] + rng.normal(size=300)
        found.append(r_squared(fit_lmm("y ~ x + (1 | p)", events)))
    np.testing.assert_allclose(pd.DataFrame(found).mean(), [1 / 3, 2 / 3], atol=0.03)
