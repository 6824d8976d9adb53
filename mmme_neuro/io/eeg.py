"""EEG recordings of any format a lab hands over."""

import re
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Literal, TypeAlias, get_args

import mne
import numpy as np

from mmme_neuro.errors import BadInput, DamagedFile
from mmme_neuro.extras import optional
from mmme_neuro.io.breaks import cnt_cuts, cuts, mark_cuts, mark_erplab_boundaries
from mmme_neuro.io.channels.labels import channel_types
from mmme_neuro.io.channels.voltages import (
    VOLTAGES,
    check_spread,
    given_unit,
    is_blank,
    is_plausible,
    is_spoiled,
    other_factor,
    spread_of_eeg,
    volts_per_unit,
)
from mmme_neuro.io.curry import read_curry
from mmme_neuro.io.damage import found_beside, named_beside, reading, small_text
from mmme_neuro.io.edf_records import LABELS, TIME_CHANNELS, UNITS, read_records, signal_fields
from mmme_neuro.io.matlab import check_matlab_file
from mmme_neuro.io.montage import place_electrodes

EEG: TypeAlias = mne.io.BaseRaw | mne.BaseEpochs

FAR_ROUGHER = 3.0
"""A reading in the wrong data format jumps between channels: it is rougher by more than this."""

DataFormat = Literal["auto", "int16", "int32"]

MNE_EDF_VOLTS = {"uV": 1e-6, "µV": 1e-6, "μV": 1e-6, "\x83ÊV": 1e-6, "mV": 1e-3}
"""Units, read as Latin-1, that MNE's EDF reader knows; others it takes for volt."""

BYTES_BY_FORMAT = {"short": 2, "int": 4, "single": 4, "double": 8}
BRAINVISION_PARTS = {"datafile": "data", "markerfile": "markers"}
BRAINVISION_SUFFIXES = (".vhdr", ".vmrk", ".eeg", ".dat")
OVERRIDES = {"datafile": "data_fname", "markerfile": "marker_fname"}
_CHANNEL_INFOS = re.compile(r"^\[Channel Infos\]\s*$(.*?)(?=^\[|\Z)", re.M | re.S | re.I)
_BRAINVISION_FILES = re.compile(r"^\s*(DataFile|MarkerFile)\s*=\s*(\S.*)$", re.M | re.I)


def read_eeg(
    path: str | Path,
    *,
    units: str | Mapping[str, str] | None = None,
    data_format: DataFormat = "auto",
) -> EEG:
    """Read an EEG recording, with channel types and electrode positions set.

    Parameters
    ----------
    path : path-like
        Curry (``.cdt``, ``.dat``), EEGLAB (``.set``), BrainVision (``.vhdr``), European Data
        Format (``.edf``), BioSemi (``.bdf``), Neuroscan 4 (``.cnt``) or MNE (``.fif``) file.
    units : str | mapping of str to str | None
        Unit in which the file's numbers are (``"uV"``, ``"mV"`` ...), where the file states none or
        a wrong one: one for every EEG, EOG, ECG and EMG channel, or one for each channel named.
    data_format : {"auto", "int16", "int32"}
        How samples of a ``.cnt`` file are stored, where its header does not tell.

    Returns
    -------
    mne.io.BaseRaw | mne.BaseEpochs
        Signals in volt; samples stay on disk until used where the format allows. Epochs for an
        epoched Curry or EEGLAB file and for ``-epo.fif`` files.

    Raises
    ------
    FileNotFoundError
        When the recording or one of its files is missing.
    MmmeError
        When a file is damaged, of an unknown kind, or names files in other folders; when EEG
        channels have a unit that is no voltage, or their robust spread is not between 0.1 uV and
        5 mV (with ``units`` the latter is a warning).

    Notes
    -----
    Types follow channel names and units (`mmme_neuro.io.channels.labels`) where the file leaves
    them open; electrodes without a position get that of the 10-05 system, also under labels
    such as ``EEG F3-Ref``. A blank unit is taken for microvolt, with a warning. Where a format
    scales a trigger channel like the EEG (EEGLAB, BrainVision) it becomes ``misc``, as its codes
    cannot be found any more; the events are annotations there.

    Where a recording was cut or paused (EEGLAB's ``boundary``, ERPLAB's -99, BrainVision's ``New
    Segment``, Neuroscan's start and stop marks) it is annotated ``BAD boundary`` and ``EDGE
    boundary``; gaps between the records of EDF+D and BDF+D files are filled with zeros, so that
    times stay those of the file, and annotated ``BAD_ACQ_SKIP``. `mmme_neuro.epoch`, filters, ICA
    and MNE itself respect these names.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from mmme_neuro.simulate.files.curry_file import write_curry
    >>> path = write_curry(
    ...     tempfile.mkdtemp() + "/a.cdt",
    ...     np.zeros((3, 10)),
    ...     sfreq=1000.0,
    ...     ch_names=["FZ", "CB1"],
    ...     misc_names=["HEO"],
    ... )
    >>> read_eeg(path).get_channel_types()
    ['eeg', 'eeg', 'eog']
    """
    path = Path(path)
    reader = READER_BY_SUFFIX.get(path.suffix.lower())
    if reader is None:
        raise BadInput(
            f"{path}: expected a file ending in one of {', '.join(READER_BY_SUFFIX)}, found "
            f"{path.suffix!r}; give the recording's main file, or convert it."
        )
    if not path.is_file() and reader is not read_curry:
        raise FileNotFoundError(f"{path}: expected an EEG recording, found no such file.")
    _check_options(path, reader, units, data_format)
    with reading(path, "an EEG recording"):
        if reader is read_curry:
            recording = read_curry(path, units=units)
        else:
            recording = _read_cnt(path, data_format) if reader is _read_cnt else reader(path)
        _refuse_files_elsewhere(path, recording)
        if isinstance(recording, mne.io.BaseRaw):
            # A file without its end fails here, not an hour into the analysis.
            recording.get_data(start=recording.n_times - 1, verbose="error")
            mark_cuts(recording, cuts(recording))
            if path.suffix.lower() == ".cnt":
                mark_cuts(recording, cnt_cuts(path, recording.n_times))
        recording, volts = _in_volts(path, recording, units)
        check_spread(path, recording, volts, is_given=units is not None)
        return place_electrodes(recording)


def _check_options(
    path: Path,
    reader: Callable,
    units: str | Mapping[str, str] | None,
    data_format: str,
) -> None:
    """Refuse units that are none and a data format that is unknown or of another kind of file."""
    words = {"units": units} if isinstance(units, str) else dict(units or {})
    wrong = {name: word for name, word in words.items() if volts_per_unit(word) is None}
    if wrong:
        raise BadInput(
            f"{path}: units must be units of voltage (nV, uV, mV, V), one for all channels or a "
            f"mapping of channels to units, got {wrong}."
        )
    if data_format not in get_args(DataFormat):
        raise BadInput(
            f"{path}: data_format must be one of {get_args(DataFormat)}, got {data_format!r}."
        )
    if data_format != "auto" and reader is not _read_cnt:
        raise BadInput(f"{path}: data_format is for .cnt files; leave it out.")


def _refuse_files_elsewhere(path: Path, recording: EEG) -> None:
    """Refuse a recording whose samples its header places in another folder."""
    for name in getattr(recording, "filenames", ()):
        if name is not None and not Path(name).parent.samefile(path.parent):
            named_beside(path, str(name))


def _in_volts(
    path: Path, recording: EEG, given: str | Mapping[str, str] | None
) -> tuple[EEG, dict[str, float]]:
    """Types by name and unit, voltages in volt, and what one unit of the file was taken for."""
    names = recording.ch_names
    if not isinstance(given, str | None) and (unknown := sorted({*given} - {*names})):
        raise BadInput(f"{path}: units name the channels {unknown}; the file has {names}.")
    suffix = path.suffix.lower()
    in_file = STATED_UNITS[suffix](path, recording) if suffix in STATED_UNITS else {}
    now = _volts_as_read(suffix, recording, in_file)
    stated = in_file | (dict(given) if isinstance(given, Mapping) else {})
    recording = _type_channels(recording, stated, in_file)
    kinds = dict(zip(names, recording.get_channel_types(), strict=True))
    wanted = {}
    for name, kind in kinds.items():
        if kind in VOLTAGES and suffix not in (".cdt", ".dat"):
            unit = given_unit(given, name)
            unit = stated.get(name) if unit is None else unit
            if unit is not None:
                wanted[name] = 1e-6 if is_blank(unit) else volts_per_unit(unit)
        elif kind in ("gsr", "temperature") and name in stated:
            wanted[name] = other_factor(stated[name], kind)
    _tell_of_units(path, kinds, stated, given, wanted)
    right = {name: factor for name, factor in wanted.items() if factor is not None}
    ratios = {name: factor / now[name] for name, factor in right.items()}
    return _rescaled(recording, ratios), now | right


def _tell_of_units(
    path: Path,
    kinds: Mapping[str, str],
    stated: Mapping[str, str],
    given: str | Mapping[str, str] | None,
    wanted: Mapping[str, float | None],
) -> None:
    """Refuse EEG in units that are no voltage; warn of other units that were guessed or unknown."""
    unknown = {name: stated[name] for name, factor in wanted.items() if factor is None}
    if eeg := {name: unit for name, unit in unknown.items() if kinds[name] == "eeg"}:
        raise BadInput(
            f"{path}: expected units of voltage for EEG channels, found {eeg}. If their numbers "
            "are microvolts, say, read it with read_eeg(path, units='uV'), or units= a mapping of "
            "channels to units."
        )
    if unknown:
        warnings.warn(
            f"{path}: the units {unknown} are none of these channels' types; their values stay as "
            "in the file. Give units= a mapping of channels to units where they are voltages.",
            stacklevel=5,
        )
    told = {name for name in wanted if given_unit(given, name) is None and name in stated}
    guessed = {name: stated[name] for name in told if is_blank(stated[name])}
    guessed |= {name: stated[name] for name in told if is_spoiled(stated[name])}
    if guessed:
        found = sorted(set(guessed.values()))
        warnings.warn(
            f"{path}: the unit of {[name for name in wanted if name in guessed]} is blank or "
            f"cannot be read ({found}); microvolt is assumed. Check amplitudes, or give units=.",
            stacklevel=5,
        )


def _volts_as_read(suffix: str, recording: EEG, in_file: Mapping[str, str]) -> dict[str, float]:
    """What the format's reader took one unit of the file for, by channel."""
    names = recording.ch_names
    if suffix in (".edf", ".bdf"):
        return {name: MNE_EDF_VOLTS.get(in_file.get(name, ""), 1.0) for name in names}
    if suffix in (".vhdr", ".cdt", ".dat"):
        field = "range" if suffix == ".vhdr" else "cal"
        return {channel["ch_name"]: float(channel[field]) for channel in recording.info["chs"]}
    return dict.fromkeys(names, 1.0 if suffix == ".fif" else 1e-6)


def _rescaled(recording: EEG, ratios: Mapping[str, float]) -> EEG:
    """The recording with some channels multiplied; on disk as long as it was."""
    ratios = {name: ratio for name, ratio in ratios.items() if not np.isclose(ratio, 1.0, atol=0)}
    if not ratios:
        return recording
    if isinstance(recording, mne.BaseEpochs) or recording.preload:
        return _multiplied(recording, ratios)
    first = min(recording.n_times, 100)
    before = recording.get_data(list(ratios), stop=first, verbose="error")
    fresh = recording.copy()
    for name, ratio in ratios.items():
        index = fresh.ch_names.index(name)
        if "units" in (fresh._raw_extras[0] or {}):
            fresh._raw_extras[0]["units"][index] *= ratio  # MNE's EDF reader has no other scale
        else:
            fresh._cals[index] *= ratio
            fresh.info["chs"][index]["cal"] *= ratio
    after = fresh.get_data(list(ratios), stop=first, verbose="error")
    factors = np.array(list(ratios.values()))[:, None]
    if np.allclose(after, before * factors, rtol=1e-6, atol=0):
        return fresh
    return _multiplied(recording.copy().load_data(verbose="error"), ratios)


def _multiplied(recording: EEG, ratios: Mapping[str, float]) -> EEG:
    """The recording, in memory, with some channels multiplied."""
    fresh = recording.copy()
    for name, ratio in ratios.items():
        fresh.apply_function(partial(np.multiply, ratio), picks=[name], verbose="error")
    return fresh


def _type_channels(recording: EEG, units: Mapping[str, str], in_file: Mapping[str, str]) -> EEG:
    """Set types by name and unit where the file left the default."""
    by_name = channel_types(recording.ch_names, units)
    now = dict(zip(recording.ch_names, recording.get_channel_types(), strict=True))
    changes = {
        # A trigger read like a voltage holds code x 1e-6, which no event finder understands.
        name: "misc" if kind == "stim" else kind
        for name, kind in by_name.items()
        if now[name] in ("eeg", "misc")
        and (kind != "eeg" or (now[name] == "misc" and _is_unknown_to_mne(in_file.get(name))))
    }
    return recording.copy().set_channel_types(changes, verbose="error")


def _is_unknown_to_mne(unit: str | None) -> bool:
    """Whether MNE's BrainVision reader makes a channel misc for its unit alone."""
    return unit is not None and unit not in ("V", "mV", "µV", "uV", "nV")


def _units_of_edf(path: Path, recording: EEG) -> dict[str, str]:
    """Physical dimension of every signal but the trigger's, as the header has it."""
    labels, units = signal_fields(path, LABELS), signal_fields(path, UNITS)
    signals = [
        unit
        for label, unit in zip(labels, units, strict=True)
        if label.upper() not in TIME_CHANNELS
    ]
    types = recording.get_channel_types()
    return {
        name: unit
        for name, unit, kind in zip(recording.ch_names, signals, types, strict=True)
        if kind != "stim"
    }


def _units_of_brainvision(path: Path, recording: EEG) -> dict[str, str]:
    """Unit of every channel; resolutions must be positive numbers."""
    section = _CHANNEL_INFOS.search(_header_text(path))
    rows = re.findall(r"^\s*Ch(\d+)\s*=([^\r\n]*)", section[1] if section else "", re.M | re.I)
    units = {}
    for number, row in rows:
        fields = [field.strip() for field in row.split(",")]
        if int(number) > len(recording.ch_names):
            continue
        resolution = fields[2] if len(fields) > 2 else ""
        if resolution and not _is_positive(resolution):
            raise BadInput(
                f"{path}: expected a positive resolution of channel {number}, found {resolution!r} "
                f"in {row!r}; a decimal comma is taken for the end of the field: write a point."
            )
        # Without a unit it is microvolt, as the format's specification says.
        unit = fields[3] if len(fields) > 3 and fields[3] else "µV"
        units[recording.ch_names[int(number) - 1]] = unit
    return units


def _is_positive(text: str) -> bool:
    """Whether a text is a positive number."""
    try:
        return bool(0 < float(text) < np.inf)
    except ValueError:  # what float() raises
        return False


def _read_eeglab(path: Path) -> EEG:
    """Continuous or epoched EEGLAB set."""
    pymatreader = optional("pymatreader")  # MNE reads with it, too
    check_matlab_file(path)
    try:
        raw = mne.io.read_raw_eeglab(path, verbose="error")
        mark_erplab_boundaries(raw)
        return raw
    except TypeError as error:
        if "number of trials" not in str(error):
            raise
        content = pymatreader.read_mat(path, uint16_codec=None)
        samples = content.get("EEG", content).get("data")
        if isinstance(samples, str):
            named_beside(path, samples)
        return mne.read_epochs_eeglab(path, verbose="error")


def _read_fif(path: Path) -> EEG:
    """Raw or epochs, told by MNE's naming rule, and by the content where the name is another."""
    if path.stem.lower().endswith(("-epo", "_epo")):
        return mne.read_epochs(path, verbose="error")
    try:
        return mne.io.read_raw_fif(path, verbose="warning")
    except ValueError as error:  # MNE says no more of a file that holds epochs
        if "No raw data" not in str(error):
            raise
        return mne.read_epochs(path, verbose="error")


def _read_brainvision(path: Path) -> EEG:
    """BrainVision header with its data and markers."""
    header = _header_text(path)
    entries = {key.lower(): name.strip() for key, name in _BRAINVISION_FILES.findall(header)}
    named = {
        key: found_beside(path, name.replace("$b", path.stem), what=BRAINVISION_PARTS[key])
        for key, name in entries.items()
    }
    markers = named.get("markerfile")
    if markers is not None:
        _check_brainvision_markers(markers)
    recording = _brainvision_by_mne(path, named, entries)
    n_bytes = BYTES_BY_FORMAT.get(recording.orig_format)
    data = named.get("datafile")
    if n_bytes and data is not None and data.stat().st_size % (n_bytes * len(recording.ch_names)):
        raise DamagedFile(
            f"{data}: expected whole samples of {len(recording.ch_names)} channels, found "
            f"{data.stat().st_size} bytes; the file is truncated: copy it again."
        )
    return recording


def _brainvision_by_mne(
    path: Path, named: Mapping[str, Path], entries: Mapping[str, str]
) -> mne.io.BaseRaw:
    """The recording with the files that were found in place of those that the header names."""
    if {path.suffix, *(own.suffix for own in named.values())} <= set(BRAINVISION_SUFFIXES):
        names = {OVERRIDES[key]: own.name for key, own in named.items() if own.name != entries[key]}
        return mne.io.read_raw_brainvision(path, overrides=names or None, verbose="warning")
    with TemporaryDirectory() as folder:  # MNE knows the suffixes in lower case only
        header = copyfile(path, Path(folder) / f"{path.stem}.vhdr")
        names = {OVERRIDES[key]: str(own.absolute()) for key, own in named.items()}
        if "markerfile" in named:
            markers = copyfile(named["markerfile"], header.with_suffix(".vmrk"))
            names["marker_fname"] = markers.name
        return mne.io.read_raw_brainvision(header, overrides=names or None, verbose="warning")


def _header_text(path: Path) -> str:
    """Text of a BrainVision header in the code page that it states, as MNE takes it."""
    content = small_text(path)
    stated = re.search(rb"^\s*Codepage\s*=\s*(\S+)", content, re.M | re.I)
    code_page = stated[1].decode("ascii", "replace") if stated else "utf-8"
    known = {"ANSI": "cp1252", "UTF-8": "utf-8-sig"}
    try:
        return content.decode(known.get(code_page.upper(), code_page))
    except (UnicodeDecodeError, LookupError):
        return content.decode("latin-1")


def _check_brainvision_markers(path: Path) -> None:
    """Refuse a list of markers that breaks off; MNE takes it for a shorter one."""
    lines = small_text(path).decode("latin-1").splitlines()
    marks = [line for line in lines if re.match(r"Mk\d+=", line)]
    if "[Marker Infos]" not in lines or any(mark.count(",") < 3 for mark in marks):
        raise DamagedFile(
            f"{path}: expected the section [Marker Infos] with whole lines (Mk1=type,description,"
            f"position,size,channel), found {len(lines)} lines; the file is damaged or truncated: "
            "copy it again."
        )


def _read_edf(path: Path) -> EEG:
    """European Data Format."""
    return read_records(path, mne.io.read_raw_edf)


def _read_bdf(path: Path) -> EEG:
    """BioSemi's 24-bit format."""
    return read_records(path, mne.io.read_raw_bdf)


def _read_cnt(path: Path, data_format: str = "auto") -> EEG:
    """Neuroscan 4 continuous file, whose samples must look like EEG as they are read."""
    with path.open("rb") as stream:
        if stream.read(4) == b"RIFF":
            raise BadInput(
                f"{path}: expected a .cnt file of Neuroscan, found one of ANT Neuro; export it as "
                "BrainVision or EDF."
            )
    readings = {name: _cnt_as(path, name) for name in ("int16", "int32")}
    if data_format != "auto":
        raw = readings[data_format]
        chosen = data_format
    else:
        raw = _cnt_as(path, "auto")
        chosen = "" if raw is None else f"int{8 * raw._raw_extras[0]['n_bytes']}"
    fitting = _like_eeg({name: each for name, each in readings.items() if each is not None})
    if len(fitting) == 1 and chosen != fitting[0]:
        if data_format != "auto":
            raise BadInput(
                f"{path}: read as data_format={chosen!r} its samples are no EEG, as {fitting[0]!r} "
                "they are; give that, or leave data_format out."
            )
        warnings.warn(
            f"{path}: the header does not tell the data format, or a wrong one; {fitting[0]!r} "
            f"gives an EEG and is taken. Give data_format={fitting[0]!r} if that is right.",
            stacklevel=5,
        )
        return readings[fitting[0]]
    if raw is None:
        raise BadInput(
            f"{path}: expected a header that tells whether samples have 16 or 32 bits, found one "
            "that does not; give data_format='int16' or 'int32'."
        )
    return raw


def _cnt_as(path: Path, data_format: str) -> mne.io.BaseRaw | None:
    """The file in one data format; None where it cannot be read to its end so."""
    # The number of samples in the header is often wrong; the file's size then tells.
    for is_counted in (None, True):
        try:
            raw = mne.io.read_raw_cnt(
                path, data_format=data_format, recompute_n_samples=is_counted, verbose="error"
            )
            raw.get_data(start=raw.n_times - 1, verbose="error")
        except Exception:  # MNE raises RuntimeError, ValueError and others on a wrong format
            continue
        return raw
    return None


def _like_eeg(readings: Mapping[str, mne.io.BaseRaw]) -> list[str]:
    """Which readings of the same samples have an EEG's size; of two the far smoother one."""
    fitting = [
        name
        for name, raw in readings.items()
        if is_plausible(float(np.median(list(spread_of_eeg(raw).values()))))
    ]
    if len(fitting) < 2:
        return fitting
    smooth, rough = sorted(fitting, key=lambda name: _roughness(readings[name]))
    is_clear = _roughness(readings[rough]) > FAR_ROUGHER * _roughness(readings[smooth])
    return [smooth] if is_clear else fitting


def _roughness(raw: mne.io.BaseRaw) -> float:
    """Variance of the steps from sample to sample in that of the samples: 2 for white noise."""
    piece = raw.get_data(stop=min(raw.n_times, 5000), verbose="error")
    varies = np.ptp(piece, axis=1) > 0
    if not varies.any():
        return 0.0
    ratio = np.var(np.diff(piece[varies]), axis=1) / np.var(piece[varies], axis=1)
    return float(np.median(ratio))


READER_BY_SUFFIX: dict[str, Callable[[Path], EEG]] = {
    ".cdt": read_curry,
    ".dat": read_curry,
    ".set": _read_eeglab,
    ".vhdr": _read_brainvision,
    ".edf": _read_edf,
    ".bdf": _read_bdf,
    ".cnt": _read_cnt,
    ".fif": _read_fif,
}
"""Reader of each suffix, lower case."""

STATED_UNITS: dict[str, Callable[[Path, EEG], dict[str, str]]] = {
    ".edf": _units_of_edf,
    ".bdf": _units_of_edf,
    ".vhdr": _units_of_brainvision,
}
"""Reader of the channels' units, for formats that state them and leave the scale to their reader.
EEGLAB and Neuroscan mean microvolt, MNE volt; `read_curry` scales by itself."""
