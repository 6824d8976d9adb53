import mne
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from mne.stats import erp as mne_erp
from scipy import stats

from mmme_neuro.responses.components import (
    component_table,
    jackknife_difference,
    measurement_quality,
)
from mmme_neuro.responses.measures import ERP_BASELINE, Measure, measure_curves
from tests.chance import error_of_sd

TIMES = np.round(np.arange(-1.5, 2.0, 0.004), 6)


def component(what="mean", **options):
    given = {"name": "late", "roi": ("PZ",), "window": (0.2, 0.7), "statistic": what}
    return Measure(**given | {"baseline": ERP_BASELINE} | options)


def bump(latency=0.4, size=5.0, width=0.1):
    return size * np.exp(-0.5 * ((TIMES - latency) / width) ** 2)


def as_evoked(curve):
    info = mne.create_info(["PZ"], 250.0, "eeg")
    return mne.EvokedArray(1e-6 * curve[None], info, tmin=TIMES[0], verbose="error")


@pytest.mark.parametrize("polarity", [1, -1])
def test_latencies_and_peaks_are_mnes(polarity):
    rng = np.random.default_rng(0)
    curve = polarity * bump() + 0.3 * rng.standard_normal(TIMES.size)
    mode = "pos" if polarity == 1 else "neg"
    window = {"start": 0.2, "stop": 0.7, "mode": mode}
    evoked = as_evoked(curve)
    peak = mne_erp.compute_peak(evoked, **window)
    found = {w: measure_curves(curve, TIMES, component(w, polarity=polarity)) for w in (
        "peak", "peak_latency", "area_latency")}  # fmt: skip
    assert found["peak"] == pytest.approx(1e6 * peak["amplitude"].item())
    assert found["peak_latency"] == pytest.approx(peak["latency"].item())
    area = mne_erp.compute_frac_area_latency(evoked, frac=0.5, **window)
    latency = area.filter(like="latency").iloc[0, 0]
    assert found["area_latency"] == pytest.approx(latency, abs=0.006)


def test_onset_latency_is_where_half_the_peak_is_reached():
    expected = 0.4 - 0.1 * np.sqrt(2 * np.log(2))
    assert measure_curves(bump(), TIMES, component("onset_latency")) == pytest.approx(
        expected, abs=1e-3
    )
    early = component("onset_latency", fraction=0.2)
    assert measure_curves(bump(), TIMES, early) < expected


def test_many_curves_are_as_one_by_one_and_no_rise_is_no_latency():
    curves = np.stack([bump(0.35), bump(0.5), -bump(0.4)])
    for what in ("mean", "peak", "peak_latency", "area_latency", "onset_latency"):
        together = measure_curves(curves, TIMES, component(what))
        alone = [measure_curves(curve, TIMES, component(what)) for curve in curves]
        np.testing.assert_allclose(together, alone)
    assert np.isnan(measure_curves(-bump() - 1, TIMES, component("area_latency")))


def epochs_of(rng, *, n_participants=4, n_epochs=30, noise=3.0, shift=0.0):
    rows, data = [], []
    for participant in range(n_participants):
        own = rng.normal(0, 0.02)
        for number in range(n_epochs):
            expression = "micro" if number % 3 == 0 else "macro"
            later = shift if expression == "micro" else 0.0
            data.append(bump(0.4 + own + later) + noise * rng.standard_normal(TIMES.size))
            rows.append(
                {"participant": f"p{participant}", "expression": expression, "onset": number}
            )
    info = mne.create_info(["PZ"], 250.0, "eeg")
    return mne.EpochsArray(
        1e-6 * np.array(data)[:, None], info, tmin=TIMES[0], metadata=pd.DataFrame(rows),
        verbose="error",
    )  # fmt: skip


def test_error_of_a_mean_is_that_over_epochs_and_the_bootstrap_agrees():
    epochs = epochs_of(np.random.default_rng(1))
    table = component_table(epochs, [component()], rng=2, by=["participant", "expression"])
    assert len(table) == 8
    row = table.query("participant == 'p1' and expression == 'macro'").iloc[0]
    own = epochs["participant == 'p1' and expression == 'macro'"].get_data()[:, 0] * 1e6
    own = own - own[:, (TIMES >= -1.5) & (TIMES <= -1.0)].mean(axis=1, keepdims=True)
    values = own[:, (TIMES >= 0.2 - 1e-9) & (TIMES <= 0.7 + 1e-9)].mean(axis=1)
    assert row["value"] == pytest.approx(values.mean())
    assert row["sme"] == pytest.approx(stats.sem(values))
    rng = np.random.default_rng(3)
    means = [rng.choice(values, values.size).mean() for _ in range(4000)]
    assert row["sme"] == pytest.approx(np.std(means) * np.sqrt(20 / 19), rel=0.06)


def test_bootstrapped_error_of_a_latency_is_its_spread_over_experiments():
    rng = np.random.default_rng(4)
    what = component("area_latency", baseline=None)
    experiments = [
        measure_curves(
            (bump() + 3 * rng.standard_normal((20, TIMES.size))).mean(axis=0), TIMES, what
        )
        for _ in range(300)
    ]
    epochs = epochs_of(rng, n_participants=12)
    errors = component_table(epochs, [what], by=["participant", "expression"], rng=5)
    macro = errors.loc[errors["expression"] == "macro", "sme"].mean()
    # The SD of 300 experiments, and the mean of twelve errors from 20 epochs each.
    error = np.hypot(error_of_sd(300), error_of_sd(20, n_averaged=12))
    assert macro == pytest.approx(np.std(experiments, ddof=1), rel=error)


def test_latencies_need_a_seed():
    epochs = epochs_of(np.random.default_rng(6), n_participants=1)
    with pytest.raises(ValueError, match="rng=None"):
        component_table(epochs, [component("peak_latency")], by=["participant", "expression"])
    without = component_table(
        epochs, [component("peak_latency")], n_resamples=0, by=["participant", "expression"]
    )
    assert without["sme"].isna().all() and without["value"].notna().all()


def test_quality_compares_error_with_people():
    table = component_table(
        epochs_of(np.random.default_rng(7)), [component()], rng=1, by=["participant", "expression"]
    )
    quality = measurement_quality(table, condition="expression").set_index("condition")
    micro = table[table["expression"] == "micro"]
    assert quality.loc["micro", "rms_sme"] == pytest.approx(np.sqrt((micro["sme"] ** 2).mean()))
    assert quality.loc["micro", "rms_sme"] > quality.loc["macro", "rms_sme"]
    assert (quality["n_participants"] == 4).all()


def people(rng, *, n=16, shift=0.05, spread=0.03, noise=0.6):
    """Averages of participants whose micro peaks come later."""
    data = np.array(
        [
            [
                bump(0.4 + own + later + rng.normal(0, 0.01))
                + noise * rng.standard_normal(TIMES.size)
                for later in (0.0, shift)
            ]
            for own in rng.normal(0, spread, n)
        ]
    )
    return xr.DataArray(
        data[:, :, None],
        dims=("participant", "condition", "channel", "time"),
        coords={"condition": ["macro", "micro"], "channel": ["PZ"], "time": TIMES},
    )


def test_jackknife_of_a_mean_is_the_paired_t_test():
    individual = people(np.random.default_rng(8))
    found = jackknife_difference(individual, component(), levels=("macro", "micro")).iloc[0]
    inside = (TIMES >= 0.2 - 1e-9) & (TIMES <= 0.7 + 1e-9)
    values = individual.values[:, :, 0, inside].mean(axis=-1)
    expected = stats.ttest_rel(values[:, 1], values[:, 0])
    assert found["statistic"] == pytest.approx(expected.statistic)
    assert found["p_value"] == pytest.approx(expected.pvalue)
    low, high = expected.confidence_interval()
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((low, high))


@pytest.mark.parametrize("what", ["area_latency", "onset_latency"])
def test_jackknife_covers_a_shift_and_seldom_invents_one(what):
    rng = np.random.default_rng(9)
    # Clipped tails and rectified noise would shrink the shift itself.
    wide = component(what, window=(0.0, 0.9))
    found = [
        jackknife_difference(people(rng, noise=0.05), wide, levels=("macro", "micro")).iloc[0]
        for _ in range(60)
    ]
    covered = np.mean([row["ci_low"] <= 0.05 <= row["ci_high"] for row in found])
    assert covered >= stats.binom.ppf(0.005, 60, 0.95) / 60
    null = [
        jackknife_difference(people(rng, shift=0.0), wide, levels=("macro", "micro"))[
            "p_value"
        ].item()
        for _ in range(60)
    ]
    assert np.mean(np.array(null) < 0.05) <= stats.binom.ppf(0.995, 60, 0.05) / 60


def test_wrong_components_are_refused():
    with pytest.raises(ValueError, match="must be one of"):
        component("latency")
    with pytest.raises(ValueError, match="polarity must be 1 or -1"):
        component(polarity=0)
    with pytest.raises(ValueError, match="window must begin before it ends"):
        component(window=(1.0, 0.7))
    with pytest.raises(ValueError, match="needs 3 participants"):
        jackknife_difference(
            people(np.random.default_rng(1), n=2), component(), levels=("macro", "micro")
        )
