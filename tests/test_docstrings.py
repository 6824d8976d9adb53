"""Examples of public docstrings run; those that need files or a fit call what is there."""

import ast
import doctest
import inspect
import sys
from importlib import import_module

import pytest

import mmme_neuro
from docs.reference import rooms

PLACES = (mmme_neuro, *(import_module(f"mmme_neuro.{room}") for room in rooms()))
PUBLIC = {
    name: getattr(place, name)
    for place in PLACES
    for name in getattr(place, "__all__", [])
    if name not in rooms()
}
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def doctests_of(name):
    """Doctests of a public name and its methods, with the names of its module at hand."""
    thing = PUBLIC[name]
    module = sys.modules.get(getattr(thing, "__module__", ""))
    if module is None or not module.__name__.startswith("mmme_neuro"):
        return []  # a constant
    found = doctest.DocTestFinder().find(thing, name, module=module, globs=vars(module) | PUBLIC)
    return [test for test in found if test.examples]


def is_skipped(example):
    return example.options.get(doctest.SKIP, False)


RUNNING, SKIPPED = [], []
for public in sorted(PUBLIC):
    for found in doctests_of(public):
        kinds = {is_skipped(example) for example in found.examples}
        if False in kinds:
            RUNNING.append(pytest.param(found, id=found.name))
        if True in kinds:
            SKIPPED.append(pytest.param(found, id=found.name))


@pytest.mark.parametrize("test", RUNNING)
def test_the_example_gives_what_it_says(test, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = []
    result = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=said.append)
    assert result.failed == 0, "".join(said)


@pytest.mark.parametrize("test", SKIPPED)
def test_the_example_that_is_not_run_calls_what_is_there(test):
    calls = 0
    for example in filter(is_skipped, test.examples):
        for node in ast.walk(ast.parse(example.source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                called = PUBLIC.get(node.func.id)
                if called is not None:
                    words = {word.arg: None for word in node.keywords if word.arg}
                    inspect.signature(called).bind(*node.args, **words)
                    calls += 1
    assert calls, f"{test.name}: no public name is called"
