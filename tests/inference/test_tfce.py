import mne
import numpy as np
import pytest
from scipy import sparse
from scipy.ndimage import gaussian_filter
from scipy.sparse.csgraph import connected_components

from mmme_neuro.inference.adjacency import neighbors
from mmme_neuro.inference.tfce import largest_scores, tfce

RNG = np.random.default_rng(5)


def by_definition(statistic, shape, *, extent_power=0.5, height_power=2.0):
    """Integrate between all distinct heights, finding the clusters anew at each."""
    near = neighbors(shape)
    matrix = sparse.csr_array((np.ones(near.index.size), near.index, near.first))
    scores = np.zeros(statistic.size)
    for sign in (1, -1):
        heights = np.maximum(sign * np.nan_to_num(statistic), 0)
        levels = np.unique(np.r_[0, heights])
        for low, high in zip(levels[:-1], levels[1:], strict=True):
            points = np.flatnonzero(heights >= high)
            labels = connected_components(matrix[points][:, points], directed=False)[1]
            extent = np.bincount(labels)[labels] ** extent_power
            power = height_power + 1
            scores[points] += sign * extent * (high**power - low**power) / power
    return scores


@pytest.mark.parametrize("powers", [(0.5, 2.0), (2 / 3, 2.0), (1.0, 1.0)])
@pytest.mark.parametrize("shape", [(60,), (9, 11), (4, 5, 6)])
def test_equals_the_integral_level_by_level(shape, powers):
    statistic = gaussian_filter(RNG.standard_normal(shape), 1.0).ravel() * 5
    expected = by_definition(statistic, shape, extent_power=powers[0], height_power=powers[1])
    found = tfce(statistic, neighbors(shape), extent_power=powers[0], height_power=powers[1])
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_ties_and_plateaus():
    statistic = np.round(3 * gaussian_filter(RNG.standard_normal((12, 14)), 1)).ravel()
    assert len(np.unique(statistic)) < 12
    found = tfce(statistic, neighbors((12, 14)))
    np.testing.assert_allclose(found, by_definition(statistic, (12, 14)), rtol=1e-12)


def test_is_the_limit_of_mne_as_its_step_shrinks():
    shape = (8, 40)
    data = RNG.standard_normal((12, *shape)) + gaussian_filter(RNG.standard_normal(shape), 3) * 5
    adjacency = mne.stats.combine_adjacency(*shape)
    exact = tfce(mne.stats.ttest_1samp_no_p(data).ravel(), neighbors(shape))
    errors = []
    for step in (0.1, 0.02, 0.004):
        scores = mne.stats.permutation_cluster_1samp_test(
            data, threshold={"start": 0, "step": step}, n_permutations=1, adjacency=adjacency,
            out_type="mask", verbose="error",
        )[0]  # fmt: skip
        errors.append(np.abs(np.abs(scores.ravel()) - np.abs(exact)).max() / np.abs(exact).max())
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.01


def test_one_isolated_point_scores_a_third_of_its_cube():
    found = tfce(np.array([0.0, 3.0, 0.0, -2.0]), neighbors((4,)))
    np.testing.assert_allclose(found, [0, 9, 0, -8 / 3])


def test_many_maps_are_as_one_by_one():
    maps = RNG.standard_normal((3, 2, 30))
    near = neighbors((5, 6))
    expected = [tfce(one, near) for one in maps.reshape(-1, 30)]
    np.testing.assert_array_equal(tfce(maps, near).reshape(-1, 30), expected)


def test_missing_points_stay_missing_and_part_clusters():
    statistic = np.array([2.0, 2.0, np.nan, 2.0])
    found = tfce(statistic, neighbors((4,)))
    assert np.isnan(found[2])
    np.testing.assert_allclose(found[[0, 1, 3]], 8 / 3 * np.array([2**0.5, 2**0.5, 1]))


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="last axis must hold the 4 points"):
        tfce(np.zeros(3), neighbors((4,)))
    with pytest.raises(ValueError, match="infinite"):
        tfce(np.array([np.inf, 0, 0, 0]), neighbors((4,)))


@pytest.mark.parametrize("powers", [(0.5, 2.0), (2 / 3, 1.5)])
def test_largest_scores_are_those_of_the_whole_map(powers):
    shape = (7, 30)
    maps = gaussian_filter(RNG.standard_normal((8, *shape)), (0, 1, 1)).reshape(8, -1) * 4
    maps[0] = np.round(maps[0])
    maps[1, ::7] = np.nan
    maps[2] = np.abs(maps[2])
    maps[3] = 0
    maps[4] *= 1e-9
    maps[5] = 1 + 1e-12 * maps[5]  # heights that differ in their last bits only
    near = neighbors(shape)
    options = {"extent_power": powers[0], "height_power": powers[1]}
    scores = np.nan_to_num(tfce(maps, near, **options))
    found = largest_scores(maps, near, **options)
    np.testing.assert_allclose(found[:, 0], scores.max(axis=1).clip(0), rtol=1e-12)
    np.testing.assert_allclose(found[:, 1], (-scores).max(axis=1).clip(0), rtol=1e-12)
