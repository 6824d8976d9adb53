"""Muscle power by region and expression, and the one number that stands for an event."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmme_neuro.models.many import fit_many
from mmme_neuro.stats.estimates import t_interval

EXPRESSIONS = ("macro", "micro")


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
        raise ValueError(f"muscles: none of {list(rois)} is there, only {sorted(known)}.")
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


def by_expression(muscles: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Mean muscle power of each region and expression before and after cleaning.

    Parameters
    ----------
    muscles : DataFrame
        ``participant, event, roi, before_db, after_db``.
    events : DataFrame
        ``event, expression``.

    Returns
    -------
    DataFrame
        ``roi, expression, cleaning`` ("before" or "after"), ``mean_db, ci_low, ci_high``
        (t interval over participants), ``n_participants``.
    """
    table = muscles.merge(events[["event", "expression"]], on="event", validate="many_to_one")
    rows = []
    for (roi, expression), part in table.groupby(["roi", "expression"], sort=False):
        if expression not in EXPRESSIONS:
            continue
        for cleaning in ("before", "after"):
            values = part.groupby("participant")[f"{cleaning}_db"].mean().dropna()
            if values.empty:
                continue
            mean = float(values.mean())
            low, high = t_interval(mean, values.sem(), len(values) - 1)
            rows.append((roi, expression, cleaning, mean, low, high, len(values)))
    columns = ["roi", "expression", "cleaning", "mean_db", "ci_low", "ci_high", "n_participants"]
    return pd.DataFrame(rows, columns=columns)


def removal_by_region(
    muscles: pd.DataFrame, events: pd.DataFrame, random_terms: str
) -> pd.DataFrame:
    """Compare the share of variance that cleaning took between expressions.

    Parameters
    ----------
    muscles : DataFrame
        ``participant, event, roi, removed_share``.
    events : DataFrame
        ``event, expression, stimulus``.
    random_terms : str
        Random part of the models.

    Returns
    -------
    DataFrame
        ``roi, macro, micro`` (median share), and the mixed model's ``estimate`` (micro - macro, of
        log(1 - share), so that one noisy event does not decide), ``ci_low, ci_high, p_value``.
    """
    named = events[["event", "expression", "stimulus"]]
    table = muscles.merge(named, on="event", validate="many_to_one")
    table = table[table["expression"].isin(EXPRESSIONS)].dropna(subset=["removed_share"])
    # What is left of the variance, on a scale on which events are comparable.
    table["log_left"] = np.log(np.maximum(1 - table["removed_share"], 1e-3))
    rows = []
    for roi, part in table.groupby("roi", sort=False):
        middle = part.groupby("expression")["removed_share"].median()
        found = fit_many(["log_left"], f"expression + {random_terms}", part).estimates
        row = {"roi": roi, **{name: middle.get(name, np.nan) for name in EXPRESSIONS}}
        if len(found):
            term = found[found["term"] == "expression[T.micro]"]
            if len(term):
                for name in ("estimate", "ci_low", "ci_high", "p_value"):
                    row[name] = float(term[name].iloc[0])
        rows.append(row)
    columns = ["roi", *EXPRESSIONS, "estimate", "ci_low", "ci_high", "p_value"]
    return pd.DataFrame(rows, columns=columns)
