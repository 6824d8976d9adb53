import numpy as np
import pandas as pd
import pingouin
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from mmme_neuro import rm_corr
from mmme_neuro.association import Resampling, rm_corr_matrix
from mmme_neuro.association.repeated import WITHIN, rm_corr_pairs
from tests.calibration.cross_modal import simulated_events

# Bland and Altman (1995), pH and PacO2 of eight people, as in Bakdash and Marusich (2017).
PH = {
    1: [6.68, 6.53, 6.43, 6.33],
    2: [6.85, 7.06, 7.13, 7.17],
    3: [7.40, 7.42, 7.41, 7.37, 7.34, 7.35, 7.28, 7.30, 7.34],
    4: [7.36, 7.33, 7.29, 7.30, 7.35],
    5: [7.35, 7.30, 7.30, 7.37, 7.27, 7.28, 7.32, 7.32],
    6: [7.38, 7.30, 7.29, 7.33, 7.31, 7.33],
    7: [6.86, 6.94, 6.92],
    8: [7.19, 7.29, 7.21, 7.25, 7.20, 7.19, 6.77, 6.82],
}
PACO2 = {
    1: [3.97, 4.12, 4.09, 3.97],
    2: [5.27, 5.37, 5.41, 5.44],
    3: [5.67, 3.64, 4.32, 4.73, 4.96, 5.04, 5.22, 4.82, 5.07],
    4: [5.67, 5.10, 5.53, 4.75, 5.51],
    5: [4.28, 4.44, 4.32, 3.23, 4.46, 4.72, 4.75, 4.99],
    6: [4.78, 4.73, 5.12, 4.93, 5.03, 4.93],
    7: [6.85, 6.44, 6.52],
    8: [5.28, 4.56, 4.34, 4.32, 4.41, 3.69, 6.09, 5.58],
}


@pytest.fixture
def blood():
    return pd.DataFrame(
        [
            {"participant": person, "ph": a, "paco2": b}
            for person in PH
            for a, b in zip(PH[person], PACO2[person], strict=True)
        ]
    )


def test_published_values(blood):
    result = rm_corr(blood, "ph", "paco2").iloc[0]
    # Bakdash & Marusich (2017): r(38) = -.51, 95 % CI [-.71, -.23], p < .001.
    assert result["r"] == pytest.approx(-0.50677, abs=5e-6)
    assert result["dof"] == 38
    assert result["p_value"] == pytest.approx(0.000847, abs=5e-7)
    assert (round(result["ci_low"], 2), round(result["ci_high"], 2)) == (-0.71, -0.23)
    assert (result["n_events"], result["n_participants"], result["n_left_out"]) == (47, 8, 0)


def test_equals_pingouin(blood):
    for data in (blood, simulated_events(np.random.default_rng(6), r=0.2, between=-0.9)):
        x, y = list(data.columns[-2:])
        expected = pingouin.rm_corr(data, x, y, "participant").iloc[0]
        found = rm_corr(data, x, y).iloc[0]
        assert found["r"] == pytest.approx(expected["r"], abs=1e-10)
        assert found["p_value"] == pytest.approx(expected["pval"], rel=1e-6)
        assert found["dof"] == expected["dof"]
        interval = np.array([found["ci_low"], found["ci_high"]])
        np.testing.assert_allclose(interval, list(expected.iloc[-2]), atol=0.005001)


def test_partial_equals_regression_with_intercepts_of_participants():
    rng = np.random.default_rng(8)
    data = simulated_events(rng, r=0.3, between=-0.9)
    data["kind"] = rng.choice(["macro", "micro", "mixed"], len(data))
    data["x0"] += (data["kind"] == "micro") * 2
    data["y0"] -= (data["kind"] == "micro") * 2
    found = rm_corr(data, "x0", "y0", covariates=["kind", "stimulus"]).iloc[0]
    model = smf.ols("y0 ~ x0 + kind + stimulus + C(participant)", data).fit()
    assert found["p_value"] == pytest.approx(model.pvalues["x0"], rel=1e-9)
    assert found["dof"] == model.df_resid
    t = model.tvalues["x0"]
    assert found["r"] == pytest.approx(t / np.sqrt(t**2 + model.df_resid))
    assert rm_corr(data, "x0", "y0").iloc[0]["r"] < 0 < found["r"]


def test_equals_the_correlation_of_residuals(blood):
    centered = blood[["ph", "paco2"]] - blood.groupby("participant")[["ph", "paco2"]].transform(
        "mean"
    )
    r, _ = stats.pearsonr(centered["ph"], centered["paco2"])
    result = rm_corr(blood, "ph", "paco2").iloc[0]
    assert result["r"] == pytest.approx(r)
    t = r * np.sqrt(result["dof"] / (1 - r**2))
    assert result["p_value"] == pytest.approx(2 * stats.t.sf(abs(t), result["dof"]))


def test_rows_with_missing_values_are_counted_out(blood):
    blood.loc[[0, 10], "ph"] = np.nan
    lonely = pd.DataFrame({"participant": [99], "ph": [7.0], "paco2": [5.0]})
    result = rm_corr(pd.concat([blood, lonely]), "ph", "paco2").iloc[0]
    assert (result["n_events"], result["n_left_out"], result["n_participants"]) == (45, 3, 8)


def simulated(correlation, rng, n_participants=20, n_events=15):
    shape = (n_participants, n_events)
    first = rng.standard_normal(shape)
    second = correlation * first + np.sqrt(1 - correlation**2) * rng.standard_normal(shape)
    # Means of people go the other way round.
    offset = 3 * rng.standard_normal((n_participants, 1))
    return pd.DataFrame(
        {
            "participant": np.repeat(np.arange(n_participants), n_events),
            "x": (first + offset).ravel(),
            "y": (second - offset).ravel(),
        }
    )


def test_recovers_the_correlation_within_people():
    result = rm_corr(simulated(0.5, np.random.default_rng(1), 100, 50), "x", "y").iloc[0]
    assert result["ci_low"] < 0.5 < result["ci_high"]
    assert result["r"] == pytest.approx(0.5, abs=0.04)


def test_error_rate_and_coverage():
    rng = np.random.default_rng(2)
    null = [rm_corr(simulated(0.0, rng), "x", "y").iloc[0] for _ in range(120)]
    # 99.9 % range of a binomial with 120 draws of .05.
    assert 0 < sum(result["p_value"] < 0.05 for result in null) <= 15
    true = [rm_corr(simulated(0.4, rng), "x", "y").iloc[0] for _ in range(80)]
    covered = sum(result["ci_low"] < 0.4 < result["ci_high"] for result in true)
    assert covered >= 69


def test_recovers_within_while_people_differ_the_other_way():
    data = simulated_events(np.random.default_rng(3), r=0.4, between=-0.95, n_participants=40)
    result = rm_corr(data, "x0", "y0", resampling=Resampling(rng=1, n_permutations=499)).iloc[0]
    assert data["x0"].corr(data["y0"]) < -0.6
    assert result["boot_low"] < 0.4 < result["boot_high"]
    assert result["boot_low"] > 0.3
    assert result["p_permutation"] == pytest.approx(0.002)


def test_permutation_p_holds_its_level_given_a_covariate():
    rng, n_false = np.random.default_rng(4), 0
    for _ in range(100):
        data = simulated_events(rng, between=-0.9, n_participants=8, n_stimuli=3)
        data["c"] = rng.standard_normal(len(data))
        data[["x0", "y0"]] += data[["c"]].to_numpy()
        how = Resampling(rng=rng, n_resamples=0, n_permutations=99)
        n_false += (
            rm_corr(data, "x0", "y0", covariates=["c"], resampling=how).iloc[0]["p_permutation"]
            <= 0.05
        )
    assert stats.binom.ppf(0.0005, 100, 0.05) <= n_false <= stats.binom.ppf(0.9995, 100, 0.05)


def test_the_same_rng_gives_the_same_numbers(blood):
    how = Resampling(rng=5, n_resamples=200, n_permutations=50, blocks=("participant",))
    pd.testing.assert_series_equal(
        rm_corr(blood, "ph", "paco2", resampling=how).iloc[0],
        rm_corr(blood, "ph", "paco2", resampling=how).iloc[0],
    )


def test_matrix_has_families_and_says_what_failed():
    data = simulated_events(np.random.default_rng(2), r=0.5, n_x=2, n_y=2)
    data["flat"] = 1.0
    modalities = {"brain": ["x0", "x1"], "body": ["y0", "y1", "flat"]}
    table = rm_corr_matrix(data, modalities).set_index(["x", "y"])
    assert len(table) == 10
    assert table.loc[("x0", "x1"), "family"] == WITHIN
    between = table[table["family"] == "brain - body"]
    assert between["n_tests"].tolist() == [4] * 6
    assert table.loc[("x0", "y0"), "p_holm"] == pytest.approx(
        4 * rm_corr(data, "x0", "y0").iloc[0]["p_value"]
    )
    flat = table.loc[("x0", "flat")]
    assert np.isnan(flat[["r", "p_holm"]].astype(float)).all()
    assert "flat is constant within every participant" in flat["reason"]
    how = Resampling(rng=1, n_resamples=0, n_permutations=99)
    permuted = rm_corr_matrix(data, {"brain": ["x0"], "body": ["y0"]}, resampling=how)
    assert permuted["p_holm"][0] == permuted["p_permutation"][0] == pytest.approx(0.01)


def test_pairs_are_one_family(blood):
    data = blood.assign(noise=np.random.default_rng(1).standard_normal(len(blood)))
    table = rm_corr_pairs(data, [("ph", "paco2"), ("ph", "noise")])
    assert table["p_holm"][0] == pytest.approx(2 * table["p_value"][0])
    assert table["p_holm"][1] == pytest.approx(table["p_value"][1])
    assert table["x"].tolist() == ["ph", "ph"]


def test_errors(blood):
    with pytest.raises(ValueError, match=r"data lacks the columns \['pH'\]; it has"):
        rm_corr(blood, "pH", "paco2").iloc[0]
    with pytest.raises(ValueError, match="only 2 participants have 2 events"):
        rm_corr(blood[blood["participant"] <= 2], "ph", "paco2").iloc[0]
    with pytest.raises(ValueError, match="only 0 participants"):
        rm_corr(blood.assign(ph=np.nan), "ph", "paco2").iloc[0]
    with pytest.raises(ValueError, match="confidence=1.5: must lie"):
        rm_corr(blood, "ph", "paco2", confidence=1.5).iloc[0]
    with pytest.raises(ValueError, match="leave nothing apart from the covariates"):
        rm_corr(blood, "ph", "paco2", covariates=["paco2"]).iloc[0]
    with pytest.raises(ValueError, match=r"\['ph'\] stand there twice"):
        rm_corr_matrix(blood, {"a": ["ph"], "b": ["ph", "paco2"]})
    with pytest.raises(ValueError, match=r"data lacks the columns \['pH'\]"):
        rm_corr_matrix(blood, {"a": ["pH"], "b": ["paco2"]})
