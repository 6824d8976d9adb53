import mne
import numpy as np
import pytest
from scipy import sparse

from mmme_neuro.inference.adjacency import neighbors


def pairs(near):
    rows = np.repeat(np.arange(near.n_points), np.diff(near.first))
    return set(zip(rows.tolist(), near.index.tolist(), strict=True))


def test_lattice_joins_next_points_along_one_axis():
    assert pairs(neighbors((2, 2))) == {
        (0, 1),
        (1, 0),
        (2, 3),
        (3, 2),
        (0, 2),
        (2, 0),
        (1, 3),
        (3, 1),
    }


def test_channels_and_times_are_mnes():
    channels = sparse.coo_array(np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1]]))
    expected = mne.stats.combine_adjacency(channels, 4).toarray().astype(bool)
    np.fill_diagonal(expected, False)
    found = np.zeros_like(expected)
    for one, other in pairs(neighbors((3, 4), [channels, 4])):
        found[one, other] = True
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("adjacency", "message"),
    [
        ([3], "one entry for each of the 2 axes"),
        ([3, 5], "axis 1 has 4 points"),
        ([np.eye(2), 4], "must be of shape"),
        ([np.triu(np.ones((3, 3))), 4], "not symmetric"),
    ],
)
def test_refuses_what_does_not_fit(adjacency, message):
    with pytest.raises(ValueError, match=message):
        neighbors((3, 4), adjacency)
