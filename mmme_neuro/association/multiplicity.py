"""Correction of p values within stated families."""

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

METHODS = {"p_holm": "holm", "p_fdr": "fdr_bh"}
"""Columns added: family-wise error (Holm), false discovery rate (Benjamini & Hochberg)."""


def correct_families(
    table: pd.DataFrame, *, p: str = "p_value", family: str | None = "family"
) -> pd.DataFrame:
    """Correct p values within each family of tests.

    Parameters
    ----------
    table : DataFrame
        One row a test.
    p : str
        Column of p values. Missing ones stay missing and do not count.
    family : str | None
        Column that names the family; None where all rows are one.

    Returns
    -------
    DataFrame
        A copy with ``p_holm``, ``p_fdr`` and ``n_tests`` (in the family, with a p value).

    Raises
    ------
    ValueError
        When columns are missing.

    Examples
    --------
    >>> table = pd.DataFrame({"p_value": [0.01, 0.04, 0.04], "family": ["a", "a", "b"]})
    >>> correct_families(table)["p_holm"].tolist()
    [0.02, 0.04, 0.04]
    """
    missing = [name for name in (p, family) if name is not None and name not in table]
    if missing:
        raise ValueError(f"table lacks the columns {missing}; it has {list(table)}.")
    new = {name: np.full(len(table), np.nan) for name in METHODS}
    n_tests = np.zeros(len(table), dtype=int)
    families = np.zeros(len(table)) if family is None else table[family].to_numpy()
    values = table[p].to_numpy(dtype=float)
    for name in pd.unique(families):
        own = families == name
        tested = own & np.isfinite(values)
        n_tests[own] = tested.sum()
        for column, method in METHODS.items():
            if tested.any():
                new[column][tested] = multipletests(values[tested], method=method)[1]
    return table.assign(**new, n_tests=n_tests)
