"""Correction of p-values for the number of contrasts tested."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from mmme_neuro.errors import BadInput
from mmme_neuro.stats.tables import check_table, column_numbers

METHODS = {
    "holm": "holm",
    "bonferroni": "bonferroni",
    "sidak": "sidak",
    "fdr": "fdr_bh",
    "fdr-dependent": "fdr_by",
}
"""Names and those of statsmodels."""


def adjust_p_values(
    table: pd.DataFrame,
    *,
    method: str | Sequence[str] = "holm",
    within: str | Sequence[str] | None = None,
    p_value: str = "p_value",
) -> pd.DataFrame:
    """Correct the p-values of a table for their number.

    Parameters
    ----------
    table : DataFrame
        Contrasts, terms or equivalence tests, one a row.
    method : {"holm", "bonferroni", "sidak", "fdr", "fdr-dependent"} or sequence of them
        The first three keep the chance of any false positive, the last two the expected share of
        false ones among the positives (Benjamini & Hochberg 1995; Benjamini & Yekutieli 2001 for
        any dependence).
    within : str or sequence of str, optional
        Index levels or columns whose values each form a family of their own; the whole table is
        one family by default.
    p_value : str
        Column of the p-values.

    Returns
    -------
    DataFrame
        With the columns ``p_adjusted`` and ``n_tests`` (size of the family); of several methods
        one column each, ``p_holm`` and so on. NaN stays NaN and does not count.

    Examples
    --------
    >>> import pandas as pd
    >>> adjust_p_values(pd.DataFrame({"p_value": [0.01, 0.04, 0.03]}))["p_adjusted"].tolist()
    [0.03, 0.06, 0.06]
    """
    if isinstance(method, str):
        methods = {"p_adjusted": method}
    else:
        methods = {f"p_{name.replace('-', '_')}": name for name in method}
    if not set(methods.values()) <= set(METHODS):
        raise ValueError(f"method must be one of {sorted(METHODS)}, got {method!r}")
    check_table(table, name="the table")
    if p_value not in table.columns:
        raise BadInput(f"the table has no column {p_value!r}; it has {list(table.columns)}")
    check_table(table, [p_value], name="the table")
    p_values = column_numbers(table, p_value, name="the table")
    outside = (p_values < 0) | (p_values > 1)
    if outside.any():
        raise ValueError(f"p-values lie between 0 and 1, found {p_values[outside][:3]}")
    families = _families(table, within)
    adjusted = {column: np.full(len(table), np.nan) for column in methods}
    n_tests = np.zeros(len(table), dtype=int)
    for family in np.unique(families):
        of_family = families == family
        tested = of_family & ~np.isnan(p_values)
        n_tests[of_family] = tested.sum()
        for column, name in methods.items():
            if tested.any():
                own = multipletests(p_values[tested], method=METHODS[name])
                adjusted[column][tested] = own[1]
    return table.assign(**adjusted, n_tests=n_tests)


def _families(table: pd.DataFrame, within: str | Sequence[str] | None) -> np.ndarray:
    """Number of the family of each row."""
    if within is None:
        return np.zeros(len(table), dtype=int)
    names = [within] if isinstance(within, str) else list(within)
    flat = table.reset_index()
    unknown = [name for name in names if name not in flat.columns]
    if unknown:
        raise ValueError(f"'within' names {unknown}; the table has {list(flat.columns)}")
    return flat.groupby(names, sort=False, dropna=False, observed=True).ngroup().to_numpy()
