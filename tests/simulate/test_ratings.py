import numpy as np
import pytest

from mmme_neuro import icc
from mmme_neuro.simulate.parameters import RatingParameters
from mmme_neuro.simulate.study import ITEMS, simulate_ratings

PEOPLE = [f"sub{n:03d}" for n in range(400)]


def test_everyone_rates_everything():
    table = simulate_ratings(
        RatingParameters(), PEOPLE[:5], n_videos=4, rng=np.random.default_rng(1)
    )
    assert list(table) == ["participant", "stimulus", "item", "rating"]
    assert len(table) == 5 * 4 * len(ITEMS)
    assert not table.duplicated(["participant", "stimulus", "item"]).any()
    assert set(table["stimulus"]) == {"101", "102", "103", "104"}


@pytest.mark.parametrize(
    "parameters", [RatingParameters(), RatingParameters(0.4, 1.5, 0.6)], ids=["default", "biased"]
)
def test_icc_of_many_ratings_is_the_true_one(parameters):
    rng = np.random.default_rng(2)
    found = []
    for _ in range(6):
        table = simulate_ratings(parameters, PEOPLE, n_videos=48, rng=rng)
        one = table[table["item"] == "valence"]
        result = icc(one, targets="stimulus", raters="participant", ratings="rating")
        found.append(result.loc["ICC(A,1)", "icc"])
    # 48 videos: the SE of one is about .04.
    assert np.mean(found) == pytest.approx(parameters.true_icc, abs=0.05)


def test_true_icc_is_absolute_agreement():
    assert RatingParameters(2.0, 1.0, 1.0).true_icc == 0.5


def test_the_intended_emotion_is_felt_more_and_negative_ones_together():
    parameters = RatingParameters()
    table = simulate_ratings(parameters, PEOPLE, n_videos=8, rng=np.random.default_rng(3))
    wide = table.pivot_table(index=["stimulus", "participant"], columns="item", values="rating")
    fear = wide["fear"].groupby("stimulus").mean()
    # 104 is meant to arouse fear; 400 participants: SE of a mean about .09.
    others = fear.drop("104").mean()
    assert fear["104"] - others == pytest.approx(parameters.emotion_gain, abs=0.35)
    calm, anger = (wide[name].loc["104"] for name in ("calm", "anger"))
    own = wide["fear"].loc["104"]
    assert own.corr(anger) > own.corr(calm) + 0.2
    assert parameters.true_alpha(5) == pytest.approx(5 / 6.5)
