import pandas as pd
import pytest
from scipy import stats

from tests.calibration import cross_modal
from tests.calibration.cross_modal import (
    SCENARIOS,
    coverage_table,
    lag_table,
    multivariate_table,
    null_table,
    write_page,
)


def highest(n_studies):
    """Rate that a test at .05 passes in 1 of 2000 calibrations only."""
    return stats.binom.ppf(0.9995, n_studies, 0.05) / n_studies


def test_page_holds_every_table(tmp_path, monkeypatch):
    monkeypatch.setattr(cross_modal, "DOCS", tmp_path)
    table = pd.DataFrame({"scenario": ["calm"], "rate": [0.0512]})
    write_page(dict.fromkeys(("null", "coverage", "multivariate", "lags"), table), 300)
    text = (tmp_path / "cross_modal.md").read_text(encoding="utf-8")
    assert text.count("| calm | 0.051 |") == 4
    assert "--studies 300" in text and "0.013" in text


@pytest.mark.slow
def test_level_of_the_tests_of_pairs():
    rates = null_table(150, 2).set_index("scenario")
    fair = rates.drop(["stimuli move both", "serially correlated events", "slopes differ (SD 0.3)"])
    assert fair.to_numpy().max() <= highest(150)
    about_the_mean = rates.drop("stimuli move both")[["bootstrap", "random slopes"]]
    assert about_the_mean.to_numpy().max() <= highest(150)
    assert rates.loc["stimuli move both", "permuted in stimulus"] <= highest(150)
    assert rates.loc["serially correlated events", "shifted in participant"] <= highest(150)
    # Why the others are there.
    assert rates.loc["slopes differ (SD 0.3)", "rm_corr"] > 0.15
    assert set(rates.index) == set(SCENARIOS)


@pytest.mark.slow
def test_coverage_of_the_bootstrap():
    shares = coverage_table(150, 2)
    assert shares["bootstrap"].min() >= stats.binom.ppf(0.0005, 150, 0.93) / 150
    assert (shares["mean r"] - 0.4).abs().max() < 0.02


@pytest.mark.slow
def test_level_and_power_of_the_multivariate_tests():
    rates = multivariate_table(100, 2)
    null = rates[(rates["true r"] == 0) & (rates["serial"] == 0)]
    assert null["first"].max() <= highest(100)
    true = rates[rates["true r"] > 0]
    assert true["first"].min() > 0.9
    assert true["second"].max() <= highest(100)
    assert null["mean r_cv"].abs().max() < 0.03 < 0.1 < null["mean fitted r"].min()


@pytest.mark.slow
def test_level_over_lags():
    assert lag_table(100, 2)["any window"].max() <= highest(100) + 0.02
