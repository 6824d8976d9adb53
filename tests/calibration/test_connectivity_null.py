import pytest
from scipy import stats

from tests.calibration.connectivity_null import OFFERED, WARNINGS, null_rates

QUICK = ("wpli2_debiased", "abs_imcoh", "phase consistency (ppc)")


def test_default_measures_do_not_invent_differences():
    rates = null_rates(16, {name: OFFERED[name] for name in QUICK}, counts=[(6, 26)])
    assert rates["rate"].max() <= stats.binom.ppf(0.9995, 16, 0.05) / 16


def test_plain_measures_do():
    names = ("plv, all epochs", "global efficiency of the averaged matrix")
    rates = null_rates(4, {name: WARNINGS[name] for name in names}, counts=[(6, 26)])
    assert (rates["rate"] > 0.5).all()


@pytest.mark.slow
def test_all_default_measures_hold_the_nominal_rate():
    rates = null_rates(200, OFFERED, jobs=2)
    assert rates["rate"].max() <= stats.binom.ppf(0.9998, 200, 0.05) / 200
