"""Degrees of freedom of fixed effects: Satterthwaite and Kenward-Roger."""

from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.sparse

from mmme_neuro.models.design import Design, RandomFactor
from mmme_neuro.models.solver.crossproducts import CrossProducts, random_columns
from mmme_neuro.models.solver.likelihood import Likelihood, free_parameters
from mmme_neuro.models.solver.optimum import gradient, hessian
from mmme_neuro.stats.buffers import unwritten


@dataclass(frozen=True, eq=False)
class FixedCovariance:
    """Covariance of the fixed effects, held as that of orthonormal columns Q of X = QR.

    There no unit and no offset of a predictor costs digits.

    Parameters
    ----------
    to_basis : array, shape (n_terms, n_terms)
        Inverse of R.
    of_basis : array, shape (n_terms, n_terms)
        Covariance of the coefficients of Q.
    """

    to_basis: np.ndarray
    of_basis: np.ndarray

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the fixed effects, shape (n_terms, n_terms)."""
        return self.covariance_of(np.eye(len(self.to_basis)))

    def covariance_of(self, weights: np.ndarray) -> np.ndarray:
        """Covariance of linear combinations, shape (n_combinations, n_combinations)."""
        turned = weights @ self.to_basis
        return turned @ self.of_basis @ turned.T

    def variance(self, weights: np.ndarray) -> np.ndarray:
        """Variances of linear combinations, shape (n_combinations,)."""
        turned = weights @ self.to_basis
        return np.einsum("ci,ij,cj->c", turned, self.of_basis, turned)


@dataclass(frozen=True, eq=False)
class KenwardRoger(FixedCovariance):
    """Small-sample covariance of the fixed effects.

    Parameters
    ----------
    unadjusted : array, shape (n_terms, n_terms)
        Covariance of the coefficients of Q relative to the residual variance, before the
        adjustment.
    sensitivity : array, shape (n_parameters, n_terms, n_terms)
        Q'V^-1 V_i V^-1 Q for each element of the covariances and the residual variance.
    parameter_covariance : array, shape (n_parameters, n_parameters)
        Inverse expected information of these parameters, times two.
    """

    unadjusted: np.ndarray
    sensitivity: np.ndarray
    parameter_covariance: np.ndarray

    def dof(self, weights: np.ndarray) -> np.ndarray:
        """Degrees of freedom of linear combinations, shape (n_combinations,)."""
        turned = weights @ self.to_basis
        solved = turned @ self.unadjusted
        variance = np.einsum("ci,ci->c", solved, turned)
        slope = np.einsum("ci,kij,cj->ck", solved, self.sensitivity, solved) / variance[:, None]
        return 2 / np.einsum("ck,kl,cl->c", slope, self.parameter_covariance, slope)


def kenward_roger(products: CrossProducts, theta: np.ndarray, sigma: float) -> KenwardRoger:
    """Kenward-Roger adjustment at a REML optimum.

    Parameters
    ----------
    products : CrossProducts
        Design and response.
    theta : array, shape (n_theta,)
        Covariance parameters.
    sigma : float
        Residual standard deviation, in units of the response.

    Returns
    -------
    KenwardRoger

    Notes
    -----
    Kenward & Roger (1997, Biometrics 53:983) as in pbkrtest (Halekoh & Hojsgaard 2014,
    J Stat Softw 59(9)): linear parametrization by the elements of the random covariances, expected
    information. For one linear combination the degrees of freedom simplify to 2/A and the scale
    factor to one. Costs time and memory of the squared number of random effects, never of events.
    """
    directions, gamma = _directions(products, theta)
    triangle = products.triangle
    basis = scipy.linalg.solve_triangular(triangle, products.design.fixed.T, trans="T").T
    inner, mixed, unadjusted = _weighted_products(products, theta, basis)
    sensitivity, squared, traces = _derivatives(
        directions, gamma, inner, mixed, unadjusted, products.design.n_events
    )
    through = unadjusted @ sensitivity
    information = (
        traces
        - 2 * np.einsum("ab,klba->kl", unadjusted, squared)
        + np.einsum("kab,lba->kl", through, through)
    )
    # Parameters of very different sizes keep their digits.
    unit = 1 / np.sqrt(np.diagonal(information))
    spread = (
        2
        * np.outer(unit, unit)
        * np.linalg.pinv(np.outer(unit, unit) * information, hermitian=True)
    )
    excess = squared - np.einsum("kab,lbc->klac", sensitivity, through)
    correction = unadjusted @ np.einsum("kl,klab->ab", spread, excess) @ unadjusted
    adjusted = sigma**2 * (unadjusted + correction + correction.T)
    return KenwardRoger(np.linalg.inv(triangle), adjusted, unadjusted, sensitivity, spread)


def _directions(
    products: CrossProducts, theta: np.ndarray
) -> tuple[list[scipy.sparse.csr_array], np.ndarray]:
    """Derivative of the random effects' covariance by each of its elements, and the elements."""
    design = products.design
    n_random = sum(len(factor.levels) * len(factor.column_names) for factor in design.random)
    directions, gamma, start = [], [], 0
    for factor, lower in zip(design.random, products.relative_factors(theta), strict=True):
        covariance = lower @ lower.T
        for row, column in factor.template:
            directions.append(_direction(factor, row, column, start, n_random))
            gamma.append(covariance[row, column])
        start += len(factor.levels) * len(factor.column_names)
    return directions, np.array(gamma)


def _direction(
    factor: RandomFactor, row: int, column: int, start: int, n_random: int
) -> scipy.sparse.csr_array:
    """Ones where one element stands in the block-diagonal covariance of all random effects."""
    first = start + np.arange(len(factor.levels)) * len(factor.column_names)
    pairs = {(row, column), (column, row)}
    rows = np.concatenate([first + a for a, _ in pairs])
    columns = np.concatenate([first + b for _, b in pairs])
    return scipy.sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(n_random,) * 2)


def _weighted_products(
    products: CrossProducts, theta: np.ndarray, basis: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Z'V^-1 Z, Z'V^-1 Q and (Q'V^-1 Q)^-1 with V relative to the residual variance."""
    design = products.design
    random = scipy.sparse.hstack([random_columns(factor) for factor in design.random]).tocsr()
    scale = scipy.sparse.block_diag(
        [
            scipy.sparse.kron(scipy.sparse.eye_array(len(factor.levels)), lower)
            for factor, lower in zip(design.random, products.relative_factors(theta), strict=True)
        ]
    ).tocsr()
    scaled = random @ scale
    penalized = (scaled.T @ scaled).toarray() + np.eye(random.shape[1])
    lower = np.linalg.cholesky(penalized)
    to_random = scipy.linalg.solve_triangular(lower, (scaled.T @ random).toarray(), lower=True)
    to_fixed = scipy.linalg.solve_triangular(lower, scaled.T @ basis, lower=True)
    inner = (random.T @ random).toarray() - to_random.T @ to_random
    mixed = random.T @ basis - to_random.T @ to_fixed
    fixed = basis.T @ basis - to_fixed.T @ to_fixed
    return inner, mixed, np.linalg.inv(fixed)


def _derivatives(
    directions: list[scipy.sparse.csr_array],
    gamma: np.ndarray,
    inner: np.ndarray,
    mixed: np.ndarray,
    unadjusted: np.ndarray,
    n_events: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X'V^-1 V_i V^-1 X, X'V^-1 V_i V^-1 V_j V^-1 X and tr(V^-1 V_i V^-1 V_j).

    The residual variance comes last; as V is linear in all elements, its terms follow from those
    of the others by Euler's theorem.
    """
    n, n_terms = len(directions) + 1, mixed.shape[1]
    moved = np.array([direction @ mixed for direction in directions])
    chained = [direction @ inner for direction in directions]
    single_traces = np.array([np.trace(chain) for chain in chained])
    sensitivity = unwritten((n, n_terms, n_terms))
    sensitivity[:-1] = mixed.T @ moved
    sensitivity[-1] = np.linalg.inv(unadjusted) - np.tensordot(gamma, sensitivity[:-1], 1)
    squared = unwritten((n, n, n_terms, n_terms))
    squared[:-1, :-1] = np.einsum("kqa,qr,lrb->klab", moved, inner, moved, optimize=True)
    squared[-1, :-1] = sensitivity[:-1] - np.tensordot(gamma, squared[:-1, :-1], 1)
    squared[:-1, -1] = squared[-1, :-1].transpose(0, 2, 1)
    squared[-1, -1] = sensitivity[-1] - np.tensordot(gamma, squared[:-1, -1], 1)
    traces = unwritten((n, n))
    traces[:-1, :-1] = [[np.sum(a * b.T) for b in chained] for a in chained]
    traces[-1, :-1] = traces[:-1, -1] = single_traces - gamma @ traces[:-1, :-1]
    traces[-1, -1] = n_events - gamma @ single_traces - gamma @ traces[:-1, -1]
    return sensitivity, squared, traces


FLAT_CURVATURE = 1e-8
"""Curvatures below (relative to the largest) carry no information and are left out."""


@dataclass(frozen=True, eq=False)
class Satterthwaite(FixedCovariance):
    """How the covariance of the fixed effects moves with the estimated variances.

    Parameters
    ----------
    sensitivity : array, shape (n_free + 1, n_terms, n_terms)
        Derivatives of ``of_basis`` by the free covariance parameters and by log sigma.
    parameter_covariance : array, shape (n_free + 1, n_free + 1)
        Asymptotic covariance of these parameters.
    """

    sensitivity: np.ndarray
    parameter_covariance: np.ndarray

    def dof(self, weights: np.ndarray) -> np.ndarray:
        """Degrees of freedom of linear combinations, shape (n_combinations,)."""
        turned = weights @ self.to_basis
        slope = np.einsum("ci,kij,cj->ck", turned, self.sensitivity, turned)
        spread = np.einsum("ck,kl,cl->c", slope, self.parameter_covariance, slope)
        with np.errstate(divide="ignore"):
            return 2 * self.variance(weights) ** 2 / spread


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
        return variance * products.profile(origin + embed @ point).covariance

    def criterion(point: np.ndarray) -> complex:
        log_determinant, residual = likelihood.log_determinants(origin + embed @ point)
        return log_determinant + residual / variance

    def residual(point: np.ndarray) -> complex:
        return likelihood.log_determinants(origin + embed @ point)[1]

    here = covariance(free)
    n_free = len(free)
    curvature = unwritten((n_free + 1, n_free + 1))
    curvature[-1, -1] = 4 * likelihood.residual_dof
    sensitivity = unwritten((n_free + 1, *here.shape))
    sensitivity[-1] = 2 * here
    if n_free:
        curvature[:-1, :-1] = hessian(criterion, free)
        curvature[-1, :-1] = curvature[:-1, -1] = -2 * gradient(residual, free) / variance
        sensitivity[:-1] = gradient(covariance, free)
    # Long columns have small curvatures: what counts as flat is relative to their length.
    unit = np.append(_column_lengths(design, theta)[is_free], 1.0)
    values, axes = np.linalg.eigh(unit[:, None] * curvature * unit)
    kept = values > FLAT_CURVATURE * values[-1]
    root = unit[:, None] * axes[:, kept] / np.sqrt(values[kept])
    to_basis = np.linalg.inv(products.triangle)
    return Satterthwaite(to_basis, here, sensitivity, 2 * root @ root.T)


def _column_lengths(design: Design, theta: np.ndarray) -> np.ndarray:
    """Largest element of the factor of each covariance parameter, at least one."""
    return np.concatenate(
        [
            np.full(len(theta[place]), max(1.0, np.abs(theta[place]).max(initial=0.0)))
            for place in design.theta_slices
        ]
    )
