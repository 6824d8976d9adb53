"""States of digital lines over time as a table of codes: rest, switching and glitches."""

import warnings

import numpy as np
import pandas as pd

CODE_COLUMNS = ("code", "onset", "duration", "source")
SWITCHING_S = 0.003
"""Lines may take so long to switch; what they show meanwhile is no code."""

PULSED_SHARE = 0.8
"""Above this share of the time the commonest state is rest; below it codes are held."""

ALL_HIGH = (2**7 - 1, 2**8 - 1, 2**15 - 1, 2**16 - 1)
"""A trigger channel with negative logic rests at one of these."""

SHORT_PER_LONG = 4
"""With more short states per longer one than this, short pulses are the lines' codes."""


def state_codes(
    state: np.ndarray,
    sfreq: float,
    *,
    rest: int | None,
    min_duration: float | None,
    source: str,
    is_one_word: bool,
) -> pd.DataFrame:
    """Table of the states that differ from rest.

    Parameters
    ----------
    state : array of int, shape (n_samples,)
        All lines as one number, the first line its lowest bit.
    sfreq : float
        Samples per second.
    rest : int | None
        State without a code; None finds it.
    min_duration : float | None
        Shorter states (s) are glitches. None: what lasts less than 3 ms is one only while bits
        switch from one longer state to the next and, where lines were sampled side by side, as a
        spike among longer codes.
    source : str
        Name of the source.
    is_one_word : bool
        Whether the device wrote the lines as one number, so that a line cannot spike by itself.

    Returns
    -------
    DataFrame
        ``code, onset`` (s from the first sample)``, duration`` (s)``, source``.
    """
    if len(state) == 0:
        return empty_codes()
    start, value = _settled_runs(state, sfreq, min_duration, is_one_word)
    stop = np.append(start[1:], len(state))
    if rest is None:
        rest = _resting_state(value, stop - start, is_one_word=is_one_word)
    is_code = value != rest
    if is_one_word:
        # What a trigger channel holds at the first sample began before it, nobody knows when.
        is_code[0] = False
    return pd.DataFrame(
        {
            "code": value[is_code] ^ rest,
            "onset": start[is_code] / sfreq,
            "duration": (stop - start)[is_code] / sfreq,
            "source": source,
        },
        columns=list(CODE_COLUMNS),
    )


def _settled_runs(
    state: np.ndarray, sfreq: float, min_duration: float | None, is_one_word: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Start and value of each state that counts; another one belongs to what follows it."""
    start = np.flatnonzero(np.append(True, state[1:] != state[:-1]))
    value, length = state[start], np.diff(np.append(start, len(state)))
    limit = SWITCHING_S if min_duration is None else min_duration
    short = length < max(1, round(limit * sfreq))
    is_switch = _switches(value)
    if min_duration is None and short.any():
        is_spike = short & ~is_switch
        n_long_codes = np.count_nonzero(~short & (value != value[length.argmax()]))
        if is_one_word or is_spike.sum() > SHORT_PER_LONG * n_long_codes:
            short &= is_switch
        elif is_spike.any():
            warnings.warn(
                f"digital lines: {int(is_spike.sum())} states of less than {1e3 * limit:g} ms "
                f"among {n_long_codes} longer ones are taken for glitches; min_duration=0 keeps "
                "them.",
                UserWarning,
                stacklevel=5,
            )
    # One sample between two different states is a switch caught halfway, at any sampling rate.
    halfway = is_switch & (length == 1) & (np.append(length[1:], 0) > 1)
    settled = ~(short | halfway)
    if not settled.any():
        longest = int(length.argmax())
        return np.zeros(1, dtype=np.int64), value[[longest]]
    kept = np.flatnonzero(settled)
    # The first bit that flips marks the change, so a code starts where the last settled one ends.
    first = np.append(0, kept[:-1] + 1)
    start, value = start[first], value[kept]
    new = np.append(True, value[1:] != value[:-1])
    return start[new], value[new]


def _switches(value: np.ndarray) -> np.ndarray:
    """Whether each state has no bit that both its neighbors lack, nor lacks one that both have."""
    is_switch = np.zeros(len(value), dtype=bool)
    before, now, after = value[:-2], value[1:-1], value[2:]
    is_switch[1:-1] = (before != after) & (((now ^ before) & (now ^ after)) == 0)
    return is_switch


def _resting_state(value: np.ndarray, length: np.ndarray, *, is_one_word: bool) -> int:
    """State of the lines when no code is sent."""
    states, index = np.unique(value, return_inverse=True)
    share = np.bincount(index, weights=length) / length.sum()
    commonest, first = int(states[share.argmax()]), int(value[0])
    if share.max() >= PULSED_SHARE:
        return commonest
    if is_one_word:
        is_return = len(states) > 2 and bool((value[::2] == first).all())
        is_all_high = first in ALL_HIGH and first == int(np.bitwise_or.reduce(value))
        # Of codes held one after the other, only what never changes is no code.
        return first if is_return or is_all_high else int(np.bitwise_and.reduce(value))
    if commonest == first:
        return commonest
    if first not in (0, int(np.bitwise_or.reduce(value))):
        warnings.warn(
            f"the recording begins in state {first}, neither all low nor all high, and no state "
            f"holds for {PULSED_SHARE:.0%} of it; took {first} as rest. Give inverted= if not.",
            UserWarning,
            stacklevel=4,
        )
    return first


def empty_codes() -> pd.DataFrame:
    """Table without codes, with the columns' types."""
    return pd.DataFrame(
        {
            "code": np.empty(0, dtype=np.int64),
            "onset": np.empty(0),
            "duration": np.empty(0),
            "source": np.empty(0, dtype=object),
        }
    )
