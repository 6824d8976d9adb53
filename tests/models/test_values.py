"""Numbers of any type are computed with as float64, and whatever holds words is a category."""

import decimal

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.errors import NotEstimable
from mmme_neuro.models import contrast, fit_glmm, fit_lmm, fit_lmm_map, marginal_means
from mmme_neuro.models.values import as_category, as_numbers, kind_of

pytestmark = pytest.mark.filterwarnings("ignore:singular fit")
WIDTHS = ["int8", "uint8", "int16", "float16", "float32"]
NULLABLE = ["Int8", "UInt8", "Float32", "Sparse[int64]"]


@pytest.fixture(scope="module")
def events():
    rng = np.random.default_rng(7)
    age = rng.integers(18, 70, 16)
    events = pd.DataFrame({"p": np.repeat(np.arange(16), 6), "age": np.repeat(age, 6)})
    events["trial"] = np.tile(np.arange(6), 16)
    events["cond"] = rng.choice(["a", "b"], 96)
    events["flag"] = rng.random(96) < 0.4
    events["y"] = rng.normal(size=16)[events["p"]] + rng.normal(size=96)
    events["y"] += 0.002 * (events["age"] - 40) ** 2
    return events


def as_type(column, name):
    if name == "decimal":
        return pd.Series([decimal.Decimal(int(v)) for v in column], column.index, dtype=object)
    if name == "object":
        return column.astype(object)
    if name.endswith("[pyarrow]"):
        pytest.importorskip("pyarrow")
    return column.astype(name)


@pytest.mark.parametrize("name", [*WIDTHS, *NULLABLE, "decimal", "object", "int8[pyarrow]"])
@pytest.mark.parametrize(
    "terms",
    [
        "I(age**2) + poly(age, 2, raw=True):trial",
        "I(age - 40) + age:trial",
        "np.power(age, 3) + I(age * trial * 100)",
    ],
)
def test_powers_and_interactions_do_not_wrap_around(events, name, terms):
    expected = fit_lmm(f"y ~ {terms} + (1 | p)", events.astype({"age": float, "trial": float}))
    narrow = events.assign(age=as_type(events["age"], name), trial=as_type(events["trial"], name))
    fit = fit_lmm(f"y ~ {terms} + (1 | p)", narrow)
    np.testing.assert_array_equal(fit.design.fixed, expected.design.fixed)
    assert fit.criterion == expected.criterion


@pytest.mark.parametrize("name", ["int8", "UInt8", "decimal"])
def test_maps_and_random_columns_take_narrow_numbers(events, name):
    narrow = events.assign(age=as_type(events["age"], name), trial=as_type(events["trial"], name))
    maps = np.column_stack([events["y"], events["y"] ** 2])
    terms = "~ I(age**2) + (1 | p) + (0 + I(trial**4) | p)"
    expected = fit_lmm_map(terms, maps, events.astype({"age": float, "trial": float}))
    found = fit_lmm_map(terms, maps, narrow)
    np.testing.assert_array_equal(found.estimate("I(age ** 2)"), expected.estimate("I(age ** 2)"))


@pytest.mark.parametrize("name", ["int8", "UInt8", "float32", "decimal", "object", "int64"])
def test_marginal_means_are_at_the_mean_of_a_whole_number(events, name):
    formula = "y ~ cond * trial + (1 | p)"
    fit = fit_lmm(formula, events.assign(trial=as_type(events["trial"], name)))
    b, mean = fit.coefficients, events["trial"].mean()
    assert mean != round(mean)
    expected = b["cond[T.b]"] + mean * b["cond[T.b]:trial"]
    assert contrast(fit, "cond")["estimate"].iloc[0] == pytest.approx(expected)
    at = contrast(fit, "cond", at={"trial": 2.5})["estimate"].iloc[0]
    assert at == pytest.approx(b["cond[T.b]"] + 2.5 * b["cond[T.b]:trial"])


def test_truth_values_are_categories_as_terms_and_numbers_in_arithmetic(events):
    plain = fit_lmm("y ~ f + (1 | p)", events.assign(f=events["flag"].astype(float)))
    for column in (events["flag"], events["flag"].astype("boolean"), events["flag"].astype(object)):
        term = fit_lmm("y ~ flag + (1 | p)", events.assign(flag=column))
        assert term.coefficients["flag[T.True]"] == pytest.approx(plain.coefficients["f"])
        assert list(marginal_means(term, "flag").index) == [False, True]
        code = fit_lmm("y ~ center(flag) * cond + (1 | p)", events.assign(flag=column))
        mean = contrast(code, "cond")["estimate"].iloc[0]
        assert mean == pytest.approx(code.coefficients["cond[T.b]"])


@pytest.mark.parametrize("dtype", ["string", "category", "object", "string[pyarrow]"])
@pytest.mark.parametrize("is_missing", [False, True])
def test_words_of_any_type_are_categories(events, dtype, is_missing):
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    words = events.assign(cond=events["cond"].astype(dtype), p=events["p"].astype(str))
    words["p"] = words["p"].astype(dtype)
    if is_missing:
        words.loc[3, "cond"] = None
    fit = fit_lmm("y ~ cond * trial + (1 | p)", words)
    rows = np.arange(96) != 3 if is_missing else np.full(96, True)
    expected = fit_lmm("y ~ cond * trial + (1 | p)", events[rows])
    np.testing.assert_allclose(fit.table(), expected.table(), rtol=1e-6)
    assert fit.n_dropped == int(is_missing)


def test_categories_of_string_type_ordered_or_unused(events):
    ordered = pd.Categorical(events["cond"], ["z", "b", "a", "q"], ordered=True)
    nested = events["cond"].astype("string").astype("category")
    b = fit_lmm("y ~ cond + (1 | p)", events).coefficients
    turned = fit_lmm("y ~ cond + (1 | p)", events.assign(cond=ordered)).coefficients
    assert turned["cond[T.a]"] == pytest.approx(-b["cond[T.b]"])
    same = fit_lmm("y ~ cond + (1 | p)", events.assign(cond=nested)).coefficients
    pd.testing.assert_series_equal(same, b)


@pytest.mark.parametrize("dtype", ["bool", "boolean", "object", "Int64", "int8", "float32"])
def test_yes_and_no_of_any_type_are_taken_by_glmm(events, dtype):
    expected = fit_glmm(
        "hit ~ cond + (1 | p)", events.assign(hit=events["flag"] * 1.0), family="binomial"
    )
    hit = events["flag"].astype(dtype)
    fit = fit_glmm("hit ~ cond + (1 | p)", events.assign(hit=hit), family="binomial")
    np.testing.assert_allclose(fit.table(), expected.table())


def test_missing_values_in_disguise_are_left_out(events):
    trial = events["trial"].astype("Float64") / events["trial"].astype("Float64").where(
        events["trial"] > 0, 0
    )
    assert np.isnan(as_numbers(trial)).sum() == 16
    fit = fit_lmm("y ~ t + (1 | p)", events.assign(t=trial * events["age"].astype("Float64")))
    assert fit.n_dropped == 16


def test_infinite_numbers_of_any_type_are_refused(events):
    for column in (events["age"].astype("Float64"), events["age"].astype(float).astype(object)):
        column = column.copy()
        column.iloc[2] = np.inf
        with pytest.raises(ValueError, match="column 'age' has 1 infinite"):
            fit_lmm("y ~ age + (1 | p)", events.assign(age=column))


def test_kinds_of_columns():
    assert kind_of(pd.Series([True, None, False], dtype=object)) == "boolean"
    assert kind_of(pd.Series([decimal.Decimal(1), 2, None], dtype=object)) == "number"
    assert kind_of(pd.Series([1, "a"], dtype=object)) == "category"
    assert kind_of(pd.Series(pd.to_timedelta([1, 2]))) == "category"
    with pytest.raises(ValueError, match="complex"):
        kind_of(pd.Series([1j]))
    assert list(as_category(pd.Series([10, 9, 1])).cat.categories) == [1, 9, 10]


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_sizes_whose_squares_no_float_holds_are_refused(size):
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"x": size * rng.normal(size=40), "g": np.tile(list("abcde"), 8)})
    table["y"] = rng.normal(size=40)
    with pytest.raises(NotEstimable, match="column 'x' has values of a size of 3e.*another unit"):
        fit_lmm("y ~ x + (1 | g)", table)
