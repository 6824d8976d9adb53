"""Standardized effects equal their definition; the intervals cover the truth."""

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.models.contrasts import contrast
from mmme_neuro.models.effects import standardized_effects
from mmme_neuro.models.mixed import fit_lmm


def simulate(rng, *, n=24, n_stimuli=10, slope_sd=0.5):
    index = pd.MultiIndex.from_product(
        [range(n), range(n_stimuli), range(2)], names=["p", "s", "k"]
    )
    events = index.to_frame(index=False)
    events["expression"] = np.where(rng.random(len(events)) < 0.4, "micro", "macro")
    is_micro = (events["expression"] == "micro").to_numpy(float)
    events["y"] = (
        rng.normal(0, 0.8, n)[events["p"]]
        + (1 + rng.normal(0, slope_sd, n)[events["p"]]) * is_micro
        + rng.normal(0, 0.6, n_stimuli)[events["s"]]
        + rng.normal(size=len(events))
    )
    return events


FORMULA = "y ~ expression + (1 + expression | p) + (1 | s)"


@pytest.fixture(scope="module")
def fit():
    return fit_lmm(FORMULA, simulate(np.random.default_rng(1)))


def test_effect_coded_components_add_up_to_the_denominator(fit):
    # Westfall, Kenny & Judd: codes -1 and 1, sum of all components; here from a second fit.
    events = simulate(np.random.default_rng(1))
    events["c"] = np.where(events["expression"] == "micro", 1.0, -1.0)
    coded = fit_lmm("y ~ c + (1 + c | p) + (1 | s)", events)
    total = np.sqrt(coded.variance_components["variance"].sum())
    found = standardized_effects(fit, contrast(fit, "expression"), of="expression").iloc[0]
    assert found["denominator"] == pytest.approx(total, rel=1e-6)
    assert found["effect_size"] == pytest.approx(2 * coded.coefficients["c"] / total, rel=1e-6)


def test_residual_denominator_is_sigma(fit):
    effects = contrast(fit, "expression")
    found = standardized_effects(fit, effects, denominator="residual").iloc[0]
    assert found["denominator"] == pytest.approx(fit.sigma)
    assert found["effect_size"] == pytest.approx(effects["estimate"].iloc[0] / fit.sigma)


def test_independent_events_give_the_classical_variance_of_d():
    # Zero variances: SE(d)^2 = 1/n1 + 1/n2 + d^2 / (2 dof), Hedges & Olkin (1985).
    rng = np.random.default_rng(3)
    events = pd.DataFrame({"p": np.repeat(np.arange(10), 10), "x": np.tile(list("abbab"), 20)})
    events["y"] = rng.normal(size=100) + (events["x"] == "b")
    events["y"] -= events.groupby("p")["y"].transform("mean")
    with pytest.warns(UserWarning, match="singular"):
        fit = fit_lmm("y ~ x + (1 | p)", events)
    found = standardized_effects(fit, contrast(fit, "x")).iloc[0]
    a, b = (events.loc[events["x"] == level, "y"] for level in "ab")
    pooled = np.sqrt((a.var() * (len(a) - 1) + b.var() * (len(b) - 1)) / 98)
    d = (b.mean() - a.mean()) / pooled
    assert found["effect_size"] == pytest.approx(d, rel=1e-6)
    expected = np.sqrt(1 / len(a) + 1 / len(b) + d**2 / (2 * 98))
    assert found["std_error"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("scale", [1e-6, 100.0])
def test_units_do_not_matter(fit, scale):
    events = simulate(np.random.default_rng(1))
    scaled = fit_lmm(FORMULA, events.assign(y=scale * events["y"]))
    ours = standardized_effects(fit, contrast(fit, "expression"))
    theirs = standardized_effects(scaled, contrast(scaled, "expression"))
    columns = ["effect_size", "std_error", "ci_low", "ci_high"]
    np.testing.assert_allclose(theirs[columns], ours[columns], rtol=1e-5)


def coverage(n_studies, seed):
    rng, covered = np.random.default_rng(seed), []
    truth = 1 / np.sqrt(0.8**2 + 0.5**2 / 2 + 0.6**2 + 1)
    for _ in range(n_studies):
        fit = fit_lmm(FORMULA, simulate(rng))
        found = standardized_effects(fit, contrast(fit, "expression"), of="expression").iloc[0]
        covered.append(found["ci_low"] < truth < found["ci_high"])
    return np.mean(covered)


@pytest.mark.filterwarnings("ignore:singular fit")
def test_intervals_cover_the_truth():
    assert coverage(60, 5) >= 0.85


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:singular fit")
def test_coverage_is_nominal():
    assert 0.93 <= coverage(1000, 6) <= 0.97


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"denominator": "baseline"}, "denominator must be one of"),
        ({"of": "valence"}, "'of' must be"),
        ({"confidence": 95}, "between 0 and 1"),
    ],
)
def test_bad_requests_are_refused(fit, arguments, message):
    with pytest.raises(ValueError, match=message):
        standardized_effects(fit, contrast(fit, "expression"), **arguments)
