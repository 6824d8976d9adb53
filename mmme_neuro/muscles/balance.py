"""Pairs of events with equal muscle power, and subsets by the part of the face that moves."""

import numpy as np
import pandas as pd

from mmme_neuro.events.coding import split_action_units
from mmme_neuro.vocabulary import UPPER_FACE

CALIPER_SD = 0.25


def matched_events(
    events: pd.DataFrame,
    covariate: str,
    *,
    levels: tuple[str, str] = ("macro", "micro"),
    caliper: float = CALIPER_SD,
    rng: np.random.Generator | int,
) -> pd.DataFrame:
    """Keep pairs of events of two kinds with nearly the same value, within participants.

    Parameters
    ----------
    events : DataFrame
        ``participant, expression`` and the covariate; any index.
    covariate : str
        Column to match on, such as muscle power in dB.
    levels : tuple of str
        The two kinds.
    caliper : float
        Largest difference of a pair, in standard deviations of the covariate within participants.
    rng : Generator | int
        Decides whose partner is looked for first.

    Returns
    -------
    DataFrame
        Rows of the pairs, with ``pair``; each event is in one pair at most.
    """
    known = events[events["expression"].isin(levels)].dropna(subset=[covariate])
    centred = known[covariate] - known.groupby("participant")[covariate].transform("mean")
    widest = caliper * float(centred.std())
    generator = np.random.default_rng(rng)
    rows: list = []
    pairs: list[int] = []
    for _, own in known.groupby("participant"):
        free = own[own["expression"] == levels[0]][covariate]
        wanted = own[own["expression"] == levels[1]][covariate]
        for label in generator.permutation(wanted.index.to_numpy()):
            if free.empty:
                break
            distance = (free - wanted[label]).abs()
            nearest = distance.idxmin()
            if distance[nearest] <= widest:
                rows += [nearest, label]
                pairs += [len(pairs) // 2] * 2
                free = free.drop(nearest)
    return events.loc[rows].assign(pair=pairs)


def imbalance(
    events: pd.DataFrame, covariate: str, *, levels: tuple[str, str] = ("macro", "micro")
) -> float:
    """Standardised difference of a covariate between two kinds of event, within participants.

    Parameters
    ----------
    events : DataFrame
        ``participant, expression`` and the covariate.
    covariate : str
        Column.
    levels : tuple of str
        The difference is second minus first.

    Returns
    -------
    float
        Mean over participants of the difference of means, over the standard deviation within
        participants and kinds; NaN where no participant has both.
    """
    known = events[events["expression"].isin(levels)].dropna(subset=[covariate])
    means = known.pivot_table(covariate, "participant", "expression").reindex(columns=list(levels))
    within = known[covariate] - known.groupby(["participant", "expression"])[covariate].transform(
        "mean"
    )
    return float((means[levels[1]] - means[levels[0]]).mean() / within.std())


def face_part(action_units: pd.Series) -> pd.Series:
    """Say which part of the face moved.

    Parameters
    ----------
    action_units : Series
        Texts such as ``"AU4,AU12"``.

    Returns
    -------
    Series
        ``"upper"``, ``"lower"``, ``"both"`` or ``""`` (none coded).
    """

    def part(text: object) -> str:
        units = {int(unit[2:]) for unit in split_action_units(str(text or ""))}
        upper, lower = bool(units & UPPER_FACE), bool(units - UPPER_FACE)
        return {(True, True): "both", (True, False): "upper", (False, True): "lower"}.get(
            (upper, lower), ""
        )

    return action_units.fillna("").map(part)
