"""The split of a predictor gives the within and the between slope."""

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.models.centering import within_between
from mmme_neuro.models.mixed import fit_lmm


@pytest.fixture(scope="module")
def events():
    rng = np.random.default_rng(6)
    events = pd.DataFrame({"participant": np.repeat(np.arange(40), 12)})
    mean = rng.normal(0, 2, 40)[events["participant"]]
    events["rise"] = 5 + mean + rng.normal(size=480)
    events["y"] = (
        0.5 * (events["rise"] - mean - 5)
        - 1.0 * mean
        + rng.normal(0, 0.5, 40)[events["participant"]]
        + rng.normal(size=480)
    )
    return events


def test_parts_add_up_and_are_orthogonal(events):
    split = within_between(events, "rise")
    within, between = split["rise_within"], split["rise_between"]
    assert within.groupby(events["participant"]).mean().abs().max() < 1e-12
    assert between.groupby(events["participant"]).nunique().max() == 1
    assert between.groupby(events["participant"]).first().mean() == pytest.approx(0)
    assert (events["rise"] - within - between).std() < 1e-12
    assert abs((within * between).sum()) < 1e-8
    raw = within_between(events, "rise", center=False)
    np.testing.assert_allclose(raw["rise_within"] + raw["rise_between"], events["rise"])


def test_within_slope_is_that_of_fixed_participant_effects(events):
    split = within_between(events, "rise")
    fit = fit_lmm("y ~ rise_within + rise_between + (1 | participant)", split)
    dummies = pd.get_dummies(events["participant"], dtype=float).to_numpy()
    x = np.column_stack([events["rise"], dummies])
    expected = np.linalg.lstsq(x, events["y"].to_numpy(), rcond=None)[0][0]
    assert fit.coefficients["rise_within"] == pytest.approx(expected, rel=1e-8)
    means = events.groupby("participant")[["rise", "y"]].mean()
    between = np.polyfit(means["rise"], means["y"], 1)[0]
    assert fit.coefficients["rise_between"] == pytest.approx(between, rel=1e-8)


def test_both_truths_are_recovered_where_one_slope_mixes_them(events):
    split = within_between(events, "rise")
    table = fit_lmm("y ~ rise_within + rise_between + (1 | participant)", split).table()
    for term, truth in (("rise_within", 0.5), ("rise_between", -1.0)):
        assert abs(table.loc[term, "estimate"] - truth) < 3 * table.loc[term, "std_error"]
    mixed = fit_lmm("y ~ rise + (1 | participant)", events).coefficients["rise"]
    assert -0.9 < mixed < 0.45


def test_missing_values_count_in_no_mean():
    events = pd.DataFrame({"participant": ["a", "a", "b", None], "x": [1.0, np.nan, 3.0, 4.0]})
    split = within_between(events, "x")
    assert split["x_within"].tolist()[0] == 0
    assert split["x_within"].isna().tolist() == [False, True, False, True]
    assert split["x_between"].isna().tolist() == [False, True, False, True]
    assert split["x_between"].dropna().tolist() == [-1, 1]


def test_share_of_a_category_is_its_mean():
    events = pd.DataFrame({"participant": list("aabb"), "is_micro": [True, False, True, True]})
    split = within_between(events, "is_micro", center=False)
    assert split["is_micro_between"].tolist() == [0.5, 0.5, 1, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"predictor": "speed"}, r"lacks the columns \['speed'\]"),
        ({"predictor": "rise", "participant": "clip"}, r"lacks the columns \['clip'\]"),
        ({"predictor": "kind"}, "must be numeric"),
        ({"predictor": "x"}, "there already"),
    ],
)
def test_bad_requests_are_refused(events, arguments, message):
    table = events.assign(kind="a", x=1.0, x_within=0.0)
    with pytest.raises(ValueError, match=message):
        within_between(table, **arguments)
