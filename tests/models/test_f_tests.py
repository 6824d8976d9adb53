"""Type III F tests equal lmerTest and pbkrtest whatever the coding, and keep their level."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from statsmodels.stats.anova import anova_lm

from mmme_neuro.models.f_tests import anova
from mmme_neuro.models.mixed import fit_lmm
from tests.reference import tables
from tests.reference.published import DATASETS

STUDY = "condition * valence + logdur_z"
RANDOM = {
    "M1": "(1 | participant)",
    "M2": "(1 | participant) + (1 | video)",
    "M3": "(1 + condition | participant) + (1 | video)",
}
CAKE = {
    "factorial": "angle ~ recipe * C(temperature, contr.poly) + (1 | recipe:replicate)",
    "additive_linear_temp": "angle ~ recipe + temp + (1 | recipe:replicate)",
}


def close(found, reference):
    assert len(found) == len(reference) > 0
    np.testing.assert_allclose(found["statistic"], reference["F"], rtol=2e-6)
    np.testing.assert_allclose(found["sum_sq"], reference["sumsq"], rtol=2e-6)
    np.testing.assert_allclose(found["dof_numerator"], reference["numdf"])
    np.testing.assert_allclose(found["dof_denominator"], reference["dendf"], rtol=1e-5)
    np.testing.assert_allclose(found["p_value"], reference["p"], rtol=1e-4)


@pytest.mark.parametrize("df", ["Satterthwaite", "Kenward-Roger"])
@pytest.mark.parametrize("model", CAKE)
def test_balanced_factorial_equals_lmertest_and_pbkrtest(model, df):
    reference = tables.lmm("small_anova3", dataset="cake", model=model, method="REML", ddf=df)
    fit = fit_lmm(CAKE[model], DATASETS["cake"])
    close(anova(fit, dof=df.lower()), reference)


@pytest.mark.parametrize("column", [253, 793, 3179, 10498])
@pytest.mark.parametrize("model", RANDOM)
@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.filterwarnings("ignore:singular fit")
def test_unbalanced_study_equals_lmertest(column, model, method):
    reference = tables.lmm("mmme_like_anova3", column=column, model=model, method=method)
    formula = f"y_{column} ~ {STUDY} + {RANDOM[model]}"
    fit = fit_lmm(formula, tables.mmme_like(), reml=method == "REML")
    found = anova(fit)
    close(found, reference.set_index("term").loc[found.index])


@pytest.fixture(scope="module")
def events():
    rng = np.random.default_rng(4)
    events = pd.DataFrame({"p": np.repeat(np.arange(12), 20)})
    events["a"] = rng.choice(list("uvw"), 240, p=[0.5, 0.3, 0.2])
    events["b"] = rng.choice(["no", "yes"], 240, p=[0.7, 0.3])
    events["my x"] = rng.normal(1, 1, 240)
    events["y"] = rng.normal(size=12)[events["p"]] + rng.normal(size=240)
    return events


@pytest.mark.parametrize("df", ["satterthwaite", "kenward-roger"])
@pytest.mark.parametrize("coding", ["contr.sum", "contr.helmert", "contr.treatment('w')"])
def test_coding_does_not_change_the_tests(events, df, coding):
    if "(" in coding:
        coded = "C(a, contr.treatment(base='w')) * b * `my x`"
    else:
        coded = f"C(a, {coding}) * C(b, {coding}) * `my x`"
    ours = anova(fit_lmm("y ~ a * b * `my x` + (1 | p)", events), dof=df)
    theirs = anova(fit_lmm(f"y ~ {coded} + (1 | p)", events), dof=df)
    np.testing.assert_allclose(theirs["statistic"], ours["statistic"], rtol=1e-6)
    np.testing.assert_allclose(theirs["dof_denominator"], ours["dof_denominator"], rtol=1e-5)


def test_one_degree_of_freedom_is_the_squared_t(events):
    fit = fit_lmm("y ~ a + b + (1 | p)", events)
    for df in ("satterthwaite", "kenward-roger"):
        row, t = anova(fit, dof=df).loc["b"], fit.table(df).loc["b[T.yes]"]
        assert row["statistic"] == pytest.approx(t["statistic"] ** 2)
        assert row["dof_denominator"] == pytest.approx(t["dof"])
        assert row["p_value"] == pytest.approx(t["p_value"])


def test_without_between_variance_it_is_the_ordinary_type_three_anova(events):
    flat = events.copy()
    flat["y"] = np.random.default_rng(1).normal(size=240)
    flat["y"] -= flat.groupby("p")["y"].transform("mean")
    with pytest.warns(UserWarning, match="singular"):
        fit = fit_lmm("y ~ a * b + (1 | p)", flat)
    ols = anova_lm(smf.ols("y ~ C(a, Sum) * C(b, Sum)", flat).fit(), typ=3).iloc[1:4]
    found = anova(fit)
    np.testing.assert_allclose(found["statistic"], ols["F"], rtol=1e-6)
    np.testing.assert_allclose(found["sum_sq"], ols["sum_sq"], rtol=1e-6)
    np.testing.assert_allclose(found["dof_denominator"], 234, rtol=1e-6)


def test_empty_cell_leaves_no_number(events):
    kept = events[~((events["a"] == "w") & (events["b"] == "yes"))]
    with pytest.warns(UserWarning, match="left out"):
        fit = fit_lmm("y ~ a * b + (1 | p)", kept)
    assert anova(fit)["p_value"].isna().all()


def null_rate(n_studies, df, seed):
    rng, p_values = np.random.default_rng(seed), []
    for _ in range(n_studies):
        events = pd.DataFrame({"p": np.repeat(np.arange(9), 6)})
        events["g"] = np.array(list("uvw"))[events["p"] % 3]
        kept = rng.random(54) < 0.7
        events["y"] = rng.normal(size=9)[events["p"]] + rng.normal(size=54)
        p_values.append(anova(fit_lmm("y ~ g + (1 | p)", events[kept]), dof=df).loc["g", "p_value"])
    return float(np.mean(np.array(p_values) < 0.05))


@pytest.mark.filterwarnings("ignore:singular fit")
def test_null_rate_with_three_groups_of_three_participants():
    assert null_rate(150, "kenward-roger", 1) < 0.1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:singular fit")
@pytest.mark.parametrize("df", ["satterthwaite", "kenward-roger"])
def test_null_rate_is_nominal(df):
    assert 0.035 < null_rate(2000, df, 2) < 0.068


@pytest.mark.parametrize("df", ["wald", "none"])
def test_bad_requests_are_refused(events, df):
    with pytest.raises(ValueError, match="dof must be one of"):
        anova(fit_lmm("y ~ a + (1 | p)", events), dof=df)


def test_transformed_category_is_refused_by_name(events):
    fit = fit_lmm("y ~ C(np.sign(`my x`)) + (1 | p)", events)
    with pytest.raises(ValueError, match="compute it as a column"):
        anova(fit)
