import datetime as dt

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.events.sheet import read_events
from mmme_neuro.report.sheet import describe_sheet
from mmme_neuro.simulate.files.sheet_file import CodingParameters, write_sheet

PARTICIPANTS = ("zoe", "adam", "mia")


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    rng = np.random.default_rng(5)
    n = 90
    onset = np.tile([5.0, 20.0, 35.0], n // 3) + rng.random(n)
    micro = rng.random(n) < 0.4
    rise = np.where(micro, 0.2, 0.7)
    events = pd.DataFrame(
        {
            "participant": np.repeat(PARTICIPANTS, n // 3),
            "code": np.tile(np.repeat(np.arange(101, 111), 3), 3),
            "expression": np.where(micro, "micro", "macro"),
            "onset": onset,
            "apex": onset + rise,
            "offset": onset + 2 * rise,
            "action_units": rng.choice(["AU4", "AU4,AU12", "AU1,AU2"], n),
            "recording_date": dt.date(2031, 5, 17),
        }
    )
    for name in ("onset", "apex", "offset"):
        events[f"{name}_clock"] = events[name] + 40_000 + 90 * (events["code"] - 101)
    path = tmp_path_factory.mktemp("sheet") / "coding_file.xlsx"
    write_sheet(path, events, rng=1, parameters=CodingParameters(detection=1))
    return path


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
