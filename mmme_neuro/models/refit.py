"""Refit a mixed model to other responses, by the other criterion or without some events."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import scipy.linalg

from mmme_neuro.models.design import Design, RandomFactor
from mmme_neuro.models.mixed import LMMFit, estimate_products
from mmme_neuro.models.solver.crossproducts import CrossProducts, cross_products, random_columns


def refit_criterion(fit: LMMFit, *, reml: bool) -> LMMFit:
    """Fit the same model to the same events by REML or by ML.

    Parameters
    ----------
    fit : LMMFit
        Fitted model.
    reml : bool
        Restricted maximum likelihood, else maximum likelihood.

    Returns
    -------
    LMMFit
    """
    return fit if fit.reml == reml else estimate_products(fit._products, fit.response, reml=reml)


def refit_responses(fit: LMMFit, responses: np.ndarray) -> Iterator[LMMFit]:
    """Fit the same model to other responses of the same events.

    Parameters
    ----------
    fit : LMMFit
        Fitted model.
    responses : array, shape (n_observations, n_responses)
        One response a column.

    Yields
    ------
    LMMFit
        One fit for each response, by the criterion of ``fit``.
    """
    if responses.ndim != 2 or len(responses) != fit.n_observations:
        raise ValueError(
            f"responses must have one row for each of the {fit.n_observations} used events, got "
            f"shape {responses.shape}"
        )
    products = products_of_responses(fit._products, responses)
    for response, these in zip(responses.T, products, strict=True):
        yield estimate_products(these, response, reml=fit.reml)


def products_of_responses(
    products: CrossProducts, responses: np.ndarray
) -> Iterator[CrossProducts]:
    """Cross products of the same design with other responses; only the last column differs."""
    design = products.design
    basis = scipy.linalg.solve_triangular(products.triangle, design.fixed.T, trans="T").T
    offsets = basis.T @ responses
    residuals = responses - basis @ offsets
    residuals -= basis @ (basis.T @ residuals)
    main = random_columns(design.random[products.main]).T @ residuals
    others = [random_columns(design.random[index]).T @ residuals for index in products.starts]
    last = np.vstack([*others, basis.T @ residuals, (residuals**2).sum(axis=0)])
    shape = products.cross.shape[:2]
    for column in range(responses.shape[1]):
        cross, gram = products.cross.copy(), products.gram.copy()
        cross[:, :, -1] = main[:, column].reshape(shape)
        gram[-1], gram[:, -1] = last[:, column], last[:, column]
        yield replace(products, cross=cross, gram=gram, offset=offsets[:, column])


def refit_without(fit: LMMFit, is_left_out: np.ndarray) -> LMMFit:
    """Fit the same model to the other events.

    Parameters
    ----------
    fit : LMMFit
        Fitted model.
    is_left_out : array of bool, shape (n_observations,)
        Events left out. Columns stay as they were computed from all events (a centred predictor
        is not centred again).

    Returns
    -------
    LMMFit

    Raises
    ------
    ValueError
        When the remaining events cannot carry the model; says why.
    """
    kept = ~is_left_out
    design, response = design_of(fit.design, kept), fit.response[kept]
    return estimate_products(cross_products(design, response), response, reml=fit.reml)


def design_of(design: Design, kept: np.ndarray) -> Design:
    """The design of some of the events, groups without events left out."""
    fixed = design.fixed[kept]
    if np.linalg.matrix_rank(fixed) < fixed.shape[1]:
        raise ValueError(
            f"fixed terms {list(design.fixed_names)} cannot all be estimated from the remaining "
            f"{len(fixed)} events"
        )
    return replace(
        design,
        fixed=np.ascontiguousarray(fixed),
        random=tuple(_factor_of(factor, kept) for factor in design.random),
        rows=design.rows[kept],
        predictors=design.predictors[kept].reset_index(drop=True),
    )


def _factor_of(factor: RandomFactor, kept: np.ndarray) -> RandomFactor:
    """Random columns of some of the events."""
    remaining, codes = np.unique(factor.codes[kept], return_inverse=True)
    columns = factor.columns[kept]
    if len(remaining) < 2 or np.linalg.matrix_rank(columns) < columns.shape[1]:
        raise ValueError(
            f"grouping factor {factor.name!r} has {len(remaining)} groups left and random columns "
            f"{list(factor.column_names)}, which cannot all be told apart"
        )
    levels = tuple(factor.levels[level] for level in remaining)
    return replace(factor, levels=levels, codes=codes, columns=np.ascontiguousarray(columns))
