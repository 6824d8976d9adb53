import numpy as np
import pandas as pd
import pytest

from mmme_neuro.stats.groups import (
    are_independent,
    centered,
    combination_weights,
    complete_rows,
    covariate_columns,
    group_codes,
    independent_columns,
)


def test_centered_equals_pandas():
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"g": rng.integers(0, 4, 50), "a": 1e6 + rng.random(50)})
    codes = group_codes(table, ["g"])
    expected = table["a"] - table.groupby("g")["a"].transform("mean")
    np.testing.assert_allclose(centered(table[["a"]].to_numpy(), codes)[:, 0], expected, atol=1e-9)


def test_covariates_of_any_kind_span_what_a_design_spans():
    table = pd.DataFrame(
        {"kind": ["a", "b", "c", "a"], "n": [1.0, 2, 3, 4], "same": [2.0, 4, 6, 8]}
    )
    columns = covariate_columns(table, ["kind", "n", "same"])
    assert columns.shape == (4, 4)
    places, basis = independent_columns(columns)
    assert len(places) == 3
    assert basis.shape == (4, 3)
    np.testing.assert_allclose(basis.T @ basis, np.eye(3), atol=1e-12)
    assert covariate_columns(table, []).shape == (4, 0)


def test_rows_that_cannot_count_are_left_out():
    table = pd.DataFrame({"p": [1, 1, 2, 2, 3, 3, 4], "a": [1, 2, 3, np.nan, 5, 6, 7.0]})
    with pytest.raises(ValueError, match="only 2 ps have 2 events"):
        complete_rows(table, ["a"], groups=["p"])
    kept = complete_rows(table, ["a"], groups=["p"], min_groups=2)
    assert kept.index.tolist() == [0, 1, 4, 5]


def test_bad_columns_are_named():
    table = pd.DataFrame({"p": [1, 1, 2, 2], "a": [1.0, 2, 3, 4], "t": list("abcd")})
    with pytest.raises(ValueError, match=r"the columns \['t'\] are not numeric"):
        complete_rows(table, ["a", "t"], groups=["p"])
    with pytest.raises(ValueError, match="infinite values"):
        complete_rows(table.assign(a=[1, np.inf, 2, 3]), ["a"], groups=["p"])
    with pytest.raises(ValueError, match="a is constant within every p"):
        complete_rows(table.assign(a=[0.1, 0.1, 0.3, 0.3]), ["a"], groups=["p"], min_groups=2)


@pytest.mark.parametrize("offset", [0.0, 2019.0, 1.7e9, -1e12])
@pytest.mark.parametrize("unit", [1e-150, 1e-9, 1.0, 1e150])
def test_independence_does_not_depend_on_units_and_offsets(unit, offset):
    rng = np.random.default_rng(2)
    x = unit * (rng.normal(size=50) + offset)
    columns = np.column_stack([np.ones(50), x, 3 * x - 2 * unit, rng.normal(size=50)])
    assert independent_columns(columns, below=1e-7)[0] == [0, 1, 3]
    assert are_independent(columns[:, [0, 1, 3]]) and not are_independent(columns)
    # Without a constant an offset is no combination of anything.
    assert independent_columns(columns[:, [1, 3]])[0] == [0, 1]


def test_weights_are_those_of_any_unit():
    rng = np.random.default_rng(3)
    columns = rng.normal(size=(40, 3)) * [1e-12, 1.0, 1e12] + [0, 5, 0]
    true = np.array([[3e12, -1e12], [2.0, 5.0], [1e-12, 4e-12]])
    np.testing.assert_allclose(combination_weights(columns, columns @ true), true, rtol=1e-9)
