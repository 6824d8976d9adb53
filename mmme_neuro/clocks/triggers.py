"""Trigger codes of one recording, from digital lines, a trigger channel or annotations."""

import re
import warnings
from collections.abc import Sequence

import mne
import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput, MissingInput

CODE_COLUMNS = ("code", "onset", "duration", "source")
MIN_DURATION_S = 0.003
PULSED_SHARE = 0.8
"""Above this share of the time the commonest state is rest; below it codes are held."""

BIT_ORDERS = {"lsb": 1, "msb": -1}
EDGES = ("leading", "trailing")
_LINE_NAME = re.compile(r"D(\d{1,2})")
_NUMBERED = re.compile(r"(.*?)\s*(\d+)(?:\.0+)?\s*")
_NO_CODE_PREFIXES = ("bad", "edge")
_MICROVOLT = 1e-6


def digital_codes(
    lines: np.ndarray,
    sfreq: float,
    *,
    threshold: float | None = None,
    inverted: bool | Sequence[bool] | None = None,
    min_duration: float = MIN_DURATION_S,
    bit_order: str = "lsb",
    edge: str = "leading",
) -> pd.DataFrame:
    """Decode parallel digital lines into one table of codes.

    Parameters
    ----------
    lines : array, shape (n_lines, n_samples)
        Voltage (V) of each line.
    sfreq : float
        Sampling rate (Hz).
    threshold : float | None
        Level (V) between low and high; by default halfway between the lowest and highest value.
    inverted : bool | sequence of bool, shape (n_lines,) | None
        Whether each line rests high. By default found from the resting state (Notes).
    min_duration : float
        Shorter states (s) are glitches: while several bits switch they belong to the code that
        follows, otherwise they are left out.
    bit_order : "lsb" | "msb"
        Whether the first line is the lowest or the highest bit.
    edge : "leading" | "trailing"
        Edge of the pulse that marks the event; ``trailing`` for devices whose event is the return
        to rest.

    Returns
    -------
    DataFrame
        ``code, onset`` (s from the first sample)``, duration`` (s) and ``source`` ("digital").

    Raises
    ------
    MmmeError
        When the lines are not a finite 2-D array or an option is out of range.

    Notes
    -----
    Where one state holds for more than 80 % of the recording it is rest, whichever lines are high
    in it, and the code is its difference from the current state: a single inverted or an
    unconnected floating line needs no setting. Otherwise codes are held until the next one and the
    recording is taken to begin at rest.

    Examples
    --------
    >>> import numpy as np
    >>> lines = np.zeros((8, 1000))
    >>> lines[[0, 2, 5, 6], 300:320] = 5.0  # 1 + 4 + 32 + 64
    >>> digital_codes(lines, 1000.0)[["code", "onset", "duration"]]
       code  onset  duration
    0   101    0.3      0.02
    """
    high = _high(np.asarray(lines, dtype=float), threshold=threshold)
    if not sfreq > 0:
        raise BadInput(f"sfreq must be positive (Hz); got {sfreq}")
    if bit_order not in BIT_ORDERS or edge not in EDGES:
        raise BadInput(
            f"bit_order must be one of {tuple(BIT_ORDERS)} and edge one of {EDGES}; got "
            f"{bit_order!r}, {edge!r}"
        )
    n_lines = len(high)
    weights = (1 << np.arange(n_lines, dtype=np.int64))[:: BIT_ORDERS[bit_order]]
    rest = None if inverted is None else int(weights @ _per_line(inverted, n_lines))
    table = _state_codes(
        weights @ high, sfreq, rest=rest, min_duration=min_duration, source="digital"
    )
    if edge == "trailing":
        table["onset"] = table["onset"] + table["duration"]
    return table


def stim_codes(
    raw: mne.io.BaseRaw, channel: str, *, min_duration: float = MIN_DURATION_S
) -> pd.DataFrame:
    """Decode a trigger channel whose samples are the codes.

    Parameters
    ----------
    raw : mne.io.Raw
        Recording.
    channel : str
        Name of the trigger channel. Codes that were scaled from "microvolt" to volt are
        scaled back.
    min_duration : float
        Shorter states (s) are glitches, as in `digital_codes`.

    Returns
    -------
    DataFrame
        ``code, onset`` (s from the first sample)``, duration`` (s), ``source`` (channel).

    Notes
    -----
    A resting value other than zero (Neuroscan amplifiers rest at 65280 or 255) is removed from the
    codes bit by bit. Missing samples (NaN) hold the value before them.

    Examples
    --------
    >>> import mne, numpy as np
    >>> data = np.zeros((1, 500))
    >>> data[0, 100:110] = 101
    >>> raw = mne.io.RawArray(data, mne.create_info(["STI"], 1000.0, "stim"), verbose="error")
    >>> stim_codes(raw, "STI")[["code", "onset"]]
       code  onset
    0   101    0.1
    """
    if channel not in raw.ch_names:
        raise MissingInput(
            f"channel {channel!r} is not in the recording; it has {', '.join(raw.ch_names)}"
        )
    values = raw.get_data(picks=[channel], verbose="error")[0]
    state = _integers(_held(values), channel)
    return _state_codes(
        state, raw.info["sfreq"], rest=None, min_duration=min_duration, source=channel
    )


def annotation_codes(raw: mne.io.BaseRaw) -> pd.DataFrame:
    """Collect the codes written as annotations.

    Parameters
    ----------
    raw : mne.io.Raw
        Recording with descriptions such as ``101``, ``101.0`` or ``Stimulus/S101``.

    Returns
    -------
    DataFrame
        ``code, onset`` (s from the first sample)``, duration`` (s), ``source``. Of several kinds
        of numbered descriptions (``Stimulus/S1``, ``Response/R1``) the one with the most rows.

    Warns
    -----
    UserWarning
        With the number of rows of every other kind.

    Examples
    --------
    >>> import mne, numpy as np
    >>> raw = mne.io.RawArray(np.zeros((1, 500)), mne.create_info(1, 100.0), verbose="error")
    >>> raw = raw.set_annotations(mne.Annotations([1.5], [0.0], ["101"]))
    >>> annotation_codes(raw)[["code", "onset"]]
       code  onset
    0   101    1.5
    """
    rows = []
    for annotation in raw.annotations:
        numbered = _NUMBERED.fullmatch(annotation["description"])
        if numbered and not numbered[1].lower().startswith(_NO_CODE_PREFIXES):
            onset = annotation["onset"] - raw.first_time
            rows.append((int(numbered[2]), onset, annotation["duration"], numbered[1].strip()))
    table = pd.DataFrame(rows, columns=["code", "onset", "duration", "kind"])
    kinds = table["kind"].value_counts()
    if kinds.empty:
        return _empty_codes()
    # Plain numbers win a tie: value_counts keeps the order of appearance.
    kind = "" if kinds.get("", 0) == kinds.iloc[0] else kinds.index[0]
    chosen = table[table["kind"] == kind].sort_values("onset", kind="stable", ignore_index=True)
    chosen["source"] = f"annotations {kind}".strip()
    chosen = chosen[list(CODE_COLUMNS)]
    if others := kinds.drop(kind).to_dict():
        left_out = ", ".join(f"{n} of {other or 'plain numbers'}" for other, n in others.items())
        warnings.warn(
            f"annotations: {len(chosen)} codes of {kind or 'plain numbers'} are taken; left out: "
            f"{left_out}.",
            stacklevel=2,
        )
    return chosen


def recording_codes(raw: mne.io.BaseRaw) -> pd.DataFrame:
    """Read the codes of a recording from whatever holds most of them.

    Parameters
    ----------
    raw : mne.io.Raw
        Recording with coded annotations, trigger channels (type ``stim``, or named ``Trigger``)
        or digital lines named ``D0`` to ``D7`` (V).

    Returns
    -------
    DataFrame
        ``code, onset`` (s from the first sample)``, duration`` (s), ``source``. On a tie
        annotations come before channels, channels before lines.

    Raises
    ------
    MmmeError
        When the recording has none of these, or no code in any.

    Examples
    --------
    >>> import mne, numpy as np
    >>> lines = np.zeros((8, 500))
    >>> lines[1, 100:110] = 5.0
    >>> info = mne.create_info([f"D{k}" for k in range(8)], 1000.0, "misc")
    >>> recording_codes(mne.io.RawArray(lines, info, verbose="error"))[["code", "source"]]
       code   source
    0     2  digital
    """
    lines = _digital_lines(raw)
    channels = [
        name
        for name, kind in zip(raw.ch_names, raw.get_channel_types(), strict=True)
        if name not in lines and (kind == "stim" or name.lower() == "trigger")
    ]
    tables = [annotation_codes(raw), *(stim_codes(raw, channel) for channel in channels)]
    if lines:
        data = np.zeros((max(lines.values()) + 1, raw.n_times))
        stored = raw.get_data(picks=list(lines), verbose="error")
        data[list(lines.values())] = [_held(line) for line in stored]
        tables.append(digital_codes(data, raw.info["sfreq"]))
    longest = max(tables, key=len)
    if longest.empty:
        raise MissingInput(
            "the recording holds no trigger codes: expected numbered annotations, a stim channel "
            f"or digital lines D0..D7; found {len(raw.annotations)} annotations, trigger channels "
            f"{channels or 'none'}, digital lines {list(lines) or 'none'}. Name or type the "
            "channels accordingly (raw.rename_channels, raw.set_channel_types)."
        )
    return longest


def _held(values: np.ndarray) -> np.ndarray:
    """Samples with the last finite one in place of those that are not; zero before the first."""
    is_finite = np.isfinite(values)
    last = np.maximum.accumulate(np.where(is_finite, np.arange(values.size), -1))
    return np.where(last < 0, 0.0, values[last])


def _high(lines: np.ndarray, *, threshold: float | None) -> np.ndarray:
    """Whether each line is high at each sample."""
    if lines.ndim != 2 or not np.isfinite(lines).all():
        raise BadInput(
            "lines must be a finite array of shape (n_lines, n_samples); got shape "
            f"{lines.shape} with {int((~np.isfinite(lines)).sum())} non-finite value(s). Pass one "
            "row per digital line and interpolate or cut gaps first."
        )
    if not 1 <= len(lines) <= 62:
        raise BadInput(f"lines must have 1 to 62 rows, one per bit; got {len(lines)}")
    if threshold is None:
        threshold = (lines.min() + lines.max()) / 2 if lines.size else 0.0
    return (lines > threshold).astype(np.int64)


def _per_line(inverted: bool | Sequence[bool], n_lines: int) -> np.ndarray:
    """Polarity of each line as 0 or 1."""
    flags = np.asarray(inverted, dtype=np.int64)
    if flags.shape not in ((), (n_lines,)):
        raise BadInput(
            f"inverted must be one value or one per line ({n_lines}); got shape {flags.shape}"
        )
    return np.broadcast_to(flags, (n_lines,))


def _integers(values: np.ndarray, channel: str) -> np.ndarray:
    """Codes as integers, undoing a scaling to volts."""
    largest = np.max(np.abs(values), initial=0.0)
    scaled = values / _MICROVOLT if 0 < largest < 1 else values
    state = np.round(scaled)
    if not np.isfinite(values).all() or np.max(np.abs(scaled - state), initial=0.0) > 1e-3:
        raise BadInput(
            f"channel {channel!r} must hold integer codes (or codes times 1e-6); found "
            f"{float(values[np.argmax(np.abs(scaled - state))])!r}. For a voltage line use "
            "digital_codes."
        )
    if np.min(state, initial=0) < 0:
        # A signed 16-bit word: its lowest bits are the code.
        state = np.mod(state, 2**16)
    return state.astype(np.int64)


def _state_codes(
    state: np.ndarray, sfreq: float, *, rest: int | None, min_duration: float, source: str
) -> pd.DataFrame:
    """Table of the states that differ from rest."""
    if len(state) == 0:
        return _empty_codes()
    start, value = _settled_runs(state, max(1, round(min_duration * sfreq)))
    stop = np.append(start[1:], len(state))
    if rest is None:
        rest = _resting_state(value, stop - start)
    is_code = value != rest
    return pd.DataFrame(
        {
            "code": value[is_code] ^ rest,
            "onset": start[is_code] / sfreq,
            "duration": (stop - start)[is_code] / sfreq,
            "source": source,
        },
        columns=list(CODE_COLUMNS),
    )


def _settled_runs(state: np.ndarray, min_samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Start and value of each state that lasts; a shorter one belongs to what follows it."""
    start = np.flatnonzero(np.append(True, state[1:] != state[:-1]))
    value, length = state[start], np.diff(np.append(start, len(state)))
    short = length < min_samples
    # One sample between two different states is a switch caught halfway, at any sampling rate.
    halfway = np.zeros(len(start), dtype=bool)
    before, now, after = value[:-2], value[1:-1], value[2:]
    is_mixture = ((now ^ before) & (now ^ after)) == 0
    halfway[1:-1] = (length[1:-1] == 1) & (before != after) & is_mixture
    halfway[1:-1] &= length[2:] > 1
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


def _resting_state(value: np.ndarray, length: np.ndarray) -> int:
    """State of the lines when no code is sent."""
    states, index = np.unique(value, return_inverse=True)
    share = np.bincount(index, weights=length) / length.sum()
    commonest, first = int(states[share.argmax()]), int(value[0])
    if share.max() >= PULSED_SHARE or commonest == first:
        return commonest
    if first not in (0, int(np.bitwise_or.reduce(value))):
        warnings.warn(
            f"the recording begins in state {first}, neither all low nor all high, and no state "
            f"holds for {PULSED_SHARE:.0%} of it; took {first} as rest. Give inverted= if not.",
            UserWarning,
            stacklevel=4,
        )
    return first


def _digital_lines(raw: mne.io.BaseRaw) -> dict[str, int]:
    """Channels that are digital lines, with their bit number."""
    named = {name: _LINE_NAME.fullmatch(name) for name in raw.ch_names}
    return {name: int(match[1]) for name, match in named.items() if match}


def _empty_codes() -> pd.DataFrame:
    """Table without codes, with the columns' types."""
    return pd.DataFrame(
        {
            "code": np.empty(0, dtype=np.int64),
            "onset": np.empty(0),
            "duration": np.empty(0),
            "source": np.empty(0, dtype=object),
        }
    )
