from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.reliability import OnsetWithin, OverlapAbove, match_events


def table(*spans, clip="c1"):
    onset, offset = np.array(spans, float).reshape(-1, 2).T
    return pd.DataFrame({"clip": clip, "onset": onset, "offset": offset})


def test_one_event_matches_one_event():
    long = table((0, 10))
    pieces = table((0, 1), (2, 8), (9, 10))
    found = match_events(long, pieces, OverlapAbove())
    assert found[["row", "other_row"]].to_numpy().tolist() == [[0, 1]]
    assert found["score"].item() == pytest.approx(0.6)


def test_more_matches_come_before_better_ones():
    # The best pair alone (0-1) would leave the others without a match.
    a, b = table((0, 4), (3, 9)), table((3.5, 9), (8, 12))
    assert match_events(a, b, OverlapAbove())[["row", "other_row"]].to_numpy().tolist() == [
        [0, 0],
        [1, 1],
    ]


def test_equals_a_search_through_all_matchings():
    rng = np.random.default_rng(1)
    for _ in range(30):
        a, b = (
            table(*((start, start + length) for start, length in rng.random((4, 2)) * [5, 3]))
            for _ in range(2)
        )
        scores = OverlapAbove(0.2).scores(a, b)
        best = max(
            (sum(scores[i, j] > 0 for i, j in enumerate(order)),
              sum(scores[i, j] for i, j in enumerate(order)))
             for order in permutations(range(4))
        )  # fmt: skip
        found = match_events(a, b, OverlapAbove(0.2))
        assert (len(found), found["score"].sum()) == pytest.approx(best)


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        (OverlapAbove(), 1),
        (OverlapAbove(0.5), 1),
        (OverlapAbove(0.51), 0),
        (OnsetWithin(0.1), 1),
        (OnsetWithin(0.09), 0),
    ],
)
def test_thresholds_are_inclusive(criterion, expected):
    # 0.1 of 0.2 s is shared; in floating point a little less.
    assert len(match_events(table((0.3, 0.5)), table((0.4, 0.5)), criterion)) == expected


def test_clips_are_kept_apart_and_row_labels_do_not_matter():
    a = pd.concat([table((0, 1)), table((0, 1), clip="c2")])
    b = pd.concat([table((0, 1), clip="c2"), table((0, 1), clip="c3")])
    found = match_events(a, b, OverlapAbove())
    assert found[["row", "other_row"]].to_numpy().tolist() == [[1, 0]]
    assert match_events(a.iloc[:0], b, OverlapAbove()).empty


def test_names_and_errors():
    assert [str(c) for c in (OverlapAbove(), OverlapAbove(0.5), OnsetWithin(0.25))] == [
        "any overlap", "IoU >= 0.5", "onsets within 250 ms",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="min_iou must lie between 0 and 1, got 50"):
        OverlapAbove(50)
    with pytest.raises(ValueError, match="tolerance_s must be above 0 s, got 0"):
        OnsetWithin(0)


@pytest.mark.parametrize("lost", ["clip", "onset", "offset"])
@pytest.mark.parametrize("name", ["events", "others"])
def test_missing_columns_are_named(lost, name):
    tables = {"events": table((0, 1)), "others": table((0, 1))}
    tables[name] = tables[name].drop(columns=lost)
    with pytest.raises(ValueError, match=rf"{name} lacks the columns \['{lost}'\]"):
        match_events(tables["events"], tables["others"], OverlapAbove())
    if lost == "offset":
        assert len(match_events(tables["events"], tables["others"], OnsetWithin(1.0))) == 1
    with pytest.raises(ValueError, match="criterion must be OverlapAbove or OnsetWithin"):
        match_events(table((0, 1)), table((0, 1)), 0.5)
