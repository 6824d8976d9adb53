"""Which label comes first: two levels of a condition that are compared, and labels in order."""

import math
from collections.abc import Iterable, Sequence

import pandas as pd

from mmme_neuro.errors import BadInput


def two_levels(table: pd.DataFrame, condition: str, levels: Sequence[str]) -> tuple[str, str]:
    """Check which two conditions are compared.

    Parameters
    ----------
    table : DataFrame
        Events or cells.
    condition : str
        Column of the conditions.
    levels : sequence of str
        The reference and the level that is compared with it.

    Returns
    -------
    tuple of str
        The two levels.

    Raises
    ------
    BadInput
        When the table has no such column or ``levels`` are not two different labels.

    Examples
    --------
    >>> two_levels(pd.DataFrame({"kind": ["posed"]}), "kind", ["posed", "spontaneous"])
    ('posed', 'spontaneous')
    """
    if condition not in table:
        raise BadInput(f"condition={condition!r}: must be a column, one of {list(table)}.")
    if isinstance(levels, str) or len(levels) != 2 or levels[0] == levels[1]:
        raise BadInput(
            f"levels={levels!r}: must be two different labels of {condition!r}, the reference "
            "first."
        )
    return levels[0], levels[1]


def difference_label(levels: Sequence[str]) -> str:
    """Label of the second level minus the first in tables.

    Parameters
    ----------
    levels : sequence of str
        The reference and the level that is compared with it.

    Returns
    -------
    str

    Examples
    --------
    >>> difference_label(("posed", "spontaneous"))
    'spontaneous - posed'
    """
    return f"{levels[1]} - {levels[0]}"


def ordered_labels(labels: Iterable, *columns: pd.Series) -> list:
    """Put labels in the order that they or their columns state.

    Parameters
    ----------
    labels : iterable
        Different labels.
    *columns : Series
        Where they stand.

    Returns
    -------
    list
        In the order of the first column that is an ordered Categorical and holds them all; of
        numbers, dates and numbers written as text by size; else as they appear in the columns.

    Examples
    --------
    >>> ordered_labels({"9", "10"}), ordered_labels({"post", "pre"}, pd.Series(["pre", "post"]))
    (['9', '10'], ['pre', 'post'])
    """
    labels = list(labels)
    for column in columns:
        if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered:
            stated = list(column.cat.categories)
            if set(labels) <= set(stated):
                return sorted(labels, key=stated.index)
    by_size = sorted_by_size(labels)
    if by_size is not None:
        return by_size
    seen = list(dict.fromkeys(label for column in columns for label in column.dropna()))
    return sorted(labels, key=seen.index)


def sorted_by_size(labels: Iterable) -> list | None:
    """Labels that have a size of their own, the smallest first.

    Parameters
    ----------
    labels : iterable
        Different labels.

    Returns
    -------
    list or None
        Numbers, dates, spans of time, and numbers written as text (``"9"`` before ``"10"``); None
        for words, whose alphabet is no order, and for mixtures.

    Examples
    --------
    >>> sorted_by_size(["10", "9", "1.5"]), sorted_by_size(["weak", "strong"])
    (['1.5', '9', '10'], None)
    """
    labels = list(labels)
    try:
        if any(isinstance(label, str) for label in labels):
            sizes = {label: float(label) for label in labels}
            return sorted(labels, key=sizes.__getitem__) if _are_finite(sizes.values()) else None
        return sorted(labels)
    except (TypeError, ValueError):  # what Python raises on words, and on sizes of two kinds
        return None


def _are_finite(sizes: Iterable[float]) -> bool:
    return all(math.isfinite(size) for size in sizes)
