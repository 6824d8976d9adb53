"""Standardized effect sizes of contrasts, and tests that an effect is negligibly small."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import scipy.stats

from mmme_neuro.models.mixed import LMMFit
from mmme_neuro.models.solver.likelihood import free_parameters
from mmme_neuro.models.weighting import variance_ratios
from mmme_neuro.stats.estimates import t_interval

NEEDED = ("estimate", "std_error", "dof")


def equivalence_test(
    contrasts: pd.DataFrame, bounds: tuple[float, float], *, confidence: float = 0.90
) -> pd.DataFrame:
    """Test contrasts for equivalence by two one-sided tests.

    Parameters
    ----------
    contrasts : DataFrame
        What `contrast` or ``fit.table()`` returned: ``estimate, std_error, dof``.
    bounds : (float, float)
        Smallest differences that would matter, in units of the response: fixed before the data
        are seen. For bounds in standard deviations multiply by the ``denominator`` of
        `standardized_effects`, which then counts as known.
    confidence : float
        Level of the interval; that of each one-sided test, and so of the equivalence test, is
        ``(1 - confidence) / 2``.

    Returns
    -------
    DataFrame, shape (n_contrasts, 10)
        ``estimate, std_error, dof, bound_low, bound_high, p_low, p_high, p_value, ci_low,
        ci_high``: ``p_value`` is the larger of the two one-sided p-values, small where the
        contrast is shown to lie within the bounds; the interval lies within the bounds exactly
        where ``p_value < (1 - confidence) / 2``.

    Notes
    -----
    Schuirmann (1987, J Pharmacokinet Biopharm 15:657); Lakens (2017, Soc Psychol Personal Sci
    8:355). A difference can be significant and equivalent, or neither.

    Examples
    --------
    >>> equivalence_test(contrast(fit, "condition"), (-0.5, 0.5))  # doctest: +SKIP
    """
    low, high = bounds
    missing = [name for name in NEEDED if name not in contrasts.columns]
    if missing:
        raise ValueError(f"contrasts have no columns {missing}; give what contrast() returned")
    if not (np.isfinite([low, high]).all() and low < high):
        raise ValueError(f"bounds must be two finite numbers, the lower first, got {bounds}")
    estimate, std_error, dof = (contrasts[name].to_numpy(float) for name in NEEDED)
    p_low = scipy.stats.t.sf((estimate - low) / std_error, dof)
    p_high = scipy.stats.t.cdf((estimate - high) / std_error, dof)
    ci_low, ci_high = t_interval(estimate, std_error, dof, confidence=confidence)
    return contrasts[list(NEEDED)].assign(
        bound_low=low,
        bound_high=high,
        p_low=p_low,
        p_high=p_high,
        p_value=np.maximum(p_low, p_high),
        ci_low=ci_low,
        ci_high=ci_high,
    )


STEP = 1e-5
"""Relative step of the central differences of the denominator's logarithm."""


def standardized_effects(
    fit: LMMFit,
    contrasts: pd.DataFrame,
    *,
    denominator: str = "total",
    of: str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Divide contrasts by a standard deviation that the model implies.

    Parameters
    ----------
    fit : LMMFit
        Fitted model.
    contrasts : DataFrame
        What `contrast` returned for this fit.
    denominator : {"total", "residual"}
        ``"total"``: root of the sum of all variance components, the standard deviation of events
        within one condition (d of Westfall, Kenny & Judd 2014, J Exp Psychol Gen 143:2020).
        ``"residual"``: standard deviation of repeated events of the same participant and stimulus;
        larger effect sizes that cannot be compared with those between persons.
    of : str, optional
        Categorical predictor whose levels count equally in the sum where slopes are random, as in
        that paper; all events count equally by default.
    confidence : float
        Level of the intervals.

    Returns
    -------
    DataFrame, shape (n_contrasts, 6)
        ``effect_size, std_error, dof, ci_low, ci_high, denominator``, the last in units of the
        response.

    Notes
    -----
    The interval holds the errors of the contrast and of the denominator, by the delta method:
    var(d) = SE^2 / D^2 + d^2 var(log D), with the t quantile of the contrast (for one group of
    independent events this is the classical large-sample variance of Cohen's d). It says nothing
    about small-sample bias, which is below 1 % with 80 degrees of freedom or more (Hedges 1981).

    Examples
    --------
    >>> standardized_effects(fit, contrast(fit, "condition"), of="condition")  # doctest: +SKIP
    """
    if denominator not in DENOMINATORS:
        raise ValueError(f"denominator must be one of {sorted(DENOMINATORS)}, got {denominator!r}")
    weights = _event_weights(fit, of)
    log_sd = DENOMINATORS[denominator](fit, weights)
    sd = float(np.exp(log_sd(np.append(fit._scaled_theta, np.log(fit.sigma)))))
    effect_size = contrasts["estimate"].to_numpy(float) / sd
    relative = contrasts["std_error"].to_numpy(float) / sd
    std_error = np.sqrt(relative**2 + effect_size**2 * _log_variance(fit, log_sd))
    dof = contrasts["dof"].to_numpy(float)
    ci_low, ci_high = t_interval(effect_size, std_error, dof, confidence=confidence)
    columns = {
        "effect_size": effect_size,
        "std_error": std_error,
        "dof": dof,
        "ci_low": ci_low,
        "ci_high": ci_high,
        "denominator": sd,
    }
    return pd.DataFrame(columns, index=contrasts.index)


def _event_weights(fit: LMMFit, of: str | None) -> np.ndarray:
    """Weight of each event in the mean variance, shape (n_observations,)."""
    n_events = fit.n_observations
    if of is None:
        return np.full(n_events, 1 / n_events)
    if of not in fit.design.categories:
        raise ValueError(
            f"'of' must be a categorical predictor of {fit.formula!r}, got {of!r}; they are "
            f"{list(fit.design.categories)}"
        )
    values = fit.design.predictors[of]
    counts = values.value_counts()
    counts = counts[counts > 0]
    return 1 / (values.map(counts).to_numpy(float) * len(counts))


def _log_total(fit: LMMFit, weights: np.ndarray) -> Callable[[np.ndarray], float]:
    """Log of the root of the summed components, as a function of theta and log sigma."""
    random = fit._products.design.random
    # The random columns of the search have the roots of prior weights as factors.
    each = weights * variance_ratios(fit.design)
    products = [(f.columns * each[:, None]).T @ f.columns for f in random]
    residual = float(each.sum())

    def log_sd(parameters: np.ndarray) -> float:
        factors = fit._products.relative_factors(parameters[:-1])
        between = sum(
            float(np.sum(lower @ lower.T * product))
            for lower, product in zip(factors, products, strict=True)
        )
        return float(parameters[-1] + np.log(residual + between) / 2)

    return log_sd


def _log_residual(fit: LMMFit, weights: np.ndarray) -> Callable[[np.ndarray], float]:
    """Log of the root of the mean residual variance."""
    residual = float(weights @ variance_ratios(fit.design))
    return lambda parameters: float(parameters[-1] + np.log(residual) / 2)


DENOMINATORS = {"total": _log_total, "residual": _log_residual}


def _log_variance(fit: LMMFit, log_sd: Callable[[np.ndarray], float]) -> float:
    """Variance of the denominator's logarithm; parameters at a boundary are held there."""
    is_free = np.concatenate(
        [
            free_parameters(factor, fit._scaled_theta[place])
            for factor, place in zip(fit.design.random, fit.design.theta_slices, strict=True)
        ]
        + [[True]]
    )
    here = np.append(fit._scaled_theta, np.log(fit.sigma))
    slope = np.array(
        [
            (log_sd(here + step) - log_sd(here - step)) / (2 * step.sum())
            for step in (STEP * np.maximum(1, np.abs(here)) * np.eye(len(here)))[is_free]
        ]
    )
    return float(slope @ fit._satterthwaite.parameter_covariance @ slope)
