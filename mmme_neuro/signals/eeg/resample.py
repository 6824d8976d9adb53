"""A long recording at a lower rate, in segments, never held whole in double precision."""

from collections.abc import Sequence
from fractions import Fraction

import mne
import numpy as np

from mmme_neuro.io.breaks import cuts, has_breaks, mark_cuts, skipped
from mmme_neuro.signals.eeg.gaps import MISSING, annotate, copy_annotations, fill_in_place

PIECE_S = 10.0
LONG_GAP_S = 1.0


def spread_segments(raw: mne.io.BaseRaw, *, seconds: float) -> mne.io.RawArray:
    """Join pieces of 10 s from all over a recording.

    Parameters
    ----------
    raw : mne.io.Raw
        In memory; not changed.
    seconds : float
        Length of the result; a recording that is not longer is copied whole.

    Returns
    -------
    mne.io.RawArray
        Without annotations but those of cuts (`mmme_neuro.io.breaks`), if the recording has cuts.

    Examples
    --------
    >>> raw = mne.io.RawArray(np.zeros((1, 10000)), mne.create_info(1, 100.0), verbose="error")
    >>> spread_segments(raw, seconds=30).times[-1]
    29.99
    """
    sfreq = raw.info["sfreq"]
    if raw.n_times <= seconds * sfreq:
        return _joined(raw, [(0, raw.n_times)], cut=has_breaks(raw))
    n_pieces = max(int(round(seconds / PIECE_S)), 1)
    length = int(PIECE_S * sfreq)
    starts = np.linspace(0, raw.n_times - length, n_pieces).astype(int).tolist()
    return _joined(raw, [(start, start + length) for start in starts], cut=has_breaks(raw))


def recorded_part(raw: mne.io.BaseRaw) -> mne.io.BaseRaw:
    """Join the stretches that were recorded, for what looks at the recording as a whole.

    Parameters
    ----------
    raw : mne.io.Raw
        In memory; not changed.

    Returns
    -------
    mne.io.Raw
        The same where nothing is annotated as not recorded (``BAD_ACQ_SKIP``) and no gap (``BAD
        missing``) is longer than 1 s; otherwise a copy without these, cuts annotated.
    """
    lost = skipped(raw)
    for mark in raw.annotations:
        if mark["description"] == MISSING and mark["duration"] > LONG_GAP_S:
            first = round((mark["onset"] - raw.first_time) * raw.info["sfreq"])
            lost[first : first + round(mark["duration"] * raw.info["sfreq"])] = True
    if not lost.any() or lost.all():
        return raw
    edges = np.flatnonzero(np.diff(np.concatenate([[True], lost, [True]]).astype(np.int8)))
    parts = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    return _joined(raw, parts, cut=True)


def _joined(raw: mne.io.BaseRaw, parts: list[tuple[int, int]], *, cut: bool) -> mne.io.RawArray:
    """Parts of a recording one after the other; with ``cut`` the joints are annotated."""
    pieces = [raw.get_data(start=start, stop=stop, verbose="error") for start, stop in parts]
    whole = mne.io.RawArray(np.concatenate(pieces, axis=1), raw.info.copy(), verbose="error")
    inner, at = cuts(raw) if cut else np.empty(0, int), 0
    for start, stop in parts:
        own = inner[(inner > start) & (inner < stop)] - start + at
        mark_cuts(whole, [*([at] if at and cut else []), *own.tolist()])
        at += stop - start
    return whole


LARGEST_FACTOR = 1000
"""Rates are taken to be in the ratio of whole numbers up to this."""

BLOCK_BYTES = 2**26
"""Double-precision samples read from the file at a time."""


def decimated(
    raw: mne.io.BaseRaw, picks: Sequence[str], sfreq: float
) -> tuple[mne.io.RawArray, dict[str, str]]:
    """Read channels in blocks, fill gaps, and resample one channel after the other.

    Parameters
    ----------
    raw : mne.io.Raw
        In memory or on disk; not changed.
    picks : sequence of str
        Channels.
    sfreq : float
        Rate of the result (Hz), at most the recording's.

    Returns
    -------
    raw : mne.io.RawArray
        Finite everywhere; what the recording lacks is annotated ``BAD missing``, and every cut by
        the names that MNE's filters respect. What was not recorded (``BAD_ACQ_SKIP``) is zero.
    channels : dict of str to str
        EEG channels with gaps of their own -> reason.

    Notes
    -----
    A 73-minute recording of 68 channels at 1000 Hz takes 2.4 GB in double precision. Here it is
    held in single precision (1.2 GB; steps of 0.06 ppm) until it is resampled by a polyphase filter
    (`mne.filter.resample`).
    """
    info = mne.pick_info(raw.info, [raw.ch_names.index(name) for name in picks])
    values = _single_precision(raw, list(picks))
    is_eeg = np.array(info.get_channel_types()) == "eeg"
    gaps = fill_in_place(values, is_eeg, skipped(raw))
    old, breaks = raw.info["sfreq"], cuts(raw)
    if sfreq < old:
        steps = _leveled_in_place(values, breaks)
        data = _resampled(values, old, sfreq)
        for first, step in zip(np.round(breaks * sfreq / old).astype(int), steps, strict=True):
            data[:, first:] += step[:, None]
        info = _at_rate(info, sfreq)
    else:
        data = values.astype(float)
    del values
    out = mne.io.RawArray(data, info, round(raw.first_time * min(sfreq, old)), verbose="error")
    copy_annotations(raw, out)
    annotate(out, gaps, old)
    mark_cuts(out, np.round(breaks * out.info["sfreq"] / old).astype(int))
    if (lost := skipped(out)).any():
        out.apply_function(lambda row: np.where(lost, 0.0, row), picks="all", verbose="error")
    return out, gaps.reasons(list(picks), old)


def _single_precision(raw: mne.io.BaseRaw, picks: list[str]) -> np.ndarray:
    """Samples of the channels, shape (n_channels, n_times)."""
    values = np.full((len(picks), raw.n_times), np.nan, np.float32)
    step = max(BLOCK_BYTES // (8 * len(raw.ch_names)), 1)
    for start in range(0, raw.n_times, step):
        stop = min(start + step, raw.n_times)
        values[:, start:stop] = raw.get_data(picks, start, stop, verbose="error")
    return values


def _leveled_in_place(values: np.ndarray, breaks: np.ndarray) -> list[np.ndarray]:
    """Take out the step at each cut, so that resampling does not ring there; return the steps."""
    steps = []
    for first in breaks.tolist():
        step = values[:, first] - values[:, first - 1]
        values[:, first:] -= step[:, None]
        steps.append(step.astype(float))
    return steps


def _resampled(values: np.ndarray, old: float, new: float) -> np.ndarray:
    """Every channel at the new rate."""
    ratio = Fraction(new / old).limit_denominator(LARGEST_FACTOR)
    # MNE takes the ratio of lengths, whose terms are huge unless the length fits.
    n_kept = values.shape[1] // ratio.denominator * ratio.denominator
    rows = (
        mne.filter.resample(
            row[:n_kept].astype(float),
            up=ratio.numerator,
            down=ratio.denominator,
            method="polyphase",
            verbose="error",
        )
        for row in values
    )
    first = next(rows)
    out = np.full((len(values), first.size), np.nan)
    out[0] = first
    for number, row in enumerate(rows, start=1):
        out[number] = row
    return out


def _at_rate(info: mne.Info, sfreq: float) -> mne.Info:
    """The same channels at another rate."""
    info = info.copy()
    with info._unlock():
        info["sfreq"] = sfreq
        info["lowpass"] = min(info["lowpass"] or np.inf, sfreq / 2)
    return info
