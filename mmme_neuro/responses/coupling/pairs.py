"""Named pairs of channels, matrices averaged over cells, differences between conditions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from mmme_neuro.responses.coupling.connectivity import Connectivity, labels_of
from mmme_neuro.stats.estimates import mean_row
from mmme_neuro.stats.levels import two_levels
from mmme_neuro.stats.multiplicity import adjust_p_values

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
        ``measure, estimate, std_error, dof, statistic, p_value, ci_low, ci_high, effect_size,
        n_participants, p_holm``: paired t-tests over participants who have both conditions; NaN
        with fewer than three of them. ``effect_size`` is Hedges' g by the average of both
        conditions' variances (g_av of Lakens 2013, Front Psychol 4:863), ``p_holm`` Holm's over the
        measures.

    Notes
    -----
    Means over participants with equal weights. Take measures of equal numbers of epochs only, or
    debiased ones (docs/connectivity_null.md).
    """
    two_levels(table, condition, levels)
    # An index level may be called like a column.
    table = table.reset_index(drop=True)
    wide = table.pivot_table(list(measures), participant, condition, observed=True)
    rows = []
    for name in measures:
        has_both = all((name, level) in wide for level in levels)
        pairs = np.empty((0, 2))
        if has_both:
            pairs = wide[[(name, level) for level in levels]].dropna().to_numpy(float)
        change = pairs[:, 1] - pairs[:, 0]
        row = mean_row(change, confidence=confidence, fewest=FEWEST_PARTICIPANTS)
        row["effect_size"] = _effect_size(pairs)
        rows.append({"measure": name, **row, "n_participants": len(change)})
    return adjust_p_values(pd.DataFrame(rows), method=["holm"]).drop(columns="n_tests")


def _effect_size(pairs: np.ndarray) -> float:
    """Hedges' g of the second column minus the first; NaN for few or constant values."""
    # Takes seconds to import, and is needed here only.
    import pingouin

    if len(pairs) < FEWEST_PARTICIPANTS or not np.ptp(pairs, axis=0).any():
        return np.nan
    first, second = pairs.T
    return float(pingouin.compute_effsize(second, first, paired=True, eftype="hedges"))
