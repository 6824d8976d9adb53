"""Compiled kernels: criterion, gradient and Hessian of one response."""

from typing import NamedTuple

import numba
import numpy as np

from mmme_neuro.models.solver.columns import SharedDesign
from mmme_neuro.models.solver.normal_equations import Equations
from mmme_neuro.stats.buffers import unwritten


class Response(NamedTuple):
    """What the derivatives need of one response; memory that is reused.

    Parameters
    ----------
    products : array, shape (n_rest,)
        The rest's products with the response after elimination of the main factor.
    solution : array, shape (n_rest,)
        Random effects of the rest and coefficients of the orthonormal fixed columns.
    main : array, shape (k, n_levels)
        Z'Py of the main factor.
    rest : array, shape (n_rest,)
        The rest's products with Py.
    residual : array, shape (1,)
        y'Py.
    slope : array, shape (n_theta,)
        y'P V_k P y.
    slope_pair : array, shape (n_theta, n_theta)
        y'P V_k P V_l P y.
    jacobian : array, shape (n_theta, n_theta)
        Derivatives of the elements of D (rows) by theta.
    by_element, by_pair : array
        Gradient and Hessian of the criterion by the elements of D.
    gradient, hessian : array
        The same by theta.
    gained, turned, pushed, leaned
        Memory for intermediate results.
    """

    products: np.ndarray
    solution: np.ndarray
    main: np.ndarray
    rest: np.ndarray
    residual: np.ndarray
    slope: np.ndarray
    slope_pair: np.ndarray
    jacobian: np.ndarray
    by_element: np.ndarray
    by_pair: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray
    gained: np.ndarray
    turned: np.ndarray
    pushed: np.ndarray
    leaned: np.ndarray


def empty_response(shared: SharedDesign) -> Response:
    """Memory for one response of a design."""
    size, n_levels, n_rest = shared.cross.shape
    n_theta = len(shared.factor)
    square = (n_theta, n_theta)
    return Response(
        products=unwritten(n_rest),
        solution=unwritten(n_rest),
        main=unwritten((size, n_levels)),
        rest=unwritten(n_rest),
        residual=unwritten(1),
        slope=unwritten(n_theta),
        slope_pair=unwritten(square),
        jacobian=unwritten(square),
        by_element=unwritten(n_theta),
        by_pair=unwritten(square),
        gradient=unwritten(n_theta),
        hessian=unwritten(square),
        gained=unwritten((size, n_levels)),
        turned=unwritten((size, n_levels)),
        pushed=unwritten((n_theta, n_rest)),
        leaned=unwritten((n_theta, n_rest)),
    )


@numba.njit(cache=True, nogil=True, error_model="numpy")
def criterion(
    shared: SharedDesign,
    equations: Equations,
    main: np.ndarray,
    rest: np.ndarray,
    total: float,
    response: Response,
) -> float:
    """Solve for one response; returns its criterion at the theta of the equations."""
    size, n_levels, n_rest = shared.cross.shape
    products, solution = response.products, response.solution
    products[:] = rest
    residual = total
    for level in range(n_levels):
        for a in range(size):
            gained, turned = 0.0, 0.0
            for b in range(size):
                value = main[b * n_levels + level]
                gained += equations.gain[level, a, b] * value
                turned += equations.kept[level, a, b] * value
            response.gained[a, level] = gained
            response.turned[a, level] = turned
            residual -= gained * main[a * n_levels + level]
    for a in range(size):
        for level in range(n_levels):
            value = response.gained[a, level]
            for j in range(n_rest):
                products[j] -= value * shared.cross[a, level, j]
    for i in range(n_rest):
        value = 0.0
        for j in range(n_rest):
            value += equations.omega[i, j] * products[j]
        solution[i] = value
        residual -= value * products[i]
    response.residual[0] = residual
    return equations.log_determinant[0] + shared.dof * (
        1.0 + np.log(2.0 * np.pi * residual / shared.dof)
    )


@numba.njit(cache=True, nogil=True, error_model="numpy")
def project(shared: SharedDesign, equations: Equations, response: Response) -> None:
    """Products of all random columns with Py."""
    size, n_levels, n_rest = shared.cross.shape
    for a in range(size):
        for level in range(n_levels):
            value = response.turned[a, level]
            for j in range(n_rest):
                value -= equations.whitened[a, level, j] * response.solution[j]
            response.main[a, level] = value
    for i in range(n_rest):
        value = response.products[i]
        for j in range(n_rest):
            value -= equations.schur[i, j] * response.solution[j]
        response.rest[i] = value


@numba.njit(cache=True, nogil=True, error_model="numpy")
def push(shared: SharedDesign, equations: Equations, response: Response) -> None:
    """Quadratic forms y'P V_k P y, and what the rest sees of V_k P y."""
    n_levels, n_rest = shared.cross.shape[1:]
    response.pushed[:] = 0.0
    for p in range(len(shared.factor)):
        a, b, f = shared.row[p], shared.column[p], shared.factor[p]
        pushed = response.pushed[p]
        total = 0.0
        if f == 0:
            for level in range(n_levels):
                left, right = response.main[a, level], response.main[b, level]
                total += left * right
                for j in range(n_rest):
                    pushed[j] += right * equations.whitened[a, level, j]
                if a != b:
                    for j in range(n_rest):
                        pushed[j] += left * equations.whitened[b, level, j]
        else:
            start, size = shared.first[f], shared.size[f]
            for level in range(shared.n_levels[f]):
                i, k = start + level * size + a, start + level * size + b
                total += response.rest[i] * response.rest[k]
                pushed[i] = response.rest[k]
                pushed[k] = response.rest[i]
        response.slope[p] = total if a == b else 2.0 * total


@numba.njit(cache=True, nogil=True, error_model="numpy")
def pair_slopes(shared: SharedDesign, equations: Equations, response: Response) -> None:
    """Quadratic forms y'P V_k P V_l P y."""
    n_levels, n_rest = shared.cross.shape[1:]
    n_theta = len(shared.factor)
    seen = unwritten(n_rest)
    # For the main factor's parameters Omega t, for others v - Omega S v.
    for p in range(n_theta):
        if shared.factor[p] == 0:
            seen[:] = response.pushed[p]
        else:
            for i in range(n_rest):
                value = 0.0
                for j in range(n_rest):
                    value += equations.schur[i, j] * response.pushed[p, j]
                seen[i] = value
        for i in range(n_rest):
            value = 0.0
            for j in range(n_rest):
                value += equations.omega[i, j] * seen[j]
            if shared.factor[p] != 0:
                value = response.pushed[p, i] - value
            response.leaned[p, i] = value
    for p in range(n_theta):
        a, b = shared.row[p], shared.column[p]
        for q in range(p + 1):
            c, d = shared.row[q], shared.column[q]
            total = 0.0
            if shared.factor[p] == 0 and shared.factor[q] == 0:
                for level in range(n_levels):
                    shrunk = equations.shrunk[level]
                    left_a, left_b = response.main[a, level], response.main[b, level]
                    right_c, right_d = response.main[c, level], response.main[d, level]
                    one = shrunk[a, c] * right_d
                    two = shrunk[b, c] * right_d
                    if c != d:
                        one += shrunk[a, d] * right_c
                        two += shrunk[b, d] * right_c
                    total += left_b * one
                    if a != b:
                        total += left_a * two
                for j in range(n_rest):
                    total -= response.pushed[p, j] * response.leaned[q, j]
            elif shared.factor[p] == 0:
                for j in range(n_rest):
                    total += response.pushed[p, j] * response.leaned[q, j]
            elif shared.factor[q] == 0:
                for j in range(n_rest):
                    total += response.pushed[q, j] * response.leaned[p, j]
            else:
                for i in range(n_rest):
                    value = 0.0
                    for j in range(n_rest):
                        value += equations.schur[i, j] * response.leaned[q, j]
                    total += response.pushed[p, i] * value
            response.slope_pair[p, q] = total
            response.slope_pair[q, p] = total


@numba.njit(cache=True, nogil=True, error_model="numpy")
def fill_jacobian(shared: SharedDesign, equations: Equations, jacobian: np.ndarray) -> None:
    """Derivatives of D = F F' by the free elements of F."""
    for k in range(len(shared.factor)):
        a, b = shared.row[k], shared.column[k]
        for p in range(len(shared.factor)):
            value = 0.0
            if shared.factor[p] == shared.factor[k]:
                relative = equations.relative[shared.factor[k]]
                r, c = shared.row[p], shared.column[p]
                if a == r:
                    value += relative[b, c]
                if b == r:
                    value += relative[a, c]
            jacobian[k, p] = value


@numba.njit(cache=True, nogil=True, error_model="numpy")
def by_theta(
    shared: SharedDesign,
    jacobian: np.ndarray,
    by_element: np.ndarray,
    by_pair: np.ndarray,
    gradient: np.ndarray,
    hessian: np.ndarray,
) -> None:
    """Chain rule from the elements of D to theta."""
    n_theta = len(gradient)
    for p in range(n_theta):
        total = 0.0
        for k in range(n_theta):
            total += jacobian[k, p] * by_element[k]
        gradient[p] = total
        for q in range(n_theta):
            total = 0.0
            for k in range(n_theta):
                for m in range(n_theta):
                    total += jacobian[k, p] * by_pair[k, m] * jacobian[m, q]
            if shared.factor[p] == shared.factor[q] and shared.column[p] == shared.column[q]:
                a = max(shared.row[p], shared.row[q])
                b = min(shared.row[p], shared.row[q])
                for k in range(n_theta):
                    if (
                        shared.factor[k] == shared.factor[p]
                        and shared.row[k] == a
                        and shared.column[k] == b
                    ):
                        total += by_element[k] if a != b else 2.0 * by_element[k]
            hessian[p, q] = total


@numba.njit(cache=True, nogil=True, error_model="numpy")
def differentiate(shared: SharedDesign, equations: Equations, response: Response) -> None:
    """Gradient and Hessian of the criterion by theta; `criterion` must have been called."""
    project(shared, equations, response)
    push(shared, equations, response)
    pair_slopes(shared, equations, response)
    residual = response.residual[0]
    n_theta = len(shared.factor)
    for p in range(n_theta):
        response.by_element[p] = equations.trace[p] - shared.dof * response.slope[p] / residual
        for q in range(n_theta):
            response.by_pair[p, q] = -equations.trace_pair[p, q] + shared.dof * (
                2.0 * response.slope_pair[p, q] / residual
                - response.slope[p] * response.slope[q] / residual**2
            )
    fill_jacobian(shared, equations, response.jacobian)
    by_theta(
        shared,
        response.jacobian,
        response.by_element,
        response.by_pair,
        response.gradient,
        response.hessian,
    )
