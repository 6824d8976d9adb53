"""Corrected p-values equal their definitions."""

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.stats.multiplicity import adjust_p_values

P = np.array([0.001, 0.04, 0.03, np.nan, 0.5])


def by_hand(p, method):
    """Holm and Benjamini-Hochberg as their papers state them."""
    order = np.argsort(p)
    n, out = len(p), np.empty(len(p))
    if method == "holm":
        out[order] = np.maximum.accumulate((n - np.arange(n)) * p[order])
    elif method == "fdr":
        steps = n / np.arange(1, n + 1) * p[order]
        out[order] = np.minimum.accumulate(steps[::-1])[::-1]
    else:
        out = n * p
    return np.minimum(out, 1)


@pytest.mark.parametrize("method", ["holm", "fdr", "bonferroni"])
def test_equal_their_definitions_and_leave_missing_out(method):
    found = adjust_p_values(pd.DataFrame({"p_value": P}), method=method)
    there = ~np.isnan(P)
    np.testing.assert_allclose(found["p_adjusted"][there], by_hand(P[there], method))
    assert np.isnan(found["p_adjusted"][3])
    assert (found["n_tests"] == 4).all()


def test_families_are_corrected_apart():
    index = pd.MultiIndex.from_product([["a", "b"], ["x", "y"]], names=["contrast", "component"])
    table = pd.DataFrame({"p_value": [0.01, 0.02, 0.03, 0.04]}, index=index)
    found = adjust_p_values(table, method="bonferroni", within="component")
    np.testing.assert_allclose(found["p_adjusted"], [0.02, 0.04, 0.06, 0.08])
    assert (found["n_tests"] == 2).all()
    pd.testing.assert_index_equal(found.index, index)


def test_family_wise_error_and_false_discovery_rate():
    rng = np.random.default_rng(0)
    families = np.repeat(np.arange(20), 16)
    p_values = np.where(np.arange(320) % 16 < 12, rng.random(320), rng.random(320) * 1e-3)
    table = pd.DataFrame({"family": families, "p_value": p_values})
    is_null = np.arange(320) % 16 < 12
    holm = adjust_p_values(table, within="family")["p_adjusted"] < 0.05
    assert (holm & is_null).groupby(families).any().mean() < 0.25
    fdr = adjust_p_values(table, method="fdr", within="family")["p_adjusted"] < 0.05
    false = (fdr & is_null).groupby(families).sum() / fdr.groupby(families).sum()
    assert false.mean() == pytest.approx(0.05 * 12 / 16, abs=0.045)
    assert holm[~is_null].mean() > 0.99


def test_published_values():
    # Benjamini & Hochberg (1995), 3.2: four of fifteen are rejected at .05, by Holm's three.
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262]
    p += [0.5719, 0.6528, 0.7590, 1.0]
    found = adjust_p_values(pd.DataFrame({"p_value": p}), method=["holm", "fdr"])
    assert (found["p_fdr"] <= 0.05).sum() == 4
    assert (found["p_holm"] <= 0.05).sum() == 3
    assert found["p_holm"][0] == pytest.approx(15 * 0.0001)
    assert "p_adjusted" not in found


def test_families_are_apart_and_missing_p_values_do_not_count():
    table = pd.DataFrame({"p_value": [0.02, np.nan, 0.04, 0.04], "family": list("aaba")})
    found = adjust_p_values(table, method=["holm"], within="family")
    assert found["n_tests"].tolist() == [2, 2, 1, 2]
    np.testing.assert_allclose(found["p_holm"], [0.04, np.nan, 0.04, 0.04])
    empty = adjust_p_values(table.assign(p_value=np.nan), within="family")
    assert empty["p_adjusted"].isna().all() and (empty["n_tests"] == 0).all()


@pytest.mark.parametrize(
    ("table", "arguments", "message"),
    [
        ({"p_value": [0.1]}, {"method": "tukey"}, "method must be one of"),
        ({"p_value": [0.1]}, {"method": ["holm", "tukey"]}, "method must be one of"),
        ({"p": [0.1]}, {}, "no column 'p_value'"),
        ({"p_value": [1.2]}, {}, "between 0 and 1"),
        ({"p_value": [0.1]}, {"within": "roi"}, "'roi'"),
    ],
)
def test_bad_requests_are_refused(table, arguments, message):
    with pytest.raises(ValueError, match=message):
        adjust_p_values(pd.DataFrame(table), **arguments)
