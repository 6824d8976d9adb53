import mne
import numpy as np
import pytest

from mmme_neuro.signals.eeg import resample
from mmme_neuro.signals.eeg.resample import decimated

SFREQ = 1000.0
TIMES = np.arange(0, 20, 1 / SFREQ)


def recording(rows, *, first_samp=0):
    info = mne.create_info([f"E{k}" for k in range(len(rows))], SFREQ, "eeg")
    return mne.io.RawArray(np.array(rows), info, first_samp, verbose="error")


def test_slow_waves_stay_and_fast_ones_do_not_alias():
    rows = [1e-5 * np.sin(2 * np.pi * f * TIMES) for f in (3.0, 40.0, 180.0, 230.0)]
    out, channels = decimated(recording(rows), ["E0", "E1", "E2", "E3"], 250.0)
    assert out.info["sfreq"] == 250 and out.n_times == 5000 and not channels
    inside = slice(250, -250)
    data = out.get_data()
    for row, f in ((0, 3.0), (1, 40.0)):
        expected = 1e-5 * np.sin(2 * np.pi * f * out.times)
        np.testing.assert_allclose(data[row, inside], expected[inside], atol=2e-8)
    assert np.abs(data[2:, inside]).max() < 2e-7


def test_is_mnes_own_resampling():
    rng = np.random.default_rng(1)
    raw = recording(1e-5 * rng.standard_normal((2, TIMES.size)))
    expected = raw.copy().resample(250.0, method="polyphase", verbose="error").get_data()
    found = decimated(raw, raw.ch_names, 250.0)[0].get_data()
    np.testing.assert_allclose(found, expected, atol=2e-11)


def test_blocks_leave_no_trace(monkeypatch, tmp_path):
    rng = np.random.default_rng(2)
    raw = recording(1e-5 * rng.standard_normal((3, TIMES.size)), first_samp=12000)
    raw.set_annotations(mne.Annotations([3.0], [0.5], ["BAD jump"]))
    raw.save(tmp_path / "x_raw.fif", verbose="error")
    on_disk = mne.io.read_raw_fif(tmp_path / "x_raw.fif", verbose="error")
    whole = decimated(on_disk, ["E0", "E2"], 250.0)[0]
    monkeypatch.setattr(resample, "BLOCK_BYTES", 3 * 8 * 777)
    blocks = decimated(on_disk, ["E0", "E2"], 250.0)[0]
    np.testing.assert_array_equal(whole.get_data(), blocks.get_data())
    assert whole.ch_names == ["E0", "E2"]
    assert whole.first_time == pytest.approx(12.0)
    mark = whole.annotations[0]["onset"] - whole.first_time
    expected = on_disk.annotations[0]["onset"] - on_disk.first_time
    assert mark == pytest.approx(expected) == pytest.approx(3.0)


def test_gaps_are_filled_before_the_filter_and_marked_in_seconds():
    rows = np.full((4, TIMES.size), 1e-5)
    rows[:, 4000:4500] = np.nan
    rows[3, 9000:9100] = np.nan
    out, channels = decimated(recording(rows), ["E0", "E1", "E2", "E3"], 250.0)
    assert np.isfinite(out.get_data()).all()
    assert list(channels) == ["E3"]
    np.testing.assert_allclose(out.annotations.onset, [4.0])
    np.testing.assert_allclose(out.annotations.duration, [0.5])


def test_other_ratios_and_equal_rates():
    raw = recording([np.sin(2 * np.pi * 5 * TIMES)])
    assert decimated(raw, ["E0"], 128.0)[0].n_times == 2560
    np.testing.assert_allclose(
        decimated(raw, ["E0"], SFREQ)[0].get_data(), raw.get_data(), atol=1e-7
    )


def test_a_length_that_does_not_fit_costs_nothing():
    """MNE's polyphase filter grows with the terms of the ratio of lengths."""
    rows = [1e-5 * np.sin(2 * np.pi * 3.0 * TIMES)[:19_993]]
    out, _ = decimated(recording(rows), ["E0"], 250.0)
    assert out.n_times == 4998
    inside = slice(250, -250)
    expected = 1e-5 * np.sin(2 * np.pi * 3.0 * out.times)
    np.testing.assert_allclose(out.get_data()[0, inside], expected[inside], atol=2e-8)
