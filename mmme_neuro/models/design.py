"""Design of a mixed model: fixed columns, random columns and groups, built from a table."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import formulaic
import numpy as np
import pandas as pd
from formulaic.errors import FormulaicError
from formulaic.parser.types import Factor

from mmme_neuro.errors import BadFormula, BadInput, NotEstimable
from mmme_neuro.models.formula import Formula, RandomTerm
from mmme_neuro.models.naming import ColumnNames, Expression, factor_text
from mmme_neuro.models.values import (
    BOOLEAN,
    NUMBER,
    CompleteColumns,
    as_numbers,
    complete_rows,
    kind_of,
    stand_in_table,
)
from mmme_neuro.stats.groups import combination_weights, independent_columns
from mmme_neuro.stats.levels import two_levels
from mmme_neuro.stats.tables import in_row_order, with_columns

ALIASED_BELOW = 1e-7
"""Relative norm left by the earlier columns under which a column counts as aliased (as in R)."""

COMPUTED_BELOW = 1e-11
"""The same for interactions and transforms, which an offset of their predictors makes large."""

ESTIMABLE_BELOW = 1e-6
"""Part of a row outside the row space of the fixed columns that counts as none, relative to the
standard deviation of the column left out."""
ROUNDING = 1e-11
"""The same relative to its largest value."""


FUNCTIONS = {
    "np": np,
    "sqrt": np.sqrt,
    "exp2": np.exp2,
    "exp10": lambda values: 10.0**values,
    "log1p": np.log1p,
    "expm1": np.expm1,
}
"""Functions of formulas besides those of formulaic, whose exp2 and exp10 are powers of 2 and 10 the
wrong way around."""


Weights = str | Sequence[float] | np.ndarray | pd.Series
EVALUATION_ERRORS = (FormulaicError, SyntaxError, TypeError, ValueError, AttributeError)


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
        Columns behind the fixed part: Categorical, or float64 numbers.
    weights : array, shape (n_events,), or None
        Prior weights: the residual variance of an event is sigma^2 / weight.
    offset : array, shape (n_events,), or None
        Known part of the response.
    unweighted : array, shape (n_events, n_terms), or None
        Fixed columns before their rows were multiplied by roots of the weights.
    """

    formula: Formula
    fixed: np.ndarray
    fixed_names: tuple[str, ...]
    random: tuple[RandomFactor, ...]
    rows: np.ndarray
    n_dropped: int
    aliased: tuple[str, ...]
    predictors: pd.DataFrame = field(repr=False)
    _expression: Expression = field(repr=False)
    _kinds: Mapping[str, str] = field(repr=False)
    _spec: formulaic.ModelSpec = field(repr=False)
    weights: np.ndarray | None = field(default=None, repr=False)
    offset: np.ndarray | None = field(default=None, repr=False)
    unweighted: np.ndarray | None = field(default=None, repr=False)

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
    def names(self) -> ColumnNames:
        """Names of the columns of the table."""
        return self._expression.names

    @property
    def categories(self) -> dict[str, list]:
        """Levels of each categorical predictor of the fixed part, the reference first."""
        coded = set().union(*(self.names.columns_in(f.expr) for f in self._spec.factor_contrasts))
        return {
            str(name): list(column.cat.categories)
            if isinstance(column.dtype, pd.CategoricalDtype)
            else sorted(column.unique())
            for name, column in self.predictors.items()
            if name in coded
        }

    @property
    def terms(self) -> dict[str, str]:
        """Term of each fixed column, the aliased ones included."""
        columns = self._spec.column_names
        return {
            self.names.shown(columns[place]): self.names.term(str(term))
            for term, places in self._spec.term_indices.items()
            for place in places
        }

    @property
    def factors(self) -> dict[str, frozenset[str]]:
        """Factors of the term of each fixed column, the aliased ones included."""
        columns = self._spec.column_names
        return {
            self.names.shown(columns[place]): frozenset(factor.expr for factor in term.factors)
            for term, places in self._spec.term_indices.items()
            for place in places
        }

    @property
    def stand_ins(self) -> pd.DataFrame:
        """The predictors under the identifiers of the fixed part."""
        return stand_in_table(self._expression, self.predictors, self._kinds)

    def fixed_rows(self, predictors: pd.DataFrame) -> np.ndarray:
        """Fixed columns for other values of the predictors, shape (n_rows, n_terms).

        Rows that the events cannot estimate, as their cell is empty, are NaN.
        """
        table = stand_in_table(self._expression, predictors, self._kinds)
        matrix = self._spec.get_model_matrix(table, context=FUNCTIONS).to_numpy(float)
        names = [self.names.shown(name) for name in self._spec.column_names]
        rows = matrix[:, [names.index(name) for name in self.fixed_names]]
        if self.aliased:
            full = self._spec.get_model_matrix(self.stand_ins, context=FUNCTIONS).to_numpy(float)
            aliased = [names.index(name) for name in self.aliased]
            left_out = full[:, aliased]
            weights = combination_weights(self.fixed, left_out)
            outside = np.abs(matrix[:, aliased] - rows @ weights)
            size = np.where(np.ptp(left_out, axis=0) > 0, left_out.std(axis=0), 0.0)
            limit = ESTIMABLE_BELOW * size + ROUNDING * np.abs(left_out).max(axis=0)
            rows[(outside > limit).any(axis=1)] = np.nan
        return rows


def build_design(
    formula: Formula,
    data: pd.DataFrame,
    *,
    weights: Weights | None = None,
    takes_boolean: bool = False,
) -> tuple[Design, np.ndarray | None]:
    """Build the design and the response from a table.

    Parameters
    ----------
    formula : Formula
        Parsed formula with at least one random term.
    data : DataFrame, shape (n_rows, n_columns)
        One row for each event. Numbers of any type are computed with as float64.
    weights : str or array, shape (n_rows,), optional
        Prior weights of the events, or the column that has them.
    takes_boolean : bool
        Whether a response of True and False is taken as 1 and 0.

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
    text = str(formula)
    if not formula.random:
        raise BadFormula(
            f"formula {text!r} has no random term; add one such as (1 | participant), or "
            "use statsmodels for a model of independent events"
        )
    names = ColumnNames(tuple(map(str, data.columns)))
    fixed = names.expression(formula.fixed, text)
    response = names.expression(formula.response or "0", text, is_arithmetic=True)
    slopes = {term: names.expression(term.expression, text) for term in formula.random}
    offsets = [names.expression(part, text, is_arithmetic=True) for part in formula.offsets]
    groups = [name for term in formula.random for name in term.groups]
    names.check(groups, text)
    expressions = [fixed, response, *offsets, *slopes.values()]
    used = {names.columns.index(n) for part in expressions for n in part.columns}
    used |= {position for name in groups if (position := names.find(name)) is not None}
    columns = {names.columns[i]: data.iloc[:, i] for i in sorted(used)}
    if weights is not None:
        columns |= {_WEIGHTS: _weight_column(weights, data)}
    kinds = {name: kind_of(column) for name, column in columns.items()}
    rows = complete_rows(columns, kinds)
    used_rows = {name: column.iloc[rows].reset_index(drop=True) for name, column in columns.items()}
    complete = CompleteColumns(used_rows, kinds, len(rows))
    predictors = complete.prepared(fixed)
    _check_levels(predictors, set(groups))
    spec, matrix, shown = _matrix(fixed, predictors, complete)
    independent, _ = independent_columns(matrix, below=_aliased_below(spec))
    design = Design(
        formula=formula,
        fixed=np.ascontiguousarray(matrix[:, independent]),
        fixed_names=tuple(shown[i] for i in independent),
        random=_random_factors(formula, slopes, complete, names),
        rows=rows,
        n_dropped=len(data) - len(rows),
        aliased=tuple(name for i, name in enumerate(shown) if i not in set(independent)),
        predictors=predictors,
        weights=None if weights is None else _checked_weights(used_rows[_WEIGHTS]),
        offset=_offset(formula, offsets, complete),
        _expression=fixed,
        _kinds={name: kinds[name] for name in fixed.columns},
        _spec=spec,
    )
    if not design.fixed_names:
        raise BadFormula(f"formula {text!r} has no fixed terms; keep at least the intercept")
    if design.n_events <= len(design.fixed_names):
        raise NotEstimable(
            f"formula {text!r} has {len(design.fixed_names)} fixed terms for "
            f"{design.n_events} complete events; simplify it or add events"
        )
    if formula.response is None:
        return design, None
    return design, _response(formula.response, response, complete, text, takes_boolean)


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
        weights = None
        if design.weights is not None:
            weights = design.weights[np.isin(design.rows, rows)]
        own, _ = build_design(design.formula, events.iloc[rows], weights=weights)
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
    return with_columns(own, {condition: pd.Categorical(own[condition], categories=two)})


def _check_levels(predictors: pd.DataFrame, groups: set[str]) -> None:
    """Refuse categories of one level."""
    for name, column in predictors.items():
        if isinstance(column.dtype, pd.CategoricalDtype) and name not in groups:
            if column.cat.categories.size < 2:
                raise NotEstimable(
                    f"column {name!r} has the one level {column.iloc[0]!r} in the complete "
                    "events; a fixed effect needs two: leave it out of the formula or check the "
                    "selection"
                )


def evaluate(
    expression: Expression, table: pd.DataFrame
) -> tuple[formulaic.ModelSpec, pd.DataFrame]:
    """Columns of an expression.

    Parameters
    ----------
    expression : Expression
        Terms, with identifiers for the columns of the table.
    table : DataFrame
        What `stand_in_table` returned.

    Returns
    -------
    spec : formulaic.ModelSpec
        How other values become rows.
    matrix : DataFrame, shape (n_events, n_columns)
        Its columns named with the identifiers.

    Raises
    ------
    BadFormula
        When the expression cannot be read or evaluated.
    """
    written = expression.names.written(expression.text)
    try:
        parsed = formulaic.Formula(expression.text)
    except (FormulaicError, SyntaxError, TypeError, AttributeError) as error:
        why = expression.names.written(str(error).splitlines()[0])
        raise BadFormula(f"cannot read {written!r} in the formula ({why})") from error
    try:
        matrix = parsed.get_model_matrix(table, context=FUNCTIONS, na_action="ignore")
        numbers = pd.DataFrame(matrix).astype(float)
    except EVALUATION_ERRORS as error:  # transforms raise what they like
        why = expression.names.written(str(error))
        raise BadFormula(f"cannot evaluate {written!r}: {why}") from error
    return matrix.model_spec, numbers


def _aliased_below(spec: formulaic.ModelSpec) -> np.ndarray:
    """Relative norm under which each column counts as aliased, shape (n_columns,)."""
    below = np.full(len(spec.column_names), COMPUTED_BELOW)
    for term, places in spec.term_indices.items():
        if all(factor.eval_method is not Factor.EvalMethod.PYTHON for factor in term.factors):
            if len(term.factors) <= 1:
                below[places] = ALIASED_BELOW
    return below


def _matrix(
    expression: Expression, values: pd.DataFrame, columns: CompleteColumns
) -> tuple[formulaic.ModelSpec, np.ndarray, list[str]]:
    """Columns of an expression and their names; values made infinite or missing are refused."""
    if expression.text.strip() == "1":
        return _intercept(), np.ones((columns.n_rows, 1)), ["Intercept"]
    spec, matrix = evaluate(expression, stand_in_table(expression, values, columns.kinds))
    shown = [expression.names.shown(str(name)) for name in matrix.columns]
    numbers = matrix.to_numpy(float)
    finite = np.isfinite(numbers).all(axis=0)
    if not finite.all():
        raise NotEstimable(
            f"{[name for name, good in zip(shown, finite, strict=True) if not good]} is not finite "
            "for every event; check the range of the transform"
        )
    twice = {name for name in shown if shown.count(name) > 1}
    if twice:
        raise BadFormula(
            f"fixed or random columns would have the same name {sorted(twice)}; rename a column "
            "whose name or level holds ':' or brackets"
        )
    return spec, numbers, shown


@functools.cache
def _intercept() -> formulaic.ModelSpec:
    """Specification of the intercept alone."""
    return formulaic.Formula("1").get_model_matrix(pd.DataFrame({"any": [0.0]})).model_spec


def _numbers_of(
    text: str, expression: Expression, columns: CompleteColumns, formula: str
) -> pd.Series:
    """Values of an arithmetic expression, one for each event."""
    if not expression.columns:
        raise BadFormula(f"formula {formula!r}: {text!r} names no column")
    single = replace(expression, text=f"0 + {{{expression.text}}}")
    table = stand_in_table(expression, columns.prepared(expression), columns.kinds)
    _, matrix = evaluate(single, table)
    if matrix.shape[1] != 1:
        raise BadInput(
            f"response {text!r} must be one numeric column, found "
            f"{[expression.names.shown(str(name)) for name in matrix.columns]}; convert it to "
            "numbers first"
        )
    return matrix.iloc[:, 0]


def _response(
    text: str,
    expression: Expression,
    columns: CompleteColumns,
    formula: str,
    takes_boolean: bool,
) -> np.ndarray:
    """Response values; one numeric column is expected."""
    kinds = {columns.kinds[name] for name in expression.columns}
    is_column = len(expression.stand_ins) == 1 and expression.text.strip() in expression.stand_ins
    if is_column and kinds == {BOOLEAN} and not takes_boolean:
        raise BadInput(
            f"response {text!r} must be one numeric column, found True and False; model yes and no "
            "by fit_glmm(family='binomial'), or convert it to numbers first"
        )
    if is_column and not kinds <= {NUMBER, BOOLEAN}:
        (name,) = expression.columns
        raise BadInput(
            f"response {text!r} must be one numeric column, found "
            f"{[str(value) for value in columns.columns[name].unique()[:5]]}; convert it to "
            "numbers first"
        )
    if is_column:
        (name,) = expression.columns
        return as_numbers(columns.columns[name]).to_numpy()
    values = _numbers_of(text, expression, columns, formula).to_numpy(float)
    if not np.isfinite(values).all():
        raise NotEstimable(
            f"response {text!r} is not finite for {int((~np.isfinite(values)).sum())} events; "
            "check the range of the transform"
        )
    return values


def _offset(
    formula: Formula, offsets: Sequence[Expression], columns: CompleteColumns
) -> np.ndarray | None:
    """Sum of the offsets."""
    if not offsets:
        return None
    total = np.zeros(columns.n_rows)
    for text, expression in zip(formula.offsets, offsets, strict=True):
        total = total + _numbers_of(text, expression, columns, str(formula)).to_numpy(float)
    if not np.isfinite(total).all():
        raise NotEstimable(f"offsets {list(formula.offsets)} are not finite for every event")
    return total


_WEIGHTS = "weights of the events"
"""Name of the weights among the columns that must be complete."""


def _weight_column(weights: Weights, data: pd.DataFrame) -> pd.Series:
    """Weights of the rows of the table."""
    if isinstance(weights, str):
        names = ColumnNames(tuple(map(str, data.columns)))
        names.check([weights], f"weights={weights}")
        column = data.iloc[:, names.find(weights) or 0]
    else:
        if len(weights) != len(data):
            raise BadInput(
                f"weights must have one value for each of the {len(data)} rows of the table, got "
                f"{len(weights)}"
            )
        weights = in_row_order(weights, data.index, name="weights")
        column = pd.Series(np.asarray(weights), name="weights")
    if kind_of(column) != NUMBER:
        raise BadInput(f"weights must be numbers, got {column.dtype}")
    return as_numbers(column)


def _checked_weights(column: pd.Series) -> np.ndarray:
    """Weights above zero; others are refused."""
    values = as_numbers(column).to_numpy()
    if (values <= 0).any():
        raise BadInput(
            f"weights must be above zero, found {int((values <= 0).sum())} that are not, the least "
            f"{values.min():g}; leave these events out of the table"
        )
    return values


def _random_factors(
    formula: Formula,
    slopes: Mapping[RandomTerm, Expression],
    columns: CompleteColumns,
    names: ColumnNames,
) -> tuple[RandomFactor, ...]:
    """One factor for each grouping, the terms that share it side by side."""
    by_group: dict[tuple[str, ...], list[RandomTerm]] = {}
    for term in formula.random:
        by_group.setdefault(term.groups, []).append(term)
    factors = []
    for groups, terms in by_group.items():
        found = [names.columns[names.find(name) or 0] for name in groups]
        factors.append(_random_factor(groups, found, {t: slopes[t] for t in terms}, terms, columns))
    twice = [f.name for f in factors if [g.name for g in factors].count(f.name) > 1]
    if twice:
        raise BadFormula(
            f"formula {str(formula)!r}: two grouping factors would be called {twice[0]!r}; rename "
            "a column whose name holds ':'"
        )
    return tuple(factors)


def _random_factor(
    groups: tuple[str, ...],
    of_groups: list[str],
    slopes: Mapping[RandomTerm, Expression],
    terms: list[RandomTerm],
    columns: CompleteColumns,
) -> RandomFactor:
    """Random columns, groups and covariance template of one grouping factor."""
    name = ":".join(groups)
    codes, levels = _groups(of_groups, columns)
    n_events = len(codes)
    specs, matrices, shown = zip(
        *(_matrix(slopes[term], columns.prepared(slopes[term]), columns) for term in terms),
        strict=True,
    )
    values = np.column_stack(matrices)
    names = tuple(column for of_term in shown for column in of_term)
    _check_groups(name, len(levels), terms, matrices, n_events)
    below = np.concatenate([_aliased_below(spec) for spec in specs])
    if len(independent_columns(values, below=below)[0]) < values.shape[1]:
        raise NotEstimable(
            f"random columns {list(names)} of {name!r} are linearly dependent, so their variances "
            "cannot be told apart; leave one out (a column may be constant)"
        )
    sources = tuple(
        (term, slopes[term].names.written(":".join(map(factor_text, part.factors))))
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
    return RandomFactor(name, levels, codes, values, names, np.array(template), sources)


def _groups(names: list[str], columns: CompleteColumns) -> tuple[np.ndarray, tuple[str, ...]]:
    """Group of each event and the names of the groups, in the order of the levels."""
    coded = [_levels_of(name, columns) for name in names]
    codes = np.zeros(columns.n_rows, dtype=np.int64)
    for own, texts in coded:
        codes = codes * len(texts) + own
    found, codes = np.unique(codes, return_inverse=True)
    if len(coded) == 1:
        words = [coded[0][1][place] for place in found]
    else:
        # A level that holds a colon is marked, so that no two combinations read alike.
        marked = [[f"`{t}`" if ":" in t else t for t in texts] for _, texts in coded]
        places = np.unravel_index(found, [len(texts) for texts in marked])
        words = [
            ":".join(texts[place] for texts, place in zip(marked, at, strict=True))
            for at in zip(*places, strict=True)
        ]
    if len(set(words)) < len(words):
        alike = sorted({level for level in words if words.count(level) > 1})
        raise BadInput(
            f"columns {names} have levels that read alike: {alike[:3]}; make them one type"
        )
    return codes, tuple(words)


def _levels_of(name: str, columns: CompleteColumns) -> tuple[np.ndarray, list[str]]:
    """Level of each event in one column, and the levels as text."""
    if columns.kinds[name] == NUMBER:
        codes, levels = pd.factorize(columns.columns[name], sort=True)
        return codes, list(pd.Series(levels).astype(str))
    column = columns.category(name)
    categories = column.cat.categories
    is_object = pd.api.types.is_object_dtype(categories.dtype)
    texts = map(str, categories) if is_object else pd.Series(categories).astype(str)
    return column.cat.codes.to_numpy(np.int64), list(texts)


def _check_groups(
    name: str,
    n_levels: int,
    terms: list[RandomTerm],
    matrices: tuple[np.ndarray, ...],
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
