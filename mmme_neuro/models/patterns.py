"""Which events of which responses are missing."""

from dataclasses import dataclass

import numpy as np

SCAN_BYTES = 64_000_000
"""Memory of the responses looked at at once."""


@dataclass(frozen=True, eq=False)
class Pattern:
    """Responses that have the same events.

    Parameters
    ----------
    columns : array of int, shape (n_columns,)
        Positions of the responses, increasing.
    is_present : array of bool, shape (n_events,)
        Which events they have.
    """

    columns: np.ndarray
    is_present: np.ndarray


def missing_patterns(values: np.ndarray, rows: np.ndarray) -> list[Pattern]:
    """Group responses by their missing events; infinite values are refused.

    Parameters
    ----------
    values : array, shape (n_events, n_responses)
        Responses.
    rows : array of int
        Events that the design uses; others do not count.

    Returns
    -------
    list of Pattern
        In the order of their first response.
    """
    n_events, n_responses = values.shape
    found: dict[bytes, list[np.ndarray]] = {}
    width = max(1, SCAN_BYTES // (8 * max(n_events, 1)))
    for start in range(0, n_responses, width):
        piece = values[rows, start : start + width]
        if np.isfinite(piece.sum(axis=0)).all():
            found.setdefault(b"", []).append(np.arange(start, start + piece.shape[1]))
            continue
        is_infinite = np.isinf(piece)
        if is_infinite.any():
            event, column = np.argwhere(is_infinite)[0]
            raise ValueError(
                f"responses hold {int(is_infinite.sum())} infinite values, the first at event "
                f"{rows[event]}, column {start + column} of the flattened map; correct them or set "
                "them to NaN to leave these events out"
            )
        packed = np.packbits(np.isnan(piece), axis=0)
        for column in range(piece.shape[1]):
            key = packed[:, column].tobytes()
            key = key if any(key) else b""
            found.setdefault(key, []).append(np.array([start + column]))
    patterns = []
    for key, columns in found.items():
        is_present = np.ones(len(rows), dtype=bool)
        if key:
            bits = np.unpackbits(np.frombuffer(key, dtype=np.uint8), count=len(rows))
            is_present = bits == 0
        patterns.append(Pattern(np.concatenate(columns), is_present))
    return patterns
