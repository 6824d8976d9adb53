import numpy as np
import pytest

from mmme_neuro.responses.measures import epoch_mask, window_mask, window_samples


@pytest.mark.parametrize("sfreq", [50.0, 250.0, 512.0, 1000 / 3])
@pytest.mark.parametrize("window", [(-0.2, 0.3), (0.1, 0.7), (-1.0, 0.0)])
@pytest.mark.parametrize("start", [-1.0, -1.002, -0.999])
def test_both_ends_belong_to_a_window_however_times_were_computed(sfreq, window, start):
    n = np.arange(int(2 * sfreq))
    exact = start + n / sfreq
    summed = start + np.cumsum(np.r_[0.0, np.full(n.size - 1, 1 / sfreq)])
    by_hand = [
        round(window[0] - time, 8) <= 0 and round(time - window[1], 8) <= 0 for time in exact
    ]
    for times in (exact, summed, np.linspace(start, exact[-1], n.size)):
        np.testing.assert_array_equal(window_mask(times, window), by_hand)


def test_half_open_windows_in_a_row_share_no_sample_and_miss_none():
    times = np.arange(0, 2.05, 0.1)
    edges = [0.3, 0.6, 0.9, 1.2]
    spans = zip(edges[:-1], edges[1:], strict=True)
    parts = [window_mask(times, span, is_half_open=True) for span in spans]
    assert [part.sum() for part in parts] == [3, 3, 3]
    np.testing.assert_array_equal(np.sum(parts, axis=0)[3:12], 1)


def test_samples_of_a_continuous_signal_are_those_of_the_mask():
    rng = np.random.default_rng(0)
    sfreq, window = 50.0, (-0.3, 0.44)
    onsets = np.r_[1.0, 2.02, 3.14, rng.uniform(1, 5, 40)]
    times = np.arange(400) / sfreq
    begin, end = window_samples(onsets, window, sfreq)
    for onset, first, last in zip(onsets, begin, end, strict=True):
        inside = np.flatnonzero(window_mask(times - onset, window))
        assert (inside[0], inside[-1] + 1) == (first, last)


def test_a_window_outside_the_epoch_or_between_samples_is_refused():
    times = np.arange(-1, 1.001, 0.01)
    assert epoch_mask(times, (-0.2, 0.3), name="w").sum() == 51
    with pytest.raises(ValueError, match=r"baseline=\(-1.5, -1.0\): must be .*inside the epoch"):
        epoch_mask(times, (-1.5, -1.0), name="baseline")
    with pytest.raises(ValueError, match="holds no sample"):
        epoch_mask(times, (0.001, 0.002), name="w")
