"""Published databases of spontaneous micro-expressions, next to the events of a study."""

import pandas as pd

from mmme_neuro.stats.tables import check_table

THIS_STUDY = "This study"

PUBLISHED = pd.DataFrame(
    [
        ("CASME", 2013, 35, 195, None, 321.4, 91.6),
        ("CASME II", 2014, 35, 247, None, 318.9, 94.8),
        ("SAMM", 2016, 32, 159, 343, 370.7, 94.8),
        ("CAS(ME)2", 2018, 22, 57, 300, 419.1, 58.9),
        ("MMEW", 2021, 36, 300, 900, 377.7, 87.8),
        ("CAS(ME)3", 2022, 131, 1109, 3490, 370.5, 89.2),
        ("MMME", 2025, 110, 634, 2841, 381.7, 100.5),
    ],
    columns=[
        "database",
        "year",
        "n_participants",
        "n_micro",
        "n_macro",
        "duration_mean_ms",
        "duration_sd_ms",
    ],
).convert_dtypes()
"""Participants, events and duration (ms) of micro-expressions.

Durations and MMME: MMME's dataset figure (arXiv 2506.09834). Events and participants: Yan et al.
2013 and 2014 (CASME, CASME II), Davison et al. 2018 and Yap et al. 2020 (SAMM; macro-expressions of
its long videos), Qu et al. 2018 (CAS(ME)2), Ben et al. 2021 (MMEW), Li et al. 2022 (CAS(ME)3: the
100 and 31 participants of its labeled parts A and C). Participants are those recorded.
"""


def database_table(events: pd.DataFrame) -> pd.DataFrame:
    """Set a study's events beside the published databases.

    Parameters
    ----------
    events : DataFrame
        Merged events: ``participant, expression, duration`` (s) and ``censored``.

    Returns
    -------
    DataFrame
        As `PUBLISHED`, with the study as the last row; its durations are those of
        micro-expressions whose offset was coded.

    Examples
    --------
    >>> events = pd.DataFrame({"participant": ["a", "a"], "expression": ["micro", "macro"]})
    >>> own = database_table(events.assign(duration=[0.3, 1.0], censored=False)).iloc[-1]
    >>> own[["database", "n_participants", "n_micro", "n_macro"]].astype(str).tolist()
    ['This study', '1', '1', '1']
    """
    check_table(events, ("participant", "expression", "duration", "censored"), name="events")
    is_micro = events["expression"] == "micro"
    timed = is_micro & ~events["censored"].astype(bool)
    duration_ms = 1000 * events.loc[timed, "duration"].astype(float)
    own = {
        "database": THIS_STUDY,
        "year": None,
        "n_participants": events["participant"].nunique(),
        "n_micro": int(is_micro.sum()),
        "n_macro": int((events["expression"] == "macro").sum()),
        "duration_mean_ms": duration_ms.mean(),
        "duration_sd_ms": duration_ms.std(),
    }
    row = pd.DataFrame([own]).astype(PUBLISHED.dtypes.to_dict())
    return pd.concat([PUBLISHED, row], ignore_index=True)
