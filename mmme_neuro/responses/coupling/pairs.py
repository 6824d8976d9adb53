"""Named pairs of channels, matrices averaged over cells, differences between conditions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from mmme_neuro.responses.coupling.connectivity import Connectivity, labels_of
from mmme_neuro.stats.levels import two_levels

FEWEST_PARTICIPANTS = 3


def pair_table(result: Connectivity, pairs: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    """List the connectivity of named pairs in every cell that was not refused.

    Parameters
    ----------
    result : Connectivity
        Matrices by cell.
    pairs : mapping of str to (channel, channel)
        Name of each pair and its two channels.

    Returns
    -------
    DataFrame
        The cell's labels and one column per pair.

    Raises
    ------
    ValueError
        When a channel is not in the matrices.
    """
    names = list(result.matrix["channel"].to_numpy())
    missing = {channel for pair in pairs.values() for channel in pair} - set(names)
    if missing:
        raise ValueError(f"pairs: channels {sorted(missing)} are not in the matrices ({names}).")
    columns = {
        name: result.matrix.sel(channel=first, other=second).to_numpy()
        for name, (first, second) in pairs.items()
    }
    table = labels_of(result.matrix).assign(**columns)
    return table.dropna(ignore_index=True)


def average_matrix(result: Connectivity, name: str) -> Connectivity:
    """Average the matrices of all cells that were not refused, each counting once.

    Parameters
    ----------
    result : Connectivity
        Matrices by cell, as by participant.
    name : str
        Name of the average, which is one cell.
    """
    used = result.counts["reason"] == ""
    mean = result.matrix.mean("cell", skipna=True).expand_dims(cell=[name])
    counts = pd.DataFrame(
        {
            "n_epochs": [int(result.counts.loc[used, "n_epochs"].sum())],
            "n_used": [int(result.counts.loc[used, "n_used"].sum())],
            "n_subsamples": [1],
            "reason": ["" if used.any() else "every cell was refused"],
        },
        index=pd.Index([name], name="cell"),
    )
    return replace(result, matrix=mean.transpose(*result.matrix.dims), counts=counts)


def paired_differences(
    table: pd.DataFrame,
    measures: Sequence[str],
    *,
    condition: str,
    levels: Sequence[str],
    participant: str = "participant",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare coupling or network measures between two conditions over participants.

    Parameters
    ----------
    table : DataFrame
        Participant, condition and the measures, one row per cell, as of `pair_table` or
        ``networks`` of `graph_measures`; cells that were refused are absent or NaN.
    measures : sequence of str
        Columns to compare.
    condition : str
        Column of the conditions.
    levels : sequence of str
        The two conditions, the reference first; the second minus the first is estimated.
    participant : str
        Column of the participants.
    confidence : float
        Level of the intervals.

    Returns
    -------
    DataFrame
        ``measure, estimate, std_error, dof, statistic, p_value, ci_low, ci_high, p_holm,
        n_participants``: paired t-tests over participants who have both conditions; NaN with
        fewer than three of them. ``p_holm`` is Holm's over the measures.

    Notes
    -----
    Means over participants with equal weights. Take measures of equal numbers of epochs only, or
    debiased ones (docs/connectivity_null.md).
    """
    two_levels(table, condition, levels)
    wide = table.pivot_table(list(measures), participant, condition, observed=True)
    rows = []
    for name in measures:
        has_both = all((name, level) in wide for level in levels)
        change = np.empty(0)
        if has_both:
            change = (wide[name, levels[1]] - wide[name, levels[0]]).dropna().to_numpy(float)
        rows.append({"measure": name, **_paired(change, confidence)})
    found = pd.DataFrame(rows)
    order = found["p_value"].sort_values().index
    steps = found.loc[order, "p_value"] * (found["p_value"].notna().sum() - np.arange(len(found)))
    found["p_holm"] = steps.cummax().clip(upper=1.0)
    return found


def _paired(change: np.ndarray, confidence: float) -> dict[str, float]:
    """Mean of differences with Student's t."""
    n = change.size
    if n < FEWEST_PARTICIPANTS:
        empty = ("estimate", "std_error", "dof", "statistic", "p_value", "ci_low", "ci_high")
        return dict.fromkeys(empty, np.nan) | {"n_participants": n}
    mean, error = float(change.mean()), float(stats.sem(change))
    half = stats.t.ppf((1 + confidence) / 2, n - 1) * error
    statistic = mean / error if error else np.nan
    return {
        "estimate": mean,
        "std_error": error,
        "dof": n - 1,
        "statistic": statistic,
        "p_value": float(2 * stats.t.sf(abs(statistic), n - 1)),
        "ci_low": mean - half,
        "ci_high": mean + half,
        "n_participants": n,
    }
