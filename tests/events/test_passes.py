import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmme_neuro.events.passes import (
    choose_pass,
    infer_passes,
    left_out_rows,
    merge_passes,
    overlap_iou,
)

DAYS = pd.to_datetime(["2030-05-01", "2030-05-02", "2030-05-03", "2030-05-04"])


def event(onset, apex, offset, *, name="A", row=2, **others):
    return {
        "participant": "sub01",
        "stimulus": "101",
        "clip": "sub01_101",
        "code": 101,
        "expression": "micro",
        "expression_by_rule": "micro",
        "onset": onset,
        "apex": apex,
        "offset": offset,
        "onset_sd": np.nan,
        "duration": offset - onset,
        "rise": apex - onset,
        "emotion": "sadness",
        "valence": "negative",
        "action_units": "AU4",
        "annotation_pass": name,
        "censored": apex == offset,
        "source_row": row,
        "exclusion_reason": "",
        "clock": "clip",
        "onset_clock": onset + 36_000,
        "apex_clock": apex + 36_000,
        "offset_clock": offset + 36_000,
    } | others


def test_a_format_change_without_a_step_back_is_one_coder():
    has_counter = pd.Series([True, True, False, False, True, True])
    days = pd.Series(DAYS[[2, 3, 0, 1, 2, 3]])
    assert "".join(infer_passes(has_counter, days)) == "AABBBB"


def test_without_dates_the_first_change_counts():
    has_counter = pd.Series([True, False, True])
    unknown = pd.Series([pd.NaT] * 3)
    assert "".join(infer_passes(has_counter, unknown)) == "ABB"


def test_one_format_is_one_pass_even_where_dates_are_unordered():
    days = pd.Series(DAYS[[2, 0, 3]])
    assert "".join(infer_passes(pd.Series([False] * 3), days)) == "AAA"


def test_shuffled_rows_are_told_apart_by_format_with_a_warning():
    has_counter = pd.Series([True, False] * 3)
    days = pd.Series(pd.to_datetime(["2030-05-01", "2030-04-01"] * 3))
    with pytest.warns(UserWarning, match="column 'Pass'"):
        assert "".join(infer_passes(has_counter, days)) == "ABABAB"


def test_union_averages_what_two_passes_saw():
    rows = [
        event(1.0, 1.2, 1.6, name="A", row=2, action_units="AU4"),
        event(1.1, 1.4, 2.0, name="B", row=7, action_units="AU1,AU4", expression="macro"),
        event(5.0, 5.2, 5.4, name="B", row=8),
    ]
    merged = merge_passes(pd.DataFrame(rows))
    assert merged["annotation_pass"].tolist() == ["A+B", "B"]
    assert merged["source_rows"].tolist() == ["2,7", "8"]
    assert merged["expression"].tolist() == ["mixed", "micro"]
    assert merged["action_units"].tolist() == ["AU1,AU4", "AU4"]
    first = merged.iloc[0]
    assert first[["onset", "apex", "offset"]].tolist() == pytest.approx([1.05, 1.3, 1.8])
    assert first["onset_clock"] == pytest.approx(36_001.05)
    assert first["duration"] == pytest.approx(0.75)
    assert first["expression_by_rule"] == "micro"


def test_an_offset_not_coded_has_no_say():
    rows = [event(1.0, 1.4, 1.4, name="A"), event(1.0, 1.2, 1.8, name="B", row=3)]
    merged = merge_passes(pd.DataFrame(rows)).iloc[0]
    assert merged["apex"] == pytest.approx(1.3)
    assert merged["offset"] == pytest.approx(1.3 + 0.6)
    assert not merged["censored"]


def test_pieces_of_one_pass_span_the_event():
    rows = [
        event(1.0, 1.2, 1.5, name="A", row=2),
        event(1.7, 1.8, 2.0, name="A", row=3),
        event(1.0, 1.5, 2.0, name="B", row=4),
    ]
    merged = merge_passes(pd.DataFrame(rows))
    assert len(merged) == 1
    assert merged.loc[0, ["onset", "offset"]].tolist() == pytest.approx([1.0, 2.0])


def test_intersection_keeps_what_two_passes_saw_and_lists_the_rest():
    rows = [
        event(1.0, 1.2, 1.6, name="A", row=2),
        event(1.1, 1.2, 1.6, name="B", row=3),
        event(5.0, 5.2, 5.4, name="B", row=4),
        event(9.0, 9.2, 9.4, name="A", row=5),
        event(9.1, 9.2, 9.4, name="A", row=6),
    ]
    merged = merge_passes(pd.DataFrame(rows), "intersection")
    assert merged["source_rows"].tolist() == ["2,3"]
    assert left_out_rows(pd.DataFrame(rows), merge="intersection")["source_row"].tolist() == [
        4,
        5,
        6,
    ]


def test_first_takes_the_first_pass():
    rows = [
        event(1.1, 1.2, 1.6, name="B", row=3, expression="macro", action_units="AU12"),
        event(1.0, 1.2, 1.6, name="A", row=9),
    ]
    merged = merge_passes(pd.DataFrame(rows), "first").iloc[0]
    assert (merged["onset"], merged["expression"], merged["action_units"]) == (1.0, "micro", "AU4")
    assert merged["annotation_pass"] == "A+B"


def test_other_clips_and_touching_rows_stay_apart():
    rows = [
        event(1.0, 1.2, 1.6, row=2),
        event(1.6, 1.7, 1.9, row=3),
        event(1.0, 1.2, 1.6, row=4, clip="sub02_101", participant="sub02"),
    ]
    assert len(merge_passes(pd.DataFrame(rows))) == 3


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(1, 9), st.integers(1, 9), st.sampled_from("AB")),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from([0.0, 0.301]),
)
def test_groups_are_the_components_of_the_overlap_graph(spans, min_iou):
    rows = [
        event(on / 10, (on + up) / 10, (on + up + down) / 10, name=name, row=row)
        for row, (on, up, down, name) in enumerate(spans, start=2)
    ]
    graph = nx.Graph()
    graph.add_nodes_from(range(len(spans)))
    for i, (on, up, down, _) in enumerate(spans):
        for j, (other_on, other_up, other_down, _) in enumerate(spans[:i]):
            times = set(range(on, on + up + down))
            others = set(range(other_on, other_on + other_up + other_down))
            if len(times & others) / len(times | others) > min_iou:
                graph.add_edge(i, j)
    expected = {
        ",".join(str(node + 2) for node in sorted(component))
        for component in nx.connected_components(graph)
    }
    merged = merge_passes(pd.DataFrame(rows), min_iou=min_iou)
    assert set(merged["source_rows"]) == expected
    assert (merged["onset"] < merged["apex"]).all()
    assert (merged["apex"] <= merged["offset"] + 1e-9).all()


def test_overlap_iou_of_an_interval_with_itself_is_one():
    rows = pd.DataFrame({"onset": [0.0, 5.0], "offset": [1.0, 7.0]})
    np.testing.assert_allclose(overlap_iou(rows, rows), np.eye(2))


def test_merging_nothing_gives_nothing():
    empty = pd.DataFrame([event(1, 2, 3)]).iloc[:0]
    merged = merge_passes(empty)
    assert merged.empty and "source_rows" in merged


@pytest.mark.parametrize(
    ("options", "message"), [({"merge": "mean"}, "merge must be"), ({"min_iou": 1.0}, "min_iou")]
)
def test_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        merge_passes(pd.DataFrame([event(1, 2, 3)]), **options)


def test_adjudicated_rows_alone_are_events_and_the_rest_keeps_a_reason():
    rows = [
        event(1.0, 1.2, 1.6, name="A", row=2, adjudicated="no"),
        event(1.1, 1.3, 1.7, name="B", row=3, adjudicated="macro"),
        event(5.0, 5.2, 5.4, name="B", row=4, adjudicated="no"),
        event(9.0, 9.2, 9.4, name="A", row=5, adjudicated="yes"),
        event(9.1, 9.3, 9.5, name="B", row=6, adjudicated="yes", expression="macro"),
    ]
    merged = merge_passes(pd.DataFrame(rows), "adjudicated")
    assert merged["source_rows"].tolist() == ["3", "5,6"]
    assert merged["expression"].tolist() == ["macro", "mixed"]
    assert merged.loc[0, "onset"] == 1.1
    left = left_out_rows(pd.DataFrame(rows), merge="adjudicated").set_index("source_row")
    assert left["reason"].to_dict() == {2: "another row of the event is final", 4: "no final event"}
    assert left.loc[4, ["clip", "annotation_pass", "onset"]].tolist() == ["sub01_101", "B", 5.0]


def test_adjudication_needs_its_column():
    with pytest.raises(ValueError, match="Adjudicated: yes, no"):
        merge_passes(pd.DataFrame([event(1, 2, 3)]), "adjudicated")


@pytest.mark.parametrize("how", ["union", "intersection", "first", "adjudicated"])
def test_every_row_is_behind_an_event_or_left_out_with_a_reason(how):
    rng = np.random.default_rng(4)
    rows = []
    for row in range(2, 42):
        onset = float(rng.integers(0, 60))
        verdict = str(rng.choice(["yes", "no", "micro", "macro"]))
        name = str(rng.choice(["A", "B"]))
        rows.append(event(onset, onset + 0.5, onset + 2.0, name=name, row=row, adjudicated=verdict))
    merged = merge_passes(pd.DataFrame(rows), how)
    behind = [int(row) for rows in merged["source_rows"] for row in rows.split(",")]
    left = left_out_rows(pd.DataFrame(rows), merge=how)
    assert sorted([*behind, *left["source_row"]]) == list(range(2, 42))
    assert (left["reason"] != "").all()


def test_rows_of_the_other_pass_are_listed():
    rows = [event(1.0, 1.2, 1.6, name="A", row=2), event(1.1, 1.2, 1.6, name="B", row=3)]
    coded = pd.DataFrame(rows)
    chosen = choose_pass(coded, "B")
    assert chosen["source_row"].tolist() == [3]
    assert left_out_rows(coded, annotation_pass="B")["reason"].tolist() == ["not of pass B"]
    both = left_out_rows(coded, annotation_pass="B", merge="intersection")
    assert both["reason"].tolist() == ["not of pass B", "seen by pass B only"]
    assert left_out_rows(coded, merge="union").empty
