import doctest
import math

import pandas as pd
import pytest

from mmme_neuro.report import constants, quantities
from mmme_neuro.report.constants import constants_table
from mmme_neuro.report.markup import Column
from mmme_neuro.report.quantities import (
    count_text,
    is_significant,
    percent_text,
    quantity,
    share_text,
    spread_text,
    table_text,
)

FULL = {
    "estimate": 4.28,
    "ci_low": 2.48,
    "ci_high": 6.08,
    "statistic": 6.068,
    "dof": 5.13,
    "p_value": 0.0016,
    "p_holm": 0.0128,
}


@pytest.mark.parametrize("module", [quantities, constants])
def test_examples_run(module):
    found = doctest.testmod(module)
    assert found.attempted > 0 and found.failed == 0


def test_quantity_has_unit_interval_test_and_p():
    found = quantity(FULL, name="Late positivity", unit="uV")
    assert found["estimate"] == "4.28 µV"
    assert found["interval"] == "95 % CI [2.48, 6.08]"
    assert found["test"] == "t(5.1) = 6.07"
    assert found["p"] == "p = .002 (Holm: p = .013)"
    assert found["text"] == ", ".join(found[k] for k in ("estimate", "interval", "test", "p"))


@pytest.mark.parametrize(
    ("lost", "gone"),
    [({"ci_low": math.nan}, "CI"), ({"statistic": None}, "t("), ({"p_value": math.nan}, "p =")],
)
def test_what_is_unknown_is_left_out(lost, gone):
    text = quantity({**FULL, **lost}, name="x")["text"]
    assert gone not in text
    assert text.startswith("4.28")
    assert "nan" not in text and ", ," not in text


def test_quantity_of_nothing_is_a_dash():
    assert quantity({"estimate": math.nan}, name="x", unit="uV")["text"] == "– µV"


def test_whole_degrees_of_freedom_stay_whole():
    assert quantity({**FULL, "dof": 9.0}, name="x")["test"] == "t(9) = 6.07"
    assert quantity({**FULL, "dof": 144.52}, name="x")["test"] == "t(145) = 6.07"


def test_counts_shares_and_spreads():
    assert count_text(2890.0) == "2\N{THIN SPACE}890"
    assert percent_text(0.0851) == "8.5 %" and percent_text(0.9967, digits=3) == "99.7 %"
    assert share_text(pd.Series([True, False, True, True])) == "3 of 4"
    assert spread_text(pd.Series([1.25, None, 3.5]), unit="ms") == "mean 2.4 ms, range 1.2 to 3.5"
    assert spread_text(pd.Series([], dtype=float)) == "unknown"


def test_missing_p_values_are_not_significant():
    table = pd.DataFrame({"p_value": [0.049, 0.05, math.nan]})
    assert is_significant(table).tolist() == [True, False, False]


def test_tables_are_texts_with_the_kind_of_each_column():
    columns = [Column("a", lambda row: row["a"]), Column("b", lambda row: f"{row['b']}", True)]
    found = table_text(pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}), columns)
    assert found == {
        "header": ["a", "b"],
        "kinds": ["text", "number"],
        "rows": [["x", "1"], ["y", "2"]],
    }
    assert table_text(pd.DataFrame({"a": [], "b": []}), columns)["rows"] == []


def test_every_nested_constant_has_a_row():
    study = {
        "seed": 3,
        "clean": True,
        "pairs": [["a", "b"], ["c", "d"]],
        "plans": [{"is": "Plan", "basis": {"n": 2, "tmin": -1.5}, "windows": [{"tmax": 1e-4}]}],
        "none": None,
    }
    constants = {"study": study, "used": {"rng": 1}, "methods": {"cleaning": {"r": 0.5}}}
    rows = constants_table(constants)["rows"]
    assert rows == [
        ["study", "seed", "3"],
        ["study", "clean", "yes"],
        ["study", "pairs", "a, b; c, d"],
        ["study", "plans[0].basis", "n 2; tmin −1.5"],
        ["study", "plans[0].windows[0]", "tmax 0.0001"],
        ["study", "none", "none"],
        ["run", "rng", "1"],
        ["methods", "cleaning.r", "0.5"],
    ]
