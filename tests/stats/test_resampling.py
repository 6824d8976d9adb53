import numpy as np
import pytest
from scipy import stats

from mmme_neuro.stats.groups import sums_by_cluster
from mmme_neuro.stats.resampling import ParticipantIntervals, quantile_interval


def mean(counts):
    return counts[..., 0] / counts[..., 1]


def clustered_values(rng, n_clusters=15):
    sizes = rng.integers(2, 40, n_clusters)
    clusters = np.repeat(np.arange(n_clusters), sizes)
    return rng.normal(size=n_clusters)[clusters] + rng.normal(size=len(clusters)), clusters


def counts_of(values):
    return np.column_stack([values, np.ones(len(values))])


def test_sums_by_cluster():
    counts = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(
        sums_by_cluster(counts, np.array(["b", "a", "b"])), [[2, 3], [4, 6]]
    )


def test_jackknife_of_equal_clusters_is_students_t():
    values = np.random.default_rng(1).normal(size=12)
    low, high = ParticipantIntervals(0.9).interval(mean, counts_of(values))
    expected = stats.t.interval(0.9, 11, values.mean(), stats.sem(values))
    assert (low, high) == pytest.approx(expected)


def test_bootstrap_is_close_to_it_and_repeats():
    values = np.random.default_rng(1).normal(size=40)
    sums = counts_of(values)
    found = ParticipantIntervals(rng=3).interval(mean, sums)
    assert found == ParticipantIntervals(rng=3).interval(mean, sums)
    assert found != ParticipantIntervals(rng=4).interval(mean, sums)
    assert found == pytest.approx(ParticipantIntervals().interval(mean, sums), abs=0.06)


@pytest.mark.parametrize("rng", [None, 1])
def test_limits_of_a_coefficient_stay_within_one(rng):
    counts = np.array([[9.0, 10], [10, 10], [10, 10], [10, 10]])
    value, low, high = ParticipantIntervals(rng=rng).estimate(mean, counts, np.arange(4))
    assert value == 39 / 40
    assert 0 < low < value < high <= 1


@pytest.mark.parametrize("rng", [None, 5])
def test_covers_where_values_of_a_cluster_go_together(rng):
    generator = np.random.default_rng(6)
    hits = []
    for _ in range(120):
        values, clusters = clustered_values(generator)
        sums = sums_by_cluster(counts_of(values), clusters)
        low, high = ParticipantIntervals(rng=rng, n_resamples=300).interval(mean, sums)
        hits.append(low < 0 < high)
    # 99.9 % range of 120 draws at .92, what the methods hold with 15 unequal clusters.
    assert np.mean(hits) > 0.83


def test_median_of_clusters():
    rng = np.random.default_rng(7)
    hits, widths = [], []
    for _ in range(150):
        values, clusters = clustered_values(rng)
        low, high = quantile_interval(values, clusters)
        hits.append(low <= 0 <= high)
        widths.append(high - low)
    assert 0.86 < np.mean(hits) <= 1
    # Values of one participant are not independent: a naive interval is far narrower.
    naive = 2 * 1.96 * 1.25 * np.sqrt(2 / (15 * 20))
    assert np.median(widths) > 2 * naive


def test_nothing_to_resample_gives_nan():
    for rng in (None, 1):
        resampling = ParticipantIntervals(rng=rng)
        assert np.isnan(resampling.interval(mean, np.array([[3.0, 5]]))).all()
        assert np.isnan(resampling.interval(mean, np.array([[2.0, 5], [2, 5], [2, 5]]))).all()
        assert np.isnan(resampling.estimate(mean, np.empty((0, 2)), np.empty(0))).all()
    assert np.isnan(quantile_interval(np.arange(5.0), np.zeros(5))).all()


def test_errors():
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1, got 95"):
        ParticipantIntervals(95)
    with pytest.raises(ValueError, match="n_resamples must be 100 or more, got 10"):
        ParticipantIntervals(n_resamples=10)
