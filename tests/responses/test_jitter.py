from dataclasses import replace

import mne
import numpy as np
import pandas as pd
import pytest

from mmme_neuro.responses.jitter import onset_jitter
from mmme_neuro.responses.measures import Measure

TIMES = np.round(np.arange(-1.5, 2.0, 0.005), 6)
WINDOW = {"roi": ("PZ",), "window": (0.2, 0.8), "baseline": None}
PEAK = Measure(name="peak", statistic="peak", **WINDOW)
MEAN = Measure(name="mean", **WINDOW)
PHASE = Measure(
    name="phase", roi=("PZ",), window=(0.5, 0.5), baseline=None, statistic="ppc", frequency=6.0
)


def epochs(*, onset_sd=0.0, n=60, width=0.06, noise=0.5, seed=0):
    """A narrow peak, twice as large for micro, on a 6 Hz rhythm of constant phase."""
    rng = np.random.default_rng(seed)
    micro = np.arange(n) % 2 == 0
    wave = np.exp(-0.5 * ((TIMES - 0.5) / width) ** 2)
    data = (5 + 5 * micro)[:, None] * wave + 2 * np.cos(2 * np.pi * 6 * TIMES)
    data = data + noise * rng.standard_normal((n, TIMES.size))
    metadata = pd.DataFrame(
        {"participant": np.resize(["a", "a", "b", "b"], n),
         "expression": np.where(micro, "micro", "macro"), "onset_sd": onset_sd}
    )  # fmt: skip
    info = mne.create_info(["PZ"], 200.0, "eeg")
    return mne.EpochsArray(
        1e-6 * data[:, None], info, tmin=-1.5, metadata=metadata, verbose="error"
    )


def summary(measures, *, n_draws=40, **options):
    found = onset_jitter(
        epochs(),
        measures,
        n_resamples=n_draws,
        rng=1,
        **options,
        condition="expression",
        levels=("macro", "micro"),
    ).summary()
    return found.set_index(["measure", "condition"])


def test_without_error_nothing_changes():
    table = summary([PEAK, MEAN], coder_sd=0.0)
    np.testing.assert_allclose(table["mean"], table["as_coded"])
    np.testing.assert_allclose(table["sd"], 0, atol=1e-12)


def test_a_peak_shrinks_as_a_convolution_says_and_a_wide_mean_hardly():
    table = summary([PEAK, MEAN], coder_sd=0.08)
    blurred = 0.06 / np.sqrt(0.06**2 + 0.08**2)
    difference = table.loc[("peak", "micro - macro")]
    assert difference["mean"] / difference["as_coded"] == pytest.approx(blurred, abs=0.1)
    assert table.loc[("mean", "micro - macro"), "ratio"] > 0.9


def test_phase_consistency_shrinks_as_predicted():
    table = summary([PHASE], coder_sd=0.02)
    expected = np.exp(-((2 * np.pi * 6 * 0.02) ** 2))
    for condition in ("macro", "micro"):
        row = table.loc[("phase", condition)]
        assert row["expected_ratio"] == pytest.approx(expected, rel=0.01)
        assert row["ratio"] == pytest.approx(expected, abs=0.07)


def test_shifts_are_those_of_time():
    """An epoch whose onset is later shows what came later."""
    from mmme_neuro.responses.jitter import _moved

    ramp = TIMES[None].copy()
    moved = _moved(ramp, TIMES, np.array([0.1]))
    inside = (TIMES > -1) & (TIMES < 1.5)
    np.testing.assert_allclose(moved[0, inside], TIMES[inside] + 0.1, atol=1e-9)


def test_onset_sd_of_the_table_is_used_and_reported():
    found = onset_jitter(
        epochs(onset_sd=0.03),
        [MEAN],
        n_resamples=3,
        coder_sd=0.04,
        rng=2,
        condition="expression",
        levels=("macro", "micro"),
    )
    assert found.sd_ms == pytest.approx(50.0)
    assert "SD 50 ms" in repr(found)
    assert found.draws["draw"].max() == 2
    again = onset_jitter(
        epochs(onset_sd=0.03),
        [MEAN],
        n_resamples=3,
        coder_sd=0.04,
        rng=2,
        condition="expression",
        levels=("macro", "micro"),
    )
    assert found.draws.equals(again.draws)


def test_windows_too_near_the_ends_and_missing_errors_are_refused():
    late = Measure(name="late", roi=("PZ",), window=(1.5, 1.95), baseline=None)
    with pytest.raises(ValueError, match="shifts reach 0.30 s, but a window"):
        onset_jitter(
            epochs(),
            [late],
            coder_sd=0.1,
            rng=1,
            condition="expression",
            levels=("macro", "micro"),
        )
    without = epochs()
    without.metadata = without.metadata.drop(columns="onset_sd")
    with pytest.raises(ValueError, match="give coder_sd"):
        onset_jitter(without, [MEAN], rng=1, condition="expression", levels=("macro", "micro"))


def test_phase_consistency_of_a_window_is_the_mean_over_its_times():
    times = [0.49, 0.5, 0.51]
    inside = (TIMES >= 0.4899) & (TIMES <= 0.5101)
    instants = [
        replace(PHASE, name=str(time), window=(time, time)) for time in TIMES[inside].tolist()
    ]
    window = replace(PHASE, window=(times[0], times[-1]))
    table = summary([window, *instants], coder_sd=0.0, n_draws=2)
    values = table["as_coded"].xs("micro", level="condition")
    assert len(instants) == 5
    assert values["phase"] == pytest.approx(values.drop("phase").mean())
