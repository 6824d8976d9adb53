"""The calibration of type I error draws null responses and finds slopes that are left out."""

import numpy as np
import pytest

from tests.calibration.type_one import CONDITIONS, error_rates, page, simulated


def named(name):
    return next(condition for condition in CONDITIONS if condition.name == name)


def test_responses_have_the_stated_variances_and_no_effect():
    condition = named("both slopes 1")
    events, responses = simulated(condition, 400, np.random.default_rng(1))
    micro = (events["expression"] == "micro").to_numpy()
    assert responses[~micro].var() == pytest.approx(1 + 2 * 0.49, rel=0.05)
    assert responses[micro].var() == pytest.approx(1 + 2 * 0.49 + 2, rel=0.05)
    difference = responses[micro].mean(axis=0) - responses[~micro].mean(axis=0)
    assert abs(difference.mean()) < 4 * difference.std() / 20


def test_slopes_that_are_left_out_are_seen():
    table = error_rates(6, 30, 0, [named("participant slopes 1, none fitted")])
    assert table["rate"].iloc[0] > 0.12
    assert "none fitted" in page(table, "a command")


@pytest.mark.slow
def test_models_with_the_slopes_that_exist_hold_their_level():
    fitted = [c for c in CONDITIONS if "none fitted" not in c.name and "left out" not in c.name]
    table = error_rates(40, 40, 2, fitted)
    assert (table["rate"] < 0.05 + 3 * table["rate_se"] + 0.01).all(), table.to_string()
    assert (table["rate_reduced"] < 0.05 + 3.3 * table["rate_reduced_se"]).all()
