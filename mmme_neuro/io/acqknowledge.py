"""Recordings of BIOPAC's AcqKnowledge: ``.acq``, and its MATLAB and text exports."""

import io
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.io import loadmat
from scipy.signal import resample_poly

from mmme_neuro.errors import DamagedFile
from mmme_neuro.extras import optional
from mmme_neuro.io.damage import check_last_line, reading
from mmme_neuro.io.matlab import check_matlab_file
from mmme_neuro.io.physio_channels import is_digital
from mmme_neuro.io.physio_signals import Marker, PhysioSignals
from mmme_neuro.io.tables.delimited import open_text

MAT_VARIABLES = ("data", "labels", "units", "isi", "start_sample")
SECONDS_BY_UNIT = {"us": 1e-6, "ms": 1e-3, "msec": 1e-3, "s": 1.0, "sec": 1.0, "min": 60.0}
INTERVAL_LINE = re.compile(r"^\s*([\d.eE+-]+)\s*(us|msec|sec|min)/sample")
MAX_HEADER_LINES = 4
MAX_SEEKS = 20_000
"""bioread moves once an entry of the header and twice an event mark; no more for longer signals."""

TEXT_SEPARATORS = "\t,; "


def read_mat(path: Path) -> PhysioSignals:
    """Read AcqKnowledge's MATLAB export.

    Parameters
    ----------
    path : Path
        ``.mat`` file with ``data, labels, units, isi, isi_units, start_sample``.

    Returns
    -------
    PhysioSignals
        ``first_sample`` is the export's ``start_sample``, not 0 where a part was exported. The
        export has no event marks.
    """
    with reading(path, "an AcqKnowledge MATLAB export"):
        check_matlab_file(path)
        try:
            content = loadmat(path, simplify_cells=True)
        except NotImplementedError as error:
            raise DamagedFile(
                f"{path}: expected a MATLAB file up to version 7, found version 7.3 (HDF5); "
                "save it from MATLAB with '-v7', or give the .acq file."
            ) from error
        return _exported_signals(path, content)


def _exported_signals(path: Path, content: Mapping[str, Any]) -> PhysioSignals:
    """Signals from the variables of a MATLAB export."""
    missing = [name for name in MAT_VARIABLES if name not in content]
    if missing:
        found = [name for name in content if not name.startswith("__")]
        raise DamagedFile(
            f"{path}: expected the variables {list(MAT_VARIABLES)} of an AcqKnowledge export, "
            f"{missing} missing, found {found}; export the recording again as MATLAB file."
        )
    labels = _texts(content["labels"])
    data = np.asarray(content["data"], dtype=float)
    data = data.reshape(-1, len(labels)) if data.ndim == 1 else data
    if data.shape[1] != len(labels) or not data.size:
        raise DamagedFile(
            f"{path}: expected data of samples x {len(labels)} channels (as many as labels), found "
            f"shape {data.shape}; export the recording again."
        )
    unit = str(content.get("isi_units", "ms")).strip()
    if unit not in SECONDS_BY_UNIT:
        raise DamagedFile(
            f"{path}: expected isi_units to be one of {list(SECONDS_BY_UNIT)}, found {unit!r}."
        )
    return PhysioSignals(
        labels=labels,
        units=_texts(content["units"]),
        data=np.ascontiguousarray(data.T),
        sfreq=_frequency(path, float(content["isi"]) * SECONDS_BY_UNIT[unit]),
        first_sample=int(content["start_sample"]),
    )


def _texts(values: np.ndarray | str) -> tuple[str, ...]:
    """Strings of a padded character matrix or cell array."""
    return tuple(str(value).strip() for value in np.atleast_1d(values))


def _frequency(path: Path, interval_s: float) -> float:
    """Samples per second of a sampling interval."""
    if not interval_s > 0:
        raise DamagedFile(f"{path}: expected a positive sampling interval, found {interval_s} s.")
    # 1 / 0.001 is not 1000 in floating point for every interval.
    sfreq = float(f"{1 / interval_s:.12g}")
    if not (sfreq.is_integer() or float(f"{1e6 * interval_s:.12g}").is_integer()):
        warnings.warn(
            f"{path}: samples every {interval_s} s ({sfreq} Hz), neither a whole number of hertz "
            "nor of microseconds; if nobody chose this rate the header is damaged. Check it.",
            stacklevel=4,
        )
    return sfreq


def read_acq(path: Path) -> PhysioSignals:
    """Read AcqKnowledge's own format.

    Parameters
    ----------
    path : Path
        ``.acq`` file, compressed or not.

    Returns
    -------
    PhysioSignals
        At the highest rate of any channel; slower ones are resampled (polyphase filter; digital
        lines are held). Samples after a slow channel's last are held for less than one of its
        intervals, NaN beyond. Event marks included.
    """
    bioread = optional("bioread")
    with reading(path, "an AcqKnowledge recording"), _GuardedFile(path) as stream:
        return _recorded_signals(path, bioread.read(stream))


class _GuardedFile(io.BufferedReader):
    """A file that ends the endless reading of a header whose counts are damaged."""

    def __init__(self, path: Path):
        super().__init__(io.FileIO(path))
        self._n_seeks = 0

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move to an offset; refuse where that goes on for too long."""
        self._n_seeks += 1
        if self._n_seeks > MAX_SEEKS:
            raise ValueError(f"its header announces more than {MAX_SEEKS // 2} event marks")
        return super().seek(offset, whence)


def _recorded_signals(path: Path, recording: Any) -> PhysioSignals:
    """Signals and marks from what bioread gives."""
    if recording.event_markers is None:
        raise DamagedFile(
            f"{path}: expected a list of event marks behind the samples, found none that can be "
            "read; the file is damaged or truncated: copy it again."
        )
    channels = recording.channels
    if not channels or not any(channel.point_count for channel in channels):
        raise DamagedFile(f"{path}: expected channels with samples, found none; record again.")
    fastest = min(channel.frequency_divider for channel in channels)
    n_samples = max(
        channel.point_count * channel.frequency_divider // fastest for channel in channels
    )
    data = [
        _resampled(
            np.asarray(channel.data, dtype=float),
            channel.frequency_divider,
            fastest,
            n_samples,
            held=is_digital(channel.name),
        )
        for channel in channels
    ]
    return PhysioSignals(
        labels=tuple(channel.name.strip() for channel in channels),
        units=tuple(channel.units.strip() for channel in channels),
        data=np.array(data),
        sfreq=_frequency(path, fastest / recording.samples_per_second),
        markers=tuple(_markers(recording)),
    )


def _resampled(
    samples: np.ndarray, divider: int, fastest: int, n_samples: int, *, held: bool
) -> np.ndarray:
    """Bring a channel to the rate of the fastest one and to `n_samples`."""
    if divider != fastest:
        if held:
            samples = samples[np.arange(len(samples) * divider // fastest) * fastest // divider]
        else:
            # 'line' keeps signals far from zero (temperature) from ringing at both ends.
            samples = resample_poly(samples, divider, fastest, padtype="line")
    resampled = np.full(n_samples, np.nan)
    n_known = min(len(samples), n_samples)
    resampled[:n_known] = samples[:n_known]
    if n_known:
        resampled[n_known : n_known + -(-divider // fastest) - 1] = samples[n_known - 1]
    return resampled


def _markers(recording: Any) -> Iterator[Marker]:
    """Event marks, with the indices of some AcqKnowledge 5 files put right."""
    marks = recording.event_markers
    indices = np.array([mark.sample_index for mark in marks], dtype=np.int64)
    # Compressed files of AcqKnowledge 5 count from a negative number written without its sign;
    # the first mark (start of the segment) is sample 0.
    wrapped = indices >= 2**31
    indices = np.where(wrapped, indices - 2**32, indices)
    if wrapped.any():
        indices = indices - indices.min()
    for mark, index in zip(marks, indices, strict=True):
        kind = mark.type if mark.type_code else ""
        yield Marker(index / recording.samples_per_second, mark.text or kind or "mark", kind)


def is_text_export(path: Path) -> bool:
    """Whether a text file begins with AcqKnowledge's header."""
    with reading(path, "text"), open_text(path) as stream:
        head = [stream.readline() for _ in range(MAX_HEADER_LINES)]
    return any(INTERVAL_LINE.match(line) for line in head)


def read_text_export(path: Path) -> PhysioSignals:
    """Read AcqKnowledge's text export with header.

    Parameters
    ----------
    path : Path
        Text file, gzipped or not: title, sampling interval, number of channels, label and unit of
        each channel, column names, samples per channel, samples. A time column is left out.

    Returns
    -------
    PhysioSignals
        Fields left blank (channels at a lower rate) are NaN.
    """
    with reading(path, "an AcqKnowledge text export"), open_text(path) as stream:
        lines = (line.rstrip("\r\n") for line in stream)
        interval_s = next(
            float(found[1]) * SECONDS_BY_UNIT[found[2]]
            for found in map(INTERVAL_LINE.match, lines)
            if found
        )
        n_channels = _channel_count(path, next(lines, ""))
        described = [next(lines, "").strip() for _ in range(2 * n_channels)]
        column_line = next(lines, "")
        separator = next((mark for mark in TEXT_SEPARATORS if mark in column_line), "\t")
        columns = [name.strip() for name in column_line.split(separator) if name.strip()]
        next(lines, "")  # number of samples of each channel
        table = pd.read_csv(stream, sep=separator, header=None, dtype=float)
    if table.iloc[:, len(columns) :].isna().all(axis=None):
        # A separator at the end of each line makes an empty last column.
        table = table.iloc[:, : len(columns)]
    if table.shape[1] != len(columns) or len(columns) - n_channels not in (0, 1):
        raise DamagedFile(
            f"{path}: expected rows of {len(columns)} columns for {n_channels} channels, found "
            f"{table.shape[1]} columns and {len(table)} rows; export the recording again."
        )
    check_last_line(path, separator)
    return PhysioSignals(
        labels=tuple(described[::2]),
        units=tuple(described[1::2]),
        data=np.ascontiguousarray(table.to_numpy()[:, -n_channels:].T),
        sfreq=_frequency(path, interval_s),
    )


def _channel_count(path: Path, line: str) -> int:
    """Number in the header line '3 channels'."""
    found = re.match(r"\s*(\d+)\s+channels?", line)
    if not found:
        raise DamagedFile(
            f"{path}: expected a line such as '3 channels' after the sampling interval, found "
            f"{line!r}; export the recording again, header included."
        )
    return int(found[1])
