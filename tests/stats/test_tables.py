"""Columns of a user's table become numbers and labels, or a message names the row."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.errors import BadInput
from mmme_neuro.stats.tables import check_table, checked_columns, column_labels, column_numbers

VALUES = [1.5, -2.0, 3.0]


@pytest.mark.parametrize(
    "column",
    [
        VALUES,
        np.array(VALUES, "float32"),
        [str(value) for value in VALUES],
        pd.array([str(value) for value in VALUES], dtype="string"),
        [Decimal(str(value)) for value in VALUES],
        pd.array(VALUES, dtype="Float64"),
        pd.Categorical(VALUES),
        pd.arrays.SparseArray(VALUES),
        np.array(VALUES, object),
    ],
)
def test_numbers_of_any_dtype(column):
    found = column_numbers(pd.DataFrame({"a": column}), "a")
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, VALUES)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT])
def test_missing_numbers_are_nan(missing):
    found = column_numbers(pd.DataFrame({"a": np.array([1, missing, 3], object)}), "a")
    np.testing.assert_array_equal(found, [1, np.nan, 3])


def test_small_integers_and_booleans_are_floats():
    table = pd.DataFrame({"a": np.array([100, -100], "int8"), "b": [True, False]})
    np.testing.assert_array_equal(column_numbers(table, "a") ** 2, [1e4, 1e4])
    np.testing.assert_array_equal(column_numbers(table, "b"), [1, 0])


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (["1.5", "1,5"], "'1,5' in row 1; write decimals with a point"),
        (["1.5", "n/a"], "'n/a' in row 1"),
        ([1.0, [2]], r"\[2\] in row 1"),
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), "datetime64"),
        (pd.to_timedelta([1, 2], unit="s"), "total_seconds"),
        ([1 + 1j, 2], "complex"),
        ([1.0, np.inf], "infinite values, the first in row 1"),
    ],
)
def test_what_is_no_number_is_refused_by_row(column, message):
    with pytest.raises(BadInput, match=message):
        column_numbers(pd.DataFrame({"a": column}), "a")


def test_labels_are_plain_and_keep_missing():
    table = pd.DataFrame({"a": pd.Categorical(["x", None, "y"], categories=["z", "y", "x"])})
    assert column_labels(table, "a").tolist()[::2] == ["x", "y"]
    assert column_labels(table, "a").isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([["x"], ["y"]], "one label per row"),
        ([b"x", b"y"], "one label per row"),
        (["x", -99], r"'x' \(row 0\) and -99 \(row 1\)"),
        (["x", pd.Timestamp("2020-01-01")], "mixes kinds"),
    ],
)
def test_labels_that_cannot_be_compared_are_refused(column, message):
    with pytest.raises(BadInput, match=message):
        column_labels(pd.DataFrame({"a": column}), "a")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"onset": [1.0]}, "pandas DataFrame, got dict"),
        (np.zeros((2, 2)), "pandas DataFrame, got ndarray"),
        (pd.DataFrame({"Onset": [1.0]}), r"lacks the columns \['onset'\].*Did you mean 'Onset'"),
        (pd.DataFrame([[1, 2]], columns=["onset", "onset"]), "more than once"),
        (pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "onset")])), "2 levels"),
    ],
)
def test_what_is_no_such_table_is_refused(table, message):
    with pytest.raises(BadInput, match=message):
        check_table(table, ["onset"], name="events")


def test_checked_columns_leave_the_others():
    table = pd.DataFrame({"a": ["1", "2"], "b": pd.Categorical(["x", "y"]), "c": [[1], [2]]})
    found = checked_columns(table, labels=["b"], numbers=["a"])
    assert found["a"].tolist() == [1.0, 2.0]
    assert found["b"].dtype == object
    assert found["c"] is not None and found["c"].tolist() == [[1], [2]]
