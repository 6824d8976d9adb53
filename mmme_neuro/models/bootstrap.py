"""Responses simulated from a fitted mixed model, refits to them, and the parametric bootstrap."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import scipy.linalg

from mmme_neuro.errors import NotEstimable
from mmme_neuro.models.design import Design, RandomFactor
from mmme_neuro.models.mixed import LMMFit, estimate_products, estimate_response
from mmme_neuro.models.solver.crossproducts import CrossProducts, random_columns
from mmme_neuro.models.weighting import variance_ratios, working
from mmme_neuro.stats.groups import are_independent


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
    products = products_of_responses(fit._products, working(fit.design, responses))
    for response, these in zip(responses.T, products, strict=True):
        yield estimate_products(these, response, reml=fit.reml)


def products_of_responses(
    products: CrossProducts, responses: np.ndarray
) -> Iterator[CrossProducts]:
    """Cross products of the same design with other working responses.

    Only the last column differs.
    """
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
        Events left out. Columns stay as they were computed from all events (a centered predictor
        is not centered again).

    Returns
    -------
    LMMFit

    Raises
    ------
    NotEstimable
        When the remaining events cannot carry the model; says why.
    """
    kept = ~is_left_out
    design, response = design_of(fit.design, kept), fit.response[kept]
    return estimate_response(design, response, reml=fit.reml)


def design_of(design: Design, kept: np.ndarray) -> Design:
    """The design of some of the events, groups without events left out."""
    fixed = design.fixed[kept]
    if not are_independent(fixed):
        raise NotEstimable(
            f"fixed terms {list(design.fixed_names)} cannot all be estimated from the remaining "
            f"{len(fixed)} events"
        )
    return replace(
        design,
        fixed=np.ascontiguousarray(fixed),
        random=tuple(_factor_of(factor, kept) for factor in design.random),
        rows=design.rows[kept],
        predictors=design.predictors[kept].reset_index(drop=True),
        weights=None if design.weights is None else design.weights[kept],
        offset=None if design.offset is None else design.offset[kept],
    )


def _factor_of(factor: RandomFactor, kept: np.ndarray) -> RandomFactor:
    """Random columns of some of the events."""
    remaining, codes = np.unique(factor.codes[kept], return_inverse=True)
    columns = factor.columns[kept]
    if len(remaining) < 2 or not are_independent(columns):
        raise NotEstimable(
            f"grouping factor {factor.name!r} has {len(remaining)} groups left and random columns "
            f"{list(factor.column_names)}, which cannot all be told apart"
        )
    levels = tuple(factor.levels[level] for level in remaining)
    return replace(factor, levels=levels, codes=codes, columns=np.ascontiguousarray(columns))


AT_ONCE = 64
"""Responses simulated together; bounds the memory."""


def simulate_responses(
    fit: LMMFit, n_simulations: int, *, rng: np.random.Generator | int
) -> np.ndarray:
    """Draw responses of the same events from a fitted model, random effects drawn anew.

    Parameters
    ----------
    fit : LMMFit
        Fitted model.
    n_simulations : int
        Number of responses.
    rng : numpy.random.Generator or int
        Source of randomness.

    Returns
    -------
    array, shape (n_observations, n_simulations)
        In units of the response.

    Examples
    --------
    >>> simulate_responses(fit, 100, rng=1)  # doctest: +SKIP
    """
    if n_simulations < 1:
        raise ValueError(f"n_simulations must be 1 or more, got {n_simulations}")
    relative = {name: fit.sigma * lower for name, lower in fit.relative_factors.items()}
    return draw_responses(
        fit.design, fit.expected, relative, fit.sigma, n_simulations, np.random.default_rng(rng)
    )


def draw_responses(
    design: Design,
    expected: np.ndarray,
    factors: dict[str, np.ndarray],
    sigma: float,
    n_simulations: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw responses around their expectation.

    Parameters
    ----------
    design : Design
        Groups and random columns.
    expected : array, shape (n_events,)
        Fixed part, in units of the response.
    factors : dict of str to array, shape (n_columns, n_columns)
        For each grouping factor a square root of the covariance of its random effects.
    sigma : float
        Residual standard deviation.
    n_simulations : int
        Number of responses.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    array, shape (n_events, n_simulations)
    """
    noise = sigma * rng.standard_normal((len(expected), n_simulations))
    responses = expected[:, None] + noise * np.sqrt(variance_ratios(design))[:, None]
    for factor in design.random:
        shape = (len(factor.levels), n_simulations, len(factor.column_names))
        effects = rng.standard_normal(shape) @ factors[factor.name].T
        responses += np.einsum("esk,ek->es", effects[factor.codes], factor.columns)
    return responses


def parametric_bootstrap(
    fit: LMMFit,
    statistic: Callable[[LMMFit], pd.Series],
    n_simulations: int,
    *,
    rng: np.random.Generator | int,
) -> pd.DataFrame:
    """Distribution of any statistic of a fit under the fitted model.

    Parameters
    ----------
    fit : LMMFit
        Fitted model, taken as the truth.
    statistic : callable
        A fit to a Series of numbers, for example ``lambda fit: fit.coefficients`` or `r_squared`.
    n_simulations : int
        Number of simulated responses; 1,000 or more for 95 % intervals.
    rng : numpy.random.Generator or int
        Source of randomness.

    Returns
    -------
    DataFrame, shape (n_simulations, n_statistics + 2)
        The statistics of each refit, and ``converged`` and ``singular``.

    Notes
    -----
    Responses are drawn with new random effects and the model is fitted to each by the criterion
    of ``fit`` (as ``lme4::bootMer(use.u = FALSE)``).

    Examples
    --------
    >>> parametric_bootstrap(fit, r_squared, 1000, rng=1).quantile([0.025, 0.975])  # doctest: +SKIP
    """
    rows = [
        pd.concat(
            [
                statistic(again),
                pd.Series({"converged": again.converged, "singular": again.singular}, dtype=object),
            ]
        )
        for again in simulated_fits(fit, n_simulations, rng=rng)
    ]
    table = pd.DataFrame(rows).reset_index(drop=True)
    types = {name: float for name in table.columns[:-2]}
    return table.astype(types | {"converged": bool, "singular": bool})


def simulated_fits(
    fit: LMMFit, n_simulations: int, *, rng: np.random.Generator | int
) -> Iterator[LMMFit]:
    """Fits of the same model to responses drawn from it, one after the other."""
    if n_simulations < 1:
        raise ValueError(f"n_simulations must be 1 or more, got {n_simulations}")
    generator = np.random.default_rng(rng)
    for start in range(0, n_simulations, AT_ONCE):
        size = min(AT_ONCE, n_simulations - start)
        yield from refit_responses(fit, simulate_responses(fit, size, rng=generator))
