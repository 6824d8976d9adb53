"""Finite pieces of a signal with gaps, so that no filter or detector ever sees a NaN."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Piece:
    """One finite stretch of a signal.

    Parameters
    ----------
    start : int
        Index of the first sample in the whole signal.
    values : array, shape (n_samples,)
        The samples; short gaps inside are filled by straight lines.
    """

    start: int
    values: np.ndarray


def finite_pieces(signal: np.ndarray, *, shortest: int = 1, bridge: int = 0) -> list[Piece]:
    """Cut a signal at its non-finite stretches.

    Parameters
    ----------
    signal : array, shape (n_samples,)
        Any signal; NaN and infinite samples count as missing.
    shortest : int
        Pieces of fewer samples are left out.
    bridge : int
        Gaps of at most so many samples do not cut; a straight line fills them.

    Returns
    -------
    list of Piece
        In the order of time; empty where no stretch is long enough.

    Examples
    --------
    >>> [piece.start for piece in finite_pieces(np.array([1.0, np.nan, 2.0, 3.0]), shortest=2)]
    [2]
    """
    is_finite = np.isfinite(signal)
    edges = np.flatnonzero(np.diff(np.r_[False, is_finite, False]))
    starts, stops = edges[::2], edges[1::2]
    if not starts.size:
        return []
    is_cut = starts[1:] - stops[:-1] > bridge
    starts, stops = starts[np.r_[True, is_cut]], stops[np.r_[is_cut, True]]
    return [
        Piece(int(start), _filled(signal[start:stop]))
        for start, stop in zip(starts, stops, strict=True)
        if stop - start >= shortest
    ]


def map_pieces(
    signal: np.ndarray,
    function: Callable[[np.ndarray], np.ndarray],
    *,
    shortest: int = 1,
    bridge: int = 0,
) -> np.ndarray:
    """Apply a same-length function to each finite piece and keep NaN everywhere else.

    Parameters
    ----------
    signal : array, shape (n_samples,)
        Signal, possibly with gaps.
    function : callable
        Array to array of the same length, such as a zero-phase filter.
    shortest, bridge : int
        As in :func:`finite_pieces`.

    Returns
    -------
    array, shape (n_samples,)
        NaN where the signal was missing, bridged gaps included.
    """
    mapped = np.full(signal.size, np.nan)
    for piece in finite_pieces(signal, shortest=shortest, bridge=bridge):
        mapped[piece.start : piece.start + piece.values.size] = function(piece.values)
    mapped[~np.isfinite(signal)] = np.nan
    return mapped


def _filled(values: np.ndarray) -> np.ndarray:
    """Copy with missing samples replaced by straight lines between their neighbours."""
    is_finite = np.isfinite(values)
    if is_finite.all():
        return values
    index = np.arange(values.size)
    return np.interp(index, index[is_finite], values[is_finite])
