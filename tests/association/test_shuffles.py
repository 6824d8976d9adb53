from math import factorial

import numpy as np
import pytest

from mmme_neuro.association import Resampling
from mmme_neuro.association.shuffles import SCHEMES, p_of_null, shuffled_orders

BLOCKS = np.array([0, 1, 0, 1, 0, 2, 1])


def drawn(scheme, n=3000, blocks=BLOCKS):
    return shuffled_orders(blocks, n, scheme=scheme, rng=np.random.default_rng(3))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_rows_stay_in_their_block_and_none_is_lost(scheme):
    orders = drawn(scheme)
    assert (BLOCKS[orders] == BLOCKS).all()
    assert (np.sort(orders, axis=1) == np.arange(7)).all()


def test_every_permutation_comes_up_alike():
    _, counts = np.unique(drawn("permutation"), axis=0, return_counts=True)
    assert len(counts) == factorial(3) ** 2
    assert counts.min() > 40 and counts.max() < 140


def test_shifts_keep_the_order_of_events():
    blocks = np.zeros(6, dtype=int)
    orders = drawn("circular_shift", blocks=blocks)
    assert ((np.diff(orders, axis=1) % 6) == 1).all()
    assert set(orders[:, 0]) == set(range(6))
    # Blocks shift independently, also where their rows lie apart.
    found = np.unique(drawn("circular_shift"), axis=0)
    assert len(found) == 9
    assert [0, 1, 2, 3, 4, 5, 6] in found.tolist() and [2, 3, 4, 6, 0, 5, 1] in found.tolist()


def test_p_counts_the_observed_order():
    assert p_of_null(5.0, np.zeros(99)) == pytest.approx(0.01)
    assert p_of_null(np.zeros(2), np.ones((9, 2))).tolist() == [1, 1]


def test_errors():
    with pytest.raises(ValueError, match="every block holds a single event"):
        drawn("permutation", blocks=np.arange(4))
    with pytest.raises(ValueError, match=r"scheme='jitter': must be one of \['permutation'"):
        Resampling(rng=1, scheme="jitter")
    with pytest.raises(ValueError, match="n_permutations=-1: must not be negative"):
        Resampling(rng=1, n_permutations=-1)
