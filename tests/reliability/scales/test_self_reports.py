import numpy as np
import pandas as pd
import pingouin
import pytest

from mmme_neuro import cronbach_alpha
from mmme_neuro.reliability import icc_by_item, scale_reliability
from mmme_neuro.simulate.parameters import RatingParameters
from mmme_neuro.simulate.study import NEGATIVE, simulate_ratings


def ratings_of(*, n_people=12, n_videos=16, seed=1, parameters=None):
    people = [f"p{k:03d}" for k in range(n_people)]
    return simulate_ratings(
        parameters or RatingParameters(), people, n_videos=n_videos, rng=np.random.default_rng(seed)
    )


def test_icc_of_each_item_equals_pingouin():
    ratings = ratings_of()
    found = icc_by_item(ratings)
    assert found.groupby("item", sort=False).size().eq(6).all()
    assert list(found["item"].unique()) == list(ratings["item"].unique())
    for item in ("arousal", "fear"):
        part = ratings[ratings["item"] == item]
        other = pingouin.intraclass_corr(part, "stimulus", "participant", "rating")
        other = other.set_index("Type")["ICC"]
        mine = found[found["item"] == item].set_index("form")["icc"]
        for form, theirs in (("ICC(A,1)", "ICC(A,1)"), ("ICC(C,k)", "ICC(C,k)")):
            assert mine[form] == pytest.approx(other[theirs], abs=1e-10)
    assert (found[["n_stimuli", "n_participants", "n_missing"]] == [16, 12, 0]).all(axis=None)


def test_signals_by_video_with_gaps_and_an_item_without_estimate():
    ratings = ratings_of().rename(columns={"item": "channel", "rating": "value"})
    table = ratings[ratings["channel"].isin(["arousal", "calm"])].reset_index(drop=True)
    table.loc[[3, 40, 77], "value"] = np.nan
    one = table[table["participant"] == "p000"].drop_duplicates("stimulus")
    lone = one.assign(channel="skt", value=1.0)
    found = icc_by_item(pd.concat([table, lone]), item="channel", value="value")
    arousal = found[found["item"] == "arousal"].set_index("form")
    assert arousal.loc["ICC(A,1)", "n_missing"] == 3
    assert 0.2 < arousal.loc["ICC(A,1)", "icc"] < 0.9
    lone = found[found["item"] == "skt"]
    assert lone["icc"].isna().all() and (lone["reason"] != "").all()


def test_alpha_is_that_of_the_items_and_recovers_what_was_simulated():
    parameters = RatingParameters(emotion_gain=0.0, participant_variance=0.5)
    ratings = ratings_of(n_people=150, n_videos=20, parameters=parameters)
    found = scale_reliability(ratings, {"bad": NEGATIVE}, rng=1, n_resamples=200)
    found = found.set_index("coefficient")
    wide = ratings.pivot_table(index=["participant", "stimulus"], columns="item", values="rating")
    expected = cronbach_alpha(wide[list(NEGATIVE)]).loc["alpha", "estimate"]
    assert found.loc["alpha", "estimate"] == pytest.approx(expected)
    assert found.loc["alpha_within", "estimate"] == pytest.approx(
        parameters.true_alpha(len(NEGATIVE)), abs=0.02
    )
    assert found.loc["alpha_within", "ci_low"] < parameters.true_alpha(5)
    # One factor behind all items: omega is alpha.
    assert found.loc["omega_total", "estimate"] == pytest.approx(expected, abs=0.01)
    assert (found[["n_items", "n_rows", "n_participants"]] == [5, 3000, 150]).all(axis=None)


def test_an_item_that_counts_against_the_scale_is_turned():
    ratings = ratings_of(n_people=30)
    is_fear = ratings["item"] == "fear"
    turned = ratings.assign(rating=ratings["rating"].where(~is_fear, 10 - ratings["rating"]))
    plain = scale_reliability(ratings, {"x": ["fear", "anger", "disgust"]}, rng=1)
    again = scale_reliability(turned, {"x": ["-fear", "anger", "disgust"]}, rng=1)
    np.testing.assert_allclose(again["estimate"], plain["estimate"])
    against = scale_reliability(turned, {"x": ["fear", "anger", "disgust"]}, rng=1)
    assert against["estimate"][0] < plain["estimate"][0] - 0.2


def test_two_items_have_no_omega_and_missing_items_a_reason():
    ratings = ratings_of()
    found = scale_reliability(
        ratings, {"pair": ["fear", "anger"], "none": ["fear", "envy"]}, rng=1, n_resamples=100
    )
    pair = found[found["scale"] == "pair"]
    assert pair["coefficient"].tolist() == ["alpha", "alpha_within", "alpha_between"]
    none = found[found["scale"] == "none"]
    assert none["estimate"].isna().all()
    assert none["reason"].item() == "items ['envy'] were not rated"


def test_one_participant_one_item_and_constant_answers_have_reasons():
    ratings = ratings_of()
    alone = scale_reliability(ratings[ratings["participant"] == "p000"], {"x": NEGATIVE}, rng=1)
    levels = alone[alone["coefficient"] == "alpha_within"].iloc[0]
    assert np.isnan(levels["estimate"]) and "participants must be 3 or more" in levels["reason"]
    single = scale_reliability(ratings, {"x": ["fear"]}, rng=1)
    assert single["estimate"].isna().all() and single["reason"].str.contains("2 columns").any()
    constant = ratings.assign(rating=ratings["rating"].where(ratings["item"] != "fear", 4.0))
    found = scale_reliability(constant, {"x": NEGATIVE}, rng=1)
    assert found["reason"].str.contains("'fear'").all()


def test_errors():
    ratings = ratings_of()
    with pytest.raises(ValueError, match=r"table lacks the columns \['item'\]"):
        icc_by_item(ratings.drop(columns="item"))
    with pytest.raises(ValueError, match="one value per participant, stimulus and item; 1 repeat"):
        scale_reliability(pd.concat([ratings, ratings[:1]]), {"x": NEGATIVE}, rng=1)
