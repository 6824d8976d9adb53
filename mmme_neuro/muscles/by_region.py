"""Muscle power by region and condition, and the one number that stands for an event."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmme_neuro.errors import MissingInput
from mmme_neuro.models.design import with_reference
from mmme_neuro.models.formula import quoted, treatment_term
from mmme_neuro.models.many import fit_many
from mmme_neuro.stats.estimates import t_interval


def muscle_of_events(
    events: pd.DataFrame, muscles: pd.DataFrame, rois: Sequence[str]
) -> pd.DataFrame:
    """Add each event's muscle power before cleaning.

    Parameters
    ----------
    events : DataFrame
        ``event`` and more.
    muscles : DataFrame
        ``event, roi, before_db``.
    rois : sequence of str
        Regions in the order of preference.

    Returns
    -------
    DataFrame
        With ``muscle_db``, of the first region that has values.
    """
    known = set(muscles.dropna(subset=["before_db"])["roi"])
    found = [roi for roi in rois if roi in known]
    if not found:
        raise MissingInput(f"muscles: none of {list(rois)} is there, only {sorted(known)}.")
    return events.assign(muscle_db=region_values(events, muscles, "before_db", found[0]))


def region_values(events: pd.DataFrame, muscles: pd.DataFrame, column: str, roi: str) -> pd.Series:
    """Values of a region for each event.

    Parameters
    ----------
    events : DataFrame
        ``event``.
    muscles : DataFrame
        ``event, roi`` and the column.
    column : str
        Such as ``"after_db"``.
    roi : str
        Region.

    Returns
    -------
    Series
        With the events' index; NaN where there is none.
    """
    own = muscles[muscles["roi"] == roi].set_index("event")[column]
    return events["event"].map(own)


def by_condition(
    muscles: pd.DataFrame, events: pd.DataFrame, *, condition: str, levels: Sequence[str]
) -> pd.DataFrame:
    """Mean muscle power of each region and condition before and after cleaning.

    Parameters
    ----------
    muscles : DataFrame
        ``participant, event, roi, before_db, after_db``.
    events : DataFrame
        ``event`` and the condition.
    condition : str
        Column of the conditions.
    levels : sequence of str
        Conditions that are measured.

    Returns
    -------
    DataFrame
        ``roi, condition, cleaning`` ("before" or "after"), ``mean_db, ci_low, ci_high``
        (t interval over participants), ``n_participants``.
    """
    table = muscles.merge(events[["event", condition]], on="event", validate="many_to_one")
    rows = []
    for (roi, level), part in table.groupby(["roi", condition], sort=False, observed=True):
        if level not in levels:
            continue
        for cleaning in ("before", "after"):
            values = part.groupby("participant", observed=True)[f"{cleaning}_db"].mean().dropna()
            if values.empty:
                continue
            mean = float(values.mean())
            low, high = t_interval(mean, values.sem(), len(values) - 1)
            rows.append((roi, level, cleaning, mean, low, high, len(values)))
    columns = ["roi", "condition", "cleaning", "mean_db", "ci_low", "ci_high", "n_participants"]
    return pd.DataFrame(rows, columns=columns)


def removal_by_region(
    muscles: pd.DataFrame,
    events: pd.DataFrame,
    random_terms: str,
    *,
    condition: str,
    levels: Sequence[str],
) -> pd.DataFrame:
    """Compare the share of variance that cleaning took between two conditions.

    Parameters
    ----------
    muscles : DataFrame
        ``participant, event, roi, removed_share``.
    events : DataFrame
        ``event, stimulus`` and the condition.
    random_terms : str
        Random part of the models.
    condition : str
        Column of the conditions.
    levels : sequence of str
        The two conditions, the reference first.

    Returns
    -------
    DataFrame
        ``roi``, the two levels (median share), and the mixed model's ``estimate`` (second minus
        first, of log(1 - share), so that one noisy event does not decide), ``ci_low, ci_high,
        p_value``.
    """
    named = events[["event", condition, "stimulus"]]
    table = muscles.merge(named, on="event", validate="many_to_one")
    table = with_reference(table, condition, levels).dropna(subset=["removed_share"])
    # What is left of the variance, on a scale on which events are comparable.
    table["log_left"] = np.log(np.maximum(1 - table["removed_share"], 1e-3))
    rows = []
    for roi, part in table.groupby("roi", sort=False, observed=True):
        middle = part.groupby(condition, observed=True)["removed_share"].median()
        found = fit_many(["log_left"], f"{quoted(condition)} + {random_terms}", part).estimates
        row = {"roi": roi, **{name: middle.get(name, np.nan) for name in levels}}
        if len(found):
            term = found[found["term"] == treatment_term(condition, levels)]
            if len(term):
                for name in ("estimate", "ci_low", "ci_high", "p_value"):
                    row[name] = float(term[name].iloc[0])
        rows.append(row)
    columns = ["roi", *levels, "estimate", "ci_low", "ci_high", "p_value"]
    return pd.DataFrame(rows, columns=columns)
