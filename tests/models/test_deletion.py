"""Leaving one group out equals fitting the other events; a planted outlier is found."""

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.models.deletion import influence
from mmme_neuro.models.mixed import fit_lmm

FORMULA = "y ~ x + (1 + x | p) + (1 | s)"


@pytest.fixture(scope="module")
def events():
    rng = np.random.default_rng(9)
    index = pd.MultiIndex.from_product([range(12), range(6), range(2)], names=["p", "s", "k"])
    events = index.to_frame(index=False)
    events["x"] = rng.normal(size=len(events))
    slopes = rng.normal(0.3, 0.3, 12)
    slopes[4] = 4.0
    events["y"] = (
        rng.normal(size=12)[events["p"]]
        + slopes[events["p"]] * events["x"]
        + rng.normal(0, 0.5, 6)[events["s"]]
        + rng.normal(size=len(events))
    )
    return events


@pytest.fixture(scope="module")
def fit(events):
    return fit_lmm(FORMULA, events)


@pytest.fixture(scope="module")
def found(fit):
    return influence(fit, "p")


@pytest.mark.parametrize("level", [0, 4, 11])
@pytest.mark.filterwarnings("ignore:singular fit")
def test_equals_a_fit_without_the_participant(events, fit, found, level):
    without = fit_lmm(FORMULA, events[events["p"] != level])
    rows = found.estimates[found.estimates["level"] == str(level)].set_index("term")
    np.testing.assert_allclose(rows["estimate"], without.coefficients, rtol=1e-6)
    np.testing.assert_allclose(rows["p_value"], without.table()["p_value"], rtol=1e-4)
    change = without.coefficients - fit.coefficients
    np.testing.assert_allclose(rows["change"], change, rtol=1e-5)
    errors = without.table()["std_error"]
    np.testing.assert_allclose(rows["dfbetas"], change / errors, rtol=1e-5)
    row = found.levels.loc[str(level)]
    cooks = change @ np.linalg.inv(fit.covariance) @ change / 2
    assert row["cooks_distance"] == pytest.approx(cooks, rel=1e-5)
    ratio = np.linalg.det(without.covariance) / np.linalg.det(fit.covariance)
    assert row["covariance_ratio"] == pytest.approx(ratio, rel=1e-5)
    assert row["n_events"] == 12
    sds = found.components[found.components["level"] == str(level)]["sd"]
    np.testing.assert_allclose(sds, without.variance_components["sd"], rtol=1e-4, atol=1e-6)


def test_planted_outlier_is_the_most_influential(found):
    assert found.influential.index[0] == "4"
    slope = found.components[found.components["term"] == "x"].set_index("level")["change"]
    assert slope.idxmin() == "4"
    assert "12 levels of p" in repr(found)


def test_stimuli_are_left_out_too(events, fit):
    found = influence(fit, "s")
    assert list(found.levels.index) == list("012345")
    without = fit_lmm(FORMULA, events[events["s"] != 2])
    rows = found.estimates[found.estimates["level"] == "2"]
    np.testing.assert_allclose(rows["estimate"], without.coefficients, rtol=1e-6)


@pytest.mark.filterwarnings("ignore:singular fit")
def test_participant_without_whom_a_term_is_gone_has_the_reason(events):
    only = events.assign(c=np.where((events["p"] == 3) & (events["k"] == 1), "rare", "common"))
    found = influence(fit_lmm("y ~ x + c + (1 | p)", only), "p")
    assert "cannot all be estimated" in found.levels.loc["3", "problem"]
    assert np.isnan(found.levels.loc["3", "cooks_distance"])
    assert "3" not in set(found.estimates["level"])
    assert len(found.levels) == 12


def test_unknown_group_is_refused(fit):
    with pytest.raises(ValueError, match="grouping factor"):
        influence(fit, "clip")
