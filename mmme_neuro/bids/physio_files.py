"""Peripheral signals as BIDS tables on the EEG clock, and back."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pandas as pd
from mne.io.constants import FIFF

from mmme_neuro.bids.names import ParticipantFiles
from mmme_neuro.bids.text_files import MISSING, write_gzip
from mmme_neuro.clocks.fit import SEGMENT_COLUMNS, ClockFit, segment_row
from mmme_neuro.errors import BadInput
from mmme_neuro.io.files import write_json
from mmme_neuro.io.physio import read_physio
from mmme_neuro.io.physio_table import bids_description, read_bids_physio

BLOCK_SAMPLES = 20_000
DIGITS = 9
"""Significant digits of a sample: a hundred times finer than single precision."""

MATCHED_COLUMNS = ("code", "onset_reference", "onset_other", "residual_ms", "segment")
UNMATCHED_COLUMNS = ("device", "code", "onset", "reason")

UNIT_BY_CODE = {FIFF.FIFF_UNIT_V: "V", FIFF.FIFF_UNIT_S: "S", FIFF.FIFF_UNIT_CEL: "°C"}

MEASURE_BY_TYPE = {
    "ecg": ("ECG", "Electrocardiogram"),
    "bio": ("PPG", "Photoplethysmogram (pulse)"),
    "resp": ("Ventilation", "Breathing"),
    "gsr": ("EDA", "Electrodermal activity (skin conductance)"),
    "temperature": ("Other", "Skin temperature"),
    "emg": ("Other", "Facial electromyogram"),
    "stim": ("Trigger", "Digital trigger line"),
    "misc": ("Other", "Signal kept as exported"),
}
"""MNE type -> ``MeasureType`` of the BIDS proposal for peripheral physiology, and a description."""


@dataclass(frozen=True)
class Stretch:
    """Samples of a recording during which one line maps the device's clock to the EEG's.

    Parameters
    ----------
    start, stop : int
        First sample and the one after the last.
    start_time : float
        EEG time (s) of the first sample.
    sfreq : float
        Samples per second of the EEG clock.
    segment : dict | None
        The line as fitted (a row of `ClockFit.segments`); ``None``: the same clock.
    """

    start: int
    stop: int
    start_time: float
    sfreq: float
    segment: dict[Hashable, Any] | None


def stretches(n_samples: int, sfreq: float, clock: ClockFit | None) -> list[Stretch]:
    """Part a recording where its clock was paused.

    Parameters
    ----------
    n_samples : int
        Length of the recording.
    sfreq : float
        Samples per second of the device's own clock.
    clock : ClockFit | None
        Map from the device's clock to the EEG clock.

    Returns
    -------
    list of Stretch
        One a segment of the fit. Between two segments each sample goes to the nearer one, as in
        `ClockFit.to_reference`.
    """
    if clock is None:
        return [Stretch(0, n_samples, 0.0, sfreq, None)]
    segments = clock.segments.sort_values("start_other").to_dict("records")
    middle = [
        (before["stop_other"] + after["start_other"]) / 2
        for before, after in zip(segments, segments[1:], strict=False)
    ]
    inner = [int(np.clip(np.floor(time * sfreq) + 1, 0, n_samples)) for time in middle]
    edges = [0, *inner, n_samples]
    return [
        Stretch(
            start,
            stop,
            start_time=segment["center_reference"]
            + (start / sfreq - segment["center_other"]) * (1 + 1e-6 * segment["drift_ppm"]),
            sfreq=sfreq / (1 + 1e-6 * segment["drift_ppm"]),
            segment=segment,
        )
        for start, stop, segment in zip(edges, edges[1:], segments, strict=False)
        if stop > start
    ]


def write_physio(raw: mne.io.BaseRaw, clock: ClockFit | None, files: ParticipantFiles) -> None:
    """Write the peripheral signals, one table per stretch without a pause.

    Parameters
    ----------
    raw : mne.io.Raw
        Peripheral recording on its own device's clock.
    clock : ClockFit | None
        Map to the EEG clock.
    files : ParticipantFiles
        Where to.

    Notes
    -----
    Samples are written as recorded, not resampled: ``StartTime`` and a ``SamplingFrequency``
    corrected by the drift put sample *i* at ``StartTime + i / SamplingFrequency`` on the EEG clock.
    """
    parts = stretches(raw.n_times, raw.info["sfreq"], clock)
    for number, part in enumerate(parts, start=1):
        path = files.physio(number if len(parts) > 1 else None)
        write_gzip(path, _text_blocks(raw, part))
        write_json(_sidecar(path), _description(raw, part, files.task), allow_nan=False)


def read_physio_files(files: ParticipantFiles) -> tuple[mne.io.BaseRaw | None, ClockFit | None]:
    """Read the peripheral signals of a participant and the map of their clock to the EEG clock.

    Parameters
    ----------
    files : ParticipantFiles
        Where from.

    Returns
    -------
    raw : mne.io.Raw | None
        Signals on the device's own clock where the sidecar states it, otherwise on the table's;
        ``None`` where there are no tables.
    clock : ClockFit | None
        The map, without its matched codes, which are not written.
    """
    paths = files.physio_parts()
    if not paths:
        return None, None
    described = [bids_description(path)[1] for path in paths]
    if len(paths) > 1 and any("Device" not in text for text in described):
        raise BadInput(
            f"{files.folder}: expected one peripheral table, or several with the key 'Device' in "
            f"their sidecars, found {[path.name for path in paths]}; keep one of them."
        )
    raws = [_read_part(path, text) for path, text in zip(paths, described, strict=True)]
    segments = [
        _segment(text, raw.n_times / raw.info["sfreq"], number)
        for number, (raw, text) in enumerate(zip(raws, described, strict=True))
    ]
    raw = raws[0] if len(raws) == 1 else mne.concatenate_raws(raws, verbose="error")
    return raw.set_annotations(None), _clock(segments)


def _sidecar(path: Path) -> Path:
    """Sidecar of a table."""
    return path.with_name(path.name.removesuffix(".tsv.gz") + ".json")


def _text_blocks(raw: mne.io.BaseRaw, part: Stretch) -> Iterator[str]:
    """Lines of samples, a block at a time."""
    line = "\t".join([f"%.{DIGITS}g"] * len(raw.ch_names)) + "\n"
    for start in range(part.start, part.stop, BLOCK_SAMPLES):
        stop = min(start + BLOCK_SAMPLES, part.stop)
        block = raw.get_data(start=start, stop=stop, verbose="error").T
        yield (line * len(block) % tuple(block.ravel().tolist())).replace("nan", MISSING)


def _description(raw: mne.io.BaseRaw, part: Stretch, task: str) -> dict[str, Any]:
    """Content of the sidecar."""
    device = {"SamplingFrequency": raw.info["sfreq"], "FirstSample": part.start}
    if part.segment is not None:
        device["ClockToEEG"] = {name: _plain(part.segment[name]) for name in SEGMENT_COLUMNS}
    columns = zip(raw.ch_names, raw.get_channel_types(), raw.info["chs"], strict=True)
    return {
        "TaskName": task,
        "SamplingFrequency": part.sfreq,
        "StartTime": part.start_time,
        "Columns": list(raw.ch_names),
        "PhysioType": "generic",
        "Device": device,
        **{name: _column(kind, channel["unit"]) for name, kind, channel in columns},
    }


def _column(kind: str, unit: int) -> dict[str, str]:
    """Description of one column."""
    measure, text = MEASURE_BY_TYPE[kind]
    units = UNIT_BY_CODE.get(unit, MISSING)
    return {"Description": text, "Units": units, "MeasureType": measure, "ChannelType": kind}


def _plain(value: float | str) -> float | str | None:
    """A cell of the fit's table as JSON has it; NaN is null."""
    if isinstance(value, str):
        return value
    number = float(value)
    return None if np.isnan(number) else number


def _read_part(path: Path, described: dict[str, Any]) -> mne.io.BaseRaw:
    """One table, at the device's own rate and with the types its sidecar states, if it does."""
    if "Device" not in described:
        return read_physio(path)
    signals = read_bids_physio(path)
    kinds = [described[label]["ChannelType"] for label in signals.labels]
    info = mne.create_info(list(signals.labels), described["Device"]["SamplingFrequency"], kinds)
    return mne.io.RawArray(signals.data, info, verbose="error")


def _segment(described: dict[str, Any], duration: float, number: int) -> dict[str, Any] | None:
    """Line from the device's clock to the EEG clock; ``None`` for the same clock."""
    device = described.get("Device")
    if device is None:
        start = float(described["StartTime"])
        return segment_row(
            segment=number,
            reference_span=(start, start + duration),
            other_span=(0.0, duration),
            center_reference=start,
            center_other=0.0,
            center_se=0.0,
            drift=0.0,
            drift_se=0.0,
            n_matched=0,
            dof=0,
            residual_sd=0.0,
            note="as stated by the BIDS sidecar, without a fit",
        )
    fitted = device.get("ClockToEEG")
    return fitted and {name: np.nan if value is None else value for name, value in fitted.items()}


def _clock(segments: list[dict[str, Any] | None]) -> ClockFit | None:
    """The map of all stretches; its matched codes stay with the original recording."""
    if segments[0] is None:
        return None
    return ClockFit(
        segments=pd.DataFrame(segments),
        matched=pd.DataFrame(columns=list(MATCHED_COLUMNS)).astype(float),
        unmatched=pd.DataFrame(columns=list(UNMATCHED_COLUMNS)),
    )
