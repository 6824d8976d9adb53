"""Peripheral recordings of any format a lab hands over."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import mne
import numpy as np

from mmme_neuro.errors import BadInput, DamagedFile
from mmme_neuro.io.acqknowledge import is_text_export, read_acq, read_mat, read_text_export
from mmme_neuro.io.damage import refuse_unwritten_end
from mmme_neuro.io.physio_channels import PhysioChannel, describe_channels, name_and_type
from mmme_neuro.io.physio_signals import PhysioSignals
from mmme_neuro.io.physio_table import read_bids_physio, read_table
from mmme_neuro.io.physio_units import Unit, settle_unit
from mmme_neuro.io.tables.empatica import is_empatica, read_empatica

ACQKNOWLEDGE_READERS = {".mat": read_mat, ".acq": read_acq}
TABLE_SUFFIXES = (".txt", ".csv", ".tsv")

SENTINELS = frozenset((-999.0, -9999.0, -99999.0, -999999.0))
"""Numbers that stand for a missing sample where all others are much smaller."""


def read_physio(
    path: str | Path,
    *,
    channel_types: Mapping[str, str] | None = None,
    sfreq: float | None = None,
    ch_names: Sequence[str] | None = None,
    units: Mapping[str, str] | None = None,
) -> mne.io.BaseRaw:
    """Read a peripheral recording, with channels recognized and in SI units.

    Parameters
    ----------
    path : path-like
        AcqKnowledge recording (``.acq``), MATLAB export (``.mat``) or text export (``.txt``); BIDS
        ``_physio.tsv.gz`` with its ``.json``; ``EDA.csv``, ``BVP.csv``, ``TEMP.csv``, ``HR.csv``
        or ``ACC.csv`` of an Empatica wristband; plain ``.csv``, ``.tsv`` or ``.txt`` with any
        separator, decimal mark and encoding. Text may be gzipped (``.gz``).
    channel_types : mapping of str to str | None
        Label in the file -> ``ecg``, ``bio`` (PPG), ``resp``, ``gsr`` (EDA), ``temperature``,
        ``emg``, ``stim`` or ``misc``, where the label does not tell.
    sfreq : float | None
        Samples per second, for tables that do not state it in a column of times (``time_s``,
        ``time (ms)``, dates) or before the numbers.
    ch_names : sequence of str | None
        Names of the columns, for tables without a line of names.
    units : mapping of str to str | None
        Label in the file or name of the channel -> unit, where the file does not state it or
        states a wrong one: ``{"EDA": "uS", "SKT": "degF"}``. Resistances (``kOhm``) of the skin
        become conductances.

    Returns
    -------
    mne.io.RawArray
        Channels ``ECG PPG RSP EDA SKT_A SKT_B EMG_A EMG_B D0 .. D7`` as far as recognized, others
        under their own label as ``misc``: volt, siemens (EDA), degrees Celsius (SKT); digital
        lines (type ``stim``) in volt, others as in the file. Missing samples stay NaN.
        ``info["description"]`` lists label and unit in the file. Event marks are annotations.

    Warns
    -----
    UserWarning
        Where a unit is not stated and was taken by the size of the samples, or where the samples
        cannot have the unit that is stated (skin at 382 degrees): name it with `units`.

    Notes
    -----
    ``raw.first_samp`` is the file's own first sample (``start_sample`` of the export, ``StartTime``
    of BIDS), not 0 where a part was exported; ``raw.times`` starts at 0 in any case.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from mmme_neuro.simulate.files.acqknowledge_file import write_acqknowledge_mat
    >>> raw = read_physio(write_acqknowledge_mat(tempfile.mkdtemp() + "/a.mat", np.ones((10, 17))))
    >>> raw.ch_names[:8]
    ['PPG', 'RSP', 'EMG_A', 'SKT_A', 'EDA', 'ECG', 'EMG_B', 'SKT_B']
    """
    path = Path(path)
    suffix = _suffix(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected a peripheral recording, found no such file.")
    if path.stat().st_size == 0:
        raise DamagedFile(f"{path}: expected a peripheral recording, found an empty file.")
    if suffix in TABLE_SUFFIXES:
        refuse_unwritten_end(path)
    is_wristband = suffix in TABLE_SUFFIXES and not _is_bids(path) and is_empatica(path)
    states_all = (
        suffix not in TABLE_SUFFIXES or _is_bids(path) or is_wristband or is_text_export(path)
    )
    if states_all and any(option is not None for option in (sfreq, ch_names)):
        raise BadInput(
            f"{path}: sfreq and ch_names are for tables that do not state them, but this "
            "file does; leave them out."
        )
    if suffix in ACQKNOWLEDGE_READERS:
        signals = ACQKNOWLEDGE_READERS[suffix](path)
    elif _is_bids(path):
        signals = read_bids_physio(path)
    elif is_wristband:
        signals = read_empatica(path)
    elif states_all:
        signals = read_text_export(path)
    else:
        signals = read_table(path, sfreq=sfreq, ch_names=ch_names, units=None)
    types = channel_types or {}
    kinds = [name_and_type(label, types.get(label)) for label in signals.labels]
    _mark_missing(path, signals, [kind for _, kind in kinds])
    given = _given_units(path, signals.labels, [name for name, _ in kinds], units or {})
    settled = [
        given.get(label) or settle_unit(label, unit, kind, values)
        for label, unit, (_, kind), values in zip(
            signals.labels, signals.units, kinds, signals.data, strict=True
        )
    ]
    channels = describe_channels(signals.labels, settled, channel_types=channel_types)
    return _to_raw(signals, channels)


def _given_units(
    path: Path, labels: Sequence[str], names: Sequence[str], units: Mapping[str, str]
) -> dict[str, str]:
    """Unit that the user gave of each label; a channel is called by its label or its name."""
    called = {name.casefold(): label for name, label in zip(names, labels, strict=True)}
    called |= {label.casefold(): label for label in labels}
    unknown = [name for name in units if name.casefold() not in called]
    if unknown:
        raise BadInput(
            f"{path}: units must name channels of the file, {unknown} not among {list(labels)}; "
            "write the labels as in the file."
        )
    return {called[name.casefold()]: unit for name, unit in units.items()}


def _mark_missing(path: Path, signals: PhysioSignals, kinds: Sequence[str]) -> None:
    """Make the numbers that stand for a missing sample NaN."""
    for label, kind, row in zip(signals.labels, kinds, signals.data, strict=True):
        if kind == "stim" or not row.size:
            continue
        for sentinel in {float(np.min(row, initial=0.0, where=np.isfinite(row)))} & SENTINELS:
            is_missing = row == sentinel
            rest = row[~is_missing & np.isfinite(row)]
            if rest.size and abs(sentinel) > 5 * np.abs(rest).max():
                row[is_missing] = np.nan
                warnings.warn(
                    f"{path}: channel {label!r}: {is_missing.sum()} samples of {sentinel:g} are "
                    "taken for missing.",
                    stacklevel=3,
                )


def _suffix(path: Path) -> str:
    """Suffix that decides the format, without ``.gz``."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    readable = (*ACQKNOWLEDGE_READERS, *TABLE_SUFFIXES)
    if not suffixes or suffixes[-1] not in readable:
        raise BadInput(
            f"{path}: expected a file ending in one of {', '.join(readable)} (text also with .gz), "
            f"found {path.name!r}; export the recording in one of these formats."
        )
    return suffixes[-1]


def _is_bids(path: Path) -> bool:
    """Whether the name is that of a BIDS physio table."""
    return path.name.lower().endswith(("_physio.tsv", "_physio.tsv.gz"))


def _to_raw(signals: PhysioSignals, channels: Sequence[PhysioChannel]) -> mne.io.RawArray:
    """Signals as an MNE recording in SI units."""
    info = mne.create_info(
        [channel.name for channel in channels],
        signals.sfreq,
        [channel.kind for channel in channels],
    )
    info["description"] = "; ".join(
        f"{channel.name}: {channel.label!r} ({channel.unit or 'no unit'})" for channel in channels
    )
    # In place: the samples were just read, belong to nobody else and may fill half the memory.
    data = signals.data
    for row, channel in zip(data, channels, strict=True):
        if channel.is_inverse:
            row[:] = Unit("S", channel.scale, is_inverse=True).to_si(row)
            continue
        row *= channel.scale
        row += channel.offset
    raw = mne.io.RawArray(data, info, first_samp=signals.first_sample, verbose="error")
    marks = mne.Annotations(
        onset=[marker.onset for marker in signals.markers],
        duration=0.0,
        description=[marker.text for marker in signals.markers],
        extras=[{"kind": marker.kind} for marker in signals.markers],
    )
    return raw.set_annotations(marks)
