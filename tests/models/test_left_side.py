"""What stands left of the tilde is computed, not cut."""

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.errors import BadFormula
from mmme_neuro.models import fit_glmm, fit_lmm, fit_lmm_map

pytestmark = pytest.mark.filterwarnings("ignore:singular fit")


@pytest.fixture(scope="module")
def events():
    rng = np.random.default_rng(9)
    events = pd.DataFrame({"p": np.repeat(np.arange(10), 8), "cond": np.tile(["a", "b"], 40)})
    events["pre"] = rng.normal(10, 2, 80)
    events["post"] = 20 + rng.normal(size=10)[events["p"]] + rng.normal(size=80)
    events["post time (s)"] = events["post"]
    return events


@pytest.mark.parametrize(
    ("left", "by_hand"),
    [
        ("post - pre", lambda d: d["post"] - d["pre"]),
        ("post + pre", lambda d: d["post"] + d["pre"]),
        ("`post time (s)` - pre", lambda d: d["post"] - d["pre"]),
        ("post*2", lambda d: 2 * d["post"]),
        ("2 * post", lambda d: 2 * d["post"]),
        ("post / pre", lambda d: d["post"] / d["pre"]),
        ("-post", lambda d: -d["post"]),
        ("post - 1", lambda d: d["post"] - 1),
        ("post**2", lambda d: d["post"] ** 2),
        ("post^2", lambda d: d["post"] ** 2),
        ("(post - pre) / (post + pre)", lambda d: (d["post"] - d["pre"]) / (d["post"] + d["pre"])),
        ("log(post)", lambda d: np.log(d["post"])),
        ("np.log(post)", lambda d: np.log(d["post"])),
        ("log(post) - log(pre)", lambda d: np.log(d["post"] / d["pre"])),
        ("sqrt(post)", lambda d: np.sqrt(d["post"])),
        ("I(post - pre)", lambda d: d["post"] - d["pre"]),
        ("scale(post)", lambda d: (d["post"] - d["post"].mean()) / d["post"].std()),
        ("post * pre", lambda d: d["post"] * d["pre"]),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_arithmetic_left_of_the_tilde(events, left, by_hand):
    table = events.assign(pre=events["pre"].abs() + 1)
    expected = fit_lmm("h ~ cond + (1 | p)", table.assign(h=by_hand(table)))
    fit = fit_lmm(f"{left} ~ cond + (1 | p)", table)
    np.testing.assert_allclose(fit.coefficients, expected.coefficients, rtol=1e-9)
    np.testing.assert_allclose(fit.response, by_hand(table), rtol=1e-12)
    assert fit.formula.startswith(f"{left} ~")


def test_missing_values_of_every_column_on_the_left_count(events):
    table = events.assign(pre=events["pre"].where(events.index != 4))
    assert fit_lmm("post - pre ~ cond + (1 | p)", table).n_dropped == 1


@pytest.mark.parametrize("dtype", ["int8", "UInt8", "float32"])
def test_narrow_numbers_on_the_left(events, dtype):
    whole = events.assign(post=events["post"].round(), pre=events["pre"].abs().round())
    expected = fit_lmm("post**2 - 100 * pre ~ cond + (1 | p)", whole)
    narrow = whole.astype({"post": dtype, "pre": dtype})
    fit = fit_lmm("post**2 - 100 * pre ~ cond + (1 | p)", narrow)
    np.testing.assert_array_equal(fit.response, expected.response)


@pytest.mark.parametrize(
    ("left", "message"),
    [
        ("cond", "must be one numeric column"),
        ("C(cond)", "must be one numeric column"),
        ("cond - pre", "cannot evaluate 'cond - pre'|cannot evaluate"),
        ("post, pre", "must be one numeric column|cannot"),
        ("cbind(post, pre)", "cannot evaluate"),
        ("poly(post, 2)", "must be one numeric column"),
        ("3", "names no column"),
        ("post - ", "cannot"),
        ("post | pre", "random terms stand right"),
        ("post - per", "no column 'per'"),
        ("log(pre - 1000)", "not finite for 80 events"),
        ("flag", "found True and False"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_no_response_is_refused(events, left, message):
    table = events.assign(flag=events["pre"] > 10)
    with pytest.raises(ValueError, match=message):
        fit_lmm(f"{left} ~ cond + (1 | p)", table)


def test_comparisons_are_yes_and_no(events):
    expected = fit_glmm(
        "h ~ cond + (1 | p)", events.assign(h=events["post"] > 20), family="binomial"
    )
    fit = fit_glmm("post > 20 ~ cond + (1 | p)", events, family="binomial")
    np.testing.assert_allclose(fit.table(), expected.table())


@pytest.mark.parametrize("term", ["I('a')", "log(cond)", "I(cond + pre)", "pre ~~ 2", "I(pre[)"])
def test_terms_that_cannot_be_computed_are_refused_in_words(events, term):
    with pytest.raises(BadFormula):
        fit_lmm(f"post ~ {term} + (1 | p)", events)


def test_maps_have_no_left_side(events):
    responses = np.column_stack([events["post"], events["pre"]])
    assert fit_lmm_map("~ cond + (1 | p)", responses, events).formula.startswith("~ cond")
    assert fit_lmm_map(" cond + (1 | p)", responses, events).formula.startswith("~ cond")
    with pytest.raises(ValueError, match="names the response 'post - pre'"):
        fit_lmm_map("post - pre ~ cond + (1 | p)", responses, events)
