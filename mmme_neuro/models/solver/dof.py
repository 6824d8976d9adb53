"""Degrees of freedom of fixed effects: Satterthwaite."""

from dataclasses import dataclass

import numpy as np

from mmme_neuro.models.solver.likelihood import Likelihood, free_parameters
from mmme_neuro.models.solver.optimum import gradient, hessian

FLAT_CURVATURE = 1e-8
"""Curvatures below (relative to the largest) carry no information and are left out."""


@dataclass(frozen=True, eq=False)
class Satterthwaite:
    """How the covariance of the fixed effects moves with the estimated variances.

    Parameters
    ----------
    covariance : array, shape (n_terms, n_terms)
        Covariance of the fixed effects.
    sensitivity : array, shape (n_free + 1, n_terms, n_terms)
        Its derivatives by the free covariance parameters and by log sigma.
    parameter_covariance : array, shape (n_free + 1, n_free + 1)
        Asymptotic covariance of these parameters.
    """

    covariance: np.ndarray
    sensitivity: np.ndarray
    parameter_covariance: np.ndarray

    def dof(self, weights: np.ndarray) -> np.ndarray:
        """Degrees of freedom of linear combinations, shape (n_combinations,)."""
        variance = np.einsum("ci,ij,cj->c", weights, self.covariance, weights)
        slope = np.einsum("ci,kij,cj->ck", weights, self.sensitivity, weights)
        spread = np.einsum("ck,kl,cl->c", slope, self.parameter_covariance, slope)
        with np.errstate(divide="ignore"):
            return 2 * variance**2 / spread


def satterthwaite(likelihood: Likelihood, theta: np.ndarray) -> Satterthwaite:
    """Prepare Satterthwaite's degrees of freedom at the optimum.

    Parameters
    ----------
    likelihood : Likelihood
        Criterion of the fit.
    theta : array, shape (n_theta,)
        Its optimum.

    Returns
    -------
    Satterthwaite

    Notes
    -----
    2 f^2 / (g' A g) with f the variance of the combination, g its gradient by the covariance
    parameters and A twice the inverse Hessian of the criterion that is not profiled over sigma
    (Kuznetsova, Brockhoff & Christensen 2017, J Stat Softw 82(13)). At a boundary the parameters
    of zero columns are held: the derivatives are taken along the face.
    """
    products = likelihood.products
    design = products.design
    is_free = np.concatenate(
        [
            free_parameters(factor, theta[place])
            for factor, place in zip(design.random, design.theta_slices, strict=True)
        ]
    )
    embed = np.eye(len(theta))[:, is_free]
    origin = theta * ~is_free
    free = theta[is_free]
    variance = float(np.real(likelihood.log_determinants(theta)[1])) / likelihood.residual_dof

    def covariance(point: np.ndarray) -> np.ndarray:
        return covariance_fixed(likelihood, origin + embed @ point, variance)

    def criterion(point: np.ndarray) -> complex:
        log_determinant, residual = likelihood.log_determinants(origin + embed @ point)
        return log_determinant + residual / variance

    def residual(point: np.ndarray) -> complex:
        return likelihood.log_determinants(origin + embed @ point)[1]

    here = covariance(free)
    n_free = len(free)
    curvature = np.empty((n_free + 1, n_free + 1))
    curvature[-1, -1] = 4 * likelihood.residual_dof
    sensitivity = np.empty((n_free + 1, *here.shape))
    sensitivity[-1] = 2 * here
    if n_free:
        curvature[:-1, :-1] = hessian(criterion, free)
        curvature[-1, :-1] = curvature[:-1, -1] = -2 * gradient(residual, free) / variance
        sensitivity[:-1] = gradient(covariance, free)
    values, axes = np.linalg.eigh(curvature)
    kept = values > FLAT_CURVATURE * values[-1]
    return Satterthwaite(here, sensitivity, 2 * (axes[:, kept] / values[kept]) @ axes[:, kept].T)


def covariance_fixed(likelihood: Likelihood, theta: np.ndarray, variance: float) -> np.ndarray:
    """Covariance of the fixed effects, shape (n_terms, n_terms)."""
    products = likelihood.products
    inverse = np.linalg.inv(products.triangle)
    return variance * inverse @ products.profile(theta).covariance @ inverse.T
