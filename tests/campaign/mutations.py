"""What can happen to the bytes of a file: cut, flipped, swapped, mixed up, stated wrongly."""

import re
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np

HEAD_BYTES = 4096
SIZES = (0, 1, -1, 2**31 - 1, 2**31, 2**32 - 1)
NUMBERS = ("0", "1", "-1", "2147483648", "1e308", "1e-308", "nan", "inf", "", "abc", "1,5", "-99")
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")

Mutation = Callable[[bytes, np.random.Generator], bytes]


def _place(content: bytes, rng: np.random.Generator, *, within: int | None = None) -> int:
    return int(rng.integers(max(1, min(len(content), within or len(content)))))


def cut(content: bytes, rng: np.random.Generator) -> bytes:
    return content[: _place(content, rng)]


def cut_head(content: bytes, rng: np.random.Generator) -> bytes:
    return content[: _place(content, rng, within=HEAD_BYTES)]


def last_byte_lost(content: bytes, rng: np.random.Generator) -> bytes:
    return content[:-1]


def _flipped(content: bytes, rng: np.random.Generator, n: int, within: int | None) -> bytes:
    flipped = bytearray(content)
    for _ in range(n):
        flipped[_place(content, rng, within=within)] ^= 1 << int(rng.integers(8))
    return bytes(flipped)


def flip(content: bytes, rng: np.random.Generator) -> bytes:
    return _flipped(content, rng, 1, None)


def flip_head(content: bytes, rng: np.random.Generator) -> bytes:
    return _flipped(content, rng, 1, HEAD_BYTES)


def flip_head_often(content: bytes, rng: np.random.Generator) -> bytes:
    return _flipped(content, rng, 8, HEAD_BYTES)


def zeros(content: bytes, rng: np.random.Generator) -> bytes:
    """A block that was never written."""
    start, length = _place(content, rng), int(rng.integers(1, 512))
    return content[:start] + bytes(len(content[start : start + length])) + content[start + length :]


def swapped_blocks(content: bytes, rng: np.random.Generator) -> bytes:
    size = int(rng.integers(1, 512))
    first, second = sorted(_place(content, rng) // size * size for _ in range(2))
    block, other = content[first : first + size], content[second : second + size]
    if first == second:
        return content[first:] + content[:first]
    middle = content[first + size : second]
    return content[:first] + other + middle + block + content[second + size :]


def doubled_block(content: bytes, rng: np.random.Generator) -> bytes:
    start, length = _place(content, rng), int(rng.integers(1, 512))
    return content[: start + length] + content[start:]


def inserted(content: bytes, rng: np.random.Generator) -> bytes:
    start = _place(content, rng)
    return content[:start] + rng.bytes(int(rng.integers(1, 64))) + content[start:]


def number(content: bytes, rng: np.random.Generator) -> bytes:
    """A number in text replaced, the file's length kept where that is possible."""
    found = list(_NUMBER.finditer(content[: 4 * HEAD_BYTES]))
    if not found:
        return flip_head(content, rng)
    match = found[int(rng.integers(len(found)))]
    new = str(rng.choice(NUMBERS)).encode()
    if len(new) < len(match[0]):
        new = new.ljust(len(match[0]))
    return content[: match.start()] + new + content[match.end() :]


def size_field(content: bytes, rng: np.random.Generator) -> bytes:
    """A binary field of 2, 4 or 8 bytes of the header set to an extreme."""
    width, code = [(2, "h"), (4, "i"), (8, "q")][int(rng.integers(3))]
    start = _place(content, rng, within=HEAD_BYTES) // width * width
    value = SIZES[int(rng.integers(len(SIZES)))] & (2 ** (8 * width) - 1)
    packed = struct.pack("<" + code.upper(), value)
    return content[:start] + packed + content[start + width :]


def _lines(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True)


def line_lost(content: bytes, rng: np.random.Generator) -> bytes:
    lines = _lines(content)
    return b"".join(np.delete(np.array(lines, object), rng.integers(len(lines))))


def line_doubled(content: bytes, rng: np.random.Generator) -> bytes:
    lines = _lines(content)
    k = int(rng.integers(len(lines)))
    return b"".join([*lines[: k + 1], *lines[k:]])


def lines_swapped(content: bytes, rng: np.random.Generator) -> bytes:
    lines = _lines(content)
    a, b = rng.integers(len(lines), size=2)
    lines[a], lines[b] = lines[b], lines[a]
    return b"".join(lines)


def fields_swapped(content: bytes, rng: np.random.Generator) -> bytes:
    """Two fields of one line change places."""
    lines = _lines(content[: 4 * HEAD_BYTES])
    k = int(rng.integers(len(lines)))
    parts = re.split(rb"([,;\t= ])", lines[k])
    if len(parts) > 2:
        a, b = 2 * rng.integers((len(parts) + 1) // 2, size=2)
        parts[a], parts[b] = parts[b], parts[a]
        lines[k] = b"".join(parts)
    return b"".join(lines) + content[4 * HEAD_BYTES :]


def _as_text(content: bytes) -> str:
    return content.decode("latin-1")


def utf16(content: bytes, rng: np.random.Generator) -> bytes:
    return _as_text(content).encode("utf-16")


def utf8_twice(content: bytes, rng: np.random.Generator) -> bytes:
    """Bytes taken for Latin-1 and encoded once more."""
    return _as_text(content).encode("utf-8-sig")


def other_lines(content: bytes, rng: np.random.Generator) -> bytes:
    """Line ends of another system."""
    return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r")


def one_byte(content: bytes, rng: np.random.Generator) -> bytes:
    return content[:1]


def empty(content: bytes, rng: np.random.Generator) -> bytes:
    return b""


BYTES: dict[str, Mutation] = {
    mutation.__name__: mutation
    for mutation in (
        empty,
        one_byte,
        cut,
        cut_head,
        last_byte_lost,
        flip,
        flip_head,
        flip_head_often,
        zeros,
        swapped_blocks,
        doubled_block,
        inserted,
        number,
        size_field,
        line_lost,
        line_doubled,
        lines_swapped,
        fields_swapped,
        utf16,
        utf8_twice,
        other_lines,
    )
}
"""Name of a mutation of bytes -> function of the bytes and a generator."""

HUGE_BYTES = 2**31
LARGEST_COPY = 2**24


def missing(path: Path, folder: Path, rng: np.random.Generator) -> None:
    path.unlink()


def a_folder(path: Path, folder: Path, rng: np.random.Generator) -> None:
    path.unlink()
    path.mkdir()


def huge(path: Path, folder: Path, rng: np.random.Generator) -> None:
    """As long as a 32-bit size can say, without data behind it."""
    with path.open("r+b") as stream:
        stream.truncate(HUGE_BYTES)


def of_another(path: Path, folder: Path, rng: np.random.Generator) -> None:
    """The same part of another recording."""
    stem = path.name.split(".")[0]
    rest = re.sub(r"^(curry|eeg|body|sheet)", "other", stem)
    other = path.with_name(path.name.replace(stem, rest, 1))
    if other != path and (folder / other.name).is_file():
        shutil.copy(folder / other.name, path)


def of_another_kind(path: Path, folder: Path, rng: np.random.Generator) -> None:
    """The content of a file of another format under this name."""
    others = sorted(
        other
        for other in folder.iterdir()
        if other.suffix != path.suffix and other.is_file() and other.stat().st_size < LARGEST_COPY
    )
    shutil.copy(others[int(rng.integers(len(others)))], path)


PATHS = {
    mutation.__name__: mutation
    for mutation in (missing, a_folder, huge, of_another, of_another_kind)
}
"""Name of a mutation of a whole file -> function of the file and the folder of all samples."""

NAMES = (*BYTES, *PATHS)
