"""Repeated-measures correlation: do two measures go together from event to event?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pingouin
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests


def rm_corr(data: pd.DataFrame, x: str, y: str, *, participant: str = "participant") -> pd.Series:
    """Correlate two measures within participants (common slope, own intercepts).

    Parameters
    ----------
    data : DataFrame
        One row an event.
    x, y : str
        Columns to correlate.
    participant : str
        Column that names the participant.

    Returns
    -------
    Series
        ``x, y, r, dof, p_value, ci_low, ci_high, n_events, n_participants, n_left_out``.

    Raises
    ------
    ValueError
        When columns are missing or fewer than 3 participants have two complete events.

    Notes
    -----
    Bakdash & Marusich (2017), computed by pingouin; rows with a missing value are left out and
    counted.
    """
    missing = [name for name in (x, y, participant) if name not in data]
    if missing:
        raise ValueError(f"data lacks the columns {missing}; it has {list(data)}.")
    complete = data[[x, y, participant]].dropna()
    counts = complete[participant].value_counts()
    complete = complete[complete[participant].isin(counts.index[counts >= 2])]
    n_participants = complete[participant].nunique()
    if n_participants < 3:
        raise ValueError(
            f"{x}, {y}: only {n_participants} participants have 2 events with both measures; "
            "pingouin's rm_corr needs 3."
        )
    result = pingouin.rm_corr(complete, x=x, y=y, subject=participant).iloc[0]
    # pingouin rounds its interval to two decimals: Fisher's z with dof + 2 observations again.
    half_width = norm.ppf(0.975) / np.sqrt(result["dof"] - 1)
    low, high = np.tanh(np.arctanh(result["r"]) + half_width * np.array([-1, 1]))
    return pd.Series(
        {
            "x": x,
            "y": y,
            "r": float(result["r"]),
            "dof": int(result["dof"]),
            "p_value": float(result["pval"]),
            "ci_low": float(low),
            "ci_high": float(high),
            "n_events": len(complete),
            "n_participants": n_participants,
            "n_left_out": len(data) - len(complete),
        }
    )


def rm_corr_pairs(
    data: pd.DataFrame, pairs: Sequence[tuple[str, str]], *, participant: str = "participant"
) -> pd.DataFrame:
    """Correlate several pairs as one family; ``p_holm`` is corrected for their number."""
    table = pd.DataFrame([rm_corr(data, x, y, participant=participant) for x, y in pairs])
    return table.assign(p_holm=multipletests(table["p_value"], method="holm")[1])
