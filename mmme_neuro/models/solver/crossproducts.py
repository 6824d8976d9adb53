"""Cross products of a design and a response, and the elimination of their normal equations."""

from dataclasses import dataclass

import numba
import numpy as np
import scipy.sparse

from mmme_neuro.models.design import Design, RandomFactor


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
    block = np.zeros((size, size), dtype=factor.dtype)
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
    full = np.zeros((size, size), dtype=rest.dtype)
    scaled = np.zeros((size, size), dtype=rest.dtype)
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


DENSE_ABOVE = 0.5
"""Share of occupied cross products above which one matrix product is faster than loops."""


@dataclass(frozen=True, eq=False)
class Profile:
    """Normal equations solved at one value of the covariance parameters.

    Parameters
    ----------
    log_determinant : float or complex
        log|L|^2, of the random part.
    tail : array, shape (n_terms + 1, n_terms + 1)
        Last rows of the Cholesky factor: orthonormal fixed columns, then the response.
    """

    log_determinant: complex
    tail: np.ndarray

    @property
    def log_determinant_fixed(self) -> complex:
        """log|R_Q|^2 for the orthonormal fixed columns."""
        return 2 * np.log(np.diagonal(self.tail)[:-1]).sum()

    @property
    def residual(self) -> complex:
        """Penalized residual sum of squares r^2."""
        return self.tail[-1, -1] ** 2

    @property
    def coefficients(self) -> np.ndarray:
        """Coefficients of the orthonormal fixed columns."""
        return np.linalg.solve(self.tail[:-1, :-1].T, self.tail[-1, :-1])

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of these coefficients divided by the residual variance."""
        inverse = np.linalg.inv(self.tail[:-1, :-1])
        return inverse.T @ inverse


@dataclass(frozen=True, eq=False)
class CrossProducts:
    """Cross products with the largest grouping factor set apart for block elimination.

    Parameters
    ----------
    design : Design
        The design behind the numbers.
    main : int
        Position of the eliminated grouping factor in ``design.random``.
    starts : dict of int to int
        First column of each other grouping factor among the remaining columns.
    blocks : array, shape (n_levels, k, k)
        Z'Z of each group of the main factor.
    cross : array, shape (n_levels, k, n_rest)
        Z' times the remaining columns: other random columns, orthonormal fixed columns, response.
    pointer, occupied : array of int
        For each group, the remaining columns that are not zero.
    gram : array, shape (n_rest, n_rest)
        Products of the remaining columns.
    triangle : array, shape (n_terms, n_terms)
        R of X = QR.
    offset : array, shape (n_terms,)
        Q'y; the response enters as y - QQ'y, which loses fewer digits.
    """

    design: Design
    main: int
    starts: dict[int, int]
    blocks: np.ndarray
    cross: np.ndarray
    pointer: np.ndarray
    occupied: np.ndarray
    gram: np.ndarray
    triangle: np.ndarray
    offset: np.ndarray

    @property
    def n_fixed(self) -> int:
        """Number of fixed columns."""
        return len(self.triangle)

    @property
    def log_determinant_triangle(self) -> float:
        """log|R|^2, what orthonormal columns take from log|R_X|^2."""
        return float(2 * np.log(np.abs(np.diagonal(self.triangle))).sum())

    def relative_factors(self, theta: np.ndarray) -> list[np.ndarray]:
        """Relative covariance factor of each grouping factor."""
        return [
            factor.relative_factor(theta[place])
            for factor, place in zip(self.design.random, self.design.theta_slices, strict=True)
        ]

    def factorize(self, theta: np.ndarray) -> tuple[np.ndarray, complex]:
        """Cholesky factor of the remaining columns and the log determinant of the random part."""
        factors = self.relative_factors(theta)
        rest = self.gram.astype(theta.dtype)
        whitened = np.zeros(self.cross.shape, dtype=theta.dtype)
        log_determinant = whiten_groups(
            self.blocks, self.cross, self.pointer, self.occupied, factors[self.main], whitened
        )
        if len(self.occupied) * self.cross.shape[1] > DENSE_ABOVE * self.cross.size:
            dense = whitened.reshape(-1, len(rest))
            rest -= dense.T @ dense
        else:
            subtract_sparse(whitened, self.pointer, self.occupied, rest)
        for index, start in self.starts.items():
            scale_factor(rest, start, len(self.design.random[index].levels), factors[index])
        cholesky_in_place(rest, len(rest))
        random = np.diagonal(rest)[: len(rest) - self.n_fixed - 1]
        return rest, log_determinant + 2 * np.log(random).sum()

    def profile(self, theta: np.ndarray) -> Profile:
        """Solve the normal equations at the covariance parameters ``theta``."""
        rest, log_determinant = self.factorize(theta)
        tail = np.tril(rest[-self.n_fixed - 1 :, -self.n_fixed - 1 :])
        return Profile(log_determinant, tail)


def cross_products(design: Design, response: np.ndarray) -> CrossProducts:
    """Form the cross products of a design and one response.

    Parameters
    ----------
    design : Design
        Fixed columns, random columns and groups.
    response : array, shape (n_events,)
        Response of each event.

    Returns
    -------
    CrossProducts
        The number of events does not enter any later computation.
    """
    sizes = [len(factor.levels) * len(factor.column_names) for factor in design.random]
    main = int(np.argmax(sizes))
    others = [index for index in range(len(sizes)) if index != main]
    starts = dict(zip(others, np.cumsum([0, *(sizes[i] for i in others)])[:-1], strict=True))
    basis, triangle = np.linalg.qr(design.fixed)
    offset = basis.T @ response
    residual = response - basis @ offset
    residual -= basis @ (basis.T @ residual)
    rest = scipy.sparse.hstack(
        [
            *(random_columns(design.random[i]) for i in others),
            scipy.sparse.csc_array(np.column_stack([basis, residual])),
        ],
        format="csc",
    )
    factor = design.random[main]
    n_levels, size = len(factor.levels), len(factor.column_names)
    columns = random_columns(factor)
    cross = (columns.T @ rest).toarray().reshape(n_levels, size, -1)
    is_occupied = (cross != 0).any(axis=1)
    is_occupied[:, sum(sizes) - sizes[main] :] = True
    return CrossProducts(
        design=design,
        main=main,
        starts={index: int(start) for index, start in starts.items()},
        blocks=_blocks(factor),
        cross=cross,
        pointer=np.concatenate([[0], np.cumsum(is_occupied.sum(axis=1))]),
        occupied=np.nonzero(is_occupied)[1],
        gram=(rest.T @ rest).toarray(),
        triangle=triangle,
        offset=offset,
    )


def random_columns(factor: RandomFactor) -> scipy.sparse.csr_array:
    """Random columns of a grouping factor, level by level, shape (n_events, n_levels * k)."""
    n_events, size = factor.columns.shape
    columns = factor.codes[:, None] * size + np.arange(size)
    return scipy.sparse.csr_array(
        (factor.columns.ravel(), columns.ravel(), np.arange(0, n_events * size + 1, size)),
        shape=(n_events, len(factor.levels) * size),
    )


def _blocks(factor: RandomFactor) -> np.ndarray:
    """Z'Z of each group, shape (n_levels, k, k)."""
    size = factor.columns.shape[1]
    blocks = np.zeros((len(factor.levels), size, size))
    np.add.at(blocks, factor.codes, factor.columns[:, :, None] * factor.columns[:, None, :])
    return blocks
