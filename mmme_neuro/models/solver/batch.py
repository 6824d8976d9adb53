"""Fits of one design to many responses, in blocks over threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from mmme_neuro.errors import NotEstimable
from mmme_neuro.models.design import Design
from mmme_neuro.models.solver.columns import ColumnProducts, column_products
from mmme_neuro.models.solver.crossproducts import cross_products
from mmme_neuro.models.solver.likelihood import EXACT_FIT, ROUNDING, Likelihood
from mmme_neuro.models.solver.newton_steps import fit_block
from mmme_neuro.models.solver.normal_equations import empty_equations
from mmme_neuro.models.solver.response_equations import empty_response
from mmme_neuro.models.solver.scaling import scaled, turned_back
from mmme_neuro.models.solver.starts import StartGrid
from mmme_neuro.models.solver.traces import solve_with_traces
from mmme_neuro.stats.buffers import unwritten

BLOCK = 256
"""Responses in memory at once in each thread."""

NEARLY_EXACT_FIT = 1e-7
"""`EXACT_FIT` where the search for a minimum ran away, which it does with such responses."""


@dataclass(frozen=True, eq=False)
class ColumnFits:
    """Fits of many responses.

    Parameters
    ----------
    coefficients, std_error, dof : array, shape (n_responses, n_terms)
        Fixed effects, their standard errors and Satterthwaite's degrees of freedom.
    design : Design
        The design with its random columns on the scale of the search.
    scaled_theta : array, shape (n_responses, n_theta)
        Relative covariance parameters of these columns.
    theta : array, shape (n_responses, n_theta)
        Those of the columns as they were given, in the order of the design.
    criterion, sigma : array, shape (n_responses,)
        -2 log (restricted) likelihood and residual standard deviation.
    is_minimum : array of bool, shape (n_responses,)
        Whether first- and second-order conditions of a minimum hold.
    is_constant : array of bool, shape (n_responses,)
        Whether the fixed terms or the groups reproduce the response exactly: nothing is fitted.
    """

    coefficients: np.ndarray
    std_error: np.ndarray
    dof: np.ndarray
    design: Design
    scaled_theta: np.ndarray
    theta: np.ndarray
    criterion: np.ndarray
    sigma: np.ndarray
    is_minimum: np.ndarray
    is_constant: np.ndarray


def fit_columns(
    design: Design,
    take: Callable[[slice], np.ndarray],
    n_responses: int,
    *,
    reml: bool,
    n_threads: int,
) -> ColumnFits:
    """Fit a design to many responses.

    Parameters
    ----------
    design : Design
        Fixed columns, random columns and groups.
    take : callable
        Slice of responses to their values, shape (n_events, n_in_slice), float64 and finite.
    n_responses : int
        Number of responses.
    reml : bool
        Restricted maximum likelihood.
    n_threads : int
        Threads; the result does not depend on them.

    Returns
    -------
    ColumnFits
    """
    design = scaled(design)
    with threadpool_limits(1, user_api="blas"):
        products = column_products(design, reml=reml)
    n_terms, n_theta = len(design.fixed_names), len(products.shared.factor)
    fits = ColumnFits(
        coefficients=np.full((n_responses, n_terms), np.nan),
        std_error=np.full((n_responses, n_terms), np.nan),
        dof=np.full((n_responses, n_terms), np.nan),
        design=design,
        scaled_theta=np.full((n_responses, n_theta), np.nan),
        theta=np.full((n_responses, n_theta), np.nan),
        criterion=np.full(n_responses, np.nan),
        sigma=np.full(n_responses, np.nan),
        is_minimum=np.zeros(n_responses, dtype=bool),
        is_constant=np.zeros(n_responses, dtype=bool),
    )
    blocks = [slice(a, min(a + BLOCK, n_responses)) for a in range(0, n_responses, BLOCK)]
    with threadpool_limits(1, user_api="blas"):
        grid = StartGrid(products.shared)
        with ThreadPoolExecutor(n_threads) as executor:
            list(
                executor.map(
                    lambda block: _fit_block(design, products, grid, take, block, fits), blocks
                )
            )
    fits.theta[:] = turned_back(design, fits.scaled_theta)
    return fits


def _fit_block(
    design: Design,
    products: ColumnProducts,
    grid: StartGrid,
    take: Callable[[slice], np.ndarray],
    block: slice,
    fits: ColumnFits,
) -> None:
    """Fit the responses of one block and write the results in their places."""
    shared = products.shared
    values = take(block)
    columns = products(values)
    size = np.einsum("ij,ij->i", columns.offset, columns.offset)
    is_constant = ~(columns.total > ROUNDING * (columns.total + size))
    fits.is_constant[block] = is_constant
    tasks, nodes = grid.starts(columns)
    kept = ~is_constant[tasks]
    tasks, nodes = tasks[kept], nodes[kept]
    if not len(tasks):
        return
    n_terms = len(shared.inverse_triangle)
    theta = unwritten((len(tasks), len(shared.factor)))
    coefficients, variance, dof = (unwritten((len(tasks), n_terms)) for _ in range(3))
    summary = unwritten((len(tasks), 3))
    own, response_equations = empty_equations(shared), empty_response(shared)
    bounds = np.flatnonzero(np.diff(nodes, prepend=-1, append=-1))
    for first, last in zip(bounds[:-1], bounds[1:], strict=True):
        same = slice(first, last)
        fit_block(
            shared,
            columns,
            grid.equations(int(nodes[first])),
            own,
            response_equations,
            tasks[same],
            theta[same],
            coefficients[same],
            variance[same],
            dof[same],
            summary[same],
        )
    order = np.lexsort((summary[:, 0], tasks))
    best = order[np.unique(tasks[order], return_index=True)[1]]
    response = tasks[best]
    for task in best[summary[best, 2] == 0]:
        optimum = _single_optimum(design, values[:, tasks[task]], reml=shared.reml)
        if optimum is not None:
            start, one = empty_equations(shared), slice(task, task + 1)
            solve_with_traces(shared, optimum, start)
            fit_block(
                shared,
                columns,
                start,
                own,
                response_equations,
                tasks[one],
                theta[one],
                coefficients[one],
                variance[one],
                dof[one],
                summary[one],
            )
    value, residual, is_minimum = summary[best].T
    least = np.where(is_minimum > 0, EXACT_FIT, NEARLY_EXACT_FIT)
    is_exact = ~(residual > least * columns.total[response])
    fits.is_constant[block.start + response[is_exact]] = True
    best, response = best[~is_exact], response[~is_exact]
    place = block.start + response
    fits.coefficients[place] = coefficients[best]
    fits.std_error[place] = np.sqrt(variance[best])
    fits.dof[place] = dof[best]
    fits.scaled_theta[place] = theta[best]
    fits.criterion[place] = value[~is_exact]
    fits.sigma[place] = np.sqrt(residual[~is_exact] / shared.dof)
    fits.is_minimum[place] = is_minimum[~is_exact] > 0


def _single_optimum(design: Design, response: np.ndarray, *, reml: bool) -> np.ndarray | None:
    """Optimum of a response by the slower search of `fit_lmm`, for the few that need it."""
    try:
        found = Likelihood(cross_products(design, response), reml).optimum()
    except NotEstimable:
        return None  # reproduced exactly by the groups
    return found.theta if found.is_minimum else None
