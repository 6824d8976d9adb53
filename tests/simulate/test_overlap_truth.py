import numpy as np
import pandas as pd

from mmme_neuro.simulate.recovery import with_overlap_truth

TABLE = pd.DataFrame(
    {"measure": ["scr", "scr", "other"], "condition": ["macro", "micro - macro", "macro"],
     "ci_low": [0.0, 0.5, 0.0], "ci_high": [1.0, 0.6, 1.0]}
)  # fmt: skip
TRUTH = {
    "estimands": {
        "scr": {
            "conditions": {
                "alone": {"macro": 0.4, "micro": 1.1},
                "overlapped": {"macro": 0.3, "micro": 1.0},
            }
        }
    }
}


def test_truth_bias_and_coverage_of_conditions_and_differences():
    found = with_overlap_truth(TABLE, TRUTH)
    np.testing.assert_allclose(found["truth"], [0.4, 0.7, np.nan])
    np.testing.assert_allclose(found["bias_expected"], [-0.1, 0.0, np.nan], atol=1e-12)
    np.testing.assert_allclose(found["covered"], [1.0, 0.0, np.nan])


def test_a_real_study_has_no_truth():
    assert with_overlap_truth(TABLE, {})[["truth", "covered"]].isna().all(axis=None)
