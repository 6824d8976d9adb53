"""Compiled kernels: block elimination of the normal equations of a mixed model.

They are generic in the number type: with complex parameters they carry derivatives by the complex
step, so nothing is conjugated.
"""

import numba
import numpy as np


@numba.njit(cache=True)
def cholesky_in_place(matrix, size):
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


@numba.njit(cache=True)
def scaled_block(block, factor, out):
    """Write factor' block factor + identity to ``out``."""
    size = block.shape[0]
    for a in range(size):
        for b in range(a + 1):
            total = factor[0, 0] * 0.0
            for i in range(a, size):
                for j in range(b, size):
                    total += factor[i, a] * block[i, j] * factor[j, b]
            out[a, b] = total + (1.0 if a == b else 0.0)


@numba.njit(cache=True)
def eliminate_groups(blocks, cross, pointer, occupied, factor, rest):
    """Subtract the groups of the largest factor from the lower triangle of ``rest``.

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
    rest : array, shape (n_rest, n_rest)
        Gram matrix of the remaining columns, changed in place.

    Returns
    -------
    float or complex
        Log determinant of the eliminated blocks.
    """
    n_levels, size, n_rest = cross.shape
    block = np.empty((size, size), dtype=rest.dtype)
    solved = np.empty((size, n_rest), dtype=rest.dtype)
    log_determinant = rest[0, 0] * 0.0
    for level in range(n_levels):
        scaled_block(blocks[level], factor, block)
        cholesky_in_place(block, size)
        for k in range(size):
            log_determinant += 2.0 * np.log(block[k, k])
        start, stop = pointer[level], pointer[level + 1]
        for position in range(start, stop):
            column = occupied[position]
            for a in range(size):
                total = rest[0, 0] * 0.0
                for i in range(a, size):
                    total += factor[i, a] * cross[level, i, column]
                for i in range(a):
                    total -= block[a, i] * solved[i, position - start]
                solved[a, position - start] = total / block[a, a]
        for p in range(stop - start):
            row = occupied[start + p]
            for q in range(p + 1):
                total = rest[0, 0] * 0.0
                for k in range(size):
                    total += solved[k, p] * solved[k, q]
                rest[row, occupied[start + q]] -= total
    return log_determinant


@numba.njit(cache=True)
def scale_factor(rest, start, n_levels, factor):
    """Scale the columns of one further grouping factor by its relative covariance factor.

    Only the lower triangle of ``rest`` is read and written; the identity is added.
    """
    size = factor.shape[0]
    stop = start + size * n_levels
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
    return stop
