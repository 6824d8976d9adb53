"""Generalized mixed models for yes/no and count responses, by statsmodels."""

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
    size = design.fixed.shape[1] + len(names) + columns.shape[1]
    return GLMMFit(
        formula=str(parsed),
        family=family,
        result=model.fit_vb(mean=np.zeros(size), sd=np.full(size, START_SD)),
        n_observations=design.n_events,
        n_dropped=design.n_dropped,
        components=tuple(names),
    )


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
