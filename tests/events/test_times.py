"""What a column of event times may hold: seconds in any type, or a refusal with the row."""

from datetime import timedelta
from decimal import Decimal

import mne
import numpy as np
import pandas as pd
import pytest

from mmme_neuro import Recording, epoch
from mmme_neuro.events import event_seconds


@pytest.mark.parametrize(
    "times",
    [
        ["100", "20", "9.5", "n/a"],
        ["100", "20", " 9,5 ", ""],
        ["1e2", "+20", "9.50", "NaN"],
        [100, "20", 9.5, None],
        [Decimal("100"), Decimal("20"), Decimal("9.5"), None],
        pd.array([100, 20, 9.5, None], dtype="Float64"),
        pd.array(["100", "20", "9.5", None], dtype="string"),
        pd.Categorical(["100", "20", "9.5", None]),
        np.array([100, 20, 9.5, np.nan], dtype=np.float32),
        pd.to_timedelta([100, 20, 9.5, None], unit="s"),
        [timedelta(seconds=100), timedelta(seconds=20), timedelta(seconds=9.5), None],
    ],
    ids=str,
)
def test_seconds_of_any_type(times):
    found = event_seconds(pd.Series(times))
    assert found.dtype == float
    np.testing.assert_allclose(found, [100.0, 20.0, 9.5, np.nan])


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "Int32", "float16"])
def test_whole_numbers_are_seconds(dtype):
    column = pd.Series([3, 100, 7], dtype=dtype, index=[5, 1, 2])
    found = event_seconds(column)
    assert found.tolist() == [3.0, 100.0, 7.0] and found.index.tolist() == [5, 1, 2]


@pytest.mark.parametrize(
    ("times", "text"),
    [
        (["1.5", "soon"], "row 1: 'soon'"),
        (["1,500", "2,250"], "row 0: '1,500'"),
        (["1,5", "2.5"], "row 0: '1,5'"),
        (["00:01:05", "00:02:00"], "row 0: '00:01:05'"),
        (["1_000", "2"], "row 0"),
        (["inf", "2"], "row 0: 'inf'"),
        ([True, False], "row 0: True"),
        (pd.to_datetime(["2020-01-01 10:00:00", "2020-01-01 10:00:05"]), "start"),
        (pd.to_datetime(["2020-01-01 10:00:00"] * 2).astype(object), "row 0: Timestamp"),
        (np.array([1 + 2j, 3]), "complex"),
        ([[1.0], [2.0]], "row 0"),
    ],
    ids=str,
)
def test_what_is_no_number_of_seconds_is_refused(times, text):
    with pytest.raises(ValueError, match=f"(?s)column 'onset' must hold seconds.*{text}"):
        event_seconds(pd.Series(times))


def test_texts_are_cut_where_the_numbers_say():
    values = np.arange(30000)[None] / 100
    raw = mne.io.RawArray(values, mne.create_info(["CZ"], 100.0, "misc"), verbose="error")
    events = pd.DataFrame({"onset": ["100", "20", "250", "9"], "apex": ["101,5", "n/a", "251", ""]})
    mine = Recording(eeg=None, physio=raw, events=events)
    locked = epoch(mine, physio=(-1.0, 1.0))
    at_zero = locked.physio.get_data()[:, 0, 100]
    np.testing.assert_allclose(at_zero, [9.0, 20.0, 100.0, 250.0])
    assert epoch(mine, lock="apex", physio=(-1.0, 1.0)).events["apex"].tolist() == [101.5, 251.0]
    with pytest.raises(ValueError, match="column 'onset' must hold seconds"):
        Recording(eeg=None, physio=raw, events=events.assign(onset=pd.to_datetime("2020-01-01")))
