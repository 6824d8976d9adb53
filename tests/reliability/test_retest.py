import numpy as np
import pandas as pd
import pytest

from mmme_neuro import icc
from mmme_neuro.errors import BadInput
from mmme_neuro.reliability import retest_reliability
from mmme_neuro.reliability.intraclass import complete_forms

NAMES = {"participant": "who", "sessions": "day", "values": "uv"}


def measured(rng, n=40, spread=2.0, error=1.0, shift=0.5):
    level = rng.normal(5, spread, n)
    values = np.column_stack([level, level + shift]) + rng.normal(0, error, (n, 2))
    who, day = np.indices(values.shape)
    return pd.DataFrame({"who": who.ravel(), "day": day.ravel() + 1, "uv": values.ravel()})


def retest(table, **options):
    return retest_reliability(table, **NAMES, **options)


def test_parts_by_hand():
    table = measured(np.random.default_rng(1))
    found = retest(table)
    wide = table["uv"].to_numpy().reshape(-1, 2)
    change = wide[:, 1] - wide[:, 0]
    assert found.sem == pytest.approx(change.std(ddof=1) / np.sqrt(2))
    assert found.mdc == pytest.approx(1.959964 * np.sqrt(2) * found.sem)
    assert found.limits.bias == pytest.approx(change.mean())
    assert found.correlation == pytest.approx(np.corrcoef(wide.T)[0, 1])
    expected = icc(table, targets="who", raters="day", ratings="uv")
    pd.testing.assert_frame_equal(found.icc, expected, check_flags=False)
    # The error with the shift in it is the target-free part of ICC(A,1).
    form = complete_forms(wide, 0.95)["ICC(A,1)"].icc
    own = (np.cov(wide.T).sum() / 2 - found.sem**2) / 2
    assert own / (own + found.sem_agreement**2) == pytest.approx(form)


def test_recovers_and_covers():
    rng = np.random.default_rng(2)
    found = [retest(measured(rng)) for _ in range(150)]
    assert np.mean([one.sem for one in found]) == pytest.approx(1.0, abs=0.03)
    assert np.mean([one.sem_agreement for one in found]) == pytest.approx(
        np.sqrt(1 + 0.5**2 / 2), abs=0.04
    )
    assert sum(one.sem_ci_low < 1 < one.sem_ci_high for one in found) >= 134
    tables = [one.table() for one in found]
    truth = {"ICC(C,1)": 4 / 5, "bias": 0.5, "mdc": 1.959964 * np.sqrt(2)}
    for name, value in truth.items():
        hits = sum(t.loc[name, "ci_low"] < value < t.loc[name, "ci_high"] for t in tables)
        assert hits >= 134


def test_level_of_the_intervals():
    table = measured(np.random.default_rng(3))
    wide, narrow = retest(table, confidence=0.99).table(), retest(table, confidence=0.8).table()
    rows = wide["ci_low"].notna()
    assert (wide.loc[rows, "ci_low"] < narrow.loc[rows, "ci_low"]).all()
    assert (wide.loc[rows, "ci_high"] > narrow.loc[rows, "ci_high"]).all()


def test_one_session_only_is_left_out_and_counted():
    table = measured(np.random.default_rng(4))
    found = retest(table.drop(index=[0, 5]))
    assert (found.n_participants, found.n_left_out) == (38, 2)
    assert "38 participants" in repr(found)


def test_errors():
    table = measured(np.random.default_rng(5), n=6)
    third = table[table["day"] == 1].assign(day=3)
    with pytest.raises(ValueError, match="must name 2 sessions, got 3"):
        retest(pd.concat([table, third]))
    with pytest.raises(ValueError, match="2 targets and 2 raters"):
        retest(table[table["day"] == 1])
    with pytest.raises(ValueError, match="3 participants or more must have both sessions, got 2"):
        retest(table[(table["who"] < 2) | (table["day"] == 1)])
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
        retest(table, confidence=95)


PAIRS = [
    ("pre", "post"), ("before", "after"), ("9", "10"), (9, 10), ("T1", "T2"), ("test", "retest"),
    ("ses-9", "ses-10"), (pd.Timestamp("2020-12-01"), pd.Timestamp("2021-01-01")),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_the_second_session_less_the_first(first, second):
    table = measured(np.random.default_rng(6), shift=3.0)
    named = table.assign(day=table["day"].map({1: first, 2: second}))
    found = retest(named)
    assert found.limits.bias == pytest.approx(retest(table).limits.bias)
    assert found.sessions == (str(first), str(second))
    assert f"{second} - {first}" in repr(found)


def test_order_of_an_ordered_categorical_of_levels_and_of_numbers():
    table = measured(np.random.default_rng(7), shift=3.0)
    words = table.assign(day=table["day"].map({1: "pre", 2: "post"}))
    expected = retest(words).limits.bias
    backwards = words.iloc[::-1]
    kind = pd.CategoricalDtype(["unused", "pre", "post"], ordered=True)
    assert retest(backwards.astype({"day": kind})).limits.bias == pytest.approx(expected)
    assert retest(backwards, levels=("pre", "post")).limits.bias == pytest.approx(expected)
    assert retest(backwards).limits.bias == pytest.approx(-expected)
    assert retest(backwards).sessions == ("post", "pre")
    assert retest(table.iloc[::-1]).limits.bias == pytest.approx(expected)
    third = pd.concat([words, words[words["day"] == "pre"].assign(day="follow-up")])
    assert retest(third, levels=("pre", "post")).limits.bias == pytest.approx(expected)
    with pytest.raises(ValueError, match=r"got 3; name the two with levels="):
        retest(third)


@pytest.mark.parametrize("unit", [1e-12, 0.1, 1e12])
def test_perfect_agreement_has_no_error(unit):
    values = unit * np.repeat(np.random.default_rng(8).permutation(12)[:8], 2)
    who, day = (place.ravel() for place in np.indices((8, 2)))
    found = retest(pd.DataFrame({"who": who, "day": day, "uv": values}))
    assert (found.icc["icc"] == 1).all()
    assert found.sem == found.mdc == found.limits.bias == found.limits.sd == 0
    shifted = retest(pd.DataFrame({"who": who, "day": day, "uv": values + unit * 0.3 * day}))
    assert shifted.sem == 0 and shifted.limits.bias == pytest.approx(0.3 * unit)


@pytest.mark.parametrize("levels", [("pre", "post"), ("1", "2"), (1, 3)])
def test_sessions_that_are_not_there_are_named(levels):
    with pytest.raises(BadInput, match=r"holds no .*found \[1, 2\]"):
        retest(measured(np.random.default_rng(9)), levels=levels)
