import mne
import numpy as np
import pandas as pd
import pytest

from mmme_neuro import time_frequency
from mmme_neuro.responses.event_maps import event_courses, event_power, region_courses

SFREQ = 100.0


@pytest.fixture
def epochs():
    rng = np.random.default_rng(3)
    info = mne.create_info(["FZ", "CZ", "PZ", "eda"], SFREQ, ["eeg"] * 3 + ["misc"])
    events = pd.DataFrame({"expression": ["micro", "macro"] * 4})
    data = rng.normal(0, 1e-5, (8, 4, 351))
    return mne.EpochsArray(data, info, tmin=-1.5, metadata=events, verbose="error")


def test_steps_are_means_of_samples(epochs):
    courses = event_courses(epochs, window=(-0.5, 0.5), step=0.04)
    assert courses.dims == ("event", "channel", "time")
    assert list(courses["channel"].to_numpy()) == ["FZ", "CZ", "PZ"]
    data = epochs.get_data(picks="eeg") * 1e6
    first = np.flatnonzero(np.isclose(epochs.times, -0.5))[0]
    for step in (0, 3, courses.sizes["time"] - 1):
        samples = slice(first + 4 * step, first + 4 * step + 4)
        np.testing.assert_allclose(courses[:, :, step], data[:, :, samples].mean(axis=2))
        assert float(courses["time"][step]) == pytest.approx(epochs.times[samples].mean())


def test_baseline_is_taken_from_every_event(epochs):
    plain = event_courses(epochs, step=0.01)
    moved = event_courses(epochs, step=0.01, baseline=(-1.5, -1.0))
    before = plain.sel(time=slice(-1.5, -1.0 + 1e-9)).mean("time")
    np.testing.assert_allclose(moved, plain - before, atol=1e-9)


def test_other_channels_keep_their_unit(epochs):
    found = event_courses(epochs, picks=["eda"], step=0.01)
    np.testing.assert_allclose(found[:, 0], epochs.get_data(picks=["eda"])[:, 0])


def test_regions_are_means_of_their_channels(epochs):
    courses = event_courses(epochs, step=0.05)
    regions = region_courses(courses, epochs.info, ["parietal", "CZ"])
    assert regions.dims == ("event", "region", "time")
    np.testing.assert_allclose(regions.sel(region="parietal"), courses.sel(channel="PZ"))


def test_mean_over_events_is_the_time_frequency_map(epochs):
    freqs = [6.0, 10.0, 20.0]
    single = event_power(epochs, frequencies=freqs, step=0.01, baseline=(-1.2, -0.8))
    average = time_frequency(
        epochs, frequencies=freqs, baseline=(-1.2, -0.8), decim=1, n_cycles=None, by="expression"
    ).data
    for name in ("micro", "macro"):
        rows = np.flatnonzero(epochs.metadata["expression"] == name)
        np.testing.assert_allclose(
            single[rows].mean("event"), average.sel(condition=name), atol=1e-6
        )
    np.testing.assert_array_equal(single["reliable"], average["reliable"])


def test_a_flat_channel_is_missing_not_infinite(epochs):
    epochs._data[:, 1] = 0.0
    power = event_power(epochs, frequencies=[10.0], step=0.1)
    assert np.isnan(power.sel(channel="CZ")).all()
    assert np.isfinite(power.sel(channel="FZ")).all()


def test_bad_channels_stay_out(epochs):
    epochs.info["bads"] = ["CZ"]
    assert "CZ" not in event_courses(epochs)["channel"]


@pytest.mark.parametrize("step", [0.001, 4.0])
def test_steps_that_hold_no_sample_or_more_than_the_window_are_refused(epochs, step):
    with pytest.raises(ValueError, match="step: must be between one sample and the window"):
        event_courses(epochs, window=(-0.2, 0.2), step=step)


def test_windows_outside_the_epoch_are_refused(epochs):
    with pytest.raises(ValueError, match="inside the epoch"):
        event_courses(epochs, window=(-3.0, 0.0))
