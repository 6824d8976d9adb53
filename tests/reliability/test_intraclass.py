import warnings

import numpy as np
import pandas as pd
import pingouin
import pytest
from scipy import stats

from mmme_neuro import icc
from mmme_neuro.reliability.intraclass import COLUMNS, FORMS, rater_reliability
from tests.chance import CHANCE, counts_by_chance
from tests.reference import tables
from tests.reference.published import SHROUT_FLEISS
from tests.reliability.references import NAMES, tidy

PSYCH_LABELS = dict(zip(("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"), FORMS, strict=True))


def icc_of(values, **options):
    return icc(tidy(values), **NAMES, **options)


@pytest.mark.parametrize(
    ("form", "published"),
    [
        ("ICC(1)", 0.17),
        ("ICC(A,1)", 0.29),
        ("ICC(C,1)", 0.71),
        ("ICC(k)", 0.44),
        ("ICC(A,k)", 0.62),
        ("ICC(C,k)", 0.91),
    ],
)
def test_published_values(form, published):
    assert round(icc_of(SHROUT_FLEISS).loc[form, "icc"], 2) == published


def test_table_is_stable():
    table = icc_of(SHROUT_FLEISS)
    assert tuple(table.index) == FORMS
    assert list(table) == ["icc", "f", "dof1", "dof2", "p_value", "ci_low", "ci_high"]
    found = rater_reliability(tidy(SHROUT_FLEISS), **NAMES)
    pd.testing.assert_frame_equal(found.forms, table)
    assert found.method == "mean squares" and found.reasons == {}
    assert (found.n_targets, found.n_raters, found.n_ratings, found.n_missing) == (6, 4, 24, 0)


def rated(data):
    """A table of targets by raters."""
    return SHROUT_FLEISS if data == "shrout_fleiss" else tables.reliability(data)


@pytest.mark.parametrize("data", ["shrout_fleiss", "three_raters", "four_raters"])
def test_equals_psych(data):
    expected = tables.reliability("icc_psych", data=data)
    expected = expected.set_index(expected["type"].map(PSYCH_LABELS))
    found = icc_of(rated(data))
    for ours, theirs in {
        "icc": "ICC",
        "f": "F",
        "dof1": "df1",
        "dof2": "df2",
        "p_value": "p",
    }.items():
        np.testing.assert_allclose(found[ours], expected.loc[list(FORMS), theirs], rtol=1e-9)
    np.testing.assert_allclose(found["ci_low"], expected.loc[list(FORMS), "lower"], atol=1e-9)
    np.testing.assert_allclose(found["ci_high"], expected.loc[list(FORMS), "upper"], atol=1e-9)


@pytest.mark.parametrize("data", ["shrout_fleiss", "three_raters", "four_raters"])
def test_equals_irr_but_for_limits_of_average_agreement(data):
    found = icc_of(rated(data))
    for row in tables.reliability("icc_irr", data=data).itertuples():
        kind = "" if row.model == "oneway" else f"{row.type[0].upper()},"
        number = {"single": "1", "average": "k"}[row.unit]
        ours = found.loc[f"ICC({kind}{number})"]
        assert ours["icc"] == pytest.approx(row.value, abs=1e-9)
        if (kind, number) != ("A,", "k"):
            assert ours["ci_low"] == pytest.approx(row.lower, abs=1e-9)
            assert ours["ci_high"] == pytest.approx(row.upper, abs=1e-9)


def test_two_way_estimates_with_gaps_equal_psychs_lmer():
    expected = tables.reliability("icc_psych", data="shrout_fleiss_missing").set_index("type")[
        "ICC"
    ]
    values = np.array(SHROUT_FLEISS, float)
    values[[1, 4], [2, 0]] = np.nan
    found = icc_of(values)
    for theirs in ("ICC2", "ICC3", "ICC2k", "ICC3k"):
        form = PSYCH_LABELS[theirs]
        assert found.loc[form, "icc"] == pytest.approx(expected[theirs], abs=1e-5)


@pytest.mark.parametrize("confidence", [0.8, 0.9, 0.99])
def test_other_levels_from_their_formula(confidence):
    # McGraw and Wong (1996), table 7: F_L = F / F(1 - alpha / 2; n-1, (n-1)(k-1)).
    table, n, k = icc_of(SHROUT_FLEISS, confidence=confidence), 6, 4
    f = table.loc["ICC(C,1)", "f"]
    tail = (1 - confidence) / 2
    low = f / stats.f.ppf(1 - tail, n - 1, (n - 1) * (k - 1))
    high = f * stats.f.ppf(1 - tail, (n - 1) * (k - 1), n - 1)
    assert table.loc["ICC(C,1)", "ci_low"] == pytest.approx((low - 1) / (low + k - 1))
    assert table.loc["ICC(C,1)", "ci_high"] == pytest.approx((high - 1) / (high + k - 1))
    assert table.loc["ICC(C,k)", "ci_low"] == pytest.approx(1 - 1 / low)


def test_equals_pingouin():
    before = pingouin.options["round.column.CI95"]
    pingouin.options["round.column.CI95"] = 12
    try:
        expected = pingouin.intraclass_corr(tidy(SHROUT_FLEISS), **NAMES)
    finally:
        pingouin.options["round.column.CI95"] = before
    found = icc_of(SHROUT_FLEISS)
    np.testing.assert_allclose(found["icc"], expected["ICC"], atol=1e-9)
    limits = np.array(expected["CI95"].to_list())
    np.testing.assert_allclose(found[["ci_low", "ci_high"]], limits, atol=1e-9)


def two_way(icc_value, rng, n_targets=30, n_raters=6):
    target = rng.normal(0, np.sqrt(icc_value), (n_targets, 1))
    rater = rng.normal(0, np.sqrt(0.4 * (1 - icc_value)), (1, n_raters))
    rest = rng.normal(0, np.sqrt(0.6 * (1 - icc_value)), (n_targets, n_raters))
    return target + rater + rest


def with_gaps(values, rng, share=0.2):
    values = values.copy()
    values[rng.random(values.shape) < share] = np.nan
    return values


def test_missing_rows_and_missing_values_are_the_same():
    table = tidy(with_gaps(two_way(0.5, np.random.default_rng(3)), np.random.default_rng(4)))
    shuffled = table.dropna().sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(icc(table, **NAMES), icc(shuffled, **NAMES), rtol=1e-9)


def test_f_follows_its_distribution():
    # F over 1 + k times the ratio of the variances of targets and of errors (.5 and .3).
    rng = np.random.default_rng(1)
    f = [icc_of(two_way(0.5, rng)).loc["ICC(C,1)", "f"] for _ in range(300)]
    assert stats.kstest(np.array(f) / (1 + 6 * 0.5 / 0.3), stats.f(29, 145).cdf).pvalue > CHANCE


WITH_GAPS = pytest.param(0.25, 300, marks=pytest.mark.slow)


@pytest.mark.parametrize(("gaps", "n_tables"), [(0.0, 500), WITH_GAPS])
def test_recovers_and_covers(gaps, n_tables):
    rng = np.random.default_rng(1)
    truth = {"ICC(1)": 0.5, "ICC(A,1)": 0.5, "ICC(C,1)": 0.5 / 0.8, "ICC(C,k)": 0.5 / 0.55}
    found = [icc_of(with_gaps(two_way(0.5, rng), rng, gaps)) for _ in range(n_tables)]
    low, high = counts_by_chance(n_tables, 0.95)
    for form, value in truth.items():
        rows = pd.DataFrame([table.loc[form] for table in found])
        # A ratio's bias is of the order of one over the number of targets.
        assert rows["icc"].mean() == pytest.approx(value, abs=1 / 30)
        # The one-way form's interval takes raters to differ from target to target.
        if form != "ICC(1)":
            assert low <= ((rows["ci_low"] < value) & (value < rows["ci_high"])).sum() <= high


@pytest.mark.parametrize(("gaps", "n_tables"), [(0.0, 500), WITH_GAPS])
def test_error_rate_without_agreement(gaps, n_tables):
    rng = np.random.default_rng(2)
    p_values = np.array(
        [icc_of(with_gaps(two_way(0.0, rng), rng, gaps))["p_value"] for _ in range(n_tables)]
    )
    low, high = counts_by_chance(n_tables, 0.05)
    assert low <= (p_values[:, FORMS.index("ICC(C,1)")] < 0.05).sum() <= high


def test_each_target_with_its_own_raters_leaves_the_one_way_forms():
    rng = np.random.default_rng(6)
    values = np.full((10, 30), np.nan)
    for target in range(10):
        values[target, 3 * target : 3 * target + 3] = rng.normal(rng.normal(), 0.5, 3)
    with pytest.warns(UserWarning, match="share too few targets"):
        table = icc_of(values, n_averaged=3)
    one = table.loc["ICC(1)"]
    expected = icc_of(np.array([row[np.isfinite(row)] for row in values])).loc["ICC(1)"]
    pd.testing.assert_series_equal(one, expected, rtol=1e-6)
    assert table.loc["ICC(k)", "icc"] == pytest.approx(3 * one["icc"] / (1 + 2 * one["icc"]))
    assert table.loc[["ICC(A,1)", "ICC(C,1)", "ICC(A,k)", "ICC(C,k)"]].isna().all(axis=None)
    with pytest.warns(UserWarning, match="share too few targets"):
        found = rater_reliability(tidy(values), **NAMES)
    assert "ICC(A,1)" in next(iter(found.reasons))


def test_raters_without_a_common_chain_of_targets():
    values = np.full((8, 4), np.nan)
    rng = np.random.default_rng(7)
    values[:4, :2] = rng.normal(size=(4, 2))
    values[4:, 2:] = rng.normal(size=(4, 2))
    with pytest.warns(UserWarning, match="share too few targets"):
        table = icc_of(values)
    assert np.isnan(table.loc["ICC(C,1)", "icc"])
    assert np.isfinite(table.loc["ICC(1)", "icc"])


def test_constant_ratings_have_no_icc():
    with pytest.warns(UserWarning, match="all ratings are equal"):
        table = icc_of(np.full((6, 3), 2.0))
    assert table.isna().all(axis=None)


def test_perfect_agreement():
    values = np.arange(6.0)[:, None] + np.zeros((1, 3))
    np.testing.assert_allclose(icc_of(values)["icc"], 1)
    np.testing.assert_allclose(icc_of(values)[["ci_low", "ci_high"]], 1)
    biased = icc_of(values + [0, 1, 2])
    np.testing.assert_allclose(biased.loc[["ICC(C,1)", "ICC(C,k)"], "icc"], 1)
    assert biased.loc["ICC(A,1)", "icc"] < 1
    values[0, 0] = np.nan
    np.testing.assert_allclose(icc_of(values)[["icc", "ci_low", "ci_high"]], 1)


@pytest.mark.parametrize(("unit", "level"), [(1, 0), (0.1, 14.62), (1e-9, 0), (1e9, 0.3)])
def test_raters_without_error_agree_with_and_without_gaps(unit, level):
    rng = np.random.default_rng(31)
    values = rng.normal(size=(25, 1)) + np.array([0, 0.4, -0.3, 1.0])
    complete = icc_of(unit * values + level)
    values[[0, 3, 9, 20], [1, 0, 2, 2]] = np.nan
    gaps = icc_of(unit * values + level)
    two_way = ["ICC(A,1)", "ICC(C,1)", "ICC(A,k)", "ICC(C,k)"]
    np.testing.assert_allclose(gaps["icc"][two_way], complete["icc"][two_way], rtol=1e-9)
    np.testing.assert_allclose(
        gaps["ci_low"]["ICC(A,1)"], complete["ci_low"]["ICC(A,1)"], atol=0.02
    )
    assert (gaps["ci_low"] <= gaps["icc"]).all() and (gaps["icc"] <= gaps["ci_high"]).all()


@pytest.mark.parametrize("constant", [3.0, 0.1, 14.62])
def test_raters_who_each_say_the_same_throughout_leave_nothing_to_agree_on(constant):
    values = np.full((6, 1), constant) + np.array([0, 0.1, 0.7])
    with pytest.warns(UserWarning, match="no spread of targets"):
        table = icc_of(values)
    assert np.isnan(table["icc"]["ICC(C,1)"]) and table["icc"]["ICC(A,1)"] == 0
    values[2, 1] = np.nan
    with pytest.warns(UserWarning, match="no spread of targets"):
        table = icc_of(values)
    assert np.isnan(table["icc"]["ICC(C,k)"]) and table["icc"]["ICC(A,k)"] == 0


def test_targets_and_raters_without_ratings_are_left_out_and_named():
    values = np.vstack([SHROUT_FLEISS, np.full((1, 4), np.nan)]).astype(float)
    with pytest.warns(UserWarning, match="target 6 has no rating"):
        table = icc_of(values)
    pd.testing.assert_frame_equal(table, icc_of(SHROUT_FLEISS), check_flags=False)
    with pytest.warns(UserWarning, match="target 6 has no rating"):
        found = rater_reliability(tidy(values), **NAMES)
    assert found.n_targets == 6 and found.reasons == {"left out": "target 6 has no rating"}


def test_scale_and_order_do_not_matter():
    values = with_gaps(two_way(0.4, np.random.default_rng(8)), np.random.default_rng(9))
    table = icc_of(values)
    np.testing.assert_allclose(icc_of(1e6 + 50 * values), table, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(icc_of(values[::-1, ::-1]), table, rtol=1e-4, atol=1e-5)


def test_no_warning_for_a_plain_table():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert set(icc_of(SHROUT_FLEISS)) == set(COLUMNS)


def test_errors():
    table = tidy(SHROUT_FLEISS)
    with pytest.raises(ValueError, match=r"lacks the columns \['judge'\]"):
        icc(table, **{**NAMES, "raters": "judge"})
    with pytest.raises(ValueError, match=r"2 rows repeat a cell .* such as \[\[0, 0\]\]: average"):
        icc(pd.concat([table, table.iloc[:1]]), **NAMES)
    with pytest.raises(ValueError, match="2 targets and 2 raters or more with ratings, got 6"):
        icc(table[table["rater"] == 1], **NAMES)
    with pytest.raises(ValueError, match="2 targets and 2 raters"):
        icc(table[table["target"] == 1], **NAMES)
    with pytest.raises(ValueError, match="2 targets and 2 raters"):
        icc(table.assign(rating=np.nan), **NAMES)
    with pytest.raises(ValueError, match="must hold numbers, got object"):
        icc(table.assign(rating=table["rating"].astype(str).astype(object)), **NAMES)
    with pytest.raises(ValueError, match="infinite values"):
        icc(table.assign(rating=np.inf), **NAMES)
    with pytest.raises(ValueError, match="1 rows lack one of 'target', 'rater'"):
        icc(table.assign(rater=table["rater"].where(table.index > 0)), **NAMES)
    with pytest.raises(ValueError, match=r"confidence must lie between 0 and 1, got 95"):
        icc(table, **NAMES, confidence=95)
    with pytest.raises(ValueError, match="n_averaged must be 1 or more raters, got 0"):
        icc(table, **NAMES, n_averaged=0)


@pytest.mark.parametrize("unit", [1e-12, 1e-3, 1.0, 0.1, 1e6, 1e12])
def test_perfect_agreement_is_one_whatever_the_ratings(unit):
    rng = np.random.default_rng(10)
    for _ in range(20):
        n, k = rng.integers(3, 12), rng.integers(2, 5)
        values = np.repeat(unit * (rng.permutation(20)[:n, None] + rng.choice([0, 14.62])), k, 1)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            table = icc_of(values)
        assert (table[["icc", "ci_low", "ci_high"]] == 1).all(axis=None)
        # Raters who differ by a constant agree in all but their level.
        shifted = icc_of(values + unit * np.arange(k))
        assert (shifted.loc[["ICC(C,1)", "ICC(C,k)"], ["icc", "ci_low", "ci_high"]] == 1).all(None)
        expected = np.var(values[:, 0], ddof=1) / (
            np.var(values[:, 0], ddof=1) + np.var(unit * np.arange(k), ddof=1)
        )
        assert shifted.loc["ICC(A,1)", "icc"] == pytest.approx(expected)


def test_raters_who_all_but_agree():
    # 1 - ICC(A,1) is 1e-22 here: below what a double holds next to 1.
    values = np.arange(5.0)[:, None] + np.array([0, 1e-11])
    found = icc_of(values).loc["ICC(A,1)", ["icc", "ci_low", "ci_high"]]
    np.testing.assert_allclose(found.astype(float), 1, atol=1e-12)
    noise = np.array([[0.1 + 0.2, 0.3], [1.1 + 2.2, 3.3], [0.7, 0.7]])
    assert (icc_of(noise)["icc"] == 1).all()


def test_opposite_orders_have_no_absolute_agreement():
    with pytest.warns(UserWarning, match="add up to zero"):
        table = icc_of(np.array([[1.0, 2.0], [2.0, 1.0]]))
    assert np.isnan(table.loc["ICC(A,1)", "icc"])
    assert table.loc["ICC(C,1)", "icc"] == -1


def test_no_estimate_lies_outside_its_interval():
    rng = np.random.default_rng(11)
    n_zero = 0
    for _ in range(25):
        # Targets that differ less than chance would have it.
        values = rng.normal(size=(6, 3))
        values -= 0.95 * values.mean(axis=1, keepdims=True)
        values[rng.integers(6), rng.integers(3)] = np.nan
        table = icc_of(values)
        known = table.dropna()
        assert (known["ci_low"] <= known["icc"]).all() and (known["icc"] <= known["ci_high"]).all()
        n_zero += table.loc["ICC(1)", "icc"] == 0
    assert n_zero > 5


@pytest.mark.parametrize("constant", [0.1, 14.62, 1e8 + 0.1])
def test_a_rater_who_always_says_the_same(constant):
    values = np.column_stack([np.random.default_rng(12).normal(size=9), np.full(9, constant)])
    expected = icc_of(np.column_stack([values[:, 0], np.full(9, 3.0)]))
    np.testing.assert_allclose(icc_of(values).loc["ICC(C,1)", "icc"], 0, atol=1e-6)
    np.testing.assert_allclose(expected.loc["ICC(C,1)", "icc"], 0, atol=1e-12)
    with pytest.warns(UserWarning, match="all ratings are equal"):
        assert icc_of(np.full((9, 2), constant)).isna().all(axis=None)


def test_a_result_without_an_estimate_shows_no_number():
    with pytest.warns(UserWarning, match="all ratings are equal"):
        assert "nan" not in repr(rater_reliability(tidy(np.full((4, 2), 0.1)), **NAMES))
