"""Trigger codes of one recording, from digital lines, a trigger channel or annotations."""

import re
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import mne
import numpy as np
import pandas as pd

from mmme_neuro.clocks.states import CODE_COLUMNS, empty_codes, state_codes
from mmme_neuro.errors import BadInput, MissingInput

SOURCE_COLUMNS = ("source", "n_codes", "n_states", "per_minute", "first_codes", "fault")
FIRST_CODES = 6
NO_CODES = "no code"

MAX_CODES_PER_S = 20.0
MAX_CHANGING_SHARE = 0.2
FEWEST_TO_JUDGE = 20
"""A source with more codes than this is noise if they come faster than 20 a second, or in more
than a fifth of the samples."""

LEVEL_BAND = (0.3, 0.7)
MAX_BETWEEN_LEVELS = 0.02
"""A line has two levels if at most this share of its samples lies in the middle of its range."""

LARGEST_REST = 0.05
"""Codes that a format has scaled (EDF's 16 bits over a wide range) are whole but for this."""

SAME_SHARE = 0.8
"""A source that shares so many of its codes with another one says the same."""

SAME_TIME_S = 0.25
"""A source says a code no later after another one, such as a program after its trigger box."""

MANY_STATES = 64
LARGEST_BYTE = 255
RESTING_SHARE = 0.3
"""A channel of more states, also below zero or beyond what a port of 8 lines can send, of which
none holds for this share of the time, may be analog."""

STATUS_BITS = 2**16
"""BioSemi's Status word: triggers in its lower 16 bits, the amplifier's state above."""

PORT_TYPES = ("stim", "misc", "bio", "syst")
"""Types of channels that may be digital lines; an electrode never is."""

BIT_ORDERS = {"lsb": 1, "msb": -1}
EDGES = ("leading", "trailing")
_LINE_NAME = re.compile(r"D(\d{1,2})")
_TRIGGER_NAME = re.compile(
    r"(trig(gers?)?|status|stim?|sti\d+|markers?|ttl|events?)([ _.-]?\d+)?", re.I
)
_WHOLE_NUMBER = re.compile(r"(\d{1,9})(?:\.0*)?", re.A)
_HEXADECIMAL = re.compile(r"0x([0-9a-f]{1,8})", re.I)
_TAGGED_NUMBER = re.compile(r"(\d{1,9})\s*/\s*[A-Za-z_].*", re.A)
_ERPLAB_BIN = re.compile(r"B\d+(?:,B?\d+)*\((\d{1,9})\)", re.A)
_ENDS_IN_NUMBER = re.compile(r"(.*?[^\d.,+\-])\s*(\d{1,9})(?:\.0+)?", re.A)
_ENDS_IN_OTHER = re.compile(
    r"(?:[+\-]\s?[\d.]+|\d[.,]0*[1-9]\d*|\d+,\d+|\d:\d+|\d[eE][+\-]?\d+|\d{10,})\s*$", re.A
)
_NO_CODE_PREFIXES = ("bad", "edge", "boundary", "comment", "new segment", "lost")
_MICROVOLT = 1e-6


def digital_codes(
    lines: np.ndarray,
    sfreq: float,
    *,
    threshold: float | None = None,
    inverted: bool | Sequence[bool] | None = None,
    min_duration: float | None = None,
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
    min_duration : float | None
        Shorter states (s) are glitches: while several bits switch they belong to the code that
        follows, otherwise they are left out. None: 3 ms, unless most pulses are shorter.
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
    table = state_codes(
        weights @ high,
        sfreq,
        rest=rest,
        min_duration=min_duration,
        source="digital",
        is_one_word=False,
    )
    if edge == "trailing":
        table["onset"] = table["onset"] + table["duration"]
    return table


def stim_codes(
    raw: mne.io.BaseRaw, channel: str, *, min_duration: float | None = None
) -> pd.DataFrame:
    """Decode a trigger channel whose samples are the codes.

    Parameters
    ----------
    raw : mne.io.Raw
        Recording.
    channel : str
        Name of the trigger channel. Codes that were scaled from "microvolt" to volt are
        scaled back.
    min_duration : float | None
        Shorter states (s) are glitches, as in `digital_codes`. None: only states of less than 3 ms
        between two others, of whose bits they are a mixture; a code of one sample counts.

    Returns
    -------
    DataFrame
        ``code, onset`` (s from the first sample)``, duration`` (s), ``source`` (channel).

    Notes
    -----
    A resting value other than zero (Neuroscan amplifiers rest at 65280 or 255) is removed from the
    codes bit by bit, the state of the amplifier in the upper bits of BioSemi's Status channel as
    well. Missing samples (NaN) hold the value before them. A code that the channel holds from the
    first sample on began before the recording and is no event.

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
    if len(state) and (channel.lower().startswith("status") or np.median(state) >= STATUS_BITS):
        state %= STATUS_BITS
    return state_codes(
        state,
        raw.info["sfreq"],
        rest=None,
        min_duration=min_duration,
        source=channel,
        is_one_word=True,
    )


def annotation_codes(raw: mne.io.BaseRaw) -> pd.DataFrame:
    """Collect the codes written as annotations.

    Parameters
    ----------
    raw : mne.io.Raw
        Recording with descriptions such as ``101``, ``101.0``, ``0x65``, ``101/happy``, ``R 15`` or
        ``Stimulus/S101`` or ERPLAB's ``B1(101)``. Decimals (``1.5``), signs (``-99``) and times are
        no codes.

    Returns
    -------
    DataFrame
        ``code, onset`` (s from the first sample)``, duration`` (s), ``source``. Of several kinds
        of numbered descriptions (``Stimulus/S1``, ``Response/R1``) the one with the most rows.

    Warns
    -----
    UserWarning
        With the number of rows of every other kind, and of numbers that are no codes.

    Examples
    --------
    >>> import mne, numpy as np
    >>> raw = mne.io.RawArray(np.zeros((1, 500)), mne.create_info(1, 100.0), verbose="error")
    >>> raw = raw.set_annotations(mne.Annotations([1.5], [0.0], ["101"]))
    >>> annotation_codes(raw)[["code", "onset"]]
       code  onset
    0   101    1.5
    """
    kinds, rejected = _annotation_kinds(raw)
    counts = {each.name.removeprefix("annotations").strip(): len(each.codes) for each in kinds}
    taken, *others = list(counts) or [""]
    left_out = [f"{counts[kind]} of {kind or 'plain numbers'}" for kind in others]
    left_out += [f"{n} of {text!r}, which is no code" for text, n in rejected.items()]
    if left_out:
        warnings.warn(
            f"annotations: {counts.get(taken, 0)} codes of {taken or 'plain numbers'} are taken; "
            f"left out: {', '.join(left_out)}.",
            stacklevel=2,
        )
    return kinds[0].codes if kinds else empty_codes()


def recording_codes(raw: mne.io.BaseRaw, *, source: str | None = None) -> pd.DataFrame:
    """Read the codes of a recording from the most plausible source that it has.

    Parameters
    ----------
    raw : mne.io.Raw
        Recording with coded annotations, trigger channels (type ``stim``, or named ``Trigger``,
        ``Status``, ``Marker`` ...) or digital lines named ``D0``, ``D1`` ... that have two levels.
    source : str | None
        A source that `code_sources` lists, such as ``"Status"``, ``"digital"``, ``"annotations"``
        or ``"annotations Stimulus/S"``; None chooses.

    Returns
    -------
    DataFrame
        ``code, onset`` (s from the first sample)``, duration`` (s), ``source``. Of the sources
        without a fault the one with most codes; on a tie annotations come before channels,
        channels before lines.

    Warns
    -----
    UserWarning
        When another source has a fault or says something else: what was left out, and why.

    Raises
    ------
    MmmeError
        When the recording has none of these, no code in any, or not the source that is named.

    Notes
    -----
    A source is noise, not codes, if it changes in more than a fifth of its samples or more than 20
    times a second; a channel of more than 64 states, also beyond 0 to 255, that rests in none is
    taken only where there is no other.

    Electrodes are never taken for digital lines, whatever their names.

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
    sources = trigger_sources(raw)
    if source is not None:
        chosen = named_source(sources, source)
        warn_of_choice(chosen, [chosen])
        return chosen.codes
    chosen = most_plausible(sources, raw)
    warn_of_choice(chosen, sources)
    return chosen.codes


def code_sources(raw: mne.io.BaseRaw) -> pd.DataFrame:
    """List every source of trigger codes that a recording has.

    Parameters
    ----------
    raw : mne.io.Raw
        As in `recording_codes`.

    Returns
    -------
    DataFrame
        ``source`` (what ``source=`` takes)``, n_codes, n_states`` (different codes)``,
        per_minute, first_codes`` (text) and ``fault``: why it is not chosen by itself, empty where
        it may be.

    Examples
    --------
    >>> import mne, numpy as np
    >>> raw = mne.io.RawArray(np.zeros((1, 500)), mne.create_info(1, 100.0), verbose="error")
    >>> raw = raw.set_annotations(mne.Annotations([1.5, 2.5], 0.0, ["101", "100"]))
    >>> code_sources(raw)[["source", "n_codes", "first_codes"]]
            source  n_codes first_codes
    0  annotations        2    101, 100
    """
    return source_table(trigger_sources(raw), raw)


def source_table(sources: Sequence["CodeSource"], raw: mne.io.BaseRaw) -> pd.DataFrame:
    """Sources of a recording as `code_sources` lists them.

    Parameters
    ----------
    sources : sequence of CodeSource
        Of `trigger_sources`.
    raw : mne.io.Raw
        The recording.

    Returns
    -------
    DataFrame
    """
    minutes = raw.n_times / raw.info["sfreq"] / 60
    rows = [
        (
            each.name,
            len(each.codes),
            each.codes["code"].nunique(),
            round(len(each.codes) / minutes, 1),
            each.first_codes(),
            each.fault,
        )
        for each in sources
    ]
    return pd.DataFrame(rows, columns=list(SOURCE_COLUMNS))


@dataclass(frozen=True, eq=False)
class CodeSource:
    """Codes of one source of a recording.

    ``fault`` says why they are not to be believed, ``notes`` what a reader of them should know;
    a source that ``is_restless`` is taken only where there is no other.
    """

    name: str
    codes: pd.DataFrame
    fault: str = ""
    notes: tuple[str, ...] = ()
    is_restless: bool = False

    def first_codes(self) -> str:
        """The first codes as text."""
        first = ", ".join(map(str, self.codes["code"].head(FIRST_CODES)))
        return first + (", ..." if len(self.codes) > FIRST_CODES else "")

    def __str__(self) -> str:
        text = f"{self.name}: {len(self.codes)} codes"
        text += f" ({self.first_codes()})" if len(self.codes) else ""
        return f"{text}, {self.fault}" if self.fault else text


def trigger_sources(raw: mne.io.BaseRaw) -> list[CodeSource]:
    """Every source of codes: kinds of annotations, trigger channels, digital lines.

    Parameters
    ----------
    raw : mne.io.Raw
        As in `recording_codes`.

    Returns
    -------
    list of CodeSource
        In the order in which they are preferred on a tie.
    """
    kinds, rejected = _annotation_kinds(raw)
    sources = list(kinds)
    if rejected:
        texts = ", ".join(f"{text!r} ({n})" for text, n in list(rejected.items())[:3])
        fault = f"{texts}: decimals, signs and times are no codes"
        sources.append(CodeSource("annotations that are no codes", empty_codes(), fault))
    kind_of = dict(zip(raw.ch_names, raw.get_channel_types(), strict=True))
    lines = {
        name: int(match[1])
        for name, match in ((name, _LINE_NAME.fullmatch(name)) for name in raw.ch_names)
        if match and kind_of[name] in PORT_TYPES
    }
    for name, kind in kind_of.items():
        is_named = _TRIGGER_NAME.fullmatch(name.strip()) is not None
        if name not in lines and (kind == "stim" or is_named):
            sources.append(_noted(_channel_source, raw, name))
    if lines:
        sources.append(_noted(_line_source, raw, lines))
    return [_judged(each, raw) for each in sources]


def most_plausible(sources: Sequence[CodeSource], raw: mne.io.BaseRaw) -> CodeSource:
    """The source without a fault that has most codes.

    Parameters
    ----------
    sources : sequence of CodeSource
        Of `trigger_sources`.
    raw : mne.io.Raw
        The recording, for the message.

    Returns
    -------
    CodeSource

    Raises
    ------
    MissingInput
        When there is none.
    """
    sound = [each for each in sources if not each.fault]
    if sound:
        return max(sound, key=lambda each: (not each.is_restless, len(each.codes)))
    lines = [name for name in raw.ch_names if _LINE_NAME.fullmatch(name)]
    raise MissingInput(
        "the recording holds no trigger codes: expected numbered annotations, a stim channel or "
        f"digital lines D0..D7 with two levels; found {len(raw.annotations)} annotations, channels "
        f"named like lines {lines[:8] or 'none'}, and as sources of codes "
        f"{'; '.join(map(str, sources)) or 'none'}. Name or type channels "
        "accordingly (raw.rename_channels, raw.set_channel_types), or choose one that has codes by "
        "source=..."
    )


def named_source(sources: Sequence[CodeSource], name: str) -> CodeSource:
    """The source of a name, upper or lower case; ``annotations`` is its largest kind.

    Parameters
    ----------
    sources : sequence of CodeSource
        Of `trigger_sources`.
    name : str
        As `code_sources` lists it.

    Returns
    -------
    CodeSource

    Raises
    ------
    MissingInput
        When there is no such source, or it has no code.
    """
    wanted = name.strip().lower()
    own = [each for each in sources if each.name.lower() == wanted]
    if not own and wanted == "annotations":
        own = [each for each in sources if each.name.startswith("annotations")]
    if own and not own[0].codes.empty:
        return own[0]
    raise MissingInput(
        f"source={name!r}: expected a source of codes of the recording, which has "
        f"{'; '.join(map(str, sources)) or 'none'}; name one that has codes."
    )


def warn_of_choice(chosen: CodeSource, sources: Sequence[CodeSource], *, where: str = "") -> None:
    """Say what was doubtful in a source, and which others were left out unless they say the same.

    Parameters
    ----------
    chosen : CodeSource
        The source that is used.
    sources : sequence of CodeSource
        All of them.
    where : str
        What the message begins with.
    """
    for note in chosen.notes:
        warnings.warn(f"{where}{note}", UserWarning, stacklevel=3)
    others = [
        each
        for each in sources
        if each is not chosen
        and (each.fault or _n_same(each, chosen) < SAME_SHARE * len(each.codes))
        and not (each.fault == NO_CODES)
    ]
    if others:
        warnings.warn(
            f"{where}trigger codes are taken from {chosen.name}: {len(chosen.codes)} codes "
            f"({chosen.first_codes()}); left out: {'; '.join(map(str, others))}. source=... takes "
            "another one.",
            UserWarning,
            stacklevel=3,
        )


def n_shared(one: CodeSource, other: CodeSource) -> int:
    """How many codes two sources have in common, repetitions counted.

    Parameters
    ----------
    one, other : CodeSource
        Of one or of two devices.

    Returns
    -------
    int
    """
    counts = one.codes["code"].value_counts(), other.codes["code"].value_counts()
    return int(np.minimum(*counts[0].align(counts[1], fill_value=0)).sum())


def _n_same(one: CodeSource, other: CodeSource) -> int:
    """How many codes of a source another one of the same recording has at the same time."""
    found = 0
    for code, mine in one.codes.groupby("code", observed=True)["onset"]:
        theirs = np.sort(other.codes.loc[other.codes["code"] == code, "onset"].to_numpy())
        if theirs.size:
            right = np.searchsorted(theirs, mine.to_numpy()).clip(1, max(theirs.size - 1, 1))
            near = np.abs(
                theirs[np.stack([right - 1, right]).clip(max=theirs.size - 1)] - mine.to_numpy()
            )
            found += int(np.count_nonzero(near.min(axis=0) <= SAME_TIME_S))
    return found


def agreeing_sources(
    one: Sequence[CodeSource], other: Sequence[CodeSource]
) -> tuple[CodeSource, CodeSource] | None:
    """The source of each of two devices that has most codes in common with the other's.

    Parameters
    ----------
    one, other : sequence of CodeSource
        Sources of the two devices.

    Returns
    -------
    tuple of CodeSource | None
        On a tie those with more codes; None where no two share a code.
    """
    pairs = [
        (_agreement(a, b), len(a.codes) + len(b.codes), a, b)
        for a in one
        for b in other
        if not (a.fault or b.fault)
    ]
    best = max(pairs, key=lambda pair: pair[:2], default=None)
    return None if best is None or not best[0] else best[2:]


def _agreement(one: CodeSource, other: CodeSource) -> float:
    """Codes in common; of noise, which has any code once, their share of all counts as well."""
    shared = n_shared(one, other)
    if not (one.is_restless or other.is_restless):
        return shared
    return shared * 2 * shared / max(len(one.codes) + len(other.codes), 1)


def _noted(read: Callable[..., CodeSource], *arguments: Any) -> CodeSource:
    """A source whose warnings wait until it is chosen."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        source = read(*arguments)
    return replace(source, notes=tuple(str(each.message) for each in caught))


def _judged(source: CodeSource, raw: mne.io.BaseRaw) -> CodeSource:
    """The source with its fault, if its codes cannot be an experiment's."""
    n_codes, seconds = len(source.codes), raw.n_times / raw.info["sfreq"]
    if source.fault:
        return source
    if not n_codes:
        return replace(source, fault=NO_CODES)
    is_noisy = n_codes > min(MAX_CODES_PER_S * seconds, MAX_CHANGING_SHARE * raw.n_times)
    if n_codes > FEWEST_TO_JUDGE and is_noisy:
        n_states = source.codes["code"].nunique()
        text = (
            f"changes {n_codes / seconds:.3g} times a second between {n_states} states, as an open "
            "or analog input does"
        )
        return replace(source, fault=text)
    return replace(source, is_restless=_is_restless(source.codes, seconds))


def _is_restless(codes: pd.DataFrame, seconds: float) -> bool:
    """Whether a channel goes through very many states and rests in none, as slow noise does."""
    held = codes.groupby("code", observed=True)["duration"].sum()
    rest = seconds - held.sum()
    is_wide = len(held) > MANY_STATES and held.index.max() > LARGEST_BYTE
    return bool(is_wide and max(rest, held.max()) < RESTING_SHARE * seconds)


def _annotation_kinds(raw: mne.io.BaseRaw) -> tuple[list[CodeSource], dict[str, int]]:
    """A source for each kind of numbered annotations, the largest first; and other numbers."""
    rows: list[tuple[int, float, float, str]] = []
    rejected: Counter[str] = Counter()
    for annotation in raw.annotations:
        text = str(annotation["description"]).strip("\x00 \t\r\n")
        numbered = _numbered(text)
        if numbered:
            kind, code = numbered
            rows.append((code, annotation["onset"] - raw.first_time, annotation["duration"], kind))
        elif _is_other_number(text):
            rejected[text] += 1
    table = pd.DataFrame(rows, columns=["code", "onset", "duration", "kind"])
    # Plain numbers win a tie; otherwise the order of appearance.
    counts = table["kind"].value_counts()
    order: list[str] = sorted(counts.index, key=lambda kind: (-counts[kind], kind != ""))
    sources = []
    for kind in order:
        codes = table[table["kind"] == kind].sort_values("onset", kind="stable", ignore_index=True)
        name = f"annotations {kind}".strip()
        sources.append(CodeSource(name, codes.assign(source=name)[list(CODE_COLUMNS)]))
    return sources, dict(rejected)


def _numbered(text: str) -> tuple[str, int] | None:
    """Kind and code of a description; None where it is no code."""
    if whole := _WHOLE_NUMBER.fullmatch(text):
        return "", int(whole[1])
    if hexadecimal := _HEXADECIMAL.fullmatch(text):
        return "", int(hexadecimal[1], 16)
    if tagged := _TAGGED_NUMBER.fullmatch(text) or _ERPLAB_BIN.fullmatch(text):
        return "", int(tagged[1])
    ends = _ENDS_IN_NUMBER.fullmatch(text)
    if _is_other_number(text) or ends is None or text.lower().startswith(_NO_CODE_PREFIXES):
        return None
    kind = ends[1].strip()
    has_word = any(sign.isalpha() or sign == "#" for sign in kind)
    return (kind, int(ends[2])) if has_word else None


def _is_other_number(text: str) -> bool:
    """Whether a description is, or ends in, a number with a sign, decimals or as a time."""
    return _ENDS_IN_OTHER.search(text) is not None


def _channel_source(raw: mne.io.BaseRaw, name: str) -> CodeSource:
    """Codes of a trigger channel: its values, or one line with two levels."""
    try:
        return CodeSource(name, stim_codes(raw, name))
    except BadInput:
        values = _held(raw.get_data(picks=[name], verbose="error")[0])
    if not _has_two_levels(values, values.min(), values.max(), are_pulses_alike=True):
        return CodeSource(name, empty_codes(), "neither whole numbers nor two levels")
    return CodeSource(name, digital_codes(values[None], raw.info["sfreq"]).assign(source=name))


def _line_source(raw: mne.io.BaseRaw, lines: Mapping[str, int]) -> CodeSource:
    """Codes of parallel lines; those without two levels are electrodes or analog inputs."""
    stored = raw.get_data(picks=list(lines), verbose="error")
    for row in stored:
        row[:] = _held(row)
    low, high = stored.min(axis=1), stored.max(axis=1)
    ranges = zip(stored, low, high, strict=True)
    pulsed = [top > floor and _has_two_levels(row, floor, top) for row, floor, top in ranges]
    # Noise of a line that rests is small beside another line's pulse.
    floor, top = (low[pulsed].min(), high[pulsed].max()) if any(pulsed) else (low.min(), low.min())
    sound = [_has_two_levels(row, floor, top) for row in stored]
    left_out = [name for name, is_sound in zip(lines, sound, strict=True) if not is_sound]
    if all(not is_sound for is_sound in sound):
        return CodeSource("digital", empty_codes(), f"{_few(left_out)} do not have two levels")
    if left_out:
        warnings.warn(
            f"digital lines: {_few(left_out)} left out, as they do not have two levels.",
            UserWarning,
            stacklevel=5,
        )
    bits = np.array(list(lines.values()))[sound]
    data = np.full((max(lines.values()) + 1, raw.n_times), floor)
    data[bits] = stored[sound]
    return CodeSource("digital", digital_codes(data, raw.info["sfreq"]))


def _few(names: Sequence[str]) -> str:
    """Names of channels, the first of many."""
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _has_two_levels(
    values: np.ndarray, low: float, high: float, *, are_pulses_alike: bool = False
) -> bool:
    """Whether hardly any sample lies halfway between two levels; of one level: all are on it."""
    if not high > low:
        return bool((values == low).all())
    edges = [low + share * (high - low) for share in LEVEL_BAND]
    if are_pulses_alike:
        # Short pulses of many heights are codes in volt, not one line.
        n_low, n_high = np.count_nonzero(values < edges[0]), np.count_nonzero(values > edges[1])
        if values.size - n_low - n_high > min(n_low, n_high):
            return False
    return bool(((values > edges[0]) & (values < edges[1])).mean() <= MAX_BETWEEN_LEVELS)


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
    rest = np.max(np.abs(scaled - state), initial=0.0)
    allowed = LARGEST_REST if np.max(np.abs(state), initial=0.0) >= 2 else 1e-3
    if not np.isfinite(values).all() or rest > allowed:
        raise BadInput(
            f"channel {channel!r} must hold integer codes (or codes times 1e-6); found "
            f"{float(values[np.argmax(np.abs(scaled - state))])!r}. For a voltage line use "
            "digital_codes."
        )
    if np.min(state, initial=0) == -1 and state[state > -1].any():
        # Some devices rest at -1; were it a word with all lines high, the codes were below, too.
        state = np.maximum(state, 0)
    if np.min(state, initial=0) < 0:
        # A signed 16-bit word: its lowest bits are the code.
        state = np.mod(state, 2**16)
    return state.astype(np.int64)
