"""Marginal means and contrasts equal R's emmeans."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from mmme_neuro.models.contrasts import contrast, marginal_means
from mmme_neuro.models.mixed import fit_lmm
from tests.reference import tables

RANDOM = {
    "M1": "(1 | participant)",
    "M2": "(1 | participant) + (1 | video)",
    "M3": "(1 + condition | participant) + (1 | video)",
}
COLUMNS = {
    "estimate": "estimate",
    "SE": "std_error",
    "t.ratio": "statistic",
    "lower.CL": "ci_low",
    "upper.CL": "ci_high",
}


@pytest.fixture(scope="module")
def events():
    rng = np.random.default_rng(11)
    events = pd.DataFrame({"participant": np.repeat(np.arange(12), 30)})
    events["expression"] = rng.choice(["micro", "macro"], 360, p=[0.3, 0.7])
    events["valence"] = rng.choice(["negative", "positive", "surprise"], 360, p=[0.6, 0.25, 0.15])
    events["load"] = rng.normal(2, 1, 360)
    events["y"] = rng.normal(size=12)[events["participant"]] + rng.normal(size=360)
    return events


@pytest.fixture(scope="module")
def fit(events):
    return fit_lmm("y ~ expression * valence + load + (1 | participant)", events)


@pytest.mark.parametrize("column", [253, 793, 3179])
@pytest.mark.parametrize("model", RANDOM)
@pytest.mark.filterwarnings("ignore:singular fit")
def test_contrasts_equal_emmeans(column, model):
    reference = tables.lmm("mmme_like_emmeans", column=column, model=model)
    formula = f"y_{column} ~ condition * valence + logdur_z + {RANDOM[model]}"
    fit = fit_lmm(formula, tables.mmme_like())
    found = pd.concat(
        [
            contrast(fit, "condition"),
            contrast(fit, "condition", weights="proportional"),
            contrast(fit, "condition", by="valence"),
        ]
    )
    for theirs, ours in COLUMNS.items():
        scale = reference["SE"].to_numpy()
        error = np.abs(found[ours].to_numpy() - reference[theirs].to_numpy()) / scale
        assert error.max() < 1e-6, ours
    np.testing.assert_allclose(found["dof"], reference["df"], rtol=1e-4)


def test_marginal_mean_is_the_prediction_averaged_by_hand(fit):
    b = fit.coefficients
    load = fit.design.predictors["load"].mean()
    means = marginal_means(fit, "expression")
    macro = b["Intercept"] + (b["valence[T.positive]"] + b["valence[T.surprise]"]) / 3
    assert means.loc["macro", "estimate"] == pytest.approx(macro + load * b["load"])
    means = marginal_means(fit, "expression", by="valence", at={"load": [0.0]})
    expected = (
        b["Intercept"]
        + b["expression[T.micro]"]
        + b["valence[T.surprise]"]
        + b["expression[T.micro]:valence[T.surprise]"]
    )
    assert means.loc[("micro", "surprise"), "estimate"] == pytest.approx(expected)


def test_proportional_weights_count_events(fit, events):
    share = events["valence"].value_counts(normalize=True)
    within = marginal_means(fit, "expression", by="valence")["estimate"].loc["macro"]
    expected = (within * share[within.index]).sum()
    found = marginal_means(fit, "expression", weights="proportional")
    assert found.loc["macro", "estimate"] == pytest.approx(expected)


def test_contrasts_are_differences_of_means(fit):
    means = marginal_means(fit, "valence")["estimate"]
    pairs = contrast(fit, "valence", method="pairwise")["estimate"]
    assert list(pairs.index) == [
        "positive - negative",
        "surprise - negative",
        "surprise - positive",
    ]
    assert pairs["surprise - positive"] == pytest.approx(means["surprise"] - means["positive"])
    by = contrast(fit, "valence", by="expression")
    assert by.index.names == ["contrast", "expression"]
    within = marginal_means(fit, "expression", by="valence")["estimate"]
    assert by.loc[("surprise - negative", "micro"), "estimate"] == pytest.approx(
        within["micro", "surprise"] - within["micro", "negative"]
    )


def test_named_combination_equals_the_table(fit):
    named = contrast(fit, {"load x 2": {"load": 2.0}})
    assert named.loc["load x 2", "estimate"] == pytest.approx(2 * fit.coefficients["load"])
    assert named["p_value"].iloc[0] == pytest.approx(fit.table().loc["load", "p_value"])


def test_coding_does_not_change_contrasts(fit, events):
    coded = fit_lmm(
        "y ~ C(expression, contr.sum) * C(valence, contr.sum) + load + (1 | participant)", events
    )
    for df in ("satterthwaite", "kenward-roger"):
        pd.testing.assert_frame_equal(
            contrast(fit, "expression", by="valence", dof=df),
            contrast(coded, "expression", by="valence", dof=df),
            rtol=1e-6,
        )


def test_numeric_values_at_which_means_are_taken(fit):
    means = marginal_means(fit, "load", at={"load": [0, 1]})["estimate"]
    assert means[1.0] - means[0.0] == pytest.approx(fit.coefficients["load"])


def test_empty_cell_is_missing_not_guessed(events):
    kept = events[~((events["expression"] == "micro") & (events["valence"] == "surprise"))]
    with pytest.warns(UserWarning, match="left out"):
        fit = fit_lmm("y ~ expression * valence + (1 | participant)", kept)
    means = marginal_means(fit, "expression", by="valence")["estimate"]
    assert np.isnan(means["micro", "surprise"])
    cell = kept[(kept["expression"] == "micro") & (kept["valence"] == "positive")]["y"].mean()
    assert means["micro", "positive"] == pytest.approx(cell, abs=0.5)
    assert means.notna().sum() == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"of": "load"}, "not a categorical predictor"),
        ({"of": "emotion"}, "not a categorical predictor"),
        ({"of": "expression", "method": "tukey"}, "method must be one of"),
        ({"of": "expression", "weights": "cell"}, "weights must be one of"),
        ({"of": "expression", "at": {"valence": [1]}}, "expects numeric predictors"),
        ({"of": "expression", "dof": "wald"}, "dof must be one of"),
        ({"of": {"a": {"micro": 1}}}, "no term 'micro'"),
    ],
)
def test_bad_requests_are_refused(fit, arguments, message):
    with pytest.raises(ValueError, match=message):
        contrast(fit, **arguments)


@pytest.fixture(scope="module")
def flat():
    """Events without differences between groups: the fit is least squares."""
    rng = np.random.default_rng(4)
    table = pd.DataFrame({"g": np.tile(np.arange(6), 20)})
    table["cond"] = rng.choice(list("abcd"), 120, p=[0.4, 0.3, 0.2, 0.1])
    table["word"] = rng.choice(["u", "v", "w"], 120, p=[0.5, 0.3, 0.2])
    table["y"] = rng.normal(size=120) + (table["cond"] == "d")
    table["y"] -= table.groupby("g")["y"].transform("mean")
    with pytest.warns(UserWarning, match="zero variance"):
        return table, fit_lmm("y ~ cond + (1 | g)", table)


def test_tukey_equals_that_of_least_squares(flat):
    table, fit = flat
    found = contrast(fit, "cond", method="pairwise", adjust="tukey")
    groups = [table.loc[table["cond"] == level, "y"] for level in "abcd"]
    theirs = scipy.stats.tukey_hsd(*groups)
    interval = theirs.confidence_interval()
    for label, row in found.iterrows():
        later, earlier = ("abcd".index(word) for word in label.split(" - "))
        assert row["p_adjusted"] == pytest.approx(theirs.pvalue[later, earlier], rel=1e-5)
        assert row["ci_low_adjusted"] == pytest.approx(interval.low[later, earlier], rel=1e-5)
        assert row["ci_high_adjusted"] == pytest.approx(interval.high[later, earlier], rel=1e-5)


@pytest.mark.parametrize("adjust", ["tukey", "sidak", "bonferroni"])
def test_adjusted_interval_holds_zero_where_the_adjusted_p_value_is_above_its_level(flat, adjust):
    _, fit = flat
    found = contrast(fit, "cond", method="pairwise", adjust=adjust)
    p, n = found["p_value"], len(found)
    for p_adjusted in found["p_adjusted"][found["p_adjusted"] < 1]:
        each = contrast(fit, "cond", method="pairwise", adjust=adjust, confidence=1 - p_adjusted)
        assert each[["ci_low_adjusted", "ci_high_adjusted"]].abs().min(axis=1).min() < 1e-5
    if adjust == "sidak":
        np.testing.assert_allclose(found["p_adjusted"], 1 - (1 - p) ** n)
    assert (found["p_adjusted"] >= p).all()
    assert (found["p_adjusted"] <= np.minimum(n * p, 1) + 1e-12).all()


def test_family_is_what_is_tested_within_a_level_of_by(fit):
    found = contrast(fit, "valence", by="expression", method="pairwise", adjust="sidak")
    np.testing.assert_allclose(found["p_adjusted"], 1 - (1 - found["p_value"]) ** 3)
    two = contrast(fit, "expression", by="valence", adjust="tukey")
    np.testing.assert_array_equal(two["p_adjusted"], two["p_value"])
    named = contrast(fit, {"a": {"load": 1.0}, "b": {"load": 2.0}}, adjust="holm")
    np.testing.assert_allclose(named["p_adjusted"], np.minimum(2 * named["p_value"], 1))
    with pytest.raises(ValueError, match="tukey' is for all pairs.*pairwise"):
        contrast(fit, "valence", adjust="tukey")
    with pytest.raises(ValueError, match="adjust must be one of"):
        contrast(fit, "valence", adjust="scheffe")


def test_cell_weights_give_the_raw_means(flat):
    table, _ = flat
    with pytest.warns(UserWarning, match="zero variance"):
        fit = fit_lmm("y ~ cond * word + (1 | g)", table)
    means = marginal_means(fit, "cond", weights="cells")["estimate"]
    np.testing.assert_allclose(means, table.groupby("cond")["y"].mean(), atol=1e-10)
    by = marginal_means(fit, "cond", by="word", weights="cells")["estimate"]
    np.testing.assert_allclose(by, table.groupby(["cond", "word"])["y"].mean(), atol=1e-10)


@pytest.mark.parametrize("weights", ["outer", "proportional", "flat"])
@pytest.mark.filterwarnings("ignore:fixed terms")
def test_weights_of_several_predictors_by_hand(events, weights):
    rng = np.random.default_rng(3)
    # The share of k depends on valence, so that the weights differ; for "flat" a cell is empty.
    is_high = rng.random(360) < events["valence"].map({"negative": 0.8}).fillna(0.4)
    is_high |= (events["valence"] == "surprise") & (weights == "flat")
    table = events.assign(k=np.where(is_high, "high", "low"))
    fit = fit_lmm("y ~ expression * valence * k + (1 | participant)", table)
    cells = marginal_means(fit, "expression", by=["valence", "k"])["estimate"].loc["macro"]
    n = table.groupby(["valence", "k"]).size().reindex(cells.index, fill_value=0)
    by_valence, by_k = n.groupby("valence").sum(), n.groupby("k").sum()
    share = {
        "outer": pd.Series([float(by_valence[v] * by_k[k]) for v, k in n.index], n.index),
        "proportional": n.astype(float),
        "flat": (n > 0).astype(float),
    }[weights]
    found = marginal_means(fit, "expression", weights=weights)["estimate"]["macro"]
    expected = (cells[share > 0] * share[share > 0]).sum() / share.sum()
    assert found == pytest.approx(float(expected))


def test_proportional_weights_without_another_category(fit):
    equal = marginal_means(fit, "expression", by="valence")
    shared = marginal_means(fit, "expression", by="valence", weights="proportional")
    pd.testing.assert_frame_equal(shared, equal)


@pytest.mark.parametrize("value", [3, 3.0, [3], (3,), np.array([3]), np.int8(3), pd.Series([3])])
def test_one_value_is_as_good_as_a_list(fit, value):
    expected = marginal_means(fit, "expression", at={"load": [3.0]})
    pd.testing.assert_frame_equal(marginal_means(fit, "expression", at={"load": value}), expected)
    assert len(marginal_means(fit, "load", at={"load": value})) == 1


def test_levels_at_which_means_are_taken(fit):
    within = marginal_means(fit, "expression", by="valence")["estimate"]
    one = marginal_means(fit, "expression", at={"valence": "surprise"})["estimate"]
    np.testing.assert_allclose(one, within.xs("surprise", level="valence"))
    two = marginal_means(fit, "expression", at={"valence": ["surprise", "positive"]})["estimate"]
    averaged = within.drop("negative", level="valence").groupby("expression").mean()
    np.testing.assert_allclose(two, averaged)
    assert list(contrast(fit, "valence", at={"valence": ["positive", "surprise"]}).index) == [
        "surprise - positive"
    ]


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ({"load": "much"}, "finite numbers for 'load', found .'much'"),
        ({"load": np.nan}, "finite numbers"),
        ({"load": []}, "found none"),
        ({"valence": "neutral"}, "'valence' has no level .'neutral'"),
        ({"loud": 3}, "expects numeric predictors.*found .'loud'"),
        (3, "at must name predictors with their values.*got 3"),
        (0, "at must name predictors.*got 0"),
        ([("load", 3)], "at must name predictors"),
    ],
)
def test_values_that_a_predictor_cannot_have_are_refused(fit, at, message):
    with pytest.raises(ValueError, match=message):
        marginal_means(fit, "expression", at=at)
