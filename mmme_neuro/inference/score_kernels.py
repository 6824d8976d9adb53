"""Compiled kernels: scores of one column, split over units, at given covariances."""

from typing import NamedTuple

import numba
import numpy as np

from mmme_neuro.models.solver.columns import Columns, SharedDesign
from mmme_neuro.models.solver.normal_equations import Equations, solve_equations
from mmme_neuro.stats.buffers import unwritten, unwritten_integers


class Layout(NamedTuple):
    """Random columns event by event and the unit that each event and each level belongs to.

    Parameters
    ----------
    columns : array, shape (n_events, n_columns)
        Random columns of all grouping factors side by side, the main factor's first.
    place : array of int, shape (n_events, n_columns)
        Position among the solved random effects.
    unit : array of int, shape (n_events,)
        Unit whose sign the event's residual takes.
    level_unit : array of int, shape (n_events, n_columns)
        Unit whose sign the random effect behind the column takes.
    factor : array of int, shape (n_columns,)
        Grouping factor of each column, the main one being 0.
    within : array of int, shape (n_columns,)
        Position of the column in its factor.
    """

    columns: np.ndarray
    place: np.ndarray
    unit: np.ndarray
    level_unit: np.ndarray
    factor: np.ndarray
    within: np.ndarray


@numba.njit(cache=True, nogil=True, error_model="numpy")
def residual_of(
    shared: SharedDesign,
    layout: Layout,
    basis: np.ndarray,
    equations: Equations,
    main: np.ndarray,
    rest: np.ndarray,
    projected: np.ndarray,
    residual: np.ndarray,
) -> None:
    """Residual Pw of a column w; ``projected`` is w less its projection on the fixed columns."""
    size, n_levels, n_rest = shared.cross.shape
    n_main = size * n_levels
    n_fixed = basis.shape[1]
    gained = equations.gained.reshape(n_main, n_rest)
    solved = unwritten(n_main + n_rest)
    solved[n_main:] = equations.omega @ (rest - main @ gained)
    explained = gained @ solved[n_main:]
    for level in range(n_levels):
        for a in range(size):
            total = -explained[a * n_levels + level]
            for b in range(size):
                total += equations.gain[level, a, b] * main[b * n_levels + level]
            solved[a * n_levels + level] = total
    fixed = solved[n_main + n_rest - n_fixed :]
    for event in range(len(projected)):
        value = projected[event]
        for column in range(layout.columns.shape[1]):
            value -= layout.columns[event, column] * solved[layout.place[event, column]]
        for column in range(n_fixed):
            value -= basis[event, column] * fixed[column]
        residual[event] = value


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _spherical(
    shared: SharedDesign,
    layout: Layout,
    relative: np.ndarray,
    residual: np.ndarray,
    spherical: np.ndarray,
) -> None:
    """Spherical random effects L'Z'e in the places of the random effects."""
    sums = np.zeros(len(spherical))
    for event in range(len(residual)):
        for column in range(layout.columns.shape[1]):
            at = layout.place[event, column]
            sums[at] += layout.columns[event, column] * residual[event]
    _by_level(shared, relative, sums, spherical, False)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _by_level(
    shared: SharedDesign,
    relative: np.ndarray,
    values: np.ndarray,
    out: np.ndarray,
    is_forward: bool,
) -> None:
    """Multiply the values of each level by its relative factor L, or by L'."""
    size, n_levels, _ = shared.cross.shape
    n_main = size * n_levels
    for f in range(len(shared.size)):
        width = shared.size[f]
        for level in range(shared.n_levels[f]):
            for a in range(width):
                total = 0.0
                for b in range(width):
                    weight = relative[f, a, b] if is_forward else relative[f, b, a]
                    if f == 0:
                        at = b * n_levels + level
                    else:
                        at = n_main + shared.first[f] + level * width + b
                    total += weight * values[at]
                if f == 0:
                    out[a * n_levels + level] = total
                else:
                    out[n_main + shared.first[f] + level * width + a] = total


@numba.njit(cache=True, nogil=True, error_model="numpy")
def contribute(
    shared: SharedDesign,
    layout: Layout,
    basis: np.ndarray,
    tested: Columns,
    tested_projected: np.ndarray,
    columns: Columns,
    projected: np.ndarray,
    theta: np.ndarray,
    equations: Equations,
    values: np.ndarray,
    summary: np.ndarray,
) -> None:
    """Contributions, information, spread and y'Py of a block of cells."""
    size, n_levels, n_rest = shared.cross.shape
    n_random = size * n_levels + n_rest - basis.shape[1]
    n_events, n_columns = layout.columns.shape
    of_x, of_y = unwritten(n_events), unwritten(n_events)
    effects_x, effects_y, weights = unwritten(n_random), unwritten(n_random), unwritten(n_random)
    unit_of = np.zeros(n_random, np.int64)
    for event in range(n_events):
        for column in range(n_columns):
            unit_of[layout.place[event, column]] = layout.level_unit[event, column]
    for cell in range(len(theta)):
        solve_equations(shared, theta[cell], equations)
        residual_of(
            shared, layout, basis, equations, tested.main[0], tested.rest[0], tested_projected, of_x
        )
        residual_of(
            shared, layout, basis, equations, columns.main[cell], columns.rest[cell],
            projected[cell], of_y,
        )  # fmt: skip
        _spherical(shared, layout, equations.relative, of_x, effects_x)
        _spherical(shared, layout, equations.relative, of_y, effects_y)
        values[cell] = 0.0
        information, quadratic = 0.0, 0.0
        for event in range(n_events):
            values[cell, layout.unit[event]] += of_x[event] * of_y[event]
            information += of_x[event] ** 2
            quadratic += of_y[event] ** 2
        for at in range(n_random):
            values[cell, unit_of[at]] += effects_x[at] * effects_y[at]
            information += effects_x[at] ** 2
            quadratic += effects_y[at] ** 2
        _by_level(shared, equations.relative, effects_x, weights, True)
        summary[cell, 0] = information
        summary[cell, 1] = _spread(shared, layout, basis, equations, of_x, weights, values.shape[1])
        summary[cell, 2] = quadratic


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _spread(
    shared: SharedDesign,
    layout: Layout,
    basis: np.ndarray,
    equations: Equations,
    of_x: np.ndarray,
    weights: np.ndarray,
    n_units: int,
) -> float:
    """Sum over units of f'Pf, where f'Py is the unit's contribution."""
    size, n_levels, n_rest = shared.cross.shape
    n_main = size * n_levels
    n_fixed = basis.shape[1]
    n_events, n_columns = layout.columns.shape
    main, rest = np.zeros((n_units, n_main)), np.zeros((n_units, n_rest))
    units, parts = unwritten_integers(n_columns + 1), unwritten(n_columns + 1)
    total = 0.0
    for event in range(n_events):
        units[0], parts[0], n_parts = layout.unit[event], of_x[event], 1
        for column in range(n_columns):
            unit = layout.level_unit[event, column]
            value = layout.columns[event, column] * weights[layout.place[event, column]]
            known = -1
            for i in range(n_parts):
                if units[i] == unit:
                    known = i
            if known < 0:
                known = n_parts
                units[known], parts[known] = unit, 0.0
                n_parts += 1
            parts[known] += value
        for i in range(n_parts):
            unit, value = units[i], parts[i]
            total += value**2
            for column in range(n_columns):
                at = layout.place[event, column]
                if at < n_main:
                    main[unit, at] += layout.columns[event, column] * value
                else:
                    rest[unit, at - n_main] += layout.columns[event, column] * value
            for column in range(n_fixed):
                rest[unit, n_rest - n_fixed + column] += basis[event, column] * value
    rest -= main @ equations.gained.reshape(n_main, n_rest)
    turned = rest @ equations.omega
    for unit in range(n_units):
        for level in range(n_levels):
            for a in range(size):
                for b in range(size):
                    total -= (
                        main[unit, a * n_levels + level]
                        * equations.gain[level, a, b]
                        * main[unit, b * n_levels + level]
                    )
        for column in range(n_rest):
            total -= rest[unit, column] * turned[unit, column]
    return total
