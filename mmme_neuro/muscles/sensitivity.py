"""The same contrast under analyses that muscles affect differently, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmme_neuro.events.crowding import nearest_distance
from mmme_neuro.models.design import with_reference
from mmme_neuro.models.formula import quoted, treatment_term
from mmme_neuro.models.many import fit_many
from mmme_neuro.muscles.balance import face_part, imbalance, matched_events
from mmme_neuro.stats.estimates import ESTIMATE

PRIMARY = "primary"
NEGATIVE_CONTROL = "muscle band itself"
ALPHA = 0.05


@dataclass(frozen=True, eq=False)
class Variant:
    """One analysis.

    Parameters
    ----------
    name : str
        Name in tables and figures.
    events : DataFrame
        Rows and responses that it uses.
    right_side : str
        Fixed part of the model after the condition; empty for none.
    is_same_unit : bool
        Whether its estimates are in the primary analysis's units.
    """

    name: str
    events: pd.DataFrame
    right_side: str = ""
    is_same_unit: bool = True


def muscle_variants(
    events: pd.DataFrame,
    *,
    condition: str,
    levels: Sequence[str],
    covariate: str = "muscle_db",
    others: Mapping[str, pd.DataFrame] | None = None,
    isolation: float = 5.0,
    rng: np.random.Generator | int,
) -> list[Variant]:
    """Analyses that tell whether an effect could come from facial muscles.

    Parameters
    ----------
    events : DataFrame
        Single-event responses: ``participant, stimulus, onset, action_units``, the condition, the
        covariate (dB) and responses.
    condition : str
        Column of the conditions.
    levels : sequence of str
        The two conditions, the reference first.
    covariate : str
        Muscle power of each event before cleaning.
    others : mapping of str to DataFrame | None
        Further analyses by name whose responses are measured otherwise, such as
        ``"current source density"``, on the same events.
    isolation : float
        Seconds without another event.
    rng : Generator | int
        Of the matching.

    Returns
    -------
    list of Variant
        The primary analysis first.
    """
    own = events[covariate] - events.groupby("participant", observed=True)[covariate].transform(
        "mean"
    )
    scaled = events.assign(muscle_z=own / own.std())
    part = face_part(events["action_units"])
    onsets = events["onset"].astype(float)
    gaps = onsets.groupby(events["participant"], observed=True).transform(
        lambda own: nearest_distance(own.to_numpy())
    )
    matched = matched_events(events, covariate, condition=condition, levels=levels, rng=rng)
    variants = [
        Variant(PRIMARY, events),
        Variant("muscle power as covariate", scaled, "+ muscle_z"),
        Variant("matched muscle power", matched),
        Variant("upper face only", events[part == "upper"]),
        Variant("lower face only", events[part == "lower"]),
        Variant("isolated events", events[gaps > isolation]),
    ]
    for name, table in (others or {}).items():
        variants.append(Variant(name, table, is_same_unit=False))
    return variants


def sensitivity_table(
    variants: Sequence[Variant],
    responses: Sequence[str],
    random_terms: str,
    *,
    condition: str,
    levels: Sequence[str],
) -> pd.DataFrame:
    """Fit every response under every analysis.

    Parameters
    ----------
    variants : sequence of Variant
        The primary one first.
    responses : sequence of str
        Columns of the events; absent ones are left out of a variant.
    random_terms : str
        Random part of the models, reduced where it must be.
    condition : str
        Column of the conditions.
    levels : sequence of str
        The two conditions, the reference first; the contrast is second minus first.

    Returns
    -------
    DataFrame
        ``analysis, response, estimate, std_error, dof, statistic, p_value, ci_low, ci_high,
        n_events, n_participants, is_same_unit, note`` and ``verdict`` (see `verdict`).
    """
    rows, term = [], treatment_term(condition, levels)
    for variant in variants:
        present = [name for name in responses if name in variant.events]
        fixed = f"{quoted(condition)} {variant.right_side}".strip()
        events = with_reference(variant.events, condition, levels)
        fits = fit_many(present, f"{fixed} + {random_terms}", events)
        notes = fits.notes.set_index("response")["warnings"].fillna("")
        estimates = fits.estimates
        for response in present:
            found = (
                estimates[(estimates["response"] == response) & (estimates["term"] == term)]
                if len(estimates)
                else estimates
            )
            used = events.dropna(subset=[response])
            row: dict[str, object] = {
                "analysis": variant.name,
                "response": response,
                "n_events": len(used),
                "n_participants": used["participant"].nunique(),
                "is_same_unit": variant.is_same_unit,
                "note": str(notes.get(response, "")),
            }
            if len(found):
                row |= {name: float(found[name].iloc[0]) for name in ESTIMATE}
            rows.append(row)
    about = ["n_events", "n_participants", "is_same_unit", "note"]
    table = pd.DataFrame(rows, columns=["analysis", "response", *ESTIMATE, *about])
    return table.assign(verdict=[verdict(row, table) for row in table.to_dict("records")])


TESTED = ("estimate", "p_value")


def verdict(row: Mapping, table: pd.DataFrame) -> str:
    """Compare one analysis with the primary one of the same response by stated rules.

    Parameters
    ----------
    row : mapping
        A row of ``table``.
    table : DataFrame
        All analyses.

    Returns
    -------
    str
        ``"primary"``; ``"no estimate"``; with an effect in the primary analysis (p < .05)
        ``"holds"`` (p < .05, same sign), ``"same sign, not significant"`` or ``"reverses"``;
        without one ``"no effect either"`` or ``"effect only here"``. The muscle band itself says
        ``"muscles differ"`` or ``"muscles alike"``.
    """
    if row["analysis"] == PRIMARY:
        return PRIMARY
    if row["analysis"] == NEGATIVE_CONTROL and np.isfinite(row["p_value"]):
        return "muscles differ" if row["p_value"] < ALPHA else "muscles alike"
    first = table[(table["analysis"] == PRIMARY) & (table["response"] == row["response"])]
    primary = first.iloc[0] if len(first) else dict.fromkeys(TESTED, np.nan)
    if not np.isfinite([float(one[name]) for one in (row, primary) for name in TESTED]).all():
        return "no estimate"
    is_effect = row["p_value"] < ALPHA
    if primary["p_value"] >= ALPHA:
        return "effect only here" if is_effect else "no effect either"
    if np.sign(row["estimate"]) != np.sign(primary["estimate"]):
        return "reverses"
    return "holds" if is_effect else "same sign, not significant"


def muscle_balance(
    variants: Sequence[Variant],
    covariate: str = "muscle_db",
    *,
    condition: str,
    levels: Sequence[str],
) -> pd.DataFrame:
    """Standardized difference of muscle power between two conditions.

    Parameters
    ----------
    variants : sequence of Variant
        Analyses; those without the covariate are left out.
    covariate : str
        Column.
    condition : str
        Column of the conditions.
    levels : sequence of str
        The two conditions, the reference first.

    Returns
    -------
    DataFrame
        ``analysis, difference_sd, n_events``.
    """
    rows = []
    for variant in (each for each in variants if covariate in each.events):
        found = imbalance(variant.events, covariate, condition=condition, levels=levels)
        rows.append((variant.name, found, len(variant.events)))
    return pd.DataFrame(rows, columns=["analysis", "difference_sd", "n_events"])
