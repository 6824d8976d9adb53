"""When each data record of an EDF+ or BDF+ file was recorded, and gaps between records filled."""

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mne
import numpy as np

from mmme_neuro.errors import DamagedFile
from mmme_neuro.io.breaks import SKIP, append_mark

HEADER_BYTES = 256
LABELS, UNITS, COUNTS = (0, 16), (96, 8), (216, 8)
"""Fields of a signal's header: the bytes per signal before the field, and its width. The header has
one field of all signals after the other."""

TIME_CHANNELS = ("EDF ANNOTATIONS", "BDF ANNOTATIONS")
FEWEST_MISSING = 2
SHORTEST_GAP_S = 0.005
"""Times of records are written with so much rounding (samples, s)."""

LARGEST_FACTOR = 3
LARGEST_BYTES = 10**9
"""A recording may not grow by more than this factor and to more than so many bytes."""


@dataclass(frozen=True)
class RecordLayout:
    """Where a file's data records lie and how long each is."""

    kind: str
    n_records: int
    record_bytes: int
    time_at: int
    time_bytes: int
    header_bytes: int


def read_records(path: Path, reader: Callable[..., mne.io.BaseRaw]) -> mne.io.BaseRaw:
    """Read a file and put the records of a discontinuous one where their times say.

    Parameters
    ----------
    path : Path
        The ``.edf`` or ``.bdf`` file.
    reader : callable
        ``(path, verbose=...) -> Raw``, which puts the records one after the other, as MNE does.

    Returns
    -------
    mne.io.Raw
        The same where there is no gap; otherwise a copy in memory, zero in each gap (trigger
        channels hold their last value), which is annotated ``BAD_ACQ_SKIP`` as MNE does for its own
        files.

    Raises
    ------
    DamagedFile
        When the times of the records are missing or go back, or gaps are too long to be filled.
    """
    layout = _layout(path)
    is_parted = layout is not None and layout.kind.endswith("D")
    # Marks behind the last record, were there no gaps, are read below.
    raw = reader(path, verbose="error" if is_parted else "warning")
    if layout is None or raw.n_times % layout.n_records:
        return raw
    starts = _record_starts(path, layout)
    if starts is None:
        return raw
    sfreq, length = raw.info["sfreq"], raw.n_times // layout.n_records
    placed, shortest = [0], max(FEWEST_MISSING, SHORTEST_GAP_S * sfreq)
    for start in np.round((starts[1:] - starts[0]) * sfreq).astype(int).tolist():
        expected = placed[-1] + length
        if start < expected - shortest:
            if layout.kind.endswith("C"):
                return raw
            raise DamagedFile(
                f"{path}: expected data records that follow one another, found one at "
                f"{start / sfreq:g} s that begins before the last one's end "
                f"({expected / sfreq:g} s); the file is damaged: export it again."
            )
        placed.append(start if start > expected + shortest else expected)
    return raw if placed[-1] == (layout.n_records - 1) * length else _padded(path, raw, placed)


def signal_fields(path: Path, field: tuple[int, int]) -> list[str]:
    """One field of the header of every signal.

    Parameters
    ----------
    path : Path
        The ``.edf`` or ``.bdf`` file.
    field : tuple of int
        `LABELS`, `UNITS` or `COUNTS`.

    Returns
    -------
    list of str, shape (n_signals,)
        Without the blanks around it.
    """
    before, width = field
    with path.open("rb") as stream:
        n_signals = int(stream.read(HEADER_BYTES)[252:256])
        stream.seek(HEADER_BYTES + before * n_signals)
        return [stream.read(width).decode("latin-1").strip() for _ in range(n_signals)]


def _layout(path: Path) -> RecordLayout | None:
    """Layout of a file whose records carry times; None for one without."""
    with path.open("rb") as stream:
        fixed = stream.read(HEADER_BYTES)
    kind = fixed[192:197].decode("latin-1").upper()
    if kind[:4] not in ("EDF+", "BDF+"):
        return None
    labels, counts = signal_fields(path, LABELS), list(map(int, signal_fields(path, COUNTS)))
    times = [k for k, label in enumerate(labels) if label.upper() in TIME_CHANNELS]
    sample_bytes = 3 if fixed[:1] == b"\xff" else 2
    header_bytes, record_bytes = int(fixed[184:192]), sample_bytes * sum(counts)
    # A writer that was stopped leaves -1.
    n_records = int(fixed[236:244])
    if n_records < 0:
        n_records = (path.stat().st_size - header_bytes) // max(record_bytes, 1)
    if not times or n_records < 1:
        return None
    return RecordLayout(
        kind,
        n_records,
        record_bytes,
        sample_bytes * sum(counts[: times[0]]),
        sample_bytes * counts[times[0]],
        header_bytes,
    )


def _record_starts(path: Path, layout: RecordLayout) -> np.ndarray | None:
    """Start of each record (s); None where a continuous file does not say."""
    starts = []
    with path.open("rb") as stream:
        for record in range(layout.n_records):
            stream.seek(layout.header_bytes + record * layout.record_bytes + layout.time_at)
            stamp = re.split(b"[\x14\x15]", stream.read(layout.time_bytes))[0]
            try:
                starts.append(float(stamp))
            except ValueError as error:  # what float() raises
                if layout.kind.endswith("C"):
                    return None
                raise DamagedFile(
                    f"{path}: expected the time of data record {record + 1} of a discontinuous "
                    f"recording, found {stamp[:20]!r}; the file is damaged: export it again."
                ) from error
    return np.array(starts)


def _padded(path: Path, raw: mne.io.BaseRaw, placed: list[int]) -> mne.io.RawArray:
    """The recording with zeros in its gaps, annotated."""
    length = raw.n_times // len(placed)
    total = placed[-1] + length
    if total > LARGEST_FACTOR * raw.n_times and total * len(raw.ch_names) * 8 > LARGEST_BYTES:
        raise DamagedFile(
            f"{path}: expected a recording with short gaps, found {raw.times[-1]:.0f} s of data "
            f"spread over {total / raw.info['sfreq']:.0f} s; split it into its continuous parts "
            "and read each."
        )
    data, values = np.zeros((len(raw.ch_names), total)), raw.get_data(verbose="error")
    for record, start in enumerate(placed):
        data[:, start : start + length] = values[:, record * length : (record + 1) * length]
    lines = mne.pick_types(raw.info, meg=False, stim=True)
    for record, (start, following) in enumerate(zip(placed[:-1], placed[1:], strict=True)):
        # A trigger channel that rests at another number than zero sends no code meanwhile.
        end = start + length
        data[lines, end:following] = values[lines, [(record + 1) * length - 1], None]
    out = mne.io.RawArray(data, raw.info, verbose="error")
    out.set_annotations(mne.read_annotations(path), verbose="error")
    sfreq, n_gaps = raw.info["sfreq"], 0
    for before, after in zip(placed, placed[1:], strict=False):
        if after > before + length:
            gap = after - before - length
            append_mark(out, (before + length) / sfreq, gap / sfreq, SKIP)
            n_gaps += 1
    warnings.warn(
        f"{path}: {n_gaps} gap(s) between the records of a discontinuous file, "
        f"{(total - raw.n_times) / sfreq:g} s in all, are filled with zeros and annotated {SKIP}.",
        stacklevel=3,
    )
    return out
