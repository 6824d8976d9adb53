"""Two levels of a condition that are compared, the reference first."""

from collections.abc import Sequence

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
