import mne
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmme_neuro.clocks.align import align_clocks
from mmme_neuro.epochs import epoch
from mmme_neuro.events.controls import PHYSIO_DISTANCE_S, clip_spans, control_events
from mmme_neuro.recording import Recording

CLIPS = pd.DataFrame({"code": [101, 102], "start": [10.0, 100.0], "stop": [64.0, 154.0]})


def coded(*onsets, code=101, **others):
    onsets = np.array(onsets, dtype=float)
    return pd.DataFrame(
        {
            "participant": "sub01",
            "stimulus": str(code),
            "clip": f"sub01_{code}",
            "code": code,
            "expression": "micro",
            "onset": onsets,
            "apex": onsets + 0.2,
            "offset": onsets + 0.4,
            "onset_sd": 0.01,
            "emotion": "sadness",
            "source_rows": [str(n + 2) for n in range(len(onsets))],
            "exclusion_reason": "",
            "clock": "eeg",
        }
        | others
    )


def test_spans_end_with_the_end_code():
    codes = pd.DataFrame({"code": [101, 100, 102, 100], "onset": [10.0, 64.0, 99.0, 149.0]})
    spans = clip_spans(codes.iloc[::-1])
    assert spans["stop"].tolist() == [64.0, 149.0]
    assert set(spans["stop_source"]) == {"code"}


def test_a_lost_end_takes_the_usual_length_but_not_the_next_clip():
    onsets = {101: 10.0, 100: 60.0, 102: 90.0, 103: 120.0, 77: 130.0}
    codes = pd.DataFrame({"code": list(onsets), "onset": list(onsets.values())})
    spans = clip_spans(codes).set_index("code")
    assert spans.loc[102, ["stop", "stop_source"]].tolist() == [120.0, "median"]
    assert spans.loc[103, "stop"] == 170.0
    assert 77 not in spans.index


def test_without_any_end_the_clip_stays_and_gives_no_control():
    spans = clip_spans(pd.DataFrame({"code": [101], "onset": [10.0]}))
    assert spans["stop"].isna().all()
    controls = control_events(coded(20.0), spans, condition="expression", rng=1)
    assert controls["exclusion_reason"].tolist() == ["the clip's end is not known"]


def test_a_control_is_the_nearest_free_moment_of_the_same_clip():
    controls = control_events(coded(30.0, 36.0), CLIPS, condition="expression", rng=1)
    # From the offsets on: 30 - 5 and 36.4 + 5.
    assert controls["onset"].tolist() == pytest.approx([25.0, 41.4])
    assert controls["time_difference"].tolist() == pytest.approx([-5.0, 5.4])
    assert set(controls["expression"]) == {"control"}
    assert controls["matched_onset"].tolist() == [30.0, 36.0]
    assert (controls["apex"] - controls["onset"]).to_numpy() == pytest.approx(0.2)
    assert set(controls["clip"]) == {"sub01_101"} and set(controls["emotion"]) == {"sadness"}
    assert (controls["onset_sd"] == 0).all()


def test_both_sides_are_chosen_equally_often():
    event = coded(30.0, offset=30.0, apex=30.0)
    sides = [
        control_events(event, CLIPS, condition="expression", rng=k)["time_difference"].item()
        for k in range(200)
    ]
    assert set(sides) == {-5.0, 5.0}
    assert 70 < np.sum(np.array(sides) > 0) < 130


def test_the_same_seed_gives_the_same_controls():
    events = coded(20.0, 33.0, 47.0)
    first, second = (
        control_events(events, CLIPS, condition="expression", rng=3, n_per_event=2)
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(first, second)


def test_a_full_clip_gives_rows_with_a_reason():
    events = pd.concat([coded(*np.arange(12.0, 64.0, 4.0)), coded(120.0, code=102)])
    controls = control_events(events, CLIPS, condition="expression", rng=1)
    assert len(controls) == len(events)
    without = controls[controls["exclusion_reason"] != ""]
    assert len(without) == len(events) - 1
    assert without["onset"].isna().all() and without["apex"].isna().all()
    assert without["exclusion_reason"].str.contains("5 s from any event").all()


def test_excluded_events_get_no_control_and_keep_controls_away():
    events = coded(30.0, 40.0)
    events.loc[1, "exclusion_reason"] = "talking"
    controls = control_events(
        events, CLIPS, condition="expression", rng=1, distance=PHYSIO_DISTANCE_S
    )
    assert controls["onset"].dropna().tolist() == pytest.approx([18.0])
    assert "talking" in controls["exclusion_reason"].iloc[-1]


def test_an_event_at_an_unknown_time_bars_its_clip():
    controls = control_events(coded(30.0, np.nan), CLIPS, condition="expression", rng=1)
    assert set(controls["exclusion_reason"]) == {"an event of the clip has no known time"}


def test_a_clip_without_start_code_is_named():
    controls = control_events(coded(30.0, code=103), CLIPS, condition="expression", rng=1)
    assert controls["exclusion_reason"].item().startswith("the clip's start code is not")


def test_controls_are_events_for_epoch():
    raw = mne.io.RawArray(
        np.zeros((1, 20_000)), mne.create_info(["CZ"], 100.0, "eeg"), verbose="error"
    )
    codes = pd.DataFrame({"code": [101, 100], "onset": [10.0, 64.0]})
    recording = Recording(raw, None, coded(30.0, 36.0, 62.0), codes=codes)
    controls = control_events(
        recording.events, clip_spans(codes), condition="expression", rng=1, n_per_event=3
    )
    assert (controls["exclusion_reason"] != "").any()
    locked = epoch(recording.with_controls(controls), eeg=(-1.5, 2.0))
    counts = locked.events["expression"].value_counts()
    assert counts["micro"] == 3 and counts["control"] == controls["onset"].notna().sum()
    assert len(locked) + len(locked.excluded) == 3 + 9
    assert epoch(recording.with_controls(controls), lock="apex").events["onset"].notna().all()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(100, 640), min_size=1, max_size=8),
    st.sampled_from([1.0, 5.0, 12.0]),
    st.integers(1, 3),
    st.integers(0, 99),
)
def test_controls_keep_their_distance(tenths, distance, n_per_event, seed):
    events = coded(*(np.array(tenths) / 10))
    controls = control_events(
        events, CLIPS, condition="expression", rng=seed, distance=distance, n_per_event=n_per_event
    )
    assert len(controls) == n_per_event * len(events)
    assert ((controls["onset"].isna()) == (controls["exclusion_reason"] != "")).all()
    found = np.sort(controls["onset"].dropna())
    assert ((found >= 10) & (found <= 64)).all()
    assert (np.diff(found) >= distance - 1e-9).all()
    for onset, offset in zip(events["onset"], events["offset"], strict=True):
        assert ((found <= onset - distance + 1e-9) | (found >= offset + distance - 1e-9)).all()
    if len(found) < len(controls):
        # Where some are missing no moment of a fine grid is free.
        grid = np.arange(10, 64, 0.05)
        taken = (np.abs(grid[:, None] - found) < distance).any(axis=1)
        for onset, offset in zip(events["onset"], events["offset"], strict=True):
            taken |= (grid > onset - distance) & (grid < offset + distance)
        assert taken.all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"events": coded(30.0).drop(columns="code")}, r"lacks the columns \['code'\]"),
        ({"clips": CLIPS.drop(columns="stop")}, r"lacks the columns \['stop'\]"),
        ({"events": coded(30.0, clock="clip")}, "clock of their clips"),
        ({"events": pd.concat([coded(30.0), coded(40.0, participant="x")])}, "one participant"),
        ({"distance": 0.0}, "distance must be positive"),
        ({"n_per_event": 0}, "at least 1"),
    ],
)
def test_refuses(change, message):
    arguments = {
        "events": coded(30.0),
        "clips": CLIPS,
        "condition": "expression",
        "rng": 1,
    } | change
    with pytest.raises(ValueError, match=message):
        control_events(arguments.pop("events"), arguments.pop("clips"), **arguments)


def test_codes_of_two_devices_give_spans_on_the_reference_clock():
    codes = pd.DataFrame({"code": [101, 100, 102, 100], "onset": [10.0, 64.0, 99.0, 149.0]})
    clock = align_clocks(codes, codes.assign(onset=codes["onset"] + 5))
    moved = codes.assign(onset=clock.to_reference(codes["onset"].to_numpy() + 5))
    np.testing.assert_allclose(clip_spans(moved)["start"], [10.0, 99.0], atol=1e-6)


def test_condition_is_the_studys_own():
    posed = coded(30.0).rename(columns={"expression": "kind"}).assign(kind="posed")
    controls = control_events(posed, CLIPS, condition="kind", rng=1)
    assert controls["kind"].tolist() == ["control"]
    assert "expression" not in controls
