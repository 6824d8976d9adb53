"""Breaks of a recording: samples that follow one another but were not recorded so, and gaps."""

import re
import struct
from collections.abc import Sequence
from pathlib import Path

import mne
import numpy as np

CUT = "BAD boundary"
EDGE = "EDGE boundary"
"""MNE's names of a place where two stretches were joined: epochs over the first are rejected,
filters stop at the second."""

SKIP = "BAD_ACQ_SKIP"
"""MNE's name of a stretch that was not recorded; filters leave it out."""

_BREAK = re.compile(r"(bad|edge)?[\s_]*(boundary|discontinuity|new segment)\b.*", re.I)
_ERPLAB_BOUNDARY = re.compile(r"-99(\.0*)?")
_SLACK = 1e-3
"""Times are stored with so much rounding (samples)."""

_CNT_HEADER, _CNT_CHANNEL_HEADER = 900, 75
_CNT_EVENT_BYTES = {1: 8, 2: 19, 3: 19}
_CNT_PAUSES = (11, 14)
"""Marks of a DC reset and of a pause, in the upper half of an event's byte for key pads."""


def cuts(raw: mne.io.BaseRaw) -> np.ndarray:
    """First sample after each place where a recording was cut and joined, or paused.

    Parameters
    ----------
    raw : mne.io.Raw
        With annotations such as EEGLAB's ``boundary``, BrainVision's ``New Segment/`` or MNE's
        ``EDGE boundary``, whatever duration they have.

    Returns
    -------
    array of int, shape (n_cuts,)
        Counted from the recording's first sample; cuts before it or at the end are none.

    Examples
    --------
    >>> raw = mne.io.RawArray(np.zeros((1, 500)), mne.create_info(1, 100.0), verbose="error")
    >>> cuts(raw.set_annotations(mne.Annotations([0.0, 2.0], 0.0, ["New Segment/", "boundary"])))
    array([200])
    """
    marks = raw.annotations
    is_cut = [_BREAK.fullmatch(text.strip()) is not None for text in marks.description]
    onset = (marks.onset[is_cut] - raw.first_time) * raw.info["sfreq"]
    first = np.unique(np.ceil(onset - _SLACK).astype(int))
    return first[(first > 0) & (first < raw.n_times)]


def skipped(raw: mne.io.BaseRaw) -> np.ndarray:
    """Whether each sample lies in a stretch that was not recorded.

    Parameters
    ----------
    raw : mne.io.Raw
        With annotations ``BAD_ACQ_SKIP``.

    Returns
    -------
    array of bool, shape (n_times,)
    """
    mask = np.zeros(raw.n_times, dtype=bool)
    sfreq = raw.info["sfreq"]
    for mark in raw.annotations:
        if mark["description"].upper().startswith(SKIP):
            first, stop = np.round(
                (mark["onset"] - raw.first_time + np.array([0, mark["duration"]])) * sfreq
            ).astype(int)
            mask[max(first, 0) : max(stop, 0)] = True
    return mask


def has_breaks(raw: mne.io.BaseRaw) -> bool:
    """Whether a recording has cuts or stretches that were not recorded."""
    return bool(len(cuts(raw))) or any(
        text.upper().startswith(SKIP) for text in raw.annotations.description
    )


def mark_cuts(raw: mne.io.BaseRaw, samples: Sequence[int] | np.ndarray) -> None:
    """Annotate cuts in place by the names that MNE respects.

    Parameters
    ----------
    raw : mne.io.Raw
        Changed.
    samples : sequence of int
        First sample after each cut, from the recording's first.
    """
    old = {(round(mark["onset"], 6), mark["description"]) for mark in raw.annotations}
    for sample in samples:
        onset = sample / raw.info["sfreq"]
        for text in (CUT, EDGE):
            if (round(onset + raw.first_time, 6), text) not in old:
                append_mark(raw, onset, 0.0, text)


def append_mark(raw: mne.io.BaseRaw, onset: float, duration: float, text: str) -> None:
    """Annotate in place, ``onset`` in seconds from the recording's first sample."""
    raw.annotations.append(onset + raw.first_time, duration, text)


def mark_erplab_boundaries(raw: mne.io.BaseRaw) -> None:
    """Annotate in place the cuts that ERPLAB codes as -99."""
    marks = raw.annotations
    is_cut = [_ERPLAB_BOUNDARY.fullmatch(text.strip()) is not None for text in marks.description]
    onset = (marks.onset[is_cut] - raw.first_time) * raw.info["sfreq"]
    first = np.unique(np.ceil(onset - _SLACK).astype(int))
    mark_cuts(raw, first[(first > 0) & (first < raw.n_times)])


def cnt_cuts(path: Path, n_times: int) -> list[int]:
    """First sample after each pause and DC reset of a Neuroscan 4 recording, which MNE passes over.

    Parameters
    ----------
    path : Path
        ``.cnt`` file.
    n_times : int
        Samples of the recording.

    Returns
    -------
    list of int
        Empty where the file has no table of events.
    """
    with path.open("rb") as stream:
        head = stream.read(_CNT_HEADER)
        if len(head) < _CNT_HEADER:
            return []
        (n_channels,) = struct.unpack_from("<H", head, 370)
        (table_at,) = struct.unpack_from("<I", head, 886)
        data_at = _CNT_HEADER + _CNT_CHANNEL_HEADER * n_channels
        stream.seek(table_at)
        kind, n_bytes, _ = struct.unpack("<BII", stream.read(9).ljust(9, b"\0"))
        events = stream.read(n_bytes)
    length, frame = _CNT_EVENT_BYTES.get(kind), (table_at - data_at) / max(n_times, 1)
    if length is None or frame <= 0:
        return []
    found = []
    for first in range(0, len(events) - length + 1, length):
        _, _, pad, offset = struct.unpack_from("<HBBi", events, first)
        # Tables of type 3 count samples, the others bytes of the file.
        sample = offset if kind == 3 else round((offset - data_at) / frame)
        if pad >> 4 in _CNT_PAUSES and 0 < sample < n_times:
            found.append(sample)
    return found


def stretches(raw: mne.io.BaseRaw) -> list[tuple[int, int]]:
    """First sample and the one after the last of each stretch recorded without a break.

    Parameters
    ----------
    raw : mne.io.Raw
        With breaks or without.

    Returns
    -------
    list of tuple of int
        In the order of time.
    """
    is_recorded = np.concatenate([[False], ~skipped(raw), [False]])
    edges = np.flatnonzero(np.diff(is_recorded.astype(np.int8)))
    inner = cuts(raw)
    found = []
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        own = inner[(inner > start) & (inner < stop)].tolist()
        found += list(zip([start, *own], [*own, stop], strict=True))
    return found


def across(samples: np.ndarray, window: tuple[int, int], breaks: np.ndarray) -> np.ndarray:
    """Whether a cut lies within a window of samples around each event.

    Parameters
    ----------
    samples : array of int, shape (n_events,)
        Sample of each event.
    window : tuple of int
        First and last sample of the window, from the event.
    breaks : array of int
        First sample after each cut (`cuts`).

    Returns
    -------
    array of bool, shape (n_events,)
    """
    first, last = samples + window[0], samples + window[1]
    return np.searchsorted(breaks, last, "right") > np.searchsorted(breaks, first, "right")
