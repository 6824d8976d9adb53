"""Tables that several reliability tests use."""

import numpy as np
import pandas as pd

NAMES = {"targets": "target", "raters": "rater", "ratings": "rating"}


def tidy(values):
    """One row a cell."""
    values = np.asarray(values, float)
    target, rater = np.indices(values.shape)
    return pd.DataFrame(
        {"target": target.ravel(), "rater": rater.ravel(), "rating": values.ravel()}
    )
