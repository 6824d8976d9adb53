"""The table of the overlap calibration; the calibration itself is slow."""

import numpy as np
import pandas as pd
import pytest

from analyses.study import OVERLAP_PLANS
from tests.calibration.overlap import SCENARIOS, page, run, summary, ways
from tests.calibration.tables import lowest_coverage


def test_summary_counts_bias_and_coverage():
    rows = pd.DataFrame(
        {
            "scenario": "overlapping",
            "measure": "scr",
            "condition": "micro",
            "unit": "uS",
            "method": "FIR",
            "seed": [1, 2],
            "truth": 1.0,
            "estimate": [1.2, 1.4],
            "ci_low": [0.9, 1.1],
            "ci_high": [1.5, 1.7],
            "covered": [1.0, 0.0],
        }
    )
    found = summary(rows).iloc[0]
    assert found["bias"] == pytest.approx(0.3)
    assert found["bias_z"] == pytest.approx(3.0)
    assert found["coverage"] == 0.5
    assert found["width"] == pytest.approx(0.6)
    assert "| scr | micro | uS | FIR |" in page(summary(rows), 2)


def test_every_plan_is_also_analyzed_without_a_shape():
    for plan in OVERLAP_PLANS:
        names = [name for name, _ in ways(plan)]
        assert names[:2] == ["splines", "FIR"]
    assert "response function" in [name for name, _ in ways(OVERLAP_PLANS[0])]


@pytest.mark.slow
def test_deconvolution_covers_where_averages_do_not():
    """Twelve studies a scenario (10 minutes); the page has more."""
    n = 12
    table = summary(run(n, 2)).set_index(["scenario", "measure", "condition", "method"])
    for scenario in SCENARIOS:
        for method in ("splines", "FIR"):
            kept = table.xs((scenario, method), level=("scenario", "method"))
            assert (kept["coverage"] >= lowest_coverage(n) - 1e-9).mean() > 0.95
    biased = table.xs(("overlapping", "average"), level=("scenario", "method"))["bias_z"]
    assert np.abs(biased).max() > 5
