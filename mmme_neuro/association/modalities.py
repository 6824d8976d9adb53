"""Multivariate association of every two modalities, and features of the face."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from mmme_neuro.association.canonical import cross_modal
from mmme_neuro.association.shuffles import Resampling
from mmme_neuro.errors import NotEstimable
from mmme_neuro.events.coding import split_action_units
from mmme_neuro.stats.multiplicity import adjust_p_values
from mmme_neuro.stats.tables import check_table, column_numbers
from mmme_neuro.vocabulary import UPPER_FACE

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
    check_table(events, ("duration", "rise", "action_units", "censored"), name="events")
    units = [
        [int(unit.removeprefix("AU")) for unit in split_action_units(text)]
        for text in events["action_units"].fillna("")
    ]
    # As float64: NumPy takes logarithms of small integers in half precision.
    duration, rise = (column_numbers(events, name, name="events") for name in ("duration", "rise"))
    duration = np.where(events["censored"].astype(bool), np.nan, duration)
    return pd.DataFrame(
        {
            "log_duration": np.log(np.where(duration > 0, duration, np.nan)),
            "log_rise": np.log(np.where(rise > 0, rise, np.nan)),
            "n_action_units": [len(own) or np.nan for own in units],
            "upper_share": [
                float(np.mean([n in UPPER_FACE for n in own])) if own else np.nan for own in units
            ],
        },
        index=events.index,
    )


@dataclass(frozen=True)
class ModalityTables:
    """Results of `cross_modal` for several pairs of modalities.

    Attributes
    ----------
    components : DataFrame
        ``modality_x, modality_y, method, adjusted_for, component, r, r_cv, p_value, p_holm, p_fdr,
        ...``; a pair that could not be analyzed has its reason in ``reason``.
    loadings : DataFrame
        ``modality_x, modality_y, method, adjusted_for, component, modality, feature, weight,
        loading``.
    null : DataFrame
        ``modality_x, modality_y, method, adjusted_for, component, r_cv``: one row per null order.
    """

    components: pd.DataFrame
    loadings: pd.DataFrame
    null: pd.DataFrame


def cross_modal_pairs(
    data: pd.DataFrame,
    modalities: Mapping[str, Sequence[str]],
    *,
    resampling: Resampling,
    methods: Sequence[str] = ("cca", "pls"),
    strata: Sequence[str] = (),
    n_folds: tuple[int, int] = (5, 4),
    participant: str = "participant",
    stimulus: str = "stimulus",
) -> ModalityTables:
    """Find what goes together in every two modalities.

    Parameters
    ----------
    data : DataFrame
        One row per event.
    modalities : mapping of str to sequence of str
        Features of each modality.
    resampling, strata, n_folds, participant, stimulus
        As in `cross_modal`; where there are fewer participants or stimuli than folds, each is left
        out alone.
    methods : sequence of {"cca", "pls"}
        One analysis each.

    Returns
    -------
    ModalityTables
        First components. The pairs of modalities are one family for each method.
    """
    rng = np.random.default_rng(resampling.rng)
    there = [data[name].nunique() for name in (participant, stimulus)]
    folds = (min(n_folds[0], there[0]), min(n_folds[1], there[1]))
    tables: dict[str, list[pd.DataFrame]] = {"components": [], "loadings": [], "null": []}
    for method in methods:
        for x, y in combinations(modalities, 2):
            about = {"modality_x": x, "modality_y": y, "method": method}
            about["adjusted_for"] = ", ".join(strata)
            try:
                found = cross_modal(
                    data,
                    modalities[x],
                    modalities[y],
                    resampling=replace(resampling, rng=rng),
                    method=method,
                    participant=participant,
                    stimulus=stimulus,
                    strata=strata,
                    n_folds=folds,
                )
            except NotEstimable as error:
                tables["components"].append(pd.DataFrame([{**about, "reason": str(error)}]))
                continue
            null = pd.DataFrame({"component": 1, "r_cv": found.null[:, 0]})
            parts = {"components": found.table(), "loadings": found.loadings, "null": null}
            for name, part in parts.items():
                tables[name].append(part.assign(**about))
    joined = {
        name: pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
        for name, parts in tables.items()
    }
    components = joined["components"]
    if "p_value" not in components:
        components = components.assign(r=np.nan, r_cv=np.nan, p_value=np.nan)
    if "reason" not in components:
        components = components.assign(reason="")
    components = components.assign(reason=components["reason"].fillna(""))
    corrected = adjust_p_values(components, method=["holm", "fdr"], within="method")
    return ModalityTables(corrected, joined["loadings"], joined["null"])
