from dataclasses import replace

import numpy as np
import pytest

from mmme_neuro.responses.measures import (
    BANDS,
    Measure,
    check_measures,
    epoch_mask,
    measure_curves,
    window_mask,
    window_samples,
)

LATE = {"name": "late", "roi": "parietal", "window": (0.25, 0.55), "baseline": (-1.5, -1.0)}
SCR = {"name": "scr_us", "signal": "eda", "window": (2.5, 5.5), "baseline": None, "unit": "uS"}


@pytest.mark.parametrize(
    ("options", "kind", "unit", "scale", "channel"),
    [
        (LATE, "potential", "uV", 1e6, "parietal"),
        (LATE | {"signal": "alpha"}, "power", "uV^2", 1e12, "alpha_parietal"),
        (LATE | {"statistic": "peak_latency"}, "potential", "s", 1.0, "parietal"),
        (SCR, "body", "uS", 1e6, "eda"),
        (SCR | {"signal": "heart_rate", "unit": "bpm"}, "body", "bpm", 1.0, "heart_rate"),
    ],
)
def test_kind_unit_and_channel_follow_from_the_signal(options, kind, unit, scale, channel):
    measure = Measure(**options)
    assert (measure.kind, measure.unit, measure.scale, measure.channel) == (
        kind,
        unit,
        scale,
        channel,
    )


def test_a_changed_statistic_changes_the_unit():
    mean = Measure(**LATE)
    latency = replace(mean, statistic="area_latency")
    assert (latency.unit, replace(latency, statistic="mean")) == ("s", mean)


def test_bands_by_name_or_edges_are_one_signal():
    assert Measure(**LATE, signal="alpha").band == BANDS["alpha"]
    own = Measure(**LATE, signal=[9.0, 11.0])
    assert (own.band, own.kind, hash(own) == hash(replace(own))) == ((9.0, 11.0), "power", True)
    with pytest.raises(ValueError, match="named regions and bands"):
        own.channel  # noqa: B018
    assert Measure(**LATE).band is None


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (LATE | {"name": ""}, "needs a name"),
        (LATE | {"window": (0.5, 0.5)}, "'late': window must begin before it ends"),
        (LATE | {"window": 0.5}, "window must be \\(first, last\\) in s"),
        (LATE | {"window": (0.2, float("nan"))}, "window must be"),
        (LATE | {"window": None}, "window must be"),
        (LATE | {"baseline": (-1.0, -1.5)}, "baseline must begin before it ends"),
        (LATE | {"statistic": "median"}, "statistic='median' must be one of"),
        (LATE | {"polarity": 0}, "polarity must be 1 or -1"),
        (LATE | {"fraction": 1.0}, "fraction between 0 and 1"),
        (LATE | {"roi": ()}, "roi is missing"),
        (LATE | {"signal": "alhpa"}, "must be 'eeg', one of the bands"),
        (LATE | {"signal": (13.0, 8.0)}, "must be \\(low, high\\) in Hz"),
        (LATE | {"statistic": "ppc"}, "frequency \\(Hz\\) belongs to"),
        (LATE | {"frequency": 5.0}, "frequency \\(Hz\\) belongs to"),
        (LATE | {"statistic": "ppc", "frequency": -5.0}, "must be positive"),
        (SCR | {"unit": ""}, "unit is missing"),
        (SCR | {"roi": "parietal"}, "channel of the body has no roi"),
        (SCR | {"statistic": "relative_mean"}, "share of the baseline's; give one"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_the_remedy(options, match):
    with pytest.raises(ValueError, match=match):
        Measure(**options)


def test_functions_refuse_measures_of_another_kind():
    late, scr = Measure(**LATE), Measure(**SCR)
    check_measures([late, scr, replace(late, statistic="peak")])
    with pytest.raises(ValueError, match="different names"):
        check_measures([late, late])
    with pytest.raises(ValueError, match="needs at least one"):
        check_measures([])
    with pytest.raises(ValueError, match="'scr_us': signal='eda' is of kind 'body'"):
        check_measures([late, scr], kinds=["potential"])
    phase = Measure(**LATE | {"statistic": "ppc", "frequency": 5.0, "window": (0.2, 0.2)})
    with pytest.raises(ValueError, match="here it must be one of"):
        measure_curves(np.zeros(10), np.arange(10.0), phase)


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
