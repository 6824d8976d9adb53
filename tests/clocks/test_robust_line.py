import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from mmme_neuro.clocks.robust_line import bisquare_line, trimmed_line


def points(rng, n_points=40, sd=0.003):
    x = np.sort(rng.uniform(0, 4000, n_points))
    return x, 2.0 + 1e-4 * x + rng.normal(0, sd, n_points)


def test_trimmed_line_of_clean_points_is_least_squares():
    x, y = points(np.random.default_rng(1))
    line = trimmed_line(x, y, resolution=1e-3)
    expected = sm.OLS(y, sm.add_constant(x - x.mean())).fit()
    assert line.inlier.all()
    np.testing.assert_allclose([line.level, line.slope], expected.params, rtol=1e-9)
    np.testing.assert_allclose([line.level_se, line.slope_se], expected.bse, rtol=1e-9)
    np.testing.assert_allclose(line.residual_sd, np.sqrt(expected.scale), rtol=1e-9)


def test_trimmed_line_is_least_squares_without_the_outliers():
    x, y = points(np.random.default_rng(2))
    y[[3, 17, 39]] += [2.0, -0.5, 1.0]
    line = trimmed_line(x, y, resolution=1e-3)
    assert np.flatnonzero(~line.inlier).tolist() == [3, 17, 39]
    inside = line.inlier
    expected = sm.OLS(y[inside], sm.add_constant(x[inside])).fit()
    np.testing.assert_allclose(line.slope, expected.params[1], rtol=1e-9)


def test_bisquare_line_equals_statsmodels():
    x, y = points(np.random.default_rng(3), sd=0.03)
    y[[5, 20]] += [1.5, -0.4]
    line = bisquare_line(x, y, resolution=1e-3)
    # statsmodels re-estimates the scale on the way: compare at the scale used here.
    slope, intercept = stats.siegelslopes(y, x - x.mean())
    residual = y - intercept - slope * (x - x.mean())
    scale = 1.482602218505602 * np.sqrt(40 / 38) * np.median(np.abs(residual))
    model = sm.RLM(y, sm.add_constant(x - x.mean()), M=sm.robust.norms.TukeyBiweight())
    weights = sm.robust.norms.TukeyBiweight().weights(line.residual / scale)
    again = sm.WLS(y, model.exog, weights=weights).fit().params
    np.testing.assert_allclose([line.level, line.slope], again, rtol=1e-6)
    approximate = model.fit(maxiter=200)
    np.testing.assert_allclose(line.slope, approximate.params[1], atol=0.3 * line.slope_se)
    np.testing.assert_allclose(line.slope_se, approximate.bse[1], rtol=0.15)


@pytest.mark.parametrize("fit", [trimmed_line, bisquare_line])
def test_far_outliers_do_not_move_the_line(fit):
    x, y = points(np.random.default_rng(4))
    before = fit(x, y, resolution=1e-3)
    y[:12] += 50.0
    after = fit(x, y, resolution=1e-3)
    assert not after.inlier[:12].any()
    # The twelve first points are lost, so the estimate moves as with 12 fewer points, not by 50 s.
    assert abs(after.slope - before.slope) < 4 * after.slope_se


def test_exact_points_keep_all():
    x = np.arange(5.0)
    line = trimmed_line(x, 3 * x, resolution=1e-3)
    assert line.inlier.all() and line.slope == pytest.approx(3) and line.slope_se < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("fit", [trimmed_line, bisquare_line])
@pytest.mark.parametrize("n_points", [10, 40])
def test_standard_errors_are_calibrated(fit, n_points):
    rng = np.random.default_rng(5)
    n_repeats = 2000
    covered = np.zeros((n_repeats, 2))
    for k in range(n_repeats):
        x, y = points(rng, n_points)
        line = fit(x, y, resolution=1e-4)
        quantile = stats.t.ppf(0.975, line.dof)
        covered[k] = (
            abs(line.level - 2 - 1e-4 * line.center) < quantile * line.level_se,
            abs(line.slope - 1e-4) < quantile * line.slope_se,
        )
    # The bisquare's errors are asymptotic: a little short with ten points.
    allowed = 0.015 if fit is trimmed_line else 0.04
    assert np.all(np.abs(covered.mean(axis=0) - 0.95) < allowed)
