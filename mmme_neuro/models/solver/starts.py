"""Starts for many responses: the criterion of all of them on one grid of covariance parameters.

Only the residual sum of squares depends on the response, so one factorization and one matrix
product serve all responses at a grid point. Single precision is enough to choose starts.
"""

import itertools
import threading

import numpy as np

from mmme_neuro.models.solver.columns import TILE, Columns, SharedDesign
from mmme_neuro.models.solver.normal_equations import (
    Equations,
    empty_equations,
    solve_equations,
)
from mmme_neuro.models.solver.optimum import MAX_START_POINTS, START_VALUES
from mmme_neuro.models.solver.traces import solve_with_traces
from mmme_neuro.stats.buffers import unwritten

WITHIN = 30.0
"""Grid minima this much above the lowest are not searched."""
MOST_STARTS = 3


class StartGrid:
    """Grid of covariance parameters with the design factorized at each.

    Parameters
    ----------
    shared : SharedDesign
        The design.

    Attributes
    ----------
    nodes : array, shape (n_nodes, n_theta)
        Covariance parameters, off-diagonal elements zero.
    """

    def __init__(self, shared: SharedDesign) -> None:
        self._shared = shared
        self._solved: dict[int, Equations] = {}
        self._lock = threading.Lock()
        is_diagonal = shared.row == shared.column
        n_diagonal = int(is_diagonal.sum())
        values = next(
            (values for values in START_VALUES if len(values) ** n_diagonal <= MAX_START_POINTS),
            START_VALUES[-1],
        )
        diagonals = np.array(list(itertools.product(values, repeat=n_diagonal)))
        self.nodes = np.zeros((len(diagonals), len(is_diagonal)))
        self.nodes[:, is_diagonal] = diagonals
        self._lattice = (len(values),) * n_diagonal
        self._dof = shared.dof
        size, n_levels, n_rest = shared.cross.shape
        self._pairs = [(a, b) for a in range(size) for b in range(a + 1)]
        self._log_determinants = unwritten(len(self.nodes))
        self._gains = np.full((len(self._pairs) * n_levels, len(self.nodes)), np.nan, np.float32)
        self._projections = np.full(
            (len(self.nodes), size * n_levels + n_rest, n_rest), np.nan, np.float32
        )
        equations = empty_equations(shared)
        for g, theta in enumerate(self.nodes):
            solve_equations(shared, theta, equations)
            self._log_determinants[g] = equations.log_determinant[0]
            for i, (a, b) in enumerate(self._pairs):
                weight = 1.0 if a == b else 2.0
                self._gains[i * n_levels : (i + 1) * n_levels, g] = weight * equations.gain[:, a, b]
            root = _root(equations.omega)
            gained = equations.gained.reshape(size * n_levels, n_rest)
            self._projections[g] = np.vstack([-gained @ root, root])

    def equations(self, node: int) -> Equations:
        """Normal equations at a node with their traces, for reading only; solved once."""
        with self._lock:
            if node not in self._solved:
                self._solved[node] = empty_equations(self._shared)
                solve_with_traces(self._shared, self.nodes[node], self._solved[node])
            return self._solved[node]

    def criteria(self, columns: Columns) -> np.ndarray:
        """Criterion of every response at every node, up to a constant of the response.

        Shape (n_responses, n_nodes).
        """
        n_levels, n_responses = len(self._gains) // len(self._pairs), len(columns.total)
        # Responses with y'y = 1: the units do not matter and no square overflows.
        length = np.sqrt(np.maximum(columns.total, np.finfo(float).tiny))[:, None]
        both = np.concatenate([columns.main, columns.rest], axis=1) / length
        # Products of one shape, see `TILE`.
        both = np.pad(both.astype(np.float32), ((0, -n_responses % TILE), (0, 0)))
        by_column = both[:, : columns.main.shape[1]].reshape(len(both), -1, n_levels)
        products = np.concatenate(
            [by_column[:, a] * by_column[:, b] for a, b in self._pairs], axis=1
        )
        residual = np.concatenate(
            [
                self._residuals(products[start : start + TILE], both[start : start + TILE])
                for start in range(0, len(both), TILE)
            ]
        )[:n_responses]
        with np.errstate(invalid="ignore", divide="ignore"):
            value = self._log_determinants + self._dof * np.log(residual)
        return np.where(np.isfinite(value), value, np.inf)

    def _residuals(self, products: np.ndarray, both: np.ndarray) -> np.ndarray:
        """Residual shares of some responses at every node."""
        residual = 1 - products @ self._gains
        for g, projection in enumerate(self._projections):
            projected = both @ projection
            residual[:, g] -= np.einsum("ij,ij->i", projected, projected)
        return residual

    def starts(self, columns: Columns) -> tuple[np.ndarray, np.ndarray]:
        """Lowest local minima on the grid: responses and nodes, sorted by node.

        Every response has at least one start and at most `MOST_STARTS`.
        """
        value = self.criteria(columns)
        lattice = value.reshape(-1, *self._lattice)
        is_minimum = np.ones(lattice.shape, dtype=bool)
        for axis in range(1, lattice.ndim):
            ahead = np.diff(lattice, axis=axis)
            rises = np.moveaxis(ahead >= 0, axis, 0)
            falls = np.moveaxis(ahead <= 0, axis, 0)
            view = np.moveaxis(is_minimum, axis, 0)
            view[:-1] &= rises
            view[1:] &= falls
        is_minimum = is_minimum.reshape(value.shape)
        lowest = value.argmin(axis=1)
        rows = np.arange(len(value))
        is_minimum &= value <= value[rows, lowest][:, None] + WITHIN
        is_minimum[rows, lowest] = True
        candidates = np.where(is_minimum, value, np.inf)
        ranked = np.argsort(candidates, axis=1, kind="stable")[:, :MOST_STARTS]
        kept = np.take_along_axis(is_minimum, ranked, axis=1)
        kept[:, 0] = True
        responses, places = np.nonzero(kept)
        nodes = ranked[responses, places]
        order = np.argsort(nodes, kind="stable")
        return responses[order], nodes[order]


def _root(matrix: np.ndarray) -> np.ndarray:
    """A root C of a positive semi-definite matrix CC'."""
    values, axes = np.linalg.eigh((matrix + matrix.T) / 2)
    return axes * np.sqrt(np.maximum(values, 0))
