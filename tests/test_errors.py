"""The tree of errors, and that a wrong formula is one everywhere and never a note."""

import importlib
import inspect
import pickle

import mne
import numpy as np
import pandas as pd
import pytest

import mmme_neuro
from mmme_neuro import errors
from mmme_neuro.errors import BadFormula, MissingExtra, MmmeError, crash_text
from mmme_neuro.inference import permutation_test
from mmme_neuro.models import (
    contrasts_within,
    fit_glmm,
    fit_lmm,
    fit_lmm_map,
    fit_many,
    fit_reduced,
)
from mmme_neuro.recording import Recording
from mmme_neuro.responses import FIR, deconvolve

TREE = [
    thing
    for thing in vars(errors).values()
    if inspect.isclass(thing) and issubclass(thing, Exception)
]
RIGHT = "expresion + (1 | participant)"


@pytest.mark.parametrize("kind", TREE)
def test_each_is_a_value_error_that_says_when_it_is_raised(kind):
    assert issubclass(kind, MmmeError) and issubclass(kind, ValueError)
    assert kind is MmmeError or inspect.cleandoc(kind.__doc__).startswith("Raised where ")
    # A worker sends its error to the process that waits for it.
    again = pickle.loads(pickle.dumps(kind("what, where, remedy.")))
    assert type(again) is kind and str(again) == "what, where, remedy."


def test_the_base_is_public_and_a_missing_extra_is_an_import_error():
    assert mmme_neuro.MmmeError is MmmeError
    assert issubclass(MissingExtra, ImportError)


def test_a_crash_names_kind_message_and_place():
    try:
        {}["absent"]
    except KeyError as error:
        text = crash_text(error)
    assert text.startswith("unexpected KeyError: 'absent' (test_errors.py, line ")
    assert "in test_a_crash_names_kind_message_and_place)" in text and "report it" in text


@pytest.fixture
def events():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "participant": np.repeat(list("abcdefgh"), 20),
            "expression": np.tile(["micro", "macro"], 80),
            "valence": np.tile(["negative", "negative", "positive", "positive"], 40),
            "late": rng.normal(size=160),
            "onset": np.arange(160.0),
        }
    )


def of_deconvolution(events, formula):
    raw = mne.io.RawArray(np.zeros((1, 1700)), mne.create_info(["eda"], 10.0, "misc"))
    recording = Recording(eeg=None, physio=raw, events=events)
    return deconvolve(recording, formula, FIR((0.0, 0.5), step=0.1), picks="eda")


FITTERS = {
    "fit_lmm": lambda events: fit_lmm(f"late ~ {RIGHT}", events),
    "fit_reduced": lambda events: fit_reduced(f"late ~ {RIGHT}", events),
    "fit_glmm": lambda events: fit_glmm(f"late ~ {RIGHT}", events, family="binomial"),
    "fit_many": lambda events: fit_many(["late"], RIGHT, events),
    "contrasts_within": lambda events: contrasts_within(
        ["late"], RIGHT, events, of="expression", by="valence"
    ),
    "fit_lmm_map": lambda events: fit_lmm_map(f"~ {RIGHT}", np.zeros((len(events), 2)), events),
    "permutation_test": lambda events: permutation_test(
        f"~ {RIGHT}", np.zeros((len(events), 2)), events, term="expresion", rng=0
    ),
    "deconvolve": lambda events: of_deconvolution(events, "~ expresion"),
}


@pytest.mark.parametrize("name", FITTERS)
def test_a_typo_in_a_formula_is_an_error_with_the_nearest_column(events, name):
    with pytest.raises(BadFormula, match="no column 'expresion'.*did you mean 'expression'"):
        FITTERS[name](events)


@pytest.mark.parametrize(
    "right",
    [
        "expression + (1 | particpant)",
        "expression + (1 | participant",
        "expression + + (1 | participant)",
        "scale(expression lost) + (1 | participant)",
        "expression lost + (1 | participant)",
        "np.lost(onset) + (1 | participant)",
        "lost(onset) + (1 | participant)",
        "expression",
    ],
)
def test_no_wrong_formula_becomes_a_note(events, right):
    with pytest.raises(BadFormula):
        fit_many(["late"], right, events)
    with pytest.raises(BadFormula):
        contrasts_within(["late"], right, events, of="expression", by="valence")


@pytest.mark.parametrize(
    "formula", ["late ~ expression", "~ expression + (1 | valence)", "~ np.lost(onset)"]
)
def test_deconvolution_refuses_formulas_it_has_no_use_for(events, formula):
    with pytest.raises(BadFormula):
        of_deconvolution(events, formula)


def test_the_step_of_mixed_models_stops_at_a_typo(events, monkeypatch, tmp_path):
    step = importlib.import_module("analyses.07_mixed_models")
    monkeypatch.setattr(step, "RANDOM_TERMS", "(1 | particpant)")
    monkeypatch.setattr(step, "RESPONSES", {"late": "uV"})
    monkeypatch.setattr(step, "responses_table", lambda results: events)
    with pytest.raises(BadFormula, match="did you mean 'participant'"):
        step.single_responses(tmp_path)
    assert not list(tmp_path.iterdir())
