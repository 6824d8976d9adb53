"""Recordings of Empatica's wristbands: one table per sensor, its header two lines of numbers."""

import re
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput, DamagedFile
from mmme_neuro.io.damage import check_last_line, reading
from mmme_neuro.io.physio_signals import PhysioSignals
from mmme_neuro.io.tables.delimited import is_moment, open_text, text_encoding

SENSORS = {
    "EDA": (("EDA",), ("uS",)),
    "BVP": (("BVP",), ("",)),
    "TEMP": (("TEMP",), ("degC",)),
    "HR": (("HR",), ("bpm",)),
    "ACC": (("ACC_X", "ACC_Y", "ACC_Z"), ("1/64 g",) * 3),
}
"""Columns and units of each sensor's table, by the name of the file."""

WITHOUT_SAMPLES = ("IBI", "TAGS")

RATES_HZ = (0.5, 2048.0)
EPOCH_S = (0.9e9, 4.0e9)


def is_empatica(path: Path) -> bool:
    """Whether a text begins with a time stamp and a sampling rate, or lists beats of a wristband.

    Parameters
    ----------
    path : Path
        Text file, gzipped or not.

    Returns
    -------
    bool
    """
    with reading(path, "text"), open_text(path) as stream:
        first, second = ([*islice(stream, 2), "", ""])[:2]
    stamp, rate = (line.strip().split(",") for line in (first, second))
    if len(stamp) == 2 and stamp[1].strip().upper() == "IBI":
        return True
    start = _number(stamp[0])
    is_start = EPOCH_S[0] < start < EPOCH_S[1] or is_moment(stamp[0].strip())
    is_alike = len(stamp) == len(rate) and len({*map(str.strip, stamp)}) == 1
    n_rates = len({_number(field) for field in rate})
    is_rate = n_rates == 1 and RATES_HZ[0] <= _number(rate[0]) <= RATES_HZ[1]
    return is_start and is_alike and (is_rate or _sensor(path) in WITHOUT_SAMPLES)


def read_empatica(path: Path) -> PhysioSignals:
    """Read ``EDA.csv``, ``BVP.csv``, ``TEMP.csv``, ``HR.csv`` or ``ACC.csv`` of a wristband.

    Parameters
    ----------
    path : Path
        Table of one sensor: the start as seconds since 1970, the samples per second, the samples.

    Returns
    -------
    PhysioSignals
        The start is left out: a date says who was recorded when.

    Raises
    ------
    BadInput
        For ``IBI.csv`` and ``tags.csv``, which hold no samples.
    """
    sensor = _sensor(path)
    if sensor in WITHOUT_SAMPLES or "IBI" in _first_line(path).upper():
        raise BadInput(
            f"{path}: expected samples at an even rate, found the times of beats or button "
            "presses; read BVP.csv instead, from which `derive_physio` finds the pulse."
        )
    with reading(path, "a table of an Empatica wristband"):
        table = pd.read_csv(path, header=None, skipinitialspace=True, encoding=text_encoding(path))
        rates, data = table.iloc[1].to_numpy(dtype=float), table.iloc[2:].to_numpy(dtype=float).T
    check_last_line(path, ",")
    if not data.size:
        raise DamagedFile(
            f"{path}: expected samples below the start and the rate, found none; export again."
        )
    default = (tuple(f"CH{n + 1}" for n in range(len(data))), ("",) * len(data))
    labels, units = SENSORS.get(sensor, default)
    if len(labels) != len(data):
        raise DamagedFile(
            f"{path}: expected {len(labels)} columns of {sensor}, found {len(data)}; export the "
            "recording again, or rename the file."
        )
    return PhysioSignals(labels, units, np.ascontiguousarray(data), float(rates[0]))


def _sensor(path: Path) -> str:
    """Sensor in the name of a file, such as ``sub01_EDA.csv``."""
    words = re.split(r"[^A-Za-z]+", path.name.split(".")[0].upper())
    return next((word for word in words if word in SENSORS or word in WITHOUT_SAMPLES), "")


def _first_line(path: Path) -> str:
    """First line of a text."""
    with open_text(path) as stream:
        return stream.readline()


def _number(field: str) -> float:
    """A field as a number; NaN where it is none."""
    try:
        return float(field)
    except ValueError:  # what float() raises
        return np.nan
