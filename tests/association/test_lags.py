import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mmme_neuro import rm_corr
from mmme_neuro.association import Resampling, lagged_corr
from mmme_neuro.association.lags import window_means
from tests.calibration.cross_modal import lag_study, simulated_events

BLOCKS = ("participant", "stimulus")
PLAN = Resampling(rng=1, n_resamples=300, n_permutations=199, blocks=BLOCKS)


@pytest.fixture
def events():
    return simulated_events(np.random.default_rng(1), between=-0.9)


@pytest.fixture
def course(events):
    """The measure comes back in the third window, half noise, on top of what people differ in."""
    rng = np.random.default_rng(2)
    data = 5 * events[["y0"]].to_numpy() + rng.standard_normal((len(events), 6))
    x = events["x0"] - events.groupby("participant")["x0"].transform("mean")
    data[:, 2] += 6 * x
    return pd.DataFrame(data, columns=np.arange(6) + 0.5)


def test_each_lag_equals_rm_corr(events, course):
    events["kind"] = np.random.default_rng(3).choice(["macro", "micro"], len(events))
    found = lagged_corr(events, "x0", course, covariates=["kind"], resampling=PLAN)
    for lag, row in found.set_index("lag").iterrows():
        one = rm_corr(events.assign(y=course[lag]), "x0", "y", covariates=["kind"]).iloc[0]
        np.testing.assert_allclose(
            row[["r", "dof", "ci_low", "ci_high"]].astype(float),
            one[["r", "dof", "ci_low", "ci_high"]].astype(float),
        )


def test_the_right_lag_is_found(events, course):
    found = lagged_corr(events, "x0", course, resampling=PLAN).set_index("lag")
    assert found["r"].idxmax() == 2.5
    assert found.loc[2.5, "p_max"] == pytest.approx(1 / 200)
    assert (found["p_max"].drop(2.5) > 0.05).all()
    assert (found["p_max"] >= found["p_permutation"]).all()
    assert found.loc[2.5, "boot_low"] > 0.5
    # What goes along widens its own null.
    assert (found["null_high"].drop(2.5) < found["threshold"][2.5]).all()


def test_level_over_lags_with_serial_correlation():
    p = [
        lag_study(seed, blocks=BLOCKS, scheme="circular_shift")["any window"] for seed in range(50)
    ]
    assert sum(np.array(p) <= 0.05) <= stats.binom.ppf(0.9995, 50, 0.05)


def test_an_event_without_one_window_is_left_out(events, course):
    course.iloc[4, 1] = np.nan
    found = lagged_corr(events, "x0", course, resampling=PLAN)
    assert found["n_left_out"].tolist() == [1] * 6


def test_errors(events, course):
    with pytest.raises(ValueError, match="row i must be event i of both"):
        lagged_corr(events, "x0", course[:-1], resampling=PLAN)
    none = Resampling(rng=1, n_permutations=0)
    with pytest.raises(ValueError, match="n_permutations must be positive"):
        lagged_corr(events, "x0", course, resampling=none)
    with pytest.raises(ValueError, match=r"window 20 to 30 s: holds no sample; times reach"):
        window_means(np.zeros((2, 5)), np.arange(5.0), [1, 2, 20, 30], baseline=(0, 1))


def test_windows_are_changes_and_half_open():
    times = np.arange(-2, 10, 0.1)
    data = np.where(times >= 1 - 1e-9, 3.0, 1.0)[np.newaxis]
    found = window_means(data, times, [0, 1, 2], baseline=(-1, 0))
    assert found.columns.tolist() == [0.5, 1.5]
    np.testing.assert_allclose(found.to_numpy(), [[0.0, 2.0]])
    data[0, 25] = np.nan
    assert window_means(data, times, [0, 1, 2], baseline=(-1, 0)).isna().to_numpy().tolist() == [
        [True, False]
    ]
