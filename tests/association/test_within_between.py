import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from mmme_neuro.association import multilevel_slope, within_between_corr
from tests.calibration.cross_modal import simulated_events


@pytest.fixture(scope="module")
def events():
    return simulated_events(
        np.random.default_rng(1), r=0.4, between=-0.9, slope_sd=0.3, n_participants=30
    )


def test_parts_add_up_to_the_whole(events):
    events = events.drop(index=range(5, 50))  # unequal numbers of events
    found = within_between_corr(events, "x0", "y0").iloc[0]
    x, y = found["share_within_x"], found["share_within_y"]
    total = np.sqrt(x * y) * found["r_within"] + np.sqrt((1 - x) * (1 - y)) * found["r_between"]
    assert total == pytest.approx(found["r_total"], abs=1e-12)
    assert found["r_total"] == pytest.approx(events["x0"].corr(events["y0"]))


def test_both_levels_are_recovered(events):
    found = within_between_corr(events, "x0", "y0").iloc[0]
    assert found["r_within"] == pytest.approx(0.4, abs=0.15)
    assert found["r_means"] == pytest.approx(-0.9, abs=0.1)
    assert found["means_low"] < found["r_means"] < found["means_high"] < -0.8
    assert found["r_total"] < 0 < found["r_within"]
    means = events.groupby("participant")[["x0", "y0"]].mean()
    expected = stats.pearsonr(means["x0"], means["y0"])
    assert found["r_means"] == pytest.approx(expected.statistic)
    assert found["means_p"] == pytest.approx(expected.pvalue)


def test_multilevel_equals_statsmodels(events):
    found = multilevel_slope(events, "x0", "y0").set_index("level")
    mean = events.groupby("participant")["x0"].transform("mean")
    rows = events.assign(within=events["x0"] - mean, between=mean)
    residual = events["y0"] - events.groupby("participant")["y0"].transform("mean")
    dof = len(events) - events["participant"].nunique()
    sd_x, sd_y = (np.sqrt((v**2).sum() / dof) for v in (rows["within"], residual))
    rows[["within", "between"]] /= sd_x
    rows["y0"] /= sd_y
    model = smf.mixedlm("y0 ~ within + between", rows, groups="participant", re_formula="~within")
    expected = model.fit(reml=True, method=["lbfgs", "powell"])
    for level in ("within", "between"):
        assert found.loc[level, "estimate"] == pytest.approx(expected.params[level], abs=2e-4)
        assert found.loc[level, "std_error"] == pytest.approx(expected.bse[level], rel=5e-3)
    slope_sd = np.sqrt(expected.cov_re.loc["within", "within"])
    assert found.loc["within", "slope_sd"] == pytest.approx(slope_sd, rel=0.02)
    assert found.loc["within", "slope_sd"] == pytest.approx(0.3, abs=0.12)
    assert found.loc["within", "ci_low"] < 0.4 < found.loc["within", "ci_high"]
    assert found.loc["between", "estimate"] < 0


def test_units_do_not_matter(events):
    scaled = events.assign(x0=1e-6 * events["x0"], y0=300 + 50 * events["y0"])
    columns = ["estimate", "std_error", "dof", "ci_low", "ci_high"]
    one, two = (multilevel_slope(data, "x0", "y0")[columns] for data in (events, scaled))
    pd.testing.assert_frame_equal(one, two, rtol=1e-4)


def test_level_where_slopes_differ_about_zero():
    rng, n_false = np.random.default_rng(2), 0
    for _ in range(30):
        data = simulated_events(rng, slope_sd=0.4, between=-0.9, n_participants=10, n_stimuli=4)
        n_false += multilevel_slope(data, "x0", "y0")["p_value"][0] <= 0.05
    assert n_false <= stats.binom.ppf(0.9995, 30, 0.05)


def test_crossed_stimuli_and_reductions_are_reported(events):
    same = simulated_events(np.random.default_rng(3), n_participants=5)
    found = multilevel_slope(same, "x0", "y0", stimulus="stimulus")
    assert found["n_events"].tolist() == [180, 180]
    assert found["reductions"][0] == "" or "singular" in found["reductions"][0]


def test_few_people_have_no_interval_of_means(events):
    few = within_between_corr(events[events["participant"] < 3], "x0", "y0").iloc[0]
    assert np.isnan(few["means_low"]) and np.isfinite(few["r_means"])
    with pytest.raises(ValueError, match="only 2 participants have 2 events"):
        within_between_corr(events[events["participant"] < 2], "x0", "y0").iloc[0]
    with pytest.raises(ValueError, match=r"data lacks the columns \['z'\]"):
        multilevel_slope(events, "x0", "z")
