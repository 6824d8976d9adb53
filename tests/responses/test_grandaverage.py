import numpy as np
import pytest
from scipy import stats

from mmme_neuro.responses.grandaverage import (
    difference,
    grand_average,
    region_average,
    within_interval,
)
from mmme_neuro.responses.potentials import evoked


@pytest.fixture
def evokeds(erp_epochs):
    return evoked(erp_epochs, ["participant", "expression"])


def test_two_condition_interval_is_the_paired_t_interval_over_root_two():
    # With two conditions the Cousineau-Morey half-width is that of the paired difference / sqrt 2.
    values = np.random.default_rng(0).normal(size=(9, 2, 5)) + np.arange(9)[:, None, None] * 10
    mean, half_width = within_interval(values, confidence=0.95)
    paired = values[:, 0] - values[:, 1]
    reference = stats.t.ppf(0.975, 8) * stats.sem(paired, axis=0) / np.sqrt(2)
    np.testing.assert_allclose(half_width, [reference, reference])
    np.testing.assert_allclose(mean, values.mean(axis=0))


def test_one_condition_interval_is_that_of_a_mean():
    values = np.random.default_rng(0).normal(size=(9, 1, 5))
    _, half_width = within_interval(values, confidence=0.9)
    np.testing.assert_allclose(half_width[0], stats.t.ppf(0.95, 8) * stats.sem(values[:, 0]))


def test_grand_average_weighs_participants_equally(evokeds):
    grand = grand_average(evokeds)
    assert grand.conditions == ["macro", "micro"]
    assert grand.n_participants == 6
    reference = np.mean([evokeds[f"p{i}", "micro"].data for i in range(6)], axis=0) * 1e6
    np.testing.assert_allclose(grand.data["mean"].sel(condition="micro"), reference)


def test_region_interval_is_that_of_the_averaged_channels(evokeds):
    grand = grand_average(evokeds)
    region = region_average(grand, "sensorimotor")
    assert region.attrs["channels"] == ["C3", "Cz", "C4"]
    values = np.array(
        [
            [evokeds[f"p{i}", kind].get_data(["C3", "Cz", "C4"]).mean(axis=0) for kind in kinds]
            for i in range(6)
            for kinds in [("macro", "micro")]
        ]
    )
    mean, half_width = within_interval(values * 1e6, confidence=0.95)
    np.testing.assert_allclose(region["mean"], mean)
    np.testing.assert_allclose(region["ci_high"] - region["mean"], half_width)


def test_difference_is_the_paired_t_interval(evokeds):
    contrast = difference(grand_average(evokeds), ("macro", "micro"))
    paired = np.array(
        [evokeds[f"p{i}", "micro"].data - evokeds[f"p{i}", "macro"].data for i in range(6)]
    )
    low, high = stats.ttest_1samp(paired * 1e6, 0).confidence_interval()
    np.testing.assert_allclose(contrast["ci_low"], low)
    np.testing.assert_allclose(contrast["ci_high"], high)
    at_peak = contrast["mean"].sel(channel="Cz", time=slice(0.2, 0.4)).mean()
    assert -3.5 < at_peak < -0.2


def test_difference_interval_covers_zero_where_there_is_no_effect(evokeds):
    contrast = difference(grand_average(evokeds), ("macro", "micro")).sel(
        channel=["Fz", "Pz", "O1"]
    )
    covered = (contrast["ci_low"] < 0) & (contrast["ci_high"] > 0)
    # 3 x 351 near-independent points: .95 with a standard error below .007.
    assert 0.92 < float(covered.mean()) < 0.98


def test_incomplete_participants_are_listed_with_the_reason(evokeds):
    grand = grand_average(evokeds, min_epochs=6)
    assert grand.n_participants == 3
    assert grand.excluded["participant"].tolist() == ["p0", "p2", "p4"]
    assert grand.excluded["reason"][0] == "fewer than 6 epochs (micro: 5)"
    with pytest.raises(ValueError, match="needs 2 participants"):
        grand_average(evokeds, min_epochs=7)
    with pytest.raises(ValueError, match="found 0"):
        grand_average(evokeds, levels=["macro", "mixed"])


def test_only_good_channels_of_the_type_are_averaged(erp_epochs):
    epochs = erp_epochs.copy().set_channel_types({"O1": "eog"}, verbose="error")
    epochs.info["bads"] = ["Fz"]
    grand = grand_average(evoked(epochs, ["participant", "expression"]))
    names = [name for name in erp_epochs.ch_names if name not in ("O1", "Fz")]
    assert list(grand.data["channel"].values) == names == grand.info["ch_names"]


def test_other_cells_are_refused(erp_epochs):
    with pytest.raises(ValueError, match="averaged by"):
        grand_average(evoked(erp_epochs, "expression"))
