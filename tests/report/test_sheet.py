import pandas as pd
import pytest

from mmme_neuro.events.sheet import read_events
from mmme_neuro.report.sheet import describe_sheet
from tests.events.made_up_sheet import PARTICIPANTS, made_up_sheet


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    return made_up_sheet(tmp_path_factory.mktemp("sheet"))


@pytest.fixture(scope="module")
def events(sheet):
    return read_events(sheet, merge="union")


def test_neither_names_nor_dates_come_out(sheet, tmp_path, capsys):
    describe_sheet(sheet, tmp_path)
    written = capsys.readouterr().out
    written += "".join(path.read_text() for path in tmp_path.glob("*.csv"))
    assert "P01" in written and "P03" in written
    for secret in (*PARTICIPANTS, "2031", "2032"):
        assert secret not in written


def test_describe_sheet_prints_and_writes(sheet, events, tmp_path, capsys):
    description = describe_sheet(sheet, tmp_path / "new" / "out")
    text = capsys.readouterr().out
    assert repr(description) == f"Description({len(events)} events, 3 participants)"
    assert "clips annotated in more than one pass" in text and "Action units" in text
    names = {path.name for path in (tmp_path / "new" / "out").iterdir()}
    tables = "audit expressions emotions valence action_units durations participants times"
    assert names == {f"{name}.csv" for name in tables.split()} | {"dataset.pdf", "dataset.png"}
    written = pd.read_csv(tmp_path / "new" / "out" / "emotions.csv")
    pd.testing.assert_frame_equal(
        written, description.emotions, check_names=False, check_dtype=False, rtol=1e-5
    )


def test_same_sheet_same_bytes(sheet, tmp_path, capsys):
    for name in "ab":
        describe_sheet(sheet, tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name
