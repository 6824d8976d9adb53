import numpy as np
import pytest

from mmme_neuro.reliability.scores import scores_of


def test_difference_is_second_minus_first_with_errors_added():
    rng = np.random.default_rng(1)
    people = np.repeat(["a", "b", "c"], 10)
    kinds = np.tile(np.repeat(["macro", "micro"], [6, 4]), 3)
    values = rng.normal(size=30)
    (macro, micro, difference), left_out = scores_of(
        values, people, kinds, levels=["macro", "micro"]
    )
    assert left_out.empty
    assert difference.name == "micro - macro"
    np.testing.assert_allclose(difference.means(), micro.means() - macro.means())
    own, single = difference.error_variances()
    parts = [values[(people == "b") & (kinds == kind)].var(ddof=1) for kind in ("macro", "micro")]
    assert own[1] == pytest.approx(parts[0] / 6 + parts[1] / 4)
    assert single[1] == pytest.approx(sum(parts))
    assert (macro.n_trials, micro.n_trials, difference.n_trials) == (6, 4, 4)


def test_who_has_too_few_is_left_out_where_it_matters():
    values = np.arange(13.0)
    values[0] = np.nan
    people = np.repeat(["a", "b"], [5, 8])
    kinds = np.array(["macro"] * 4 + ["micro"] + ["macro", "micro"] * 4)
    found, left_out = scores_of(values, people, kinds, levels=["macro", "micro"], min_trials=3)
    assert [score.participants for score in found] == [("a", "b"), ("b",), ("b",)]
    assert len(found[0].trials[0][0]) == 3  # the missing value is no trial
    assert left_out["condition"].tolist() == ["micro", "micro - macro"]
    assert left_out["reason"].tolist() == ["1 usable trials, 3 needed"] * 2


def test_curves_and_three_levels():
    curves = np.random.default_rng(2).normal(size=(24, 7))
    kinds = np.tile(["x", "y", "z"], 8)
    found, _ = scores_of(curves, np.repeat([1, 2], 12), kinds, levels=["x", "y", "z"])
    assert [score.name for score in found] == ["x", "y", "z"]  # no difference of three
    assert found[0].means().shape == (2, 7)
    assert found[0].participants == ("1", "2")


def test_errors():
    values = np.zeros(4)
    with pytest.raises(ValueError, match=r"levels must be conditions of the trials, \['c'\]"):
        scores_of(values, list("aabb"), list("mmmm"), levels=["m", "c"])
    with pytest.raises(ValueError, match="min_trials must be 2 or more"):
        scores_of(values, list("aabb"), list("mmmm"), levels=["m"], min_trials=1)
    with pytest.raises(ValueError, match="one entry per trial, got 4, 3 and 4"):
        scores_of(values, list("aab"), list("mmmm"), levels=["m"])
