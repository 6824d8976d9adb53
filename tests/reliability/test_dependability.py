import numpy as np
import pandas as pd
import pingouin
import pytest

from mmme_neuro.reliability.dependability import Dependability, dependability
from mmme_neuro.reliability.scores import Scores


def of_trials(*parts, signs=(1,)):
    """Scores of participants from a list of trials a part."""
    names = tuple(f"p{number}" for number in range(len(parts[0])))
    return Scores("x", names, tuple(zip(*parts, strict=True)), signs)


def simulated(rng, *, n_people, n_trials, true_sd=1.0, error_sd=2.0):
    level = rng.normal(0, true_sd, n_people)
    counts = np.broadcast_to(n_trials, n_people)
    noise = np.broadcast_to(error_sd, n_people)
    return [size + rng.normal(0, sd, n) for size, sd, n in zip(level, noise, counts, strict=True)]


def test_balanced_is_the_one_way_intraclass_correlation():
    trials = simulated(np.random.default_rng(1), n_people=15, n_trials=8)
    tidy = pd.DataFrame(trials).rename_axis("person").reset_index()
    tidy = tidy.melt("person", var_name="trial")
    icc = pingouin.intraclass_corr(tidy, "person", "trial", "value").set_index("Type")["ICC"]
    found = dependability(of_trials(trials), rng=1)
    assert found.observed()[0] == pytest.approx(icc["ICC(1,k)"], abs=1e-10)
    one, eight = found.with_trials([1, 8])[:, 0]
    assert one == pytest.approx(icc["ICC(1,1)"], abs=1e-10)
    assert eight == pytest.approx(icc["ICC(1,k)"], abs=1e-10)
    assert found.n_effective == pytest.approx(8)


def test_closed_form_of_the_number_of_trials():
    # True variance 1, error variance 4: n = 4 x .7 / .3 = 9.33, 4 x .8 / .2 = 16.
    found = Dependability(1 + 10 / 4, 1.5, 6.0, n_effective=10.0)
    assert found.trials_needed(0.7)[0] == 10
    assert found.trials_needed(0.8)[0] == 16
    value, low, high = found.trials_needed(0.7)
    assert low < value < high
    at = found.with_trials([9, 10, 16])
    assert at[0, 0] < 0.7 <= at[1, 0] and at[2, 0] == pytest.approx(0.8)
    assert (at[:, 1] < at[:, 0]).all() and (at[:, 0] < at[:, 2]).all()
    # The limits of the number are where the limits of dependability cross the target.
    assert found.with_trials(low)[0, 2] >= 0.7 > found.with_trials(low - 1)[0, 2]
    assert found.with_trials(high)[0, 1] >= 0.7 > found.with_trials(high - 1)[0, 1]


def test_without_true_differences_no_number_is_enough():
    found = Dependability(0.8, 0.5, 1.4, n_effective=10.0, rms_sme=1.0, sd_participants=0.9)
    value, low, high = found.trials_needed(0.7)
    assert np.isinf(value) and np.isinf(high) and low == 59
    assert found.with_trials([5, 500])[:, 0].tolist() == [0, 0]
    assert found.observed()[0] == pytest.approx(-0.25)
    assert found.sd_true == 0


def test_unequal_noise_and_numbers_do_not_bias_the_true_variance():
    rng = np.random.default_rng(2)
    found = []
    for _ in range(300):
        counts, noise = rng.integers(4, 40, 20), rng.uniform(0.5, 4, 20)
        scores = of_trials(simulated(rng, n_people=20, n_trials=counts, error_sd=noise))
        found.append(
            scores.means().var(ddof=1) - scores.error_variances()[0].mean()
        )  # what `compare` calls true
    assert np.mean(found) == pytest.approx(1.0, abs=4 * np.std(found) / np.sqrt(300))
    assert np.std(found) / np.sqrt(300) < 0.05


def test_recovers_the_reliability_of_a_difference():
    rng = np.random.default_rng(3)
    n_people = 600
    shared, own = rng.normal(size=n_people), 0.6 * rng.normal(size=n_people)
    macro = [size + 1.5 * rng.normal(size=30) for size in shared]
    micro = [size + 2.5 * rng.normal(size=12) for size in shared + own]
    found = dependability(of_trials(micro, macro, signs=(1, -1)), rng=1)
    error = 2.5**2 / 12 + 1.5**2 / 30
    assert found.observed()[0] == pytest.approx(0.36 / (0.36 + error), abs=0.06)
    per_event = 2.5**2 + 1.5**2
    assert found.with_trials(20)[0, 0] == pytest.approx(0.36 / (0.36 + per_event / 20), abs=0.06)
    assert found.trials_needed(0.7)[0] == pytest.approx(per_event / 0.36 * 7 / 3, rel=0.2)
    assert found.sd_true == pytest.approx(0.6, abs=0.06)
    assert found.rms_sme == pytest.approx(np.sqrt(error), rel=0.03)


def test_predicts_what_fewer_trials_give():
    rng = np.random.default_rng(4)
    trials = simulated(rng, n_people=800, n_trials=40)
    predicted = dependability(of_trials(trials), rng=1).with_trials(6)[0, 0]
    fewer = dependability(of_trials([part[:6] for part in trials]), rng=1).observed()[0]
    assert fewer == pytest.approx(predicted, abs=0.05)


def test_repeats_with_its_seed_and_does_not_depend_on_units():
    trials = simulated(np.random.default_rng(5), n_people=12, n_trials=9)
    found = dependability(of_trials(trials), rng=3)
    assert found == dependability(of_trials(trials), rng=3)
    scaled = dependability(of_trials([1e-6 * part + 1e-3 for part in trials]), rng=3)
    assert scaled.observed() == pytest.approx(found.observed())
    assert scaled.rms_sme == pytest.approx(1e-6 * found.rms_sme)


def test_no_estimate_has_a_reason():
    two = dependability(of_trials([np.arange(3.0)] * 2), rng=1)
    assert np.isnan(two.ratio) and "2 participants have enough trials" in two.reason
    assert np.isnan(two.with_trials(5)).all() and np.isnan(two.trials_needed(0.7)).all()
    alike = dependability(of_trials([np.array([1.0, 2, 3])] * 4), rng=1)
    assert np.isnan(alike.ratio) and "scores do not differ" in alike.reason
    steady = dependability(of_trials([np.full(3, float(k)) for k in range(4)]), rng=1)
    assert np.isnan(steady.ratio) and "do not differ within participants" in steady.reason
    assert steady.sd_participants == pytest.approx(np.std(range(4), ddof=1))


def test_errors():
    scores = of_trials([np.arange(3.0)] * 3)
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1, got 95"):
        dependability(scores, rng=1, confidence=95)
    with pytest.raises(ValueError, match="n_resamples must be 100 or more"):
        dependability(scores, rng=1, n_resamples=10)
    with pytest.raises(ValueError, match=r"target must lie between 0 and 1, got 1\.0"):
        Dependability(2.0, n_effective=5.0).trials_needed(1.0)


@pytest.mark.slow
@pytest.mark.parametrize("n_people", [10, 30])
@pytest.mark.parametrize("true_sd", [0.0, 1.0])
def test_interval_covers_and_rarely_finds_what_is_not_there(n_people, true_sd):
    rng = np.random.default_rng(6)
    hits, found_above = [], []
    for _ in range(1000):
        counts = rng.integers(6, 30, n_people)
        truth = true_sd**2 / (true_sd**2 + 4 * np.mean(1 / counts))
        trials = simulated(rng, n_people=n_people, n_trials=counts, true_sd=true_sd)
        _, low, high = dependability(of_trials(trials), rng=rng, n_resamples=400).observed()
        hits.append(low <= truth <= high)
        found_above.append(low > 0)
    # Measured .92 (10) and .94 (30); the lower bound is .92 less 3.3 standard errors.
    assert 0.89 < np.mean(hits) < 0.98
    if true_sd == 0:
        assert np.mean(found_above) < 0.05
