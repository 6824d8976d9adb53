"""What each participant and each stimulus adds to the score of one fixed effect, cell by cell."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from mmme_neuro.inference.score_kernels import Layout, contribute
from mmme_neuro.models.design import Design
from mmme_neuro.models.solver.columns import SharedDesign, column_products
from mmme_neuro.models.solver.normal_equations import empty_equations
from mmme_neuro.stats.buffers import unwritten

BLOCK = 128
"""Cells in memory at once in each thread."""


@dataclass(frozen=True, eq=False)
class Contributions:
    """Scores of one fixed effect under its null model, split over independent units.

    Parameters
    ----------
    parts : array, shape (n_units, n_cells)
        They add up to the score; under the null each is symmetric about zero.
    information : array, shape (n_cells,)
        Variance of the score in units of the residual variance.
    spread : array, shape (n_cells,)
        Expected sum of squared contributions in the same units. It is below ``information``
        because estimated effects take degrees of freedom from the contributions.
    quadratic : array, shape (n_cells,)
        y'Py; over the degrees of freedom it is the residual variance.
    """

    parts: np.ndarray
    information: np.ndarray
    spread: np.ndarray
    quadratic: np.ndarray


def null_design(design: Design, term: str) -> Design:
    """The same design without one fixed column."""
    kept = [i for i, name in enumerate(design.fixed_names) if name != term]
    return replace(
        design,
        fixed=np.ascontiguousarray(design.fixed[:, kept]),
        fixed_names=tuple(design.fixed_names[i] for i in kept),
    )


def fixed_column(design: Design, term: str) -> np.ndarray:
    """One fixed column, shape (n_events,)."""
    return design.fixed[:, design.fixed_names.index(term)]


def score_contributions(
    null: Design,
    tested: np.ndarray,
    unit: np.ndarray,
    level_units: list[np.ndarray],
    n_units: int,
    theta: np.ndarray,
    take: Callable[[slice], np.ndarray],
    *,
    n_threads: int,
) -> Contributions:
    """Split the score of a tested column over units, with covariances fixed at the null.

    Parameters
    ----------
    null : Design
        Without the tested column.
    tested : array, shape (n_events,)
        The tested column.
    unit : array of int, shape (n_events,)
        Unit of each event.
    level_units : list of array of int, shape (n_levels,)
        Unit of each level of each grouping factor, in the order of ``null.random``.
    n_units : int
        Number of units.
    theta : array, shape (n_cells, n_theta)
        Relative covariance parameters of the null model in each cell; NaN gives NaN.
    take : callable
        Slice of cells to their responses, shape (n_events, n_in_slice).
    n_threads : int
        Threads; the result does not depend on them.

    Returns
    -------
    Contributions

    Notes
    -----
    With relative covariance factor L, V = I + Z L L' Z' and P = V^-1 less its projection on the
    fixed columns of the null model, the score of a column x is x'Py. In terms of penalized least
    squares, where e = Pw is the residual of w and b = L'Z'e its spherical random effects,

        x'Py = sum over events of e_x e_y + sum over levels of b_x'b_y.

    A participant's contribution is the first sum over its events plus the second over its level; a
    stimulus's contribution is the second sum over its level. At a zero variance b is zero and
    nothing has to be inverted.
    """
    with threadpool_limits(1, user_api="blas"):
        products = column_products(null, reml=True)
        own = products(tested[:, None])
        projected = tested - products.basis @ (products.basis.T @ tested)
    layout = layout_of(null, products.shared, unit, level_units)
    n_cells = len(theta)
    found = Contributions(
        np.full((n_units, n_cells), np.nan), *(np.full(n_cells, np.nan) for _ in range(3))
    )

    def work(block: slice) -> None:
        is_fitted = np.isfinite(theta[block]).all(axis=1)
        cells = np.arange(block.start, block.stop)[is_fitted]
        if not len(cells):
            return
        responses = take(block)[:, is_fitted]
        parts, summary = unwritten((len(cells), n_units)), unwritten((len(cells), 3))
        contribute(
            products.shared,
            layout,
            products.basis,
            own,
            projected,
            products(responses),
            np.ascontiguousarray((responses - products.basis @ (products.basis.T @ responses)).T),
            np.ascontiguousarray(theta[cells]),
            empty_equations(products.shared),
            parts,
            summary,
        )
        found.parts[:, cells] = parts.T
        found.information[cells], found.spread[cells], found.quadratic[cells] = summary.T

    blocks = [slice(a, min(a + BLOCK, n_cells)) for a in range(0, n_cells, BLOCK)]
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(n_threads) as executor:
        list(executor.map(work, blocks))
    return found


def layout_of(
    design: Design, shared: SharedDesign, unit: np.ndarray, level_units: list[np.ndarray]
) -> Layout:
    """Bring the random columns into the order of `column_products`."""
    sizes = [len(factor.levels) * len(factor.column_names) for factor in design.random]
    main = int(np.argmax(sizes))
    order = [main, *(index for index in range(len(sizes)) if index != main)]
    columns, place, level_unit, number, within = [], [], [], [], []
    n_main = sizes[main]
    for position, index in enumerate(order):
        factor = design.random[index]
        n_levels, size = len(factor.levels), len(factor.column_names)
        for column in range(size):
            columns.append(factor.columns[:, column])
            if position == 0:
                place.append(column * n_levels + factor.codes)
            else:
                place.append(n_main + shared.first[position] + factor.codes * size + column)
            level_unit.append(level_units[index][factor.codes])
            number.append(position)
            within.append(column)
    return Layout(
        columns=np.ascontiguousarray(np.column_stack(columns)),
        place=np.ascontiguousarray(np.column_stack(place).astype(np.int64)),
        unit=np.ascontiguousarray(unit.astype(np.int64)),
        level_unit=np.ascontiguousarray(np.column_stack(level_unit).astype(np.int64)),
        factor=np.array(number, dtype=np.int64),
        within=np.array(within, dtype=np.int64),
    )
