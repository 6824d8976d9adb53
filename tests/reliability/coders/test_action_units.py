import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from mmme_neuro.reliability.coders.action_units import (
    action_unit_index,
    action_unit_table,
    time_unit_table,
)
from mmme_neuro.reliability.coders.timing import moments_of, single_score_iccs, timing_table
from mmme_neuro.reliability.intraclass import complete_forms
from mmme_neuro.stats.resampling import ParticipantIntervals


def coded(*texts):
    first, second = zip(*texts, strict=True)
    people = [f"sub{n % 3}" for n in range(len(texts))]
    return pd.DataFrame({"participant": people, "action_units_a": first, "action_units_b": second})


def test_index_by_hand():
    pairs = coded(("AU4,AU7", "AU4"), ("AU12", "AU12"), ("AU1", "AU2"), ("", "AU4"))
    found = action_unit_index(pairs, ParticipantIntervals())
    assert found["estimate"] == pytest.approx(2 * 2 / 8)
    assert found["n"] == 8


def test_each_action_unit_by_hand():
    pairs = coded(("AU4,AU7", "AU4"), ("AU12", "AU12"), ("AU4", "AU4"), ("", "AU4"), ("AU7", "AU7"))
    table = action_unit_table(pairs, ParticipantIntervals())
    assert list(table.index) == ["AU4", "AU7", "AU12"]
    assert table.loc["AU4", ["n_a", "n_b", "n_both"]].tolist() == [2, 3, 2]
    assert table.loc["AU4", "prevalence"] == pytest.approx(0.5)
    assert table.loc["AU4", "index"] == pytest.approx(4 / 5)
    expected = cohen_kappa_score([1, 0, 1, 0, 0], [1, 0, 1, 1, 0])
    assert table.loc["AU4", "kappa"] == pytest.approx(expected)


def test_a_rare_unit_has_low_kappa_and_high_ac1():
    pairs = coded(*[("AU4", "AU4")] * 40, ("AU9", ""), ("", "AU9"))
    table = action_unit_table(pairs, ParticipantIntervals())
    assert table.loc["AU9", "agreement"] > 0.95
    assert table.loc["AU9", "kappa"] < 0
    assert table.loc["AU9", "ac1"] > 0.94


def test_no_matched_event():
    pairs = coded(("AU4", "AU4")).iloc[:0]
    assert action_unit_table(pairs, ParticipantIntervals()).empty
    assert np.isnan(action_unit_index(pairs, ParticipantIntervals())["estimate"])


def events(*rows):
    columns = ["participant", "clip", "label", "onset", "offset"]
    return pd.DataFrame(rows, columns=columns)


def test_time_units_by_hand():
    a = events(("s1", "c1", "micro", 0.0, 0.3), ("s2", "c2", "macro", 1.0, 2.0))
    b = events(("s1", "c1", "micro", 0.1, 0.4), ("s2", "c2", "micro", 1.0, 1.5))
    found = time_unit_table(
        a, b, {"micro": 1, "macro": 2}, {"c1": 1.0, "c2": 2.0}, 0.1, ParticipantIntervals()
    )
    first, second = np.zeros(30, int), np.zeros(30, int)
    first[0:3], second[1:4] = 1, 1
    first[20:30], second[20:25] = 2, 1
    assert found.loc["kappa", "estimate"] == pytest.approx(cohen_kappa_score(first > 0, second > 0))
    assert found.loc["label_kappa", "estimate"] == pytest.approx(cohen_kappa_score(first, second))
    assert found.loc["label_kappa_linear", "estimate"] == pytest.approx(
        cohen_kappa_score(first, second, weights="linear")
    )
    assert (found["n"] == 30).all()


def test_single_score_iccs_equal_the_mean_square_forms():
    values = np.random.default_rng(1).normal(size=(30, 1)) + np.random.default_rng(2).normal(
        [0, 0.5], 0.7, (30, 2)
    )
    found = single_score_iccs(moments_of(*values.T).sum(axis=0))
    expected = complete_forms(values, 0.95)
    assert found["icc_oneway"] == pytest.approx(expected["ICC(1)"].icc)
    assert found["icc_agreement"] == pytest.approx(expected["ICC(A,1)"].icc)
    assert found["icc_consistency"] == pytest.approx(expected["ICC(C,1)"].icc)


def timed(n=60, seed=3, shift=0.0):
    rng = np.random.default_rng(seed)
    onset = rng.uniform(0, 50, n)
    pairs = pd.DataFrame({"participant": np.arange(n) % 6, "censored": np.arange(n) % 3 == 0})
    for coder, bias in (("a", 0.0), ("b", shift)):
        pairs[f"onset_{coder}"] = onset + bias + rng.normal(0, 0.05, n)
        pairs[f"apex_{coder}"] = pairs[f"onset_{coder}"] + 0.3
        pairs[f"offset_{coder}"] = pairs[f"onset_{coder}"] + 0.8
    return pairs


def test_timing_recovers_bias_and_spread():
    table = timing_table(timed(600, shift=0.1), ParticipantIntervals())
    assert table.loc["onset", "bias_ms"] == pytest.approx(-100, abs=10)
    assert table.loc["onset", "sd_ms"] == pytest.approx(50 * np.sqrt(2), rel=0.1)
    assert table.loc["onset", "bias_ms_ci_low"] < -100 < table.loc["onset", "bias_ms_ci_high"]
    assert table.loc["onset", "icc_agreement"] > 0.999
    assert table.loc["duration", "median_abs_ms"] == pytest.approx(0, abs=1e-6)
    assert table.loc["offset", "n"] == 600
    assert table.loc["offset_coded", "n"] == 400


def test_timing_of_too_few_events_is_missing():
    table = timing_table(timed(2), ParticipantIntervals())
    assert table["n"].tolist()[:5] == [2] * 5
    assert list(table) == ["n"]
