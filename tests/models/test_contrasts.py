"""Marginal means and contrasts equal R's emmeans."""

import numpy as np
import pandas as pd
import pytest

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
