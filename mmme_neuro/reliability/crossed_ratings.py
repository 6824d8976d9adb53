"""Ratings as a table of targets by raters, checked."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mmme_neuro.errors import BadInput, NotEstimable
from mmme_neuro.stats.tables import check_table, checked_columns

_N_NAMED = 5
_TEXTS = ("string", "mixed", "bytes")
"""Kinds of columns that hold words."""


@dataclass(frozen=True, eq=False)
class Ratings:
    """One rating at most for each target and rater.

    Parameters
    ----------
    table : array, shape (n_targets, n_raters)
        Ratings; NaN where a rater did not rate a target.
    raters : tuple
        Names of the raters, in the order of `table`.
    left_out : tuple of str
        Targets and raters without any rating, which are not in `table`.
    """

    table: np.ndarray
    raters: tuple = ()
    left_out: tuple[str, ...] = ()

    @property
    def n_targets(self) -> int:
        """Number of targets with a rating."""
        return self.table.shape[0]

    @property
    def n_raters(self) -> int:
        """Number of raters with a rating."""
        return self.table.shape[1]

    @property
    def is_complete(self) -> bool:
        """Whether every rater rated every target."""
        return bool(np.isfinite(self.table).all())

    @property
    def is_connected(self) -> bool:
        """Whether targets and raters hang together, so that both can be told apart."""
        target, rater = np.nonzero(np.isfinite(self.table))
        size = self.n_targets + self.n_raters
        edges = coo_array(
            (np.ones(len(target)), (target, rater + self.n_targets)), shape=(size, size)
        )
        return bool(connected_components(edges, directed=False)[0] == 1)

    def rows(self) -> pd.DataFrame:
        """The ratings that are there: ``target, rater`` (numbers) and ``rating``."""
        target, rater = np.nonzero(np.isfinite(self.table))
        return pd.DataFrame({"target": target, "rater": rater, "rating": self.table[target, rater]})


def ratings_of(table: pd.DataFrame, *, targets: str, raters: str, ratings: str) -> Ratings:
    """Arrange tidy ratings by target and rater.

    Parameters
    ----------
    table : DataFrame
        One row per rating; a missing rating may be NaN or have no row.
    targets, raters, ratings : str
        Columns: what was rated, by whom, and the value.

    Returns
    -------
    Ratings

    Raises
    ------
    MmmeError
        When columns are missing, ratings are not numbers or infinite, a cell is rated twice, or
        fewer than 2 targets or 2 raters are left.
    """
    names = (targets, raters, ratings)
    check_table(table, names)
    if pd.api.types.infer_dtype(table[ratings], skipna=True) in _TEXTS:
        raise BadInput(
            f"ratings column {ratings!r} must hold numbers, got {table[ratings].dtype}; "
            "convert it with pandas.to_numeric."
        )
    table = checked_columns(
        table[list(names)], labels=[targets, raters], numbers=[ratings], is_finite=False
    )
    unnamed = table[[targets, raters]].isna().any(axis=1)
    if unnamed.any():
        raise BadInput(
            f"every rating needs a target and a rater; {int(unnamed.sum())} rows lack one of "
            f"{targets!r}, {raters!r}: name or remove them."
        )
    if np.isinf(table[ratings].to_numpy(float)).any():
        raise NotEstimable(
            f"ratings column {ratings!r} holds infinite values; replace them by NaN."
        )
    present = table[list(names)].dropna()
    _refuse_repeats(present, targets, raters)
    left_out = tuple(
        f"{kind} {value!r} has no rating"
        for kind, name in (("target", targets), ("rater", raters))
        for value in sorted(set(table[name]) - set(present[name]), key=str)
    )
    n_targets, n_raters = present[targets].nunique(), present[raters].nunique()
    if n_targets < 2 or n_raters < 2:
        raise NotEstimable(
            "agreement of raters needs 2 targets and 2 raters or more with ratings, got "
            f"{n_targets} {targets!r} and {n_raters} {raters!r}; check the column names."
        )
    wide = present.pivot(index=targets, columns=raters, values=ratings)  # noqa: PD010
    return Ratings(wide.to_numpy(dtype=float), tuple(wide.columns), left_out)


def _refuse_repeats(present: pd.DataFrame, targets: str, raters: str) -> None:
    """Raise where one rater rated one target more than once."""
    repeated = present[present.duplicated([targets, raters], keep=False)]
    if repeated.empty:
        return
    cells = repeated[[targets, raters]].drop_duplicates().head(_N_NAMED).to_numpy().tolist()
    raise BadInput(
        f"each rater must rate a target once; {len(repeated)} rows repeat a cell of "
        f"({targets}, {raters}), such as {cells}: average or choose among them first."
    )
