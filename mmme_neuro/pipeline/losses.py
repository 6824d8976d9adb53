"""What preprocessing kept and removed, one row per participant."""

from collections.abc import Sequence

import pandas as pd

from mmme_neuro.rejection import REASONS, compare_rejection

LOSS_COLUMNS = (
    "participant",
    "n_other",
    "n_excluded",
    "n_bad_channels",
    "n_components",
    "n_eye",
    "n_muscle",
    "eye_share",
    "muscle_share",
)
"""Columns of every quality table; those of the compared conditions come after the participant."""


def quality_table(
    participants: pd.DataFrame,
    bad_channels: pd.DataFrame,
    components: pd.DataFrame,
    moments: pd.DataFrame,
    *,
    condition: str,
    levels: Sequence[str],
) -> pd.DataFrame:
    """Count events, bad channels and removed components of each participant.

    Parameters
    ----------
    participants : DataFrame
        ``participant, status, n_epochs, n_excluded``; those whose status is not ``"done"`` have no
        row in the result.
    bad_channels : DataFrame
        ``participant, channel``, one row per interpolated channel.
    components : DataFrame
        ``participant, removed_as, variance_share``, one row per independent component.
    moments : DataFrame
        ``participant, fate`` and the condition; events with the fate ``"epoch"`` were kept.
    condition : str
        Column of the conditions.
    levels : sequence of str
        Conditions that are compared; events of any other are counted in ``n_other``.

    Returns
    -------
    DataFrame
        `LOSS_COLUMNS` and, after the participant, ``n_`` with each level; the shares
        are of the variance of the EEG before the components were removed.

    Examples
    --------
    >>> people = pd.DataFrame({"participant": ["a"], "status": ["done"], "n_epochs": [3],
    ...                        "n_excluded": [1]})
    >>> bad = pd.DataFrame({"participant": ["a"], "channel": ["FZ"]})
    >>> parts = pd.DataFrame({"participant": ["a", "a"], "removed_as": ["eye", ""],
    ...                       "variance_share": [0.7, 0.3]})
    >>> events = pd.DataFrame({"participant": "a", "kind": ["posed", "posed", "spontaneous"],
    ...                        "fate": "epoch"})
    >>> table = quality_table(people, bad, parts, events, condition="kind", levels=["posed"])
    >>> table[["n_posed", "n_other", "n_bad_channels", "n_eye"]].values.tolist()
    [[2, 1, 1, 1]]
    """
    done = participants[participants["status"] == "done"].set_index("participant")
    table = done[["n_excluded"]].copy()
    kept = moments[moments["fate"] == "epoch"]
    counted = [f"n_{level}" for level in levels]
    for name, level in zip(counted, levels, strict=True):
        own = kept.loc[kept[condition] == level, "participant"]
        table[name] = _per_participant(own.value_counts(), table)
    table["n_other"] = done["n_epochs"] - table[counted].sum(axis=1)
    table["n_bad_channels"] = _per_participant(bad_channels["participant"].value_counts(), table)
    table["n_components"] = _per_participant(components["participant"].value_counts(), table)
    for kind in ("eye", "muscle"):
        removed = components[components["removed_as"] == kind].groupby("participant")
        table[f"n_{kind}"] = _per_participant(removed.size(), table)
        table[f"{kind}_share"] = removed["variance_share"].sum().reindex(table.index).fillna(0.0)
    first, *others = LOSS_COLUMNS
    return table.reset_index()[[first, *counted, *others]]


def rejection_table(
    moments: pd.DataFrame, excluded: pd.DataFrame, *, condition: str, levels: tuple[str, str]
) -> pd.DataFrame:
    """Compare the shares of two conditions' events that were rejected for their EEG.

    Parameters
    ----------
    moments : DataFrame
        ``participant, fate`` and the condition; events with the fate ``"epoch"`` were kept.
    excluded : DataFrame
        ``participant, exclusion_reason`` and the condition; only those that the rule rejected
        count.
    condition : str
        Column of the conditions.
    levels : tuple of str
        The two conditions, the reference first.

    Returns
    -------
    DataFrame
        One row per condition: ``condition, n_events, n_rejected, share`` and, the same in both
        rows, ``odds_ratio, ci_low, ci_high, p_value`` of being rejected, second over first (see
        `compare_rejection`); NaN where nothing was rejected.
    """
    kept = moments[moments["fate"] == "epoch"]
    reasons = excluded["exclusion_reason"].fillna("").astype(str)
    rejected = excluded[reasons.str.startswith(REASONS)]
    found = compare_rejection(kept, rejected, condition=condition, levels=levels)
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
        ``participant, p_eye, p_muscle, removed_as``, one row per independent component.
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
