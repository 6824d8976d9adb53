"""What a Curry recording's header says: sizes, units, channels, electrodes, trials."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mmme_neuro.errors import DamagedFile
from mmme_neuro.io.damage import small_text

COMPRESSED_GUID = "{2912E8D8-F5C8-4E25-A8E7-A1385967DA09}"
ASCII_FORMATS = ("1", "ASCII")
FLOAT_FORMATS = ("6", "FLOAT")
SAMPLE_ORDERS = {"SAMP": False, "CHAN": True}
BYTE_ORDERS = {"INTEL": "<", "ASCII": "<", "MOTOROLA": ">"}
MM_LPS_TO_M_RAS = np.array([-1e-3, -1e-3, 1e-3])
"""Curry counts millimeters to the left, the back and up; MNE meters to the right, front and up."""
TRIAL_COLUMNS = ("n_averages", "n_total", "code", "accept", "correct", "response", "response_time")
ENCODINGS = ("utf-8-sig", "gb18030", "latin-1")
"""Tried in turn: Curry writes UTF-8, or the code page of a Chinese Windows; latin-1 never fails."""


@dataclass(frozen=True)
class CurryChannel:
    """One channel as the header describes it; position in meters, head axes."""

    name: str
    group: str
    unit: str
    position_m: tuple[float, float, float] | None


@dataclass(frozen=True)
class CurryHeader:
    """The header of one recording; ``n_samples`` counts one trial, -1 if not stated."""

    path: Path
    n_samples: int
    n_trials: int
    sfreq: float
    tmin: float
    is_ascii: bool
    is_by_channel: bool
    byte_order: str
    channels: tuple[CurryChannel, ...]
    landmarks_m: dict[str, np.ndarray]
    trials: pd.DataFrame | None


@dataclass(frozen=True)
class CurryText:
    """A Curry text file taken apart: parameters and lists by the name of their block."""

    path: Path
    parameters: dict[str, dict[str, str]]
    lists: dict[str, list[str]]

    def value(self, block: str, key: str) -> str:
        """One parameter; a missing one is an error that names the file."""
        try:
            return self.parameters[block][key]
        except KeyError:
            raise DamagedFile(
                f"{self.path}: expected '{key}' in the block {block}, found none; "
                "the header is damaged, save the recording from Curry again."
            ) from None

    def number(self, block: str, key: str, default: float | None = None) -> float:
        """One numeric parameter; `default` where the key is missing, an error without one."""
        if default is not None and key not in self.parameters.get(block, {}):
            return default
        text = self.value(block, key)
        number = _finite(text)
        if number is None:
            raise DamagedFile(
                f"{self.path}: expected a number for '{key}' in {block}, found {text!r}; "
                "save the recording from Curry again."
            )
        return number

    def numbers(self, block: str, n_columns: int) -> np.ndarray:
        """A list of numbers, shape (n_rows, n_columns)."""
        rows = [row.split()[:n_columns] for row in self.rows(block) if row.strip()]
        numbers = [[_finite(word) for word in row] for row in rows]
        wrong = [
            " ".join(row)
            for row, values in zip(rows, numbers, strict=True)
            if len(values) < n_columns or None in values
        ]
        if wrong:
            raise DamagedFile(
                f"{self.path}: expected {n_columns} numbers in each row of {block}, found "
                f"{wrong[0]!r}; the file is damaged, save the recording from Curry again."
            )
        return np.array(numbers, dtype=float).reshape(-1, n_columns)

    def rows(self, block: str) -> list[str]:
        """Rows of a list, as many as its block states; an error where there are others."""
        rows = self.lists.get(block, [])
        stated = self.number(block, "ListNrRows", default=len(rows))
        if len(rows) != stated:
            raise DamagedFile(
                f"{self.path}: expected {stated:g} rows in the list {block}, found {len(rows)}; "
                "the file is damaged or truncated, save the recording from Curry again."
            )
        return rows


def _finite(text: str) -> float | None:
    """A finite number, None for anything else."""
    try:
        number = float(text)
    except ValueError:  # what float() raises
        return None
    return number if np.isfinite(number) else None


def read_curry_text(path: Path) -> CurryText:
    """Read a header, label or event file into its blocks, whatever its encoding.

    Parameters
    ----------
    path : Path
        File of blocks ``NAME START`` .. ``NAME END`` and ``NAME START_LIST`` .. ``NAME END_LIST``.

    Returns
    -------
    CurryText
        The blocks. List rows keep their order, empty ones included (a remark may be empty).

    Raises
    ------
    DamagedFile
        When the file ends within a block.
    """
    unfinished = ""
    parameters: dict[str, dict[str, str]] = {}
    lists: dict[str, list[str]] = {}
    rows: list[str] | None = None
    values: dict[str, str] | None = None
    # splitlines would also cut at characters that a remark may hold.
    for line in _decode(small_text(path)).replace("\r\n", "\n").split("\n"):
        words = line.split()
        mark = words[1] if len(words) > 1 else ""
        if mark == "START_LIST":
            rows = lists.setdefault(words[0], [])
            unfinished = words[0]
        elif mark == "END_LIST":
            rows, unfinished = None, ""
        elif rows is not None:
            rows.append(line)
        elif mark == "START":
            values = parameters.setdefault(words[0], {})
            unfinished = words[0]
        elif mark == "END":
            values, unfinished = None, ""
        elif values is not None and "=" in line:
            key, _, value = line.partition("=")
            values[key.strip()] = value.strip()
    if unfinished or not parameters:
        raise DamagedFile(
            f"{path}: expected whole blocks (NAME START .. NAME END), found the end of the file "
            f"{f'within {unfinished}' if unfinished else 'before any'}; it is truncated or of "
            "another kind: copy it again."
        )
    return CurryText(path, parameters, lists)


def _decode(content: bytes) -> str:
    """Text in the first encoding that fits."""
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AssertionError("latin-1 decodes any bytes")


def read_curry_header(header_file: Path, label_file: Path) -> CurryHeader:
    """Read the header of a recording.

    Parameters
    ----------
    header_file : Path
        ``.cdt.dpa``, ``.cdt.dpo`` or, before Curry 8, ``.dap``.
    label_file : Path
        File with labels and sensors: `header_file` itself or, before Curry 8, ``.rs3``.

    Returns
    -------
    CurryHeader
        Sizes, units, channels in the order of the data, trials.
    """
    text = read_curry_text(header_file)
    labels = text if label_file == header_file else read_curry_text(label_file)
    block = "DATA_PARAMETERS"
    if text.parameters.get(block, {}).get("DataGuid") == COMPRESSED_GUID:
        raise DamagedFile(
            f"{header_file}: expected raw float data, found Curry's compressed format; "
            "open the recording in Curry and save it as 'Raw Float'."
        )
    channels = _read_channels(text, labels)
    n_channels = int(text.number(block, "NumChannels"))
    if len(channels) != n_channels:
        raise DamagedFile(
            f"{label_file}: expected labels of the {n_channels} channels that {header_file.name} "
            f"announces, found {len(channels)}; save the recording from Curry again."
        )
    return CurryHeader(
        path=header_file,
        n_samples=int(text.number(block, "NumSamples")),
        n_trials=int(text.number(block, "NumTrials", default=1)),
        sfreq=_sampling_frequency(text),
        tmin=text.number(block, "TriggerOffsetUsec", default=0.0) / 1e6,
        is_ascii=_is_ascii(text),
        is_by_channel=_is_by_channel(text),
        byte_order=_byte_order(text),
        channels=channels,
        landmarks_m=_read_landmarks(labels),
        trials=_read_trials(text),
    )


def _is_ascii(text: CurryText) -> bool:
    """Whether samples are written as text; refuses what is neither text nor float32."""
    data_format = text.value("DATA_PARAMETERS", "DataFormat")
    if data_format not in ASCII_FORMATS + FLOAT_FORMATS:
        raise DamagedFile(
            f"{text.path}: expected DataFormat {'/'.join(FLOAT_FORMATS)} (32-bit float) or "
            f"{'/'.join(ASCII_FORMATS)} (text), found {data_format!r}; "
            "open the recording in Curry and save it as 'Raw Float'."
        )
    return data_format in ASCII_FORMATS


def _is_by_channel(text: CurryText) -> bool:
    """Whether all samples of one channel come before those of the next."""
    order = text.value("DATA_PARAMETERS", "DataSampOrder")
    if order not in SAMPLE_ORDERS:
        raise DamagedFile(
            f"{text.path}: expected DataSampOrder to be one of {list(SAMPLE_ORDERS)}, found "
            f"{order!r}."
        )
    return SAMPLE_ORDERS[order]


def _byte_order(text: CurryText) -> str:
    """Byte order as numpy writes it."""
    name = text.value("DATA_PARAMETERS", "DataByteOrder")
    if name not in BYTE_ORDERS:
        raise DamagedFile(
            f"{text.path}: expected DataByteOrder to be one of {list(BYTE_ORDERS)}, found {name!r}."
        )
    return BYTE_ORDERS[name]


def _sampling_frequency(text: CurryText) -> float:
    """Samples per second; the interval decides where it and the frequency disagree."""
    interval_us = text.number("DATA_PARAMETERS", "SampleTimeUsec", default=0.0)
    stated = text.number("DATA_PARAMETERS", "SampleFreqHz", default=0.0)
    if interval_us <= 0 and stated <= 0:
        raise DamagedFile(
            f"{text.path}: expected a positive SampleTimeUsec or SampleFreqHz, found neither; "
            "save the recording from Curry again."
        )
    if interval_us <= 0 or np.isclose(1e6 / interval_us, stated, rtol=1e-5):
        # The interval is printed with few digits, the frequency is exact.
        return stated
    if stated > 0:
        warnings.warn(
            f"{text.path}: SampleFreqHz is {stated} but SampleTimeUsec {interval_us}; "
            f"{1e6 / interval_us} Hz, by the interval, is used. Check it.",
            stacklevel=2,
        )
    return 1e6 / interval_us


def _read_channels(text: CurryText, labels: CurryText) -> tuple[CurryChannel, ...]:
    """Channels in the order of the data, over all device groups."""
    found: list[tuple[int, CurryChannel]] = []
    n_before = 0
    for block, parameters in text.parameters.items():
        if not block.startswith("DEVICE_PARAMETERS"):
            continue
        suffix = block.removeprefix("DEVICE_PARAMETERS")
        names = [name.strip() for name in labels.rows("LABELS" + suffix)]
        in_file = text.numbers("CHAN_IN_FILE" + suffix, 1)[:, 0].astype(int)
        if not len(in_file):
            in_file = np.arange(n_before + 1, n_before + len(names) + 1)
        if len(in_file) != len(names):
            raise DamagedFile(
                f"{text.path}: expected one entry of CHAN_IN_FILE{suffix} for each of the "
                f"{len(names)} labels, found {len(in_file)}; save the recording from Curry again."
            )
        sensors = _sensor_positions(labels, suffix, len(names))
        unit = parameters.get("DataUnit", "")
        found += [
            (index, CurryChannel(name, suffix.lstrip("_"), unit, position))
            for index, name, position in zip(in_file, names, sensors, strict=True)
            # Index 0: listed (a reference, say) but not stored.
            if index > 0
        ]
        n_before += len(names)
    return tuple(channel for _, channel in sorted(found, key=lambda entry: entry[0]))


def _sensor_positions(
    labels: CurryText, suffix: str, n_channels: int
) -> list[tuple[float, float, float] | None]:
    """Electrode positions in meters; none for channels beyond the list."""
    rows = labels.numbers("SENSORS" + suffix, 3) * MM_LPS_TO_M_RAS
    positions: list[tuple[float, float, float] | None] = [tuple(row) for row in rows[:n_channels]]
    return positions + [None] * (n_channels - len(positions))


def _read_landmarks(labels: CurryText) -> dict[str, np.ndarray]:
    """Named landmarks of the first group that has any, meters; for example nasion, LPA, RPA."""
    for block in labels.lists:
        if block.startswith("LANDMARKS"):
            names = labels.lists.get(block.replace("LANDMARKS", "LM_REMARKS"), [])
            positions = labels.numbers(block, 3) * MM_LPS_TO_M_RAS
            return {
                name.strip().lower(): position
                for name, position in zip(names, positions, strict=False)
                if name.strip()
            }
    return {}


def _read_trials(text: CurryText) -> pd.DataFrame | None:
    """One row per trial of an epoched recording, else None."""
    rows = text.numbers("EPOCH_INFORMATION", len(TRIAL_COLUMNS)).astype(int)
    if not len(rows):
        return None
    trials = pd.DataFrame(rows, columns=list(TRIAL_COLUMNS))
    labels = [label.strip() for label in text.lists.get("EPOCH_LABELS", [])]
    fits = len(labels) == len(trials)
    return trials.assign(label=labels if fits else trials["code"].astype(str))
