"""Codings are named in the formula and equal R's; `||` and `a/b` mean what lme4 means."""

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.models.mixed import fit_lmm
from tests.reference.published import DATASETS

pytestmark = pytest.mark.filterwarnings("ignore:singular fit")

# contr.sum(3), contr.helmert(3) and contr.treatment(3) of R.
MATRICES = {
    "contr.sum": [[1, 0], [0, 1], [-1, -1]],
    "contr.helmert": [[-1, -1], [1, -1], [0, 2]],
    "contr.treatment": [[0, 0], [1, 0], [0, 1]],
}


@pytest.fixture(scope="module")
def events():
    rng = np.random.default_rng(3)
    events = pd.DataFrame({"p": np.repeat(np.arange(20), 30)})
    events["c"] = rng.choice(["a", "b", "c"], 600, p=[0.5, 0.3, 0.2])
    events["x"] = rng.normal(size=600)
    effects = {"a": 0.0, "b": 1.0, "c": 3.0}
    slopes = rng.normal(0, [1, 0.6, 0.8], (20, 3))
    events["y"] = (
        events["c"].map(effects)
        + slopes[events["p"], 0]
        + slopes[events["p"], 1] * (events["c"] == "b")
        + slopes[events["p"], 2] * events["x"]
        + rng.normal(size=600)
    )
    return events


@pytest.mark.parametrize("coding", MATRICES)
def test_columns_equal_those_of_r(events, coding):
    design = fit_lmm(f"y ~ C(c, {coding}) + (1 | p)", events).design
    rows = np.array(MATRICES[coding])[events["c"].map({"a": 0, "b": 1, "c": 2})]
    np.testing.assert_array_equal(design.fixed[:, 1:], rows)


@pytest.mark.parametrize("coding", MATRICES)
def test_coding_changes_coefficients_but_neither_fit_nor_means(events, coding):
    plain = fit_lmm("y ~ c * x + (1 | p)", events)
    coded = fit_lmm(f"y ~ C(c, {coding}) * x + (1 | p)", events)
    np.testing.assert_allclose(coded.fitted, plain.fitted, rtol=1e-6, atol=1e-7)
    means = plain.coefficients.iloc[0] + np.array([0, *plain.coefficients.iloc[1:3]])
    again = coded.coefficients.iloc[0] + np.array(MATRICES[coding]) @ coded.coefficients.iloc[1:3]
    np.testing.assert_allclose(again, means, rtol=1e-6)
    if coding != "contr.treatment":
        assert coded.coefficients.iloc[0] == pytest.approx(means.mean(), rel=1e-6)


def test_coding_of_random_columns_turns_their_covariance(events):
    plain = fit_lmm("y ~ c + (1 + c | p)", events)
    coded = fit_lmm("y ~ c + (1 + C(c, contr.helmert) | p)", events)
    assert coded.criterion == pytest.approx(plain.criterion, abs=1e-6)
    cells = np.column_stack([np.ones(3), MATRICES["contr.treatment"]])
    helmert = np.column_stack([np.ones(3), MATRICES["contr.helmert"]])
    np.testing.assert_allclose(
        helmert @ coded.random_covariances["p"].to_numpy() @ helmert.T,
        cells @ plain.random_covariances["p"].to_numpy() @ cells.T,
        rtol=1e-3,
        atol=1e-4,
    )


def test_double_bar_is_two_terms(events):
    double = fit_lmm("y ~ c + x + (1 + x || p)", events)
    spelt = fit_lmm("y ~ c + x + (1 | p) + (0 + x | p)", events)
    assert double.criterion == pytest.approx(spelt.criterion, abs=1e-8)
    assert double.random_covariances["p"].iloc[0, 1] == 0


def test_nested_groups_are_combinations_not_names(events):
    cells = events.assign(
        session=events.index % 3,
        cell=events["p"].astype(str) + "/" + (events.index % 3).astype(str),
    )
    nested = fit_lmm("y ~ c + (1 | p/session)", cells)
    spelt = fit_lmm("y ~ c + (1 | p) + (1 | cell)", cells)
    assert nested.n_groups == {"p": 20, "p:session": 60}
    assert nested.criterion == pytest.approx(spelt.criterion, abs=1e-8)


def test_summary_prints_what_lme4_prints():
    text = fit_lmm("Reaction ~ Days + (Days | Subject)", DATASETS["sleepstudy"]).summary()
    # lme4 1.1: criterion 1743.6, residuals -3.9536 ... 5.1793, Corr 0.07, (Intr) Days -0.138
    for printed in ("1743.6", "-3.9536", "5.1793", " 0.07", "-0.138", "36.838", "Subject, 18"):
        assert printed in text


def test_summary_prints_every_correlation(events):
    fit = fit_lmm("y ~ c + x + (1 + x + c | p)", events)
    text = fit.summary()
    covariance = fit.random_covariances["p"].to_numpy()
    sds = np.sqrt(np.diagonal(covariance))
    for i in range(1, 4):
        for j in range(i):
            assert f"{covariance[i, j] / sds[i] / sds[j]:.2f}" in text


@pytest.mark.parametrize(
    ("transform", "by_hand"),
    [
        ("center(x)", lambda x: x - x.mean()),
        ("scale(`x y`)", lambda x: (x - x.mean()) / x.std()),
        ("np.exp(x)", np.exp),
    ],
)
def test_transforms_equal_columns_made_by_hand(events, transform, by_hand):
    table = events.assign(**{"x y": events["x"], "h": by_hand(events["x"])})
    fit = fit_lmm(f"y ~ {transform} * c + (1 + {transform} | p)", table)
    other = fit_lmm("y ~ h * c + (1 + h | p)", table)
    np.testing.assert_allclose(fit.coefficients, other.coefficients, rtol=1e-5, atol=1e-8)


def test_splines_span_what_their_name_says(events):
    fit = fit_lmm("y ~ poly(x, 2) + (1 | p)", events)
    plain = fit_lmm("y ~ x + I(x**2) + (1 | p)", events)
    np.testing.assert_allclose(fit.fitted, plain.fitted, rtol=1e-6, atol=1e-8)
    assert fit_lmm("y ~ bs(x, df=4) + (1 | p)", events).n_parameters == 7


def test_missing_column_in_a_transform_is_named(events):
    with pytest.raises(ValueError, match="no column 'xx'.*did you mean 'x'"):
        fit_lmm("y ~ center(xx) + (1 | p)", events)
