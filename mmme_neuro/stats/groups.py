"""Rows that an association rests on: complete, and centered within participants."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput, NotEstimable
from mmme_neuro.stats.rounding import is_constant_within
from mmme_neuro.stats.tables import check_table, column_labels, column_numbers, with_columns


def complete_rows(
    data: pd.DataFrame,
    measures: Sequence[str],
    *,
    groups: Sequence[str],
    others: Sequence[str] = (),
    min_groups: int = 3,
) -> pd.DataFrame:
    """Keep the rows with every value, of groups with at least two such rows.

    Parameters
    ----------
    data : DataFrame, shape (n_rows, n_columns)
        One row per event.
    measures : sequence of str
        Numeric columns that are associated.
    groups : sequence of str
        Columns within which values are centered.
    others : sequence of str
        More columns that must be there and complete: covariates, stimuli.
    min_groups : int
        Fewest groups.

    Returns
    -------
    DataFrame, shape (n_complete, n_columns)
        In the order of ``data``.

    Raises
    ------
    ValueError
        When columns are missing or not numeric, when too few groups are left, or when a measure
        does not vary within any group.
    """
    needed = list(dict.fromkeys([*measures, *groups, *others]))
    check_table(data, needed, name="data")
    texts = [name for name in measures if not pd.api.types.is_numeric_dtype(data[name])]
    if texts:
        raise BadInput(f"the columns {texts} are not numeric; measures must be numbers.")
    numbers = list(dict.fromkeys(measures))
    plain = {name: column_numbers(data, name, name="data", is_finite=False) for name in numbers}
    if any(np.isinf(values).any() for values in plain.values()):
        raise NotEstimable(f"{', '.join(numbers)}: infinite values; set them to NaN or leave out.")
    words = [name for name in needed if name not in plain and _may_be_odd(data[name])]
    labels = {name: column_labels(data, name, name="data") for name in words}
    table = with_columns(data[needed], plain | labels).dropna()
    # An index may bear the name of a column, which pandas then finds ambiguous.
    table.index = table.index.set_names([None] * table.index.nlevels)
    sizes = table.groupby(list(groups), sort=False, observed=True)[needed[0]].transform("size")
    table = table[sizes >= 2]
    n_groups = table.groupby(list(groups), sort=False, observed=True).ngroups
    if n_groups < min_groups:
        raise NotEstimable(
            f"{', '.join(measures)}: only {n_groups} {' x '.join(groups)}s have 2 events with "
            f"every measure; {min_groups} are needed."
        )
    codes = group_codes(table, groups)
    flat = is_constant_within(table[list(measures)].to_numpy(dtype=float), codes)
    for name in (name for name, is_flat in zip(measures, flat, strict=True) if is_flat):
        raise NotEstimable(
            f"{name} is constant within every {' x '.join(groups)}: it cannot go along with "
            "anything there. Leave it out."
        )
    return table


def _may_be_odd(column: pd.Series) -> bool:
    """Whether a column of objects may hold anything but words."""
    return column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) != "string"


def group_codes(table: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Number the combinations of some columns.

    Parameters
    ----------
    table : DataFrame, shape (n_rows, n_columns)
        Without missing values in ``columns``.
    columns : sequence of str
        What makes a group.

    Returns
    -------
    array of int, shape (n_rows,)
        From 0, in the order in which groups appear.

    Examples
    --------
    >>> group_codes(pd.DataFrame({"a": ["x", "x", "y"], "b": [1, 2, 1]}), ["a", "b"])
    array([0, 1, 2])
    """
    return table.groupby(list(columns), sort=False, observed=True).ngroup().to_numpy()


def centered(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Take the mean of its group from each row.

    Parameters
    ----------
    values : array, shape (n_rows, n_columns)
        Any numbers.
    codes : array of int, shape (n_rows,)
        Group of each row.

    Returns
    -------
    array, shape (n_rows, n_columns)
        Exactly 0 in columns that do not vary within groups.

    Examples
    --------
    >>> centered(np.array([[1.0], [3.0], [5.0]]), np.array([0, 0, 1])).ravel()
    array([-1.,  1.,  0.])
    """
    # The grand mean first: sums of large numbers would lose digits.
    around = values - values.mean(axis=0)
    means = summed(around, codes) / np.bincount(codes)[:, np.newaxis]
    around = around - means[codes]
    # Rounding leaves traces of a constant, and traces correlate.
    faint = np.abs(around).max(axis=0) <= 1e-9 * np.abs(values).max(axis=0)
    if faint.any():
        faint[faint] = is_constant_within(values[:, faint], codes)
        around[:, faint] = 0.0
    return around


def summed(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Sum rows by group, shape (n_groups, ...)."""
    total = np.zeros((codes.max() + 1, *values.shape[1:]))
    np.add.at(total, codes, values)
    return total


def sums_by_cluster(values: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Sum rows by the name of their cluster, in the order of names, shape (n_clusters, ...)."""
    return summed(values, np.unique(clusters, return_inverse=True)[1])


def covariate_columns(table: pd.DataFrame, covariates: Sequence[str]) -> np.ndarray:
    """Covariates as numbers: numeric ones as they are, others as indicators of all but the first.

    Parameters
    ----------
    table : DataFrame, shape (n_rows, n_columns)
        Complete rows.
    covariates : sequence of str
        Columns.

    Returns
    -------
    array, shape (n_rows, n_covariates)

    Examples
    --------
    >>> covariate_columns(pd.DataFrame({"kind": ["posed", "spontaneous"]}), ["kind"]).ravel()
    array([0., 1.])
    """
    if not covariates:
        return np.empty((len(table), 0))
    return pd.get_dummies(table[list(covariates)], drop_first=True).to_numpy(dtype=float)


ROUNDING = 1e-13
"""Share of a column's length that counts as rounding."""


def independent_columns(
    columns: np.ndarray, *, below: float | np.ndarray = 1e-9
) -> tuple[list[int], np.ndarray]:
    """Find the columns that are no combinations of earlier ones.

    Parameters
    ----------
    columns : array, shape (n_rows, n_columns)
        Any numbers.
    below : float or array, shape (n_columns,)
        Share of its length up to which a column counts as a combination; of its length about its
        mean where the earlier columns hold a constant, so that an offset does not matter.

    Returns
    -------
    places : list of int
        Of the independent columns.
    basis : array, shape (n_rows, n_independent)
        Orthonormal, of the same space.

    Examples
    --------
    >>> independent_columns(np.array([[1.0, 2.0, 0.0], [1.0, 2.0, 1.0]]))[0]
    [0, 2]
    """
    basis = np.empty((len(columns), 0))
    places = []
    limits = np.broadcast_to(below, columns.shape[1:])
    ones = np.full(len(columns), 1 / np.sqrt(max(len(columns), 1)))
    for place, (given, limit) in enumerate(zip(columns.T, limits, strict=True)):
        # In its own unit: no square overflows.
        column = given / (np.abs(given).max(initial=0.0) or 1.0)
        has_constant = np.linalg.norm(ones - basis @ (basis.T @ ones)) < 1e-9
        size = np.linalg.norm(column - column.mean() if has_constant else column)
        rest = column - basis @ (basis.T @ column)
        rest = rest - basis @ (basis.T @ rest)
        norm = np.linalg.norm(rest)
        if norm > max(limit * size, ROUNDING * np.linalg.norm(column)):
            basis = np.column_stack([basis, rest / norm])
            places.append(place)
    return places, basis


def are_independent(columns: np.ndarray, *, below: float = 1e-11) -> bool:
    """Whether no column is a combination of the others, whatever their units.

    Parameters
    ----------
    columns : array, shape (n_rows, n_columns)
        Any numbers.
    below : float
        As in `independent_columns`.

    Returns
    -------
    bool

    Examples
    --------
    >>> are_independent(np.array([[1.0, 2e-12], [1.0, 0.0]]))
    True
    """
    return len(independent_columns(columns, below=below)[0]) == columns.shape[1]


def combination_weights(columns: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Least-squares weights of independent columns, whatever their units.

    Parameters
    ----------
    columns : array, shape (n_rows, n_columns)
        Independent.
    targets : array, shape (n_rows, ...)
        What is explained.

    Returns
    -------
    array, shape (n_columns, ...)

    Examples
    --------
    >>> combination_weights(np.array([[1.0, 0.0], [1.0, 1e-12]]), np.array([1.0, 2.0])).tolist()
    [1.0, 1000000000000.0]
    """
    basis, triangle = np.linalg.qr(columns)
    weights = np.linalg.solve(triangle, basis.T @ targets)
    return weights + np.linalg.solve(triangle, basis.T @ (targets - columns @ weights))
