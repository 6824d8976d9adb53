import numpy as np
import pandas as pd
import pytest

from mmme_neuro.models.design import build_design, with_reference
from mmme_neuro.models.formula import parse_formula, treatment_term


@pytest.fixture
def events():
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "y": rng.normal(size=40),
            "participant": np.repeat(list("ABCD"), 10),
            "expression": np.tile(["micro", "macro", "macro", "control"], 10),
            "valence": np.tile(["positive", "negative"], 20),
            "load": rng.normal(size=40),
            "rt (ms)": rng.uniform(200, 900, 40),
        }
    )


def design_of(text, events):
    return build_design(parse_formula(text), events)[0]


def test_first_level_is_that_of_the_alphabet_whatever_the_words_mean(events):
    design = design_of("y ~ expression + (1 | participant)", events)
    assert design.fixed_names == ("Intercept", "expression[T.macro]", "expression[T.micro]")
    np.testing.assert_array_equal(design.fixed[:, 2], events["expression"] == "micro")


def test_reference_and_term_of_two_levels(events):
    levels = ("micro", "control")
    two = with_reference(events, "expression", levels)
    assert set(two["expression"]) == set(levels) and len(two) < len(events)
    design = design_of("y ~ expression + (1 | participant)", two)
    assert design.fixed_names == ("Intercept", treatment_term("expression", levels))
    np.testing.assert_array_equal(design.fixed[:, 1], two["expression"] == "control")
    with pytest.raises(ValueError, match="condition='kind': must be a column"):
        with_reference(events, "kind", levels)
    with pytest.raises(ValueError, match="two different labels"):
        with_reference(events, "expression", ("micro", "micro"))


def test_order_of_a_categorical_is_kept(events):
    events["valence"] = pd.Categorical(events["valence"], ["positive", "negative", "neutral"])
    assert design_of("y ~ valence + (1 | participant)", events).fixed_names[1] == (
        "valence[T.negative]"
    )


def test_words_are_sorted_without_regard_to_case(events):
    events["condition"] = events["expression"].map({"micro": "ME", "macro": "MaE"})
    design = design_of("y ~ condition + (1 | participant)", events)
    assert design.fixed_names[1] == "condition[T.ME]"


def test_boolean_is_a_category(events):
    events["late"] = events["load"] > 0
    design = design_of("y ~ late + (1 | participant)", events)
    assert design.fixed_names[1] == "late[T.True]"
    assert design.categories == {"late": [False, True]}


def test_any_column_name_in_backticks(events):
    design = design_of("y ~ `rt (ms)` + (1 + `rt (ms)` | participant)", events)
    np.testing.assert_allclose(design.fixed[:, 1], events["rt (ms)"])


def test_rows_with_missing_values_are_counted(events):
    events.loc[[3, 7], "load"] = np.nan
    events.loc[9, "participant"] = None
    events.loc[11, "valence"] = None
    design, response = build_design(parse_formula("y ~ load + (1 | participant)"), events)
    assert design.n_dropped == 3
    assert not set(design.rows) & {3, 7, 9}
    np.testing.assert_array_equal(response, events["y"].to_numpy()[design.rows])


def test_row_order_and_index_do_not_matter(events):
    events.index = np.repeat(7, len(events))
    design = design_of("y ~ load + (1 | participant)", events)
    np.testing.assert_array_equal(design.fixed[:, 1], events["load"])


def test_nested_groups(events):
    nested = design_of("y ~ (1 | participant/valence)", events).random[1]
    assert nested.name == "participant:valence"
    assert nested.levels[:3] == ("A:negative", "A:positive", "B:negative")
    for code, level in enumerate(nested.levels):
        rows = events[nested.codes == code]
        assert set(rows["participant"] + ":" + rows["valence"]) == {level}


def test_templates_of_correlated_and_uncorrelated_columns(events):
    correlated = design_of("y ~ (1 + load | participant)", events).random[0]
    assert correlated.template.tolist() == [[0, 0], [1, 0], [1, 1]]
    split = design_of("y ~ (1 + load || participant)", events).random[0]
    assert split.template.tolist() == [[0, 0], [1, 1]]
    mixed = design_of("y ~ (1 | participant) + (0 + load | participant)", events).random
    assert len(mixed) == 1
    assert mixed[0].template.tolist() == [[0, 0], [1, 1]]


def test_aliased_columns_are_named(events):
    events["load_ms"] = 1000 * events["load"] + 3
    design = design_of("y ~ load + load_ms + (1 | participant)", events)
    assert design.aliased == ("load_ms",)
    assert design.fixed.shape == (40, 2)


def spoil(events, **columns):
    return events.assign(**columns)


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("y ~ lod + (1 | participant)", {}, "did you mean 'load'"),
        ("y ~ load + (1 | partcipant)", {}, "did you mean 'participant'"),
        ("y ~ load", {}, "no random term"),
        ("y ~ load + (1 | participant)", {"load": np.nan}, "'load': 40"),
        ("y ~ load + (1 | participant)", {"load": np.inf}, "40 infinite values"),
        ("y ~ valence + (1 | participant)", {"valence": "positive"}, "one level 'positive'"),
        ("y ~ load + (1 | participant)", {"participant": "A"}, "1 level"),
        ("y ~ load + (1 | participant)", {"participant": range(40)}, "residual"),
        ("y ~ (1 + load | participant)", {"load": 2.0}, "linearly dependent"),
        ("y ~ (1 | participant) + (1 | participant)", {}, "linearly dependent"),
        ("valence ~ load + (1 | participant)", {}, "one numeric column"),
        ("y ~ np.log(load) + (1 | participant)", {}, "not finite"),
        ("y ~ load + + load + (1 | participant)", {}, "missing next to"),
        ("y ~ load ** + (1 | participant)", {}, "cannot read"),
        ("y ~ C(load) + (1 | participant)", {}, "simplify"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_bad_input_is_refused(events, text, columns, message):
    with pytest.raises(ValueError, match=message):
        design_of(text, spoil(events, **columns))


def test_repeated_column_is_refused(events):
    twice = pd.concat([events, events[["load"]]], axis=1)
    with pytest.raises(ValueError, match="2 times"):
        design_of("y ~ load + (1 | participant)", twice)
