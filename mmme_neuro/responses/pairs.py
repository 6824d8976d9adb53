"""Named pairs of channels out of connectivity matrices, and matrices averaged over cells."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from mmme_neuro.responses.connectivity import Connectivity


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
