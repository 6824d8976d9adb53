import pandas as pd
import pytest

from mmme_neuro.pipeline.decisions import (
    COLUMNS,
    KINDS,
    NONE,
    apply_decisions,
    of_study,
    read_decisions,
    write_template,
)

HEADER = ",".join(COLUMNS) + "\n"
EVENTS = pd.DataFrame({"event": ["e0010", "e0011", "e0012"], "onset": [1.0, 2.5, 2.5]})


def table(*rows):
    return pd.DataFrame(rows, columns=list(COLUMNS))


def written(tmp_path, text):
    path = tmp_path / "decisions.csv"
    path.write_text(text, encoding="utf-8")
    return path


def applied(rows, fingerprint=None):
    return apply_decisions(rows, ch_names=["FP1", "CZ"], events=EVENTS, fingerprint=fingerprint)


def test_template_is_read_as_no_decision_and_never_overwrites(tmp_path):
    path = write_template(tmp_path / "decisions.csv")
    assert len(read_decisions(path)) == 0
    assert all(kind in path.read_text() for kind in KINDS)
    path.write_text(HEADER + "sub01,bad_channel,FP1,loose,\n")
    assert len(read_decisions(write_template(path))) == 1


def test_notes_blank_lines_and_spaces_do_not_matter(tmp_path):
    text = "# a note\n" + HEADER + "\nsub01 , bad_channel, FP1 ,came off, \n# another\n"
    found = read_decisions(written(tmp_path, text)).of("sub01")
    assert found.to_dict("records") == [
        {"participant": "sub01", "kind": "bad_channel", "target": "FP1", "reason": "came off",
         "made_for": ""}
    ]  # fmt: skip


def test_a_study_without_a_table_has_no_decision(tmp_path):
    assert of_study(tmp_path) is NONE


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("s,bad_chanel,FP1,loose,", "line 2: kind 'bad_chanel'.*did you mean 'bad_channel'"),
        ("s,bad_channel,FP1,,", "line 2: reason is empty"),
        ("s,keep_component,three,brain,ab", "must be the number of a component"),
        ("s,keep_component,3,brain,", "made_for is empty; give the fingerprint in s_components"),
        ("s,exclude_event,@34.56,speech,", "'@34.56' is an onset, .* give the id .* s_moments.csv"),
    ],
)
def test_rows_that_say_what_cannot_be_are_refused(tmp_path, row, message):
    with pytest.raises(ValueError, match=message):
        read_decisions(written(tmp_path, HEADER + row + "\n"))


def test_missing_columns_and_files_are_named(tmp_path):
    with pytest.raises(ValueError, match="columns \\['reason'\\] are missing"):
        read_decisions(written(tmp_path, "participant,kind,target\n"))
    with pytest.raises(FileNotFoundError, match="no such table of decisions"):
        read_decisions(tmp_path / "absent.csv")


def test_each_kind_reaches_its_step():
    found = applied(
        table(
            ("s", "bad_channel", "fp1", "loose", ""),
            ("s", "good_channel", "CZ", "fine", ""),
            ("s", "remove_component", "4", "heart", "ab"),
            ("s", "keep_component", "2", "theta", "ab"),
            ("s", "exclude_event", "e0011", "speech", ""),
            ("s", "keep_event", "e0012", "looked at", ""),
        ),
        fingerprint="ab",
    )
    assert found.cleaning.bad_channels == {"FP1": "loose"}
    assert found.cleaning.good_channels == {"CZ": "fine"}
    assert found.cleaning.remove_components == {4: "heart"}
    assert found.cleaning.keep_components == {2: "theta"}
    assert found.excluded == {"e0011": "speech"} and found.kept == ("e0012",)
    assert (found.log["outcome"] == "applied").all()


def test_the_row_of_the_sheet_still_names_an_event():
    found = applied(table(("s", "keep_event", "12", "looked at", "")))
    assert found.kept == ("e0012",) and found.log["outcome"].tolist() == ["applied"]


def test_what_cannot_be_matched_is_said():
    found = applied(
        table(
            ("s", "bad_channel", "FP11", "loose", ""),
            ("s", "remove_component", "4", "heart", "ab"),
            ("s", "exclude_event", "e77", "speech", ""),
            ("s", "keep_event", "122", "looked at", ""),
        ),
        fingerprint="cd",
    )
    outcomes = found.log["outcome"].tolist()
    assert outcomes[0] == "no channel 'FP11'; did you mean 'FP1'?"
    assert outcomes[1].startswith("made for other components (ab, now cd)")
    assert outcomes[2].startswith("no event 'e77'")
    assert outcomes[3] == "no event '122'; did you mean 'e0012'?"
    assert not found.excluded and not found.kept and not found.cleaning.remove_components


def test_a_participant_is_left_out_with_a_reason(tmp_path):
    path = written(tmp_path, HEADER + "sub02,exclude_participant,all,fell asleep,\n")
    made = read_decisions(path)
    assert made.excluded_participants == {"sub02": "fell asleep"}
    events = pd.DataFrame({"participant": ["sub01", "sub02", "sub02"], "onset": [1.0, 2.0, 3.0]})
    assert made.included(events)["onset"].tolist() == [1.0]
    assert NONE.included(events).equals(events)


def test_a_participant_is_not_left_out_for_an_event(tmp_path):
    path = written(tmp_path, HEADER + "sub02,exclude_participant,e0012,coughs,\n")
    with pytest.raises(ValueError, match="must be 'all'.*exclude_event"):
        read_decisions(path)


def test_an_unpaired_quotation_mark_is_named(tmp_path):
    path = written(
        tmp_path, HEADER + 'sub02,bad_channel,FP1,"loose,\nsub02,bad_channel,CZ,loose,\n'
    )
    with pytest.raises(ValueError, match="quotation mark"):
        read_decisions(path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_encodings_of_spreadsheets_are_read(tmp_path, encoding):
    path = tmp_path / "decisions.csv"
    path.write_bytes((HEADER + "sub02,bad_channel,FP1,größer,\n").encode(encoding))
    assert read_decisions(path).table["reason"].tolist() == ["größer"]
