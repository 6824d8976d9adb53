import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mmme_neuro.clocks.camera import align_camera, clip_starts, place_events

WALL_OF_EEG_ZERO = 57_600.0


def filmed(rng, *, n_clips=17, drift=30e-6, clip_sd=0.032, n_bad=0, spread=0.01):
    """Events of one participant, EEG codes, and the true EEG onset of each event."""
    clip_code = np.sort(rng.choice(np.arange(101, 149), n_clips, replace=False))
    eeg_start = 40.0 + 91.0 * (np.arange(101, 149) - 101) + rng.uniform(-15, 15, 48)
    n_events = rng.integers(1, 6, n_clips)
    code = np.repeat(clip_code, n_events)
    in_clip = rng.uniform(1, 50, len(code))
    true_eeg = eeg_start[code - 101] + in_clip
    wall = WALL_OF_EEG_ZERO + true_eeg / (1 + drift)
    clip_error = rng.normal(0, clip_sd, n_clips)
    clip_error[rng.choice(n_clips, n_bad, replace=False)] += rng.choice([-1.5, 1.0], n_bad)
    # The frame is right; the time in the clip is off by one amount a clip and a little each time.
    onset = (
        in_clip / (1 + drift) - np.repeat(clip_error, n_events) - rng.normal(0, spread, len(code))
    )
    events = pd.DataFrame(
        {
            "clip": [f"clip{c}" for c in code],
            "code": code,
            "onset": onset,
            "apex": onset + 0.2,
            "offset": onset + 0.4,
            "onset_clock": wall,
            "apex_clock": wall + 0.2,
            "offset_clock": wall + 0.4,
            "duration": 0.4,
            "clock": "clip",
            "exclusion_reason": "",
        }
    )
    codes = pd.DataFrame({"code": np.arange(101, 149), "onset": eeg_start})
    ends = pd.DataFrame({"code": 100, "onset": eeg_start + 54})
    return events, pd.concat([codes, ends], ignore_index=True), true_eeg


def test_exact_clocks_give_the_exact_map():
    events, codes, true_eeg = filmed(np.random.default_rng(1), clip_sd=0.0, spread=0.0)
    fit = align_camera(events, codes)
    np.testing.assert_allclose(fit.to_reference(events["onset_clock"]), true_eeg, atol=1e-6)
    assert fit.drift_ppm == pytest.approx(30, abs=1e-3)
    assert fit.matched["clip"].nunique() == 17 and fit.segments["note"].item() == ""


def test_clips_far_off_do_not_move_the_map():
    events, codes, true_eeg = filmed(np.random.default_rng(2), n_bad=4)
    fit = align_camera(events, codes)
    assert np.abs(fit.to_reference(events["onset_clock"]) - true_eeg).max() < 0.06
    far = fit.unmatched[fit.unmatched["reason"].str.contains("ms off")]
    assert len(far) >= 4
    assert len(fit.matched) + len(fit.unmatched) == 17


def test_clip_start_is_the_median_over_its_events():
    events = pd.DataFrame(
        {
            "clip": ["a", "a", "a", "b"],
            "code": [101, 101, 101, 102],
            "onset": [1.0, 2.0, 3.0, 4.0],
            "onset_clock": [101.0, 102.03, 108.0, np.nan],
        }
    )
    clips = clip_starts(events).set_index("clip")
    assert clips.loc["a", "onset_other"] == pytest.approx(100.03)
    assert clips.loc["a", "n_events"] == 3 and clips.loc["b", "n_events"] == 0
    assert np.isnan(clips.loc["b", "onset_other"])


def test_first_occurrence_of_a_repeated_code_starts_the_clip():
    events, codes, true_eeg = filmed(np.random.default_rng(3), clip_sd=0.0, spread=0.0)
    repeated = pd.concat([codes.assign(onset=codes["onset"] + 3000), codes])
    fit = align_camera(events, repeated)
    np.testing.assert_allclose(fit.to_reference(events["onset_clock"]), true_eeg, atol=1e-6)


@pytest.mark.parametrize("n_clips", [1, 2])
def test_one_or_two_clips_fix_the_drift_and_say_so(n_clips):
    events, codes, true_eeg = filmed(np.random.default_rng(4), n_clips=n_clips)
    fit = align_camera(events, codes)
    assert fit.drift_ppm == 0 and fit.drift_se_ppm == pytest.approx(100)
    assert "prior" in fit.segments["note"].item()
    wall = events["onset_clock"].to_numpy()
    assert np.all(np.abs(fit.to_reference(wall) - true_eeg) < 5 * fit.se_at(wall))
    assert fit.se_at(wall[0] + 3600) > 0.3  # an hour away at 100 ppm


def test_clips_close_together_do_not_determine_the_drift():
    events, codes, _ = filmed(np.random.default_rng(5), n_clips=48)
    fit = align_camera(events[events["code"] <= 104], codes)
    assert fit.drift_ppm == 0 and "prior" in fit.segments["note"].item()


def test_place_events_keeps_every_row_and_moves_all_three_times():
    events, codes, true_eeg = filmed(np.random.default_rng(6))
    codes = codes[codes["code"] != events["code"].iloc[0]]
    fit = align_camera(events, codes)
    assert fit.unmatched["reason"].str.contains("no such code").sum() == 1
    placed = place_events(events, fit, recording_duration=1e5)
    assert placed.index.equals(events.index) and set(placed["clock"]) == {"eeg"}
    for name, later in (("onset", 0.0), ("apex", 0.2), ("offset", 0.4)):
        np.testing.assert_allclose(placed[name], true_eeg + later, atol=0.05)
    widened = stats.t.ppf(0.975, fit.longest["dof"]) / 1.959964
    se = widened * fit.se_at(events["onset_clock"].to_numpy())
    expected = np.sqrt(se**2 + (1 / 150) ** 2 / 12)
    np.testing.assert_allclose(placed["onset_sd"], expected, rtol=1e-6)
    assert (placed["exclusion_reason"] == "").all()
    assert (events["clock"] == "clip").all()  # the input is as it was


def test_an_event_without_a_frame_is_placed_from_its_clip():
    events, codes, true_eeg = filmed(np.random.default_rng(7))
    row = events.index[events["clip"].duplicated(keep=False)][0]
    events.loc[row, ["onset_clock", "apex_clock"]] = np.nan
    placed = place_events(events, align_camera(events, codes))
    assert placed.loc[row, "onset"] == pytest.approx(true_eeg[row], abs=0.15)
    assert placed.loc[row, "onset_sd"] > placed["onset_sd"].drop(row).max()


def test_an_event_without_any_camera_time_stays_with_a_reason():
    events, codes, _ = filmed(np.random.default_rng(8))
    lonely = events["clip"] == events["clip"].iloc[0]
    events.loc[lonely, ["onset_clock", "apex_clock", "offset_clock"]] = np.nan
    events.loc[lonely, "exclusion_reason"] = "coder doubtful"
    placed = place_events(events, align_camera(events, codes))
    assert placed.loc[lonely, "onset"].isna().all()
    assert set(placed.loc[lonely, "exclusion_reason"]) == {"coder doubtful; no camera time"}


def test_events_outside_the_recording_get_a_reason():
    events, codes, true_eeg = filmed(np.random.default_rng(9))
    duration = float(np.median(true_eeg)) + 0.1
    placed = place_events(events, align_camera(events, codes), recording_duration=duration)
    late = placed["onset"] > duration
    assert late.any() and not late.all()
    assert set(placed.loc[late, "exclusion_reason"]) == {"after the EEG recording"}
    early_codes = codes.assign(onset=codes["onset"] - 1000)
    early = place_events(events, align_camera(events, early_codes), recording_duration=1e5)
    before = early["exclusion_reason"] == "before the EEG recording"
    assert (early.loc[before, "onset"] < 0).all() and before.any()


def test_missing_apex_stays_missing():
    events, codes, _ = filmed(np.random.default_rng(10))
    bare = events.drop(columns=["apex", "apex_clock", "offset_clock"])
    bare.loc[0, "offset"] = np.nan
    placed = place_events(bare, align_camera(bare, codes))
    assert "apex" not in placed and np.isnan(placed.loc[0, "offset"])
    assert placed.loc[1:, "offset"].notna().all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda events: events.drop(columns="onset_clock"), "missing onset_clock"),
        (lambda events: events.assign(code=7), "no clip can be placed"),
        (lambda events: events.assign(onset_clock=np.nan), "no clip can be placed"),
        (
            lambda events: events.assign(participant=np.arange(len(events)) % 2),
            "expected one participant",
        ),
    ],
)
def test_bad_events_are_refused(change, message):
    events, codes, _ = filmed(np.random.default_rng(11))
    with pytest.raises(ValueError, match=message):
        align_camera(change(events), codes)


def test_placing_twice_is_refused():
    events, codes, _ = filmed(np.random.default_rng(12))
    fit = align_camera(events, codes)
    with pytest.raises(ValueError, match="clock == 'clip'"):
        place_events(place_events(events, fit), fit)


@pytest.mark.slow
@pytest.mark.parametrize("n_bad", [0, 2])
def test_the_maps_standard_error_covers_the_truth(n_bad):
    n_repeats = 300
    covered = np.zeros(n_repeats)
    for seed in range(n_repeats):
        events, codes, true_eeg = filmed(np.random.default_rng(seed), n_bad=n_bad)
        fit = align_camera(events, codes)
        wall = events["onset_clock"].to_numpy()
        k = len(wall) // 3
        quantile = stats.t.ppf(0.975, fit.longest["dof"])
        covered[seed] = abs(fit.to_reference(wall[k]) - true_eeg[k]) < quantile * fit.se_at(wall[k])
    # Three Monte Carlo errors; M-estimates of 17 clips are a little short (0.932 in 1000 runs).
    assert abs(covered.mean() - 0.94) < 3 * np.sqrt(0.94 * 0.06 / n_repeats)
