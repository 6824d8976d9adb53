"""Small designs of every kind, on which compiled and dense definitions are compared."""

import numpy as np
import pandas as pd

FORMULAS = [
    "y ~ x + (1 | a)",
    "y ~ x * c + (1 + x | a)",
    "y ~ x + (1 + x || a) + (1 | b)",
    "y ~ c + (1 + c | a) + (1 + x | b)",
    "y ~ x + (1 + x | a) + (1 + c || b) + (1 | a:c)",
    "y ~ c + (1 | b) + (1 + x + c | a) + (1 | d)",
]


def small_events():
    """Events with few levels of each grouping factor."""
    rng = np.random.default_rng(2)
    n = 90
    return pd.DataFrame(
        {
            "y": 50 + rng.normal(size=n),
            "x": 3 + rng.normal(size=n),
            "c": rng.choice(list("uv"), n),
            "a": rng.integers(0, 8, n),
            "b": rng.integers(0, 6, n),
            "d": rng.integers(0, 5, n),
        }
    )
