"""Profiled REML or ML criterion of a mixed model and its optimum."""

from dataclasses import dataclass

import numpy as np

from mmme_neuro.errors import NotEstimable
from mmme_neuro.models.design import RandomFactor
from mmme_neuro.models.solver.crossproducts import CrossProducts
from mmme_neuro.models.solver.optimum import Optimum, minimize, newton

ZERO_TOLERANCES = (1e-3, 1e-5, 1e-8)
"""Diagonal elements below are set to zero where the criterion does not rise."""
INDISTINGUISHABLE = 1e-9
"""Difference of criteria that counts as none."""
EXACT_FIT = 1e-10
"""Residual share of the response's variance under which no residual variance can be estimated."""

ROUNDING = 1e-26
"""Share of the response's sum of squares outside the fixed terms that counts as rounding."""


@dataclass(frozen=True, eq=False)
class Likelihood:
    """The criterion -2 log likelihood (restricted or not) with lme4's constants.

    Parameters
    ----------
    products : CrossProducts
        Design and response.
    reml : bool
        Restricted likelihood.

    Notes
    -----
    REML: log|L|^2 + log|R_X|^2 + (n - p)(1 + log(2 pi r^2 / (n - p))); ML: without the second
    term and with n for n - p (Bates et al. 2015, J Stat Softw 67(1)).
    """

    products: CrossProducts
    reml: bool

    @property
    def residual_dof(self) -> int:
        """Divisor of the residual variance: n - p for REML, n for ML."""
        return self.products.design.n_events - (self.products.n_fixed if self.reml else 0)

    def log_determinants(self, theta: np.ndarray) -> tuple[complex, complex]:
        """Sum of the log determinants and penalized residual sum of squares."""
        profile = self.products.profile(theta)
        log_determinant = profile.log_determinant
        if self.reml:
            log_determinant += profile.log_determinant_fixed
            log_determinant += self.products.log_determinant_triangle
        return log_determinant, profile.residual

    def __call__(self, theta: np.ndarray) -> complex:
        """Profiled criterion at the covariance parameters ``theta``."""
        log_determinant, residual = self.log_determinants(theta)
        dof = self.residual_dof
        return log_determinant + dof * (1 + np.log(2 * np.pi * residual / dof))

    def optimum(self) -> Optimum:
        """Optimum with zero variances set exactly to zero and signs as in lme4."""
        design = self.products.design
        total = self.products.gram[-1, -1]
        is_diagonal = np.concatenate(
            [factor.template[:, 0] == factor.template[:, 1] for factor in design.random]
        )
        if not total > ROUNDING * (total + self.products.offset @ self.products.offset):
            raise NotEstimable(
                f"response {design.formula.response!r} is constant or reproduced exactly by the "
                "fixed terms; there is nothing to model"
            )
        found = minimize(self, is_diagonal)
        residual = self.products.profile(found.theta).residual
        if not residual > EXACT_FIT * total:
            raise NotEstimable(
                f"response {design.formula.response!r} is reproduced exactly by the groups, so no "
                "residual variance can be estimated; check for repeated rows"
            )
        for tolerance in ZERO_TOLERANCES:
            theta = self._canonical(found.theta, tolerance)
            value = float(np.real(self(theta)))
            if value <= found.criterion + INDISTINGUISHABLE:
                break
        else:
            return found
        polished = newton(self, theta)
        theta = self._canonical(polished.theta, tolerance)
        return Optimum(theta, float(np.real(self(theta))), polished.is_minimum, found.n_steps)

    def _canonical(self, theta: np.ndarray, tolerance: float) -> np.ndarray:
        """Covariance parameters with a non-negative diagonal and small columns set to zero."""
        design = self.products.design
        return np.concatenate(
            [
                canonical_factor(factor, theta[place], tolerance)
                for factor, place in zip(design.random, design.theta_slices, strict=True)
            ]
        )


def canonical_factor(factor: RandomFactor, theta: np.ndarray, tolerance: float) -> np.ndarray:
    """Semi-definite Cholesky factor of the same covariance, small columns zero."""
    lower = factor.relative_factor(theta)
    return semidefinite_root(lower @ lower.T, tolerance)[
        factor.template[:, 0], factor.template[:, 1]
    ]


def semidefinite_root(covariance: np.ndarray, tolerance: float) -> np.ndarray:
    """Lower triangular square root of a covariance, columns of small variances zero."""
    rest = covariance
    columns = np.zeros_like(rest)
    for i in range(len(rest)):
        if rest[i, i] > tolerance**2:
            columns[:, i] = rest[:, i] / np.sqrt(rest[i, i])
            rest = rest - np.outer(columns[:, i], columns[:, i])
    return np.tril(columns)


def free_parameters(factor: RandomFactor, theta: np.ndarray) -> np.ndarray:
    """Which covariance parameters lie in columns that are not zero, shape (n_theta,)."""
    return np.diagonal(factor.relative_factor(theta))[factor.template[:, 1]] > 0
