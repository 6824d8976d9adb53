import numpy as np
import pandas as pd
import pytest

from mmme_neuro.events.audit import audit_events
from mmme_neuro.events.coding import expression_by_rule
from mmme_neuro.events.passes import merge_passes
from mmme_neuro.events.sheet import read_events

# participant, code, expression, onset, apex, offset, pass, clip start on the camera clock
ROWS = [
    ("sub01", 101, "macro", 1.00, 1.60, 1.60, "A", 36_000.00),  # row 2: offset not coded
    ("sub01", 101, "micro", 1.05, 1.60, 2.00, "B", 36_000.00),  # row 3: same event, rule broken
    ("sub01", 101, "macro", 9.00, 9.20, 9.40, "A", 36_000.30),  # row 4: short; clock 0.3 s off
    ("sub01", 102, "micro", 5.00, 5.20, 5.40, "B", 36_100.00),
    ("sub01", 102, "micro", 6.00, 6.20, 6.40, "B", 36_100.00),  # row 6: 1 s after row 5
    ("sub02", 101, "macro", 3.00, 3.60, 4.00, "A", 50_000.00),
    ("sub02", 101, "macro", 3.00, 3.60, 4.00, "A", 50_000.00),  # row 8: repeats row 7
]


@pytest.fixture
def events():
    columns = ["participant", "code", "expression", "onset", "apex", "offset", "annotation_pass"]
    table = pd.DataFrame(ROWS, columns=[*columns, "start"])
    start = table.pop("start")
    table = table.assign(
        stimulus=table["code"].astype(str),
        clip=table["participant"] + "_" + table["code"].astype(str),
        duration=table["offset"] - table["onset"],
        rise=table["apex"] - table["onset"],
        expression_by_rule=expression_by_rule(table["onset"], table["apex"], table["offset"]),
        censored=table["apex"] == table["offset"],
        emotion="sadness",
        valence="negative",
        action_units="AU4",
        onset_sd=np.nan,
        source_row=np.arange(len(table)) + 2,
        exclusion_reason="",
        clock="clip",
    )
    for name in ("onset", "apex", "offset"):
        table[f"{name}_clock"] = table[name] + start
    return table


def test_counts_and_rows(events):
    audit = audit_events(events)
    found = {check.check: (check.n, check.total) for check in audit.checks}
    assert found == {
        "annotation passes": (2, 2),
        "clips annotated in more than one pass": (1, 3),
        "events seen by more than one pass": (1, 5),
        "micro rows outside the rule": (1, 3),
        "micro rows longer than 500 ms": (1, 3),
        "macro rows inside the rule": (1, 4),
        "macro rows lasting 500 ms or less": (1, 4),
        "offsets not coded (apex = offset)": (1, 7),
        "clip and camera clock differ by more than 50 ms": (1, 7),
        "clip and camera clock differ by more than 200 ms": (1, 7),
        "clip and camera clock differ by more than 1000 ms": (0, 7),
        "rows with all three times of an earlier row": (1, 7),
        "onsets less than 100 ms after another of the clip": (2, 7),
        "rows that overlap another of the clip": (4, 7),
        "events with another onset in -1 to 1.5 s": (2, 5),
        "events with another onset in -2 to 10 s": (3, 5),
        "participants with fewer than 10 micro or macro rows": (2, 2),
        "micro rows of the three participants with most": (3, 3),
        "rows whose emotion is the video's category": (5, 7),
        "columns of the sheet ignored": (0, 0),
    }
    assert audit.rows("micro rows outside the rule") == (3,)
    assert audit.rows("macro rows inside the rule") == (4,)
    assert audit.rows("clip and camera clock differ by more than 50 ms") == (4,)
    assert audit.rows("rows with all three times of an earlier row") == (8,)
    assert audit.rows("rows that overlap another of the clip") == (2, 3, 7, 8)


def test_table(events):
    audit = audit_events(events)
    table = audit.table().set_index("check")
    assert list(audit.table().columns) == ["check", "n", "share", "remedy"]
    assert table.loc["clips annotated in more than one pass", "share"] == pytest.approx(1 / 3)
    assert (table["remedy"].str.len() > 10).all()
    assert repr(audit) == "EventAudit(7 rows, 20 checks)"


def test_merged_events_are_not_merged_again(events):
    table = audit_events(merge_passes(events)).table().set_index("check")
    assert table.loc["annotation passes", "n"] == 2
    assert table.loc["clips annotated in more than one pass", "n"] == 1
    assert table.loc["events seen by more than one pass", "n"] == 1
    assert table.loc["rows that overlap another of the clip", "n"] == 0


def test_other_clocks_are_not_compared_with_the_camera(events):
    table = audit_events(events.assign(clock="eeg")).table()
    assert not table["check"].str.contains("camera").any()


def test_the_table_given_is_left_alone(events):
    before = events.copy(deep=True)
    audit_events(events)
    pd.testing.assert_frame_equal(events, before)


def test_ignored_columns_of_the_sheet_are_named(events):
    table = audit_events(events, ignored_columns=("dif", "note")).table().set_index("check")
    assert table.loc["columns of the sheet ignored (dif, note)", "n"] == 2


def test_unknown_check(events):
    with pytest.raises(ValueError, match="check must be one of"):
        audit_events(events).rows("spelling")


def test_public_sheet(shared_data):
    events = read_events(shared_data / "mmme_annotations" / "coding_file.xlsx")
    n = audit_events(events).table().set_index("check")["n"]
    assert n["clips annotated in more than one pass"] == 117
    assert 13 <= n["micro rows outside the rule"] <= n["micro rows longer than 500 ms"] <= 22
    assert n["macro rows lasting 500 ms or less"] == 155
    assert n["offsets not coded (apex = offset)"] == 433
    for limit, expected in ((50, 217), (200, 39), (1000, 2)):
        assert n[f"clip and camera clock differ by more than {limit} ms"] == expected
    assert n["onsets less than 100 ms after another of the clip"] == 117
    assert n["rows whose emotion is the video's category"] == 944
    assert n["participants with fewer than 10 micro or macro rows"] == 16 - 9
    share = audit_events(events).table().set_index("check")["share"]
    assert share["events with another onset in -1 to 1.5 s"] == pytest.approx(0.12, abs=0.005)
    assert share["events with another onset in -2 to 10 s"] == pytest.approx(0.45, abs=0.005)
    assert share["micro rows of the three participants with most"] == pytest.approx(0.55, abs=0.005)
