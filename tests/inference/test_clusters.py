import mne
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from mmme_neuro.inference.adjacency import neighbors
from mmme_neuro.inference.clusters import find_clusters, largest_masses

RNG = np.random.default_rng(3)


def smooth(*shape):
    return 5 * gaussian_filter(RNG.standard_normal(shape), 1.5)


def test_masses_are_mnes():
    data = RNG.standard_normal((10, 8, 40)) + smooth(8, 40)
    statistic = mne.stats.ttest_1samp_no_p(data)
    _, clusters, *_ = mne.stats.permutation_cluster_1samp_test(
        data, threshold=2.0, n_permutations=1, adjacency=mne.stats.combine_adjacency(8, 40),
        out_type="mask", verbose="error",
    )  # fmt: skip
    expected = sorted(statistic[mask].sum() for mask in clusters)
    found = find_clusters(statistic.ravel(), neighbors((8, 40)), threshold=2.0)
    np.testing.assert_allclose(sorted(found.mass), expected)
    for number, mass in enumerate(found.mass):
        assert statistic.ravel()[found.labels == number].sum() == pytest.approx(mass)


def test_largest_first_and_signs_apart():
    found = find_clusters(np.array([2.0, -3, -3, 0, 9]), neighbors((5,)), threshold=1)
    assert found.mass.tolist() == [9, -6, 2]
    assert found.labels.tolist() == [2, 1, 1, -1, 0]


def test_largest_masses_of_many_maps():
    maps = np.stack([smooth(6, 20).ravel() for _ in range(5)])
    near = neighbors((6, 20))
    found = largest_masses(maps, near, threshold=0.5)
    for one, (up, down) in zip(maps, found, strict=True):
        mass = find_clusters(one, near, threshold=0.5).mass
        assert up == pytest.approx(max(mass.max(initial=0), 0))
        assert down == pytest.approx(max(-mass.min(initial=0), 0))


def test_missing_points_and_empty_maps():
    near = neighbors((3,))
    assert find_clusters(np.array([np.nan, 1, 1]), near, threshold=2).mass.size == 0
    assert find_clusters(np.array([3, np.nan, 3]), near, threshold=2).mass.tolist() == [3, 3]
    assert not largest_masses(np.zeros((2, 3)), near, threshold=2).any()


def test_refuses_a_threshold_that_joins_everything():
    with pytest.raises(ValueError, match="threshold must be positive"):
        find_clusters(np.zeros(3), neighbors((3,)), threshold=0)
