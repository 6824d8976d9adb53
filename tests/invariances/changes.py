"""Changes of a table that must not change what it says, drawn by one shared strategy."""

import importlib.util
import keyword
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from hypothesis import strategies as st

HAS_PYARROW = importlib.util.find_spec("pyarrow") is not None

NUMBER_TYPES = (
    "int8", "int16", "int32", "int64", "uint8", "uint16", "float32", "float64", "Int8", "Int64",
    "UInt16", "Float32", "Float64",
    *(("int16[pyarrow]", "double[pyarrow]") if HAS_PYARROW else ()),
)  # fmt: skip
"""Kinds of columns that hold whole numbers between 0 and 100 without loss."""

LABEL_TYPES = (
    "object", "string", "category", "unused categories", "ordered categories",
    *(("string[pyarrow]",) if HAS_PYARROW else ()),
)  # fmt: skip

NAMES = (
    "a b", "x.y", "b[1]", "class", "lambda", "C", "I", "Q", "np", "exp", "log", "scale", "center",
    "poly", "bs", "cr", "lag", "c", "µV", "größe", "年", "1st", "x:y", "x*y", "(x)", "x|y", "a-b",
    "e_1", "__", "index", "level_0", "size", "T", "mean", "count", "values", "Intercept",
    "Residual",
)  # fmt: skip
"""Names of columns that mean something elsewhere, or are hard to write in a formula."""

INDEXES: Mapping[str, Callable[[int], pd.Index]] = {
    "shuffled": lambda n: pd.Index(np.random.default_rng(n).permutation(n)),
    "all the same": lambda n: pd.Index(np.zeros(n, int)),
    "doubled": lambda n: pd.Index(np.arange(n) // 2),
    "words": lambda n: pd.Index([f"row {k % 7}" for k in range(n)]),
    "two levels": lambda n: pd.MultiIndex.from_arrays([np.arange(n) // 3, np.arange(n) % 3]),
    "named as a column": lambda n: pd.Index(np.arange(n), name="participant"),
    "dates": lambda n: pd.date_range("2020-01-01", periods=n, tz="UTC"),
    "missing": lambda n: pd.Index([None] * n, dtype=object),
}

CONSTANTS = (0.0, 3.0, 0.1, 14.62, 1e8 + 0.1, -2e-12)


@dataclass(frozen=True)
class Change:
    """What is done to a table, and to the names by which a verb is called.

    Parameters
    ----------
    rows, columns : int, optional
        Seed of a new order.
    index : str, optional
        One of `INDEXES`.
    types : mapping of str to str
        Kind of some columns.
    names : mapping of str to str
        New names of some columns.
    units : mapping of str to (float, float)
        Factor and offset of some numbers.
    """

    rows: int | None = None
    columns: int | None = None
    index: str | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def of(self, table: pd.DataFrame) -> pd.DataFrame:
        """The changed table; the one given stays."""
        table = table.copy()
        for name, (factor, offset) in self.units.items():
            table[name] = table[name].astype(float) * factor + offset
        for name, kind in self.types.items():
            table[name] = as_type(table[name], kind)
        if self.rows is not None:
            table = table.sample(frac=1, random_state=self.rows)
        if self.columns is not None:
            order = np.random.default_rng(self.columns).permutation(table.shape[1])
            table = table.iloc[:, order]
        table = table.rename(columns=dict(self.names))
        if self.index is not None:
            table.index = INDEXES[self.index](len(table))
        return table


def as_type(column: pd.Series, kind: str) -> pd.Series:
    """A column of another kind that holds the same."""
    if "categories" in kind:
        known = sorted(column.unique())
        unused = ["~ unused"] if isinstance(known[0], str) else [10_001]
        is_ordered = kind == "ordered categories"
        return column.astype(pd.CategoricalDtype([*known, *unused], ordered=is_ordered))
    return column.astype(kind)


def quoted(name: str) -> str:
    """Name of a column in a formula."""
    is_plain = name.isidentifier() and name.isascii() and not keyword.iskeyword(name)
    return name if is_plain and len(name) > 3 else f"`{name}`"


@st.composite
def changes(
    draw: Callable,
    *,
    labels: Sequence[str],
    numbers: Sequence[str],
    units: Sequence[str],
    named: Sequence[str],
) -> Change:
    """Draw several changes at once; the shared strategy of all verbs.

    Parameters
    ----------
    labels, numbers : sequence of str
        Columns of either kind.
    units : sequence of str
        Numbers whose unit and offset may change.
    named : sequence of str
        Columns that the verb is told by name.
    """
    seeds = st.none() | st.integers(0, 1000)
    types = {name: draw(st.sampled_from(LABEL_TYPES)) for name in labels if draw(st.booleans())}
    types |= {name: draw(st.sampled_from(NUMBER_TYPES)) for name in numbers if draw(st.booleans())}
    factors, offsets = st.sampled_from([-20, -3, 0, 3, 20]), st.sampled_from([0.0, -32.0, 4096.0])
    scaled = {}
    for name in (name for name in units if draw(st.booleans())):
        factor = 2.0 ** draw(factors)
        scaled[name] = (factor, factor * draw(offsets))
    new = draw(st.permutations(NAMES))
    names = {name: new[k] for k, name in enumerate(named) if draw(st.booleans())}
    return Change(
        rows=draw(seeds),
        columns=draw(seeds),
        index=draw(st.none() | st.sampled_from(list(INDEXES))),
        types={name: kind for name, kind in types.items() if name not in scaled},
        names=names,
        units=scaled,
    )
