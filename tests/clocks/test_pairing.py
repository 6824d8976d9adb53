import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mmme_neuro.clocks.pairing import Sequence, candidate_pairs, densest_line, one_to_one

SEARCH = {"max_drift": 5e-4, "tolerance": 0.02}


def sequence(code, time):
    order = np.argsort(time)
    return Sequence(np.asarray(code)[order], np.asarray(time, dtype=float)[order])


def brute_force_count(pairs, *, max_drift, half_width, n_drifts=4001):
    """Most pairs within a band, by trying every drift of a fine grid."""
    center = (pairs.position.min() + pairs.position.max()) / 2
    best = 0
    for drift in np.linspace(-max_drift, max_drift, n_drifts):
        value = np.sort(pairs.difference - drift * (pairs.position - center))
        within = np.searchsorted(value, value + 2 * half_width, side="right")
        best = max(best, int((within - np.arange(len(value))).max()))
    return best


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_codes=st.integers(4, 25))
def test_densest_line_lies_between_the_exhaustive_counts(seed, n_codes):
    rng = np.random.default_rng(seed)
    reference, other = (
        sequence(rng.integers(1, 3, n_codes), rng.uniform(0, 100, n_codes)) for _ in range(2)
    )
    pairs = candidate_pairs(reference, other)
    assume(len(pairs) >= 2)
    search = {"max_drift": 0.02, "tolerance": 0.5}
    found = densest_line(pairs, **search, at_least=2)
    exact = brute_force_count(pairs, max_drift=0.02, half_width=0.5)
    widest = brute_force_count(pairs, max_drift=0.02, half_width=0.75)
    count = 0 if found is None else found[0]
    assert (count >= exact or exact < 2) and count <= max(widest, 2)
    if found is not None:
        _, center, level, drift = found
        residual = pairs.difference - level - drift * (pairs.position - center)
        assert (np.abs(residual) <= 0.75 + 1e-9).sum() >= count


def test_densest_line_returns_none_when_too_few_agree():
    pairs = candidate_pairs(sequence([1, 2], [0, 10]), sequence([1, 2], [0, 90]))
    assert densest_line(pairs, **SEARCH, at_least=2) is None


def test_one_to_one_takes_the_nearest_of_double_pulses():
    reference = sequence([1, 1, 1], [0.0, 10.0, 10.008])
    other = sequence([1, 1, 1], [0.001, 0.009, 10.007])
    pairs = candidate_pairs(reference, other)
    matched = one_to_one(pairs, pairs.difference, tolerance=0.02)
    assert list(zip(matched.reference, matched.other, strict=True)) == [(0, 0), (2, 2)]
