"""Which units change sign in a permutation test, as the model and the tested term demand."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput, TooFewUnits
from mmme_neuro.models.design import Design, RandomFactor
from mmme_neuro.stats.groups import independent_columns
from mmme_neuro.stats.tables import check_hashable

LEAST_UNITS = 6
"""Fewest levels that may carry a term: 2^6 patterns of signs are the first that leave two-sided
p-values (each pattern and its opposite) below .05."""

IN_SPAN = 1e-8
"""Share of a column's sum of squares outside the span of others that counts as none."""

KNOWN_GROUPS = ("participant", "stimulus")


@dataclass(frozen=True, eq=False)
class Units:
    """Units whose contributions change sign together.

    Parameters
    ----------
    counts : dict of str to int
        Number of units of each grouping factor that has some; first the one that owns the events.
    carriers : tuple of str
        Grouping factors over whose levels the tested effect may vary at random.
    event_unit : array of int, shape (n_events,)
        Unit of each event.
    level_units : list of array of int, shape (n_levels,)
        Unit of each level of each grouping factor, in the order of the design.
    labels : dict of str to tuple of str
        Names of the units of each grouping factor, in the order of ``counts``.
    """

    counts: dict[str, int]
    carriers: tuple[str, ...]
    event_unit: np.ndarray
    level_units: list[np.ndarray]
    labels: dict[str, tuple[str, ...]]

    @property
    def n_units(self) -> int:
        """Number of units of all factors together."""
        return sum(self.counts.values())

    def describe(self) -> str:
        """Say what changes sign."""
        return " and ".join(f"{n} levels of {name}" for name, n in self.counts.items())


def column_of_term(design: Design, term: str) -> str:
    """Name of the one fixed column that a term means; anything else is refused.

    Parameters
    ----------
    design : Design
        The full model.
    term : str
        A fixed column such as ``"condition[T.spontaneous]"``, or a term that has one column.

    Returns
    -------
    str
    """
    names = list(design.fixed_names)
    if term in names:
        return term
    terms = design.terms
    plain = [name for name in names if terms[name] in (term, f"`{term}`")]
    if len(plain) == 1:
        return plain[0]
    if plain:
        raise BadInput(
            f"term {term!r} has the {len(plain)} columns {plain}; a signed statistic tests one of "
            "them: name it"
        )
    if term in design.aliased or term in [terms[name] for name in design.aliased]:
        raise BadInput(
            f"term {term!r} is aliased: its column is a combination of the others in these events, "
            f"so it has no effect of its own to test; the terms that have one are {names}"
        )
    raise BadInput(f"no term {term!r} in the formula; the terms are {names}")


def find_units(design: Design, tested: str, grouping: str, events: pd.DataFrame) -> Units:
    """Find what changes sign and refuse a term that too few units carry.

    Parameters
    ----------
    design : Design
        The full model.
    tested : str
        Its tested column.
    grouping : str
        Grouping factor that owns the events.
    events : DataFrame, shape (n_rows, n_columns)
        The table behind the design.

    Returns
    -------
    Units
    """
    factors = {factor.name: factor for factor in design.random}
    if grouping not in factors:
        raise BadInput(
            f"units {grouping!r} is no grouping factor of the formula; these are {list(factors)}: "
            f"add a random term such as (1 | {grouping}) or name other units"
        )
    column = design.fixed[:, design.fixed_names.index(tested)]
    _check_left_out(column, tested, list(factors), events.iloc[design.rows])
    owner = factors[grouping]
    parents = {
        factor.name: next((up for up in (owner, *design.random) if _is_nested(factor, up)), None)
        for factor in design.random
    }
    tops = [owner, *(f for f in design.random if f is not owner and parents[f.name] is None)]
    start = dict(zip([f.name for f in tops], _starts(tops), strict=True))
    level_units = []
    for factor in design.random:
        top = factor
        while top.name not in start:
            parent = parents[top.name]
            top = parent if parent is not None else owner
        level_units.append(start[top.name] + _parent_levels(factor, top))
    carriers = tuple(f.name for f in design.random if spans(f, column))
    found = Units(
        counts={factor.name: len(factor.levels) for factor in tops},
        carriers=carriers,
        event_unit=start[grouping] + owner.codes,
        level_units=level_units,
        labels={factor.name: factor.levels for factor in tops},
    )
    _check_numbers(found, design, tested, tops, owner)
    return found


def spans(factor: RandomFactor, column: np.ndarray) -> bool:
    """Whether a column is, within every level, a combination of the factor's random columns."""
    outside = 0.0
    for level in range(len(factor.levels)):
        own = factor.codes == level
        basis = independent_columns(factor.columns[own], below=1e-11)[1]
        rest = column[own] - basis @ (basis.T @ column[own])
        rest = rest - basis @ (basis.T @ rest)
        outside += float(rest @ rest)
    # About its mean, so that an offset does not matter; a constant has none.
    size = float(np.sum((column - column.mean()) ** 2))
    whole = float(column @ column)
    return outside <= IN_SPAN * (size if size > 1e-24 * whole else whole)


def varies_within(codes: np.ndarray, column: np.ndarray) -> bool:
    """Whether a column takes different values in some level."""
    by_level = pd.Series(column).groupby(codes, observed=True)
    return bool((by_level.max() - by_level.min()).max() > 0)


def left_out_slopes(design: Design, tested: str, units: Units) -> tuple[str, ...]:
    """Grouping factors with units in whose levels the term varies without a slope for it."""
    column = design.fixed[:, design.fixed_names.index(tested)]
    return tuple(
        factor.name
        for factor in design.random
        if factor.name in units.counts
        and factor.name not in units.carriers
        and varies_within(factor.codes, column)
    )


def _starts(factors: list[RandomFactor]) -> list[int]:
    return [int(n) for n in np.cumsum([0, *(len(factor.levels) for factor in factors)])[:-1]]


def _is_nested(lower: RandomFactor, upper: RandomFactor) -> bool:
    """Whether every level of one factor lies in one level of the other, which has fewer."""
    if lower is upper or len(lower.levels) <= len(upper.levels):
        return False
    pairs = np.unique(np.column_stack([lower.codes, upper.codes]), axis=0)
    return len(pairs) == len(lower.levels)


def _parent_levels(lower: RandomFactor, upper: RandomFactor) -> np.ndarray:
    """Level of the upper factor in which each level of the lower one lies."""
    parent = np.zeros(len(lower.levels), dtype=np.int64)
    parent[lower.codes] = upper.codes
    return parent


def _check_left_out(
    column: np.ndarray, tested: str, factors: list[str], events: pd.DataFrame
) -> None:
    """Refuse a term that differs only between levels of a group that the formula leaves out."""
    for name in KNOWN_GROUPS:
        if name in factors or name not in events or not column.std():
            continue
        check_hashable(events[name], name="events")
        codes = pd.factorize(events[name])[0]
        if not varies_within(codes, column):
            raise BadInput(
                f"term {tested!r} has one value for each {name}, but the formula has no random "
                f"effect of {name}: events of one {name} would count as independent and no scheme "
                f"is valid, the bootstrap neither; add (1 | {name})"
            )


def _check_numbers(
    units: Units, design: Design, tested: str, tops: list[RandomFactor], owner: RandomFactor
) -> None:
    """Refuse a term with too few units for a p-value of .05."""
    at = design.fixed_names.index(tested)
    others = np.delete(design.fixed, at, axis=1)
    basis = np.linalg.qr(others)[0]
    own = design.fixed[:, at] - basis @ (basis.T @ design.fixed[:, at])
    own = own - basis @ (basis.T @ own)
    for factor in tops:
        if factor is not owner and factor.name not in units.carriers:
            continue
        share = np.bincount(factor.codes, weights=own**2)
        n = int((share > IN_SPAN * share.sum()).sum())
        if n < LEAST_UNITS:
            raise TooFewUnits(
                f"no sign-flip scheme is valid for term {tested!r}: only {n} levels of "
                f"{factor.name!r} carry it, and fewer than {LEAST_UNITS} have too few patterns of "
                f"signs for p-values below .05; add levels of {factor.name!r}, or test single "
                "cells by fit_lmm_map, whose p-values rest on the model, corrected by "
                "adjust_p_values"
            )
