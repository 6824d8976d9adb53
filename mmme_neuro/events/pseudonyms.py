"""Numbers in place of participants' names, for figures and reports that are passed on."""

from collections.abc import Iterable

import pandas as pd

from mmme_neuro.errors import BadInput
from mmme_neuro.stats.tables import check_table


def pseudonyms(
    listed: Iterable[str], others: Iterable[str] = (), *, prefix: str = "P"
) -> dict[str, str]:
    """Number participants in the order of their names.

    Parameters
    ----------
    listed : iterable of str
        Participants of the annotation sheet.
    others : iterable of str
        Further participants, e.g. folders without an event; they follow, so that numbers agree
        with those of ``describe_events``.
    prefix : str
        What stands before the number.

    Returns
    -------
    dict of str to str
        Name to ``P01``, ``P02`` and so on.

    Examples
    --------
    >>> pseudonyms(["sub07", "sub03"], ["sub01", "sub03"])
    {'sub03': 'P01', 'sub07': 'P02', 'sub01': 'P03'}
    """
    first = sorted(set(listed))
    names = [*first, *sorted(set(others) - set(first))]
    width = max(2, len(str(len(first))))
    return {name: f"{prefix}{number:0{width}d}" for number, name in enumerate(names, start=1)}


def pseudonymous(table: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """Return a table with numbers in place of participants' names.

    Parameters
    ----------
    table : DataFrame
        With a column ``participant``.
    names : dict of str to str
        As of `pseudonyms`.

    Returns
    -------
    DataFrame
    """
    check_table(table, ("participant",), name="table")
    unknown = sorted(set(table["participant"]) - set(names))
    if unknown:
        raise BadInput(f"table: participants {unknown} have no number; pass them as others.")
    return table.assign(participant=table["participant"].map(names))
