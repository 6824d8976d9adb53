"""The calibration of intervals and tests counts rightly and finds them near their level."""

import pandas as pd
import pytest
from scipy import stats

from tests.calibration.model_intervals import EFFECTS, SCENARIOS, calibrate, outcomes_of, rates


def test_rates_count_what_happened():
    outcomes = [{"type III F": True}, {"type III F": False}] * 5
    (row,) = rates(SCENARIOS[3], outcomes)
    assert (row["rate"], row["n_studies"], row["nominal"]) == (0.5, 10, 0.05)
    assert row["ci_low"] == pytest.approx(stats.beta.ppf(0.025, 5, 6))


def test_studies_repeat_with_their_seed():
    once, again = outcomes_of(EFFECTS, [0, 1]), outcomes_of(EFFECTS, [1])
    assert once[1] == again[0]


@pytest.mark.slow
def test_every_rate_is_near_its_nominal_level():
    table = calibrate(400, n_jobs=1)
    exact = table[~table["checked"].str.contains("naive|ML profile .R|bootstrap")]
    n, nominal = exact["n_studies"], exact["nominal"]
    low, high = stats.binom.ppf([[0.0005], [0.9995]], n, nominal) / n.to_numpy()
    # Standard deviations near zero cannot be underestimated: their intervals may cover more.
    outside = exact[(exact["rate"] < low - 0.02) | (exact["rate"] > high + 0.02)]
    assert outside.empty, pd.DataFrame(outside).to_string()
    naive = table[table["checked"].str.contains("naive")]
    assert (naive["rate"] < 0.06).all()
