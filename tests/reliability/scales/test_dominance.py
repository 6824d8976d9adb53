import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from mmme_neuro.reliability import emotion_dominance, means_by_emotion
from mmme_neuro.simulate.parameters import RatingParameters
from mmme_neuro.simulate.study import EMOTIONS, simulate_ratings
from mmme_neuro.vocabulary import INTENDED_EMOTION_BY_CODE

AIMS = {str(code): emotion for code, emotion in INTENDED_EMOTION_BY_CODE.items()}
COLUMNS = ["participant", "stimulus", "item", "rating"]


def simulated(*, gain, n_people=20, n_videos=24, seed=1, noise=1.5):
    parameters = RatingParameters(emotion_gain=gain, emotion_residual_variance=noise)
    people = [f"p{k:02d}" for k in range(n_people)]
    rng = np.random.default_rng(seed)
    return simulate_ratings(parameters, people, n_videos=n_videos, rng=rng)


def judged(ratings, **settings):
    return emotion_dominance(ratings, AIMS, emotions=EMOTIONS, rng=1, **settings)


def test_counts_by_hand():
    rows = [
        ("a", "101", [5, 3, 1]),  # sadness intended and strongest
        ("b", "101", [2, 2, 1]),  # ties with disgust
        ("a", "102", [4, 1, 4]),  # disgust intended, below both others
        ("b", "102", [1, 7, 4]),
    ]
    items = ["sadness", "disgust", "happiness"]
    long = [(p, s, item, r) for p, s, values in rows for item, r in zip(items, values, strict=True)]
    found = judged(pd.DataFrame(long, columns=COLUMNS), n_resamples=100)
    assert found.trials["dominance"].tolist() == [1, 0.5, 0, 1]
    assert found.trials["margin"].tolist() == [2, 0, -3, 3]
    assert found.trials["strongest"].tolist()[:3] == [
        "sadness", "sadness,disgust", "sadness,happiness",
    ]  # fmt: skip
    wide = found.by_emotion.set_index(["intended", "measure"])["estimate"]
    assert wide["sadness", "dominance"] == 0.75 and wide["disgust", "margin"] == 0
    assert wide["all", "dominance"] == 0.625
    shares = found.confusion.set_index(["intended", "felt"])["share"]
    assert shares["sadness", "disgust"] == 0.25 and shares["disgust", "happiness"] == 0.25
    assert found.confusion.groupby("intended")["share"].sum().tolist() == [1, 1]
    assert found.by_stimulus["dominance"].tolist() == [0.75, 0.5]
    assert found.chance == pytest.approx(1 / 3)


def test_chance_without_and_all_with_a_strong_effect():
    nothing = judged(simulated(gain=0.0, n_people=60), n_resamples=200)
    overall = nothing.by_emotion.query("intended == 'all' and measure == 'dominance'").iloc[0]
    # 1440 trials at 1/8: SE .009. Negative emotions go together, so each of them is a bit different
    # from a calm one, but over all emotions the shares add to chance.
    assert overall["estimate"] == pytest.approx(nothing.chance, abs=0.035)
    strong = judged(simulated(gain=30.0), n_resamples=200)
    assert (strong.trials["dominance"] == 1).all()
    assert (strong.trials["margin"] > 20).all()


def test_recovers_the_rate_of_independent_ratings():
    # Equal noise in all 8 emotions: the chance that the intended one is the highest.
    ratings = simulated(gain=0.0, n_people=400, seed=2)
    rng = np.random.default_rng(3)
    is_emotion = ratings["item"].isin(EMOTIONS)
    ratings = ratings[is_emotion].assign(rating=rng.normal(size=is_emotion.sum()))
    ratings["rating"] += 1.5 * (ratings["item"] == ratings["stimulus"].map(AIMS))
    expected, _ = quad(lambda x: norm.pdf(x - 1.5) * norm.cdf(x) ** 7, -8, 10)
    overall = judged(ratings, n_resamples=200).by_emotion.query("intended == 'all'").iloc[0]
    assert overall["estimate"] == pytest.approx(expected, abs=0.02)  # 9600 trials: SE .005
    assert overall["ci_low"] < expected < overall["ci_high"]


def test_left_out_trials_are_listed():
    ratings = simulated(gain=3.0, n_people=4, n_videos=3)
    ratings.loc[(ratings["item"] == "fear") & (ratings["stimulus"] == "103"), "rating"] = np.nan
    aims = AIMS | {"102": "boredom"}
    found = emotion_dominance(ratings, aims, emotions=EMOTIONS, rng=1, n_resamples=100)
    reasons = found.left_out.groupby("stimulus")["reason"].unique()
    assert reasons["102"].tolist() == ["its intended emotion is not among the items"]
    assert reasons["103"].tolist() == ["an emotion was not rated"]
    assert set(found.trials["stimulus"]) == {"101"}


def test_one_participant_has_no_interval():
    found = judged(simulated(gain=3.0, n_people=1))
    assert found.by_emotion["estimate"].notna().all()
    assert found.by_emotion[["ci_low", "ci_high"]].isna().all(axis=None)


def test_errors():
    ratings = simulated(gain=3.0, n_people=3, n_videos=3)
    with pytest.raises(ValueError, match=r"2 or more must be items of the ratings, found \[\]"):
        judged(ratings[ratings["item"] == "valence"])
    with pytest.raises(ValueError, match=r"ratings lacks the columns \['rating'\]"):
        judged(ratings.drop(columns="rating"))
    with pytest.raises(ValueError, match="one value per participant, stimulus and item"):
        judged(pd.concat([ratings, ratings[-1:]]))
    with pytest.raises(ValueError, match="no trial can be judged"):
        emotion_dominance(ratings, {}, emotions=EMOTIONS, rng=1)


def test_means_are_deviations_from_the_participants_own():
    rng = np.random.default_rng(4)
    rows = [
        (person, str(101 + video), "eda", level + 2.0 * (AIMS[str(101 + video)] == "fear"))
        for person, level in zip("abcdefgh", rng.normal(0, 50, 8), strict=True)
        for video in range(8)
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    table["rating"] += rng.normal(0, 0.1, len(table))
    found = means_by_emotion(table, AIMS, rng=1, n_resamples=200).set_index("intended")
    # One of eight videos: 2 - 2 / 8.
    assert found.loc["fear", "estimate"] == pytest.approx(1.75, abs=0.15)
    assert found.loc["fear", "ci_low"] > 1.5
    assert found.loc["calm", "estimate"] == pytest.approx(-0.25, abs=0.15)
    with pytest.raises(ValueError, match=r"table lacks the columns \['item'\]"):
        means_by_emotion(table.drop(columns="item"), AIMS, rng=1)
