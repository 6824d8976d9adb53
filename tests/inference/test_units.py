import numpy as np
import pandas as pd
import pytest

from mmme_neuro.inference.units import column_of_term, find_units, left_out_slopes
from mmme_neuro.models.design import build_design
from mmme_neuro.models.formula import parse_formula

PRIMARY = "~ expression * valence + (1 + expression | participant) + (1 + expression | stimulus)"
CROSSED = "~ expression * valence + (1 + expression | participant) + (1 | stimulus)"


def events_of(n=400, n_participants=10, n_stimuli=12, seed=0):
    rng = np.random.default_rng(seed)
    events = pd.DataFrame(
        {
            "participant": rng.integers(0, n_participants, n),
            "stimulus": rng.integers(0, n_stimuli, n),
            "clip": rng.integers(0, 4, n),
            "expression": np.where(rng.random(n) < 0.4, "micro", "macro"),
        }
    )
    events["valence"] = np.where(events["stimulus"] % 2, "positive", "negative")
    events["group"] = np.where(events["participant"] % 2, "b", "a")
    return events


def units_of(formula, term, events=None, unit="participant"):
    events = events_of() if events is None else events
    design, _ = build_design(parse_formula(formula), events)
    column = column_of_term(design, term)
    found = find_units(design, column, unit, events)
    return found, left_out_slopes(design, column, found)


@pytest.mark.parametrize(
    ("formula", "term", "carriers", "left_out"),
    [
        (CROSSED, "expression", ("participant",), ("stimulus",)),
        (PRIMARY, "expression", ("participant", "stimulus"), ()),
        (PRIMARY, "valence", ("stimulus",), ("participant",)),
        (PRIMARY, "expression:valence", ("stimulus",), ("participant",)),
        (CROSSED, "expression:valence", (), ("participant", "stimulus")),
        ("~ group + (1 | participant) + (1 | stimulus)", "group", ("participant",), ("stimulus",)),
        ("~ expression + (1 | participant)", "expression", (), ("participant",)),
    ],
)
def test_carriers_follow_from_where_the_term_varies(formula, term, carriers, left_out):
    found, without = units_of(formula, term)
    assert found.carriers == carriers
    assert without == left_out


def test_nested_levels_take_the_sign_of_the_level_above():
    events = events_of()
    found, _ = units_of("~ expression + (1 | participant / clip) + (1 | stimulus)", "expression")
    assert found.counts == {"participant": 10, "stimulus": 12}
    np.testing.assert_array_equal(found.event_unit, events["participant"])
    participant, clip, stimulus = found.level_units
    np.testing.assert_array_equal(participant, np.arange(10))
    np.testing.assert_array_equal(clip, np.repeat(np.arange(10), 4))
    np.testing.assert_array_equal(stimulus, 10 + np.arange(12))


def test_the_unit_comes_first_whatever_the_order_of_the_formula():
    formula = "~ expression + (1 | stimulus) + (1 + expression | participant)"
    found, _ = units_of(formula, "expression")
    assert list(found.counts) == ["participant", "stimulus"]
    np.testing.assert_array_equal(found.level_units[0], 10 + np.arange(12))


def test_unknown_term_lists_the_terms():
    with pytest.raises(ValueError, match=r"no term 'expresion'.*expression\[T.micro\]"):
        units_of(CROSSED, "expresion")


def test_term_with_several_columns_lists_them():
    events = events_of()
    events["valence"] = np.array(["negative", "positive", "surprise"])[events["stimulus"] % 3]
    with pytest.raises(ValueError, match=r"2 columns.*T.positive.*T.surprise.*name it"):
        units_of(PRIMARY, "valence", events)


def test_aliased_term_is_refused():
    events = events_of()
    events["twin"] = events["expression"]
    with pytest.raises(ValueError, match="'twin' is aliased"):
        units_of("~ expression + twin + (1 | participant)", "twin", events)


def test_unit_outside_the_formula_is_refused():
    with pytest.raises(ValueError, match=r"units 'participant'.*\['stimulus'\].*\(1 \| part"):
        units_of("~ expression + (1 | stimulus)", "expression")


def test_few_units_are_refused_with_a_remedy():
    with pytest.raises(ValueError, match="only 5 levels of 'participant'.*fit_lmm_map"):
        units_of(CROSSED, "expression", events_of(n_participants=5))
    with pytest.raises(ValueError, match="only 4 levels of 'stimulus'.*fit_lmm_map"):
        units_of(PRIMARY, "valence", events_of(n_stimuli=4))
    # With treatment coding expression is the effect at one valence: half of ten stimuli carry it.
    with pytest.raises(ValueError, match="only 5 levels of 'stimulus' carry it"):
        units_of(PRIMARY, "expression", events_of(n_stimuli=10))
    # Few stimuli that do not carry the term do no harm.
    assert units_of(CROSSED, "expression", events_of(n_stimuli=4))[0].counts["stimulus"] == 4


def test_term_of_a_group_that_the_formula_leaves_out_is_refused():
    with pytest.raises(ValueError, match=r"one value for each stimulus.*add \(1 \| stimulus\)"):
        units_of("~ valence + (1 | participant)", "valence")
    with pytest.raises(ValueError, match=r"one value for each participant.*\(1 \| participant\)"):
        units_of("~ group + (1 | stimulus)", "group", unit="stimulus")
