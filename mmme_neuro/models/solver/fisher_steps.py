"""Compiled kernels: Fisher scoring of the variances, the long steps of the search.

In balanced designs one such step leads from anywhere to the optimum (with the residual variance
a parameter, the expected information makes the score linear), where Newton's steps overshoot.
"""

import numba
import numpy as np

from mmme_neuro.models.solver.columns import SharedDesign
from mmme_neuro.models.solver.normal_equations import Equations, sweep, swept_inverse
from mmme_neuro.models.solver.response_equations import Response
from mmme_neuro.stats.buffers import unwritten

RIDGE = 1e-10
ZERO_SHARE = 1e-8
"""Share of the largest variance that counts as none in the nearest semi-definite matrix."""


@numba.njit(cache=True, nogil=True, error_model="numpy")
def write_nearest(
    shared: SharedDesign, f: int, covariance: np.ndarray, is_reduced: bool, theta: np.ndarray
) -> None:
    """Write the parameters of factor ``f`` for the nearest semi-definite matrix.

    Reduced: the nearest without its smallest eigenvalue. ``covariance`` is overwritten.
    """
    size = covariance.shape[0]
    if size > 1:
        values, axes = np.linalg.eigh(covariance)
        if is_reduced:
            values[0] = 0.0
        for a in range(size):
            for b in range(size):
                covariance[a, b] = 0.0
                for c in range(size):
                    covariance[a, b] += axes[a, c] * max(values[c], 0.0) * axes[b, c]
    floor = 0.0
    for a in range(size):
        floor = max(floor, ZERO_SHARE * covariance[a, a])
    for c in range(size):
        pivot = covariance[c, c]
        root = np.sqrt(pivot) if pivot > floor else 0.0
        for p in range(len(theta)):
            if shared.factor[p] == f and shared.column[p] == c:
                theta[p] = covariance[shared.row[p], c] / root if root > 0.0 else 0.0
        if root > 0.0:
            for a in range(c + 1, size):
                for b in range(c + 1, size):
                    covariance[a, b] -= covariance[a, c] * covariance[b, c] / pivot


@numba.njit(cache=True, nogil=True, error_model="numpy")
def reduce_rank(shared: SharedDesign, relative: np.ndarray, theta: np.ndarray) -> None:
    """Write the parameters with the smallest eigenvalue of each factor's covariance zero."""
    for f in range(len(shared.size)):
        size = shared.size[f]
        factor = np.ascontiguousarray(relative[f, :size, :size])
        write_nearest(shared, f, np.dot(factor, factor.T), size > 1, theta)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def fisher_step(
    shared: SharedDesign, equations: Equations, response: Response, theta: np.ndarray
) -> bool:
    """Write the covariance parameters after one step; returns whether they are usable.

    Notes
    -----
    With information J_kl = tr(P V_k P V_l) - tr(P V_k) tr(P V_l) / dof and score s_k =
    y'P V_k P y dof / y'Py - tr(P V_k), D moves to (D + J^-1 s) / (1 - tr' J^-1 s / dof), then to
    the nearest semi-definite matrix.
    """
    n_theta = len(theta)
    information = unwritten((n_theta, n_theta))
    for p in range(n_theta):
        for q in range(n_theta):
            information[p, q] = (
                equations.trace_pair[p, q] - equations.trace[p] * equations.trace[q] / shared.dof
            )
        information[p, p] *= 1.0 + RIDGE
    sweep(information, 0, n_theta, unwritten(n_theta))
    swept_inverse(information, n_theta, information)
    move = np.zeros(n_theta)
    shrinkage = 1.0
    for p in range(n_theta):
        for q in range(n_theta):
            move[p] -= information[p, q] * response.by_element[q]
        shrinkage -= equations.trace[p] * move[p] / shared.dof
    if not shrinkage > 0.01:
        return False
    for f in range(len(shared.size)):
        size = shared.size[f]
        covariance = np.zeros((size, size))
        for p in range(n_theta):
            if shared.factor[p] == f:
                a, b = shared.row[p], shared.column[p]
                value = move[p]
                for c in range(size):
                    value += equations.relative[f, a, c] * equations.relative[f, b, c]
                covariance[a, b] = covariance[b, a] = value / shrinkage
                if not np.isfinite(value):
                    return False
        write_nearest(shared, f, covariance, False, theta)
    return True
