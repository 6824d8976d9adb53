"""Score statistic of every cell of a map, whichever events it lacks."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmme_neuro.inference.contributions import fixed_column, null_design, score_contributions
from mmme_neuro.inference.units import Units
from mmme_neuro.models.design import Design, same_model
from mmme_neuro.models.patterns import Pattern
from mmme_neuro.models.solver.batch import fit_columns


@dataclass(frozen=True, eq=False)
class CellScores:
    """Observed statistics and what permutations are made from.

    Parameters
    ----------
    statistic : array, shape (n_cells,)
        Signed root of the score statistic; NaN where nothing could be fitted.
    contributions : array, shape (n_units, n_cells)
        Contributions of the units, their squares adding up to one in each cell.
    """

    statistic: np.ndarray
    contributions: np.ndarray


def cell_scores(
    design: Design,
    tested: str,
    units: Units,
    flat: np.ndarray,
    patterns: list[Pattern],
    events: pd.DataFrame,
    *,
    n_threads: int,
) -> CellScores:
    """Score a tested column in every cell, with one design for each pattern of missing events.

    Parameters
    ----------
    design : Design
        The full model.
    tested : str
        Its tested column.
    units : Units
        What changes sign.
    flat : array, shape (n_rows, n_cells)
        Responses of all rows of the table.
    patterns : list of Pattern
        Cells by their missing events.
    events : DataFrame, shape (n_rows, n_columns)
        The table.
    n_threads : int
        Threads.

    Returns
    -------
    CellScores
    """
    n_cells = flat.shape[1]
    statistic = np.full(n_cells, np.nan)
    contributions = np.full((units.n_units, n_cells), np.nan)
    for pattern in patterns:
        rows = design.rows[pattern.is_present]
        own = same_model(design, events, rows)
        if own is None:
            continue

        def take(
            block: slice, rows: np.ndarray = rows, columns: np.ndarray = pattern.columns
        ) -> np.ndarray:
            piece = flat[:, columns[block]]
            return np.ascontiguousarray(piece if len(rows) == len(flat) else piece[rows], float)

        reduced, n_columns = null_design(own, tested), len(pattern.columns)
        fits = fit_columns(reduced, take, n_columns, reml=True, n_threads=n_threads)
        found = score_contributions(
            fits.design,
            fixed_column(own, tested),
            units.event_unit[pattern.is_present],
            _level_units(design, own, units),
            units.n_units,
            fits.scaled_theta,
            take,
            n_threads=n_threads,
        )
        length = np.sqrt((found.parts**2).sum(axis=0))
        with np.errstate(invalid="ignore", divide="ignore"):
            scaled = found.parts / length
            ratio = np.sqrt(found.spread / found.information)
        contributions[:, pattern.columns] = scaled
        statistic[pattern.columns] = scaled.sum(axis=0) * ratio
    return CellScores(statistic, contributions)


def _level_units(design: Design, own: Design, units: Units) -> list[np.ndarray]:
    """Units of the levels that some of the events have."""
    found = []
    for whole, part, unit in zip(design.random, own.random, units.level_units, strict=True):
        place = {name: i for i, name in enumerate(whole.levels)}
        found.append(unit[[place[name] for name in part.levels]])
    return found
