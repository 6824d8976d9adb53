"""Prior weights and offsets equal generalized least squares with the covariance written out."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import statsmodels.api as sm

from mmme_neuro.inference import permutation_test
from mmme_neuro.models import (
    anova,
    bootstrap_likelihood_ratio,
    contrast,
    fit_glmm,
    fit_lmm,
    fit_lmm_map,
    fit_reduced,
    influence,
    likelihood_ratio,
    marginal_means,
    power,
    r_squared,
    residual_table,
    simulate_responses,
    standardized_effects,
    stated_model,
    variance_intervals,
)
from mmme_neuro.models.bootstrap import refit_responses

pytestmark = pytest.mark.filterwarnings("ignore:singular fit")
MODEL = "y ~ cond * x + (1 + x | p) + (1 | s)"


@pytest.fixture(scope="module")
def events():
    rng = np.random.default_rng(21)
    events = pd.DataFrame({"p": np.repeat(np.arange(12), 15), "s": np.tile(np.arange(9), 20)})
    events["cond"] = rng.choice(["a", "b"], 180)
    events["x"] = rng.normal(size=180)
    events["n"] = rng.integers(1, 12, 180)
    events["z"] = rng.normal(size=180)
    noise = rng.normal(size=180) / np.sqrt(events["n"])
    effects = rng.normal(size=(12, 2))[events["p"]]
    events["y"] = effects[:, 0] + (0.5 + effects[:, 1]) * events["x"] + 2 * noise
    events["y"] += rng.normal(size=9)[events["s"]]
    return events


@pytest.fixture(scope="module")
def fit(events):
    return fit_lmm(MODEL, events, weights="n")


def covariance_of(fit, weights):
    """Covariance of the responses, written out."""
    total = np.diag(fit.sigma**2 / weights)
    for factor in fit.design.random:
        same = factor.codes[:, None] == factor.codes
        own = fit.random_covariances[factor.name].to_numpy()
        total = total + same * (factor.columns @ own @ factor.columns.T)
    return total


@pytest.mark.parametrize("reml", [True, False])
def test_estimates_equal_generalized_least_squares(events, reml):
    fit = fit_lmm(MODEL, events, weights="n", reml=reml)
    x, y = fit.design.fixed, events["y"].to_numpy()
    inverse = np.linalg.inv(covariance_of(fit, events["n"].to_numpy()))
    information = x.T @ inverse @ x
    np.testing.assert_allclose(fit.coefficients, np.linalg.solve(information, x.T @ inverse @ y))
    np.testing.assert_allclose(fit.covariance, np.linalg.inv(information), rtol=1e-6)
    fixed = x @ fit.coefficients.to_numpy()
    density = scipy.stats.multivariate_normal(fixed, covariance_of(fit, events["n"].to_numpy()))
    criterion = -2 * density.logpdf(y)
    if reml:
        # lme4's constant: no log |X'X| and n - p in 2 pi.
        criterion += np.linalg.slogdet(information)[1] - x.shape[1] * np.log(2 * np.pi)
    assert fit.criterion == pytest.approx(criterion, rel=1e-9)
    modes = fit.conditional_modes["p"].to_numpy()
    factor = fit.design.random[0]
    own = fit.random_covariances["p"].to_numpy()
    columns = np.array([(factor.codes == code)[:, None] * factor.columns for code in range(12)])
    by_hand = np.array([own @ c.T @ inverse @ (y - fixed) for c in columns])
    np.testing.assert_allclose(modes, by_hand, rtol=1e-5, atol=1e-7)


def test_fit_is_at_the_minimum(events, fit):
    x, y, n = fit.design.fixed, events["y"].to_numpy(), events["n"].to_numpy()

    def criterion(scale):
        covariance = covariance_of(fit, n) - np.diag(fit.sigma**2 / n) * (1 - scale)
        inverse = np.linalg.inv(covariance)
        b = np.linalg.solve(x.T @ inverse @ x, x.T @ inverse @ y)
        logdet = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(x.T @ inverse @ x)[1]
        return logdet + (y - x @ b) @ inverse @ (y - x @ b)

    assert fit.converged
    assert min(criterion(0.98), criterion(1.02)) > criterion(1.0)


def test_equal_weights_change_nothing_but_sigma(events):
    plain = fit_lmm(MODEL, events)
    fit = fit_lmm(MODEL, events.assign(w=4.0), weights="w")
    pd.testing.assert_frame_equal(fit.table(), plain.table(), rtol=1e-5)
    assert fit.sigma == pytest.approx(2 * plain.sigma, rel=1e-6)
    assert fit.criterion == pytest.approx(plain.criterion, abs=1e-7)
    pd.testing.assert_series_equal(r_squared(fit), r_squared(plain), rtol=1e-5)
    pd.testing.assert_frame_equal(
        standardized_effects(fit, contrast(fit, "cond")),
        standardized_effects(plain, contrast(plain, "cond")),
        rtol=1e-4,
    )
    pd.testing.assert_frame_equal(
        residual_table(fit).drop(columns="row"),
        residual_table(plain).drop(columns="row"),
        rtol=1e-4,
    )
    levels = influence(fit, "p").levels[["cooks_distance", "covariance_ratio"]]
    np.testing.assert_allclose(
        levels, influence(plain, "p").levels[["cooks_distance", "covariance_ratio"]], rtol=1e-3
    )


def test_unit_of_the_weights_changes_nothing_but_sigma(events, fit):
    other = fit_lmm(MODEL, events, weights=events["n"] / 1e4)
    pd.testing.assert_frame_equal(other.table(), fit.table(), rtol=1e-5)
    assert other.criterion == pytest.approx(fit.criterion, abs=1e-6)
    for dof in ("satterthwaite", "kenward-roger"):
        columns = ["dof_denominator", "statistic", "p_value"]
        np.testing.assert_allclose(
            anova(other, dof=dof)[columns], anova(fit, dof=dof)[columns], rtol=1e-4
        )


def test_map_equals_single_fits(events, fit):
    maps = np.column_stack([events["y"], events["z"] + events["y"], events["y"]])
    maps[5, 2] = np.nan
    found = fit_lmm_map(MODEL.removeprefix("y "), maps, events, weights="n").to_dataset()
    for cell in range(3):
        single = fit_lmm(MODEL, events.assign(y=maps[:, cell]), weights=events["n"].to_numpy())
        np.testing.assert_allclose(found["estimate"][:, cell], single.coefficients, rtol=1e-5)
        np.testing.assert_allclose(found["dof"][:, cell], single.table()["dof"], rtol=2e-3)
        assert float(found["criterion"][cell]) == pytest.approx(single.criterion, abs=1e-6)
        assert float(found["sigma"][cell]) == pytest.approx(single.sigma, rel=1e-6)


def test_weighted_fit_is_refitted_drawn_and_profiled_with_its_weights(events, fit):
    (again,) = refit_responses(fit, events[["y"]].to_numpy())
    assert again.criterion == pytest.approx(fit.criterion, abs=1e-8)
    np.testing.assert_allclose(again.fitted, fit.fitted, rtol=1e-6)
    drawn = simulate_responses(fit, 4000, rng=1)
    np.testing.assert_allclose(
        drawn.var(axis=1), np.diag(covariance_of(fit, events["n"])), rtol=0.2
    )
    intervals = variance_intervals(fit)
    assert (intervals["ci_low"] <= intervals["estimate"] + 1e-9).all()
    assert (intervals["estimate"] <= intervals["ci_high"] + 1e-9).all()
    counted = fit.residuals * np.sqrt(events["n"])
    assert residual_table(fit)["standardized"].corr(counted) > 0.9


def test_weights_of_means_recover_what_their_absence_loses(events):
    rng = np.random.default_rng(5)
    errors = {"n": [], None: []}
    for _ in range(12):
        y = rng.normal(size=12)[events["p"]] * 0.1 + rng.normal(size=180) / np.sqrt(events["n"])
        for weights in errors:
            own = fit_lmm("y ~ x + (1 | p)", events.assign(y=y), weights=weights)
            errors[weights].append(own.coefficients["x"])
    assert np.std(errors["n"]) < np.std(errors[None])


def test_nested_models_with_weights(events):
    smaller = fit_lmm("y ~ x + (1 | p)", events, weights="n")
    larger = fit_lmm("y ~ x + (1 + x | p)", events, weights="n")
    table = likelihood_ratio(smaller, larger)
    assert table["p_value"].iloc[1] < 0.01
    assert bootstrap_likelihood_ratio(smaller, larger, 20, rng=1)["p_value"] < 0.1
    with pytest.raises(ValueError, match="different weights or offsets"):
        likelihood_ratio(fit_lmm("y ~ x + (1 | p)", events), larger)


def test_weights_are_reduced_dropped_and_averaged_with(events):
    holes = events.assign(n=events["n"].where(events.index != 3).astype("Int64"))
    fit = fit_reduced("y ~ cond * x + (1 + x * cond | p)", holes, weights="n")
    assert fit.n_dropped == 1 and len(fit.design.weights) == 179
    word = np.where(events["z"] > 0, "u", "v")
    own = fit_lmm("y ~ cond * w + (1 | p)", events.assign(w=word), weights="n")
    by = marginal_means(own, "cond", by="w")["estimate"].loc["a"]
    share = events["n"].groupby(word).sum()
    found = marginal_means(own, "cond", weights="proportional")["estimate"]["a"]
    assert found == pytest.approx((by * share[by.index]).sum() / share.sum())


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0, 2.0], "one value for each of the 180 rows"),
        ("m", "no column 'm'"),
        ("cond", "weights must be numbers"),
        (np.zeros(180), "above zero, found 180"),
        (-np.ones(180), "above zero"),
        (np.full(180, np.inf), "infinite"),
    ],
)
def test_weights_that_are_none_are_refused(events, weights, message):
    with pytest.raises(ValueError, match=message):
        fit_lmm(MODEL, events, weights=weights)


@pytest.mark.parametrize("text", ["z", "2 * z - 1", "`z z`", "log(n)", "z) + offset(x"])
def test_offset_is_subtracted_from_the_response(events, text):
    table = events.assign(**{"z z": events["z"]})
    known = {
        "z": events["z"],
        "2 * z - 1": 2 * events["z"] - 1,
        "`z z`": events["z"],
        "log(n)": np.log(events["n"]),
        "z) + offset(x": events["z"] + events["x"],
    }[text]
    expected = fit_lmm(MODEL, table.assign(y=events["y"] - known))
    fit = fit_lmm(f"y ~ cond * x + offset({text}) + (1 + x | p) + (1 | s)", table)
    pd.testing.assert_frame_equal(fit.table(), expected.table(), rtol=1e-6)
    np.testing.assert_allclose(fit.residuals, expected.residuals, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(fit.fitted, expected.fitted + known, rtol=1e-6)
    again = fit_lmm(fit.formula, table)
    assert again.criterion == pytest.approx(fit.criterion)


def test_offset_in_other_verbs(events):
    right = "cond * x + offset(z) + (1 + x | p) + (1 | s)"
    maps = np.column_stack([events["y"], events["x"] * 2 + events["z"] ** 2])
    maps[4, 1] = np.nan
    net = maps - events[["z"]].to_numpy()
    found = fit_lmm_map(f"~ {right}", maps, events).to_dataset()["estimate"]
    plain = fit_lmm_map(MODEL.removeprefix("y "), net, events).to_dataset()["estimate"]
    np.testing.assert_allclose(found, plain, rtol=1e-5)
    tests = [
        permutation_test(
            text, values, events, term="x", rng=1, n_permutations=99, units="p"
        ).to_dataset()["statistic"]
        for text, values in (
            ("~ x + offset(z) + (1 + x | p)", maps),
            ("~ x + (1 + x | p)", net),
        )
    ]
    np.testing.assert_allclose(tests[0], tests[1], rtol=1e-6)
    fit = fit_lmm(f"y ~ {right}", events)
    drawn = simulate_responses(fit, 500, rng=1).mean(axis=1)
    assert np.corrcoef(drawn, fit.expected)[0, 1] > 0.95
    (again,) = refit_responses(fit, events[["y"]].to_numpy())
    assert again.criterion == pytest.approx(fit.criterion)
    assert influence(fit, "p").levels["problem"].eq("").all()
    reduced = fit_reduced(f"y ~ {right}", events)
    expected = fit_reduced(MODEL, events.assign(y=net[:, 0]))
    assert reduced.criterion == pytest.approx(expected.criterion)
    assert "offset(z)" in reduced.formula and reduced.reductions == expected.reductions
    state = stated_model(fit).with_coefficients(x=3.0)
    assert power(state, events, "x", 10, rng=1)["power"] > 0.9


def test_offset_of_counts_is_the_logarithm_of_exposure(events):
    rng = np.random.default_rng(8)
    minutes = rng.uniform(1, 10, 180)
    counts = rng.poisson(minutes * np.exp(0.3 + 0.5 * events["x"]))
    table = events.assign(counts=counts, minutes=minutes)
    formula = "counts ~ x + offset(log(minutes)) + (1 | p)"
    fit = fit_glmm(formula, table, family="poisson").table()
    known = sm.GLM(
        counts,
        sm.add_constant(events["x"].to_numpy()),
        family=sm.families.Poisson(),
        offset=np.log(minutes),
    ).fit()
    np.testing.assert_allclose(fit["estimate"], known.params, atol=0.03)
    without = fit_glmm("counts ~ x + (1 | p)", table, family="poisson").table()
    assert without["estimate"].iloc[0] - known.params[0] > 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y ~ x - offset(z) + (1 | p)", "offset cannot be subtracted"),
        ("y ~ x:offset(z) + (1 | p)", "a term of its own"),
        ("y ~ x + offset(z) * x + (1 | p)", "a term of its own"),
        ("y ~ x + (1 + offset(z) | p)", "a term of its own|cannot evaluate"),
        ("y ~ x + offset() + (1 | p)", "one expression in offset"),
        ("y ~ x + offset(q) + (1 | p)", "no column 'q'"),
        ("y ~ x + offset(log(z)) + (1 | p)", "not finite"),
        ("y ~ x + offset(cond) + (1 | p)", "must be one numeric column"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_offsets_that_are_none_are_refused(events, text, message):
    with pytest.raises(ValueError, match=message):
        fit_lmm(text, events)


def test_weights_with_the_labels_of_the_rows_are_matched_by_label(events, fit):
    mixed = events["n"].sample(frac=1, random_state=1)
    with pytest.warns(UserWarning, match="weights has the labels.*matched by label"):
        found = fit_lmm(MODEL, events, weights=mixed)
    pd.testing.assert_frame_equal(found.table(), fit.table())
    by_row = fit_lmm(MODEL, events, weights=mixed.to_numpy())
    assert abs(by_row.criterion - fit.criterion) > 1
    other = fit_lmm(MODEL, events, weights=events["n"].set_axis(np.arange(180) + 7))
    pd.testing.assert_frame_equal(other.table(), fit.table())
