import numpy as np
import pytest

from mmme_neuro.pipeline.outliers import FEWEST, LIMIT, usual_range

ALIKE = np.array([10.0, 11.0, 9.0, 10.5, 9.5, 10.2, 9.8, 10.0, 30.0, -10.0])


def test_range_is_that_of_median_and_absolute_deviation():
    found = usual_range(ALIKE, resolution=1e-6)
    median = np.median(ALIKE)
    half = LIMIT * 1.482602218505602 * np.median(np.abs(ALIKE - median))
    assert (found.median, found.low, found.high) == pytest.approx(
        (median, median - half, median + half)
    )
    assert found.excludes(ALIKE).tolist() == [False] * 8 + [True, True]
    high = usual_range(ALIKE, resolution=1e-6, side="high")
    assert high.excludes(ALIKE).tolist() == [False] * 8 + [True, False]
    assert usual_range(ALIKE, resolution=1e-6, side="low").high == np.inf


def test_half_of_the_values_may_be_wild():
    wild = np.concatenate([np.linspace(0, 1, 11), np.full(9, 1e6)])
    assert usual_range(wild, resolution=0.01).excludes(wild).sum() == 9


def test_participants_who_are_alike_make_no_small_difference_unusual():
    values = np.array([0.0] * 9 + [0.05])
    assert not usual_range(values, resolution=0.02).excludes(values).any()
    assert usual_range(values, resolution=0.01).excludes(values).sum() == 1


def test_ratios_are_compared_as_logarithms_whatever_the_unit():
    values = np.array([1.0, 2.0, 1.5, 1.2, 1.8, 1.1, 1.6, 20.0])
    for scale in (1.0, 1e-6):
        found = usual_range(scale * values, resolution=0.1, is_ratio=True, side="high")
        assert found.excludes(scale * values).tolist() == [False] * 7 + [True]
        assert found.low == -np.inf
    assert usual_range(values, resolution=0.1, is_ratio=True).low > 0


def test_missing_values_are_no_outliers_and_few_have_no_range():
    values = np.append(ALIKE, np.nan)
    assert not usual_range(values, resolution=1.0).excludes(values)[-1]
    few = usual_range(ALIKE[: FEWEST - 1], resolution=1.0)
    assert np.isnan([few.median, few.low, few.high]).all()
    assert not few.excludes(ALIKE).any()


@pytest.mark.parametrize(("n", "rate"), [(10, 0.017), (30, 0.004), (110, 0.001)])
def test_rates_among_normal_values_are_those_documented(n, rate):
    rng = np.random.default_rng(n)
    draws = rng.normal(size=(4000 if n < 100 else 2000, n))
    found = np.mean([usual_range(own, resolution=1e-9).excludes(own).mean() for own in draws])
    assert found == pytest.approx(rate, abs=0.0012)


def test_bad_requests_are_refused():
    with pytest.raises(ValueError, match="must be 'both'"):
        usual_range(ALIKE, resolution=1.0, side="left")
    with pytest.raises(ValueError, match="resolution=0"):
        usual_range(ALIKE, resolution=0)
    with pytest.raises(ValueError, match="positive values, the least is -10"):
        usual_range(ALIKE, resolution=1.0, is_ratio=True)
