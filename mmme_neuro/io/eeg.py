"""EEG recordings of any format a lab hands over."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import mne

from mmme_neuro.errors import BadInput, DamagedFile
from mmme_neuro.extras import optional
from mmme_neuro.io.breaks import cnt_cuts, cuts, mark_cuts, mark_erplab_boundaries
from mmme_neuro.io.curry import read_curry
from mmme_neuro.io.damage import found_beside, named_beside, reading
from mmme_neuro.io.edf_records import read_records
from mmme_neuro.io.matlab import check_matlab_file
from mmme_neuro.io.montage import channel_types, place_electrodes

EEG: TypeAlias = mne.io.BaseRaw | mne.BaseEpochs

BYTES_BY_FORMAT = {"short": 2, "int": 4, "single": 4, "double": 8}
BRAINVISION_PARTS = {"datafile": "data", "markerfile": "markers"}
OVERRIDES = {"datafile": "data_fname", "markerfile": "marker_fname"}
_BRAINVISION_FILES = re.compile(r"^\s*(DataFile|MarkerFile)\s*=\s*(\S.*)$", re.M | re.I)


def read_eeg(path: str | Path) -> EEG:
    """Read an EEG recording, with channel types and electrode positions set.

    Parameters
    ----------
    path : path-like
        Curry (``.cdt``, ``.dat``), EEGLAB (``.set``), BrainVision (``.vhdr``), European Data
        Format (``.edf``), BioSemi (``.bdf``), Neuroscan 4 (``.cnt``) or MNE (``.fif``) file.

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
        When a file is damaged, of an unknown kind, or names files in other folders.

    Notes
    -----
    Types follow the channel names (`mmme_neuro.io.montage.channel_types`) where the file leaves
    them open; electrodes without a position get that of the 10-05 system. Where a format
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
    with reading(path, "an EEG recording"):
        recording = reader(path)
        _refuse_files_elsewhere(path, recording)
        if isinstance(recording, mne.io.BaseRaw):
            # A file without its end fails here, not an hour into the analysis.
            recording.get_data(start=recording.n_times - 1, verbose="error")
            mark_cuts(recording, cuts(recording))
            if path.suffix.lower() == ".cnt":
                mark_cuts(recording, cnt_cuts(path, recording.n_times))
        return place_electrodes(_type_channels(recording))


def _refuse_files_elsewhere(path: Path, recording: EEG) -> None:
    """Refuse a recording whose samples its header places in another folder."""
    for name in getattr(recording, "filenames", ()):
        if name is not None and not Path(name).parent.samefile(path.parent):
            named_beside(path, str(name))


def _type_channels(recording: EEG) -> EEG:
    """Set types by name where the file left the default."""
    by_name = channel_types(recording.ch_names)
    now = dict(zip(recording.ch_names, recording.get_channel_types(), strict=True))
    changes = {
        # A trigger read like a voltage holds code x 1e-6, which no event finder understands.
        name: "misc" if kind == "stim" else kind
        for name, kind in by_name.items()
        if kind != "eeg" and now[name] in ("eeg", "misc")
    }
    return recording.copy().set_channel_types(changes, verbose="error")


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
    """Raw or epochs, told by MNE's naming rule."""
    if path.stem.endswith(("-epo", "_epo")):
        return mne.read_epochs(path, verbose="error")
    return mne.io.read_raw_fif(path, verbose="warning")


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
    names = {OVERRIDES[key]: own.name for key, own in named.items() if own.name != entries[key]}
    recording = mne.io.read_raw_brainvision(path, overrides=names or None, verbose="warning")
    n_bytes = BYTES_BY_FORMAT.get(recording.orig_format)
    data = named.get("datafile")
    if n_bytes and data is not None and data.stat().st_size % (n_bytes * len(recording.ch_names)):
        raise DamagedFile(
            f"{data}: expected whole samples of {len(recording.ch_names)} channels, found "
            f"{data.stat().st_size} bytes; the file is truncated: copy it again."
        )
    return recording


def _header_text(path: Path) -> str:
    """Text of a BrainVision header in the code page that it states, as MNE takes it."""
    content = path.read_bytes()
    stated = re.search(rb"^\s*Codepage\s*=\s*(\S+)", content, re.M | re.I)
    code_page = stated[1].decode("ascii", "replace") if stated else "utf-8"
    try:
        return content.decode("cp1252" if code_page.upper() == "ANSI" else code_page)
    except (UnicodeDecodeError, LookupError):
        return content.decode("latin-1")


def _check_brainvision_markers(path: Path) -> None:
    """Refuse a list of markers that breaks off; MNE takes it for a shorter one."""
    lines = path.read_text(encoding="latin-1").splitlines()
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


def _read_cnt(path: Path) -> EEG:
    """Neuroscan 4 continuous file."""
    return mne.io.read_raw_cnt(path, verbose="warning")


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
