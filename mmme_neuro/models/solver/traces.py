"""Compiled kernels: traces of products of P and the derivatives of V, see `normal_equations`."""

import numba
import numpy as np

from mmme_neuro.models.solver.columns import SharedDesign
from mmme_neuro.models.solver.normal_equations import (
    Equations,
    solve_equations,
    sweep,
    swept_inverse,
)
from mmme_neuro.stats.buffers import unwritten

NEAR_ZERO = 1e-4
"""Relative standard deviation of a column, given those before, under which D counts as singular."""


@numba.njit(cache=True, nogil=True, error_model="numpy")
def paired(left: np.ndarray, right: np.ndarray, a: int, b: int, c: int, d: int) -> float:
    """tr(left E right F) for the symmetric unit matrices E of (a, b) and F of (c, d)."""
    total = left[d, a] * right[b, c]
    if a != b:
        total += left[d, b] * right[a, c]
    if c != d:
        total += left[c, a] * right[b, d]
        if a != b:
            total += left[c, b] * right[a, d]
    return total


@numba.njit(cache=True, nogil=True, error_model="numpy")
def main_traces(shared: SharedDesign, equations: Equations, omega: np.ndarray) -> None:
    """Traces of the main factor's parameters."""
    size, n_levels, n_rest = shared.cross.shape
    n_main = size * n_levels
    np.dot(
        equations.whitened.reshape(n_main, n_rest), omega, equations.spread.reshape(n_main, n_rest)
    )
    leverage = equations.leverage
    for level in range(n_levels):
        for a in range(size):
            for b in range(size):
                total = 0.0
                for j in range(n_rest):
                    total += equations.spread[a, level, j] * equations.whitened[b, level, j]
                leverage[level, a, b] = total
    position = 0
    for p in range(len(shared.factor)):
        if shared.factor[p] != 0:
            continue
        a, b = shared.row[p], shared.column[p]
        weight = 1.0 if a == b else 2.0
        total = 0.0
        for level in range(n_levels):
            total += equations.shrunk[level, a, b] - leverage[level, a, b]
        equations.trace[p] = weight * total
        back = equations.back[position]
        np.dot(equations.spread[a].T, equations.whitened[b], back)
        if a != b:
            np.dot(equations.spread[b].T, equations.whitened[a], equations.turned)
            for i in range(n_rest):
                for j in range(n_rest):
                    back[i, j] += equations.turned[i, j]
        position += 1
    position = 0
    for p in range(len(shared.factor)):
        if shared.factor[p] != 0:
            continue
        for i in range(n_rest):
            for j in range(n_rest):
                equations.turned[j, i] = equations.back[position, i, j]
        other = 0
        for q in range(p + 1):
            if shared.factor[q] != 0:
                continue
            total = 0.0
            for i in range(n_rest):
                for j in range(n_rest):
                    total += equations.turned[i, j] * equations.back[other, i, j]
            a, b, c, d = shared.row[p], shared.column[p], shared.row[q], shared.column[q]
            for level in range(n_levels):
                shrunk, lever = equations.shrunk[level], leverage[level]
                total += paired(shrunk, shrunk, a, b, c, d)
                total -= paired(shrunk, lever, a, b, c, d)
                total -= paired(lever, shrunk, a, b, c, d)
            equations.trace_pair[p, q] = total
            equations.trace_pair[q, p] = total
            other += 1
        position += 1


@numba.njit(cache=True, nogil=True, error_model="numpy")
def invert_covariances(shared: SharedDesign, equations: Equations) -> bool:
    """Inverse of D of each factor of the rest; False where one is near singular."""
    for f in range(1, len(shared.size)):
        size = shared.size[f]
        relative, inverse = equations.relative[f], equations.precision[f]
        for a in range(size):
            if not abs(relative[a, a]) > NEAR_ZERO:
                return False
        for a in range(size):
            for b in range(size):
                total = 0.0
                for c in range(size):
                    total += relative[a, c] * relative[b, c]
                inverse[a, b] = total
        sweep(inverse[:size, :size], 0, size, unwritten(size))
        swept_inverse(inverse, size, inverse)
    return True


@numba.njit(cache=True, nogil=True, error_model="numpy")
def sandwich(matrix: np.ndarray, left: np.ndarray, right: np.ndarray, c: int, d: int) -> float:
    """Element (c, d) of left matrix right."""
    total = 0.0
    for a in range(matrix.shape[0]):
        for b in range(matrix.shape[1]):
            total += left[c, a] * matrix[a, b] * right[b, d]
    return total


@numba.njit(cache=True, nogil=True, error_model="numpy")
def rest_products(shared: SharedDesign, equations: Equations, omega: np.ndarray) -> None:
    """Fill M of the rest's random columns, and its sums over levels with the main factor.

    Where D is regular, M = D^-1 - D^-1 Omega D^-1 and I - Omega S = Omega D^-1, which saves the
    products; otherwise these are formed.
    """
    n_rest, n_random = equations.outside.shape
    outside, square = equations.outside, equations.square
    n_factors = len(shared.size)
    if invert_covariances(shared, equations):
        for f in range(1, n_factors):
            left, size = equations.precision[f], shared.size[f]
            for level in range(shared.n_levels[f]):
                i = shared.first[f] + level * size
                for g in range(1, n_factors):
                    right, other_size = equations.precision[g], shared.size[g]
                    first, n_other = shared.first[g], shared.n_levels[g]
                    if size == 1 and other_size == 1:
                        scale = left[0, 0] * right[0, 0]
                        for j in range(first, first + n_other):
                            square[i, j] = -scale * omega[i, j]
                    else:
                        for other in range(n_other):
                            j = first + other * other_size
                            block = omega[i : i + size, j : j + other_size]
                            for c in range(size):
                                for d in range(other_size):
                                    square[i + c, j + d] = -sandwich(block, left, right, c, d)
                for c in range(size):
                    for d in range(size):
                        square[i + c, i + d] += left[c, d]
        for position in range(equations.back.shape[0]):
            for f in range(1, n_factors):
                size, precision = shared.size[f], equations.precision[f]
                block = np.zeros((size, size))
                for level in range(shared.n_levels[f]):
                    i = shared.first[f] + level * size
                    for c in range(size):
                        for d in range(size):
                            total = 0.0
                            for j in range(n_rest):
                                total += equations.back[position, i + c, j] * omega[i + d, j]
                            block[c, d] += total
                for c in range(size):
                    for d in range(size):
                        equations.shared_sum[position, f, c, d] = sandwich(
                            block, precision, precision, c, d
                        )
        return
    random = np.ascontiguousarray(equations.schur[:, :n_random])
    np.dot(omega, random, outside)
    for i in range(n_rest):
        for j in range(n_random):
            outside[i, j] = (1.0 if i == j else 0.0) - outside[i, j]
    np.dot(random.T, outside, square)
    position = 0
    for p in range(len(shared.factor)):
        if shared.factor[p] != 0:
            continue
        a, b = shared.row[p], shared.column[p]
        np.dot(equations.whitened[a].T, equations.whitened[b], equations.turned)
        if a != b:
            for i in range(n_rest):
                for j in range(i + 1):
                    both = equations.turned[i, j] + equations.turned[j, i]
                    equations.turned[i, j] = both
                    equations.turned[j, i] = both
        np.dot(equations.turned, outside, equations.leaned)
        for f in range(1, n_factors):
            size = shared.size[f]
            for c in range(size):
                for d in range(size):
                    total = 0.0
                    for i in range(n_rest):
                        for level in range(shared.n_levels[f]):
                            j = shared.first[f] + level * size
                            total += outside[i, j + c] * equations.leaned[i, j + d]
                    equations.shared_sum[position, f, c, d] = total
        position += 1


@numba.njit(cache=True, nogil=True, error_model="numpy")
def rest_traces(shared: SharedDesign, equations: Equations) -> None:
    """Traces of the other factors' parameters, alone and with the main factor's."""
    square = equations.square
    n_theta = len(shared.factor)
    for p in range(n_theta):
        f = shared.factor[p]
        if f == 0:
            continue
        a, b = shared.row[p], shared.column[p]
        total = 0.0
        for level in range(shared.n_levels[f]):
            start = shared.first[f] + level * shared.size[f]
            total += square[start + a, start + b]
        equations.trace[p] = total if a == b else 2.0 * total
        position = 0
        for q in range(n_theta):
            g = shared.factor[q]
            c, d = shared.row[q], shared.column[q]
            if g == 0:
                total = equations.shared_sum[position, f, a, b]
                total = total if a == b else 2.0 * total
                position += 1
            elif q > p:
                continue
            else:
                total = 0.0
                for level in range(shared.n_levels[f]):
                    i = shared.first[f] + level * shared.size[f]
                    for other in range(shared.n_levels[g]):
                        j = shared.first[g] + other * shared.size[g]
                        total += square[i + a, j + d] * square[i + b, j + c]
                        if a != b:
                            total += square[i + b, j + d] * square[i + a, j + c]
                        if c != d:
                            total += square[i + a, j + c] * square[i + b, j + d]
                            if a != b:
                                total += square[i + b, j + c] * square[i + a, j + d]
            equations.trace_pair[p, q] = total
            equations.trace_pair[q, p] = total


@numba.njit(cache=True, nogil=True, error_model="numpy")
def solve_with_traces(shared: SharedDesign, theta: np.ndarray, equations: Equations) -> None:
    """Solve the normal equations and fill all traces."""
    solve_equations(shared, theta, equations)
    omega = equations.omega if shared.reml else equations.omega_trace
    main_traces(shared, equations, omega)
    if equations.outside.shape[1]:
        rest_products(shared, equations, omega)
        rest_traces(shared, equations)
