"""Multivariate association of every two modalities, as tidy tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from mmme_neuro.association.canonical import cross_modal
from mmme_neuro.association.multiplicity import correct_families
from mmme_neuro.association.shuffles import Resampling


@dataclass(frozen=True)
class ModalityTables:
    """Results of `cross_modal` for several pairs of modalities.

    Attributes
    ----------
    components : DataFrame
        ``modality_x, modality_y, method, adjusted_for, component, r, r_cv, p_value, p_holm, p_fdr,
        ...``; a pair that could not be analysed has its reason in ``reason``.
    loadings : DataFrame
        ``modality_x, modality_y, method, adjusted_for, component, modality, feature, weight,
        loading``.
    null : DataFrame
        ``modality_x, modality_y, method, adjusted_for, component, r_cv``: one row a null order.
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
        One row an event.
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
            except ValueError as error:
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
    corrected = correct_families(components, family="method")
    return ModalityTables(corrected, joined["loadings"], joined["null"])
