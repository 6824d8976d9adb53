"""Design matrix of a continuous signal: every event's row spread out in time."""

from collections.abc import Mapping
from dataclasses import dataclass

import formulaic
import numpy as np
import pandas as pd
from scipy import sparse

from mmme_neuro.errors import BadFormula, BadInput, MissingInput
from mmme_neuro.models.design import FUNCTIONS, evaluate
from mmme_neuro.models.formula import parse_formula
from mmme_neuro.models.naming import ColumnNames, Expression
from mmme_neuro.models.values import (
    CATEGORY,
    NUMBER,
    CompleteColumns,
    as_numbers,
    kind_of,
    stand_in_table,
)
from mmme_neuro.responses.overlap.basis import Basis


@dataclass(frozen=True)
class Block:
    """Columns of one kind of event.

    Attributes
    ----------
    event_type : str
        Kind of event.
    terms : tuple of str
        Columns of the formula's design, such as ``condition[T.posed]``.
    basis : Basis
        Functions that each term's response is made of.
    first : int
        Where the block begins in the design matrix; term *j*, function *k* is column
        ``first + j * basis.n_functions + k``.
    spec : formulaic.ModelSpec
        How a row of values becomes a row of the design.
    n_events : int
        Events of this kind.
    expression : Expression
        The formula, with identifiers for the columns.
    levels : mapping of str to list
        Levels of the categorical covariates; other covariates are numbers.
    """

    event_type: str
    terms: tuple[str, ...]
    basis: Basis
    first: int
    spec: formulaic.ModelSpec
    n_events: int
    expression: Expression
    levels: Mapping[str, list]

    @property
    def n_columns(self) -> int:
        """Columns of the design matrix that belong to the block."""
        return len(self.terms) * self.basis.n_functions

    def spans(self) -> list[slice]:
        """Columns of each term."""
        n = self.basis.n_functions
        return [slice(self.first + j * n, self.first + (j + 1) * n) for j in range(len(self.terms))]

    def row(self, values: Mapping[str, object]) -> np.ndarray:
        """Design row, shape (n_terms,), of an event with given values of its covariates."""
        given = {str(name): value for name, value in values.items()}
        if missing := sorted(self.expression.columns - set(given)):
            raise ValueError(
                f"values for {missing} are needed: the formula of {self.event_type!r} has them. "
                "Give one value each, e.g. condition='posed'."
            )
        # Without covariates the table still needs a row.
        table = pd.DataFrame(index=[0])
        kinds = {}
        for name in sorted(self.expression.columns):
            kinds[name] = CATEGORY if name in self.levels else NUMBER
            table[name] = self._value(name, given[name])
        stand_ins = stand_in_table(self.expression, table, kinds)
        return self.spec.get_model_matrix(stand_ins, context=FUNCTIONS).to_numpy(float)[0]

    def _value(self, name: str, value: object) -> pd.Series:
        """One value of a covariate as the formula takes it."""
        levels = self.levels.get(name)
        if levels is None:
            try:
                return as_numbers(pd.Series([value], dtype=object))
            except (TypeError, ValueError) as error:  # what is no number
                raise BadInput(f"{name}={value!r} must be a number") from error
        if value not in levels:
            raise MissingInput(
                f"{name}={value!r}: no event of this recording has it; found {levels}."
            )
        return pd.Series(pd.Categorical([value], categories=levels))


@dataclass(frozen=True)
class Expanded:
    """Time-expanded design.

    Attributes
    ----------
    matrix : sparse array, shape (n_times, n_columns)
        Event columns, then nuisance columns, then the constant.
    blocks : tuple of Block
        The kinds of events.
    nuisance : tuple of str
        Names of the last columns.
    """

    matrix: sparse.csr_array
    blocks: tuple[Block, ...]
    nuisance: tuple[str, ...]

    def names(self) -> list[str]:
        """Name of every column."""
        named = [
            f"{block.event_type}: {term}, function {k}"
            for block in self.blocks
            for term in block.terms
            for k in range(block.basis.n_functions)
        ]
        return [*named, *self.nuisance]


def expand(
    times: np.ndarray,
    events: pd.DataFrame,
    formulas: Mapping[str, str],
    bases: Mapping[str, Basis],
    nuisance: Mapping[str, np.ndarray],
) -> Expanded:
    """Spread every event's design row over the samples around it.

    Parameters
    ----------
    times : array, shape (n_times,)
        Equally spaced times of the samples (s).
    events : DataFrame
        ``time`` (s, same clock), ``event_type`` and the covariates; any order.
    formulas, bases : mapping of str
        One-sided formula and basis of each kind.
    nuisance : mapping of str to array, shape (n_times,)
        Continuous regressors; a constant is added.

    Returns
    -------
    Expanded

    Raises
    ------
    ValueError
        When a kind has no event, a formula names an absent column or a covariate is missing.
    """
    blocks, parts, first = [], [], 0
    for event_type, formula in formulas.items():
        chosen = events[events["event_type"] == event_type]
        if chosen.empty:
            raise MissingInput(
                f"no event of type {event_type!r}; the events have "
                f"{sorted(set(events['event_type']))}."
            )
        basis = bases[event_type]
        block, values = _event_design(chosen, formula, event_type, basis, first)
        parts.append(_spread(times, chosen["time"].to_numpy(float), values, basis))
        blocks.append(block)
        first += block.n_columns
    continuous = {**nuisance, "constant": np.ones(times.size)}
    parts.append(sparse.csr_array(np.column_stack(list(continuous.values()))))
    return Expanded(sparse.csr_array(sparse.hstack(parts)), tuple(blocks), tuple(continuous))


def _event_design(
    events: pd.DataFrame, formula: str, event_type: str, basis: Basis, first: int
) -> tuple[Block, np.ndarray]:
    """One row per event."""
    parsed = parse_formula(formula)
    if parsed.response or parsed.random or parsed.offsets:
        raise BadFormula(
            f"formula {formula!r} of {event_type!r} must be one-sided and without random terms or "
            "offsets, such as '~ condition'."
        )
    names = ColumnNames(tuple(map(str, events.columns)))
    expression = names.expression(parsed.fixed, formula)
    columns = {
        name: events.iloc[:, names.columns.index(name)].reset_index(drop=True)
        for name in sorted(expression.columns)
    }
    missing = {name: int(c.isna().sum()) for name, c in columns.items() if c.isna().any()}
    if missing:
        raise MissingInput(
            f"formula {formula!r} of {event_type!r}: values are missing (column: events) "
            f"{missing}. Fill them or leave the covariate out; leaving events out would leave "
            "their overlap in."
        )
    # A truth value is the number 0 or 1 here, so that the term keeps its plain name.
    columns = {
        n: c if kind_of(c) in (NUMBER, CATEGORY) else as_numbers(c) for n, c in columns.items()
    }
    kinds = {name: kind_of(column) for name, column in columns.items()}
    values = CompleteColumns(columns, kinds, len(events), is_folded=False).prepared(expression)
    spec, matrix = evaluate(expression, stand_in_table(expression, values, kinds))
    levels = {
        str(name): list(column.cat.categories)
        for name, column in values.items()
        if isinstance(column.dtype, pd.CategoricalDtype)
    }
    terms = tuple(names.shown(str(name)) for name in matrix.columns)
    block = Block(event_type, terms, basis, first, spec, len(events), expression, levels)
    return block, matrix.to_numpy(float)


def _spread(
    times: np.ndarray, onsets: np.ndarray, design: np.ndarray, basis: Basis
) -> sparse.csr_array:
    """Sum over events of design row times basis, shape (n_times, n_terms * n_functions)."""
    step = times[1] - times[0]
    first, last = basis.window
    begin = np.ceil(np.round((onsets + first - times[0]) / step, 6)).astype(int)
    end = np.floor(np.round((onsets + last - times[0]) / step, 6)).astype(int) + 1
    begin, end = np.clip(begin, 0, times.size), np.clip(end, 0, times.size)
    length = np.maximum(end - begin, 0)
    event = np.repeat(np.arange(onsets.size), length)
    row = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length) + begin[event]
    values = sparse.coo_array(basis.evaluate(times[row] - onsets[event]))
    n = basis.n_functions
    columns = [
        sparse.csr_array(
            (values.data * design[event[values.row], j], (row[values.row], values.col)),
            shape=(times.size, n),
        )
        for j in range(design.shape[1])
    ]
    return sparse.csr_array(sparse.hstack(columns))
