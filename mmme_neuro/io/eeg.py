"""EEG recordings of any format a lab hands over."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import mne
from pymatreader import read_mat

from mmme_neuro.io.curry import read_curry
from mmme_neuro.io.damage import named_beside, reading
from mmme_neuro.io.montage import channel_types, place_electrodes

EEG: TypeAlias = mne.io.BaseRaw | mne.BaseEpochs

_BRAINVISION_FILES = re.compile(r"^\s*(?:DataFile|MarkerFile)\s*=\s*(\S.*)$", re.M | re.I)


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
    ValueError
        When a file is damaged, of an unknown kind, or names files in other folders.

    Notes
    -----
    Types follow the channel names (`mmme_neuro.io.montage.channel_types`) where the file leaves
    them open; electrodes without a position get that of the 10-05 system. Where a format
    scales a trigger channel like the EEG (EEGLAB, BrainVision) it becomes ``misc``, as its codes
    cannot be found any more; the events are annotations there.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from mmme_neuro.simulate.curry_file import write_curry
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
        raise ValueError(
            f"{path}: expected a file ending in one of {', '.join(READER_BY_SUFFIX)}, found "
            f"{path.suffix!r}; give the recording's main file, or convert it."
        )
    if not path.is_file() and reader is not read_curry:
        raise FileNotFoundError(f"{path}: expected an EEG recording, found no such file.")
    with reading(path, "an EEG recording"):
        recording = reader(path)
        _refuse_files_elsewhere(path, recording)
        return place_electrodes(_type_channels(recording))


def _refuse_files_elsewhere(path: Path, recording: EEG) -> None:
    """Refuse a recording whose samples its header places in another folder."""
    for name in getattr(recording, "filenames", ()):
        if name is not None and Path(name).absolute().parent != path.absolute().parent:
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
    try:
        return mne.io.read_raw_eeglab(path, verbose="error")
    except TypeError as error:
        if "number of trials" not in str(error):
            raise
        content = read_mat(path, uint16_codec=None)
        samples = content.get("EEG", content).get("data")
        if isinstance(samples, str):
            named_beside(path, samples)
        return mne.read_epochs_eeglab(path, verbose="error")


def _read_fif(path: Path) -> EEG:
    """Raw or epochs, told by MNE's naming rule."""
    if path.stem.endswith(("-epo", "_epo")):
        return mne.read_epochs(path, verbose="error")
    return mne.io.read_raw_fif(path, verbose="error")


def _read_brainvision(path: Path) -> EEG:
    """BrainVision header with its data and markers."""
    for name in _BRAINVISION_FILES.findall(path.read_text(encoding="latin-1")):
        named_beside(path, name.strip().replace("$b", path.stem))
    return mne.io.read_raw_brainvision(path, verbose="error")


def _read_edf(path: Path) -> EEG:
    """European Data Format."""
    return mne.io.read_raw_edf(path, verbose="error")


def _read_bdf(path: Path) -> EEG:
    """BioSemi's 24-bit format."""
    return mne.io.read_raw_bdf(path, verbose="error")


def _read_cnt(path: Path) -> EEG:
    """Neuroscan 4 continuous file."""
    return mne.io.read_raw_cnt(path, verbose="error")


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
