"""What preprocessing kept and removed, one row a participant."""

import pandas as pd

QUALITY_COLUMNS = (
    "participant",
    "n_micro",
    "n_macro",
    "n_other",
    "n_excluded",
    "n_bad_channels",
    "n_components",
    "n_eye",
    "n_muscle",
    "eye_share",
    "muscle_share",
)


def quality_table(
    participants: pd.DataFrame, bad_channels: pd.DataFrame, components: pd.DataFrame
) -> pd.DataFrame:
    """Count events, bad channels and removed components of each participant.

    Parameters
    ----------
    participants : DataFrame
        ``participant, status, n_epochs, n_micro, n_macro, n_excluded``; those whose status is not
        ``"done"`` have no row in the result.
    bad_channels : DataFrame
        ``participant, channel``, one row an interpolated channel.
    components : DataFrame
        ``participant, removed_as, variance_share``, one row an independent component.

    Returns
    -------
    DataFrame
        `QUALITY_COLUMNS`; the shares are of the variance of the EEG before the components were
        removed.

    Examples
    --------
    >>> people = pd.DataFrame({"participant": ["a"], "status": ["done"], "n_epochs": [5],
    ...                        "n_micro": [2], "n_macro": [2], "n_excluded": [1]})
    >>> bad = pd.DataFrame({"participant": ["a"], "channel": ["FZ"]})
    >>> parts = pd.DataFrame({"participant": ["a", "a"], "removed_as": ["eye", ""],
    ...                       "variance_share": [0.7, 0.3]})
    >>> quality_table(people, bad, parts)[["n_other", "n_bad_channels", "n_eye"]].values.tolist()
    [[1, 1, 1]]
    """
    done = participants[participants["status"] == "done"].set_index("participant")
    table = done[["n_micro", "n_macro", "n_excluded"]].copy()
    table["n_other"] = done["n_epochs"] - done["n_micro"] - done["n_macro"]
    table["n_bad_channels"] = _per_participant(bad_channels["participant"].value_counts(), table)
    table["n_components"] = _per_participant(components["participant"].value_counts(), table)
    for kind in ("eye", "muscle"):
        removed = components[components["removed_as"] == kind].groupby("participant")
        table[f"n_{kind}"] = _per_participant(removed.size(), table)
        table[f"{kind}_share"] = removed["variance_share"].sum().reindex(table.index).fillna(0.0)
    return table.reset_index()[list(QUALITY_COLUMNS)]


def _per_participant(counts: pd.Series, table: pd.DataFrame) -> pd.Series:
    """Counts in the order of the table, zero where there is none."""
    return counts.reindex(table.index).fillna(0).astype(int)
