import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmme_neuro.events.ids import row_ids
from mmme_neuro.events.sheet import columns_of, events_from_sheet, read_events, sheet_columns
from mmme_neuro.vocabulary import (
    CAMERA_COLUMNS,
    EMOTION_BY_CODED_WORD,
    EVENT_COLUMNS,
    VALENCE_BY_EMOTION,
)

ROW = {
    "Subject": "sub01",
    "Filename": "sad_1_101_sub01_20300102.avi",
    "Marker": 101,
    "OnsetTime": 24.33,
    "ApexTime": 24.58,
    "OffsetTime": 25.33,
    "OnsetFrame": "16-00-31-433-685",
    "ApexFrame": "16-00-31-683-722",
    "OffsetFrame": "16-00-32-433-833",
    "Action Units": "AU7, AU4",
    "Estimated Emotion": "sad",
    "Macro/Micro": "Macro",
    "Date": "2030年06月30日-14时31分",
    "dif": 37,
}


def sheet(*changes):
    return pd.DataFrame([ROW | change for change in changes or ({},)], dtype=object)


def test_one_row_in_full():
    events = events_from_sheet(sheet())
    assert tuple(events.columns) == (*EVENT_COLUMNS, *CAMERA_COLUMNS)
    expected = {
        "participant": "sub01",
        "stimulus": "101",
        "clip": "sub01_101",
        "code": 101,
        "expression": "macro",
        "expression_by_rule": "micro",
        "onset": 24.33,
        "apex": 24.58,
        "offset": 25.33,
        "emotion": "sadness",
        "valence": "negative",
        "action_units": "AU4,AU7",
        "annotation_pass": "A",
        "censored": False,
        "source_row": 2,
        "exclusion_reason": "",
        "clock": "clip",
        "onset_clock": 57_631.433,
        "apex_clock": 57_631.683,
        "offset_clock": 57_632.433,
    }
    assert events.loc[0, list(expected)].to_dict() == expected
    assert events.loc[0, "duration"] == pytest.approx(1.0)
    assert events.loc[0, "rise"] == pytest.approx(0.25)
    assert np.isnan(events.loc[0, "onset_sd"])
    assert events.loc[0, "event"] == "e0002"
    assert columns_of(sheet()).ignored == ("dif",)


def test_formats_of_the_file_agree(tmp_path):
    table = sheet({}, {"OnsetTime": 24, "Estimated Emotion": "Sad "})
    table.to_excel(tmp_path / "sheet.xlsx", index=False)
    table.to_csv(tmp_path / "sheet.csv", index=False)
    table.to_csv(tmp_path / "sheet.tsv", index=False, sep="\t", encoding="utf-8-sig")
    table.to_csv(tmp_path / "gbk.csv", index=False, encoding="gb18030")
    expected = events_from_sheet(table)
    for name in ("sheet.xlsx", "sheet.csv", "sheet.tsv", "gbk.csv"):
        pd.testing.assert_frame_equal(read_events(tmp_path / name), expected)


def test_blank_lines_keep_row_numbers(tmp_path):
    text = sheet({}, {}).to_csv(index=False).splitlines()
    (tmp_path / "sheet.csv").write_text("\n".join([text[0], text[1], "", text[2]]))
    assert read_events(tmp_path / "sheet.csv")["source_row"].tolist() == [2, 4]


def test_ids_are_the_same_whatever_is_chosen_or_merged(tmp_path):
    times = [20.0, 20.1, 50.0, 80.0, 80.0]
    rows = [{"OnsetTime": t, "ApexTime": t + 0.25, "OffsetTime": t + 1} for t in times]
    path = tmp_path / "sheet.csv"
    sheet(*rows).assign(Pass=list("ABBAB")).to_csv(path, index=False)
    coded = read_events(path)
    assert coded["event"].tolist() == ["e0002", "e0003", "e0004", "e0005", "e0006"]
    assert coded["event"].is_unique and coded["onset"].nunique() == 4
    for options in (
        {"annotation_pass": "A"}, {"annotation_pass": "B"}, {"merge": "union"}, {"merge": "first"},
        {"merge": "intersection"},
    ):  # fmt: skip
        events = read_events(path, **options)
        assert (events["event"] == row_ids(events["source_row"])).all()
    assert read_events(path, merge="union")["event"].tolist() == ["e0002", "e0004", "e0005"]


def test_without_label_the_rule_speaks():
    without = sheet().drop(columns="Macro/Micro")
    assert events_from_sheet(without)["expression"].tolist() == ["micro"]
    assert columns_of(without).expression == "rule"
    assert columns_of(sheet()).expression == "coded"


def test_optional_columns_may_be_absent():
    events = events_from_sheet(sheet().drop(columns=["Filename", "Date", "dif", "Macro/Micro"]))
    assert len(events) == 1


def test_every_known_word_has_a_valence():
    words = list(EMOTION_BY_CODED_WORD)
    events = events_from_sheet(sheet(*({"Estimated Emotion": word.title()} for word in words)))
    assert events["emotion"].tolist() == [EMOTION_BY_CODED_WORD[word] for word in words]
    assert events["valence"].tolist() == [VALENCE_BY_EMOTION[e] for e in events["emotion"]]


def test_midnight_runs_on_within_the_session():
    before = {
        "OnsetFrame": "23-59-59-900",
        "ApexFrame": "00-00-00-100",
        "OffsetFrame": "00-00-00-900",
    }
    after = {
        "Marker": 102,
        "Filename": "disgust_2_102_sub01_20300102.avi",
        "OnsetFrame": "00-01-00-000",
        "ApexFrame": "00-01-00-250",
        "OffsetFrame": "00-01-01-000",
    }
    other_day = {"Subject": "sub02", "Filename": "sad_1_101_sub02_20300103.avi"}
    events = events_from_sheet(sheet(before, after, other_day))
    assert events["onset_clock"].tolist() == pytest.approx([86_399.9, 86_460.0, 57_631.433])
    assert events["apex_clock"].iloc[0] == pytest.approx(86_400.1)


def test_a_pass_column_is_believed(tmp_path):
    table = sheet({}, {}).assign(Pass=["B", "A"])
    events = events_from_sheet(table)
    assert events["annotation_pass"].tolist() == ["B", "A"]
    assert columns_of(table).annotation_pass == "Pass"
    assert columns_of(sheet()).annotation_pass == "inferred"
    table.to_csv(tmp_path / "sheet.csv", index=False)
    assert read_events(tmp_path / "sheet.csv", annotation_pass="A")["source_row"].tolist() == [3]
    assert len(read_events(tmp_path / "sheet.csv", merge="union")) == 1
    with pytest.raises(ValueError, match=r"\['A', 'B'\]; got 'C'"):
        read_events(tmp_path / "sheet.csv", annotation_pass="C")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"OnsetTime": "24,3"}, "OnsetTime must be seconds.*'24,3' in row 3"),
        ({"OnsetTime": None}, "OnsetTime must be seconds.* in row 3"),
        ({"OnsetTime": float("inf")}, "OnsetTime must be seconds"),
        ({"OnsetTime": -1}, "OnsetTime must be seconds.*-1 in row 3"),
        ({"OffsetTime": 24.0}, r"negative duration.*row 3"),
        ({"ApexTime": 24.0}, "apex outside onset to offset in row 3"),
        ({"ApexTime": 24.33, "OffsetTime": 24.33}, "all equal in row 3"),
        ({"OffsetFrame": "16-00-31-000-1"}, "camera times.*negative duration.*row 3"),
        ({"ApexFrame": "16:00:31"}, "ApexFrame must be a clock.*'16:00:31' in row 3"),
        ({"Marker": 77}, "Marker must be a video's trigger code, found 77 in row 3"),
        ({"Marker": 101.5}, "Marker must be"),
        ({"Subject": " "}, "Subject must be.*row 3"),
        ({"Macro/Micro": "small"}, "Macro or Micro, found 'small' in row 3"),
        ({"Action Units": "smile"}, "action units like 'AU4, AU7', found 'smile' in row 3"),
        ({"Estimated Emotion": "hapy"}, r"'hapy' \(did you mean 'happy'\?\) in row 3.*sadness"),
        ({"Marker": 102}, "Filename must name the row's Subject and Marker.*row 3"),
        ({"Subject": "sub02"}, "Filename must name"),
    ],
)
def test_refuses_a_row_by_its_number(change, message):
    with pytest.raises(ValueError, match=message):
        events_from_sheet(sheet({}, change), source="sheet.xlsx")


def test_names_all_unreadable_rows_up_to_ten():
    with pytest.raises(ValueError, match=r"row 2, 3, .*, 11 and 2 more"):
        events_from_sheet(sheet(*[{"OnsetTime": "x"}] * 12))


def test_refuses_missing_doubled_and_empty(tmp_path):
    with pytest.raises(ValueError, match=r"lacks the columns \['ApexTime', 'Action Units'\]"):
        events_from_sheet(sheet().drop(columns=["ApexTime", "Action Units"]))
    with pytest.raises(ValueError, match=r"\['Marker'\] more than once"):
        events_from_sheet(pd.concat([sheet(), sheet()[["Marker"]]], axis=1))
    with pytest.raises(ValueError, match="no row below its header"):
        events_from_sheet(sheet().iloc[:0])
    (tmp_path / "sheet.doc").write_text("")
    with pytest.raises(ValueError, match=r"\.xlsx, \.csv or \.tsv"):
        read_events(tmp_path / "sheet.doc")
    with pytest.raises(FileNotFoundError):
        read_events(tmp_path / "absent.xlsx")


def frame_name(milliseconds, counter):
    time = dt.datetime(2030, 1, 1) + dt.timedelta(milliseconds=milliseconds)
    name = f"{time:%H-%M-%S}-{time.microsecond // 1000:03d}"
    return f"{name}-{milliseconds % 1000:03d}" if counter else name


@settings(max_examples=40, deadline=None)
@given(
    onset=st.integers(0, 6000),
    rise=st.integers(0, 300),
    decay=st.integers(0, 300),
    start=st.integers(0, 86_399_999),
    counter=st.booleans(),
    label=st.sampled_from(["Macro", "micro", "MICRO "]),
)
def test_rows_come_back_as_written(onset, rise, decay, start, counter, label):
    hundredths = [onset, onset + rise, onset + rise + decay]
    columns = ("Onset", "Apex", "Offset")
    change = {f"{c}Time": h / 100 for c, h in zip(columns, hundredths, strict=True)}
    change |= {
        f"{c}Frame": frame_name(start + 10 * h, counter)
        for c, h in zip(columns, hundredths, strict=True)
    }
    table = sheet(change | {"Macro/Micro": label})
    if rise + decay == 0:
        with pytest.raises(ValueError, match="all equal in row 2"):
            events_from_sheet(table)
        return
    event = events_from_sheet(table).iloc[0]
    assert event["expression"] == label.strip().lower()
    is_micro = rise <= 25 or rise + decay <= 50
    assert event["expression_by_rule"] == ("micro" if is_micro else "macro")
    assert event["censored"] == (decay == 0)
    clip_start = event[list(CAMERA_COLUMNS)] - event[["onset", "apex", "offset"]].to_numpy()
    # A clip coded only after midnight says so by its own clock: whole days are free.
    days = (clip_start.astype(float) - start / 1000) / 86_400
    np.testing.assert_allclose(days, np.round(days.iloc[0]), atol=1e-9)


def test_public_sheet(shared_data):
    folder = shared_data / "mmme_annotations"
    events = read_events(folder / "coding_file.xlsx")
    known = pd.read_csv(folder / "annotation_passes.csv")
    assert len(events) == 944
    assert events["participant"].nunique() == 16 and events["clip"].nunique() == 272
    assert events["annotation_pass"].tolist() == known["annotation_pass"].tolist()
    assert events["expression"].value_counts().to_dict() == {"macro": 645, "micro": 299}
    assert events["censored"].sum() == 433
    assert events["source_row"].tolist() == list(range(2, 946))
    merged = read_events(folder / "coding_file.xlsx", merge="union")
    assert merged["expression"].value_counts().to_dict() == {
        "macro": 452,
        "micro": 214,
        "mixed": 41,
    }
    rows = merged["source_rows"].str.split(",").explode().astype(int)
    assert sorted(rows) == list(range(2, 946))
    gaps = merged.groupby("clip")["onset"].diff()
    assert gaps.median() == pytest.approx(6.9, abs=0.05)


def test_an_adjudicated_column_decides(tmp_path):
    cells = ["x", None, "Micro-expression", 1.0]
    rows = [{"OnsetTime": 20.0 + n / 10, "Adjudicated": cell} for n, cell in enumerate(cells)]
    path = tmp_path / "sheet.csv"
    sheet(*rows).to_csv(path, index=False)
    events = read_events(path)
    assert events["adjudicated"].tolist() == ["yes", "no", "micro", "yes"]
    assert "Adjudicated" not in sheet_columns(path).ignored
    merged = read_events(path, merge="adjudicated")
    assert merged["source_rows"].tolist() == ["2,4,5"]
    assert merged["expression"].tolist() == ["mixed"]
    with pytest.raises(ValueError, match="yes, no, Micro or Macro, found 'perhaps' in row 3"):
        events_from_sheet(sheet({"Adjudicated": "yes"}, {"Adjudicated": "perhaps"}))
