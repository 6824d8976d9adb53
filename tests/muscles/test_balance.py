import numpy as np
import pandas as pd
import pytest

from mmme_neuro.muscles.balance import face_part, imbalance, matched_events

KINDS = {"condition": "expression", "levels": ("macro", "micro")}


def events(rng, *, n=400, shift=-1.0):
    kind = rng.choice(["macro", "micro"], n, p=[0.6, 0.4])
    person = rng.choice(list("abcd"), n)
    level = 10 + 2 * (person == "a") + shift * (kind == "micro") + rng.standard_normal(n)
    return pd.DataFrame({"participant": person, "expression": kind, "db": level})


def test_pairs_are_of_one_person_two_kinds_and_close():
    table = events(np.random.default_rng(0))
    found = matched_events(table, "db", rng=1, **KINDS)
    pairs = found.groupby("pair")
    assert (pairs.size() == 2).all()
    for _, pair in pairs:
        assert len(set(pair["participant"])) == 1
        assert set(pair["expression"]) == {"macro", "micro"}
    centered = table["db"] - table.groupby("participant")["db"].transform("mean")
    assert (pairs["db"].max() - pairs["db"].min()).max() <= 0.25 * centered.std() + 1e-12
    assert found.index.is_unique


def test_matching_removes_the_imbalance():
    table = events(np.random.default_rng(1))
    assert imbalance(table, "db", **KINDS) == pytest.approx(-1.0, abs=0.2)
    assert abs(imbalance(matched_events(table, "db", rng=1, **KINDS), "db", **KINDS)) < 0.1


def test_same_seed_same_pairs_and_missing_values_are_left_out():
    table = events(np.random.default_rng(2), n=60)
    table.loc[:5, "db"] = np.nan
    one, other = (matched_events(table, "db", rng=3, **KINDS) for _ in range(2))
    assert one.equals(other) and one["db"].notna().all()


def test_nobody_to_match_gives_no_rows():
    table = pd.DataFrame({"participant": "a", "expression": ["macro", "micro"], "db": [0.0, 99.0]})
    assert matched_events(table, "db", rng=1, **KINDS).empty


def test_parts_of_the_face():
    units = pd.Series(["AU4", "AU12,AU14", "AU4,AU12", "", None])
    assert face_part(units).tolist() == ["upper", "lower", "both", "", ""]
