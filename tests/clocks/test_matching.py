import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mmme_neuro.clocks.matching import match_sequences
from mmme_neuro.clocks.pairing import Sequence

SEARCH = {"max_drift": 5e-4, "tolerance": 0.02}


def sequence(code, time):
    order = np.argsort(time)
    return Sequence(np.asarray(code)[order], np.asarray(time, dtype=float)[order])


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_codes=st.integers(20, 80),
    n_kinds=st.sampled_from([1, 2, 48]),
    loss=st.floats(0, 0.3),
    offset=st.floats(-600, 600),
    drift=st.floats(-2e-4, 2e-4),
)
def test_every_match_is_the_same_pulse(seed, n_codes, n_kinds, loss, offset, drift):
    rng = np.random.default_rng(seed)
    time = np.cumsum(rng.uniform(5, 60, n_codes))
    code = rng.integers(1, n_kinds + 1, n_codes)
    numbers, tables = [], []
    for clock in (time, (time - offset) / (1 + drift)):
        kept = np.flatnonzero(rng.random(n_codes) > loss)
        numbers.append(kept)
        tables.append(Sequence(code[kept], clock[kept] + rng.normal(0, 5e-4, len(kept))))
    common = np.intersect1d(*numbers)
    assume(len(common) >= 8)
    (segment,) = match_sequences(*tables, **SEARCH)
    matched = (numbers[0][segment.pairs.reference], numbers[1][segment.pairs.other])
    np.testing.assert_array_equal(matched[0], matched[1])
    # A millionth of good points may be cut as outliers; a wrong or a lost match may not occur.
    assert len(matched[0]) >= len(common) - 1


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_codes=st.integers(3, 100), is_equal=st.booleans())
def test_unrelated_recordings_never_match(seed, n_codes, is_equal):
    rng = np.random.default_rng(seed)
    tables = [
        sequence(
            np.ones(n_codes, int) if is_equal else rng.integers(101, 149, n_codes),
            np.cumsum(rng.uniform(20, 60, n_codes)),
        )
        for _ in range(2)
    ]
    with pytest.raises(ValueError, match="agree|ambiguous"):
        match_sequences(*tables, **SEARCH)


def test_equal_intervals_of_equal_codes_are_ambiguous():
    time = 2.0 * np.arange(60)
    with pytest.raises(ValueError, match=r"ambiguous.*shifted by -?2\.0"):
        match_sequences(
            sequence(np.ones(60, int), time), sequence(np.ones(55, int), time[:55] + 7), **SEARCH
        )


def test_intervals_alone_when_codes_differ():
    rng = np.random.default_rng(8)
    time = np.cumsum(rng.uniform(20, 60, 30))
    reference, other = sequence(np.arange(30), time), sequence(np.ones(30, int), time - 5)
    (segment,) = match_sequences(reference, other, **SEARCH, by_code=False)
    np.testing.assert_array_equal(segment.pairs.reference, np.arange(30))
    np.testing.assert_allclose(segment.line.level, 5)


@pytest.mark.parametrize("pauses", [(90.0,), (15.0, 600.0)])
def test_pauses_make_segments(pauses):
    rng = np.random.default_rng(9)
    other = np.cumsum(rng.uniform(20, 60, 90))
    time = other + 100.0
    edges = np.linspace(0, 90, len(pauses) + 2).astype(int)
    for start, pause in zip(edges[1:-1], pauses, strict=True):
        time[start:] += pause
    code = rng.integers(1, 5, 90)
    segments = match_sequences(sequence(code, time), sequence(code, other), **SEARCH)
    assert [len(segment.pairs) for segment in segments] == np.diff(edges).tolist()
    jumps = [b.line.level - a.line.level for a, b in itertools.pairwise(segments)]
    np.testing.assert_allclose(jumps, pauses, atol=1e-6)
