"""Linear mixed models of one response with crossed or nested random effects."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadFormula
from mmme_neuro.models.design import Design, Weights, build_design
from mmme_neuro.models.formula import Formula, parse_formula
from mmme_neuro.models.solver.crossproducts import CrossProducts, cross_products
from mmme_neuro.models.solver.dof import KenwardRoger, Satterthwaite, kenward_roger, satterthwaite
from mmme_neuro.models.solver.likelihood import Likelihood
from mmme_neuro.models.solver.scaling import (
    Boundaries,
    boundaries,
    scale_warnings,
    turn_of,
    turned_back,
)
from mmme_neuro.models.summary import conditional_modes, conditional_sds, summary_text
from mmme_neuro.models.weighting import given, log_weights, searched, variance_ratios, working
from mmme_neuro.stats.estimates import estimate_row


@dataclass(frozen=True, eq=False, repr=False)
class LMMFit:
    """A fitted linear mixed model.

    Parameters
    ----------
    design : Design
        Fixed and random columns and what was left out.
    response : array, shape (n_observations,)
        Response of the used events.
    reml : bool
        Restricted maximum likelihood, else maximum likelihood.
    theta : array, shape (n_theta,)
        Relative covariance parameters, as in lme4.
    coefficients : Series, shape (n_terms,)
        Fixed effects.
    sigma : float
        Residual standard deviation, in units of the response.
    criterion : float
        -2 log (restricted) likelihood, with lme4's constants.
    converged : bool
        Whether first- and second-order conditions of a minimum hold.
    warnings : tuple of str
        What the reader of the result must know.
    reductions : tuple of str
        Random terms left out by `fit_reduced`, in that order.
    """

    design: Design
    response: np.ndarray
    reml: bool
    theta: np.ndarray
    coefficients: pd.Series
    sigma: float
    criterion: float
    converged: bool
    _products: CrossProducts
    _scaled_theta: np.ndarray
    _satterthwaite: Satterthwaite
    warnings: tuple[str, ...] = ()
    reductions: tuple[str, ...] = ()

    @property
    def formula(self) -> str:
        """The formula of this fit."""
        return str(self.design.formula)

    @property
    def n_observations(self) -> int:
        """Number of events used."""
        return self.design.n_events

    @property
    def n_groups(self) -> dict[str, int]:
        """Number of levels of each grouping factor."""
        return {factor.name: len(factor.levels) for factor in self.design.random}

    @property
    def n_dropped(self) -> int:
        """Number of rows left out for missing values."""
        return self.design.n_dropped

    @property
    def covariance(self) -> pd.DataFrame:
        """Covariance of the fixed effects, shape (n_terms, n_terms)."""
        names = self.coefficients.index
        return pd.DataFrame(self._satterthwaite.covariance, names, names)

    @property
    def relative_factors(self) -> dict[str, np.ndarray]:
        """Relative covariance factor of each grouping factor."""
        factors = self._products.relative_factors(self.theta)
        return {
            factor.name: lower for factor, lower in zip(self.design.random, factors, strict=True)
        }

    @property
    def singular(self) -> bool:
        """Whether a variance is zero or a correlation is one, by lme4's tolerance.

        Judged with the random columns on one scale, so that units and offsets do not matter.
        """
        found = self._boundaries
        return bool(found.is_zero.any() or found.is_shared.any())

    @property
    def _boundaries(self) -> Boundaries:
        """Boundaries on which this fit lies."""
        return boundaries(self._products.design, self._scaled_theta[None])

    @property
    def _scaled_modes(self) -> list[np.ndarray]:
        """Conditional modes of the scaled random columns."""
        return conditional_modes(self._products, self._scaled_theta)

    @property
    def random_covariances(self) -> dict[str, pd.DataFrame]:
        """Covariance of the random effects of each grouping factor."""
        covariances = {}
        for factor in self.design.random:
            lower = self.sigma * self.relative_factors[factor.name]
            names = list(factor.column_names)
            covariances[factor.name] = pd.DataFrame(lower @ lower.T, names, names)
        return covariances

    @property
    def variance_components(self) -> pd.DataFrame:
        """Variances of the random effects.

        Columns ``group, term, variance, sd, correlation``; the last is the correlation with the
        first column of the same random term (all of them are in `random_covariances`).
        """
        rows = [row for factor in self.design.random for row in self._component_rows(factor.name)]
        rows.append(("Residual", "", self.sigma**2, self.sigma, np.nan))
        return pd.DataFrame(rows, columns=["group", "term", "variance", "sd", "correlation"])

    @property
    def loglik(self) -> float:
        """(Restricted) log likelihood."""
        return -self.criterion / 2

    @property
    def n_parameters(self) -> int:
        """Fixed effects, covariance parameters and the residual variance."""
        return len(self.coefficients) + len(self.theta) + 1

    @property
    def aic(self) -> float:
        """Akaike's information criterion."""
        return self.criterion + 2 * self.n_parameters

    @property
    def bic(self) -> float:
        """Bayesian information criterion, with the number of events as in lme4."""
        return self.criterion + np.log(self.n_observations) * self.n_parameters

    @property
    def conditional_modes(self) -> dict[str, pd.DataFrame]:
        """Predicted random effects of each grouping factor, one row for each level."""
        return {
            factor.name: pd.DataFrame(
                modes @ turn_of(factor).T,
                pd.Index(factor.levels, name=factor.name),
                list(factor.column_names),
            )
            for factor, modes in zip(self._products.design.random, self._scaled_modes, strict=True)
        }

    @property
    def conditional_sds(self) -> dict[str, pd.DataFrame]:
        """Standard deviations of the random effects given the response (lme4's ``condVar``).

        Laid out as `conditional_modes`; a mode plus and minus 1.96 of these is the interval that
        caterpillar plots show. Fixed effects and variances are taken as known.
        """
        sds = conditional_sds(self._products, self._scaled_theta)
        return {
            factor.name: pd.DataFrame(
                self.sigma * values,
                pd.Index(factor.levels, name=factor.name),
                list(factor.column_names),
            )
            for factor, values in zip(self.design.random, sds, strict=True)
        }

    @property
    def expected(self) -> np.ndarray:
        """Fixed part and offset of each event, shape (n_observations,)."""
        fixed = self.design.fixed @ self.coefficients.to_numpy()
        return fixed if self.design.offset is None else fixed + self.design.offset

    @property
    def fitted(self) -> np.ndarray:
        """Fitted values, random effects included, shape (n_observations,)."""
        fitted = np.zeros(self.n_observations)
        for factor, modes in zip(self._products.design.random, self._scaled_modes, strict=True):
            fitted = fitted + (factor.columns * modes[factor.codes]).sum(axis=1)
        return self.expected + fitted * np.sqrt(variance_ratios(self.design))

    @property
    def residuals(self) -> np.ndarray:
        """Response minus fitted values, shape (n_observations,)."""
        return self.response - self.fitted

    def table(self, dof: str = "satterthwaite", *, confidence: float = 0.95) -> pd.DataFrame:
        """Test the fixed effects against zero.

        Parameters
        ----------
        dof : {"satterthwaite", "kenward-roger"}
            Degrees of freedom. Kenward-Roger also widens the standard errors; it needs REML.
        confidence : float
            Level of the intervals.

        Returns
        -------
        DataFrame, shape (n_terms, 7)
            Index ``term``; ``estimate, std_error, dof, statistic, p_value, ci_low, ci_high``.

        Notes
        -----
        Where the fit is singular, Satterthwaite's derivatives are taken along the boundary: the
        parameters of zero variances are held at zero. Such a fit is flagged by `singular`.
        """
        index = pd.Index(self.coefficients.index, name="term")
        return self.combinations(np.eye(len(index)), index, dof=dof, confidence=confidence)

    def combinations(
        self,
        weights: np.ndarray,
        index: pd.Index,
        *,
        dof: str = "satterthwaite",
        confidence: float = 0.95,
    ) -> pd.DataFrame:
        """Test linear combinations of the fixed effects against zero.

        Parameters
        ----------
        weights : array, shape (n_combinations, n_terms)
            Weight of each fixed effect.
        index : Index, shape (n_combinations,)
            Names of the combinations.
        dof : {"satterthwaite", "kenward-roger"}
            Degrees of freedom.
        confidence : float
            Level of the intervals.

        Returns
        -------
        DataFrame, shape (n_combinations, 7)
        """
        if dof not in DOF_METHODS:
            raise ValueError(f"dof must be one of {sorted(DOF_METHODS)}, got {dof!r}")
        method = DOF_METHODS[dof](self)
        estimate = weights @ self.coefficients.to_numpy()
        std_error = np.sqrt(method.variance(weights))
        row = estimate_row(estimate, std_error, method.dof(weights), confidence=confidence)
        return pd.DataFrame(row, index=index)

    def summary(self, dof: str = "satterthwaite") -> str:
        """Printed summary in the layout of lme4 and lmerTest."""
        return summary_text(self, self.table(dof), dof)

    def __repr__(self) -> str:
        state = "" if self.converged else ", not converged"
        state += ", singular" if self.singular else ""
        groups = ", ".join(f"{n} {name}" for name, n in self.n_groups.items())
        method = "REML" if self.reml else "ML"
        return (
            f"<LMMFit | {self.formula} | {self.n_observations} events, {groups} | "
            f"{method} criterion {self.criterion:.4f}{state}>"
        )

    def _component_rows(self, name: str) -> list[tuple[str, str, float, float, float]]:
        """Rows of `variance_components` for one grouping factor."""
        factor = next(factor for factor in self.design.random if factor.name == name)
        covariance = self.random_covariances[name].to_numpy()
        sds = np.sqrt(np.diagonal(covariance))
        first = {int(row): int(column) for row, column in factor.template[::-1]}
        rows = []
        for i, term in enumerate(factor.column_names):
            j = first[i]
            both = sds[i] * sds[j]
            correlation = covariance[i, j] / both if i != j and both > 0 else np.nan
            rows.append((name, term, covariance[i, i], sds[i], correlation))
        return rows


def _satterthwaite_of(fit: LMMFit) -> Satterthwaite:
    return fit._satterthwaite


def _kenward_roger_of(fit: LMMFit) -> KenwardRoger:
    if not fit.reml:
        raise ValueError("Kenward-Roger degrees of freedom need a REML fit: fit with reml=True")
    return kenward_roger(fit._products, fit._scaled_theta, fit.sigma)


DOF_METHODS: dict[str, Callable[[LMMFit], Satterthwaite | KenwardRoger]] = {
    "satterthwaite": _satterthwaite_of,
    "kenward-roger": _kenward_roger_of,
}


def fit_lmm(
    formula: str | Formula,
    data: pd.DataFrame,
    *,
    reml: bool = True,
    weights: Weights | None = None,
) -> LMMFit:
    """Fit a linear mixed model by exact (restricted) maximum likelihood.

    Parameters
    ----------
    formula : str
        Wilkinson formula with lme4's random terms, for example
        ``"n400 ~ condition * valence + (1 + condition | participant) + (1 | stimulus)"``.
        Predictors are treatment coded, the first category as reference; other codings by name:
        ``C(condition, contr.sum)``, ``C(valence, contr.helmert)``. Terms that are combinations
        of others are left out with a message.
    data : DataFrame, shape (n_rows, n_columns)
        One row for each event. Rows with missing values in a used column are left out and counted.
    reml : bool
        Restricted maximum likelihood (the default), else maximum likelihood.
    weights : str or array, shape (n_rows,), optional
        Prior weights, or the column that has them: the residual variance of an event is
        sigma^2 / weight, as with lme4's ``weights``. For a mean of n trials give n; for a value of
        known precision 1 / variance. Not a number of copies of the row.

    Returns
    -------
    LMMFit

    See Also
    --------
    parse_formula : The notation and where it differs from lme4.

    Notes
    -----
    The profiled criterion of Bates et al. (2015, J Stat Softw 67(1)) is minimized by Newton steps
    from inside and from the boundary, so that optima at a zero variance are found exactly.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> events = pd.DataFrame({"participant": np.repeat(np.arange(10), 20)})
    >>> events["condition"] = np.where(rng.random(200) < 0.4, "spontaneous", "posed")
    >>> events["amplitude_uv"] = rng.normal(size=10)[events["participant"]] + rng.normal(size=200)
    >>> fit = fit_lmm("amplitude_uv ~ condition + (1 | participant)", events)
    >>> list(fit.table().index)
    ['Intercept', 'condition[T.spontaneous]']
    """
    fit = estimate_lmm(formula, data, reml=reml, weights=weights)
    for message in fit.warnings:
        warnings.warn(message, stacklevel=2)
    return fit


def estimate_lmm(
    formula: str | Formula, data: pd.DataFrame, *, reml: bool, weights: Weights | None = None
) -> LMMFit:
    """`fit_lmm` with its warnings recorded in the result only."""
    parsed = parse_formula(formula) if isinstance(formula, str) else formula
    design, response = build_design(parsed, data, weights=weights)
    if response is None:
        raise BadFormula(f"formula {str(parsed)!r} has no response; write 'response ~ ...'")
    return estimate_response(design, response, reml=reml)


def estimate_response(design: Design, response: np.ndarray, *, reml: bool) -> LMMFit:
    """`estimate_lmm` from a design and a response."""
    products = cross_products(searched(design), working(design, response))
    return estimate_products(products, response, reml=reml)


def estimate_products(products: CrossProducts, response: np.ndarray, *, reml: bool) -> LMMFit:
    """`estimate_lmm` from the cross products of a design of the search and a response."""
    design = given(products.design)
    likelihood = Likelihood(products, reml)
    optimum = likelihood.optimum()
    profile = products.profile(optimum.theta)
    coefficients = np.linalg.solve(products.triangle, products.offset + profile.coefficients)
    fit = LMMFit(
        design=design,
        response=response,
        reml=reml,
        theta=turned_back(products.design, optimum.theta),
        coefficients=pd.Series(
            coefficients, pd.Index(products.design.fixed_names, name="term"), name="estimate"
        ),
        sigma=float(np.sqrt(np.real(profile.residual) / likelihood.residual_dof)),
        criterion=optimum.criterion - log_weights(design),
        converged=optimum.is_minimum,
        _products=products,
        _scaled_theta=optimum.theta,
        _satterthwaite=satterthwaite(likelihood, optimum.theta),
    )
    return replace(fit, warnings=_warnings(fit))


def _warnings(fit: LMMFit) -> tuple[str, ...]:
    """What stands but needs care."""
    messages = []
    if fit.design.aliased:
        messages.append(
            f"fixed terms {list(fit.design.aliased)} are combinations of others and were left out"
        )
    messages += scale_warnings(fit.design)
    if not fit.converged:
        messages.append("the search did not end in a minimum; simplify the random terms")
    if fit.singular:
        columns = [f"{name} | {f.name}" for f in fit.design.random for name in f.column_names]
        is_zero = fit._boundaries.is_zero[0]
        named = [name for name, zero in zip(columns, is_zero, strict=True) if zero]
        messages.append(
            "singular fit: "
            + (f"zero variance of {', '.join(named)}" if named else "correlation of one")
            + "; degrees of freedom are conditional on this boundary (see fit_reduced)"
        )
    return tuple(messages)
