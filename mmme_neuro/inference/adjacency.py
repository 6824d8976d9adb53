"""Which points of a map are neighbors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import mne
import numpy as np
from scipy import sparse

Axis: TypeAlias = int | sparse.spmatrix | sparse.sparray | np.ndarray


@dataclass(frozen=True)
class Neighbors:
    """Neighbors of every point, in the layout of a compressed sparse row matrix.

    Attributes
    ----------
    first : array of int64, shape (n_points + 1,)
        Where each point's neighbors begin in ``index``.
    index : array of int32, shape (n_pairs,)
        The neighbors; none is a point itself.
    """

    first: np.ndarray
    index: np.ndarray

    @property
    def n_points(self) -> int:
        """Number of points."""
        return len(self.first) - 1


def neighbors(shape: Sequence[int], adjacency: Sequence[Axis] | None = None) -> Neighbors:
    """Neighbors in a map whose axes are lattices or have an adjacency of their own.

    Parameters
    ----------
    shape : sequence of int
        Shape of the map, e.g. (n_channels, n_times).
    adjacency : sequence of (int | sparse matrix) | None
        One entry per axis: a symmetric matrix, shape (n, n), such as that of
        ``mne.channels.find_ch_adjacency``, or the length of the axis where its points are
        neighbors of the next and the previous one. None: every axis is such a lattice.

    Returns
    -------
    Neighbors
        Points in C order. Two points are neighbors if they are along one axis and equal in the
        others (`mne.stats.combine_adjacency`).

    Raises
    ------
    ValueError
        When an entry does not fit the map or a matrix is not symmetric.

    Examples
    --------
    >>> neighbors((3,)).index.tolist()
    [1, 0, 2, 1]
    """
    parts = list(shape) if adjacency is None else list(adjacency)
    if len(parts) != len(shape):
        raise ValueError(
            f"adjacency must have one entry for each of the {len(shape)} axes of the map, got "
            f"{len(parts)}."
        )
    sizes = enumerate(zip(parts, shape, strict=True))
    axes = [_checked(part, size, axis) for axis, (part, size) in sizes]
    matrix = sparse.csr_array(mne.stats.combine_adjacency(*axes) if axes else np.zeros((1, 1)))
    matrix = sparse.csr_array(matrix - sparse.diags_array(matrix.diagonal()))
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return Neighbors(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32))


def _checked(part: Axis, size: int, axis: int) -> int | sparse.coo_array:
    """One axis's adjacency as MNE takes it."""
    if isinstance(part, (int, np.integer)):
        if part != size:
            raise ValueError(f"adjacency: axis {axis} has {size} points, got {part}.")
        return int(part)
    matrix = sparse.coo_array(part)
    if matrix.shape != (size, size):
        raise ValueError(
            f"adjacency: axis {axis} has {size} points, its matrix must be of shape "
            f"({size}, {size}), got {matrix.shape}."
        )
    if abs(matrix - matrix.T).sum():
        raise ValueError(f"adjacency: the matrix of axis {axis} is not symmetric.")
    return matrix
