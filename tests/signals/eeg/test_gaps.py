import mne
import numpy as np
import pytest

from mmme_neuro.signals.eeg.gaps import MISSING, annotate, copy_annotations, fill_in_place


def raw_of(data, kinds="eeg", first_samp=0):
    info = mne.create_info(len(data), 100.0, kinds)
    return mne.io.RawArray(data, info, first_samp=first_samp, verbose="error")


def fill_gaps(raw):
    """The filled recording, and the reasons of channels with gaps of their own."""
    values = raw.get_data()
    gaps = fill_in_place(values, np.array(raw.get_channel_types()) == "eeg")
    filled = mne.io.RawArray(values, raw.info, raw.first_samp, verbose="error")
    copy_annotations(raw, filled)
    annotate(filled, gaps, raw.info["sfreq"])
    return filled, gaps.reasons(raw.ch_names, raw.info["sfreq"])


@pytest.fixture
def data():
    return np.random.default_rng(1).standard_normal((5, 1000))


def test_complete_data_come_back_as_they_are(data):
    raw = raw_of(data)
    filled, channels = fill_gaps(raw)
    assert channels == {} and len(filled.annotations) == 0
    np.testing.assert_array_equal(filled.get_data(), data)


@pytest.mark.parametrize("first_samp", [0, 300])
def test_common_gap_is_a_straight_line_with_an_annotation(data, first_samp):
    data[:, 200:300] = np.nan
    raw = raw_of(data.copy(), first_samp=first_samp)
    raw.set_annotations(mne.Annotations([1.0], [0.1], ["101"]))
    filled, channels = fill_gaps(raw)
    assert channels == {}
    gap = filled.annotations[[text == MISSING for text in filled.annotations.description]]
    assert gap.onset - filled.first_time == pytest.approx(2.0)
    assert gap.duration == pytest.approx(1.0)
    assert "101" in filled.annotations.description
    np.testing.assert_allclose(np.diff(filled.get_data()[:, 199:301], n=2), 0, atol=1e-12)
    kept = np.r_[0:200, 300:1000]
    np.testing.assert_array_equal(filled.get_data()[:, kept], data[:, kept])
    assert np.isnan(raw.get_data()).any()


def test_gap_of_few_channels_makes_them_bad(data):
    data[1, 100:150] = np.nan
    data[2, 100:125] = np.inf
    filled, channels = fill_gaps(raw_of(data))
    assert channels == {"1": "missing (NaN) for 0.5 s", "2": "missing (NaN) for 0.25 s"}
    assert len(filled.annotations) == 0
    assert np.isfinite(filled.get_data()).all()


def test_other_kinds_of_channels_are_filled_and_make_nothing_bad(data):
    data[3:, :100] = np.nan
    data[4] = np.nan
    filled, channels = fill_gaps(raw_of(data, ["eeg", "eeg", "eeg", "eog", "emg"]))
    assert channels == {} and len(filled.annotations) == 0
    assert (filled.get_data()[3, :100] == data[3, 100]).all()
    assert (filled.get_data()[4] == 0).all()


def test_gap_at_the_end_and_several(data):
    data[:, :50] = data[:, 400:410] = data[:, 950:] = np.nan
    filled, _ = fill_gaps(raw_of(data))
    np.testing.assert_allclose(filled.annotations.onset, [0, 4, 9.5])
    np.testing.assert_allclose(filled.annotations.duration, [0.5, 0.1, 0.5])


def test_recordings_that_are_mostly_missing_are_refused(data):
    data[:, :600] = np.nan
    with pytest.raises(ValueError, match="found NaN in 60 % of the recording; export"):
        fill_gaps(raw_of(data))
