"""Units of voltage as files write them, and whether a signal in them can be EEG."""

import re
import unicodedata
import warnings
from collections.abc import Mapping
from pathlib import Path

import mne
import numpy as np

from mmme_neuro.errors import BadInput

PREFIXES = {
    **dict.fromkeys(("n", "nano"), 1e-9),
    **dict.fromkeys(("u", "μ", "mu", "micro", "mc", "?"), 1e-6),
    **dict.fromkeys(("m", "milli"), 1e-3),
    "": 1.0,
}
"""Metric prefixes of a volt, lower case; ``?`` stands for one that the encoding has spoiled."""

_VOLT = re.compile(r"(nano|micro|milli|mu|mc|[numμ?]|)[\s-]*(v|volts?)\.?")
_SIEMENS = re.compile(r"(nano|micro|milli|mu|mc|[numμ?]|)[\s-]*(s|siemens?|mhos?)\.?")
_CELSIUS = re.compile(r"(deg(rees?)?\.?|°|˚|o)?\s*(c|celsius)")
_MICRO_ELSEWHERE = re.compile(r"^(?:âμ|î1⁄4|\x83ê|¦ì|æ)(?=v)")
"""The Greek letter in UTF-8, Shift-JIS, GBK and code page 437, read as Latin-1."""

_SPOILED = re.compile(r"^(?:ï¿1⁄2|[^\w\s]|_){1,3}(?=v)")
_BLANK = ("", "n/a", "na", "n.a.", "none", "-", "--", "?", "unknown", "unit", "units", ".", "*")

VOLTAGES = ("eeg", "eog", "ecg", "emg")
"""MNE types of channels that hold a voltage of the body."""

SMALLEST_EEG_V = 1e-7
LARGEST_EEG_V = 5e-3
"""Robust spread of an EEG, offset and drift apart: no recording of a head lies outside."""

TYPICAL_EEG_V = 2e-5
FLAT_V = 1e-13
N_PIECES = 8
PIECE_S = 1.0
ENOUGH_SAMPLES = 250
"""Of a piece, evenly spread, to know its spread."""

TOLD_APART = 200.0
"""A channel so far from the others' median, and of no size that an EEG has, has another unit (a
thousand apart, at unlike electrodes) or is not connected."""

FLATTER = 1e-6
"""A dead channel is no flatter than this; it is bad, not in another unit."""

WORDS = {1e-9: "nV", 1e-6: "uV", 1e-3: "mV", 1.0: "V"}


def volts_per_unit(unit: str) -> float | None:
    """Volts in one unit of voltage, however it is spelled; None for anything else.

    Parameters
    ----------
    unit : str
        As in a file: ``uV``, ``µV`` (either character, in any encoding), ``microV``, ``.V`` ...

    Returns
    -------
    float | None

    Examples
    --------
    >>> [volts_per_unit(unit) for unit in ("uV", "microvolt", "mV", "V", "mmHg")]
    [1e-06, 1e-06, 0.001, 1.0, None]
    """
    match = _VOLT.fullmatch(_SPOILED.sub("?", _plain(unit)))
    return PREFIXES[match[1]] if match else None


def given_unit(units: str | Mapping[str, str] | None, name: str) -> str | None:
    """Unit that a caller gave for a channel: a word is for all, a mapping for its channels."""
    return units if units is None or isinstance(units, str) else units.get(name)


def other_factor(unit: str, kind: str) -> float | None:
    """Siemens or degrees Celsius in a unit of skin conductance or temperature; None for others.

    Examples
    --------
    >>> other_factor("uS", "gsr"), other_factor("°C", "temperature"), other_factor("F", "gsr")
    (1e-06, 1.0, None)
    """
    if kind == "temperature":
        return 1.0 if _CELSIUS.fullmatch(_plain(unit)) else None
    match = _SIEMENS.fullmatch(_plain(unit))
    return PREFIXES[match[1]] if match else None


def is_spoiled(unit: str) -> bool:
    """Whether a sign that the encoding has spoiled stands before the volt.

    Examples
    --------
    >>> [is_spoiled(unit) for unit in (".V", "uV", "V")]
    [True, False, False]
    """
    return _SPOILED.match(_plain(unit)) is not None


def _plain(unit: str) -> str:
    """A unit in lower case, with one letter for micro."""
    text = unicodedata.normalize("NFKC", unit).strip("\x00 \t[]()").lower().replace("µ", "μ")
    return _MICRO_ELSEWHERE.sub("μ", text)


def is_blank(unit: str) -> bool:
    """Whether a unit says nothing.

    Examples
    --------
    >>> [is_blank(unit) for unit in ("", " n/a", "uV")]
    [True, True, False]
    """
    return unit.strip("\x00 \t[]()").lower() in _BLANK


def spread_of_eeg(recording: mne.io.BaseRaw | mne.BaseEpochs) -> dict[str, float]:
    """Robust spread of every EEG channel, without offset and drift.

    Parameters
    ----------
    recording : mne.io.BaseRaw | mne.BaseEpochs
        Some seconds of it, spread evenly, are read.

    Returns
    -------
    dict of str to float
        Channel -> median, over pieces of 1 s in which it is not flat, of 1.4826 times the median
        absolute deviation from a straight line (V); NaN where all samples are missing.
    """
    types = recording.get_channel_types()
    names = [name for name, kind in zip(recording.ch_names, types, strict=True) if kind == "eeg"]
    if not names:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pieces without a sample
        spreads = np.array([_spread(piece) for piece in _pieces(recording, names)])
        # Pieces without a signal (the amplifier off, a gap filled with zeros) say nothing.
        median = np.nanmedian(np.where(spreads > FLAT_V, spreads, np.nan), axis=0)
        median = np.where(np.isnan(median), np.nanmedian(spreads, axis=0), median)
    return dict(zip(names, median.tolist(), strict=True))


def _pieces(recording: mne.io.BaseRaw | mne.BaseEpochs, names: list[str]) -> list[np.ndarray]:
    """Samples of some pieces, each of shape (n_channels, n_samples)."""
    if isinstance(recording, mne.BaseEpochs):
        chosen = np.unique(np.linspace(0, len(recording) - 1, N_PIECES).astype(int))
        return list(recording[chosen].get_data(picks=names, verbose="error"))
    length = min(max(int(PIECE_S * recording.info["sfreq"]), 16), recording.n_times)
    starts = np.linspace(0, recording.n_times - length, N_PIECES).astype(int)
    return [
        recording.get_data(names, start, start + length, verbose="error")
        for start in np.unique(starts)
    ]


def _spread(piece: np.ndarray) -> np.ndarray:
    """Spread about a straight line by channel; that of the moments where most samples are alike."""
    piece = piece[:, :: max(piece.shape[1] // ENOUGH_SAMPLES, 1)]
    if np.isfinite(piece).all():
        mean, median, std = np.mean, np.median, np.std
    else:
        mean, median, std = np.nanmean, np.nanmedian, np.nanstd
    time = np.linspace(-1, 1, piece.shape[1])
    piece = piece - mean(piece, axis=1, keepdims=True)
    piece = piece - mean(piece * time, axis=1, keepdims=True) / np.mean(time**2) * time
    middle = median(piece, axis=1, keepdims=True)
    robust = 1.4826 * median(np.abs(piece - middle), axis=1)
    return np.where(robust > FLAT_V, robust, std(piece, axis=1))


def is_plausible(spread_v: float) -> bool:
    """Whether a signal of this spread (V) can be EEG."""
    return bool(SMALLEST_EEG_V <= spread_v <= LARGEST_EEG_V)


def _lively(spread: Mapping[str, float]) -> dict[str, float]:
    """Channels that are neither flat nor missing."""
    return {name: value for name, value in spread.items() if value > FLAT_V}


def _verdict(lively: Mapping[str, float], volts: Mapping[str, float]) -> str:
    """What is wrong with the spread; empty where nothing is."""
    typical = float(np.median(list(lively.values()))) if lively else np.nan
    if not lively or is_plausible(typical):
        return ""
    return (
        f"expected EEG with a robust spread of 0.1 uV to 5 mV, found {_in_words(typical)} (median "
        f"of {len(lively)} channels, such as {next(iter(lively))!r}); "
        + _advice(typical, volts, lively)
    )


def check_spread(
    path: Path,
    recording: mne.io.BaseRaw | mne.BaseEpochs,
    volts: Mapping[str, float] | None = None,
    *,
    is_given: bool = False,
) -> None:
    """Refuse a recording whose EEG cannot be EEG in the unit that it was taken to have.

    Parameters
    ----------
    path : Path
        For the message.
    recording : mne.io.BaseRaw | mne.BaseEpochs
        With EEG in volt.
    volts : mapping of str to float | None
        EEG channel -> volts that one unit of the file was taken for; None: volt.
    is_given : bool
        Whether the caller gave the units: then a warning takes the place of the refusal.

    Raises
    ------
    BadInput
        With the unit that would fit.

    Warns
    -----
    UserWarning
        Of an EEG that is flat, and of single channels that are far from the others.
    """
    spread = spread_of_eeg(recording)
    lively = _lively(spread)
    if message := _verdict(lively, volts or {}):
        if not is_given:
            raise BadInput(f"{path}: {message}")
        warnings.warn(f"{path}: {message} It is kept, as units were given.", stacklevel=4)
        return
    if spread and not lively:
        warnings.warn(
            f"{path}: the EEG is flat: all {len(spread)} channels are constant or missing.",
            stacklevel=4,
        )
    typical = float(np.median(list(lively.values()))) if lively else np.nan
    if odd := [name for name, value in lively.items() if _is_far(value, typical)]:
        warnings.warn(
            f"{path}: the EEG channels {odd} have a robust spread of "
            f"{', '.join(_in_words(lively[name]) for name in odd)}, the median of all is "
            f"{_in_words(typical)}. They are broken, or no EEG, or in another unit: then read the "
            f"file with units={{{odd[0]!r}: ...}}.",
            stacklevel=4,
        )


def _is_far(value: float, typical: float) -> bool:
    """Whether a spread is beyond the possible and far from the others'."""
    return value > max(LARGEST_EEG_V, TOLD_APART * typical) or value < FLATTER * typical


def _advice(typical: float, volts: Mapping[str, float], lively: Mapping[str, float]) -> str:
    """Which unit would make it an EEG."""
    now = float(np.median([volts.get(name, 1.0) for name in lively]))
    fitting = {
        word: typical / now * factor
        for factor, word in WORDS.items()
        if is_plausible(typical / now * factor)
    }
    if not fitting:
        return (
            "no unit from nV to V makes it an EEG. Is it one? Type other channels in the file, or "
            "give `units` to have it read as it is."
        )
    best = min(fitting, key=lambda word: abs(np.log(fitting[word] / TYPICAL_EEG_V)))
    return (
        f"the unit is wrong or missing: in {best} it would be {_in_words(fitting[best])}. Read it "
        f"with read_eeg(path, units={best!r}), or units= a mapping of channels to units, and save "
        "the result as FIF where another step reads the file."
    )


def _in_words(volts: float) -> str:
    """A voltage in a unit that suits it."""
    scale = next((s for s in (1.0, 1e-3, 1e-6, 1e-9) if volts >= s), 1e-9)
    return f"{volts / scale:.3g} {WORDS[scale]}"
