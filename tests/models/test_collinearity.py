"""Variance inflation equals statsmodels' where no group varies, and shows planted collinearity."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.outliers_influence import variance_inflation_factor

from mmme_neuro.models.diagnostics import collinearity
from mmme_neuro.models.mixed import fit_lmm


@pytest.fixture(scope="module")
def events():
    rng = np.random.default_rng(1)
    events = pd.DataFrame({"p": np.repeat(np.arange(10), 20)})
    events["rise"] = rng.normal(size=200)
    events["emg"] = 0.9 * events["rise"] + np.sqrt(1 - 0.81) * rng.normal(size=200)
    events["load"] = rng.normal(size=200)
    events["c"] = rng.choice(list("abc"), 200)
    events["y"] = rng.normal(size=200)
    events["y"] -= events.groupby("p")["y"].transform("mean")
    return events


@pytest.mark.filterwarnings("ignore:singular fit")
def test_numeric_predictors_equal_statsmodels(events):
    found = collinearity(fit_lmm("y ~ rise + emg + load + (1 | p)", events))
    x = np.column_stack([np.ones(200), events[["rise", "emg", "load"]]])
    expected = [variance_inflation_factor(x, i) for i in (1, 2, 3)]
    np.testing.assert_allclose(found["gvif"], expected, rtol=1e-8)
    np.testing.assert_allclose(found["inflation"], np.sqrt(expected), rtol=1e-8)
    assert list(found.index) == ["rise", "emg", "load"]


@pytest.mark.filterwarnings("ignore:singular fit")
def test_categories_count_once_and_whatever_their_coding(events):
    ours = collinearity(fit_lmm("y ~ c + rise + (1 | p)", events))
    theirs = collinearity(fit_lmm("y ~ C(c, contr.sum) + rise + (1 | p)", events))
    np.testing.assert_allclose(ours, theirs, rtol=1e-8)
    assert ours.loc["c", "dof"] == 2
    assert ours.loc["c", "inflation"] == pytest.approx(ours.loc["c", "gvif"] ** 0.25)


@pytest.mark.filterwarnings("ignore:singular fit")
def test_a_single_term_is_not_inflated(events):
    found = collinearity(fit_lmm("y ~ rise + (1 | p)", events))
    assert found.loc["rise", "gvif"] == pytest.approx(1)


@pytest.mark.parametrize("name", ["1", "0", "rise time", "C"])
def test_a_covariate_of_any_name_is_in_the_table(name):
    rng = np.random.default_rng(8)
    events = pd.DataFrame(rng.normal(size=(90, 3)), columns=["y", "rise", "emg"])
    events = events.assign(p=np.arange(90) % 9)
    events["emg"] += events["rise"]
    expected = collinearity(fit_lmm("y ~ rise + emg + (1 | p)", events))
    renamed = events.rename(columns={"rise": name})
    found = collinearity(fit_lmm(f"y ~ `{name}` + emg + (1 | p)", renamed))
    np.testing.assert_allclose(found.to_numpy(), expected.to_numpy())
    assert expected.loc["rise", "gvif"] > 1.2
