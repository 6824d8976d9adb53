import numpy as np
import pytest
from scipy import stats

from mmme_neuro.reliability.intraclass import complete_forms
from mmme_neuro.reliability.variance_ratio import absolute_interval, variance_pivot


def crossed(n=12, k=4, seed=1):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 1)) + 0.6 * rng.normal(size=(1, k)) + rng.normal(size=(n, k))
    target, rater = np.indices(values.shape)
    return values, target.ravel(), rater.ravel()


@pytest.mark.parametrize("confidence", [0.8, 0.95])
@pytest.mark.parametrize("form", ["ICC(1)", "ICC(C,1)"])
def test_complete_tables_are_a_special_case(form, confidence):
    values, target, rater = crossed()
    expected = complete_forms(values, confidence)[form]
    pivot = variance_pivot(values.ravel(), target, rater if form == "ICC(C,1)" else None)
    assert (pivot.f, pivot.dof, pivot.error_dof) == pytest.approx(
        (expected.f, expected.dof1, expected.dof2)
    )
    limits = [ratio / (1 + ratio) for ratio in pivot.ratio_interval(confidence)]
    assert limits == pytest.approx([expected.ci_low, expected.ci_high], abs=1e-9)


def test_f_is_that_of_nested_least_squares():
    rng = np.random.default_rng(2)
    values, target, rater = crossed()
    keep = rng.random(values.size) < 0.7
    y, target, rater = values.ravel()[keep], target[keep], rater[keep]

    def residual(*groups):
        design = np.column_stack([group[:, None] == np.unique(group) for group in groups])
        rest = y - design @ np.linalg.lstsq(design.astype(float), y, rcond=None)[0]
        return rest @ rest, len(y) - np.linalg.matrix_rank(design)

    (full, full_dof), (reduced, reduced_dof) = residual(target, rater), residual(rater)
    pivot = variance_pivot(y, target, rater)
    f = (reduced - full) / (reduced_dof - full_dof) / (full / full_dof)
    assert pivot.f == pytest.approx(f)
    assert (pivot.dof, pivot.error_dof) == (reduced_dof - full_dof, full_dof)


def test_sum_of_squares_is_chi_squared_at_the_truth():
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(6), [1, 2, 3, 4, 8, 9])
    drawn = []
    for _ in range(600):
        y = 1.5 * rng.normal(size=6)[groups] + rng.normal(size=len(groups))
        drawn.append(variance_pivot(y, groups, None).sum_of_squares(1.5**2))
    assert stats.kstest(drawn, stats.chi2(5).cdf).pvalue > 0.01


def test_limits_are_where_the_pivot_is_at_its_quantiles():
    values, target, rater = crossed(seed=4)
    keep = np.arange(values.size) % 5 > 0
    pivot = variance_pivot(values.ravel()[keep], target[keep], rater[keep])
    low, high = pivot.ratio_interval(0.9)
    for ratio, share in ((low, 0.95), (high, 0.05)):
        f = pivot.sum_of_squares(ratio) / pivot.dof / (pivot.error / pivot.error_dof)
        assert stats.f.cdf(f, pivot.dof, pivot.error_dof) == pytest.approx(share)


def test_nothing_to_compare_gives_none():
    groups = np.arange(5)
    assert variance_pivot(np.arange(5.0), groups, None) is None
    assert variance_pivot(np.arange(6.0), np.zeros(6, int), None) is None


def test_generalized_limits_are_close_to_mcgraw_and_wongs_without_gaps():
    values, target, rater = crossed(n=40, k=6)
    expected = complete_forms(values, 0.95)["ICC(A,1)"]
    pivots = (
        variance_pivot(values.ravel(), target, rater),
        variance_pivot(values.ravel(), rater, target),
    )
    low, high = absolute_interval(*pivots, 0.95)
    assert (low, high) == pytest.approx((expected.ci_low, expected.ci_high), abs=0.06)
    assert absolute_interval(*pivots, 0.95) == (low, high)
    narrow = absolute_interval(*pivots, 0.5)
    assert low < narrow[0] < narrow[1] < high
