"""Refits equal fits from the table."""

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.models.bootstrap import refit_criterion, refit_responses, refit_without
from mmme_neuro.models.mixed import fit_lmm

FORMULA = "y ~ c * x + (1 + x | p) + (1 | s)"


@pytest.fixture(scope="module")
def events():
    rng = np.random.default_rng(2)
    n = 200
    events = pd.DataFrame({"p": rng.integers(0, 12, n), "s": rng.integers(0, 7, n)})
    events["c"] = rng.choice(["a", "b"], n)
    events["x"] = rng.normal(3, 1, n)
    events["y"] = rng.normal(size=12)[events["p"]] * events["x"] + rng.normal(size=n)
    return events


def same(fit, other):
    assert fit.criterion == pytest.approx(other.criterion, abs=1e-7)
    pd.testing.assert_frame_equal(fit.table(), other.table(), rtol=1e-5, atol=1e-9)


@pytest.mark.filterwarnings("ignore:singular fit")
def test_other_responses(events):
    rng = np.random.default_rng(0)
    responses = 100 + events["y"].to_numpy()[:, None] + rng.normal(size=(200, 3))
    fit = fit_lmm(FORMULA, events)
    for column, again in enumerate(refit_responses(fit, responses)):
        same(again, fit_lmm(FORMULA, events.assign(y=responses[:, column])))
    same(fit, fit_lmm(FORMULA, events))


@pytest.mark.filterwarnings("ignore:singular fit")
def test_other_criterion_and_fewer_events(events):
    fit = fit_lmm(FORMULA, events)
    same(refit_criterion(fit, reml=False), fit_lmm(FORMULA, events, reml=False))
    assert refit_criterion(fit, reml=True) is fit
    is_left_out = (events["p"] == 3).to_numpy()
    same(refit_without(fit, is_left_out), fit_lmm(FORMULA, events[~is_left_out]))


@pytest.mark.filterwarnings("ignore:singular fit")
def test_events_that_cannot_carry_the_model_are_refused(events):
    fit = fit_lmm(FORMULA, events)
    with pytest.raises(ValueError, match="cannot all be estimated"):
        refit_without(fit, (events["c"] == "b").to_numpy())
    with pytest.raises(ValueError, match="1 groups left"):
        refit_without(fit, (events["p"] != 3).to_numpy())
    with pytest.raises(ValueError, match="one row for each"):
        list(refit_responses(fit, np.zeros((5, 2))))
