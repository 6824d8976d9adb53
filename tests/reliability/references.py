"""Tables and numbers that several reliability tests use."""

import numpy as np
import pandas as pd

# Shrout and Fleiss (1979), table 2: six targets rated by four judges.
SHROUT_FLEISS = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
]

NAMES = {"targets": "target", "raters": "rater", "ratings": "rating"}


def tidy(values):
    """One row a cell."""
    values = np.asarray(values, float)
    target, rater = np.indices(values.shape)
    return pd.DataFrame(
        {"target": target.ravel(), "rater": rater.ravel(), "rating": values.ravel()}
    )
