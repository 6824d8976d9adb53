"""Split of a predictor into what varies within and what varies between groups."""

import pandas as pd

from mmme_neuro.models.values import CATEGORY, as_numbers, kind_of
from mmme_neuro.stats.tables import check_hashable, check_table


def within_between(
    data: pd.DataFrame, predictor: str, *, participant: str = "participant", center: bool = True
) -> pd.DataFrame:
    """Split a numeric predictor into its group mean and the deviation from it.

    Parameters
    ----------
    data : DataFrame, shape (n_events, n_columns)
        One row for each event.
    predictor : str
        Numeric or boolean column. For two categories give a 0/1 column: the group mean is then
        the share of the second.
    participant : str
        Column of the persons, or of another grouping.
    center : bool
        Whether the group means are centered at the mean of the groups.

    Returns
    -------
    DataFrame, shape (n_events, n_columns + 2)
        A copy with ``{predictor}_within`` (event minus its group's mean) and
        ``{predictor}_between`` (mean of the group), both in units of the predictor.

    Notes
    -----
    In ``y ~ x_within + x_between + (1 + x_within | participant)`` the two slopes are the effect
    within a participant and that between participants, which one slope of ``x`` would mix
    (Enders & Tofighi 2007, Psychol Methods 12:121; Bell & Jones 2015, Polit Sci Res Methods 3:133).
    Means are taken over the rows given: leave out rows without a response first. Rows without a
    predictor or a group are NaN and count in no mean.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({"participant": ["a", "a", "b", "b"], "rise": [1.0, 3.0, 6.0, 8.0]})
    >>> within_between(events, "rise")["rise_within"].tolist()
    [-1.0, 1.0, -1.0, 1.0]
    """
    check_table(data, (predictor, participant), name="data")
    check_hashable(data[participant], name="data")
    if kind_of(data[predictor]) == CATEGORY:
        raise ValueError(
            f"predictor {predictor!r} must be numeric, got {data[predictor].dtype}; give a 0/1 "
            "column for two categories"
        )
    taken = [f"{predictor}_{part}" for part in ("within", "between")]
    present = [name for name in taken if name in data.columns]
    if present:
        raise ValueError(f"columns {present} are there already; rename them first")
    values = as_numbers(data[predictor])
    groups = values.where(data[participant].notna()).groupby(data[participant], observed=True)
    between = groups.transform("mean").where(values.notna())
    origin = groups.mean().mean() if center else 0.0
    return data.assign(**{taken[0]: values - between, taken[1]: between - origin})
