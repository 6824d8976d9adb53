import mne
import numpy as np
import pytest

from mmme_neuro.signals.eeg.resample import spread_segments


def test_pieces_come_from_the_whole_recording():
    data = np.arange(60_000, dtype=float)[None]
    raw = mne.io.RawArray(data, mne.create_info(1, 100.0), verbose="error")
    part = spread_segments(raw, seconds=60).get_data()[0]
    assert part.size == 6000
    assert part[0] == 0 and part[-1] == data[0, -1]
    jumps = np.flatnonzero(np.diff(part) != 1)
    assert len(jumps) == 5
    assert np.diff(part)[jumps] == pytest.approx(np.full(5, 10_801), abs=1)


def test_a_short_recording_is_copied_whole():
    raw = mne.io.RawArray(np.ones((2, 500)), mne.create_info(2, 100.0), verbose="error")
    part = spread_segments(raw, seconds=60)
    part._data[:] = 0
    assert part.n_times == 500 and raw.get_data().all()
