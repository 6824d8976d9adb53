"""Responses that lack the same events, fitted together, and the tables of their fits."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from mmme_neuro.models.design import Design
from mmme_neuro.models.solver.batch import ColumnFits
from mmme_neuro.models.solver.scaling import Boundaries, boundaries
from mmme_neuro.stats.estimates import ESTIMATE, t_test

SCAN_BYTES = 64_000_000
"""Memory of the responses looked at at once."""


@dataclass(frozen=True, eq=False)
class Pattern:
    """Responses that have the same events.

    Parameters
    ----------
    columns : array of int, shape (n_columns,)
        Positions of the responses, increasing.
    is_present : array of bool, shape (n_events,)
        Which events they have.
    """

    columns: np.ndarray
    is_present: np.ndarray


def missing_patterns(values: np.ndarray, rows: np.ndarray) -> list[Pattern]:
    """Group responses by their missing events; infinite values are refused.

    Parameters
    ----------
    values : array, shape (n_events, n_responses)
        Responses.
    rows : array of int
        Events that the design uses; others do not count.

    Returns
    -------
    list of Pattern
        In the order of their first response.
    """
    n_events, n_responses = values.shape
    found: dict[bytes, list[np.ndarray]] = {}
    width = max(1, SCAN_BYTES // (8 * max(n_events, 1)))
    for start in range(0, n_responses, width):
        piece = values[rows, start : start + width]
        if np.isfinite(piece.sum(axis=0)).all():
            found.setdefault(b"", []).append(np.arange(start, start + piece.shape[1]))
            continue
        is_infinite = np.isinf(piece)
        if is_infinite.any():
            event, column = np.argwhere(is_infinite)[0]
            raise ValueError(
                f"responses hold {int(is_infinite.sum())} infinite values, the first at event "
                f"{rows[event]}, column {start + column} of the flattened map; correct them or set "
                "them to NaN to leave these events out"
            )
        packed = np.packbits(np.isnan(piece), axis=0)
        for column in range(piece.shape[1]):
            key = packed[:, column].tobytes()
            key = key if any(key) else b""
            found.setdefault(key, []).append(np.array([start + column]))
    patterns = []
    for key, columns in found.items():
        is_present = np.ones(len(rows), dtype=bool)
        if key:
            bits = np.unpackbits(np.frombuffer(key, dtype=np.uint8), count=len(rows))
            is_present = bits == 0
        patterns.append(Pattern(np.concatenate(columns), is_present))
    return patterns


INTERIOR, FAILED, CONSTANT, MISSING = 0, -1, -2, -3
STATES = {
    INTERIOR: "interior",
    FAILED: "failed",
    CONSTANT: "constant",
    MISSING: "missing",
}
BY_TERM = ESTIMATE[:5]
"""A map gives intervals when asked for them."""


class MapCells:
    """Results of all cells, filled pattern by pattern.

    Parameters
    ----------
    design : Design
        Design of a cell without missing events.
    n_cells : int
        Number of cells.
    """

    def __init__(self, design: Design, n_cells: int) -> None:
        self._design = design
        n_terms, n_theta = len(design.fixed_names), design.theta_slices[-1].stop
        self._by_term = {name: np.full((n_terms, n_cells), np.nan) for name in BY_TERM}
        self._theta = np.full((n_theta, n_cells), np.nan)
        n_components = sum(len(factor.column_names) for factor in design.random)
        self._random_sd = np.full((n_components, n_cells), np.nan)
        self._criterion = np.full(n_cells, np.nan)
        self._sigma = np.full(n_cells, np.nan)
        self._status = np.full(n_cells, MISSING, dtype=np.int64)
        self._n_observations = np.zeros(n_cells, dtype=np.int32)

    def write(self, pattern: Pattern, fits: ColumnFits, n_events: int) -> None:
        """Fill the cells of one pattern."""
        columns = pattern.columns
        statistic, p_value = t_test(fits.coefficients, fits.std_error, fits.dof)
        values = {
            "estimate": fits.coefficients,
            "std_error": fits.std_error,
            "dof": fits.dof,
            "statistic": statistic,
            "p_value": p_value,
        }
        is_good = fits.is_minimum & ~fits.is_constant
        good = columns[is_good]
        for name, value in values.items():
            self._by_term[name][:, good] = value[is_good].T
        self._theta[:, good] = fits.theta[is_good].T
        self._criterion[good] = fits.criterion[is_good]
        self._sigma[good] = fits.sigma[is_good]
        self._n_observations[columns] = n_events
        self._status[columns] = np.where(fits.is_constant, CONSTANT, FAILED)
        found = boundaries(fits.design, fits.scaled_theta[is_good])
        self._random_sd[:, good] = found.relative_sd.T * fits.sigma[is_good]
        self._status[good] = _code(found)

    def dataset(
        self, axes: tuple[str, ...], shape: tuple[int, ...], coordinates: dict[str, xr.DataArray]
    ) -> xr.Dataset:
        """All arrays with their labels."""

        def on(first: tuple[str, ...], value: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
            return (*first, *axes), value.reshape((*value.shape[:-1], *shape))

        random = self._design.random
        components = [
            f"{column} | {factor.name}" for factor in random for column in factor.column_names
        ]
        parameters = [
            f"{factor.column_names[row]}, {factor.column_names[column]} | {factor.name}"
            for factor in random
            for row, column in factor.template
        ]
        dataset = xr.Dataset(
            {
                **{name: on(("term",), value) for name, value in self._by_term.items()},
                "theta": on(("parameter",), self._theta),
                "random_sd": on(("component",), self._random_sd),
                "criterion": on((), self._criterion),
                "sigma": on((), self._sigma),
                "status": on((), self._status),
                "n_observations": on((), self._n_observations),
            },
            coords={
                **coordinates,
                "term": list(self._design.fixed_names),
                "parameter": parameters,
                "component": components,
            },
        )
        dataset["status"].attrs["boundaries"] = [
            *(f"zero variance of {name}" for name in components),
            *(f"correlation of one: {name}" for name in components),
        ]
        return dataset


def _code(found: Boundaries) -> np.ndarray:
    """Boundaries as a number, shape (n_fits,).

    One bit for each column with no variance and one for each whose variance is all shared.
    """
    flags = np.concatenate([found.is_zero, found.is_shared], axis=1)
    return (flags * (1 << np.arange(flags.shape[1], dtype=np.int64))).sum(axis=1)
