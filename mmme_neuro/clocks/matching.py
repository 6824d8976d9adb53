"""Which code of one device is which code of another, from the codes and their intervals."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from mmme_neuro.clocks.pairing import Pairs, Sequence, candidate_pairs, densest_line, one_to_one
from mmme_neuro.clocks.robust_line import Line, trimmed_line
from mmme_neuro.errors import NotEstimable

MIN_MATCHES = 3
CHANCE_LIMIT = 1e-3
"""Most solutions as good as the found one that chance alone may be expected to give."""

AMBIGUOUS_SHARE = 0.8
"""A second solution that explains this share of the same codes makes the first one a guess."""

RESOLUTION_S = 0.001
MAX_SEGMENTS = 12
SWITCH_COST = 2.5
"""Codes that a new segment must explain beyond the old one before it is believed."""


@dataclass(frozen=True, eq=False)
class Segment:
    """Matched codes of a stretch without a pause, and the line of their clock difference.

    ``line`` gives reference - other (s) at the time of the other device; ``pairs`` are the inliers.
    """

    pairs: Pairs
    line: Line


def match_sequences(
    reference: Sequence,
    other: Sequence,
    *,
    max_drift: float,
    tolerance: float,
    by_code: bool = True,
) -> list[Segment]:
    """Match two code sequences and fit the clock difference of each unpaused stretch.

    Parameters
    ----------
    reference, other : Sequence
        Codes of the two devices.
    max_drift : float
        Largest relative difference of the clocks' rates.
    tolerance : float
        Largest disagreement of one pulse on the two devices (s).
    by_code : bool
        Whether two pulses must have the same code; otherwise intervals alone decide.

    Returns
    -------
    list of Segment
        In the order of time, without codes in common.

    Raises
    ------
    NotEstimable
        When no solution explains enough codes, or two different ones explain the same codes.

    Notes
    -----
    A solution is an offset and a drift. The one with the most pairs within the tolerance is found
    exactly by splitting the range of drifts (`densest_line`), and kept when chance would not give
    it (expected number of equal ones under uniformly scattered codes) and when no second solution
    pairs the same codes in another way. What is left is searched again for stretches
    before or after a pause.
    """
    pairs = candidate_pairs(reference, other, by_code=by_code)
    search = {"max_drift": max_drift, "tolerance": tolerance}
    first = _best_solution(pairs, **search)
    _refuse_chance(first, pairs, reference, other, **search)
    _refuse_ambiguous(first, pairs, **search)
    lines = [first.line, *_further_lines(first, pairs, reference, other, **search)]
    if len(lines) == 1:
        return [first]
    return _segments(lines, pairs, tolerance=tolerance)


def difference_at(line: Line, position: np.ndarray) -> np.ndarray:
    """Clock difference (s) that a line gives at times of the other device."""
    return line.level + line.slope * (position - line.center)


def _solution(pairs: Pairs, *, max_drift: float, tolerance: float, at_least: int) -> Segment | None:
    """Densest line, refined to one-to-one matches and their least-squares line."""
    found = densest_line(pairs, max_drift=max_drift, tolerance=tolerance, at_least=at_least)
    if found is None:
        return None
    _, center, level, drift = found
    residual = pairs.difference - level - drift * (pairs.position - center)
    return _refine(pairs, residual, tolerance=1.5 * tolerance, final_tolerance=tolerance)


def _refine(
    pairs: Pairs, residual: np.ndarray, *, tolerance: float, final_tolerance: float
) -> Segment | None:
    """Alternate between matching to the nearest code and fitting the line."""
    previous = np.empty(0, dtype=int)
    for _ in range(20):
        matched = one_to_one(pairs, residual, tolerance=tolerance)
        if len(matched) < MIN_MATCHES or np.ptp(matched.position) == 0:
            return None
        line = trimmed_line(matched.position, matched.difference, resolution=RESOLUTION_S)
        residual = pairs.difference - difference_at(line, pairs.position)
        tolerance = final_tolerance
        if np.array_equal(matched.other, previous):
            break
        previous = matched.other
    return Segment(matched.where(line.inlier), line)


def _best_solution(pairs: Pairs, *, max_drift: float, tolerance: float) -> Segment:
    """Solution that explains the most codes, or a refusal."""
    solution = _solution(pairs, max_drift=max_drift, tolerance=tolerance, at_least=MIN_MATCHES)
    if solution is None:
        raise NotEstimable(
            f"no {MIN_MATCHES} codes of the two devices agree within {1e3 * tolerance:g} ms and "
            f"{1e6 * max_drift:g} ppm (candidate pairs with equal codes: {len(pairs)}). Check that "
            "both tables belong to the same session and that lines and bit order were decoded "
            "alike; widen tolerance_s or max_drift_ppm, or pass by_code=False to use intervals "
            "alone."
        )
    return solution


def _expected_by_chance(
    n_matched: int, pairs: Pairs, *, duration: float, max_drift: float, tolerance: float
) -> float:
    """Expected number of solutions with so many matches among uniformly scattered codes."""
    width = 2 * tolerance
    matches_by_chance = len(pairs) * width / max(duration, width)
    offsets = 2 * duration / width
    drifts = 1 + max_drift * duration / tolerance
    return float(offsets * drifts * stats.poisson.sf(n_matched - 1, matches_by_chance))


def _refuse_chance(
    solution: Segment,
    pairs: Pairs,
    reference: Sequence,
    other: Sequence,
    *,
    max_drift: float,
    tolerance: float,
) -> None:
    """Raise when as many matches would be found between unrelated recordings."""
    n_matched = len(solution.pairs)
    expected = _expected_by_chance(
        n_matched,
        pairs,
        duration=max(reference.span, other.span),
        max_drift=max_drift,
        tolerance=tolerance,
    )
    if expected > CHANCE_LIMIT:
        raise NotEstimable(
            f"only {n_matched} of {len(reference)} reference and {len(other)} other codes agree, "
            f"which unrelated recordings would also give ({expected:.2g} such solutions expected, "
            f"limit {CHANCE_LIMIT:g}). Check that both tables belong to the same session; a "
            "smaller tolerance_s or max_drift_ppm makes fewer matches suffice."
        )


def _refuse_ambiguous(
    solution: Segment, pairs: Pairs, *, max_drift: float, tolerance: float
) -> None:
    """Raise when the same codes can be paired in a second way that is nearly as good."""
    rival = _rival(solution, pairs, max_drift=max_drift, tolerance=tolerance)
    if rival is None:
        return
    shift = float(np.median(rival.pairs.difference) - np.median(solution.pairs.difference))
    raise NotEstimable(
        f"the match is ambiguous: one solution explains {len(solution.pairs)} codes, another "
        f"shifted by {shift:.3f} s explains {len(rival.pairs)}, as happens with "
        "equal codes at equal intervals. Give codes that differ, or cut both tables to a stretch "
        "known to be the same."
    )


def _rival(
    solution: Segment, pairs: Pairs, *, max_drift: float, tolerance: float
) -> Segment | None:
    """Second solution that pairs most of the matched codes with other partners."""
    off_line = np.abs(pairs.difference - difference_at(solution.line, pairs.position))
    rest = pairs.where(off_line > 2 * tolerance)
    conflicting = rest.where(
        np.isin(rest.reference, solution.pairs.reference)
        | np.isin(rest.other, solution.pairs.other)
    )
    needed = max(MIN_MATCHES, int(np.ceil(AMBIGUOUS_SHARE * len(solution.pairs))))
    rival = _solution(conflicting, max_drift=max_drift, tolerance=tolerance, at_least=needed)
    return rival if rival is not None and len(rival.pairs) >= needed else None


def _further_lines(
    first: Segment,
    pairs: Pairs,
    reference: Sequence,
    other: Sequence,
    *,
    max_drift: float,
    tolerance: float,
) -> list[Line]:
    """Lines of stretches before or after a pause, from the codes that are still unmatched."""
    lines: list[Line] = []
    duration = max(reference.span, other.span)
    last, rest = first, pairs
    while len(lines) < MAX_SEGMENTS:
        rest = rest.where(
            ~np.isin(rest.reference, last.pairs.reference) & ~np.isin(rest.other, last.pairs.other)
        )
        search = {"max_drift": max_drift, "tolerance": tolerance}
        solution = _solution(rest, **search, at_least=MIN_MATCHES)
        if solution is None:
            return lines
        n_matched = len(solution.pairs)
        expected = _expected_by_chance(n_matched, rest, duration=duration, **search)
        if expected > CHANCE_LIMIT or _rival(solution, rest, **search) is not None:
            return lines
        lines.append(solution.line)
        last = solution
    return lines


def _segments(lines: list[Line], pairs: Pairs, *, tolerance: float) -> list[Segment]:
    """Cut the session into stretches, each with the line that explains most of its codes."""
    matches = [
        one_to_one(
            pairs, pairs.difference - difference_at(line, pairs.position), tolerance=tolerance
        )
        for line in lines
    ]
    others = np.unique(pairs.other)
    explained = np.array([np.isin(others, matched.other) for matched in matches], dtype=float)
    state = _most_explained(explained)
    segments = []
    for stretch in np.split(np.arange(len(others)), np.flatnonzero(np.diff(state)) + 1):
        line = lines[state[stretch[0]]]
        inside = pairs.where(np.isin(pairs.other, others[stretch]))
        residual = inside.difference - difference_at(line, inside.position)
        segment = _refine(inside, residual, tolerance=tolerance, final_tolerance=tolerance)
        if segment is not None:
            segments.append(segment)
    return _in_order(segments)


def _most_explained(explained: np.ndarray) -> np.ndarray:
    """Sequence of states that explains the most codes with few changes (Viterbi).

    Parameters
    ----------
    explained : array, shape (n_lines, n_codes)
        One where the line explains the code.
    """
    n_lines, n_codes = explained.shape
    change = SWITCH_COST * (1 - np.eye(n_lines))
    score = explained[:, 0]
    origin = np.zeros((n_codes, n_lines), dtype=int)
    for k in range(1, n_codes):
        candidate = score[:, None] - change
        origin[k] = candidate.argmax(axis=0)
        score = candidate.max(axis=0) + explained[:, k]
    state = np.zeros(n_codes, dtype=int)
    state[-1] = score.argmax()
    for k in range(n_codes - 1, 0, -1):
        state[k - 1] = origin[k, state[k]]
    return state


def _in_order(segments: list[Segment]) -> list[Segment]:
    """Drop the smaller of two segments that would run backwards on the reference clock."""
    kept: list[Segment] = []
    for segment in sorted(segments, key=lambda segment: len(segment.pairs), reverse=True):
        first, last = segment.pairs.reference.min(), segment.pairs.reference.max()
        position = segment.pairs.position.mean()
        fits = all(
            last < earlier.pairs.reference.min()
            if position < earlier.pairs.position.mean()
            else first > earlier.pairs.reference.max()
            for earlier in kept
        )
        if fits:
            kept.append(segment)
    return sorted(kept, key=lambda segment: segment.pairs.position.mean())
