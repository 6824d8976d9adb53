"""Likelihood-ratio tests between nested mixed models."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.stats

from mmme_neuro.models.bootstrap import (
    AT_ONCE,
    refit_criterion,
    refit_responses,
    simulate_responses,
)
from mmme_neuro.models.design import RandomFactor
from mmme_neuro.models.mixed import LMMFit
from mmme_neuro.models.weighting import variance_ratios, working
from mmme_neuro.stats.groups import combination_weights, independent_columns

CONTAINED = 1e-7
"""Relative residual under which columns lie in the space of others."""
SMALL = 1e-9


@dataclass(frozen=True)
class Difference:
    """Parameters that the larger of two nested models has in addition."""

    n_fixed: int
    n_variances: int
    n_covariances: int

    @property
    def total(self) -> int:
        """Number of additional parameters."""
        return self.n_fixed + self.n_variances + self.n_covariances

    @property
    def note(self) -> str:
        """What the reader of the p-value must know."""
        if self.n_variances == 0:
            return ""
        if self.n_variances == 1:
            return (
                "one variance on its boundary: p_value from the mixture of chi-squared with "
                f"{self.total - 1} and {self.total} degrees of freedom; p_value_naive is "
                "conservative"
            )
        return (
            f"{self.n_variances} variances on their boundary: no simple mixture, p_value is "
            "conservative; use bootstrap_likelihood_ratio"
        )

    def p_value(self, statistic: float) -> float:
        """Tail of chi-squared, or of its mixture where one variance is at the boundary."""
        above = float(scipy.stats.chi2.sf(statistic, self.total))
        if self.n_variances != 1:
            return above
        lower = self.total - 1
        below = float(scipy.stats.chi2.sf(statistic, lower)) if lower else float(statistic <= 0)
        return (above + below) / 2


def likelihood_ratio(*fits: LMMFit, reml: bool = False) -> pd.DataFrame:
    """Compare nested models of the same events by likelihood-ratio tests.

    Parameters
    ----------
    *fits : LMMFit
        Two fits or more; each is tested against the one before it in the order of their numbers
        of parameters.
    reml : bool
        Compare restricted likelihoods, which needs equal fixed parts. By default all models are
        refitted by maximum likelihood.

    Returns
    -------
    DataFrame, shape (n_fits, 10)
        Index ``formula``; ``n_parameters, aic, bic, loglik, criterion, statistic, dof, p_value,
        p_value_naive, note``. NaN in the row of the smallest model.

    Notes
    -----
    A variance cannot be negative, so under the null hypothesis half of the statistics of one
    added random effect have a degree of freedom less: ``p_value`` is the mean of the two tails
    (Self & Liang 1987, J Am Stat Assoc 82:605; Stram & Lee 1994, Biometrics 50:1171), valid for
    many groups. ``p_value_naive`` is what R's ``anova`` prints. With more variances at once, or
    few groups, `bootstrap_likelihood_ratio` gives the reference.

    Examples
    --------
    >>> likelihood_ratio(intercepts, slopes)  # doctest: +SKIP
    """
    if len(fits) < 2:
        raise ValueError(f"a comparison needs two fits or more, got {len(fits)}")
    ordered = sorted(fits, key=lambda fit: fit.n_parameters)
    pairs = [_difference(a, b) for a, b in zip(ordered[:-1], ordered[1:], strict=True)]
    if reml and any(pair.n_fixed for pair in pairs):
        raise ValueError(
            "restricted likelihoods of different fixed parts cannot be compared; use reml=False"
        )
    refitted = [refit_criterion(fit, reml=reml) for fit in ordered]
    rows = [_row(refitted[0])]
    for smaller, larger, pair in zip(refitted[:-1], refitted[1:], pairs, strict=True):
        statistic = max(smaller.criterion - larger.criterion, 0.0)
        rows.append(
            {
                **_row(larger),
                "statistic": statistic,
                "dof": pair.total,
                "p_value": pair.p_value(statistic),
                "p_value_naive": float(scipy.stats.chi2.sf(statistic, pair.total)),
                "note": "; ".join(filter(None, [pair.note, _failure(smaller, larger)])),
            }
        )
    table = pd.DataFrame(rows, index=pd.Index([fit.formula for fit in refitted], name="formula"))
    return table.assign(note=table["note"].fillna(""))


def bootstrap_likelihood_ratio(
    smaller: LMMFit,
    larger: LMMFit,
    n_simulations: int,
    *,
    rng: np.random.Generator | int,
    reml: bool = False,
) -> pd.Series:
    """Likelihood-ratio test whose null distribution is simulated from the smaller model.

    Parameters
    ----------
    smaller, larger : LMMFit
        Nested fits of the same events.
    n_simulations : int
        Number of simulated responses.
    rng : numpy.random.Generator or int
        Source of randomness.
    reml : bool
        Restricted likelihoods, for equal fixed parts.

    Returns
    -------
    Series
        ``statistic, dof, p_value, p_value_low, p_value_high, n_simulations``: the observed
        statistic counts as one of the null distribution; the 95 % interval of the p-value is the
        Monte-Carlo error (Clopper & Pearson 1934).

    Notes
    -----
    Valid at boundaries and with few groups (Halekoh & Hojsgaard 2014, J Stat Softw 59(9)).

    Examples
    --------
    >>> bootstrap_likelihood_ratio(intercepts, slopes, 1000, rng=1)  # doctest: +SKIP
    """
    if n_simulations < 1:
        raise ValueError(f"n_simulations must be 1 or more, got {n_simulations}")
    observed = likelihood_ratio(smaller, larger, reml=reml)
    if smaller.n_parameters >= larger.n_parameters:
        raise ValueError(
            f"'smaller' must have fewer parameters than 'larger', got {smaller.n_parameters} and "
            f"{larger.n_parameters}; exchange them"
        )
    null, alternative = refit_criterion(smaller, reml=reml), refit_criterion(larger, reml=reml)
    generator = np.random.default_rng(rng)
    statistics: list[float] = []
    for start in range(0, n_simulations, AT_ONCE):
        size = min(AT_ONCE, n_simulations - start)
        responses = simulate_responses(null, size, rng=generator)
        both = zip(
            refit_responses(null, responses), refit_responses(alternative, responses), strict=True
        )
        statistics += [a.criterion - b.criterion for a, b in both]
    statistic = observed["statistic"].iloc[1]
    n_above = int(np.sum(np.array(statistics) >= statistic - SMALL))
    exact = scipy.stats.binomtest(n_above, n_simulations).proportion_ci()
    return pd.Series(
        {
            "statistic": statistic,
            "dof": observed["dof"].iloc[1],
            "p_value": (n_above + 1) / (n_simulations + 1),
            "p_value_low": exact.low,
            "p_value_high": exact.high,
            "n_simulations": n_simulations,
        }
    )


def _failure(*fits: LMMFit) -> str:
    """Says that a fit is not at its optimum."""
    failed = [fit.formula for fit in fits if not fit.converged]
    return f"not converged, so the statistic may be wrong: {failed}" if failed else ""


def _row(fit: LMMFit) -> dict[str, object]:
    """Fit statistics of one model."""
    return {
        "n_parameters": fit.n_parameters,
        "aic": fit.aic,
        "bic": fit.bic,
        "loglik": fit.loglik,
        "criterion": fit.criterion,
        "statistic": np.nan,
        "dof": np.nan,
        "p_value": np.nan,
        "p_value_naive": np.nan,
        "note": None,
    }


def _difference(smaller: LMMFit, larger: LMMFit) -> Difference:
    """What the larger model has in addition; models that are not nested are refused."""
    pair = f"{smaller.formula!r} and {larger.formula!r}"
    if not (
        np.array_equal(smaller.design.rows, larger.design.rows)
        and np.array_equal(smaller.response, larger.response)
    ):
        raise ValueError(
            f"{pair} use different events or responses ({smaller.n_observations} and "
            f"{larger.n_observations} events); drop rows with missing values from the table before "
            "both fits"
        )
    first, second = (working(fit.design, fit.response) for fit in (smaller, larger))
    ratio, other = (variance_ratios(fit.design) for fit in (smaller, larger))
    if not (np.array_equal(first, second) and np.array_equal(ratio, other)):
        raise ValueError(f"{pair} have different weights or offsets; give both fits the same")
    # Scaled columns span the same spaces and no unit enters.
    factors = {factor.name: factor for factor in larger._products.design.random}
    is_nested = _is_within(smaller.design.fixed, larger.design.fixed) and all(
        factor.name in factors and _is_submodel(factor, factors[factor.name])
        for factor in smaller._products.design.random
    )
    variances = _n_variances(larger) - _n_variances(smaller)
    covariances = len(larger.theta) - len(smaller.theta) - variances
    fixed = len(larger.coefficients) - len(smaller.coefficients)
    found = Difference(fixed, variances, covariances)
    if not is_nested or found.total < 1:
        raise ValueError(
            f"{pair} are not nested, so their likelihood ratio has no known distribution; compare "
            "'aic' or 'bic'"
        )
    return found


def _n_variances(fit: LMMFit) -> int:
    return sum(len(factor.column_names) for factor in fit.design.random)


def _is_within(columns: np.ndarray, others: np.ndarray) -> bool:
    """Whether columns are combinations of others."""
    both = np.column_stack([others, columns])
    return len(independent_columns(both, below=CONTAINED)[0]) == others.shape[1]


def _is_submodel(smaller: RandomFactor, larger: RandomFactor) -> bool:
    """Whether every covariance of the smaller factor is one of the larger factor's, too.

    With Z_small = Z_large W, an element of the smaller covariance adds W E W' to the larger one,
    which must be zero outside the free elements.
    """
    if not _is_within(smaller.columns, larger.columns):
        return False
    weights = combination_weights(larger.columns, smaller.columns)
    size = len(larger.column_names)
    is_free = np.zeros((size, size), dtype=bool)
    is_free[larger.template[:, 0], larger.template[:, 1]] = True
    is_free |= is_free.T
    for row, column in smaller.template:
        moved = np.outer(weights[:, row], weights[:, column])
        moved = np.abs(moved + moved.T)
        if (moved[~is_free] > CONTAINED * moved.max()).any():
            return False
    return True
