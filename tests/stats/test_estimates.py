import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from mmme_neuro.stats.estimates import ESTIMATE, estimate_row, mean_row, t_interval


def test_row_equals_least_squares_of_statsmodels():
    rng = np.random.default_rng(1)
    x = sm.add_constant(rng.normal(size=30))
    fit = sm.OLS(x @ [0.3, 0.5] + rng.normal(size=30), x).fit()
    row = estimate_row(fit.params, fit.bse, fit.df_resid, confidence=0.9)
    assert tuple(row) == ESTIMATE
    np.testing.assert_allclose(row["statistic"], fit.tvalues)
    np.testing.assert_allclose(row["p_value"], fit.pvalues)
    limits = np.column_stack([row["ci_low"], row["ci_high"]])
    np.testing.assert_allclose(limits, fit.conf_int(alpha=0.1))


def test_without_degrees_of_freedom_the_interval_is_normal():
    np.testing.assert_allclose(t_interval(0.0, 1.0), stats.norm.interval(0.95))
    assert np.isnan(t_interval(1.0, 2.0, 0)).all()


@pytest.mark.parametrize("confidence", [0, 1, -0.1])
def test_levels_lie_between_0_and_1(confidence):
    with pytest.raises(ValueError, match="between 0 and 1"):
        t_interval(0.0, 1.0, confidence=confidence)


def test_zero_standard_error_gives_no_test():
    row = estimate_row(np.array([1.0, 2.0]), np.array([0.0, 1.0]), 5)
    assert np.isnan(row["p_value"]).tolist() == [True, False]
    assert row["ci_low"][0] == row["ci_high"][0] == 1


def test_mean_of_differences_equals_the_paired_test_of_scipy():
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=(2, 12, 3))
    found, expected = mean_row(second - first), stats.ttest_rel(second, first)
    np.testing.assert_allclose(found["statistic"], expected.statistic)
    np.testing.assert_allclose(found["p_value"], expected.pvalue)
    np.testing.assert_allclose(found["ci_low"], expected.confidence_interval().low)
    assert found["dof"] == 11
    by_hand = estimate_row(found["estimate"], found["std_error"], found["dof"])
    for name in ESTIMATE:
        np.testing.assert_allclose(found[name], by_hand[name], rtol=1e-12, atol=1e-14)


@pytest.mark.filterwarnings("error")
def test_alike_and_too_few_values():
    alike = mean_row(np.full(4, 0.1))
    assert alike["estimate"] == alike["ci_low"] == alike["ci_high"] == pytest.approx(0.1)
    assert np.isnan(alike["p_value"])
    assert np.isnan(mean_row(np.array([1.0]))["estimate"])
    assert np.isnan(list(mean_row(np.array([1.0, 2.0]), fewest=3).values())).all()
