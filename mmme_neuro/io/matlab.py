"""The structure of a MATLAB file, checked before SciPy reads it.

A flipped bit in an uncompressed file of version 5 can make SciPy's reader crash the whole process,
which no caller can catch; so sizes, types and dimensions are checked first.
"""

import math
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

from mmme_neuro.errors import DamagedFile

HEADER_BYTES = 128
BYTE_ORDERS = {b"IM": "<", b"MI": ">"}
MATRIX, COMPRESSED = 14, 15
BYTES_BY_TYPE = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8, 16: 1, 17: 2, 18: 4}
"""Bytes of a value by the number of its type: integers, floats, characters."""

UTF8 = 16
TEXT, SIZES, FLAGS, WIDTH = (1, UTF8), (5, 6), (6,), (5,)
"""Types that names, dimensions, flags and the width of field names may have."""

VERSION_5 = 0x0100
CELL, STRUCT, OBJECT, CHARACTERS, SPARSE = 1, 2, 3, 4, 5
NUMBERS = range(6, 16)
IS_COMPLEX = 0x0800
MAX_DEPTH = 40


@dataclass(frozen=True)
class Element:
    """A piece of the file: its type, where its bytes lie and where the next piece starts."""

    kind: int
    start: int
    stop: int
    following: int


def check_matlab_file(path: Path) -> None:
    """Refuse a MATLAB file of version 5 whose structure contradicts itself.

    Parameters
    ----------
    path : Path
        The file; of another version, it is left to its reader.

    Raises
    ------
    DamagedFile
        With the place of the first contradiction.

    Notes
    -----
    Compressed variables carry a check sum of their own and are not looked into.
    """
    with path.open("rb") as stream:
        head = stream.read(HEADER_BYTES)
        order = BYTE_ORDERS.get(head[-2:])
        if len(head) < HEADER_BYTES or order is None:
            return
        if struct.unpack_from(order + "H", head, HEADER_BYTES - 4)[0] != VERSION_5:
            return
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            _Checker(path, content, order).check_file()


@dataclass(frozen=True)
class _Checker:
    """Walks through the elements of one file."""

    path: Path
    content: mmap.mmap
    order: str

    def check_file(self) -> None:
        """Check all variables, one after the other."""
        place = HEADER_BYTES
        while place < len(self.content):
            variable = self.element(place, len(self.content))
            if variable.kind == MATRIX:
                self.check_matrix(variable, depth=0)
            elif variable.kind != COMPRESSED:
                raise self.contradiction(place, f"a variable of type {variable.kind}")
            place = variable.following

    def element(self, place: int, end: int) -> Element:
        """Read the tag at a place; its bytes must end before `end`."""
        if place + 8 > end:
            raise self.contradiction(place, "the end of what holds it")
        kind, n_bytes = struct.unpack_from(self.order + "II", self.content, place)
        if kind >> 16:
            # Up to four bytes lie within the tag itself.
            n_bytes, kind, start, following = kind >> 16, kind & 0xFFFF, place + 4, place + 8
            padded = 4
        else:
            start, padded = place + 8, n_bytes if kind == COMPRESSED else -(-n_bytes // 8) * 8
            following = start + padded
        if n_bytes > padded or start + n_bytes > end or following > end + 7:
            raise self.contradiction(place, f"{n_bytes} bytes, beyond what holds them")
        return Element(kind, start, start + n_bytes, min(following, end))

    def check_matrix(self, matrix: Element, *, depth: int) -> None:
        """Check an array, and the arrays within it."""
        if matrix.start == matrix.stop:
            return
        if depth > MAX_DEPTH:
            raise self.contradiction(matrix.start, f"arrays more than {MAX_DEPTH} levels deep")
        flags = self.typed(matrix.start, matrix.stop, FLAGS, n_bytes=8)
        flag = struct.unpack_from(self.order + "I", self.content, flags.start)[0]
        dims = self.typed(flags.following, matrix.stop, SIZES)
        n_dims = (dims.stop - dims.start) // 4
        shape = struct.unpack_from(f"{self.order}{n_dims}i", self.content, dims.start)
        if n_dims < 2 or min(shape) < 0:
            raise self.contradiction(dims.start, f"dimensions {shape}")
        name = self.typed(dims.following, matrix.stop, TEXT)
        place, n_values, kind = name.following, math.prod(shape), flag & 0xFF
        if kind in NUMBERS or kind == CHARACTERS:
            for _ in range(2 if flag & IS_COMPLEX else 1):
                place = self.check_values(place, matrix.stop, n_values, kind)
        elif kind in (CELL, STRUCT, OBJECT):
            if kind == OBJECT:
                place = self.typed(place, matrix.stop, TEXT).following
            if kind != CELL:
                place, n_fields = self.check_fields(place, matrix.stop)
                n_values *= n_fields
            for _ in range(n_values):
                inner = self.element(place, matrix.stop)
                if inner.kind != MATRIX:
                    raise self.contradiction(place, f"type {inner.kind} instead of an array")
                self.check_matrix(inner, depth=depth + 1)
                place = inner.following
        elif kind == SPARSE:
            place = self.check_sparse(place, matrix.stop, shape)
            if flag & IS_COMPLEX:
                place = self.element(place, matrix.stop).following
        else:
            raise self.contradiction(matrix.start, f"an array of class {kind}")
        if matrix.stop - place >= 8:
            raise self.contradiction(place, "more than the dimensions announce")

    def typed(
        self, place: int, end: int, kinds: tuple[int, ...], *, n_bytes: int | None = None
    ) -> Element:
        """Read an element that must be of one of some types (and of a size)."""
        element = self.element(place, end)
        size = element.stop - element.start
        is_wrong_size = size != n_bytes if n_bytes is not None else size % BYTES_BY_TYPE[kinds[0]]
        if element.kind not in kinds or is_wrong_size:
            raise self.contradiction(place, f"{size} bytes of type {element.kind}, not {kinds}")
        return element

    def check_values(self, place: int, end: int, n_values: int, kind: int) -> int:
        """Check that an array holds as many values as its dimensions say."""
        values = self.element(place, end)
        n_bytes = values.stop - values.start
        if values.kind not in BYTES_BY_TYPE:
            raise self.contradiction(place, f"values of type {values.kind}")
        # Characters beyond ASCII take several bytes in UTF-8.
        longest = 4 if kind == CHARACTERS and values.kind == UTF8 else 1
        expected = n_values * BYTES_BY_TYPE[values.kind]
        if not expected <= n_bytes <= longest * expected:
            raise self.contradiction(place, f"{n_bytes} bytes for {n_values} values")
        return values.following

    def check_sparse(self, place: int, end: int, shape: tuple[int, ...]) -> int:
        """Check rows, columns and values of a sparse array against one another."""
        rows = self.typed(place, end, SIZES)
        columns = self.typed(rows.following, end, SIZES, n_bytes=4 * (shape[1] + 1))
        values = self.element(columns.following, end)
        row, column = (
            struct.unpack_from(
                f"{self.order}{(part.stop - part.start) // 4}i", self.content, part.start
            )
            for part in (rows, columns)
        )
        n_values = column[-1]
        width = BYTES_BY_TYPE.get(values.kind, math.inf)
        fits = (
            list(column) == sorted(column)
            and column[0] == 0
            and n_values <= len(row)
            and n_values * width <= values.stop - values.start
            and all(0 <= number < shape[0] for number in row[:n_values])
        )
        if not fits:
            raise self.contradiction(place, f"a sparse array of {n_values} values")
        return values.following

    def check_fields(self, place: int, end: int) -> tuple[int, int]:
        """Check the names of a structure's fields; return the place after them and their number."""
        length = self.typed(place, end, WIDTH, n_bytes=4)
        width = struct.unpack_from(self.order + "i", self.content, length.start)[0]
        names = self.typed(length.following, end, TEXT)
        n_bytes = names.stop - names.start
        if width < 1 or n_bytes % width:
            raise self.contradiction(place, f"field names of {width} in {n_bytes} characters")
        fields = [
            self.content[first : first + width].split(b"\0")[0]
            for first in range(names.start, names.stop, width)
        ]
        if any(not field.isalnum() and not field.replace(b"_", b"").isalnum() for field in fields):
            raise self.contradiction(place, "field names that are no names")
        return names.following, len(fields)

    def contradiction(self, place: int, found: str) -> DamagedFile:
        """Error that names file and place."""
        return DamagedFile(
            f"{self.path}: expected a whole MATLAB file, found {found} at byte {place}; the file "
            "is damaged or truncated: copy it again."
        )
