import numpy as np
import pytest
from scipy import stats

from mmme_neuro.association.intervals import (
    bootstrap_interval,
    participant_products,
    weighted_correlation,
)
from mmme_neuro.stats.groups import centered


@pytest.fixture
def products():
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(20), 12)
    values = rng.standard_normal((240, 3))
    values[:, 1] += 0.5 * values[:, 0] + 0.7 * values[:, 2]
    return participant_products(centered(values, codes), codes)


def test_weights_count_participants(products):
    weights = np.random.default_rng(2).multinomial(20, np.full(20, 0.05), size=3).astype(float)
    z, _ = weighted_correlation(products, weights)
    for drawn, found in zip(weights, z, strict=True):
        total = np.repeat(products, drawn.astype(int), axis=0).sum(axis=0)
        inverse = np.linalg.inv(total)
        partial = -inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1])
        assert np.tanh(found) == pytest.approx(partial)


def test_standard_error_is_near_the_jackknife(products):
    everyone = np.ones((1, 20))
    _, error = weighted_correlation(products, everyone)
    z, _ = weighted_correlation(products, 1 - np.eye(20))
    jackknife = np.sqrt(19 / 20 * ((z - z.mean()) ** 2).sum())
    assert error[0] == pytest.approx(jackknife, rel=0.1)


def test_studentized_interval_equals_a_loop(products):
    two = products[:, :2, :2]
    low, high = bootstrap_interval(two, n_resamples=500, rng=np.random.default_rng(4))
    weights = np.random.default_rng(4).multinomial(20, np.full(20, 0.05), size=500)
    z, error = weighted_correlation(two, np.ones((1, 20)))
    pivots = []
    for drawn in weights:
        own, own_error = weighted_correlation(two, drawn[np.newaxis].astype(float))
        pivots.append(((own - z) / own_error)[0])
    ends = np.tanh(z - np.quantile(pivots, [0.975, 0.025]) * error)
    np.testing.assert_allclose([low, high], ends)
    assert low < np.tanh(z[0]) < high


def test_coverage_where_slopes_differ():
    rng = np.random.default_rng(5)
    codes, n_covered = np.repeat(np.arange(10), 30), 0
    for _ in range(100):
        x = rng.standard_normal((300, 1))
        slope = np.repeat(0.3 + 0.25 * rng.standard_normal(10), 30)[:, np.newaxis]
        y = slope * x + np.sqrt(1 - 0.3**2 - 0.25**2) * rng.standard_normal((300, 1))
        products = participant_products(centered(np.hstack([x, y]), codes), codes)
        low, high = bootstrap_interval(products, n_resamples=400, rng=rng)
        n_covered += low <= 0.3 <= high
    # 99.9 % range of 100 intervals that cover in 95 %.
    assert n_covered >= stats.binom.ppf(0.0005, 100, 0.95)


def test_few_participants_have_no_interval(products):
    found = bootstrap_interval(products[:4], n_resamples=100, rng=np.random.default_rng(1))
    assert np.isnan(found).all()
