"""Self-report ratings: one row per participant, stimulus and item."""

from pathlib import Path

import pandas as pd

from mmme_neuro.errors import BadInput
from mmme_neuro.io.damage import check_last_line, reading

RATING_COLUMNS = ("participant", "stimulus", "item", "rating")
_MAX_ROWS_NAMED = 10


def read_ratings(path: str | Path) -> pd.DataFrame:
    """Read ``ratings.csv``.

    Parameters
    ----------
    path : path
        Comma-separated text with the columns ``participant, stimulus, item, rating``; items such
        as valence, arousal and one per emotion.

    Returns
    -------
    DataFrame
        Those columns: three of text and ``rating`` (float; NaN where the cell is empty).

    Raises
    ------
    BadInput
        With the row numbers, where columns are missing, a name is empty, a rating is not a
        number, or participant, stimulus and item repeat.

    Examples
    --------
    >>> ratings = read_ratings("ratings.csv")  # doctest: +SKIP
    """
    path = Path(path)
    with reading(path, "a table of ratings"):
        check_last_line(path)
        table = pd.read_csv(
            path, dtype=object, encoding="utf-8-sig", keep_default_na=False, skip_blank_lines=False
        )
    table = table.rename(columns=str.strip)
    missing = [name for name in RATING_COLUMNS if name not in table]
    if missing:
        raise BadInput(f"{path.name}: lacks the columns {missing}; it has {list(table.columns)}.")
    ratings = table[list(RATING_COLUMNS)].fillna("").apply(lambda column: column.str.strip())
    ratings = ratings[(ratings != "").any(axis=1)]
    if ratings.empty:
        raise BadInput(f"{path.name}: holds no rating below its header.")
    keys = list(RATING_COLUMNS[:3])
    _refuse(path, ratings, (ratings[keys] == "").any(axis=1), "an empty name")
    numbers = pd.to_numeric(ratings["rating"], errors="coerce")
    _refuse(path, ratings, numbers.isna() & (ratings["rating"] != ""), "a rating not a number")
    _refuse(path, ratings, ratings.duplicated(keys, keep=False), "the same rating more than once")
    return ratings.assign(rating=numbers).reset_index(drop=True)


def _refuse(path: Path, ratings: pd.DataFrame, is_wrong: pd.Series, found: str) -> None:
    """Raise with the spreadsheet rows and cells that are wrong."""
    if not is_wrong.any():
        return
    wrong = ratings[is_wrong].head(_MAX_ROWS_NAMED)
    cells = "; ".join(
        f"row {row}: {', '.join(cells)}"
        for row, cells in zip(wrong.index + 2, wrong.to_numpy(), strict=True)
    )
    raise BadInput(
        f"{path.name}: each row must hold participant, stimulus, item and a number, once; found "
        f"{found} in {int(is_wrong.sum())} rows ({cells}). Correct or remove them."
    )
