"""Pairs of trigger codes that could be one pulse, and the line that most of them share."""

import heapq
import itertools
from collections import Counter
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Sequence:
    """Codes of one device in the order of their times (s)."""

    code: np.ndarray
    time: np.ndarray

    def __len__(self) -> int:
        return len(self.time)

    @property
    def span(self) -> float:
        """Time from the first to the last code (s)."""
        return float(np.ptp(self.time)) if len(self) else 0.0


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of codes that could be the same pulse."""

    reference: np.ndarray
    other: np.ndarray
    difference: np.ndarray
    position: np.ndarray

    def __len__(self) -> int:
        return len(self.reference)

    def where(self, mask: np.ndarray) -> "Pairs":
        """Pairs that a boolean mask or an index selects."""
        return Pairs(
            self.reference[mask], self.other[mask], self.difference[mask], self.position[mask]
        )


def candidate_pairs(reference: Sequence, other: Sequence, *, by_code: bool = True) -> Pairs:
    """List all pairs of a reference and another code that may be one pulse."""
    if by_code:
        i, j = np.nonzero(reference.code[:, None] == other.code[None, :])
    else:
        i, j = (index.ravel() for index in np.indices((len(reference), len(other))))
    position = other.time[j]
    return Pairs(i, j, reference.time[i] - position, position)


def densest_line(
    pairs: Pairs, *, max_drift: float, tolerance: float, at_least: int
) -> tuple[int, float, float, float] | None:
    """Find the clock difference that explains the most pairs.

    Parameters
    ----------
    pairs : Pairs
        Candidates.
    max_drift : float
        Largest relative drift.
    tolerance : float
        Half width of the band around the line (s).
    at_least : int
        Fewer pairs than this are no solution.

    Returns
    -------
    tuple or None
        Number of pairs, center (s of the other device), difference there (s) and drift.

    Notes
    -----
    Best-first branch and bound over the drift: the pairs within a window widened by what the
    drift may still add bound from above what any line of that range explains, so the first range
    that is narrow enough is the best of all.
    """
    if len(pairs) < at_least:
        return None
    low, high = pairs.position.min(), pairs.position.max()
    center = (low + high) / 2
    difference, position = pairs.difference, pairs.position - center
    half_span = max((high - low) / 2, 1e-9)
    order = itertools.count()
    heap = [(-len(pairs), next(order), -max_drift, max_drift, np.arange(len(pairs)), np.nan)]
    proven = at_least
    while heap:
        bound, _, drift_low, drift_high, kept, level = heapq.heappop(heap)
        if -bound < proven:
            return None
        slack = (drift_high - drift_low) / 2 * half_span
        # The whole range comes without a level: it is split at least once.
        if slack <= tolerance / 2 and np.isfinite(level):
            return -bound, center, level, (drift_low + drift_high) / 2
        edges = np.linspace(drift_low, drift_high, 5)
        for child_low, child_high in itertools.pairwise(edges):
            drift = (child_low + child_high) / 2
            value = difference[kept] - drift * position[kept]
            by_value = np.argsort(value)
            value = value[by_value]
            proven = max(proven, int(_counts_within(value, 2 * tolerance).max()))
            counts = _counts_within(value, 2 * (tolerance + slack / 4))
            best = int(counts.argmax())
            if counts[best] < proven:
                continue
            inside = kept[by_value[_covered(counts, proven)]]
            middle = float(value[best] + value[best + counts[best] - 1]) / 2
            heapq.heappush(
                heap, (-int(counts[best]), next(order), child_low, child_high, inside, middle)
            )
    return None


def one_to_one(pairs: Pairs, residual: np.ndarray, *, tolerance: float) -> Pairs:
    """Keep pairs within the tolerance in which each code is the other's nearest."""
    near = np.flatnonzero(np.abs(residual) <= tolerance)
    near = near[np.argsort(np.abs(residual[near]), kind="stable")]
    is_first = np.ones(len(near), dtype=bool)
    for index in (pairs.reference[near], pairs.other[near]):
        first = np.zeros(len(near), dtype=bool)
        first[np.unique(index, return_index=True)[1]] = True
        is_first &= first
    chosen = near[is_first]
    return pairs.where(chosen[np.argsort(pairs.other[chosen])])


def code_counts(sequence: Sequence) -> str:
    """Describe the most frequent codes of a sequence in a few words."""
    common = Counter(sequence.code.tolist()).most_common(5)
    return ", ".join(f"{code} ({n}x)" for code, n in common) or "none"


def _counts_within(ordered: np.ndarray, width: float) -> np.ndarray:
    """Number of values from each value up to ``width`` above it."""
    return np.searchsorted(ordered, ordered + width, side="right") - np.arange(len(ordered))


def _covered(counts: np.ndarray, at_least: int) -> np.ndarray:
    """Whether each ordered value lies in a window that holds enough of them."""
    starts = np.flatnonzero(counts >= at_least)
    steps = np.zeros(len(counts) + 1, dtype=int)
    np.add.at(steps, starts, 1)
    np.add.at(steps, starts + counts[starts], -1)
    return np.cumsum(steps[:-1]) > 0
