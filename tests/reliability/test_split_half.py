from itertools import product

import numpy as np
import pytest

from mmme_neuro.reliability.scores import Scores, scores_of
from mmme_neuro.reliability.split_half import (
    half_scores,
    random_halves,
    spearman_brown,
    split_half,
)


def of_trials(trials, name="macro"):
    names = tuple(f"p{number}" for number in range(len(trials)))
    return Scores(name, names, tuple((part,) for part in trials), (1,))


def simulated(rng, *, n_people, n_trials, true_sd=1.0, error_sd=2.0):
    level = rng.normal(0, true_sd, n_people)
    return of_trials([size + rng.normal(0, error_sd, n_trials) for size in level])


@pytest.mark.parametrize("n", [4, 10, 60])
def test_step_up_of_known_variances_is_the_reliability_of_all_trials(n):
    true, error = 1.7, 5.2
    half = true / (true + error / (n / 2))
    assert spearman_brown(half) == pytest.approx(true / (true + error / n))
    one = true / (true + error)
    assert spearman_brown(one, n) == pytest.approx(true / (true + error / n))


def test_halves_differ_by_at_most_one_and_either_may_be_larger():
    chosen = random_halves(7, 400, np.random.default_rng(1))
    assert set(chosen.sum(axis=1)) == {3, 4}
    # Each trial is in the first half about half the time: SE .025.
    assert np.abs(chosen.mean(axis=0) - 0.5).max() < 0.1
    assert set(random_halves(6, 50, np.random.default_rng(1)).sum(axis=1)) == {3}


def test_mean_correlation_is_that_over_all_splits():
    # Two trials each: a split is who comes first, so all can be enumerated.
    rng = np.random.default_rng(3)
    pairs = rng.normal(size=(6, 1)) + 0.7 * rng.normal(size=(6, 2))
    correlations = []
    for turned in product([0, 1], repeat=6):
        first = [pair[turn] for pair, turn in zip(pairs, turned, strict=True)]
        other = [pair[1 - turn] for pair, turn in zip(pairs, turned, strict=True)]
        correlations.append(np.corrcoef(first, other)[0, 1])
    found = split_half(of_trials(list(pairs)), rng=1, n_splits=4000, n_resamples=100)
    assert found.estimate == pytest.approx(spearman_brown(np.mean(correlations)), abs=0.01)
    expected = np.quantile(spearman_brown(np.array(correlations)), [0.025, 0.975])
    assert (found.split_low, found.split_high) == pytest.approx(tuple(expected), abs=0.05)


def test_recovers_the_reliability():
    scores = simulated(np.random.default_rng(4), n_people=600, n_trials=20)
    found = split_half(scores, rng=1, n_splits=50, n_resamples=200)
    truth = 1 / (1 + 4 / 20)
    assert found.estimate == pytest.approx(truth, abs=0.02)
    assert found.ci_low < truth < found.ci_high
    assert found.ci_high - found.ci_low < 0.1


def test_difference_of_correlated_conditions_is_less_reliable():
    rng = np.random.default_rng(5)
    people = np.repeat(np.arange(500), 40)
    kinds = np.tile(["macro", "micro"], 10_000)
    own = rng.normal(size=(500, 2)) * np.sqrt([0.8, 0.2])
    values = own[people, 0] + own[people, 1] * (kinds == "micro") + 1.5 * rng.normal(size=20_000)
    found, _ = scores_of(values, people, kinds, levels=["macro", "micro"])
    error = 2.25 / 20
    truths = [0.8 / (0.8 + error), 1.0 / (1.0 + error), 0.2 / (0.2 + 2 * error)]
    for scores, truth in zip(found, truths, strict=True):
        estimate = split_half(scores, rng=2, n_splits=30, n_resamples=100).estimate
        assert estimate == pytest.approx(truth, abs=0.05), scores.name


def test_measure_of_averages_and_missing_values():
    rng = np.random.default_rng(6)
    times = np.arange(50)
    late = rng.integers(15, 35, 40)
    curves = [np.exp(-(((times - at) / 6) ** 2)) + 0.3 * rng.normal(size=(16, 50)) for at in late]
    scores = of_trials(curves)
    found = split_half(
        scores, rng=1, n_splits=20, measure=lambda c: c.argmax(axis=-1).astype(float)
    )
    assert found.estimate > 0.9
    halves = half_scores(scores, n_splits=20, rng=1, measure=lambda c: c[..., 0] * np.nan)
    assert halves.shape == (2, 20, 40) and np.isnan(halves).all()
    gone = split_half(scores, rng=1, n_splits=20, measure=lambda c: c[..., 0] * np.nan)
    assert np.isnan(gone.estimate) and "not defined" in gone.reason
    with pytest.raises(ValueError, match="trials are curves: give a measure"):
        split_half(scores, rng=1)


def test_repeats_with_its_seed_and_does_not_depend_on_units():
    scores = simulated(np.random.default_rng(7), n_people=12, n_trials=9)
    found = split_half(scores, rng=3, n_splits=100, n_resamples=200)
    assert found == split_half(scores, rng=3, n_splits=100, n_resamples=200)
    scaled = of_trials([1e-6 * part + 5e-3 for (part,) in scores.trials])
    again = split_half(scaled, rng=3, n_splits=100, n_resamples=200)
    assert again.estimate == pytest.approx(found.estimate)
    assert again.ci_low == pytest.approx(found.ci_low)


def test_no_estimate_has_a_reason():
    two = split_half(of_trials([np.arange(4.0), np.ones(4)]), rng=1)
    assert np.isnan(two.estimate) and "2 participants have enough trials; 3" in two.reason
    same = split_half(of_trials([np.full(5, 0.1)] * 6), rng=1)
    assert np.isnan(same.estimate) and "do not differ" in same.reason
    with pytest.raises(ValueError, match="n_splits must be 10 or more, got 2"):
        split_half(of_trials([np.arange(4.0)] * 4), rng=1, n_splits=2)


@pytest.mark.slow
@pytest.mark.parametrize("n_people", [10, 30])
def test_interval_covers(n_people):
    rng = np.random.default_rng(8)
    truth = 1 / (1 + 4 / 16)
    hits = []
    for _ in range(400):
        scores = simulated(rng, n_people=n_people, n_trials=16)
        found = split_half(scores, rng=rng, n_splits=100, n_resamples=400)
        hits.append(found.ci_low <= truth <= found.ci_high)
    # 99.9 % range of 400 draws at .95 is .914 to .986; few participants take some more.
    assert 0.90 < np.mean(hits) < 0.99
