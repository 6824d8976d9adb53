"""Slow: the whole path over many simulated studies (minutes a hundred; finished ones are kept)."""

import numpy as np
import pandas as pd
import pytest

from tests.calibration import muscles
from tests.calibration.cheap_studies import ROWS, SCENARIOS, TRUSTED_RESPONSES, run_studies
from tests.calibration.tables import (
    TERM,
    as_markdown,
    coverage_table,
    error_rates,
    lowest_coverage,
)

N_STUDIES = 100
N_NULL_STUDIES = 40


@pytest.mark.slow
def test_intervals_cover_the_truth():
    rows = run_studies("recovery", range(1, N_STUDIES + 1), ROWS, n_jobs=2)
    table = coverage_table(rows).set_index("quantity")
    assert len(table) >= 12
    assert (table["n_studies"] == N_STUDIES).all()
    low = table[table["coverage"] < lowest_coverage(N_STUDIES)]
    assert low.empty, low.to_string()


@pytest.mark.slow
def test_muscles_feign_effects_only_where_they_are_left_in():
    rows = run_studies("muscles_only", range(1, N_NULL_STUDIES + 1), ROWS, n_jobs=2)
    rates = error_rates(rows).set_index(["analysis", "response"])["rate"]
    assert rates["uncleaned", "any"] > 0.5
    highest = 0.05 + 2.58 * np.sqrt(0.05 * 0.95 / N_NULL_STUDIES)
    for response in TRUSTED_RESPONSES:
        assert rates["cleaned", response] <= highest, rates


@pytest.mark.slow
def test_cleaned_analysis_keeps_its_level_where_responses_are_alike():
    rows = run_studies("no_difference", range(1, N_NULL_STUDIES + 1), ROWS, n_jobs=2)
    rates = error_rates(rows).set_index(["analysis", "response"])["rate"]
    highest = 0.05 + 2.58 * np.sqrt(0.05 * 0.95 / N_NULL_STUDIES)
    for response in TRUSTED_RESPONSES:
        assert rates["cleaned", response] <= highest, rates


def test_coverage_counts_intervals_that_hold_the_truth():
    rows = pd.DataFrame(
        {
            "quantity": "drift",
            "unit": "ppm",
            "seed": [1, 2, 3, 4],
            "truth": 1.0,
            "estimate": [1.0, 1.0, 2.0, 4.0],
            "std_error": 0.5,
            "ci_low": [-0.5, 0.2, 1.5, 3.0],
            "ci_high": [2.5, 1.8, 2.5, 5.0],
            "covered": [True, True, False, False],
        }
    )
    row = coverage_table(rows).iloc[0]
    assert row["coverage"] == 0.5
    assert row["bias"] == pytest.approx(1.0)
    assert row["excludes_zero"] == 0.75
    assert row["ci_width"] == pytest.approx(np.mean([3.0, 1.6, 1.0, 2.0]))


def test_any_effect_counts_studies_once():
    p_values = {"premotor": [0.01, 0.9], "late_positivity": [0.02, 0.8], "alpha_power": [0.5, 0.6]}
    rows = pd.DataFrame(
        [
            {"response": name, "term": TERM, "seed": seed, "p_value": p, "estimate": 1.0}
            for name, values in p_values.items()
            for seed, p in enumerate(values)
        ]
    ).assign(scenario="muscles_only", analysis="uncleaned")
    rates = error_rates(rows).set_index("response")["rate"]
    assert rates.to_dict() == {
        "premotor": 0.5,
        "late_positivity": 0.5,
        "alpha_power": 0.0,
        "any": 0.5,
    }


def test_lowest_coverage_is_the_lower_end_of_the_monte_carlo_range():
    assert lowest_coverage(100) == pytest.approx(0.95 - 2.58 * np.sqrt(0.0475 / 100))
    assert lowest_coverage(10**8) == pytest.approx(0.95, abs=1e-3)


def test_markdown_holds_the_columns_named():
    table = pd.DataFrame({"a": ["x"], "b": [1.234], "c": [np.nan], "d": [0]})
    assert as_markdown(table, {"a": "", "b": ".1f", "c": ".1f"}).splitlines() == [
        "| a | b | c |",
        "| --- | --- | --- |",
        "| x | 1.2 |  |",
    ]


def test_null_scenarios_have_no_difference_of_expressions():
    for name in ("muscles_only", "no_difference"):
        parameters = SCENARIOS[name].parameters
        parts = {**vars(parameters.eeg), **vars(parameters.physio)}
        effects = [part for part in parts.values() if hasattr(part, "micro_minus_macro")]
        assert len(effects) == 10
        assert all(effect.micro_minus_macro == 0 for effect in effects)


def test_the_page_on_muscles_says_what_must_not_be_trusted(tmp_path):
    p_values = {"premotor": [0.5, 0.9], "theta_power": [0.5, 0.8], "gamma_power": [0.01, 0.6]}
    rows = pd.DataFrame(
        [
            {"response": name, "term": TERM, "seed": seed, "p_value": p, "estimate": 1.0}
            for name, values in p_values.items()
            for seed, p in enumerate(values)
        ]
    ).assign(scenario="muscles_only", analysis="cleaned")
    muscles.write_docs(tmp_path, error_rates(rows))
    page = (tmp_path / "muscles.md").read_text(encoding="utf-8")
    assert "Below 10% after cleaning: premotor, theta_power." in page
    assert "Above it, and not to be trusted: gamma_power (50%)." in page
    assert "| gamma_power | cleaned | 1 | 0.50 | 0.35 |" in page
