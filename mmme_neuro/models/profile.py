"""Intervals of variance components by profile likelihood or parametric bootstrap."""

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import scipy.optimize
import scipy.stats

from mmme_neuro.models.bootstrap import parametric_bootstrap, refit_criterion
from mmme_neuro.models.held import VarianceComponent, hold, unit_of
from mmme_neuro.models.mixed import LMMFit
from mmme_neuro.models.solver.optimum import approach, newton
from mmme_neuro.models.weighting import log_weights

WIDEST = 60
"""Doublings of a step after which an upper limit counts as infinite."""
RELATIVE_ERROR = 1e-7
LOWER = 1e-5
"""Criterion below that of the fit that is no rounding."""


def variance_intervals(
    fit: LMMFit,
    *,
    method: str = "profile",
    confidence: float = 0.95,
    reml: bool | None = None,
    n_simulations: int = 1000,
    rng: np.random.Generator | int | None = None,
) -> pd.DataFrame:
    """Confidence intervals of standard deviations and correlations of the random effects.

    Parameters
    ----------
    fit : LMMFit
        Fitted model.
    method : {"profile", "bootstrap"}
        Profile likelihood, or percentiles of a parametric bootstrap.
    confidence : float
        Level of the intervals.
    reml : bool, optional
        Criterion of the profile; that of the fit by default. R's ``confint`` always takes ML:
        give False for its numbers.
    n_simulations : int
        For the bootstrap.
    rng : numpy.random.Generator or int, optional
        Required for the bootstrap.

    Returns
    -------
    DataFrame, shape (n_components, 7)
        ``group, term, other, kind, estimate, ci_low, ci_high``; ``kind`` is ``"sd"`` (units of
        the response per unit of the column) or ``"correlation"`` of ``term`` with ``other``.
        Profile: an interval that reaches the boundary ends there (0, or -1 and 1); NaN for a
        correlation with a zero variance. Bootstrap: percentiles over the refits in which the
        number exists.

    Notes
    -----
    The limits are where the criterion, minimized over all other parameters, lies the chi-squared
    quantile of one degree of freedom above its minimum (Bates et al. 2015, J Stat Softw 67(1),
    section 5.1), found as exact roots. Where an interval starts at zero, so does the variance's
    sampling distribution, and the level is approximate.

    Examples
    --------
    >>> variance_intervals(fit, reml=False)  # doctest: +SKIP
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    if method not in METHODS:
        raise ValueError(f"method must be one of {sorted(METHODS)}, got {method!r}")
    if method == "bootstrap" and rng is None:
        raise ValueError("the bootstrap needs rng: give an integer or a numpy Generator")
    fit = fit if reml is None else refit_criterion(fit, reml=reml)
    components = components_of(fit)
    limits = METHODS[method](fit, components, confidence, n_simulations, rng)
    rows = [
        (c.group, c.term, c.other, c.kind, value_of(fit, c), low, high)
        for c, (low, high) in zip(components, limits, strict=True)
    ]
    columns = ["group", "term", "other", "kind", "estimate", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns)


def components_of(fit: LMMFit) -> list[VarianceComponent]:
    """Standard deviations and estimated correlations of a fit, the residual last."""
    components = []
    for factor in fit.design.random:
        names = factor.column_names
        for row, column in factor.template:
            other = "" if row == column else names[column]
            components.append(VarianceComponent(factor.name, names[row], other))
    return [*components, VarianceComponent("Residual")]


def value_of(fit: LMMFit, component: VarianceComponent) -> float:
    """Estimate of one component; NaN for a correlation with a zero variance."""
    if component.group == "Residual":
        return fit.sigma
    table = fit.random_covariances[component.group]
    covariance, names = table.to_numpy(), list(table.columns)
    i = names.index(component.term)
    if not component.other:
        return float(np.sqrt(covariance[i, i]))
    j = names.index(component.other)
    both = covariance[i, i] * covariance[j, j]
    return float(covariance[i, j] / np.sqrt(both)) if both > 0 else np.nan


def profiled_criterion(fit: LMMFit, component: VarianceComponent) -> Callable[[float], float]:
    """Criterion minimized over everything but one component, as a function of its value.

    Parameters
    ----------
    fit : LMMFit
        Fitted model; the search starts at its optimum, later at the end of the last search.
    component : VarianceComponent
        What is held.

    Returns
    -------
    callable
        Value of the component to the criterion.
    """
    held, constant = hold(fit, component), log_weights(fit.design)
    starts = held.starts
    last = starts[0]

    def profile(value: float) -> float:
        nonlocal last

        def criterion(point: np.ndarray) -> complex:
            return held.criterion(point, value)

        if not len(last):
            return float(np.real(criterion(last))) - constant
        points = [last] if len(starts) == 1 else [last, *starts]
        ends = [approach(criterion, point) for point in points]
        found = newton(criterion, min(ends, key=lambda end: float(np.real(criterion(end)))))
        last = found.theta
        return found.criterion - constant

    return profile


def _profile_limits(
    fit: LMMFit,
    components: list[VarianceComponent],
    confidence: float,
    n_simulations: int,
    rng: np.random.Generator | int | None,
) -> list[tuple[float, float]]:
    """Where each profile lies the quantile above the optimum."""
    quantile = float(scipy.stats.norm.isf((1 - confidence) / 2))
    return [_limits(fit, component, quantile) for component in components]


def _limits(fit: LMMFit, component: VarianceComponent, quantile: float) -> tuple[float, float]:
    """Lower and upper limit of one component."""
    estimate = value_of(fit, component)
    if np.isnan(estimate):
        return np.nan, np.nan
    profile = profiled_criterion(fit, component)

    def excess(value: float) -> float:
        if value == estimate:
            return -quantile
        above = profile(value) - fit.criterion
        if above < -LOWER:
            warnings.warn(
                f"the profile of {component} found a criterion {-above:.2g} below that of the fit, "
                "which is not at its optimum: simplify the random terms",
                stacklevel=2,
            )
        return float(np.sqrt(max(above, 0.0))) - quantile

    if component.other:
        return _root(excess, estimate, -1.0), _root(excess, estimate, 1.0)
    step = 0.5 * max(estimate, 0.1 * fit.sigma * unit_of(fit, component))
    high = estimate + step
    for _ in range(WIDEST):
        if excess(high) > 0:
            break
        step *= 2
        high += step
    else:
        return np.nan, np.inf
    upper = _root(excess, estimate, high)
    if component.group != "Residual":
        return (_root(excess, estimate, 0.0) if estimate > 0 else 0.0), upper
    low = estimate / 2
    while excess(low) <= 0:
        low /= 2
    return _root(excess, estimate, low), upper


def _root(excess: Callable[[float], float], estimate: float, end: float) -> float:
    """Where the profile crosses the quantile between the estimate and the end, or the end."""
    if excess(end) <= 0:
        return end
    tolerance = RELATIVE_ERROR * max(abs(estimate), abs(end))
    return float(scipy.optimize.brentq(excess, estimate, end, xtol=tolerance))


def _bootstrap_limits(
    fit: LMMFit,
    components: list[VarianceComponent],
    confidence: float,
    n_simulations: int,
    rng: np.random.Generator | int | None,
) -> list[tuple[float, float]]:
    """Percentiles of the refits."""
    draws = parametric_bootstrap(
        fit,
        lambda again: pd.Series([value_of(again, c) for c in components]),
        n_simulations,
        rng=np.random.default_rng(rng),
    )
    tail = (1 - confidence) / 2
    limits = draws[list(range(len(components)))].quantile([tail, 1 - tail])
    return [(float(low), float(high)) for low, high in limits.to_numpy().T]


METHODS = {"profile": _profile_limits, "bootstrap": _bootstrap_limits}
