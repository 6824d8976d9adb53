import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mmme_neuro import rm_corr
from mmme_neuro.association.repeated import rm_corr_pairs

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
    result = rm_corr(blood, "ph", "paco2")
    # Bakdash & Marusich (2017): r(38) = -.51, 95 % CI [-.71, -.23], p < .001.
    assert result["r"] == pytest.approx(-0.50677, abs=5e-6)
    assert result["dof"] == 38
    assert result["p_value"] == pytest.approx(0.000847, abs=5e-7)
    assert (round(result["ci_low"], 2), round(result["ci_high"], 2)) == (-0.71, -0.23)
    assert (result["n_events"], result["n_participants"], result["n_left_out"]) == (47, 8, 0)


def test_equals_the_correlation_of_residuals(blood):
    centred = blood[["ph", "paco2"]] - blood.groupby("participant")[["ph", "paco2"]].transform(
        "mean"
    )
    r, _ = stats.pearsonr(centred["ph"], centred["paco2"])
    result = rm_corr(blood, "ph", "paco2")
    assert result["r"] == pytest.approx(r)
    t = r * np.sqrt(result["dof"] / (1 - r**2))
    assert result["p_value"] == pytest.approx(2 * stats.t.sf(abs(t), result["dof"]))


def test_rows_with_missing_values_are_counted_out(blood):
    blood.loc[[0, 10], "ph"] = np.nan
    lonely = pd.DataFrame({"participant": [99], "ph": [7.0], "paco2": [5.0]})
    result = rm_corr(pd.concat([blood, lonely]), "ph", "paco2")
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
    result = rm_corr(simulated(0.5, np.random.default_rng(1), 100, 50), "x", "y")
    assert result["ci_low"] < 0.5 < result["ci_high"]
    assert result["r"] == pytest.approx(0.5, abs=0.04)


def test_error_rate_and_coverage():
    rng = np.random.default_rng(2)
    null = [rm_corr(simulated(0.0, rng), "x", "y") for _ in range(120)]
    # 99.9 % range of a binomial with 120 draws of .05.
    assert 0 < sum(result["p_value"] < 0.05 for result in null) <= 15
    true = [rm_corr(simulated(0.4, rng), "x", "y") for _ in range(80)]
    covered = sum(result["ci_low"] < 0.4 < result["ci_high"] for result in true)
    assert covered >= 69


def test_pairs_are_one_family(blood):
    data = blood.assign(noise=np.random.default_rng(1).standard_normal(len(blood)))
    table = rm_corr_pairs(data, [("ph", "paco2"), ("ph", "noise")])
    assert table["p_holm"][0] == pytest.approx(2 * table["p_value"][0])
    assert table["p_holm"][1] == pytest.approx(table["p_value"][1])
    assert table["x"].tolist() == ["ph", "ph"]


def test_errors(blood):
    with pytest.raises(ValueError, match=r"data lacks the columns \['pH'\]; it has"):
        rm_corr(blood, "pH", "paco2")
    with pytest.raises(ValueError, match="only 2 participants have 2 events"):
        rm_corr(blood[blood["participant"] <= 2], "ph", "paco2")
    with pytest.raises(ValueError, match="only 0 participants"):
        rm_corr(blood.assign(ph=np.nan), "ph", "paco2")
