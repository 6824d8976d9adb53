"""Simulation of responses from a fitted mixed model, and the parametric bootstrap."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from mmme_neuro.models.design import Design
from mmme_neuro.models.mixed import LMMFit
from mmme_neuro.models.refit import refit_responses

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
    expected = fit.design.fixed @ fit.coefficients.to_numpy()
    return draw_responses(
        fit.design, expected, relative, fit.sigma, n_simulations, np.random.default_rng(rng)
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
    responses = expected[:, None] + sigma * rng.standard_normal((len(expected), n_simulations))
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
