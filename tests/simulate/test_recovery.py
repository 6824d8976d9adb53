import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mmme_neuro.simulate import DEMO
from mmme_neuro.simulate.estimands import MEASURES, estimands
from mmme_neuro.simulate.recovery import RECOVERY_COLUMNS, recovery_table, with_measures

PAIRS = ("C3-PO4", "C4-PO3")


def known(value, source=1.0):
    return {"quantity": "q", "unit": "u", "value": value, "source_value": source}


@pytest.fixture
def truth():
    def person(name, offset, drift, onsets):
        return {
            "participant": name,
            "physio_clock": {"offset": offset, "drift_ppm": drift},
            "camera_clock": {"offset": -36000.0, "drift_ppm": 0.0},
            "events": {"onset": onsets},
        }

    names = ("premotor", "late_positivity", "alpha_power", "scr", "heart_rate")
    return {
        "participants": [
            person("a", -40.0, 100.0, [10.0, 20.0, 30.0]),
            person("b", -60.0, -50.0, [15.0, 25.0]),
            person("c", -50.0, 0.0, [12.0]),
        ],
        "estimands": {
            **{name: known(number + 1.0) for number, name in enumerate(names)},
            "brain_body_correlation": known(0.3),
            "coupling": known(0.25),
            "rating_icc": known(0.5),
        },
    }


@pytest.fixture
def found():
    clocks = pd.DataFrame(
        [
            {
                "participant": name,
                "device": "physio",
                "center_device_s": 1000.0,
                "center_eeg_s": 1000.0 + offset + 1e-3 * drift + 0.001,
                "center_se_s": 0.001,
                "drift_ppm": drift + 2,
                "drift_se_ppm": 3.0,
                "dof": 10.0,
            }
            for name, offset, drift in (("a", -40, 100), ("b", -60, -50), ("c", -50, 0))
        ]
    )
    events = pd.DataFrame(
        {
            "participant": ["a", "a", "b", "c"],
            "onset": [10.010, 30.020, 25.005, 12.010],
        }
    )
    responses = ("premotor", "late_positivity", "alpha_power", "scr_us", "heart_rate_bpm")
    models = pd.DataFrame(
        [
            {
                "response": name,
                "term": term,
                "estimate": 1.5,
                "std_error": 0.5,
                "ci_low": 0.5,
                "ci_high": 2.5,
            }
            for name in responses
            for term in ("Intercept", "expression[T.micro]")
        ]
    )
    coupling = pd.DataFrame({"C3-PO4": [0.3, 0.4, 0.35], "C4-PO3": [0.1, 0.05, 0.15]})
    cross = pd.DataFrame(
        {"x": ["late_positivity"], "y": ["scr_us"], "r": [0.2], "ci_low": [0.1], "ci_high": [0.29]}
    )
    icc = pd.DataFrame(
        {
            "form": ["ICC(1)", "ICC(A,1)"],
            "icc": [0.4, 0.45],
            "ci_low": [0.3] * 2,
            "ci_high": [0.6] * 2,
        }
    )
    return {
        "clocks": clocks,
        "erp_amplitudes": events,
        "models": models,
        "coupling": coupling,
        "cross_modal": cross,
        "icc": icc,
    }


@pytest.fixture
def table(truth, found):
    return recovery_table(truth, found, pairs=PAIRS).set_index("quantity")


def test_rows_and_columns(truth, found):
    table = recovery_table(truth, found, pairs=PAIRS)
    assert tuple(table) == RECOVERY_COLUMNS
    assert len(table) == 2 + 1 + 5 + 3


def test_covered_means_that_the_truth_lies_inside(table):
    expected = (table["ci_low"] <= table["truth"]) & (table["truth"] <= table["ci_high"])
    pd.testing.assert_series_equal(table["covered"], expected, check_names=False)
    # Truths of the five models are 1 to 5, the interval 0.5 to 2.5.
    assert table.loc["q", "covered"].iloc[:5].tolist() == [True, True, False, False, False]


def test_clock_rows_average_over_participants(table):
    drift = table.loc["physio clock drift"]
    assert drift["truth"] == pytest.approx(50 / 3) and drift["estimate"] == pytest.approx(
        50 / 3 + 2
    )
    assert drift["std_error"] == pytest.approx(3 / np.sqrt(3))
    half = stats.t.ppf(0.975, 30) * 3 / np.sqrt(3)
    assert drift["ci_high"] - drift["estimate"] == pytest.approx(half)
    offset = table.loc["physio clock offset at mid-recording"]
    assert offset["estimate"] - offset["truth"] == pytest.approx(0.001)
    assert not offset["is_effect"]


def test_onset_row_is_in_milliseconds_and_weighs_participants_alike(table):
    row = table.loc["event onset on the EEG clock"]
    people = np.array([15.0, 5.0, 10.0])
    assert row["estimate"] == pytest.approx(people.mean())
    assert row["std_error"] == pytest.approx(people.std(ddof=1) / np.sqrt(3))
    assert row["ci_low"] == pytest.approx(10 - stats.t.ppf(0.975, 2) * row["std_error"])


def test_coupling_row_is_a_paired_difference(table):
    row = table.loc["q"].iloc[5]
    expected = stats.ttest_rel([0.3, 0.4, 0.35], [0.1, 0.05, 0.15]).confidence_interval()
    assert row["estimate"] == pytest.approx(0.25)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((expected.low, expected.high))


def test_correlation_and_icc_rows(table):
    correlation, icc = table.loc["q"].iloc[6], table.loc["q"].iloc[7]
    assert (correlation["estimate"], correlation["truth"]) == (0.2, 0.3)
    assert not correlation["covered"]
    assert icc["estimate"] == 0.45 and icc["covered"]
    assert icc["std_error"] == pytest.approx(0.3 / (2 * 1.959964), rel=1e-6)


def test_an_absent_effect_is_marked_so(truth, found):
    truth["estimands"]["scr"] = known(0.0, source=0.0)
    table = recovery_table(truth, found, pairs=PAIRS)
    assert table["is_effect"].tolist() == [False] * 3 + [True] * 3 + [False] + [True] * 4


def test_what_was_not_found_has_no_row(truth, found):
    found["icc"] = found["icc"].iloc[:0]
    found["coupling"] = found["coupling"].iloc[:1]
    found["models"] = found["models"].iloc[:4]
    assert len(recovery_table(truth, found, pairs=PAIRS)) == 2 + 1 + 2 + 1


@pytest.fixture
def simulated(monkeypatch):
    """Truth of a small study as its file holds it."""
    monkeypatch.setattr("mmme_neuro.simulate.estimands.N_VIRTUAL_PARTICIPANTS", 10)
    estimands.cache_clear()
    content = {
        "n_videos": 4,
        "parameters": DEMO.to_dict(),
        "estimands": estimands(DEMO, 4),
        "participants": [],
    }
    yield json.loads(json.dumps(content))
    estimands.cache_clear()


def test_the_truth_of_the_foreseen_measures_is_that_of_the_file(simulated):
    assert with_measures(simulated, [*MEASURES.values()]) is simulated
    other = replace(MEASURES["scr"], name="unheard_of", window=(0.0, 1.0))
    assert with_measures(simulated, [other]) is simulated


def test_another_window_has_another_truth_and_nothing_else_changes(simulated):
    late = replace(MEASURES["late_positivity"], window=(0.2, 0.5))
    before, after = (
        simulated["estimands"],
        with_measures(simulated, [MEASURES["scr"], late])["estimands"],
    )
    differing = {name for name in before if after[name] != before[name]}
    assert differing == {"late_positivity", "brain_body_correlation"}
    assert after["late_positivity"]["measure"]["window"] == [0.2, 0.5]
    assert after["late_positivity"]["value"] != before["late_positivity"]["value"]


def test_another_place_or_baseline_is_another_quantity(simulated):
    narrow = replace(MEASURES["late_positivity"], roi=("PZ",))
    raw = replace(MEASURES["scr"], baseline=None)
    after = with_measures(simulated, [narrow, raw])["estimands"]
    assert after["late_positivity"]["measure"]["electrodes"] == ["PZ"]
    # A response that has not begun before the event leaves nothing in its baseline.
    known = simulated["estimands"]["scr"]["value"]
    assert after["scr"]["value"] == pytest.approx(known, rel=0.02)
