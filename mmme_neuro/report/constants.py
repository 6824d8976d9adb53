"""Table of every constant of a study and of the methods."""

from typing import Any

import pandas as pd

from mmme_neuro.report import cells
from mmme_neuro.report.quantities import table_text
from mmme_neuro.wording import MINUS

MOST_ROWS = 20
"""Longer mappings of plain values are one row."""


def constants_table(methods: dict) -> dict[str, list]:
    """Write every constant as one row.

    Parameters
    ----------
    methods : dict
        Content of ``methods.json``: ``study`` and ``methods``, nested and of plain values.

    Returns
    -------
    dict
        ``header, kinds, rows``; a nested constant has a dotted name, a record within a list one
        row.

    Examples
    --------
    >>> constants_table({"study": {"window": [-1.5, 2.0]}, "methods": {}})["rows"]
    [['study', 'window', '−1.5, 2']]
    """
    rows = [
        {"owner": owner, "name": name, "value": value}
        for owner in ("study", "methods")
        for name, value in _flat(methods[owner])
    ]
    columns = [
        cells.text("owner", "of the"),
        cells.text("name", "constant"),
        cells.text("value", "value", is_long=True),
    ]
    return table_text(pd.DataFrame(rows), columns)


def _flat(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Nested constants as dotted names with texts; lists of plain values stay together."""
    if isinstance(value, dict) and len(value) > MOST_ROWS and not _is_nested([*value.values()]):
        return [(name, _grouped(value))]
    if isinstance(value, dict):
        # "is" names the class of a record.
        named = [(key, inner) for key, inner in value.items() if key != "is"]
        rows = [(f"{name}.{key}" if name else key, inner) for key, inner in named]
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        rows = [(f"{name}[{number}]", item) for number, item in enumerate(value)]
    else:
        return [(name, _constant(value))]
    if "[" in name and not any(_is_nested(inner) for _, inner in rows):
        # One line for a small record within a list, e.g. a window.
        texts = [f"{key.rsplit('.', 1)[-1]} {_constant(inner)}" for key, inner in rows]
        return [(name, "; ".join(texts))]
    return [pair for key, inner in rows for pair in _flat(inner, key)]


def _grouped(mapping: dict) -> str:
    """A long mapping as its values with all their keys."""
    keys: dict[str, list[str]] = {}
    for key, value in mapping.items():
        keys.setdefault(_constant(value), []).append(str(key))
    return "; ".join(f"{value}: {', '.join(own)}" for value, own in keys.items())


def _is_nested(value: Any) -> bool:
    """Whether a constant is more than a plain value or a list of them."""
    items = value if isinstance(value, list) else [value]
    return any(isinstance(item, dict) for item in items)


def _constant(value: Any) -> str:
    """A plain constant as text."""
    if isinstance(value, list):
        is_deep = any(isinstance(item, list) for item in value)
        return ("; " if is_deep else ", ").join(_constant(item) for item in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:.10g}".replace("-", MINUS)
    return "none" if value is None else str(value)
