"""What is known of the face at each event, as numbers."""

import numpy as np
import pandas as pd

from mmme_neuro.events.action_units import split_action_units
from mmme_neuro.muscles.balance import UPPER_FACE

FACE_FEATURES = ("log_duration", "log_rise", "n_action_units", "upper_share")
"""Columns that `face_features` makes."""


def face_features(events: pd.DataFrame) -> pd.DataFrame:
    """Describe the expression of each event by numbers.

    Parameters
    ----------
    events : DataFrame, shape (n_events, n_columns)
        With ``duration``, ``rise`` (s), ``action_units`` and ``censored``.

    Returns
    -------
    DataFrame, shape (n_events, 4)
        ``log_duration`` (natural logarithm of s; missing where the end was not seen),
        ``log_rise``, ``n_action_units`` and ``upper_share`` (share of the units that lie in the
        upper face). Times of zero and events without coded units are missing.

    Raises
    ------
    ValueError
        When a column is missing.

    Examples
    --------
    >>> events = pd.DataFrame({"duration": [0.4], "rise": [0.2], "censored": [False]})
    >>> face_features(events.assign(action_units="AU4,AU12")).round(2).to_numpy().tolist()
    [[-0.92, -1.61, 2.0, 0.5]]
    """
    missing = [
        name for name in ("duration", "rise", "action_units", "censored") if name not in events
    ]
    if missing:
        raise ValueError(f"events lacks the columns {missing}; it has {list(events)}.")
    units = [
        [int(unit.removeprefix("AU")) for unit in split_action_units(text)]
        for text in events["action_units"].fillna("")
    ]
    seen = events["duration"].where(~events["censored"].astype(bool))
    return pd.DataFrame(
        {
            "log_duration": np.log(seen.where(seen > 0)),
            "log_rise": np.log(events["rise"].where(events["rise"] > 0)),
            "n_action_units": [len(own) or np.nan for own in units],
            "upper_share": [
                float(np.mean([n in UPPER_FACE for n in own])) if own else np.nan for own in units
            ],
        },
        index=events.index,
    )
