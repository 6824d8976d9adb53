import numpy as np
import pandas as pd
import pingouin
import pytest
from scipy import stats

from mmme_neuro.reliability.intraclass import FORMS, icc_complete

# Shrout and Fleiss (1979), table 2: six targets rated by four judges.
RATINGS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def tidy(values):
    values = np.asarray(values, float)
    target, rater = np.indices(values.shape)
    return pd.DataFrame(
        {"target": target.ravel(), "rater": rater.ravel(), "rating": values.ravel()}
    )


def icc(values):
    return icc_complete(tidy(values), targets="target", raters="rater", ratings="rating")


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
    assert round(icc(RATINGS).loc[form, "icc"], 2) == published


def test_table_is_stable():
    table = icc(RATINGS)
    assert tuple(table.index) == FORMS
    assert list(table) == ["icc", "f", "dof1", "dof2", "p_value", "ci_low", "ci_high"]


def test_consistency_interval_from_its_formula():
    # McGraw and Wong (1996), table 7: F_L = F / F(.975; n-1, (n-1)(k-1)).
    table, n, k = icc(RATINGS), 6, 4
    f = table.loc["ICC(C,1)", "f"]
    low = f / stats.f.ppf(0.975, n - 1, (n - 1) * (k - 1))
    high = f * stats.f.ppf(0.975, (n - 1) * (k - 1), n - 1)
    assert table.loc["ICC(C,1)", "ci_low"] == pytest.approx((low - 1) / (low + k - 1))
    assert table.loc["ICC(C,1)", "ci_high"] == pytest.approx((high - 1) / (high + k - 1))
    assert table.loc["ICC(C,k)", "ci_low"] == pytest.approx(1 - 1 / low)


def test_pingouins_options_are_left_as_they_were():
    before = dict(pingouin.options)
    icc(RATINGS)
    assert dict(pingouin.options) == before


def two_way(icc_value, rng, n_targets=30, n_raters=6):
    target = rng.normal(0, np.sqrt(icc_value), (n_targets, 1))
    rater = rng.normal(0, np.sqrt(0.4 * (1 - icc_value)), (1, n_raters))
    rest = rng.normal(0, np.sqrt(0.6 * (1 - icc_value)), (n_targets, n_raters))
    return target + rater + rest


def test_recovers_and_covers_absolute_agreement():
    rng = np.random.default_rng(1)
    found = [icc(two_way(0.5, rng)).loc["ICC(A,1)"] for _ in range(60)]
    assert np.mean([row["icc"] for row in found]) == pytest.approx(0.5, abs=0.06)
    assert sum(row["ci_low"] < 0.5 < row["ci_high"] for row in found) >= 50


def test_error_rate_without_agreement():
    rng = np.random.default_rng(2)
    p_values = [icc(two_way(0.0, rng)).loc["ICC(C,1)", "p_value"] for _ in range(80)]
    assert 0 < sum(p < 0.05 for p in p_values) <= 12


def test_errors():
    table = tidy(RATINGS)
    names = {"targets": "target", "raters": "rater", "ratings": "rating"}
    with pytest.raises(ValueError, match=r"lacks the columns \['judge'\]"):
        icc_complete(table, **{**names, "raters": "judge"})
    with pytest.raises(ValueError, match="6 x 4 cells, found 23 ratings; fill or leave out"):
        icc_complete(table.iloc[1:], **names)
    with pytest.raises(ValueError, match="found 25 ratings"):
        icc_complete(pd.concat([table, table.iloc[:1]]), **names)
    with pytest.raises(ValueError, match="5 targets or more, got 4 and 4"):
        icc_complete(table[table["target"] < 4], **names)
    table.loc[0, "rating"] = np.nan
    with pytest.raises(ValueError, match="found 23 ratings"):
        icc_complete(table, **names)
