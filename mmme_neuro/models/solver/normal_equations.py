"""Compiled kernels: the normal equations of a mixed design, which no response enters.

With P = V^-1 - V^-1 X (X'V^-1 X)^-1 X'V^-1 and V = I + Z D Z', where D has a block D_f for each
level of grouping factor f, the criterion's derivatives by elements of the D_f need traces of
products of M = Z'PZ. M is never formed for the main factor: its blocks are H_i = (B_i^-1 + D)^-1
less a product with the inverse Omega of the rest's normal equations. All of it holds where D is
singular, so the derivatives exist at the boundary, too.
"""

from typing import NamedTuple

import numba
import numpy as np

from mmme_neuro.models.solver.columns import SharedDesign
from mmme_neuro.stats.buffers import unwritten


class Equations(NamedTuple):
    """Normal equations at one value of the covariance parameters; memory that is reused.

    Parameters
    ----------
    theta : array, shape (n_theta,)
        The covariance parameters.
    relative : array, shape (n_factors, k_max, k_max)
        Relative covariance factors.
    log_determinant : array, shape (1,)
        log|V|, and for REML log|X'V^-1 X|.
    gain : array, shape (n_levels, k, k)
        G_i = (D^-1 + B_i)^-1 of the main factor.
    shrunk : array, shape (n_levels, k, k)
        H_i = (B_i^-1 + D)^-1.
    kept : array, shape (n_levels, k, k)
        T_i' = (I + B_i D)^-1.
    gained, whitened : array, shape (k, n_levels, n_rest)
        G_i and T_i' times the main factor's products with the rest.
    schur : array, shape (n_rest, n_rest)
        Products of the rest after elimination of the main factor.
    omega : array, shape (n_rest, n_rest)
        Inverse of the rest's normal equations.
    omega_trace : array, shape (n_rest, n_rest)
        The same for the traces: without fixed columns for ML.
    trace : array, shape (n_theta,)
        tr(P V_k), V_k = dV/dD_k for the elements of D in the order of theta; V^-1 for P in ML.
    trace_pair : array, shape (n_theta, n_theta)
        tr(P V_k P V_l).
    spread, leverage, back, turned, precision, outside, square, shared_sum, leaned
        Memory for intermediate results.
    """

    theta: np.ndarray
    relative: np.ndarray
    log_determinant: np.ndarray
    gain: np.ndarray
    shrunk: np.ndarray
    kept: np.ndarray
    gained: np.ndarray
    whitened: np.ndarray
    schur: np.ndarray
    omega: np.ndarray
    omega_trace: np.ndarray
    trace: np.ndarray
    trace_pair: np.ndarray
    spread: np.ndarray
    leverage: np.ndarray
    back: np.ndarray
    turned: np.ndarray
    precision: np.ndarray
    outside: np.ndarray
    square: np.ndarray
    shared_sum: np.ndarray
    leaned: np.ndarray


def empty_equations(shared: SharedDesign) -> Equations:
    """Memory for the normal equations of a design."""
    size, n_levels, n_rest = shared.cross.shape
    n_fixed = len(shared.inverse_triangle)
    n_random = n_rest - n_fixed
    n_theta = len(shared.factor)
    n_main = int((shared.factor == 0).sum())
    largest = int(shared.size.max())
    block = (n_levels, size, size)
    return Equations(
        theta=np.full(n_theta, np.nan),
        relative=np.zeros((len(shared.size), largest, largest)),
        log_determinant=unwritten(1),
        gain=unwritten(block),
        shrunk=unwritten(block),
        kept=unwritten(block),
        gained=unwritten(shared.cross.shape),
        whitened=unwritten(shared.cross.shape),
        schur=unwritten((n_rest, n_rest)),
        omega=unwritten((n_rest, n_rest)),
        omega_trace=unwritten((n_rest, n_rest)),
        trace=unwritten(n_theta),
        trace_pair=unwritten((n_theta, n_theta)),
        spread=unwritten(shared.cross.shape),
        leverage=unwritten(block),
        back=unwritten((n_main, n_rest, n_rest)),
        turned=unwritten((n_rest, n_rest)),
        precision=unwritten((len(shared.size), largest, largest)),
        outside=unwritten((n_rest, n_random)),
        square=unwritten((n_random, n_random)),
        shared_sum=unwritten((n_main, len(shared.size), largest, largest)),
        leaned=unwritten((n_rest, n_random)),
    )


@numba.njit(cache=True, nogil=True, error_model="numpy")
def sweep(matrix: np.ndarray, first: int, last: int, column: np.ndarray) -> float:
    """Sweep pivots ``first`` to ``last`` of a symmetric matrix, lower triangle only.

    Swept rows and columns hold minus their inverse. Returns the log of the pivots.
    """
    n = matrix.shape[0]
    log_determinant = 0.0
    for k in range(first, last):
        pivot = matrix[k, k]
        log_determinant += np.log(pivot)
        for j in range(k):
            column[j] = matrix[k, j]
        column[k] = 0.0
        for i in range(k + 1, n):
            column[i] = matrix[i, k]
        for i in range(n):
            value = column[i] / pivot
            row = matrix[i]
            for j in range(i + 1):
                row[j] -= value * column[j]
        for j in range(k):
            matrix[k, j] = column[j] / pivot
        for i in range(k + 1, n):
            matrix[i, k] = column[i] / pivot
        matrix[k, k] = -1.0 / pivot
    return log_determinant


@numba.njit(cache=True, nogil=True, error_model="numpy")
def swept_inverse(matrix: np.ndarray, size: int, inverse: np.ndarray) -> None:
    """Symmetric inverse of the leading block whose pivots are swept; may be in place."""
    for i in range(size):
        for j in range(i + 1):
            value = -matrix[i, j]
            inverse[i, j] = value
            inverse[j, i] = value


@numba.njit(cache=True, nogil=True, error_model="numpy")
def congruence(
    matrix: np.ndarray, first: int, n_levels: int, size: int, factor: np.ndarray, turn: bool
) -> None:
    """Replace the rows and columns of a factor by F' A F (turned: F A F'), level by level."""
    n = matrix.shape[0]
    if size == 1:
        value = factor[0, 0]
        for i in range(first, first + n_levels):
            for j in range(n):
                matrix[i, j] *= value
        for i in range(n):
            for j in range(first, first + n_levels):
                matrix[i, j] *= value
        return
    old = unwritten(size)
    for level in range(n_levels):
        start = first + level * size
        for j in range(n):
            for a in range(size):
                old[a] = matrix[start + a, j]
            for a in range(size):
                total = 0.0
                for b in range(size):
                    total += (factor[a, b] if turn else factor[b, a]) * old[b]
                matrix[start + a, j] = total
    for i in range(n):
        for level in range(n_levels):
            start = first + level * size
            for a in range(size):
                old[a] = matrix[i, start + a]
            for a in range(size):
                total = 0.0
                for b in range(size):
                    total += (factor[a, b] if turn else factor[b, a]) * old[b]
                matrix[i, start + a] = total


@numba.njit(cache=True, nogil=True, error_model="numpy")
def eliminate_main(shared: SharedDesign, equations: Equations) -> float:
    """Blocks of the main factor; fills what of it the rest needs and returns log|I + D B|."""
    size, n_levels, n_rest = shared.cross.shape
    factor = equations.relative[0]
    half = unwritten((size, size))
    inner = unwritten((size, size))
    column = unwritten(size)
    log_determinant = 0.0
    for level in range(n_levels):
        block = shared.blocks[level]
        gain = equations.gain[level]
        kept = equations.kept[level]
        shrunk = equations.shrunk[level]
        for a in range(size):
            for b in range(size):
                total = 0.0
                for c in range(size):
                    total += block[a, c] * factor[c, b]
                half[a, b] = total
        for a in range(size):
            for b in range(size):
                total = 1.0 if a == b else 0.0
                for c in range(size):
                    total += factor[c, a] * half[c, b]
                inner[a, b] = total
        log_determinant += sweep(inner, 0, size, column)
        swept_inverse(inner, size, inner)
        for a in range(size):
            for b in range(size):
                total = 0.0
                for c in range(size):
                    for d in range(size):
                        total += factor[a, c] * inner[c, d] * factor[b, d]
                gain[a, b] = total
        for a in range(size):
            for b in range(size):
                total = 1.0 if a == b else 0.0
                for c in range(size):
                    total -= block[a, c] * gain[c, b]
                kept[a, b] = total
        for a in range(size):
            for b in range(size):
                total = 0.0
                for c in range(size):
                    total += kept[a, c] * block[c, b]
                shrunk[a, b] = total
        for a in range(size):
            whitened = equations.whitened[a, level]
            gained = equations.gained[a, level]
            first = shared.cross[0, level]
            if size == 2:
                second = shared.cross[1, level]
                for j in range(n_rest):
                    gained[j] = gain[a, 0] * first[j] + gain[a, 1] * second[j]
                    whitened[j] = kept[a, 0] * first[j] + kept[a, 1] * second[j]
                continue
            for j in range(n_rest):
                gained[j] = gain[a, 0] * first[j]
                whitened[j] = kept[a, 0] * first[j]
            for b in range(1, size):
                other = shared.cross[b, level]
                for j in range(n_rest):
                    gained[j] += gain[a, b] * other[j]
                    whitened[j] += kept[a, b] * other[j]
    return log_determinant


@numba.njit(cache=True, nogil=True, error_model="numpy")
def solve_equations(shared: SharedDesign, theta: np.ndarray, equations: Equations) -> None:
    """Solve the normal equations at ``theta``: log determinant, ``schur`` and ``omega``."""
    n_main = shared.cross.shape[0] * shared.cross.shape[1]
    n_rest = shared.gram.shape[0]
    n_random = n_rest - shared.inverse_triangle.shape[0]
    schur, omega = equations.schur, equations.omega
    for p in range(len(theta)):
        equations.theta[p] = theta[p]
        equations.relative[shared.factor[p], shared.row[p], shared.column[p]] = theta[p]
    log_determinant = eliminate_main(shared, equations)
    np.dot(shared.cross.reshape(n_main, n_rest).T, equations.gained.reshape(n_main, n_rest), schur)
    for i in range(n_rest):
        for j in range(n_rest):
            schur[i, j] = shared.gram[i, j] - schur[i, j]
            omega[i, j] = schur[i, j]
    for f in range(1, len(shared.size)):
        congruence(
            omega,
            shared.first[f],
            shared.n_levels[f],
            shared.size[f],
            equations.relative[f],
            False,
        )
    for i in range(n_random):
        omega[i, i] += 1.0
    column = unwritten(n_rest)
    log_determinant += sweep(omega, 0, n_random, column)
    if not shared.reml:
        equations.omega_trace[:] = 0.0
        swept_inverse(omega, n_random, equations.omega_trace)
    log_determinant_fixed = sweep(omega, n_random, n_rest, column)
    swept_inverse(omega, n_rest, omega)
    if shared.reml:
        log_determinant += log_determinant_fixed + shared.constant
    for f in range(1, len(shared.size)):
        first, n_levels, size = shared.first[f], shared.n_levels[f], shared.size[f]
        congruence(omega, first, n_levels, size, equations.relative[f], True)
        if not shared.reml:
            congruence(equations.omega_trace, first, n_levels, size, equations.relative[f], True)
    equations.log_determinant[0] = log_determinant
