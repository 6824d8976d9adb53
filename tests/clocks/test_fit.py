import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmme_neuro.clocks.fit import ClockFit, segment_row


def clock(*, drift=100e-6, jump=None):
    """A fit of one segment of 1000 s, or of two of which the longer is the second."""
    edges = [(0.0, 1000.0)] if jump is None else [(0.0, 400.0), (410.0, 1000.0)]
    rows = []
    for k, (start, stop) in enumerate(edges):
        center = (start + stop) / 2
        shift = 20.0 + (jump or 0.0) * k
        rows.append(
            segment_row(
                segment=k,
                reference_span=(shift + start * (1 + drift), shift + stop * (1 + drift)),
                other_span=(start, stop),
                center_reference=shift + center * (1 + drift),
                center_other=center,
                center_se=0.001,
                drift=drift,
                drift_se=1e-6,
                n_matched=30,
                dof=28,
                residual_sd=0.003,
            )
        )
    matched = pd.DataFrame({"onset_reference": [20.0], "onset_other": [0.0], "residual_ms": [0.5]})
    return ClockFit(pd.DataFrame(rows), matched, pd.DataFrame())


def test_the_scalars_give_the_map():
    fit = clock()
    assert fit.offset == pytest.approx(20) and fit.drift_ppm == pytest.approx(100)
    assert fit.to_reference(600.0) == pytest.approx(20 + (1 + 1e-4) * 600)
    assert fit.residual_ms.tolist() == [0.5]


@given(seconds=st.floats(-1e4, 1e5), drift=st.floats(-5e-4, 5e-4))
def test_there_and_back(seconds, drift):
    fit = clock(drift=drift)
    assert fit.from_reference(fit.to_reference(seconds)) == pytest.approx(seconds, abs=1e-8)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,)])
def test_shapes_are_kept(shape):
    seconds = np.full(shape, 5.0)
    fit = clock(jump=7.0)
    for values in (fit.to_reference(seconds), fit.from_reference(seconds), fit.se_at(seconds)):
        assert np.shape(values) == shape


def test_missing_times_stay_missing():
    fit = clock(jump=7.0)
    times = fit.to_reference(np.array([np.nan, 1.0]))
    assert np.isnan(times[0]) and times[1] == pytest.approx(21.0001)


def test_standard_error_joins_center_and_drift():
    fit = clock()
    assert fit.se_at(500.0) == pytest.approx(0.001)
    assert fit.se_at(10_500.0) == pytest.approx(np.hypot(0.001, 0.01))
    assert fit.se_at(0.0) == pytest.approx(fit.offset_se)


def test_each_time_is_mapped_by_its_segment_and_the_longest_gives_the_scalars():
    fit = clock(drift=0.0, jump=7.0)
    np.testing.assert_allclose(fit.to_reference(np.array([100.0, 900.0])), [120.0, 927.0])
    np.testing.assert_allclose(fit.from_reference(np.array([120.0, 927.0])), [100.0, 900.0])
    assert fit.offset == pytest.approx(27.0)
    assert fit.se_at(405.0) == pytest.approx(3.5, abs=0.01)
    assert fit.se_at(300.0) < 0.002


def test_fit_is_frozen_prints_one_line_and_checks_itself():
    fit = clock(jump=1.0)
    assert repr(fit).startswith("<ClockFit | offset 21.0000") and "\n" not in repr(fit)
    assert "2 segments" in repr(fit)
    with pytest.raises(dataclasses.FrozenInstanceError):
        fit.segments = None
    with pytest.raises(ValueError, match="missing.*offset"):
        ClockFit(fit.segments.drop(columns="offset"), fit.matched, fit.unmatched)
    with pytest.raises(ValueError, match="0 row"):
        ClockFit(fit.segments.iloc[:0], fit.matched, fit.unmatched)
