"""Generalized mixed models for yes/no and count responses, by statsmodels."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy.sparse

from mmme_neuro.errors import BadFormula, NotEstimable
from mmme_neuro.models.design import Design, build_design
from mmme_neuro.models.formula import parse_formula
from mmme_neuro.models.solver.crossproducts import random_columns
from mmme_neuro.stats.estimates import t_interval

if TYPE_CHECKING:
    from statsmodels.genmod.bayes_mixed_glm import BayesMixedGLMResults

FAMILIES = ("binomial", "poisson")
START_SD = 0.6
"""Of the approximate posterior, where the search begins (statsmodels draws it at random)."""
LEAST_REACH = 0.5
"""Prior standard deviation of the effect of one standard deviation of a covariate, on the scale of
the link, below which is warned."""
FAR_FROM_ZERO = 10.0
"""Standard deviations of a covariate from zero to its mean beyond which is warned."""


@dataclass(frozen=True, eq=False, repr=False)
class GLMMFit:
    """A generalized mixed model: the approximate posterior of statsmodels.

    Parameters
    ----------
    formula, family : str
        What was fitted.
    result : BayesMixedGLMResults
        Of statsmodels.
    n_observations, n_dropped : int
        Events used, and events with missing values.
    components : tuple of (str, str)
        Random column and grouping factor of each variance.
    """

    formula: str
    family: str
    result: "BayesMixedGLMResults"
    n_observations: int
    n_dropped: int
    components: tuple[tuple[str, str], ...]

    def table(self, *, confidence: float = 0.95) -> pd.DataFrame:
        """Posterior means and standard deviations of the fixed effects, on the scale of the link.

        Parameters
        ----------
        confidence : float
            Level of the (credible) intervals.

        Returns
        -------
        DataFrame, shape (n_terms, 4)
            Index ``term``; ``estimate, std_error, ci_low, ci_high``. A posterior has no test.
        """
        estimate, std_error = np.asarray(self.result.fe_mean), np.asarray(self.result.fe_sd)
        low, high = t_interval(estimate, std_error, confidence=confidence)
        return pd.DataFrame(
            {"estimate": estimate, "std_error": std_error, "ci_low": low, "ci_high": high},
            index=pd.Index(self.result.model.fep_names, name="term"),
        )

    @property
    def variance_components(self) -> pd.DataFrame:
        """Standard deviations of the random effects (medians of the posterior), one row each."""
        sds = np.exp(np.asarray(self.result.vcp_mean))
        rows = [
            (group, term, sd**2, sd) for (term, group), sd in zip(self.components, sds, strict=True)
        ]
        return pd.DataFrame(rows, columns=["group", "term", "variance", "sd"])

    def __repr__(self) -> str:
        return f"<GLMMFit | {self.formula} | {self.family} | {self.n_observations} events>"


def fit_glmm(
    formula: str,
    data: pd.DataFrame,
    *,
    family: str,
    fixed_sd: float = 2.0,
    log_sd_sd: float = 0.5,
) -> GLMMFit:
    """Fit a generalized mixed model with statsmodels.

    Parameters
    ----------
    formula : str
        As in `fit_lmm`, offsets on the scale of the link included (``offset(log(minutes))``); every
        random column has a variance of its own and no correlation, as if all random terms were
        written with ``||``.
    data : DataFrame, shape (n_rows, n_columns)
        One row per event. Rows with missing values in a used column are left out.
    family : {"binomial", "poisson"}
        Of a response of 0 and 1 (logit link), or of counts (log link).
    fixed_sd : float
        Prior standard deviation of the fixed effects, on the scale of the link: standardize
        covariates. 2 is wide for effects of 0/1 columns.
    log_sd_sd : float
        Prior standard deviation of the logarithm of random effects' standard deviations.

    Returns
    -------
    GLMMFit
        Posterior means and standard deviations, not tests.

    Raises
    ------
    MmmeError
        When the response is none of the family, or the search found nothing.

    Warns
    -----
    UserWarning
        Where a covariate's unit or zero is such that the prior decides, or the search did not end.

    See Also
    --------
    fit_lmm : Continuous responses, exact.

    Notes
    -----
    Variational Bayes (``fit_vb`` of ``statsmodels.genmod.bayes_mixed_glm``). It takes effects as
    independent of each other in the posterior, so ``std_error`` is too small where a predictor
    varies between participants or stimuli. statsmodels' other method, the joint posterior mode, is
    not offered: it puts variances at zero.

    Examples
    --------
    >>> fit_glmm("blink ~ condition + (1 | participant)", events, family="binomial")
    ... # doctest: +SKIP
    """
    # A whole half of statsmodels that nothing else needs.
    from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM, PoissonBayesMixedGLM
    from statsmodels.tools.sm_exceptions import ConvergenceWarning

    if family not in FAMILIES:
        raise ValueError(f"family must be one of {list(FAMILIES)}, got {family!r}")
    parsed = parse_formula(formula)
    if parsed.response is None:
        raise BadFormula(f"formula {formula!r} names no response; write it before '~'")
    design, response = build_design(parsed, data, takes_boolean=True)
    assert response is not None
    _check_response(response, family, parsed.response)
    columns, ident, names = _random_columns(design)
    model_class = BinomialBayesMixedGLM if family == "binomial" else PoissonBayesMixedGLM
    known = 0.0 if design.offset is None else design.offset

    class WithOffset(model_class):  # type: ignore[valid-type, misc]
        """statsmodels' model with a known part of the linear predictor."""

        def _lp_stats(self, *parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            mean, variance = super()._lp_stats(*parameters)
            return mean + known, variance

    model = WithOffset(
        response,
        design.fixed,
        columns,
        ident,
        vcp_p=log_sd_sd,
        fe_p=fixed_sd,
        fep_names=list(design.fixed_names),
        vcp_names=[f"{column} | {group}" for column, group in names],
    )
    for message in _prior_warnings(design, fixed_sd):
        warnings.warn(message, stacklevel=2)
    size = design.fixed.shape[1] + len(names) + columns.shape[1]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = model.fit_vb(mean=np.zeros(size), sd=np.full(size, START_SD))
    failures = [one for one in caught if issubclass(one.category, ConvergenceWarning)]
    advice = "standardize the covariates or simplify the model"
    if failures and not np.any(result.fe_mean):
        raise NotEstimable(
            f"{parsed}: the search for the posterior did not leave its start; {advice}"
        )
    if failures:
        warnings.warn(
            f"{parsed}: the search for the posterior did not converge; {advice}", stacklevel=2
        )
    return GLMMFit(
        formula=str(parsed),
        family=family,
        result=result,
        n_observations=design.n_events,
        n_dropped=design.n_dropped,
        components=tuple(names),
    )


def _prior_warnings(design: Design, fixed_sd: float) -> list[str]:
    """Covariates whose unit or zero lets the prior decide."""
    messages = []
    for name, column in zip(design.fixed_names, design.fixed.T, strict=True):
        sd, mean = float(column.std()), float(column.mean())
        if np.isin(column, (-1, 0, 1)).all():
            continue
        if fixed_sd * sd < LEAST_REACH:
            messages.append(
                f"{name!r} has a standard deviation of {sd:.3g}, so that the prior (fixed_sd="
                f"{fixed_sd:g}) holds its effect next to zero: standardize it, or give a larger "
                "fixed_sd"
            )
        elif abs(mean) > FAR_FROM_ZERO * sd:
            messages.append(
                f"{name!r} lies about {mean:.3g} with a standard deviation of {sd:.3g}, far from "
                "zero, where the prior of the intercept is: standardize it"
            )
    return messages


def _random_columns(
    design: Design,
) -> tuple[scipy.sparse.csr_matrix, np.ndarray, list[tuple[str, str]]]:
    """Columns of all levels, which variance each has, and column and group of the variances."""
    parts, ident = [], []
    names: list[tuple[str, str]] = []
    for factor in design.random:
        columns = random_columns(factor)
        for place, column in enumerate(factor.column_names):
            parts.append(columns[:, place :: len(factor.column_names)])
            ident.append(np.full(len(factor.levels), len(names)))
            names.append((column, factor.name))
    # statsmodels takes matrices, not arrays, for sparse ones.
    return scipy.sparse.csr_matrix(scipy.sparse.hstack(parts)), np.concatenate(ident), names


def _check_response(response: np.ndarray, family: str, name: str) -> None:
    """Refuse responses that the family cannot have, and constant ones."""
    is_whole = (response == np.round(response)).all() and (response >= 0).all()
    if family == "binomial" and not np.isin(response, (0, 1)).all():
        raise ValueError(
            f"{name}: family='binomial' needs 0 and 1, found {np.unique(response)[:5]}"
        )
    if family == "poisson" and not is_whole:
        raise ValueError(
            f"{name}: family='poisson' needs counts, found {response[response % 1 != 0][:3]}"
        )
    if np.ptp(response) == 0:
        raise NotEstimable(f"{name}: every event has {response[0]:g}; there is nothing to model")
