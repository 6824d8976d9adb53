import numpy as np
import pandas as pd
import pytest

from mmme_neuro.events.crowding import OVERLAP_WINDOWS_S, has_neighbor, overlap_table
from mmme_neuro.events.sheet import read_events


@pytest.fixture
def events():
    return pd.DataFrame(
        {
            "participant": ["a", "a", "a", "b"],
            "clip": ["a1", "a1", "a2", "b1"],
            "onset": [10.0, 11.5, 11.0, 10.2],
            "expression": ["micro", "macro", "micro", "macro"],
            "clock": "clip",
        }
    )


def test_events_of_one_clip_are_compared_on_its_clock(events):
    assert has_neighbor(events, -1, 1.5).tolist() == [True, False, False, False]
    assert has_neighbor(events, -1.5, 1.5).tolist() == [True, True, False, False]


def test_events_of_one_participant_are_compared_on_the_eeg_clock(events):
    found = has_neighbor(events.assign(clock="eeg"), -0.6, 1.0)
    assert found.tolist() == [True, True, True, False]


def test_an_event_without_onset_has_no_neighbor(events):
    events.loc[1, "onset"] = np.nan
    assert not has_neighbor(events, -5, 5).any()


def test_counts_by_expression(events):
    table = overlap_table(events, [(-1.0, 1.5), (-2.0, 2.0)])
    assert list(table.columns) == [
        "window_start",
        "window_stop",
        "expression",
        "n",
        "n_overlapping",
        "share",
    ]
    wide = table.set_index(["window_start", "expression"])
    assert wide["n"].tolist() == [4, 2, 2] * 2
    assert wide.loc[-1.0, "n_overlapping"].tolist() == [1, 0, 1]
    assert wide.loc[-2.0, "share"].tolist() == [0.5, 0.5, 0.5]


def test_a_bare_table_of_onsets_will_do():
    table = overlap_table(pd.DataFrame({"onset": [1.0, 2.0]}), [(0.0, 1.0)])
    assert table[["expression", "n_overlapping"]].to_numpy().tolist() == [["all", 1]]


def test_refuses(events):
    with pytest.raises(ValueError, match="lacks the columns"):
        overlap_table(events.drop(columns="onset"))
    with pytest.raises(ValueError, match="start before it stops"):
        overlap_table(events, [(2.0, -1.0)])


def test_public_sheet(shared_data):
    events = read_events(shared_data / "mmme_annotations" / "coding_file.xlsx", merge="union")
    table = overlap_table(events).query("expression == 'all'").set_index("window_stop")
    assert (table["n"] == 707).all()
    # Published for another rule of merging: 12, 15, 34, 45, 54 %.
    for stop, share in ((1.5, 0.12), (2.0, 0.15), (6.0, 0.34), (10.0, 0.45), (15.0, 0.54)):
        assert table.loc[stop, "share"] == pytest.approx(share, abs=0.01)
    # A count by another route: sorted onsets of each clip, nearest before and after.
    for start, stop in OVERLAP_WINDOWS_S:
        n = 0
        for _, onsets in events.groupby("clip")["onset"]:
            gaps = np.diff(np.sort(onsets))
            n += int(
                ((np.append(np.inf, gaps) <= -start) | (np.append(gaps, np.inf) <= stop)).sum()
            )
        assert n == table.loc[stop, "n_overlapping"]
