import numpy as np
import pandas as pd
import pytest

from mmme_neuro.bids.events import (
    EVENT_FIELDS,
    LEFT_OUT,
    code_annotations,
    event_rows,
    event_sidecar,
    events_of_rows,
)
from mmme_neuro.bids.text_files import read_tsv, write_tsv
from mmme_neuro.vocabulary import CAMERA_COLUMNS, EVENT_COLUMNS, EXPRESSIONS

CODES = pd.DataFrame({"code": [77, 101, 100], "onset": [1.0, 2.0, 30.0], "duration": 0.0})


@pytest.fixture
def events():
    n = len(EXPRESSIONS)
    return pd.DataFrame(
        {
            "event": ["e0500", "e0462", "e0003", "e0900"],
            "participant": "Marlene",
            "stimulus": "101",
            "clip": "Marlene_101",
            "code": 101,
            "expression": list(EXPRESSIONS),
            "expression_by_rule": "micro",
            "onset": [1 / 3, 5.0, 40.0, np.nan],
            "apex": [0.5, 5.1, np.nan, np.nan],
            "offset": [0.7, 5.1, np.nan, np.nan],
            "onset_sd": 0.0123456789012345,
            "duration": [0.4, 0.1, np.nan, np.nan],
            "rise": 0.1,
            "emotion": "sadness",
            "valence": "negative",
            "action_units": ["AU4,AU7", "", "AU1", ""],
            "annotation_pass": ["A", "B", "A+B", "A"],
            "censored": [False, True, False, True],
            "source_row": [500, 462, 3, 900],
            "exclusion_reason": ["", "", "after the EEG recording", "no camera time"],
            "clock": "eeg",
            "source_rows": ["500", "462", "3,470", "900"],
            "onset_check": 0.0,
            **dict.fromkeys(CAMERA_COLUMNS, np.arange(n) + 36000.0),
        }
    )


def _round_trip(events, path, **options):
    write_tsv(path, event_rows(events, CODES, **options))
    return read_tsv(path)


def test_rows_come_back_exactly(events, tmp_path):
    rows = _round_trip(events, tmp_path / "events.tsv", pseudonym=None)
    back = events_of_rows(rows, "Marlene")
    expected = events.assign(**dict.fromkeys(CAMERA_COLUMNS, np.nan))
    pd.testing.assert_frame_equal(back[list(expected)], expected, check_exact=True)


def test_triggers_and_expressions_are_in_one_order(events):
    rows = event_rows(events, CODES, pseudonym=None)
    assert rows["trial_type"].tolist() == [
        "macro_expression",
        "other_trigger",
        "video_start",
        "micro_expression",
        "video_end",
        "mixed_expression",
        "control_window",
    ]
    assert rows["value"].dropna().tolist() == [77, 101, 100]


def test_trigger_rows_become_annotations(events, tmp_path):
    rows = _round_trip(events, tmp_path / "events.tsv", pseudonym=None)
    notes = code_annotations(rows)
    assert notes.description.tolist() == ["77", "101", "100"]
    assert notes.onset.tolist() == [1.0, 2.0, 30.0]


def test_sheet_rows_are_counted_within_the_participant(events):
    rows = event_rows(events, CODES, pseudonym="sub-01").dropna(subset=["source_row"])
    assert rows["source_row"].tolist() == [3, 1, 0, 4]
    assert rows["source_rows"].tolist() == ["3", "1", "0,2", "4"]
    assert rows["event"].tolist() == ["e0004-01", "e0002-01", "e0001-01", "e0005-01"]


def test_no_cell_is_empty_and_no_time_of_day_is_written(events, tmp_path):
    rows = _round_trip(events, tmp_path / "events.tsv", pseudonym="sub-01")
    assert not (rows == "").any(axis=None) and list(rows)[:3] == ["onset", "duration", "trial_type"]
    assert "Marlene" not in (tmp_path / "events.tsv").read_text()
    assert not set(rows) & set(LEFT_OUT)


def test_every_column_is_written_or_left_out_by_name(events):
    assert set(EVENT_COLUMNS) | set(CAMERA_COLUMNS) <= set(EVENT_FIELDS) | set(LEFT_OUT)
    assert set(events) <= set(EVENT_FIELDS) | set(LEFT_OUT)


def test_every_level_is_described(events):
    described = event_sidecar()
    rows = event_rows(events, CODES, pseudonym=None)
    for column, description in described.items():
        assert description["Description"]
        if "Levels" in description and column != "censored":
            assert set(rows[column].dropna()) <= set(description["Levels"])
    assert set(described["trial_type"]["HED"]) == set(described["trial_type"]["Levels"])
