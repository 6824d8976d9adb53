"""Columns called by numbers, as of ``DataFrame(array)``, give the numbers of plain names."""

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.association import multilevel_slope, rm_corr
from mmme_neuro.models import contrast, fit_lmm, influence, marginal_means, with_reference
from mmme_neuro.reliability import erp_reliability, generalizability, icc, retest_reliability


@pytest.fixture(scope="module")
def plain():
    rng = np.random.default_rng(6)
    table = pd.DataFrame({"who": np.repeat(np.arange(12), 10), "clip": np.tile(np.arange(10), 12)})
    table["x"], table["kind"] = rng.normal(size=120), np.tile(["n", "p"], 60)
    table["y"] = rng.normal(size=12)[table["who"]] + 0.3 * table["x"] + rng.normal(size=120)
    return table


def _contrast(t, who, clip, x, kind, y):
    fit = fit_lmm(f"`{y}` ~ `{kind}` * `{x}` + (1 | `{who}`)", t)
    return pd.concat([contrast(fit, kind, at={x: 2}), marginal_means(fit, kind)])


def _influence(t, who, clip, x, kind, y):
    fit = fit_lmm(f"`{y}` ~ `{kind}` + (1 | `{who}`)", with_reference(t, kind, ("p", "n")))
    return influence(fit, who).levels


def _erp(t, who, clip, x, kind, y):
    options = {"min_trials": 2, "n_splits": 20, "n_resamples": 100, "rng": 1}
    names = {"participant": who, "condition": kind, "levels": ["n", "p"]}
    return erp_reliability(t, y, **names, **options).coefficients.drop(columns="response")


VERBS = {
    "rm_corr": lambda t, who, clip, x, kind, y: rm_corr(t, x, y, participant=who)[["r", "p_value"]],
    "multilevel_slope": lambda t, who, clip, x, kind, y: multilevel_slope(
        t, x, y, participant=who, stimulus=clip
    )[["estimate", "dof"]],
    "icc": lambda t, who, clip, x, kind, y: icc(t, targets=who, raters=clip, ratings=y),
    "retest": lambda t, who, clip, x, kind, y: (
        retest_reliability(t[t[clip] < 2], participant=who, sessions=clip, values=y).icc
    ),
    "generalizability": lambda t, who, clip, x, kind, y: (
        generalizability(t, targets=who, facets=[clip], scores=y).components
    ),
    "erp_reliability": _erp,
    "contrast": _contrast,
    "influence": _influence,
}


@pytest.mark.parametrize("first", [0, 1, 7.5])
@pytest.mark.parametrize("verb", VERBS)
def test_numbers_do_not_depend_on_names_that_are_numbers(plain, verb, first):
    named = dict(zip(plain, [first + place for place in range(5)], strict=True))
    expected = VERBS[verb](plain, *plain.columns).select_dtypes("number")
    found = VERBS[verb](plain.rename(columns=named), *named.values()).select_dtypes("number")
    np.testing.assert_allclose(found.to_numpy(), expected.to_numpy(), rtol=1e-9)
