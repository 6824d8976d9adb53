import numpy as np
import pytest
from scipy import stats

from mmme_neuro.inference.adjacency import neighbors
from mmme_neuro.inference.clusters import find_clusters
from mmme_neuro.inference.maxima import (
    SIDES,
    TAILS,
    Draws,
    flipped_maxima,
    largest_of,
    p_values,
)
from mmme_neuro.inference.tfce import tfce

SHAPE = (3, 5)
NEAR = neighbors(SHAPE)


def brute_force(contributions, signs, correction):
    """Largest values by loops over permutations and units."""
    found = []
    for pattern in signs:
        statistic = np.zeros(contributions.shape[1])
        for sign, own in zip(pattern, contributions, strict=True):
            statistic += sign * own
        if correction == "max":
            values = statistic
        elif correction == "tfce":
            values = tfce(statistic, NEAR)
        else:
            values = find_clusters(statistic, NEAR, threshold=0.8).mass
        found.append([max(values.max(initial=0), 0), max((-values).max(initial=0), 0)])
    return np.array(found)


@pytest.mark.parametrize("correction", ["max", "cluster", "tfce"])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_equals_brute_force(correction, n_threads):
    contributions = np.random.default_rng(2).normal(size=(7, 15))
    contributions /= np.sqrt((contributions**2).sum(axis=0))
    signs = np.random.default_rng(4).integers(0, 2, (40, 7)) * 2 - 1
    largest = largest_of(correction, NEAR, 0.8)
    calls = []
    draws = Draws(
        largest, 40, np.random.default_rng(4), n_threads, lambda *done: calls.append(done)
    )
    found = flipped_maxima(contributions, draws)
    np.testing.assert_allclose(found, brute_force(contributions, signs, correction), atol=1e-12)
    assert calls[-1] == (40, 40)


@pytest.mark.parametrize("correction", ["max", "cluster", "tfce"])
def test_cells_that_are_not_tested_do_not_count(correction):
    contributions = np.random.default_rng(2).normal(size=(7, 15))
    contributions[:, [4, 11]] = np.nan
    largest = largest_of(correction, NEAR, 0.8)
    found = flipped_maxima(contributions, Draws(largest, 20, np.random.default_rng(1)))
    assert np.isfinite(found).all() and (found.max(axis=1) > 0).all()


def test_products_have_the_same_shapes_whatever_the_threads():
    # The last bits of a product depend on its shape, on some processors.
    contributions = np.random.default_rng(2).normal(size=(7, 15))
    seen = {}
    for n_threads in (1, 2, 5):
        shapes = seen[n_threads] = []

        def largest(maps, shapes=shapes):
            shapes.append(maps.shape)
            return maps[:, :2]

        flipped_maxima(contributions, Draws(largest, 99, np.random.default_rng(4), n_threads))
    assert sorted(seen[1]) == sorted(seen[2]) == sorted(seen[5])
    assert len(seen[1]) > 2


def test_p_values_count_the_observed_one_and_ties():
    null = np.array([1.0, 2.0, 2.0, 5.0])
    observed = np.array([[6.0, 2.0], [0.0, np.nan]])
    np.testing.assert_allclose(p_values(observed, null).p_value, [[0.2, 0.8], [1, np.nan]])
    # Equal up to rounding counts as equal.
    assert p_values(np.array([5.0 + 1e-13]), null).p_value[0] == 0.4


@pytest.mark.parametrize("k", [0, 3, 50, 199])
def test_interval_is_clopper_pearsons(k):
    null = np.r_[np.full(k, 2.0), np.zeros(199 - k)]
    found = p_values(np.array([1.0]), null, confidence=0.9)
    expected = stats.binomtest(k, 199).proportion_ci(0.9, method="exact")
    np.testing.assert_allclose([found.low[0], found.high[0]], [expected.low, expected.high])
    assert found.low[0] <= found.p_value[0] <= found.high[0]


def test_tails():
    largest, value = np.array([[3.0, 4.0]]), np.array([3.0, -4.0, np.nan])
    assert [TAILS[tail](largest)[0] for tail in ("both", "greater", "less")] == [4, 3, 4]
    np.testing.assert_array_equal(SIDES["both"](value), [3, 4, np.nan])
    np.testing.assert_array_equal(SIDES["greater"](value), [3, 0, np.nan])
    np.testing.assert_array_equal(SIDES["less"](value), [0, 4, np.nan])
