"""Named pairs of channels, matrices averaged over cells, differences between conditions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from mmme_neuro.responses.coupling.connectivity import Connectivity
from mmme_neuro.stats.estimates import mean_row
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
        ``condition`` and one column a pair.

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
    table = pd.DataFrame({"condition": result.matrix["condition"].to_numpy(), **columns})
    return table.dropna(ignore_index=True)


def average_matrix(result: Connectivity, name: str) -> Connectivity:
    """Average the matrices of all cells that were not refused, each counting once.

    Parameters
    ----------
    result : Connectivity
        Matrices by cell, as by participant.
    name : str
        Condition name of the average.
    """
    used = result.counts["reason"] == ""
    mean = result.matrix.mean("condition", skipna=True).expand_dims(condition=[name])
    counts = pd.DataFrame(
        {
            "n_epochs": [int(result.counts.loc[used, "n_epochs"].sum())],
            "n_used": [int(result.counts.loc[used, "n_used"].sum())],
            "n_subsamples": [1],
            "reason": ["" if used.any() else "every cell was refused"],
        },
        index=pd.Index([name], name="condition"),
    )
    return replace(result, matrix=mean.transpose(*result.matrix.dims), counts=counts)


def paired_differences(
    table: pd.DataFrame,
    measures: Sequence[str],
    *,
    levels: tuple[str, str] = ("macro", "micro"),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare coupling or network measures between two conditions over participants.

    Parameters
    ----------
    table : DataFrame
        ``condition``, written ``participant/level``, and the measures, one row a cell; cells that
        were refused are absent or NaN.
    measures : sequence of str
        Columns to compare.
    levels : tuple of str
        The second minus the first is estimated.
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
    parts = [str(name).rpartition("/") for name in table["condition"]]
    people, kinds = [part[0] for part in parts], [part[2] for part in parts]
    cells = table.assign(participant=people, level=kinds)
    wide = cells.pivot_table(list(measures), "participant", "level")
    rows = []
    for name in measures:
        has_both = all((name, level) in wide for level in levels)
        change = np.empty(0)
        if has_both:
            change = (wide[name, levels[1]] - wide[name, levels[0]]).dropna().to_numpy(float)
        row = mean_row(change, confidence=confidence, fewest=FEWEST_PARTICIPANTS)
        rows.append({"measure": name, **row, "n_participants": len(change)})
    return adjust_p_values(pd.DataFrame(rows), method=["holm"]).drop(columns="n_tests")
