"""Memory of compiled code before it is written, poisoned on request.

With ``MMME_POISON=1`` in the environment every buffer is full of NaN (integers: of a number far
outside of any array), so that a result that rests on memory read before it is written is NaN or
a crash, not a number that looks like one; with ``MMME_POISON=zeros`` it is full of zeros, as fresh
memory often is. Without the switch nothing is filled, at no cost: it is a constant of the
compiled code.
"""

import os
from pathlib import Path

import numba
import numpy as np

POISON = os.environ.get("MMME_POISON", "")
"""The switch; read once, at import."""
IS_POISONED = POISON not in ("", "0")
FILL = 0.0 if POISON == "zeros" else np.nan
"""What poisoned numbers hold."""
FAR_OUTSIDE = 0 if POISON == "zeros" else -(2**40)
"""What poisoned integers hold."""

if IS_POISONED:
    # Numba's cache on disk does not know the switch: poisoned code has a folder of its own.
    _cache = Path(numba.config.CACHE_DIR or Path(__file__).parent / "__pycache__")  # type: ignore[attr-defined]
    numba.config.CACHE_DIR = str(_cache / f"poisoned_{POISON}")  # type: ignore[attr-defined]


@numba.njit(cache=True, nogil=True)
def unwritten(shape: int | tuple[int, ...]) -> np.ndarray:
    """Numbers that the caller writes before it reads them."""
    memory = np.empty(shape)
    if IS_POISONED:
        memory[...] = FILL
    return memory


@numba.njit(cache=True, nogil=True)
def unwritten_integers(shape: int | tuple[int, ...]) -> np.ndarray:
    """Integers that the caller writes before it reads them."""
    memory = np.empty(shape, np.int64)
    if IS_POISONED:
        memory[...] = FAR_OUTSIDE
    return memory
