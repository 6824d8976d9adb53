"""Design of a mixed model: fixed columns, random columns and groups, built from a table."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import formulaic
import numpy as np
import pandas as pd
from formulaic.errors import FormulaicError
from formulaic.parser.types import Factor

from mmme_neuro.errors import BadFormula, BadInput, NotEstimable
from mmme_neuro.models.formula import Formula, RandomTerm, check_columns, variables_of
from mmme_neuro.stats.groups import combination_weights, independent_columns
from mmme_neuro.stats.levels import two_levels

ALIASED_BELOW = 1e-7
"""Relative norm left by the earlier columns under which a column counts as aliased (as in R)."""

COMPUTED_BELOW = 1e-11
"""The same for interactions and transforms, which an offset of their predictors makes large."""

ESTIMABLE_BELOW = 1e-6
"""Part of a row outside the row space of the fixed columns that counts as none, relative to the
standard deviation of the column left out."""
ROUNDING = 1e-11
"""The same relative to its largest value."""


@dataclass(frozen=True, eq=False)
class RandomFactor:
    """All random columns of one grouping factor.

    Parameters
    ----------
    name : str
        Grouping factor; nested columns joined by a colon.
    levels : tuple of str
        Names of the groups.
    codes : array, shape (n_events,)
        Group of each event.
    columns : array, shape (n_events, n_columns)
        What varies over the groups.
    column_names : tuple of str
        Names of the columns.
    template : array, shape (n_theta, 2)
        Row and column of each free element of the relative covariance factor.
    sources : tuple of (RandomTerm, str)
        For each column, the random term it belongs to and the part of its expression, ``"1"`` for
        the intercept.
    """

    name: str
    levels: tuple[str, ...]
    codes: np.ndarray
    columns: np.ndarray
    column_names: tuple[str, ...]
    template: np.ndarray
    sources: tuple[tuple[RandomTerm, str], ...]

    def relative_factor(self, theta: np.ndarray) -> np.ndarray:
        """Lower triangular relative covariance factor, shape (n_columns, n_columns)."""
        factor = np.zeros((len(self.column_names),) * 2, dtype=theta.dtype)
        factor[self.template[:, 0], self.template[:, 1]] = theta
        return factor


@dataclass(frozen=True, eq=False)
class Design:
    """Numbers of a model without its response; one design serves many responses.

    Parameters
    ----------
    formula : Formula
        What was asked for.
    fixed : array, shape (n_events, n_terms)
        Fixed columns, full rank.
    fixed_names : tuple of str
        Names of the fixed columns.
    random : tuple of RandomFactor
        One entry for each grouping factor.
    rows : array, shape (n_events,)
        Positions of the used rows in the table given.
    n_dropped : int
        Rows left out because a used column is missing there.
    aliased : tuple of str
        Fixed columns left out as linear combinations of earlier ones.
    predictors : DataFrame, shape (n_events, n_predictors)
        Columns behind the fixed part, categories coded.
    """

    formula: Formula
    fixed: np.ndarray
    fixed_names: tuple[str, ...]
    random: tuple[RandomFactor, ...]
    rows: np.ndarray
    n_dropped: int
    aliased: tuple[str, ...]
    predictors: pd.DataFrame = field(repr=False)
    _spec: formulaic.ModelSpec = field(repr=False)

    @property
    def n_events(self) -> int:
        """Number of used rows."""
        return len(self.rows)

    @property
    def theta_slices(self) -> tuple[slice, ...]:
        """Place of each grouping factor in the vector of covariance parameters."""
        ends = np.cumsum([0, *(len(factor.template) for factor in self.random)])
        return tuple(slice(int(a), int(b)) for a, b in zip(ends[:-1], ends[1:], strict=True))

    @property
    def categories(self) -> dict[str, list]:
        """Levels of each categorical predictor of the fixed part, the reference first."""
        # A column that is looked up is named as it is, with spaces or not.
        coded = set().union(
            *(
                {factor.expr}
                if factor.eval_method is Factor.EvalMethod.LOOKUP
                else variables_of(factor.expr, str(self.formula))
                for factor in self._spec.factor_contrasts
            )
        )
        return {
            str(name): list(column.cat.categories)
            if isinstance(column.dtype, pd.CategoricalDtype)
            else sorted(column.unique())
            for name, column in self.predictors.items()
            if name in coded
        }

    def fixed_rows(self, predictors: pd.DataFrame) -> np.ndarray:
        """Fixed columns for other values of the predictors, shape (n_rows, n_terms).

        Rows that the events cannot estimate, as their cell is empty, are NaN.
        """
        matrix = self._spec.get_model_matrix(predictors, context={"np": np})
        rows = matrix[list(self.fixed_names)].to_numpy(float)
        if self.aliased:
            full = self._spec.get_model_matrix(self.predictors, context={"np": np})
            left_out = full[list(self.aliased)].to_numpy(float)
            weights = combination_weights(self.fixed, left_out)
            outside = np.abs(matrix[list(self.aliased)].to_numpy(float) - rows @ weights)
            size = np.where(np.ptp(left_out, axis=0) > 0, left_out.std(axis=0), 0.0)
            limit = ESTIMABLE_BELOW * size + ROUNDING * np.abs(left_out).max(axis=0)
            rows[(outside > limit).any(axis=1)] = np.nan
        return rows


def build_design(formula: Formula, data: pd.DataFrame) -> tuple[Design, np.ndarray | None]:
    """Build the design and the response from a table.

    Parameters
    ----------
    formula : Formula
        Parsed formula with at least one random term.
    data : DataFrame, shape (n_rows, n_columns)
        One row for each event.

    Returns
    -------
    design : Design
        Treatment coded, the first category as reference: the order of a pandas Categorical, else
        sorted without regard to case.
    response : array, shape (n_events,) or None
        None for a one-sided formula.
    """
    if not isinstance(data, pd.DataFrame):
        raise TypeError(f"data must be a DataFrame with one row per event, got {type(data)}")
    if not formula.random:
        raise BadFormula(
            f"formula {str(formula)!r} has no random term; add one such as (1 | participant), or "
            "use statsmodels for a model of independent events"
        )
    fixed_variables = variables_of(formula.fixed, str(formula))
    response_variables = variables_of(formula.response, str(formula)) if formula.response else set()
    random_variables = set().union(
        *(variables_of(term.expression, str(formula)) | set(term.groups) for term in formula.random)
    )
    groups = {name for term in formula.random for name in term.groups}
    used = sorted(fixed_variables | response_variables | random_variables)
    check_columns(used, data, str(formula))
    rows = _complete_rows(data, used)
    table = _coded(data[used].iloc[rows].reset_index(drop=True), fixed=fixed_variables - groups)
    spec, matrix = _matrix(formula.fixed, table)
    independent, _ = independent_columns(matrix.to_numpy(float), below=_aliased_below(spec))
    names = [str(name) for name in matrix.columns]
    design = Design(
        formula=formula,
        fixed=np.ascontiguousarray(matrix.to_numpy(float)[:, independent]),
        fixed_names=tuple(names[i] for i in independent),
        random=_random_factors(formula, table),
        rows=rows,
        n_dropped=len(data) - len(rows),
        aliased=tuple(name for i, name in enumerate(names) if i not in set(independent)),
        predictors=table[sorted(fixed_variables)],
        _spec=spec,
    )
    if not design.fixed_names:
        raise BadFormula(
            f"formula {str(formula)!r} has no fixed terms; keep at least the intercept"
        )
    if design.n_events <= len(design.fixed_names):
        raise NotEstimable(
            f"formula {str(formula)!r} has {len(design.fixed_names)} fixed terms for "
            f"{design.n_events} complete events; simplify it or add events"
        )
    return design, _response(formula, table) if formula.response else None


def same_model(design: Design, events: pd.DataFrame, rows: np.ndarray) -> Design | None:
    """Build a design for some of the events.

    Parameters
    ----------
    design : Design
        Of all events.
    events : DataFrame, shape (n_rows, n_columns)
        The table.
    rows : array of int
        Positions of the events.

    Returns
    -------
    Design or None
        None where these events cannot carry the same fixed effects, categories and random columns.
    """
    if len(rows) == design.n_events:
        return design
    try:
        own, _ = build_design(design.formula, events.iloc[rows])
    except NotEstimable:
        return None
    is_same = own.fixed_names == design.fixed_names and own.categories == design.categories
    same_random = [f.column_names for f in own.random] == [f.column_names for f in design.random]
    return own if is_same and same_random else None


def with_reference(table: pd.DataFrame, condition: str, levels: Sequence[str]) -> pd.DataFrame:
    """Events of two conditions, coded so that the first is the reference of models.

    Parameters
    ----------
    table : DataFrame
        Events; those of other conditions are left out.
    condition : str
        Column of the conditions.
    levels : sequence of str
        The reference and the level that is compared with it.

    Returns
    -------
    DataFrame
        With the condition as a Categorical.

    Examples
    --------
    >>> events = pd.DataFrame({"kind": ["posed", "other", "spontaneous"]})
    >>> with_reference(events, "kind", ("spontaneous", "posed"))["kind"].tolist()
    ['posed', 'spontaneous']
    """
    two = list(two_levels(table, condition, levels))
    own = table[table[condition].isin(two)]
    return own.assign(**{condition: pd.Categorical(own[condition], categories=two)})


def _complete_rows(data: pd.DataFrame, used: list[str]) -> np.ndarray:
    """Positions of rows without missing values; infinite values are refused."""
    for name in used:
        if pd.api.types.is_float_dtype(data[name]):
            n_infinite = int(np.isinf(data[name].to_numpy(float, na_value=np.nan)).sum())
            if n_infinite:
                raise NotEstimable(
                    f"column {name!r} has {n_infinite} infinite values; correct them or set them "
                    "to NaN to leave these events out"
                )
    missing = data[used].isna()
    rows = np.flatnonzero(~missing.to_numpy().any(axis=1))
    if not len(rows):
        counts = missing.sum()
        raise NotEstimable(
            f"no event of {len(data)} has all of {used}; missing values by column: "
            f"{counts[counts > 0].to_dict()}"
        )
    return rows


def _coded(table: pd.DataFrame, *, fixed: set[str]) -> pd.DataFrame:
    """Give categorical columns their order of levels; unused levels go."""
    coded = table.copy()
    for name in table.columns:
        column = table[name]
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            continue
        coded[name] = _categorical(column)
        if name in fixed and coded[name].cat.categories.size < 2:
            raise NotEstimable(
                f"column {name!r} has the one level {column.iloc[0]!r} in the complete events; a "
                "fixed effect needs two: leave it out of the formula or check the selection"
            )
    return coded


def _categorical(column: pd.Series) -> pd.Series:
    """Column as a Categorical whose first level is the reference."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.remove_unused_categories()
    return column.astype(pd.CategoricalDtype(sorted(pd.unique(column), key=_level_order)))


def _level_order(level: object) -> tuple[str, object, object]:
    """Sort key: as R sorts words, letter case only breaking ties (MaE before ME)."""
    folded = level.casefold() if isinstance(level, str) else level
    return type(level).__name__, folded, level


def _matrix(expression: str, table: pd.DataFrame) -> tuple[formulaic.ModelSpec, pd.DataFrame]:
    """Columns of an expression; values that a transform made infinite or missing are refused."""
    try:
        matrix = formulaic.Formula(expression).get_model_matrix(
            table, context={"np": np}, na_action="ignore"
        )
    except FormulaicError as error:
        raise BadFormula(f"cannot evaluate {expression!r}: {error}") from error
    finite = np.isfinite(matrix.to_numpy(float)).all(axis=0)
    if not finite.all():
        raise NotEstimable(
            f"{list(matrix.columns[~finite])} is not finite for every event; check the range of "
            "the transform"
        )
    return matrix.model_spec, pd.DataFrame(matrix)


def _aliased_below(spec: formulaic.ModelSpec) -> np.ndarray:
    """Relative norm under which each column counts as aliased, shape (n_columns,)."""
    below = np.full(len(spec.column_names), COMPUTED_BELOW)
    for term, places in spec.term_indices.items():
        if all(factor.eval_method is not Factor.EvalMethod.PYTHON for factor in term.factors):
            if len(term.factors) <= 1:
                below[places] = ALIASED_BELOW
    return below


def _response(formula: Formula, table: pd.DataFrame) -> np.ndarray:
    """Response values; one numeric column is expected."""
    _, matrix = _matrix(f"0 + {formula.response}", table)
    if matrix.shape[1] != 1:
        raise BadInput(
            f"response {formula.response!r} must be one numeric column, found "
            f"{list(matrix.columns)}; convert it to numbers first"
        )
    return matrix.to_numpy(float)[:, 0]


def _random_factors(formula: Formula, table: pd.DataFrame) -> tuple[RandomFactor, ...]:
    """One factor for each grouping, the terms that share it side by side."""
    by_group: dict[tuple[str, ...], list[RandomTerm]] = {}
    for term in formula.random:
        by_group.setdefault(term.groups, []).append(term)
    return tuple(_random_factor(groups, terms, table) for groups, terms in by_group.items())


def _random_factor(
    groups: tuple[str, ...], terms: list[RandomTerm], table: pd.DataFrame
) -> RandomFactor:
    """Random columns, groups and covariance template of one grouping factor."""
    name = ":".join(groups)
    codes, levels = _groups(groups, table)
    specs, matrices = zip(*(_matrix(term.expression, table) for term in terms), strict=True)
    columns = np.column_stack([matrix.to_numpy(float) for matrix in matrices])
    names = tuple(str(column) for matrix in matrices for column in matrix.columns)
    _check_groups(name, len(levels), terms, matrices, len(table))
    below = np.concatenate([_aliased_below(spec) for spec in specs])
    if len(independent_columns(columns, below=below)[0]) < columns.shape[1]:
        raise NotEstimable(
            f"random columns {list(names)} of {name!r} are linearly dependent, so their variances "
            "cannot be told apart; leave one out (a column may be constant)"
        )
    sources = tuple(
        (term, str(part))
        for term, spec in zip(terms, specs, strict=True)
        for part, places in spec.term_indices.items()
        for _ in places
    )
    template, start = [], 0
    for term, matrix in zip(terms, matrices, strict=True):
        stop = start + matrix.shape[1]
        template += [
            (row, column)
            for column in range(start, stop)
            for row in range(column, stop if term.correlated else column + 1)
        ]
        start = stop
    return RandomFactor(name, levels, codes, columns, names, np.array(template), sources)


def _groups(groups: tuple[str, ...], table: pd.DataFrame) -> tuple[np.ndarray, tuple[str, ...]]:
    """Group of each event and the names of the groups, in the order of the levels."""
    codes = table.groupby(list(groups), sort=True, observed=True).ngroup().to_numpy()
    first = np.unique(codes, return_index=True)[1]
    names = table[list(groups)].iloc[first].astype(str).agg(":".join, axis=1)
    return codes, tuple(names)


def _check_groups(
    name: str,
    n_levels: int,
    terms: list[RandomTerm],
    matrices: tuple[pd.DataFrame, ...],
    n_events: int,
) -> None:
    """Refuse groupings from which no variance can be estimated."""
    if n_levels < 2:
        raise NotEstimable(f"grouping factor {name!r} has {n_levels} level; it needs at least two")
    for term, matrix in zip(terms, matrices, strict=True):
        n_columns = matrix.shape[1] if term.correlated else 1
        if n_columns == 0:
            raise BadFormula(f"random term {term} has no columns")
        if n_levels * n_columns >= n_events:
            raise NotEstimable(
                f"random term {term} has {n_levels} groups x {n_columns} columns for {n_events} "
                "events; it cannot be told from the residual: simplify the term"
            )
