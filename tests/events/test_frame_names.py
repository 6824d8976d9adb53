import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmme_neuro.events.sheet_cells import parse_frame_name, unwrap_midnight

milliseconds_of_day = st.integers(0, 86_400_000 - 1)


@given(milliseconds_of_day, st.none() | st.integers(0, 999))
def test_reads_back_what_datetime_writes(milliseconds, counter):
    time = dt.datetime(2030, 1, 1) + dt.timedelta(milliseconds=milliseconds)
    name = f"{time:%H-%M-%S}-{time.microsecond // 1000:03d}"
    name += "" if counter is None else f"-{counter:03d}"
    frame = parse_frame_name(name)
    assert frame.seconds == pytest.approx(milliseconds / 1000, abs=1e-9)
    assert frame.counter == counter


@given(st.text(max_size=20))
def test_other_text_is_refused_or_a_time_of_the_day(text):
    try:
        frame = parse_frame_name(text)
    except ValueError as error:
        assert repr(text) in str(error)
    else:
        assert 0 <= frame.seconds < 86_400


@pytest.mark.parametrize(
    "name",
    ["", "24-00-00-000", "10-60-00-000", "10-00-60-000", "10-00-00", "10:00:00.000", "a-b-c-d"]
    + ["10-00-00-000-", "10-00-00-000-1-1", "１０-00-00-000", "10-00-00-1000", "-1-00-00-000"],
)
def test_refuses(name):
    with pytest.raises(ValueError, match="frame name"):
        parse_frame_name(name)


@given(
    st.floats(0, 86_399),
    st.lists(st.floats(0, 40_000), min_size=1, max_size=20),
)
def test_unwrapped_session_keeps_its_intervals(start, elapsed):
    clock = (start + np.array(elapsed)) % 86_400
    unwrapped = unwrap_midnight(clock)
    expected = np.subtract.outer(elapsed, elapsed)
    np.testing.assert_allclose(np.subtract.outer(unwrapped, unwrapped), expected, atol=1e-6)


def test_unwrap_leaves_empty_and_daytime_alone():
    assert unwrap_midnight(np.array([])).size == 0
    times = np.array([[36_000.0, 36_001.0], [40_000.0, 40_002.0]])
    np.testing.assert_array_equal(unwrap_midnight(times), times)
