"""Parametric bootstrap of maps of a mixed model: the reference for every other scheme."""

from dataclasses import dataclass

import numpy as np

from mmme_neuro.inference.contributions import layout_of, score_contributions
from mmme_neuro.inference.maxima import Draws
from mmme_neuro.inference.score_kernels import residual_of
from mmme_neuro.models.design import Design
from mmme_neuro.models.solver.batch import fit_columns
from mmme_neuro.models.solver.columns import column_products
from mmme_neuro.models.solver.crossproducts import random_columns
from mmme_neuro.models.solver.normal_equations import empty_equations, solve_equations


@dataclass(frozen=True, eq=False)
class NullParts:
    """Responses of the null model taken apart.

    Parameters
    ----------
    residuals : array, shape (n_events, n_cells)
        Conditional residuals.
    spherical : list of array, shape (n_levels, n_columns, n_cells)
        Spherical random effects of each grouping factor, in the order of the design.
    """

    residuals: np.ndarray
    spherical: list[np.ndarray]


def null_parts(null: Design, theta: np.ndarray, responses: np.ndarray) -> NullParts:
    """Conditional residuals and spherical random effects; ``theta`` as in `score_contributions`.

    Columns whose ``theta`` is NaN are NaN.
    """
    products = column_products(null, reml=True)
    levels = [np.zeros(len(factor.levels), dtype=np.int64) for factor in null.random]
    layout = layout_of(null, products.shared, np.zeros(null.n_events, np.int64), levels)
    columns, equations = products(responses), empty_equations(products.shared)
    residuals = np.full(responses.shape, np.nan)
    spherical = [
        np.full((len(factor.levels), len(factor.column_names), len(theta)), np.nan)
        for factor in null.random
    ]
    projected = responses - products.basis @ (products.basis.T @ responses)
    for cell in np.flatnonzero(np.isfinite(theta).all(axis=1)):
        solve_equations(products.shared, np.ascontiguousarray(theta[cell]), equations)
        residual = np.empty(null.n_events)
        residual_of(
            products.shared,
            layout,
            products.basis,
            equations,
            columns.main[cell],
            columns.rest[cell],
            np.ascontiguousarray(projected[:, cell]),
            residual,
        )
        residuals[:, cell] = residual
        for factor, place, out in zip(null.random, null.theta_slices, spherical, strict=True):
            sums = np.zeros(out.shape[:2])
            np.add.at(sums, factor.codes, factor.columns * residual[:, None])
            out[:, :, cell] = sums @ factor.relative_factor(theta[cell, place])
    return NullParts(residuals, spherical)


def root_score(
    null: Design, tested: np.ndarray, responses: np.ndarray, *, n_threads: int
) -> tuple[np.ndarray, np.ndarray]:
    """Signed root of the score statistic and covariance parameters, the null model fitted anew.

    Parameters
    ----------
    null : Design
        Without the tested column.
    tested : array, shape (n_events,)
        The tested column.
    responses : array, shape (n_events, n_cells)
        Finite responses.
    n_threads : int
        Threads.

    Returns
    -------
    statistic : array, shape (n_cells,)
        x'Py / (sigma sqrt(x'Px)); NaN where nothing could be fitted.
    theta : array, shape (n_cells, n_theta)
        Relative covariance parameters; NaN there.
    """

    def take(block: slice) -> np.ndarray:
        return np.ascontiguousarray(responses[:, block], dtype=float)

    fits = fit_columns(null, take, responses.shape[1], reml=True, n_threads=n_threads)
    levels = [np.zeros(len(factor.levels), dtype=np.int64) for factor in null.random]
    found = score_contributions(
        null,
        tested,
        np.zeros(null.n_events, dtype=np.int64),
        levels,
        1,
        fits.theta,
        take,
        n_threads=n_threads,
    )
    dof = null.n_events - null.fixed.shape[1]
    sigma = np.sqrt(found.quadratic / dof)
    return found.parts[0] / (sigma * np.sqrt(found.information)), fits.theta


def bootstrap_maxima(
    null: Design,
    tested: np.ndarray,
    responses: np.ndarray,
    theta: np.ndarray,
    draws: Draws,
) -> np.ndarray:
    """Largest statistics of maps drawn from the null model and fitted anew.

    Parameters
    ----------
    null : Design
        Without the tested column.
    tested : array, shape (n_events,)
        The tested column.
    responses : array, shape (n_events, n_cells)
        Finite responses.
    theta : array, shape (n_cells, n_theta)
        Of the null model; NaN: the cell is left out.
    draws : Draws
        Number and source of the maps.

    Returns
    -------
    array, shape (n_permutations, 2)

    Notes
    -----
    In each cell random effects and residuals are normal with the variances fitted there. Between
    cells they are correlated as the fitted random effects and residuals are: a draw mixes the
    levels (the events) of the fitted maps by one normal matrix for all cells.
    """
    cells = np.flatnonzero(np.isfinite(theta).all(axis=1))
    theta, observed = theta[cells], responses[:, cells]
    parts = null_parts(null, theta, observed)
    residuals = _unit_mean_square(parts.residuals)
    spherical = [_unit_mean_square(part) for part in parts.spherical]
    factors = [random_columns(factor) for factor in null.random]
    found = np.empty((draws.n_permutations, 2))
    for draw in range(draws.n_permutations):
        simulated = _mixed(residuals, draws.rng)
        for factor, columns, place, part in zip(
            null.random, factors, null.theta_slices, spherical, strict=True
        ):
            drawn = np.stack([_mixed(part[:, a], draws.rng) for a in range(part.shape[1])], axis=1)
            relative = np.stack([factor.relative_factor(row[place]) for row in theta])
            effects = np.einsum("vab,lbv->lav", relative, drawn)
            simulated += columns @ effects.reshape(-1, len(cells))
        statistic, _ = root_score(null, tested, simulated, n_threads=draws.n_threads)
        whole = np.full((1, responses.shape[1]), np.nan)
        whole[0, cells] = statistic
        found[draw] = draws.largest(whole)[0]
        draws.report(draw + 1)
    return found


def _unit_mean_square(part: np.ndarray) -> np.ndarray:
    """Scale to a mean square of one over the first axis; zeros stay."""
    size = np.sqrt((part**2).mean(axis=0))
    return part / np.where(size > 0, size, 1)


def _mixed(part: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Normal draws with the rows' covariance between cells, shape of ``part``."""
    n = len(part)
    return rng.standard_normal((n, n)) @ part / np.sqrt(n)
