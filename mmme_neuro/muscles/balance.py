"""Pairs of events with equal muscle power, and subsets by the part of the face that moves."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmme_neuro.events.coding import split_action_units
from mmme_neuro.stats.levels import two_levels
from mmme_neuro.vocabulary import UPPER_FACE

CALIPER_SD = 0.25


def matched_events(
    events: pd.DataFrame,
    covariate: str,
    *,
    condition: str,
    levels: Sequence[str],
    caliper: float = CALIPER_SD,
    rng: np.random.Generator | int,
) -> pd.DataFrame:
    """Keep pairs of events of two conditions with nearly the same value, within participants.

    Parameters
    ----------
    events : DataFrame
        ``participant``, the condition and the covariate; any index.
    covariate : str
        Column to match on, such as muscle power in dB.
    condition : str
        Column of the conditions.
    levels : sequence of str
        The two conditions, the reference first.
    caliper : float
        Largest difference of a pair, in standard deviations of the covariate within participants.
    rng : Generator | int
        Decides whose partner is looked for first.

    Returns
    -------
    DataFrame
        Rows of the pairs, with ``pair``; each event is in one pair at most.
    """
    reference, other = two_levels(events, condition, levels)
    known = events[events[condition].isin([reference, other])].dropna(subset=[covariate])
    centered = known[covariate] - known.groupby("participant", observed=True)[covariate].transform(
        "mean"
    )
    widest = caliper * float(centered.std())
    generator = np.random.default_rng(rng)
    rows: list = []
    pairs: list[int] = []
    for _, own in known.groupby("participant", observed=True):
        free = own[own[condition] == reference][covariate]
        wanted = own[own[condition] == other][covariate]
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
    events: pd.DataFrame, covariate: str, *, condition: str, levels: Sequence[str]
) -> float:
    """Standardized difference of a covariate between two conditions, within participants.

    Parameters
    ----------
    events : DataFrame
        ``participant``, the condition and the covariate.
    covariate : str
        Column.
    condition : str
        Column of the conditions.
    levels : sequence of str
        The two conditions, the reference first; the difference is second minus first.

    Returns
    -------
    float
        Mean over participants of the difference of means, over the standard deviation within
        participants and conditions; NaN where no participant has both.
    """
    reference, other = two_levels(events, condition, levels)
    known = events[events[condition].isin([reference, other])].dropna(subset=[covariate])
    means = known.pivot_table(covariate, "participant", condition, observed=True)
    means = means.reindex(columns=[reference, other])
    cells = known.groupby(["participant", condition], observed=True)[covariate]
    within = known[covariate] - cells.transform("mean")
    return float((means[other] - means[reference]).mean() / within.std())


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
