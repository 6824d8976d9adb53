"""Compiled kernels: fixed effects of one response, their variances and degrees of freedom."""

import numba
import numpy as np

from mmme_neuro.models.solver.columns import SharedDesign
from mmme_neuro.models.solver.normal_equations import Equations
from mmme_neuro.models.solver.response_equations import Response, by_theta
from mmme_neuro.stats.buffers import unwritten, unwritten_integers

FLAT_CURVATURE = 1e-8
"""Curvatures below (relative to the largest) carry no information, as in `dof`."""


@numba.njit(cache=True, nogil=True, error_model="numpy")
def satterthwaite_dof(
    shared: SharedDesign,
    equations: Equations,
    response: Response,
    is_free: np.ndarray,
    step: np.ndarray,
    variances: np.ndarray,
    dof: np.ndarray,
) -> None:
    """Variances of the fixed effects and Satterthwaite's degrees of freedom along the face.

    Variances are relative to the residual variance and those after the (tiny) last ``step``. The
    same quantities as in `dof.satterthwaite`, analytic: with variance s2 = y'Py / dof held,
    the Hessian of log|V| + log|X'V^-1 X| + y'Py / s2 and the derivatives of the fixed effects'
    covariance. `differentiate` must have been called.
    """
    size, n_levels, n_rest = shared.cross.shape
    n_fixed = len(dof)
    n_random = n_rest - n_fixed
    n_theta = len(shared.factor)
    variance = response.residual[0] / shared.dof
    element = unwritten(n_theta)
    pair = unwritten((n_theta, n_theta))
    for p in range(n_theta):
        element[p] = equations.trace[p] - response.slope[p] / variance
        for q in range(n_theta):
            pair[p, q] = -equations.trace_pair[p, q] + 2.0 * response.slope_pair[p, q] / variance
    gradient = unwritten(n_theta)
    hessian = unwritten((n_theta, n_theta))
    by_theta(shared, response.jacobian, element, pair, gradient, hessian)
    place, unit = unwritten_integers(n_theta), np.ones(n_theta + 1)
    n_free = 0
    for p in range(n_theta):
        if is_free[p]:
            place[n_free] = p
            # Long columns have small curvatures: what counts as flat is relative to their length.
            unit[n_free] = max(1.0, np.abs(equations.relative[shared.factor[p]]).max())
            n_free += 1
    unit[n_free] = 1.0
    curvature = np.zeros((n_free + 1, n_free + 1))
    curvature[n_free, n_free] = 4.0 * shared.dof
    for i in range(n_free):
        for j in range(n_free):
            curvature[i, j] = unit[i] * unit[j] * hessian[place[i], place[j]]
        total = 0.0
        for k in range(n_theta):
            # The derivative of y'Py is minus the slope.
            total -= response.jacobian[k, place[i]] * response.slope[k]
        curvature[i, n_free] = curvature[n_free, i] = -2.0 * unit[i] * total / variance
    values, axes = np.linalg.eigh(curvature)
    # Products of the random columns with V^-1 X (X'V^-1 X)^-1, then weights of the terms.
    weights = shared.inverse_triangle
    covariance = np.ascontiguousarray(equations.omega[n_random:, n_random:])
    scaled = np.zeros((n_rest, n_fixed))
    for j in range(n_rest):
        for c in range(n_fixed):
            total = 0.0
            for i in range(n_fixed):
                total += equations.omega[j, n_random + i] * weights[c, i]
            scaled[j, c] = total
    whitened = equations.whitened.reshape(size * n_levels, n_rest)
    seen_main = np.dot(whitened, scaled)
    seen_rest = np.dot(equations.schur, scaled)
    sensitivity = unwritten(n_free + 1)
    by_d = unwritten(n_theta)
    for c in range(n_fixed):
        own = 0.0
        for i in range(n_fixed):
            for j in range(n_fixed):
                own += weights[c, i] * covariance[i, j] * weights[c, j]
        variances[c] = own
        own *= variance
        for p in range(n_theta):
            a, b, f = shared.row[p], shared.column[p], shared.factor[p]
            total = 0.0
            if f == 0:
                for level in range(n_levels):
                    total += seen_main[a * n_levels + level, c] * seen_main[b * n_levels + level, c]
            else:
                for level in range(shared.n_levels[f]):
                    start = shared.first[f] + level * shared.size[f]
                    total += seen_rest[start + a, c] * seen_rest[start + b, c]
            by_d[p] = total * variance if a == b else 2.0 * total * variance
        for i in range(n_free):
            total = 0.0
            for k in range(n_theta):
                total += response.jacobian[k, place[i]] * by_d[k]
            sensitivity[i] = unit[i] * total
            variances[c] += total * step[place[i]] / variance
        sensitivity[n_free] = 2.0 * own
        spread = 0.0
        for i in range(n_free + 1):
            if values[i] > FLAT_CURVATURE * values[n_free]:
                along = 0.0
                for j in range(n_free + 1):
                    along += axes[j, i] * sensitivity[j]
                spread += 2.0 * along * along / values[i]
        dof[c] = 2.0 * own * own / spread


@numba.njit(cache=True, nogil=True, error_model="numpy")
def take_last_step(
    shared: SharedDesign, response: Response, step: np.ndarray, n_fixed: int
) -> float:
    """Move residual and coefficients by a step so small that first order is exact.

    Returns the change of the criterion, to second order.
    """
    n_theta = len(step)
    n_random = len(response.solution) - n_fixed
    change = 0.0
    for p in range(n_theta):
        change += 0.5 * response.gradient[p] * step[p]
    for k in range(n_theta):
        move = 0.0
        for p in range(n_theta):
            move += response.jacobian[k, p] * step[p]
        response.residual[0] -= response.slope[k] * move
        sign = -1.0 if shared.factor[k] == 0 else 1.0
        for c in range(n_random, n_random + n_fixed):
            response.solution[c] += sign * response.leaned[k, c] * move
    return change
