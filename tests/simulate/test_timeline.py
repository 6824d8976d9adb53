import numpy as np
import pandas as pd
import pytest

from mmme_neuro.simulate import DEMO, StudyParameters
from mmme_neuro.simulate.timeline import ACTION_UNIT_COUNTS, simulate_timeline


@pytest.fixture(scope="module")
def timelines():
    rng = np.random.default_rng(2)
    return [simulate_timeline(StudyParameters(), n_videos=48, rng=rng) for _ in range(60)]


@pytest.fixture(scope="module")
def events(timelines):
    return pd.concat(
        [t.events.assign(person=number) for number, t in enumerate(timelines)], ignore_index=True
    )


def test_videos_follow_each_other_with_pauses(timelines):
    real = StudyParameters()
    for timeline in timelines[:10]:
        videos = timeline.videos
        assert videos["code"].tolist() == list(range(101, 149))
        assert (videos["end"] - videos["start"]).between(*real.video_s).all()
        pauses = videos["start"].to_numpy()[1:] - videos["end"].to_numpy()[:-1]
        assert (pauses >= real.gap_s[0] - 1e-9).all() and (pauses <= real.gap_s[1] + 1e-9).all()
        assert timeline.duration == pytest.approx(videos["end"].iloc[-1] + real.lead_s)


def test_a_real_session_takes_about_73_minutes(timelines):
    assert np.mean([t.duration for t in timelines]) / 60 == pytest.approx(73, abs=3)


def test_expressions_lie_in_their_video_and_do_not_overlap(timelines):
    for timeline in timelines:
        video = timeline.videos.set_index("code").loc[timeline.events["code"]]
        events = timeline.events
        assert (events["onset"].to_numpy() >= video["start"].to_numpy()).all()
        assert (events["offset"].to_numpy() <= video["end"].to_numpy() + 1e-9).all()
        assert (events["onset"] <= events["apex"]).all()
        assert (events["apex"] <= events["offset"]).all()
        gaps = events["onset"].to_numpy()[1:] - events["offset"].to_numpy()[:-1]
        assert (gaps >= StudyParameters().events.shortest_gap_s - 1e-9).all()


def test_durations_are_those_of_the_dataset(events):
    duration = events["offset"] - events["onset"]
    micro, macro = (
        duration[events["expression"] == "micro"],
        duration[events["expression"] == "macro"],
    )
    assert micro.max() <= 0.5 + 1e-9
    assert micro.mean() == pytest.approx(0.3817, abs=0.02)
    assert micro.std() == pytest.approx(0.1005, abs=0.03)
    assert macro.median() == pytest.approx(0.9, rel=0.1)
    assert (macro <= 0.5).mean() > 0.05  # as short as micro-expressions, as in the sheet


def test_nobody_moves_in_calm_videos(events):
    calm = {106, 115, 124, 132, 141, 145}
    assert not set(events["code"]) & calm
    assert set(events["code"]) == set(range(101, 149)) - calm


def test_people_differ_in_how_much_they_show(events):
    counts = events.groupby("person").size()
    assert counts.max() > 1.8 * counts.min()
    assert (events["expression"] == "micro").mean() == pytest.approx(0.36, abs=0.04)


def test_action_units_come_with_their_frequencies(events):
    units = events["action_units"].str.split(", ").explode().str.removeprefix("AU").astype(int)
    assert set(units) <= set(ACTION_UNIT_COUNTS)
    found = units.value_counts(normalize=True)
    total = sum(ACTION_UNIT_COUNTS.values())
    assert found[4] == pytest.approx(ACTION_UNIT_COUNTS[4] / total, abs=0.05)
    assert found.idxmax() == 4 and found[14] > found[7]
    assert (events["action_units"].str.count(", ") <= 1).all()


def test_codes_are_starts_and_ends_in_order(timelines):
    codes = timelines[0].codes
    assert codes["onset"].is_monotonic_increasing
    assert codes["code"].tolist() == [c for n in range(101, 149) for c in (n, 100)]


def test_same_generator_same_session():
    one, other = (
        simulate_timeline(DEMO, n_videos=3, rng=np.random.default_rng(1)) for _ in range(2)
    )
    pd.testing.assert_frame_equal(one.events, other.events)
