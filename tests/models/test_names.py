"""Numbers do not depend on what columns and levels are called."""

import datetime

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.inference import permutation_test
from mmme_neuro.models import (
    anova,
    collinearity,
    contrast,
    fit_glmm,
    fit_lmm,
    fit_lmm_map,
    fit_many,
    fit_reduced,
    marginal_means,
    power,
    residual_table,
    stated_model,
)
from mmme_neuro.models.formula import RandomTerm, parse_formula, quoted

pytestmark = pytest.mark.filterwarnings("ignore:singular fit")
PLAIN = ("y", "x", "cond", "two", "p", "s")
NAMES = {
    "dots": ("y.z", "x.1", "co.nd", "tw.o", "p.id", "s.id"),
    "transforms": ("exp", "C", "lag", "scale", "I", "np"),
    "more transforms": ("log", "bs", "poly", "Q", "center", "cs"),
    "codings": ("contr", "Sum", "Poly", "hashed", "offset", "weights"),
    "keywords": ("class", "if", "for", "in", "lambda", "def"),
    "digits": ("1st", "2back", "3.cond", "4two", "5p", "6s"),
    "unicode": ("µV", "größe", "条件", "nai\u0308ve", "участник", "стимул"),
    "results": ("response", "row", "fixed", "fitted", "residual", "Residual"),
}
FEW = ("transforms", "spaces", "operators")
"""Sets of names for which all verbs are tried."""
QUOTED = {
    "spaces": ("my y", "x (ms)", "face type", "Two Levels", "subject no", "stim / id"),
    "operators": ("y ~ z", "x|y", "a+b", "t[1]", "p'q", 's"t'),
    "brackets": ("(y", "x)", "a*b", "t^2", "p{", "s}"),
    "colons": ("y:1", "x:2", "a:b", "t:u", "p:1", "s:2"),
    "constants": ("True", "None", "False", "and", "or", "not"),
}


@pytest.fixture(scope="module")
def events():
    rng = np.random.default_rng(0)
    events = pd.DataFrame({"p": np.repeat(np.arange(8), 12), "s": np.tile(np.arange(6), 16)})
    events["x"] = rng.normal(size=96)
    events["cond"] = rng.choice(["a", "b", "c"], 96)
    events["two"] = np.where(rng.random(96) < 0.5, "u", "v")
    slope = 0.5 + rng.normal(size=8)
    events["y"] = (
        rng.normal(size=8)[events["p"]]
        + slope[events["p"]] * (events["two"] == "v")
        + 0.3 * events["x"]
        + rng.normal(size=96)
        + 0.7 * rng.normal(size=6)[events["s"]]
    )
    return events


def numbers_of(events, names, written, are_all=True):
    """Results of many verbs as plain numbers."""
    y, x, cond, two, p, s = names
    wy, wx, wcond, wtwo, wp, ws = map(written, names)
    right = f"{wcond} * {wx} + {wtwo} + (1 + {wtwo} | {wp}) + (1 | {ws})"
    fit = fit_lmm(f"{wy} ~ {right}", events)
    values = np.column_stack([events[y], 2 * events[y] + 1]).astype(float)
    values[3, 1] = np.nan
    slopes = f"{wy} ~ {wtwo} + (1 + {wtwo} * {wx} | {wp}) + (1 + {wx} || {ws})"
    table = fit.table()
    assert list(table.index)[-1].startswith(f"{cond}[") and f"{two}[T.v]" in table.index
    assert set(fit.n_groups) == {p, s}
    found = {
        "table": table,
        "components": fit.variance_components[["variance", "sd", "correlation"]],
        "contrast": contrast(fit, two),
        "by": contrast(fit, cond, by=two, method="pairwise"),
        "means": marginal_means(fit, cond, weights="proportional"),
        "at": marginal_means(fit, cond, by=x, at={x: [1, 2]}),
        "anova": anova(fit),
        "collinearity": collinearity(fit),
        "residuals": residual_table(fit)[["leverage", "standardized"]],
    }
    if not are_all:
        return {name: np.asarray(value, dtype=float).ravel() for name, value in found.items()}
    one_slope = f"~ {wtwo} + (1 + {wtwo} | {wp}) + (1 | {ws})"
    test = permutation_test(
        one_slope, values, events, term=f"{two}[T.v]", rng=1, n_permutations=99, units=p
    )
    found |= {
        "reduced": fit_reduced(slopes, events).table(),
        "map": fit_lmm_map(f"~ {right}", values, events).to_dataset()["estimate"],
        "permutation": test.to_dataset()["p_value"],
        "many": fit_many([y], right, events).estimates[["estimate", "p_value"]],
        "power": power(stated_model(fit), events, f"{two}[T.v]", 2, rng=1),
    }
    return {name: np.asarray(value, dtype=float).ravel() for name, value in found.items()}


@pytest.fixture(scope="module")
def plain(events):
    return numbers_of(events, PLAIN, str)


@pytest.mark.parametrize("which", [*NAMES, *QUOTED])
def test_every_verb_gives_the_numbers_of_plain_names(events, plain, which):
    names = NAMES.get(which) or QUOTED[which]
    written = str if which in NAMES else "`{}`".format
    renamed = events.rename(columns=dict(zip(PLAIN, names, strict=True)))
    for verb, found in numbers_of(renamed, names, written, which in FEW).items():
        np.testing.assert_allclose(found, plain[verb], rtol=1e-5, atol=1e-8, err_msg=verb)


def test_integer_names_of_columns_are_written_in_backticks(events, plain):
    renamed = events.rename(columns={"y": 0, "x": 1, "cond": 2, "two": 3, "p": 4, "s": 5})
    fit = fit_lmm("`0` ~ `2` * `1` + `3` + (1 + `3` | `4`) + (1 | `5`)", renamed)
    np.testing.assert_allclose(fit.table().to_numpy().ravel(), plain["table"], rtol=1e-6)
    intercept = fit_lmm("`0` ~ 1 + (1 | `4`)", renamed)
    assert list(intercept.coefficients.index) == ["Intercept"]


@pytest.mark.parametrize(
    "levels",
    [
        ("b[1]", "b[2]", "c"),
        ("[T.b]", "T.a", "T.x"),
        ("a:b", "a:c", "b:c"),
        ("a/b", "a\\b", "c~d"),
        ("it's", 'say "b"', "x`c`"),
        ("", " ", "z"),
        (datetime.date(2020, 1, 1), datetime.date(2020, 1, 2), datetime.date(2021, 1, 1)),
        (pd.Timestamp("2020-01-01"), pd.Timestamp("2020-02-01"), pd.Timestamp("2021-01-01")),
        ((1, 2), (1, 3), (2, 1)),
        (1, "a", "b"),
    ],
    ids=str,
)
def test_levels_may_be_called_anything(events, levels):
    plain = fit_lmm("y ~ cond * x + two + (1 | p)", events)
    named = dict(zip("abc", levels, strict=True))
    other = events.assign(cond=pd.Series([named[level] for level in events["cond"]], dtype=object))
    fit = fit_lmm("y ~ cond * x + two + (1 | p)", other)
    assert fit.coefficients.index[1] == f"cond[T.{levels[1]}]"
    pd.testing.assert_frame_equal(
        anova(fit).reset_index(), anova(plain).reset_index(), check_like=False
    )
    means = marginal_means(fit, "cond")
    assert list(means.index) == list(levels)
    np.testing.assert_allclose(means["estimate"], marginal_means(plain, "cond")["estimate"])
    at = marginal_means(fit, "two", at={"cond": [levels[2]]})["estimate"]
    np.testing.assert_allclose(at, marginal_means(plain, "two", at={"cond": "c"})["estimate"])


@pytest.mark.parametrize("kind", [int, float, lambda v: v > 1])
def test_levels_that_are_numbers_keep_their_text(events, kind):
    values = [kind("abc".index(level)) for level in events["cond"]]
    fit = fit_lmm("y ~ cond + (1 | p)", events.assign(cond=pd.Categorical(values)))
    assert fit.coefficients.index[1] == f"cond[T.{sorted(set(values))[1]}]"
    coded = fit_lmm("y ~ C(cond) + (1 | p)", events.assign(cond=values))
    assert coded.coefficients.index[1] == f"C(cond)[T.{sorted(set(values))[1]}]"
    np.testing.assert_allclose(coded.coefficients, fit.coefficients)


def test_groups_whose_names_hold_colons_stay_apart(events):
    crossed = events.assign(
        a=np.where(events["p"] < 4, "a", "a:b"), b=np.where(events["s"] < 3, "b:c", "c")
    )
    fit = fit_lmm("y ~ x + (1 | a:b)", crossed)
    assert len(set(fit.design.random[0].levels)) == fit.n_groups["a:b"] == 4


def test_levels_that_read_alike_are_refused(events):
    mixed = events.assign(cond=pd.Series([1, "1", "a"] * 32, dtype=object))
    with pytest.raises(ValueError, match="'cond' has levels that read alike.*one type"):
        fit_lmm("y ~ cond + (1 | p)", mixed)


def test_glmm_takes_any_name(events):
    binary = events.assign(hit=events["y"] > 0)
    plain = fit_glmm("hit ~ two + (1 | p)", binary, family="binomial")
    renamed = binary.rename(columns={"hit": "hit?", "two": "C", "p": "who | where"})
    fit = fit_glmm("`hit?` ~ C + (1 | `who | where`)", renamed, family="binomial")
    np.testing.assert_allclose(fit.table(), plain.table(), rtol=1e-6)
    assert fit.variance_components["group"].tolist() == ["who | where"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y ~ face type + (1 | p)", "write `face type`, in backticks"),
        ("y ~ conds + (1 | p)", "no column 'conds'; .*did you mean 'cond'"),
        ("y ~ . + (1 | p)", "'.' for all other columns"),
        ("y ~ log(z) + (1 | p)", "no column 'z'"),
        ("y ~ frobnicate(x) + (1 | p)", "cannot evaluate 'frobnicate"),
        ("y ~ x + (1 | q)", "no column 'q'"),
    ],
)
def test_names_that_are_no_columns_are_refused_with_a_hint(events, text, message):
    with pytest.raises(ValueError, match=message):
        fit_lmm(text, events.assign(**{"face type": events["two"]}))


def test_transforms_still_work_where_columns_are_called_like_them(events):
    plain = fit_lmm("y ~ center(x) + I(x^2) + C(cond, contr.sum) + (1 | p)", events)
    table = events.rename(columns={"x": "center", "cond": "C", "two": "contr"}).assign(I=1.0)
    fit = fit_lmm("y ~ center(center) + I(center**2) + C(C, contr.sum) + (1 | p)", table)
    np.testing.assert_allclose(fit.coefficients, plain.coefficients, rtol=1e-8)
    patsy = fit_lmm("y ~ center(Q('x')) + I(x**2) + C(Q('cond'), contr.sum) + (1 | p)", events)
    np.testing.assert_allclose(patsy.coefficients, plain.coefficients, rtol=1e-8)


def test_powers_of_two_and_ten_are_those(events):
    for name, base in (("exp2", 2.0), ("exp10", 10.0)):
        fit = fit_lmm(f"y ~ {name}(x) + (1 | p)", events)
        np.testing.assert_allclose(fit.design.fixed[:, 1], base ** events["x"])


@pytest.mark.parametrize("name", [*QUOTED["spaces"], *QUOTED["operators"], "x.1", "True", "class"])
def test_printed_formula_with_unusual_names_parses_to_itself(name):
    term = RandomTerm(f"1 + {quoted(name)}", (name,))
    parsed = parse_formula(f"{quoted(name)} ~ {quoted(name)} + {term}")
    assert parsed.random == (term,)
    assert parse_formula(str(parsed)) == parsed
