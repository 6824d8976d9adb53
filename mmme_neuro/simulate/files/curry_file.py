"""A continuous recording in Neuroscan's Curry 8 layout: data, header and event list."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from mmme_neuro.io.files import atomic_file
from mmme_neuro.io.montage import template_positions

RAW_FLOAT_GUID = "{0B86B22B-1A49-411A-9657-4A4BDA3D3ED8}"
SAMPLES_PER_BLOCK = 65536

_LIST_HEAD = """\
{name} START
   ListDescription      = {description}
   ListUnits            = {units}
   ListNrColumns        =  {n_columns}
   ListNrRows           =  {n_rows}
   ListNrTimepts        =  1
   ListNrBlocks         =  1
   ListBinary           =  0
   ListType             =  {kind}
   ListTrafoType        =  0
   ListGridType         =  2
   ListFirstColumn      =  1
   ListIndexMin         = -1
   ListIndexMax         = -1
   ListIndexAbsMax      = -1
{name} END

{name} START_LIST\t# Do not edit!
"""
_TEXT_LIST, _NUMBER_LIST, _POINT_LIST = 5, 0, 1


def write_curry(
    path: str | Path,
    data_uv: np.ndarray,
    *,
    sfreq: float,
    ch_names: Sequence[str],
    misc_names: Sequence[str] = (),
    positions_m: Mapping[str, ArrayLike] | None = None,
    events: pd.DataFrame | None = None,
    encoding: str = "utf-8",
    start: datetime | None = None,
) -> Path:
    """Write a continuous recording as ``.cdt``, ``.cdt.dpa`` and, with events, ``.cdt.cef``.

    Parameters
    ----------
    path : path-like
        Name of the data file, ending in ``.cdt``. The three files appear under their names only
        when complete.
    data_uv : array, shape (n_channels, n_samples)
        Rows in the order of `ch_names`, then `misc_names`; microvolt, and for a trigger channel
        the code itself. A memory map will do: it is written in blocks.
    sfreq : float
        Samples per second.
    ch_names, misc_names : sequence of str
        EEG channels (first device group) and the others (group ``OTHERS``).
    positions_m : mapping of str to (x, y, z) | None
        Electrode positions in meters, x to the right, y to the front, z up, for each of
        `ch_names`; ``None`` takes those of the 10-05 template.
    events : DataFrame | None
        Columns ``sample``, ``code`` and optionally ``remark`` and ``end`` (last sample).
    encoding : str
        Encoding of the event list: ``utf-8`` (with byte-order mark, as Curry writes it) or, as
        from a Chinese-locale computer, ``gbk``.
    start : datetime | None
        Wall clock of the first sample; ``None`` writes an empty date.

    Returns
    -------
    Path
        The data file.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> write_curry(f"{folder}/a.cdt", np.zeros((2, 10)), sfreq=1000.0, ch_names=["FZ", "CZ"]).name
    'a.cdt'
    """
    path = Path(path)
    groups = {"": list(ch_names), "_OTHERS": list(misc_names)}
    _check_arguments(path, data_uv, groups)
    header = _header_text(
        groups, n_samples=data_uv.shape[1], sfreq=sfreq, positions_m=positions_m, start=start
    )
    texts = {path.with_name(path.name + ".dpa"): _windows_bytes(header, "utf-8-sig")}
    event_file = path.with_name(path.name + ".cef")
    if events is None or len(events) == 0:
        # Other readers take an empty event list for an error, a missing one for no events.
        event_file.unlink(missing_ok=True)
    else:
        codec = "utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding
        texts[event_file] = _windows_bytes(_event_text(events, n_samples=data_uv.shape[1]), codec)
    for name, content in texts.items():
        with atomic_file(name) as part:
            part.write_bytes(content)
    with atomic_file(path) as part:
        _write_samples(part, data_uv)
    return path


def _check_arguments(path: Path, data_uv: np.ndarray, groups: Mapping[str, list[str]]) -> None:
    """Refuse what the layout cannot hold."""
    if path.suffix != ".cdt":
        raise ValueError(f"path must end in '.cdt', got {path.name!r}; rename the file.")
    names = [name for group in groups.values() for name in group]
    if data_uv.ndim != 2 or len(data_uv) != len(names):
        raise ValueError(
            f"data_uv must have one row for each of the {len(names)} names in ch_names and "
            f"misc_names, got shape {data_uv.shape}."
        )
    faulty = [name for name in names if not name or name != "".join(name.split())]
    if faulty or len(set(names)) < len(names):
        raise ValueError(
            f"Channel names must be unique and free of spaces, got {faulty or names}; rename them."
        )


def _windows_bytes(text: str, codec: str) -> bytes:
    """Text with the line ends of Windows, where Curry runs."""
    return text.replace("\n", "\r\n").encode(codec)


def _write_samples(path: Path, data_uv: np.ndarray) -> None:
    """Sample after sample, little-endian float32."""
    with path.open("wb") as stream:
        for first in range(0, data_uv.shape[1], SAMPLES_PER_BLOCK):
            block = np.asarray(data_uv[:, first : first + SAMPLES_PER_BLOCK])
            np.ascontiguousarray(block.T, dtype="<f4").tofile(stream)


def _header_text(
    groups: Mapping[str, list[str]],
    *,
    n_samples: int,
    sfreq: float,
    positions_m: Mapping[str, ArrayLike] | None,
    start: datetime | None,
) -> str:
    """Everything about the recording except samples and events."""
    present = {suffix: names for suffix, names in groups.items() if names}
    parts = [_data_parameters(present, n_samples=n_samples, sfreq=sfreq, start=start)]
    parts += [_device_parameters(suffix, len(names)) for suffix, names in present.items()]
    if positions_m is None and present.get(""):
        positions_m = template_positions(present[""])
    for suffix, names in present.items():
        parts.append(_list_text("LABELS" + suffix, names, "SensorLabels", kind=_TEXT_LIST))
        if suffix == "":
            rows = _sensor_rows(names, positions_m)
            parts.append(
                _list_text("SENSORS", rows, "Sensors", kind=_POINT_LIST, units="mm", n_columns=3)
            )
    return "\n".join(parts)


def _data_parameters(
    groups: Mapping[str, list[str]], *, n_samples: int, sfreq: float, start: datetime | None
) -> str:
    """The block of general parameters, in Curry's order."""
    values = {
        "DataGuid": RAW_FLOAT_GUID,
        "CurrentSessionLabel": "",
        "DataByteOrder": "INTEL",
        "DataSampOrder": "SAMP",
        "AmplifierInfo": "",
        "Comments": "",
        "FileHistory": "",
        "FileVersion": 800,
        "NumSessions": 1,
        "CurrentSession": 0,
        "DataFormat": 6,
        "FrequencyDomain": 0,
        "NumSamples": n_samples,
        "NumTrials": 1,
        "NumChannels": sum(len(names) for names in groups.values()),
        "NumGroups": len(groups),
        "NumMagGroups": 0,
        "NumElGroups": int("" in groups),
        "NumLinesSkip": 0,
        "NumColumnsSkip": 0,
        "DecimalSymbol": 0,
        "StartYear": start.year if start else 0,
        "StartMonth": start.month if start else 0,
        "StartDay": start.day if start else 0,
        "StartHour": start.hour if start else -1,
        "StartMin": start.minute if start else 0,
        "StartSec": start.second if start else 0,
        "StartMillisec": start.microsecond // 1000 if start else 0,
        "StartOffsetUTCMin": 0,
        "SampleTimeUsec": f" {1e6 / sfreq:.12g}",
        "SampleFreqHz": f" {sfreq:.12g}",
        "TriggerOffsetUsec": 0,
        "TriggerOffsetHz": 0,
    }
    return _parameters_text("DATA_PARAMETERS", values)


def _device_parameters(suffix: str, n_channels: int) -> str:
    """Unit and size of one group of channels."""
    values = {
        "DataUnit": "uV",
        "NumChanThisGroup": n_channels,
        "NumSensorsThisGroup": n_channels,
        "CommonOffset": 0,
        "NumRefChannels": 0,
        "CommonScale": 1,
    }
    return _parameters_text("DEVICE_PARAMETERS" + suffix, values)


def _parameters_text(name: str, values: Mapping[str, object]) -> str:
    """A block of ``key = value`` lines; Curry pads numbers with a blank."""
    lines = [
        f"   {key:<20} = {'' if isinstance(value, str) else ' '}{value}"
        for key, value in values.items()
    ]
    return "\n".join([f"{name} START", *lines, f"{name} END", ""])


def _list_text(
    name: str,
    rows: Sequence[str],
    description: str,
    *,
    kind: int,
    units: str = "",
    n_columns: int = 260,
) -> str:
    """A list block, one line per row."""
    head = _LIST_HEAD.format(
        name=name,
        description=description,
        units=units,
        n_columns=n_columns,
        n_rows=len(rows),
        kind=kind,
    )
    return head + "".join(row + "\n" for row in rows) + f"{name} END_LIST\n"


def _sensor_rows(names: Sequence[str], positions_m: Mapping[str, ArrayLike] | None) -> list[str]:
    """Positions in Curry's axes: millimeters, x to the left, y to the back."""
    positions_m = positions_m or {}
    missing = [name for name in names if name not in positions_m]
    if missing:
        raise ValueError(
            f"positions_m must hold a position for each EEG channel, none found for {missing}; "
            "add them (meters, x right, y front, z up)."
        )
    curry_mm = np.array([positions_m[name] for name in names]) * (-1000, -1000, 1000)
    return ["\t".join(f" {value:.4f}" for value in row) for row in curry_mm]


def _event_text(events: pd.DataFrame, *, n_samples: int) -> str:
    """Event numbers and remarks."""
    samples = events["sample"].to_numpy()
    outside = (samples < 0) | (samples >= n_samples)
    if outside.any():
        raise ValueError(
            f"events['sample'] must lie in 0..{n_samples - 1}, got {samples[outside][:5].tolist()}."
        )
    ends = events.get("end", events["sample"]).to_numpy()
    numbers = [
        f"  {sample}\t 0\t {code}\t-1\t {sample}\t {end}\t 0\t 0\t 0\t 0\t 0"
        for sample, code, end in zip(samples, events["code"], ends, strict=True)
    ]
    remarks = events["remark"].tolist() if "remark" in events else [""] * len(events)
    lines = [" ".join(str(remark).split()) for remark in remarks]
    return "\n".join(
        [
            _parameters_text(
                "POINT_KEYWORDS",
                {
                    "PointKeyNumbers": "NUMBER_LIST",
                    "PointKeyRemarks": "REMARK_LIST",
                    "PointNrLocations": len(events),
                },
            ),
            _list_text("NUMBER_LIST", numbers, "event numbers", kind=_NUMBER_LIST, n_columns=11),
            _list_text("REMARK_LIST", lines, "event annotations", kind=_TEXT_LIST),
        ]
    )
