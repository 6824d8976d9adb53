"""Compiled kernels: block elimination of the normal equations of a mixed model.

They are generic in the number type: with complex parameters they carry derivatives by the complex
step, so nothing is conjugated. Division by zero gives NaN, which the search takes as out of bounds.
"""

import numba
import numpy as np


@numba.njit(cache=True, error_model="numpy")
def cholesky_in_place(matrix: np.ndarray, size: int) -> None:
    """Lower Cholesky factor of the leading block, written over the lower triangle."""
    for i in range(size):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            if i == j:
                matrix[i, i] = np.sqrt(total)
            else:
                matrix[i, j] = total / matrix[j, j]


@numba.njit(cache=True, error_model="numpy")
def scaled_block(block: np.ndarray, factor: np.ndarray, out: np.ndarray) -> None:
    """Write factor' block factor + identity to ``out``."""
    size = block.shape[0]
    for a in range(size):
        for b in range(a + 1):
            total = factor[0, 0] * 0.0
            for i in range(a, size):
                for j in range(b, size):
                    total += factor[i, a] * block[i, j] * factor[j, b]
            out[a, b] = total + (1.0 if a == b else 0.0)


@numba.njit(cache=True, error_model="numpy")
def whiten_groups(
    blocks: np.ndarray,
    cross: np.ndarray,
    pointer: np.ndarray,
    occupied: np.ndarray,
    factor: np.ndarray,
    whitened: np.ndarray,
) -> complex:
    """Solve the blocks of the largest factor for their products with the remaining columns.

    Parameters
    ----------
    blocks : array, shape (n_levels, k, k)
        Z'Z of each group.
    cross : array, shape (n_levels, k, n_rest)
        Z' times the remaining columns.
    pointer, occupied : array of int
        Columns of ``cross`` that are not zero for a group, in increasing order.
    factor : array, shape (k, k)
        Relative covariance factor.
    whitened : array, shape (n_levels, k, n_rest)
        Filled where occupied; its products are what elimination subtracts.

    Returns
    -------
    float or complex
        Log determinant of the blocks.
    """
    n_levels, size, _ = cross.shape
    block = np.empty((size, size), dtype=factor.dtype)
    log_determinant = factor[0, 0] * 0.0
    for level in range(n_levels):
        scaled_block(blocks[level], factor, block)
        cholesky_in_place(block, size)
        for k in range(size):
            log_determinant += 2.0 * np.log(block[k, k])
        for column in occupied[pointer[level] : pointer[level + 1]]:
            for a in range(size):
                total = factor[0, 0] * 0.0
                for i in range(a, size):
                    total += factor[i, a] * cross[level, i, column]
                for i in range(a):
                    total -= block[a, i] * whitened[level, i, column]
                whitened[level, a, column] = total / block[a, a]
    return log_determinant


@numba.njit(cache=True, error_model="numpy")
def subtract_sparse(
    whitened: np.ndarray, pointer: np.ndarray, occupied: np.ndarray, rest: np.ndarray
) -> None:
    """Subtract whitened' whitened from the lower triangle of ``rest``, occupied columns only."""
    n_levels, size, _ = whitened.shape
    for level in range(n_levels):
        columns = occupied[pointer[level] : pointer[level + 1]]
        for k in range(size):
            values = whitened[level, k]
            for p in range(len(columns)):
                row = columns[p]
                value = values[row]
                for q in range(p + 1):
                    rest[row, columns[q]] -= value * values[columns[q]]


@numba.njit(cache=True, error_model="numpy")
def scale_factor(rest: np.ndarray, start: int, n_levels: int, factor: np.ndarray) -> None:
    """Scale the columns of one further grouping factor by its relative covariance factor.

    Only the lower triangle of ``rest`` is read and written; the identity is added.
    """
    size = factor.shape[0]
    n_rest = rest.shape[0]
    full = np.empty((size, size), dtype=rest.dtype)
    scaled = np.empty((size, size), dtype=rest.dtype)
    for level in range(n_levels):
        first = start + level * size
        for row in range(first + size, n_rest):
            for a in range(size):
                total = rest[0, 0] * 0.0
                for i in range(a, size):
                    total += rest[row, first + i] * factor[i, a]
                rest[row, first + a] = total
        for column in range(first):
            for a in range(size):
                total = rest[0, 0] * 0.0
                for i in range(a, size):
                    total += factor[i, a] * rest[first + i, column]
                rest[first + a, column] = total
        for a in range(size):
            for b in range(a + 1):
                full[a, b] = rest[first + a, first + b]
                full[b, a] = full[a, b]
        scaled_block(full, factor, scaled)
        for a in range(size):
            for b in range(a + 1):
                rest[first + a, first + b] = scaled[a, b]
