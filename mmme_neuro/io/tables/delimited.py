"""Numbers in delimited text, as the programs of any country write them."""

import csv
import gzip
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TextIO

import pandas as pd

from mmme_neuro.errors import DamagedFile
from mmme_neuro.io.damage import check_last_line, reading
from mmme_neuro.io.physio_units import is_unit

MISSING_MARKS = ("n/a", "N/A", "NA", "NaN", "nan", "null", "None", "-", "--", "?", ".", "missing")
"""Fields that say that there is no sample; an empty field does, too."""

SEPARATORS = "\t;|, "
"""In the order of preference; the blank stands for any number of them."""

HEAD_LINES = 400
COMMENTS = ("#", "%", "//")

_SPACES = "[ \u00a0\u202f\u2009']"
_NUMBER = re.compile(
    r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:e[+-]?\d+)?|[+-]?inf(?:inity)?"
    rf"|[+-]?[1-9]\d{{0,2}}(?:(?:,\d{{3}})+(?:\.\d*)?|(?:\.\d{{3}})+(?:,\d*)?"
    rf"|(?:{_SPACES}\d{{3}})+(?:[.,]\d*)?)",
    re.I,
)
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}([.,])\d{3}(?:\1\d{3})*")
_MOMENT = re.compile(
    r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})?"
    r"[T ]*(\d{1,2}:\d{2}(:\d{2}([.,]\d*)?)?\s*(am|pm)?)?(Z|[+-]\d{2}:?\d{2})?",
    re.I,
)


@dataclass(frozen=True)
class Table:
    """Columns of a text, as written.

    Attributes
    ----------
    numbers : DataFrame
        Floats, and text where a column holds dates or times of day; columns are numbered.
    names : tuple of str | None
        Line of names; None where the text has none.
    units : tuple of str
        Line of units below it; empty texts where there is none.
    notes : tuple of str
        Lines before the numbers that are neither.
    n_fields : int
        Fields of a row, empty ones at its end included.
    """

    numbers: pd.DataFrame
    names: tuple[str, ...] | None
    units: tuple[str, ...]
    notes: tuple[str, ...]
    n_fields: int


@dataclass(frozen=True)
class _Layout:
    """Where the rows of numbers begin and how they are written."""

    separator: str
    start: int
    n_fields: int
    rows: list[list[str]]
    names: tuple[str, ...] | None
    units: tuple[str, ...]


def open_text(path: Path) -> TextIO:
    """Open a text file of any usual encoding, gzipped or not.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    TextIO
        Decoded text, without a byte order mark.
    """
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    return opener(path, "rt", encoding=text_encoding(path), errors="replace")


def text_encoding(path: Path) -> str:
    """Encoding of a text file by its byte order mark or its first bytes.

    Parameters
    ----------
    path : Path
        The file, gzipped or not.

    Returns
    -------
    str
        UTF-8, UTF-16 or, where the bytes are neither, Windows-1252.
    """
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    with opener(path, "rb") as stream:
        head = stream.read(65536)
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if len(head) > 3 and head[1:400:2].count(0) > 0.8 * len(head[1:400:2]):
        return "utf-16-le"
    if len(head) > 3 and head[0:400:2].count(0) > 0.8 * len(head[0:400:2]):
        return "utf-16-be"
    try:
        # A character may be cut at the end of the piece.
        head[: head.rfind(b"\n") + 1 or None].decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def read_delimited(path: Path) -> Table:
    """Read a text of numbers, whatever its separator, decimal mark and preamble.

    Parameters
    ----------
    path : Path
        Text, gzipped or not.

    Returns
    -------
    Table

    Raises
    ------
    DamagedFile
        When a column holds words, rows are longer than the first one, or names and columns differ
        in number.
    """
    with reading(path, "a table of numbers"):
        with open_text(path) as stream:
            head = [line.rstrip("\r\n") for line in islice(stream, HEAD_LINES)]
        layout = _layout(path, head)
        decimal, thousands = _marks(path, layout)
        remarks = {line.lstrip()[0] for line in head if line.lstrip().startswith(COMMENTS[:2])}
        read: Callable[..., pd.DataFrame] = partial(  # type: ignore[assignment]
            pd.read_csv,
            path,
            sep=r"\s+" if layout.separator == " " else layout.separator,
            header=None,
            skiprows=layout.start,
            decimal=decimal,
            thousands=thousands,
            na_values=list(MISSING_MARKS),
            comment=remarks.pop() if len(remarks) == 1 else None,
            skipinitialspace=True,
            encoding=text_encoding(path),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)
            try:
                table = read()
            except UnicodeDecodeError:  # of pandas: a remark further down in another encoding
                read = partial(read, encoding_errors="replace")
                table = read()
        words = [n for n in table if not pd.api.types.is_numeric_dtype(table[n])]
        if words:
            # Else pieces of a column could be numbers already, with another decimal mark.
            table = read(dtype=dict.fromkeys(words, str))
    table = _as_numbers(path, table, layout, decimal)
    check_last_line(path, layout.separator.strip(" "))
    used = layout.start - (layout.names is not None) - any(layout.units)
    notes = tuple(line.strip() for line in head[: max(used, 0)] if line.strip())
    is_empty = [
        table.iloc[:, n].isna().all() and not (layout.names and layout.names[n : n + 1])
        for n in range(table.shape[1])
    ]
    # A separator at the end of each line makes an empty column without a name.
    while len(is_empty) > 1 and is_empty[-1]:
        table, is_empty = table.iloc[:, :-1], is_empty[:-1]
    n_columns = table.shape[1]
    names = layout.names and (layout.names + ("",) * n_columns)[:n_columns]
    units = (layout.units + ("",) * n_columns)[:n_columns]
    return Table(table, names, units, notes, layout.n_fields)


def is_number(field: str) -> bool:
    """Whether a field is a number in any country's writing, empty, or a mark of a missing sample.

    Parameters
    ----------
    field : str
        Text between two separators.

    Returns
    -------
    bool

    Examples
    --------
    >>> [is_number(text) for text in ("1,5", "-2e-3", "1.234,5", "n/a", "EDA", "1,2,3")]
    [True, True, True, True, False, False]
    """
    text = field.strip().strip('"').strip()
    return not text or text in MISSING_MARKS or _NUMBER.fullmatch(text) is not None


def is_moment(field: str) -> bool:
    """Whether a field is a date, a time of day or both.

    Parameters
    ----------
    field : str
        Text between two separators.

    Returns
    -------
    bool
    """
    text = field.strip().strip('"')
    return ":" in text and _MOMENT.fullmatch(text) is not None


def _layout(path: Path, head: Sequence[str]) -> _Layout:
    """The separator that explains the lines best."""
    used = [mark for mark in SEPARATORS if mark == "\t" or any(mark in line for line in head)]
    found = [layout for mark in used if (layout := _layout_with(mark, head)) is not None]
    if not found:
        raise _no_numbers(path, head)
    fitting = [one for one in found if one.names is None or _is_named(one)]
    if not fitting:
        best = max(found, key=lambda layout: layout.n_fields)
        raise DamagedFile(
            f"{path}: expected as many names as columns, found {len(best.names or ())} names "
            f"{list(best.names or ())} over {best.n_fields} columns separated by "
            f"{best.separator!r}. If the numbers have decimal commas, export the table with "
            "semicolons or tabs between them."
        )
    # Blanks stand between thousands and around other separators, too.
    clear = [one for one in fitting if one.separator != " " and one.n_fields > 1]
    return max(clear or fitting, key=lambda layout: layout.n_fields)


def _is_named(layout: _Layout) -> bool:
    """Whether there is a name for each column that has numbers."""
    n_filled = max(
        (n + 1 for row in layout.rows for n, field in enumerate(row) if field.strip()), default=0
    )
    return n_filled <= len(layout.names or ()) <= layout.n_fields


def _layout_with(separator: str, head: Sequence[str]) -> _Layout | None:
    """Rows, names and units with one separator; None where no rows of numbers come out."""
    lines = [(n, line) for n, line in enumerate(head) if line.strip()]
    text = [(n, line, _is_remark(line)) for n, line in lines]
    rows = {n: _split(line, separator) for n, line, is_remark in text if not is_remark}
    is_row = {
        n: any(field.strip() for field in fields)
        and all(is_number(field) or is_moment(field) for field in fields)
        for n, fields in rows.items()
    }
    places = list(rows)
    start = next(
        (n for at, n in enumerate(places) if all(map(is_row.get, places[at : at + 3]))), None
    )
    if start is None:
        return None
    before = [(n, _split(line, separator)) for n, line, _ in text if n < start]
    n_fields = len(rows[start])
    units: tuple[str, ...] = ()
    if len(before) > 1 and _is_units(before[-1][1]) and len(before[-2][1]) == len(before[-1][1]):
        units = tuple(field.strip() for field in before.pop()[1])
    names = _names(before, head, n_fields)
    return _Layout(
        separator, start, n_fields, [rows[n] for n in places if n >= start], names, units
    )


def _names(
    before: Sequence[tuple[int, list[str]]], head: Sequence[str], n_fields: int
) -> tuple[str, ...] | None:
    """Fields of the line just before the numbers, unless it is a title or a remark."""
    if not before:
        return None
    place, fields = before[-1]
    names = [field.strip().strip('"').strip() for field in fields]
    if _is_remark(head[place]):
        names[0] = names[0].lstrip("#%/ ")
        if len(names) != n_fields or n_fields == 1:
            return None
    if len(names) == 1 and n_fields > 1 and not _is_alone(names[0]):
        return None
    while len(names) > n_fields and not names[-1]:
        names.pop()
    return tuple(names)


def _is_alone(name: str) -> bool:
    """Whether a single text may be the name of a single column, and no sentence."""
    return ":" not in name and "=" not in name and len(name.split()) <= 2


def _is_units(fields: Sequence[str]) -> bool:
    """Whether a line names units and nothing else."""
    written = [field.strip() for field in fields if field.strip()]
    return bool(written) and all(map(is_unit, written))


def _is_remark(line: str) -> bool:
    """Whether a line is a comment or a spreadsheet's note on the separator."""
    text = line.strip().strip('"')
    return text.startswith(COMMENTS) or re.fullmatch(r"sep=.", text, re.I) is not None


def _split(line: str, separator: str) -> list[str]:
    """Fields of a line."""
    if separator == " ":
        return line.split()
    return next(csv.reader([line], delimiter=separator, skipinitialspace=True))


def _marks(path: Path, layout: _Layout) -> tuple[str, str | None]:
    """Decimal mark and thousands separator of the numbers in a layout's first rows."""
    fields = [
        text
        for row in layout.rows
        for field in row
        if not is_moment(field) and ((text := field.strip()).strip("0123456789+-"))
    ]
    with_comma = [text for text in fields if "," in text]
    if not with_comma:
        return (",", ".") if any(text.count(".") > 1 for text in fields) else (".", None)
    both = [text for text in with_comma if "." in text]
    if both:
        is_comma_last = both[0].rfind(",") > both[0].rfind(".")
        return (",", ".") if is_comma_last else (".", ",")
    if any(text.count(",") > 1 for text in with_comma):
        return ".", ","
    has_points = any("." in text for text in fields)
    if all(map(_GROUPED.fullmatch, with_comma)):
        if has_points:
            return ".", ","
        warnings.warn(
            f"{path}: {with_comma[0]!r} is taken for a decimal comma, not for thousands. If it is "
            "a number of thousands, export the table without thousands separators.",
            stacklevel=5,
        )
    return (",", "." if has_points else None)


def _as_numbers(path: Path, table: pd.DataFrame, layout: _Layout, decimal: str) -> pd.DataFrame:
    """Floats; text of dates and times of day stays, any other is refused with its column."""
    words: dict[int, str] = {}
    columns: dict[int, pd.Series] = {}
    for column in range(table.shape[1]):
        values = table.iloc[:, column]
        if not pd.api.types.is_numeric_dtype(values):
            text = values.astype("string").str.strip()
            if is_moment(str(text.dropna().iloc[0])):
                columns[column] = text
                continue
            other = "." if decimal == "," else ","
            plain = text.str.replace(rf"{_SPACES}(?=\d{{3}})", "", regex=True)
            plain = plain.where(~plain.isin(MISSING_MARKS))
            plain = plain.str.replace(rf"\{other}(?=\d{{3}})", "", regex=True)
            values = pd.to_numeric(plain.str.replace(decimal, "."), errors="coerce")
            is_word = values.isna() & plain.notna() & (plain.str.lower() != "nan")
            if is_word.any():
                words[column] = str(text[is_word].iloc[0])
        columns[column] = values if values.dtype == float else values.astype(float)
    if words or table.empty:
        names = layout.names or ()
        listed = [names[column] if column < len(names) else column for column in words]
        raise _text_in(path, len(table), listed, next(iter(words.values()), ""))
    return pd.DataFrame(columns, copy=False)


def _no_numbers(path: Path, head: Sequence[str]) -> DamagedFile:
    """Error for a text without rows of numbers, with the columns that hold words."""
    lines = [line for line in head if line.strip() and not _is_remark(line)]
    separator = next((mark for mark in SEPARATORS if lines and mark in lines[0]), ",")
    names, *rows = [_split(line, separator) for line in lines] or [[]]
    lengths = sorted({len(row) for row in rows})
    if len(lengths) > 1:
        return DamagedFile(
            f"{path}: expected a table of numbers, found rows of {lengths} fields separated by "
            f"{separator!r} that cannot be read; export it again."
        )
    words = {
        name: row[n]
        for row in rows
        for n, name in enumerate(names[: len(row)])
        if not is_number(row[n])
    }
    return _text_in(path, len(rows), list(words), next(iter(words.values()), ""))


def _text_in(path: Path, n_rows: int, columns: Sequence[object], example: str) -> DamagedFile:
    """Error for columns that hold words."""
    found = f" and text in the columns {list(columns)} (such as {example!r})" if columns else ""
    return DamagedFile(
        f"{path}: expected rows of numbers, found {n_rows} rows{found}; remove what is not a "
        "signal."
    )
