"""A hundred mutated files and tables of the campaign, and (slow) ten thousand of each.

Whatever is broken about an input, the user gets a message of this package that names it, a warning,
or the numbers of the sound input; nothing hangs. Seeds count up from the first one, so a case that
fails is run again by its own seed.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmme_neuro import read_eeg
from mmme_neuro.errors import BadInput  # noqa: F401 (in the compiled text)
from mmme_neuro.stats import adjust_p_values
from mmme_neuro.stats.tables import check_table
from tests.campaign.__main__ import SEED
from tests.campaign.runner import (
    Case,
    FileTrials,
    file_cases,
    in_time,
    outcomes,
    table_cases,
    try_table_case,
)
from tests.campaign.samples import real_samples
from tests.campaign.tables import VERBS, impossible
from tests.campaign.trials import Outcome, of_error, of_table_error

ROOT = Path(__file__).resolve().parents[2]
N_FAST, N_SLOW = 100, 10_000


def faults_of(trial, cases):
    """Cases that must not be, with what came of them."""
    tried = [(case, in_time(trial, case)) for case in cases]
    return [(case, outcome) for case, outcome in tried if outcome.is_fault]


@pytest.fixture(scope="module")
def file_trials(study, tmp_path_factory):
    return FileTrials(study, tmp_path_factory.mktemp("campaign"))


@pytest.mark.parametrize("quarter", range(4))
def test_mutated_files(file_trials, quarter):
    cases = file_cases(file_trials.samples, N_FAST, SEED)[quarter::4]
    assert faults_of(file_trials, cases) == []


@pytest.mark.parametrize("quarter", range(4))
def test_mutated_tables(quarter):
    assert faults_of(try_table_case, table_cases(N_FAST, SEED)[quarter::4]) == []


@pytest.mark.slow
def test_many_mutated_files(study, shared_data, tmp_path):
    trials = FileTrials(study, tmp_path, data=shared_data)
    assert faults_of(trials, file_cases(trials.samples, N_SLOW, SEED)) == []


@pytest.mark.slow
def test_many_mutated_tables():
    assert faults_of(try_table_case, table_cases(N_SLOW, SEED)) == []


def test_mutated_real_files(shared_data, study, tmp_path):
    trials = FileTrials(study, tmp_path, data=shared_data)
    cases = file_cases([sample for sample, _ in real_samples(shared_data)], N_FAST // 2, SEED)
    assert faults_of(trials, [case for case in cases if case.mutation != "huge"]) == []


def test_cases_are_the_same_for_a_seed_and_cover_all():
    cases = table_cases(10_000, 3)
    assert cases == table_cases(10_000, 3)
    assert {case.sample for case in cases} == set(VERBS)
    assert len({case.seed for case in cases}) == len(cases)


def raise_foreign():
    adjust_p_values(pd.DataFrame({"a": [1]}), p_value=["a"])


def raise_elsewhere():
    pd.DataFrame({"a": [1]})["b"]


def raise_own():
    check_table(None, ["onset"], name="events")


def raise_short():
    exec(compile('raise BadInput("no.")', "mmme_neuro/short.py", "exec"))


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (raise_foreign, "traceback of a library"),
        (raise_elsewhere, "no such table"),
        (raise_own, "refused"),
        (raise_short, "message that says little"),
    ],
)
def test_kinds_of_errors_are_told_apart(function, what):
    with pytest.raises(Exception) as caught:  # noqa: PT011 (any error is judged)
        function()
    assert of_table_error(caught.value).what == what


def test_a_message_that_names_no_file_is_a_fault(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        read_eeg(tmp_path / "a.edf")
    assert not of_error(caught.value, "a.edf").is_fault
    assert of_error(caught.value, "b.edf").is_fault


def test_a_hang_and_a_crash_are_seen():
    def hang(case):
        while True:
            pass

    assert in_time(hang, Case("", "", "", 0), limit_s=0.2).what == "hang"
    cases = [Case("", "", "", seed) for seed in (0, 1)]
    found = [outcome.what for _, outcome in outcomes(crashing, cases, start="fork")]
    assert found == ["process ended", "result"]


def crashing(folder):
    """What ends its process in the first case."""

    def trial(case):
        if case.seed == 0:
            import os

            os._exit(3)
        return Outcome("result")

    return trial


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("p_value", [0.5, 1.2], "p_value"),
        ("std_error", [1.0, -1.0], "negative"),
        ("estimate", [1.0, np.inf], "infinite"),
    ],
)
def test_impossible_numbers_are_seen(column, values, message):
    assert message in impossible(pd.DataFrame({column: values}))
    assert impossible(pd.DataFrame({"p_value": [0.5, np.nan]})) == ""
    wrong = pd.DataFrame({"estimate": [1.0], "ci_low": [2.0], "ci_high": [3.0]})
    assert "interval" in impossible(wrong)


def test_scratch_folder_is_the_trials_own(file_trials):
    sample = file_trials.samples[0]
    case = Case(sample.name, sample.files[0], "empty", 0)
    assert file_trials(case).what == "refused"
    assert Path(file_trials._made / sample.files[0]).stat().st_size > 0


def test_the_page_names_tests_that_exist():
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    rows = [line for line in page.split("## Campaign")[0].splitlines() if line.startswith("| ")]
    held = 0
    for row in rows:
        for file, names in re.findall(r"`([\w/]+\.py)`(?:: ((?:`\w+`(?:, )?)+))?", row):
            text = (ROOT / "tests" / file).read_text(encoding="utf-8")
            for name in re.findall(r"`(\w+)`", names):
                assert f"def test_{name}(" in text, f"{file}: no test_{name}"
                held += 1
    assert held > 100
