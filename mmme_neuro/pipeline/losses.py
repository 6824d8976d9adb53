"""What preprocessing kept and removed, one row a participant."""

from collections.abc import Sequence

import pandas as pd

from mmme_neuro.rejection import REASONS, compare_rejection

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


def rejection_table(moments: pd.DataFrame, excluded: pd.DataFrame) -> pd.DataFrame:
    """Compare the shares of micro- and macro-expressions that were rejected for their EEG.

    Parameters
    ----------
    moments : DataFrame
        ``participant, expression, fate``; events with the fate ``"epoch"`` were kept.
    excluded : DataFrame
        ``participant, expression, exclusion_reason``; only those that the rule rejected count.

    Returns
    -------
    DataFrame
        One row an expression: ``expression, n_events, n_rejected, share`` and, the same in both
        rows, ``odds_ratio, ci_low, ci_high, p_value`` of being rejected, micro over macro (see
        `compare_rejection`); NaN where nothing was rejected.
    """
    kept = moments[moments["fate"] == "epoch"]
    reasons = excluded["exclusion_reason"].fillna("").astype(str)
    found = compare_rejection(kept, excluded[reasons.str.startswith(REASONS)])
    return found.counts.assign(
        odds_ratio=found.odds_ratio,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        p_value=found.p_value,
    )


def label_table(
    components: pd.DataFrame, probabilities: Sequence[float] = (0.7, 0.8, 0.9)
) -> pd.DataFrame:
    """Count the components that ICLabel calls eye or muscle, by the probability demanded.

    Parameters
    ----------
    components : DataFrame
        ``participant, p_eye, p_muscle, removed_as``, one row an independent component.
    probabilities : sequence of float
        Demanded one after another.

    Returns
    -------
    DataFrame
        ``probability, n_eye, n_muscle`` (by ICLabel alone), ``n_both`` (of these, removed) and
        ``n_removed`` (by all criteria), summed over participants; without labels no row.
    """
    columns = ["probability", "n_eye", "n_muscle", "n_both", "n_removed"]
    if "p_eye" not in components or components["p_eye"].isna().all():
        return pd.DataFrame(columns=columns)
    is_removed = components["removed_as"].fillna("").astype(str) != ""
    rows = []
    for probability in probabilities:
        eye, muscle = (components[name] >= probability for name in ("p_eye", "p_muscle"))
        both = (eye | muscle) & is_removed
        rows.append((probability, eye.sum(), muscle.sum(), both.sum(), is_removed.sum()))
    return pd.DataFrame(rows, columns=columns)


def _per_participant(counts: pd.Series, table: pd.DataFrame) -> pd.Series:
    """Counts in the order of the table, zero where there is none."""
    return counts.reindex(table.index).fillna(0).astype(int)
