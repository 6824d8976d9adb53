"""Cleaning of recordings with cuts and gaps: filters stop there, nothing is learned from them."""

import mne
import numpy as np
import pytest

from mmme_neuro import clean_eeg, find_components
from mmme_neuro.io.montage import place_electrodes
from mmme_neuro.signals.eeg.resample import decimated, recorded_part, spread_segments

NAMES = "Fp1 Fp2 F3 F4 C3 C4 P3 P4 O1 O2 F7 F8 T7 T8 P7 P8 Fz Cz Pz".split()
SFREQ = 250.0


def raw_of(data, sfreq=SFREQ):
    info = mne.create_info(NAMES[: len(data)], sfreq, "eeg")
    return mne.io.RawArray(data, info, verbose="error")


@pytest.fixture(scope="module")
def halves():
    """Two stretches of one minute, the second on other electrode offsets (volts)."""
    rng = np.random.default_rng(0)
    mixed = np.linalg.qr(rng.standard_normal((19, 19)))[0] @ rng.standard_normal((19, 30000))
    data = 2e-5 * (mixed + rng.standard_normal(30000))
    data[:, 15000:] += 0.05 * rng.standard_normal((19, 1))
    return raw_of(data[:, :15000]), raw_of(data[:, 15000:])


def cleaned(raw, **options):
    options = {"ica": False, "ransac": False, "line_hz": None} | options
    return clean_eeg(place_electrodes(raw), **options)


@pytest.mark.parametrize("sfreq", [250.0, 100.0])
@pytest.mark.parametrize("text", ["boundary", "BAD boundary"])
def test_filters_stop_at_a_cut(halves, sfreq, text):
    joined = raw_of(np.concatenate([half.get_data() for half in halves], axis=1))
    whole = cleaned(joined.copy(), sfreq=sfreq).raw.get_data()
    joined.set_annotations(mne.Annotations([60.0], [2.0 if text == "boundary" else 0.0], text))
    found = cleaned(joined, sfreq=sfreq)
    data, n = found.raw.get_data(), round(60 * sfreq)
    # Alone each stretch is taken without its offset, at which resampling rings at the file's ends.
    values = [half.get_data() for half in halves]
    alone = [raw_of(one - one.mean(axis=1, keepdims=True)) for one in values]
    parts = [cleaned(one, sfreq=sfreq).raw.get_data() for one in alone]
    # At its ends a stretch is resampled beside another neighbor, which the high-pass spreads over
    # seconds; a filter across the cut leaves tens of millivolts.
    near = round(12 * sfreq)
    for part, own in zip(parts, (data[:, :n], data[:, n:]), strict=True):
        error = np.abs(own - part)
        assert error[:, near:-near].max() < 2e-6 and error.max() < 5e-5
    assert np.abs(whole - data).max() > 1e-2
    marks = set(zip(found.raw.annotations.onset, found.raw.annotations.description, strict=True))
    assert {(60.0, "BAD boundary"), (60.0, "EDGE boundary")} <= marks


def test_a_gap_says_nothing_about_channels_and_components(halves):
    first, second = (half.get_data() for half in halves)
    gap = np.zeros((19, 60000))
    with_gap = raw_of(np.concatenate([first, gap, second], axis=1))
    with_gap.set_annotations(mne.Annotations([60.0], [240.0], ["BAD_ACQ_SKIP"]))
    joined = mne.concatenate_raws([half.copy() for half in halves], verbose="error")
    options = {"sfreq": 125.0, "iclabel": False, "ransac": True, "line_hz": None, "rng": 3}
    expected, found = (
        find_components(place_electrodes(raw), **options) for raw in (joined, with_gap)
    )
    assert found.bad_channels == expected.bad_channels
    columns = ["muscle_log_ratio", "variance_share"]
    np.testing.assert_allclose(found.table[columns], expected.table[columns], atol=0.02)
    data = cleaned(with_gap, sfreq=125.0).raw.get_data()
    assert np.isfinite(data).all() and np.abs(data).max() < 1e-3


def test_pieces_of_a_recording_with_cuts_are_marked():
    raw = raw_of(np.cumsum(np.ones((2, 20000)), axis=1), 100.0)
    assert not len(spread_segments(raw, seconds=60).annotations)
    raw.set_annotations(mne.Annotations([12.0, 150.0], [0, 20], ["boundary", "BAD_ACQ_SKIP"]))
    part = spread_segments(recorded_part(raw), seconds=60)
    edges = {
        round(mark["onset"] * 100) for mark in part.annotations if mark["description"][:4] == "EDGE"
    }
    values = part.get_data()[0]
    jumps = set((np.flatnonzero(np.diff(values) != 1) + 1).tolist())
    assert jumps <= edges and len(part.times) == 6000
    assert not np.isin(values, np.arange(15001, 17001)).any()


def test_levels_on_both_sides_of_a_cut_are_kept():
    data = np.zeros((3, 10000))
    data[:, 5003:] = [[1.0], [-0.3], [2e-6]]
    raw = raw_of(data, 1000.0).set_annotations(mne.Annotations([5.003], 0.0, ["boundary"]))
    out, _ = decimated(raw, raw.ch_names, 250.0)
    found = out.get_data()
    np.testing.assert_allclose(found[:, :1251], 0.0, atol=1e-7)
    np.testing.assert_allclose(found[:, 1251:], data[:, -1:] * np.ones(1249), rtol=1e-6, atol=1e-7)
