import numpy as np
import pytest

from mmme_neuro.stats.groups import centered
from mmme_neuro.stats.rounding import is_constant, is_constant_within

CONSTANTS = (0.0, 3.0, 0.1, 14.62, 1e8 + 0.1, -2e-12, 1e300)


@pytest.mark.parametrize("value", CONSTANTS)
def test_a_constant_is_one_whatever_its_value(value):
    values = np.full((60, 1), value)
    assert is_constant(values).tolist() == [True]
    values[::3] = np.nan
    assert is_constant(values).tolist() == [True]
    # The last digit is rounding, the tenth last is not.
    assert is_constant(np.array([value, np.nextafter(value, 2e300)]))
    if value:
        assert not is_constant(np.array([value, value * (1 + 1e-11)]))


@pytest.mark.parametrize("value", CONSTANTS)
def test_centered_constants_are_exactly_zero(value):
    codes = np.random.default_rng(1).integers(0, 7, 200)
    own = np.random.default_rng(2).normal(size=7)[codes] + value
    noise = np.random.default_rng(3).normal(size=200)
    found = centered(np.column_stack([np.full(200, value), own, noise]), codes)
    assert (found[:, :2] == 0).all()
    assert np.std(found[:, 2]) > 0.8
    assert is_constant_within(np.column_stack([own, noise]), codes).tolist() == [True, False]


def test_small_changes_around_a_large_number_are_no_constant():
    assert not is_constant(1e8 + np.arange(3) * 1e-3)
