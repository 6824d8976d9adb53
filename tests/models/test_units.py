"""Units and offsets of predictors and responses are no part of a mixed model."""

import warnings

import numpy as np
import pandas as pd
import pytest

from mmme_neuro import fit_lmm, fit_lmm_map, marginal_means, permutation_test
from mmme_neuro.models.bootstrap import parametric_bootstrap, simulate_responses
from mmme_neuro.models.comparison import likelihood_ratio
from mmme_neuro.models.deletion import influence
from mmme_neuro.models.diagnostics import collinearity, leverage
from mmme_neuro.models.effects import standardized_effects
from mmme_neuro.models.explained import r_squared
from mmme_neuro.models.f_tests import anova
from mmme_neuro.models.mixed import estimate_lmm
from mmme_neuro.models.planning import StatedModel
from mmme_neuro.models.profile import variance_intervals
from mmme_neuro.models.reduction import fit_reduced

CORRELATED = {
    "x + (1 + x | g)": ["x"],
    "x + z + (1 + x + z | g)": ["x", "z"],
    "x * c + (1 + x * c | g)": ["x:c[T.b]"],
    "x * z + (1 + x * z | g) + (1 | h)": ["x:z"],
    "x + c + (1 + x | g) + (1 + c | h)": ["x", "c[T.b]"],
}
"""Formulas in which offsets do not matter, and the terms that no offset changes."""
UNCORRELATED = {
    "x + (1 + x || g)": ["x"],
    "x + (0 + x | g)": ["x"],
    "x + (1 + c | g) + (0 + x | h)": ["x", "c[T.b]"][:1],
}
SCALES = [(1e-6, 1e3, 1.0), (1e9, 1e-9, 1e-9), (1e-9, 1e-3, 1e6), (-25.4, 1e5, 1e9)]
"""Of x, of z, of the response."""
OFFSETS = [(2019.5, -1.0), (273.15, 40.0), (-1e5, 1e3)]
"""Of x and of z, in standard deviations."""


def drawn(seed):
    """A random design with variances of which some are zero."""
    rng = np.random.default_rng(seed)
    n = 140
    events = pd.DataFrame(
        {
            "g": rng.integers(0, 11, n),
            "h": rng.integers(0, 8, n),
            "x": rng.normal(size=n),
            "z": rng.normal(size=n),
            "c": rng.choice(list("ab"), n),
        }
    )
    intercept, slope, other = rng.choice([0.0, 0.1, 0.5, 1.0], 3)
    g, h = events["g"], events["h"]
    events["y"] = (
        rng.normal(size=n)
        + 0.3 * events["x"]
        + (intercept * rng.normal(size=11))[g]
        + (slope * rng.normal(size=11))[g] * events["x"]
        + (other * rng.normal(size=8))[h]
    )
    return events


def map_of(formula, events):
    return fit_lmm_map(f"~ {formula}", events[["y"]].to_numpy(), events).dataset.isel(axis_1=0)


def assert_same_tests(formula, terms, events, changed, sign=1.0, rtol=1e-4):
    """Single fit and map: t, df, p and boundaries."""
    before, after = (estimate_lmm(f"y ~ {formula}", e, reml=True) for e in (events, changed))
    assert after.converged == before.converged and after.singular == before.singular
    maps = [map_of(formula, e) for e in (events, changed)]
    assert int(maps[0]["status"]) == int(maps[1]["status"])
    assert (int(maps[1]["status"]) > 0) == after.singular
    for method in ("satterthwaite", "kenward-roger"):
        one, two = (fit.table(method).loc[terms] for fit in (before, after))
        np.testing.assert_allclose(two["statistic"], sign * one["statistic"], rtol=rtol)
        np.testing.assert_allclose(two["dof"], one["dof"], rtol=rtol)
        np.testing.assert_allclose(two["p_value"], one["p_value"], rtol=rtol)
    one, two = (cells.sel(term=terms) for cells in maps)
    np.testing.assert_allclose(two["statistic"], sign * one["statistic"], rtol=rtol)
    np.testing.assert_allclose(two["dof"], one["dof"], rtol=rtol)
    np.testing.assert_allclose(two["dof"], after.table().loc[terms, "dof"], rtol=1e-3)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("formula", [*CORRELATED, *UNCORRELATED])
def test_units_change_no_test(formula, seed):
    events, terms = drawn(seed), (CORRELATED | UNCORRELATED)[formula]
    of_x, of_z, of_y = SCALES[seed]
    changed = events.assign(x=events["x"] * of_x, z=events["z"] * of_z, y=events["y"] * of_y)
    # A negative unit turns x: only its sign.
    signs = np.array([np.sign(of_x) if "x" in term.split(":") else 1.0 for term in terms])
    assert_same_tests(formula, terms, events, changed, signs, rtol=1e-6)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("formula", CORRELATED)
def test_offsets_change_no_test_where_the_intercept_is_correlated(formula, seed):
    events, terms = drawn(seed + 10), CORRELATED[formula]
    of_x, of_z = OFFSETS[seed]
    changed = events.assign(
        x=events["x"] + of_x, z=events["z"] + of_z, y=events["y"] + 1e6 * (seed == 1)
    )
    assert_same_tests(formula, terms, events, changed)


def test_offsets_are_part_of_the_model_where_the_intercept_is_not_correlated():
    events = drawn(21)
    changed = events.assign(x=events["x"] + 3)
    for formula in ("x + (1 + x || g)", "x + (0 + x | g)"):
        one, two = (estimate_lmm(f"y ~ {formula}", e, reml=False) for e in (events, changed))
        assert abs(one.criterion - two.criterion) > 1e-3
        # The scaled search has the unscaled model: the density of the response says which.
        by_hand = dense_criterion(two, changed)
        assert two.criterion == pytest.approx(by_hand, abs=1e-6)


def dense_criterion(fit, events):
    """-2 log likelihood from the covariance matrix that the components in user's units imply."""
    variance = fit.sigma**2 * np.eye(len(events))
    for factor in fit.design.random:
        covariance = fit.random_covariances[factor.name].to_numpy()
        same = factor.codes[:, None] == factor.codes
        variance += same * (factor.columns @ covariance @ factor.columns.T)
    rest = events["y"].to_numpy() - fit.design.fixed @ fit.coefficients.to_numpy()
    log_determinant = np.linalg.slogdet(2 * np.pi * variance)[1]
    return log_determinant + rest @ np.linalg.solve(variance, rest)


@pytest.mark.parametrize("formula", [*CORRELATED, *UNCORRELATED])
def test_components_are_in_the_units_of_the_predictors(formula):
    events = drawn(5).assign(x=lambda e: 1e-3 * e["x"] + 0.02, z=lambda e: 50 * e["z"])
    fit = estimate_lmm(f"y ~ {formula}", events, reml=False)
    assert fit.criterion == pytest.approx(dense_criterion(fit, events), abs=1e-5)
    cell = fit_lmm_map(f"~ {formula}", events[["y"]].to_numpy(), events, reml=False).dataset
    np.testing.assert_allclose(
        cell["random_sd"][:, 0], fit.variance_components["sd"][:-1], rtol=1e-3, atol=1e-3
    )
    np.testing.assert_allclose(
        cell["theta"][:, 0], fit.theta, rtol=1e-3, atol=1e-4 * np.abs(fit.theta).max()
    )


@pytest.fixture(scope="module")
def pair():
    """A fit with x in one unit and the same with x in another, both with an interior optimum."""
    events = drawn(33)
    rng = np.random.default_rng(1)
    events["y"] += rng.normal(size=11)[events["g"]] * (1 + 0.7 * events["x"])
    events["y"] += 0.8 * rng.normal(size=11)[events["g"]] * events["x"]
    formula = "y ~ x + c + (1 + x | g)"
    changed = events.assign(x=events["x"] * 1e-6)
    fits = [estimate_lmm(formula, e, reml=True) for e in (events, changed)]
    assert not fits[0].singular
    return fits


def test_everything_asked_of_a_fit_is_in_the_new_unit(pair):
    one, two = pair
    unit = np.array([1.0, 1e6])
    np.testing.assert_allclose(
        two.variance_components["sd"][:2], one.variance_components["sd"][:2] * unit, rtol=1e-6
    )
    for name in ("conditional_modes", "conditional_sds"):
        np.testing.assert_allclose(getattr(two, name)["g"], getattr(one, name)["g"] * unit, 1e-5)
    np.testing.assert_allclose(two.fitted, one.fitted, rtol=1e-6)
    np.testing.assert_allclose(leverage(two), leverage(one), rtol=1e-6)
    np.testing.assert_allclose(r_squared(two), r_squared(one), rtol=1e-6)
    np.testing.assert_allclose(anova(two)[["statistic", "p_value"]].T, anova(one).T.iloc[4:], 1e-6)
    np.testing.assert_allclose(collinearity(two), collinearity(one), rtol=1e-6)
    tables = [standardized_effects(fit, fit.table().loc[["c[T.b]"]]) for fit in pair]
    np.testing.assert_allclose(tables[1], tables[0], rtol=1e-6)
    means = [marginal_means(fit, "c") for fit in pair]
    np.testing.assert_allclose(means[1], means[0], rtol=1e-6)
    drawn_responses = [simulate_responses(fit, 3, rng=1) for fit in pair]
    np.testing.assert_allclose(drawn_responses[1], drawn_responses[0], rtol=1e-5, atol=1e-6)


def test_intervals_and_refits_are_in_the_new_unit(pair):
    one, two = pair
    limits = [variance_intervals(fit)[["ci_low", "ci_high"]].to_numpy() for fit in pair]
    unit = np.array([1.0, 1.0, 1e6, 1.0])
    order = variance_intervals(one)["kind"].tolist()
    assert order == ["sd", "correlation", "sd", "sd"]
    np.testing.assert_allclose(limits[1], limits[0] * unit[:, None], rtol=1e-5)
    left_out = [influence(fit, "g").levels for fit in pair]
    for name in ("cooks_distance", "sigma"):
        np.testing.assert_allclose(left_out[1][name], left_out[0][name], rtol=1e-5)
    ratio = left_out[1]["covariance_ratio"] / left_out[0]["covariance_ratio"]
    np.testing.assert_allclose(ratio, 1, rtol=1e-5)
    refits = [parametric_bootstrap(fit, lambda f: f.table()["dof"], 2, rng=2) for fit in pair]
    np.testing.assert_allclose(
        refits[1].iloc[:, :3].astype(float), refits[0].iloc[:, :3].astype(float), rtol=1e-4
    )


def test_a_stated_truth_keeps_the_digits_of_all_columns(pair):
    fit = pair[0]
    events = fit.design.predictors.assign(
        g=np.array(fit.design.random[0].levels)[fit.design.random[0].codes]
    )
    covariance = fit.random_covariances["g"]
    unit = np.array([1.0, 1e9])
    stated = StatedModel(
        "y ~ x + c + (1 + x | g)",
        fit.coefficients.to_dict(),
        {"g": covariance * np.outer(unit, unit)},
        fit.sigma,
    )
    root = stated.factors(stated.design_of(events.assign(x=events["x"] * 1e-9)))["g"]
    np.testing.assert_allclose(root @ root.T / np.outer(unit, unit), covariance, rtol=1e-9)


@pytest.mark.parametrize("change", [lambda x: 1e-9 * x, lambda x: x + 1900.0, lambda x: 1e7 * x])
def test_comparisons_reductions_and_permutations_do_not_depend_on_units(change):
    events = drawn(12)
    rng = np.random.default_rng(4)
    events["y"] += 0.5 * rng.normal(size=11)[events["g"]] * events["x"]
    found = []
    for table in (events, events.assign(x=change(events["x"]))):
        slopes = fit_lmm_quietly("y ~ x + c + (1 + x | g)", table)
        intercepts = fit_lmm_quietly("y ~ x + c + (1 | g)", table)
        reduced = fit_reduced("y ~ x + c + (1 + x | g) + (1 + c | h)", table, participant="g")
        test = permutation_test(
            "~ x + c + (1 + x | g)",
            np.column_stack([table["y"], table["y"] ** 2]),
            table,
            term="x",
            units="g",
            rng=1,
            n_permutations=200,
            correction="max",
        ).to_dataset()
        p = likelihood_ratio(intercepts, slopes)["p_value"].iloc[1]
        found.append((p, reduced.reductions, test["statistic"].to_numpy(), test["p_value"]))
    assert found[1][0] == pytest.approx(found[0][0], rel=1e-5)
    assert found[1][1] == found[0][1]
    np.testing.assert_allclose(found[1][2], found[0][2], rtol=1e-5)
    np.testing.assert_array_equal(found[1][3], found[0][3])


def fit_lmm_quietly(formula, events):
    return estimate_lmm(formula, events, reml=True)


@pytest.mark.parametrize(
    ("scale", "offset"), [(1e-9, 0.0), (1e9, 0.0), (1.0, 1.7e9), (1e-6, -4.0), (1e3, 1e9)]
)
def test_aliased_terms_do_not_depend_on_units_and_offsets(scale, offset):
    events = drawn(2)
    x = scale * events["x"] + offset
    changed = events.assign(x=x, twice=2 * x + 3, z=scale * events["z"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = fit_lmm("y ~ x + twice + z + c + (1 | g)", changed)
    assert fit.design.aliased == ("twice",)
    one = estimate_lmm("y ~ x + z + c + (1 | g)", events, reml=True).table()
    np.testing.assert_allclose(
        fit.table().loc["x":, ["statistic", "dof"]], one.loc["x":, ["statistic", "dof"]], rtol=1e-5
    )


def test_empty_cells_stay_without_estimate_whatever_the_unit():
    events = drawn(3)
    events["d"] = np.where(events["c"] == "b", "u", np.where(events["z"] > 0, "u", "v"))
    for unit in (1.0, 1e9):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = fit_lmm("y ~ c * d + x + (1 | g)", events.assign(x=unit * events["x"]))
        means = marginal_means(fit, "c", by="d")
        assert np.isnan(means.loc[("b", "v"), "estimate"])
        assert np.isfinite(means.drop(("b", "v"))["estimate"]).all()


def test_very_different_scales_are_said_where_digits_are_lost():
    events = drawn(6).assign(t=lambda e: 1.7e9 + e["x"])
    with pytest.warns(UserWarning, match="t varies by less than 1e-07 of its size"):
        fit_lmm("y ~ t + (1 | g)", events)
    with pytest.warns(UserWarning, match="very different scales"):
        fit_lmm_map("~ t + (1 | g)", events[["y"]].to_numpy(), events)
    year = events.assign(year=2019 + events["x"])
    with pytest.warns(UserWarning, match="uncorrelated where year is zero"):
        fit_lmm("y ~ year + (1 + year || g)", year)
    for formula in ("y ~ year + (1 + year | g)", "y ~ x + (1 + x || g)", "y ~ c + (1 + c || g)"):
        messages = estimate_lmm(formula, year, reml=True).warnings
        assert not any("scales" in text or "uncorrelated" in text for text in messages)


def test_large_variances_keep_their_degrees_of_freedom():
    # A residual a thousandth of a percent of the groups: the mean has the groups' 10 df.
    rng = np.random.default_rng(8)
    for noise in (1e-2, 1e-3, 1e-4):
        events = pd.DataFrame({"g": np.repeat(np.arange(11), 6)})
        events["y"] = rng.normal(size=11)[events["g"]] + noise * rng.normal(size=66)
        fit = fit_lmm("y ~ 1 + (1 | g)", events)
        cell = fit_lmm_map("~ 1 + (1 | g)", events[["y"]].to_numpy(), events).dataset
        for method in ("satterthwaite", "kenward-roger"):
            dof = fit.table(method).loc["Intercept", "dof"]
            assert dof == pytest.approx(10, rel=2e-3)
        assert float(cell["dof"][0, 0]) == pytest.approx(10, rel=1e-3)
