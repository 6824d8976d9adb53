import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmme_neuro.models.formula import Formula, RandomTerm, parse_formula

NAMES = st.from_regex(r"[a-z][a-z_]{0,6}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "response", "fixed", "random"),
    [
        ("y ~ x + (1 | g)", "y", "x", [("1", ("g",), True)]),
        ("~ x*z + (1+x||g)", None, "x*z", [("1+x", ("g",), False)]),
        ("y~(1|a/b)", "y", "1", [("1", ("a",), True), ("1", ("a", "b"), True)]),
        ("y ~ 0 + x + (0 + x | g:h)", "y", "0 + x", [("0 + x", ("g", "h"), True)]),
        ("y ~ (x | g) - 1 + (1 | h)", "y", "- 1", [("x", ("g",), True), ("1", ("h",), True)]),
        ("log(y + 1) ~ I(a - b) + (1 | g)", "log(y + 1)", "I(a - b)", [("1", ("g",), True)]),
        ("`r t` ~ `a|b` + (1 | `group no`)", "`r t`", "`a|b`", [("1", ("group no",), True)]),
        ("y ~ (a + b)**2 + (1 | g)", "y", "(a + b)**2", [("1", ("g",), True)]),
        ("x + (1 | g)", None, "x", [("1", ("g",), True)]),
    ],
)
def test_parts(text, response, fixed, random):
    expected = Formula(response, fixed, tuple(RandomTerm(*term) for term in random))
    assert parse_formula(text) == expected


def test_three_levels_of_nesting():
    groups = [term.group for term in parse_formula("y ~ (1 | a/b/c)").random]
    assert groups == ["a", "a:b", "a:b:c"]


@given(NAMES, NAMES, st.lists(NAMES, min_size=1, max_size=3, unique=True), st.booleans())
def test_printed_formula_parses_to_itself(response, slope, groups, correlated):
    bar = "|" if correlated else "||"
    terms = " + ".join(f"(1 + {slope} {bar} {group})" for group in groups)
    parsed = parse_formula(f"{response} ~ {slope} + {terms}")
    assert parse_formula(str(parsed)) == parsed
    assert [term.group for term in parsed.random] == groups


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y ~ x ~ (1 | g)", "one '~'"),
        ("y ~ x - (1 | g)", "cannot be subtracted"),
        ("y ~ x + 1 | g", "brackets of their own"),
        ("y ~ (1 | g | h)", r"one '\|' or '\|\|'"),
        ("y ~ ( | g)", "expected .columns . group."),
        ("y ~ (1 | g*h)", "columns joined by"),
        ("y ~ (1 | g", "unbalanced"),
        ("y ~ x + (1 | `g)", "unbalanced"),
        ("y ~ x + + (1 | g)", "missing next to"),
        ("y ~ (1 | g) +", "missing next to"),
    ],
)
def test_misspelt_formulas_are_refused(text, message):
    with pytest.raises(ValueError, match=message):
        parse_formula(text)
