"""Equivalence tests equal statsmodels' on paired data and hold their level at the bound."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.weightstats import ttost_paired

from mmme_neuro.models.contrasts import contrast
from mmme_neuro.models.effects import equivalence_test
from mmme_neuro.models.mixed import fit_lmm
from tests.chance import counts_by_chance


def paired(rng, *, n=16, effect=0.0):
    events = pd.DataFrame({"participant": np.repeat(np.arange(n), 2)})
    events["expression"] = np.tile(["macro", "micro"], n)
    events["y"] = (
        rng.normal(0, 2, n)[events["participant"]]
        + effect * (events["expression"] == "micro")
        + rng.normal(size=2 * n)
    )
    return events


def test_paired_data_equal_statsmodels():
    events = paired(np.random.default_rng(1), effect=0.3)
    fit = fit_lmm("y ~ expression + (1 | participant)", events)
    found = equivalence_test(contrast(fit, "expression"), (-1.0, 0.8)).iloc[0]
    wide = events.pivot_table(index="participant", columns="expression", values="y")
    p_value, low, high = ttost_paired(wide["micro"], wide["macro"], -1.0, 0.8)
    assert found["p_value"] == pytest.approx(p_value, rel=1e-6)
    assert found["p_low"] == pytest.approx(low[1], rel=1e-6)
    assert found["p_high"] == pytest.approx(high[1], rel=1e-6)


def test_interval_lies_within_the_bounds_where_significant():
    table = pd.DataFrame({"estimate": np.linspace(-2, 2, 81), "std_error": 0.4, "dof": 12.0})
    found = equivalence_test(table, (-1, 1), confidence=0.8)
    inside = (found["ci_low"] > -1) & (found["ci_high"] < 1)
    assert inside.any() and not inside.all()
    pd.testing.assert_series_equal(inside, found["p_value"] < 0.1, check_names=False)


@pytest.mark.parametrize("alpha", [0.01, 0.05])
def test_level_at_the_bound(alpha):
    # Differences of 20 pairs at the upper bound, ten standard errors from the lower one.
    differences = np.random.default_rng(4).normal(1.5, np.sqrt(2), (20_000, 20))
    table = pd.DataFrame({"estimate": differences.mean(axis=1)})
    table["std_error"] = differences.std(axis=1, ddof=1) / np.sqrt(20)
    table["dof"] = 19.0
    rejected = (
        equivalence_test(table, (-1.5, 1.5), confidence=1 - 2 * alpha)["p_value"] < alpha
    ).sum()
    low, high = counts_by_chance(20_000, alpha)
    assert low <= rejected <= high


@pytest.mark.slow
def test_level_of_fits_at_the_bound():
    rng = np.random.default_rng(4)
    formula = "y ~ expression + (1 | participant)"
    p_values = [
        equivalence_test(
            contrast(fit_lmm(formula, paired(rng, n=20, effect=1.5)), "expression"), (-1.5, 1.5)
        )["p_value"].iloc[0]
        for _ in range(1000)
    ]
    low, high = counts_by_chance(1000, 0.05)
    assert low <= (np.array(p_values) < 0.05).sum() <= high


@pytest.mark.parametrize(
    ("bounds", "confidence", "message"),
    [
        ((1, -1), 0.05, "the lower first"),
        ((-np.inf, 1), 0.05, "finite"),
        ((-1, 1), 1.4, "confidence"),
    ],
)
def test_bad_bounds_are_refused(bounds, confidence, message):
    table = pd.DataFrame({"estimate": [0.0], "std_error": [1.0], "dof": [10.0]})
    with pytest.raises(ValueError, match=message):
        equivalence_test(table, bounds, confidence=confidence)


def test_other_tables_are_refused():
    with pytest.raises(ValueError, match="no columns"):
        equivalence_test(pd.DataFrame({"estimate": [0.0]}), (-1, 1))
