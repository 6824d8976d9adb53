import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.simulate.files.sheet_file import (
    CODES_IN_FILE_ORDER,
    SHEET_COLUMNS,
    CodingParameters,
    write_sheet,
)
from mmme_neuro.vocabulary import STIMULUS_WORD_BY_CODE

FAITHFUL = CodingParameters(
    share_a_only=0,
    share_b_only=0,
    share_both=1,
    detection=1,
    onset_sd=0,
    apex_sd=0,
    offset_sd=0,
    label_error=0,
    censored_macro=0,
    censored_micro=0,
)


def true_events(n_per_clip=8, n_participants=5, codes=range(101, 149)):
    rng = np.random.default_rng(7)
    clips = [(f"sub{p:02d}", code) for p in range(1, n_participants + 1) for code in codes]
    rows = pd.DataFrame(
        [(*clip, k) for clip in clips for k in range(n_per_clip)],
        columns=["participant", "code", "k"],
    )
    n = len(rows)
    micro = rng.random(n) < 0.4
    onset = 2 + 6 * rows.pop("k") + rng.random(n)
    rise = np.where(micro, 0.2, 0.6)
    start = 36_000 + 90.0 * (rows["code"] - 101)
    rows = rows.assign(
        expression=np.where(micro, "micro", "macro"),
        onset=onset,
        apex=onset + rise,
        offset=onset + 2 * rise,
        action_units="AU4,AU12",
        recording_date=dt.date(2030, 1, 2),
    )
    for name in ("onset", "apex", "offset"):
        rows[f"{name}_clock"] = rows[name] + start
    rows.index = np.arange(n) * 3 + 11
    return rows


def clock_seconds(frames):
    parts = frames.str.split("-", expand=True).astype(float)
    return parts[0] * 3600 + parts[1] * 60 + parts[2] + parts[3] / 1000


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("sheet") / "coding_file.xlsx"
    events = true_events()
    return events, write_sheet(path, events, rng=3), pd.read_excel(path)


def test_file_holds_the_returned_rows(written):
    _, rows, sheet = written
    assert list(sheet.columns) == list(SHEET_COLUMNS)
    pd.testing.assert_frame_equal(sheet, rows[list(SHEET_COLUMNS)], check_dtype=False)


def test_file_order_covers_every_code_once():
    codes = sorted(code for codes in CODES_IN_FILE_ORDER.values() for code in codes)
    assert codes == list(range(101, 149))
    for word, codes in CODES_IN_FILE_ORDER.items():
        stimulus_word = {"angry": "anger", "tense": "nervous"}.get(word, word)
        assert {STIMULUS_WORD_BY_CODE[code] for code in codes} == {stimulus_word}


def test_formats_of_the_passes(written):
    _, rows, _ = written
    assert rows["annotation_pass"].is_monotonic_increasing
    first, second = (rows[rows["annotation_pass"] == name] for name in "AB")
    for column in ("OnsetFrame", "ApexFrame", "OffsetFrame"):
        assert first[column].str.fullmatch(r"\d\d-\d\d-\d\d-\d{3}-\d{3}").all()
        assert second[column].str.fullmatch(r"\d\d-\d\d-\d\d-\d{3}").all()
    assert rows["Filename"].str.fullmatch(r"[a-z]+_[1-6]_1\d\d_sub\d\d_20300102\.avi").all()
    assert rows["Date"].str.fullmatch(r"\d{4}年\d\d月\d\d日-\d\d时\d\d分").all()
    assert first["Date"].iloc[-1] > second["Date"].iloc[0]
    frames = clock_seconds(first["ApexFrame"]) - clock_seconds(first["OnsetFrame"])
    counted = (first["dif"] - frames * 148) % 1000
    assert np.minimum(counted, 1000 - counted).max() <= 1.2
    rise_ms = 1000 * (clock_seconds(second["ApexFrame"]) - clock_seconds(second["OnsetFrame"]))
    np.testing.assert_allclose(second["dif"], rise_ms, atol=1e-6)


def test_known_file_name(tmp_path):
    events = true_events(1, 1, [146])
    rows = write_sheet(tmp_path / "a.xlsx", events, rng=1, parameters=FAITHFUL)
    assert rows["Filename"].unique().tolist() == ["angry_1_146_sub01_20300102.avi"]
    assert rows["Action Units"].unique().tolist() == ["AU4, AU12"]


def test_faithful_coders_write_the_truth(tmp_path):
    events = true_events(2, 2)
    rows = write_sheet(tmp_path / "a.xlsx", events, rng=1, parameters=FAITHFUL)
    assert len(rows) == 2 * len(events)
    truth = events.loc[rows["true_event"]].reset_index(drop=True)
    for name, column in (("onset", "Onset"), ("apex", "Apex"), ("offset", "Offset")):
        assert np.abs(rows[f"{column}Time"] - truth[name]).max() <= 0.005 + 1e-9
        clock = clock_seconds(rows[f"{column}Frame"])
        assert np.abs(clock - truth[f"{name}_clock"]).max() <= 0.0005 + 1e-9
    assert (rows["Macro/Micro"].str.lower() == truth["expression"]).all()
    assert (rows["Marker"] == truth["code"]).all()


def test_rates_of_the_coders(written):
    events, rows, _ = written
    clip = rows["Subject"] + rows["Marker"].astype(str)
    by_pass = {name: set(clip[rows["annotation_pass"] == name]) for name in "AB"}
    n_clips = len(by_pass["A"] | by_pass["B"])
    assert len(by_pass["A"] & by_pass["B"]) / n_clips == pytest.approx(0.43, abs=0.01)
    assert len(by_pass["A"] - by_pass["B"]) / n_clips == pytest.approx(0.18, abs=0.01)
    truth = events.loc[rows["true_event"]].reset_index(drop=True)
    in_clips = 8 * (len(by_pass["A"]) + len(by_pass["B"]))
    assert len(rows) / in_clips == pytest.approx(0.9, abs=0.02)
    censored = rows["ApexTime"] == rows["OffsetTime"]
    assert censored[truth["expression"] == "macro"].mean() == pytest.approx(0.55, abs=0.04)
    assert censored[truth["expression"] == "micro"].mean() == pytest.approx(0.26, abs=0.04)
    assert (rows["ApexFrame"] == rows["OffsetFrame"]).tolist() == censored.tolist()
    wrong = rows["Macro/Micro"].str.lower() != truth["expression"]
    assert wrong.mean() == pytest.approx(0.03, abs=0.012)
    assert (rows["OnsetTime"] - truth["onset"]).std() == pytest.approx(0.03, rel=0.1)
    offset_error = (rows["OffsetTime"] - truth["offset"])[~censored]
    assert offset_error[truth["expression"] == "macro"].std() == pytest.approx(0.08, rel=0.1)


def test_action_units_are_missed_and_confused(tmp_path):
    events = true_events()
    events["action_units"] = np.resize(
        ["AU4,AU12", "AU1,AU2,AU5", "AU17", "AU12,AU14"], len(events)
    )
    coding = replace(FAITHFUL, unit_detection=0.8, unit_error=0.1)
    rows = write_sheet(tmp_path / "errors.xlsx", events, rng=3, parameters=coding)
    plain = write_sheet(tmp_path / "plain.xlsx", events, rng=3, parameters=FAITHFUL)
    times = ["Filename", "OnsetTime", "ApexTime", "OffsetTime"]
    pd.testing.assert_frame_equal(rows[times], plain[times])
    written = rows["Action Units"].str.split(", ").map(set)
    truth = plain["Action Units"].str.split(", ").map(set)
    assert (written.map(len) > 0).all()
    single = truth.map(len) == 1  # never missed; one of seven takes its place at random
    right = (written[single] == truth[single]).mean()
    assert abs(right - (1 - 0.1 * 6 / 7)) < 0.03
    three = truth.map(len) == 3
    kept = np.mean([len(w & t) for w, t in zip(written[three], truth[three], strict=True)])
    expected = (3 * 0.8 + 0.2**3) * (1 - 0.1 * 6 / 7)
    assert abs(kept - expected) < 0.06


def test_errors_enter_video_and_clock_alike(written):
    events, rows, _ = written
    truth = events.loc[rows["true_event"]].reset_index(drop=True)
    for name, column in (("onset", "Onset"), ("apex", "Apex")):
        video_error = rows[f"{column}Time"] - truth[name]
        clock_error = clock_seconds(rows[f"{column}Frame"]) - truth[f"{name}_clock"]
        assert np.abs(video_error - clock_error).max() < 0.0056


def test_large_errors_keep_order(tmp_path):
    rough = CodingParameters(onset_sd=0.5, apex_sd=0.5, offset_sd=0.5)
    rows = write_sheet(tmp_path / "a.xlsx", true_events(4, 2), rng=1, parameters=rough)
    assert (rows["OnsetTime"] < rows["ApexTime"]).all()
    assert (rows["ApexTime"] <= rows["OffsetTime"]).all()
    assert (rows["OnsetTime"] >= 0).all()


def test_same_seed_same_bytes(tmp_path):
    events = true_events(2, 1)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_sheet(tmp_path / f"{name}.xlsx", events, rng=seed)
    contents = [(tmp_path / f"{name}.xlsx").read_bytes() for name in "abc"]
    assert contents[0] == contents[1] != contents[2]


def test_midnight_wraps(tmp_path):
    events = true_events(1, 1, [101])
    shift = 86_400 - events["onset_clock"] - 0.1
    for column in ("onset_clock", "apex_clock", "offset_clock"):
        events[column] += shift
    rows = write_sheet(tmp_path / "a.xlsx", events, rng=1, parameters=FAITHFUL)
    assert rows["OnsetFrame"].str.startswith("23-59-59-900").all()
    assert rows["ApexFrame"].str.startswith("00-00-00").all()
    assert (rows["dif"][rows["annotation_pass"] == "B"] > 0).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: e.drop(columns="apex"), r"lacks the columns \['apex'\]"),
        (lambda e: e.assign(expression="control"), "macro or micro"),
        (lambda e: e.assign(code=100), r"found \[100\]"),
        (lambda e: e.assign(apex=e["onset"]), "onset < apex <= offset"),
        (lambda e: pd.concat([e, e]), "unique index"),
    ],
)
def test_refuses_events_it_cannot_write(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        write_sheet(tmp_path / "a.xlsx", change(true_events(1, 1)), rng=1)


@pytest.mark.parametrize(
    "values", [{"share_both": 0.5}, {"detection": 1.2}, {"onset_sd": -1}, {"frame_rate": 0}]
)
def test_refuses_impossible_parameters(values):
    with pytest.raises(ValueError, match="|".join(["share_a_only", *values])):
        CodingParameters(**values)
