"""A result is the same whatever the unit, offset, order, dtype, index or names of its input.

Each public verb that estimates is an entry of `tests.invariances.cases.CASES`; a new one without
an entry, or a reason for none, fails here.
"""

import gc
import importlib
import inspect
import traceback
import warnings
from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmme_neuro.errors import BadFormula
from tests.invariances.cases import CASES, EXCEPTIONS, ROOMS, Case
from tests.invariances.changes import (
    CONSTANTS,
    INDEXES,
    LABEL_TYPES,
    NAMES,
    NUMBER_TYPES,
    Change,
    changes,
)


@pytest.fixture(autouse=True, scope="module")
def without_old_objects_in_collections():
    """The correction by Holm collects garbage each time, of all that tests before left behind."""
    gc.freeze()
    yield
    gc.unfreeze()


def test_every_public_verb_is_registered():
    public = {
        f"{room}.{name}"
        for room in ROOMS
        for module in [importlib.import_module(f"mmme_neuro.{room}")]
        for name in module.__all__
        if inspect.isfunction(getattr(module, name))
    }
    registered = {name.split(",")[0] for name in CASES} | set(EXCEPTIONS)
    assert sorted(public - registered) == [], "add an entry to tests/invariances/cases.py"
    assert sorted(registered - public) == []
    assert all(EXCEPTIONS.values())


def called(case: Case, table: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """Numbers of a verb's result."""
    own = {name: names.get(name, name) for name in (*table.columns, *case.all_named)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = case.call(table, SimpleNamespace(**own))
    return pd.DataFrame(found)


_EXPECTED: dict[str, pd.DataFrame] = {}


def expected_of(name: str, change: Change) -> pd.DataFrame:
    """What the unchanged table gives, in the new units."""
    if name not in _EXPECTED:
        _EXPECTED[name] = called(CASES[name], CASES[name].make(), {})
    found = _EXPECTED[name]
    for column, (factor, offset) in change.units.items():
        found = CASES[name].units[column](found, factor, offset)
    return found


def check(name: str, change: Change) -> None:
    """Compare the result of a changed table with what it must be."""
    case = CASES[name]
    try:
        found = called(case, change.of(case.make()), dict(change.names))
    except BadFormula as error:
        # A covariate of this name would be the second column "Intercept" of the result.
        if "Intercept" in change.names.values() and "would have the same name" in str(error):
            return
        raise
    expected = expected_of(name, change)
    kept = [c for c in expected if change.rows is None or c not in case.seeded]
    assert len(found) == len(expected) > 0
    for column in kept:
        one, other = (np.asarray(table[column], dtype=float) for table in (found, expected))
        # An offset of 4096 takes four digits.
        rtol = case.rtol if not change.units else max(case.rtol, 1e-5)
        size = np.nanmax(np.abs(other), initial=0.0)
        np.testing.assert_allclose(one, other, rtol=rtol, atol=rtol * size + 1e-12, err_msg=column)


def mixed(kinds: Sequence[str], columns: Sequence[str], start: int) -> dict[str, str]:
    """Another kind for each column."""
    return {name: kinds[(start + k) % len(kinds)] for k, name in enumerate(columns)}


def arranged(case: Case, start: int) -> list[Change]:
    """Orders, indexes and kinds of columns, each of them once in every few verbs."""
    return [
        Change(
            rows=k,
            columns=k,
            index=list(INDEXES)[(start + k) % len(INDEXES)],
            types=mixed(LABEL_TYPES, case.labels, start + k)
            | mixed(NUMBER_TYPES, case.numbers, start + 3 * k),
        )
        for k in range(3)
    ]


def named(case: Case, start: int) -> list[Change]:
    """Two sets of names, others for each verb."""
    return [
        Change(names=mixed(NAMES, case.all_named, start + 19 * k))
        for k in range(2)
        if case.all_named
    ]


def scaled(case: Case, start: int) -> list[Change]:
    """Units a million times smaller, or a thousand times larger with another origin."""
    sizes = [(2.0**-20, 0.0), (2.0**10, 4096.0)]
    return [Change(units={name: size}) for name in case.units for size in sizes]


KINDS = {"arrangement": arranged, "names": named, "units": scaled}
EACH = {
    "order of rows": lambda case, _: [Change(rows=seed) for seed in range(5)],
    "order of columns": lambda case, _: [Change(columns=seed) for seed in range(5)],
    "index": lambda case, _: [Change(index=name) for name in INDEXES],
    "kind of numbers": lambda case, _: [
        Change(types=dict.fromkeys(case.numbers, kind)) for kind in NUMBER_TYPES
    ],
    "kind of labels": lambda case, _: [
        Change(types=dict.fromkeys(case.labels, kind)) for kind in LABEL_TYPES
    ],
    "names": lambda case, _: [
        Change(names=mixed(NAMES, case.all_named, start)) for start in range(0, len(NAMES), 2)
    ],
}


def check_all(name: str, found: list[Change]) -> None:
    for change in found:
        try:
            check(name, change)
        except Exception as error:
            error.add_note(f"{name}: {change}")
            raise


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CASES)
def test_results_do_not_depend_on(name, kind):
    check_all(name, KINDS[kind](CASES[name], 5 * list(CASES).index(name)))


@pytest.mark.slow
@pytest.mark.parametrize("kind", EACH)
@pytest.mark.parametrize("name", CASES)
def test_nor_on_any_one_of_them(name, kind):
    check_all(name, EACH[kind](CASES[name], 0))


def together(case: Case) -> st.SearchStrategy[Change]:
    return changes(
        labels=case.labels, numbers=case.numbers, units=tuple(case.units), named=case.all_named
    )


QUICK = settings(max_examples=2, derandomize=True, deadline=None, database=None)
LONG = settings(max_examples=40, derandomize=True, deadline=None, database=None)


@pytest.mark.parametrize("name", CASES)
def test_nor_on_several_at_once(name):
    QUICK(given(together(CASES[name]))(lambda change: check(name, change)))()


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_nor_on_many_more(name):
    LONG(given(together(CASES[name]))(lambda change: check(name, change)))()


def outcome(case: Case, table: pd.DataFrame) -> str:
    """Whether there are numbers, none, or a message of the package."""
    try:
        found = called(case, table, {})
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1].filename
        said = str(error).strip()
        if isinstance(error, ValueError) and "mmme_neuro" in last and len(said) > 25:
            return "refused"
        raise AssertionError(f"{type(error).__name__} from {last}: {said}") from error
    return "no number" if found.isna().all(axis=0).any() else "numbers"


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.constant])
def test_a_constant_column_is_recognized_whatever_its_value(name):
    case = CASES[name]
    for column in case.constant:
        table = case.make()
        found = {outcome(case, table.assign(**{column: value})) for value in CONSTANTS}
        assert len(found) == 1, found
        expected = called(case, table.assign(**{column: 3.0}), {}) if found == {"numbers"} else None
        for value in CONSTANTS if expected is not None else ():
            again = called(case, table.assign(**{column: value}), {})
            np.testing.assert_allclose(again, expected, rtol=1e-6, atol=1e-9, err_msg=str(value))


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.perfect])
def test_perfect_agreement_is_the_best_value(name):
    case = CASES[name]
    found = called(case, case.perfect(case.make()), {})
    for column, value in case.best.items():
        np.testing.assert_allclose(found[column].dropna(), value, atol=1e-9, err_msg=column)
        assert found[column].notna().any()


def few(case: Case) -> dict[str, pd.DataFrame]:
    """Tables in which there is too little to estimate."""
    table = case.make()
    found = {"two rows": table.iloc[[0, len(table) // 2]]}
    if not case.is_epoched:  # MNE has no epochs without events
        found["no row"] = table.iloc[:0]
    for name in case.labels:
        found[f"one {name}"] = table[table[name] == table[name].iloc[0]]
    for name in case.numbers:
        found[f"no {name}"] = table.assign(**{name: np.nan})
        found[f"all {name} zero"] = table.assign(**{name: 0})
    return found


@pytest.mark.parametrize("name", CASES)
def test_too_little_is_refused_in_words_or_gives_a_result(name):
    case = CASES[name]
    for what, table in few(case).items():
        try:
            outcome(case, table.reset_index(drop=True))
        except AssertionError as error:
            error.add_note(f"{name}: {what}")
            raise
