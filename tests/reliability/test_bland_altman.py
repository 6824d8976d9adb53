import numpy as np
import pytest
from scipy import stats

from mmme_neuro.reliability import limits_of_agreement


def test_independent_differences_by_hand():
    differences = np.array([1.0, -2.0, 0.5, 3.0, -1.0, 2.5])
    found = limits_of_agreement(differences)
    sd = differences.std(ddof=1)
    assert (found.bias, found.sd) == pytest.approx((differences.mean(), sd))
    assert (found.low, found.high) == pytest.approx(
        (found.bias - 1.959964 * sd, found.bias + 1.959964 * sd)
    )
    expected = stats.t.interval(0.95, 5, found.bias, sd / np.sqrt(6))
    assert (found.bias_ci_low, found.bias_ci_high) == pytest.approx(expected)


def test_exact_limits_equal_tolerance_factors():
    # One-sided tolerance factor of a normal sample, n = 10, 95 % content and confidence: 2.911
    # (Natrella 1963, table A-7). The outer 90 % limit of a one-sided 95 % quantile.
    sample = np.random.default_rng(1).normal(size=10)
    found = limits_of_agreement(sample, share=0.9, confidence=0.9)
    assert (found.high_ci_high - found.bias) / found.sd == pytest.approx(2.911, abs=1e-3)


def test_one_difference_a_participant_needs_no_clusters():
    differences = np.random.default_rng(2).normal(size=20)
    assert limits_of_agreement(differences, participant=np.arange(20)) == limits_of_agreement(
        differences
    )


def nested(rng, n_people=25, bias=0.3, between=0.6, within=1.0):
    people = np.repeat(np.arange(n_people), rng.integers(1, 9, n_people))
    shifts = rng.normal(bias, between, n_people)
    return rng.normal(shifts[people], within), people


@pytest.mark.parametrize("by_cluster", [False, True])
def test_covers_bias_and_limits(by_cluster):
    rng = np.random.default_rng(3)
    hits = []
    for _ in range(300):
        if by_cluster:
            differences, people = nested(rng)
            sd = np.hypot(0.6, 1.0)
        else:
            differences, people, sd = rng.normal(0.3, 1.0, 25), None, 1.0
        found = limits_of_agreement(differences, participant=people)
        low, high = 0.3 - 1.959964 * sd, 0.3 + 1.959964 * sd
        hits.append(
            (
                found.bias_ci_low < 0.3 < found.bias_ci_high,
                found.low_ci_low < low < found.low_ci_high,
                found.high_ci_low < high < found.high_ci_high,
            )
        )
    # 99 % Monte-Carlo range of .95 over 300 draws is .917 to .98.
    assert (np.mean(hits, axis=0) > 0.915).all()
    assert (np.mean(hits, axis=0) < 0.985).all()


def test_recovers_the_spread_of_one_difference():
    differences, people = nested(np.random.default_rng(4), n_people=3000)
    found = limits_of_agreement(differences, participant=people)
    assert found.sd == pytest.approx(np.hypot(0.6, 1.0), rel=0.02)
    assert found.bias == pytest.approx(0.3, abs=0.03)


def test_missing_differences_are_left_out():
    differences = np.array([1.0, np.nan, 0.5, 3.0, -1.0])
    assert limits_of_agreement(differences).series()["n"] == 4


def test_errors():
    with pytest.raises(ValueError, match="3 numbers or more for limits of agreement, got 2"):
        limits_of_agreement(np.array([1.0, 2.0, np.nan]))
    with pytest.raises(ValueError, match="2 participants or more, got 1"):
        limits_of_agreement(np.arange(4.0), participant=np.zeros(4))
    with pytest.raises(ValueError, match="participant of each of 4 differences, got 3"):
        limits_of_agreement(np.arange(4.0), participant=np.zeros(3))
    with pytest.raises(ValueError, match="share must lie between 0 and 1, got 95"):
        limits_of_agreement(np.arange(4.0), share=95)
