"""Intraclass correlations of complete tables of ratings."""

from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
import pingouin

FORMS = ("ICC(1)", "ICC(A,1)", "ICC(C,1)", "ICC(k)", "ICC(A,k)", "ICC(C,k)")
"""Single-rater and average forms: one-way, absolute agreement, consistency."""

_PINGOUIN_FORMS = ("ICC(1,1)", "ICC(A,1)", "ICC(C,1)", "ICC(1,k)", "ICC(A,k)", "ICC(C,k)")


def icc_complete(table: pd.DataFrame, *, targets: str, raters: str, ratings: str) -> pd.DataFrame:
    """Intraclass correlations with 95 % intervals where every rater rated every target.

    Parameters
    ----------
    table : DataFrame
        One row a rating.
    targets, raters, ratings : str
        Columns: what was rated, by whom, and the value.

    Returns
    -------
    DataFrame
        Index ``ICC(1), ICC(A,1), ICC(C,1), ICC(k), ICC(A,k), ICC(C,k)``; columns ``icc, f, dof1,
        dof2, p_value, ci_low, ci_high``.

    Raises
    ------
    ValueError
        When cells are missing or repeated, or fewer than 2 raters or 5 targets are left.

    Notes
    -----
    McGraw & Wong (1996), computed by pingouin.
    """
    missing = [name for name in (targets, raters, ratings) if name not in table]
    if missing:
        raise ValueError(f"table lacks the columns {missing}; it has {list(table)}.")
    n_targets, n_raters = table[targets].nunique(), table[raters].nunique()
    if n_raters < 2 or n_targets < 5:
        raise ValueError(
            f"an ICC needs 2 raters and 5 targets or more, got {n_raters} and {n_targets}."
        )
    complete = table[[targets, raters, ratings]].dropna()
    if len(complete) != n_targets * n_raters or complete.duplicated([targets, raters]).any():
        raise ValueError(
            f"expected one rating in each of {n_targets} x {n_raters} cells, found "
            f"{len(complete)} ratings; fill or leave out incomplete raters and targets."
        )
    with _unrounded_intervals():
        result = pingouin.intraclass_corr(complete, targets=targets, raters=raters, ratings=ratings)
    result = result.set_index("Type").loc[list(_PINGOUIN_FORMS)]
    low, high = zip(*result["CI95"], strict=True)
    return pd.DataFrame(
        {
            "icc": result["ICC"].to_numpy(),
            "f": result["F"].to_numpy(),
            "dof1": result["df1"].to_numpy(),
            "dof2": result["df2"].to_numpy(),
            "p_value": result["pval"].to_numpy(),
            "ci_low": low,
            "ci_high": high,
        },
        index=pd.Index(FORMS, name="form"),
    )


@contextmanager
def _unrounded_intervals() -> Iterator[None]:
    """Let pingouin give intervals with all their digits; its default is two decimals."""
    name = "round.column.CI95"
    before = pingouin.options[name]
    pingouin.options[name] = 12
    try:
        yield
    finally:
        pingouin.options[name] = before
