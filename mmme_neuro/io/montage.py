"""Channel types and electrode positions from channel names."""

import re
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TypeVar

import mne
import numpy as np

QUIK_CAP_64 = tuple(
    "FP1 FPZ FP2 AF3 AF4 "
    "F7 F5 F3 F1 FZ F2 F4 F6 F8 "
    "FT7 FC5 FC3 FC1 FCZ FC2 FC4 FC6 FT8 "
    "T7 C5 C3 C1 CZ C2 C4 C6 T8 "
    "M1 TP7 CP5 CP3 CP1 CPZ CP2 CP4 CP6 TP8 M2 "
    "P7 P5 P3 P1 PZ P2 P4 P6 P8 "
    "PO7 PO5 PO3 POZ PO4 PO6 PO8 "
    "CB1 O1 OZ O2 CB2".split()
)
"""EEG channels of a 64-channel Neuroscan Quik-Cap, front to back, as written in its files."""

MISC_CHANNELS = ("HEO", "VEO", "EKG", "EMG", "Trigger")
"""Channels recorded beside the cap, in Curry's ``OTHERS`` group."""

TYPE_BY_WORD = {
    **dict.fromkeys(
        ("HEO", "VEO", "HEOG", "VEOG", "EOG", "HEOL", "HEOR", "VEOU", "VEOL"),
        "eog",
    ),
    **dict.fromkeys(("EKG", "ECG"), "ecg"),
    "EMG": "emg",
    **dict.fromkeys(("TRIGGER", "TRIG", "STI", "STIM", "STATUS"), "stim"),
}
"""Type of a channel that is not EEG, by the first word of its name in upper case."""

NEAREST_10_05 = {"CB1": "PO9", "CB2": "PO10"}
"""Stand-ins for Neuroscan's cerebellar electrodes, which no 10-05 template has."""

Recorded = TypeVar("Recorded", mne.io.BaseRaw, mne.BaseEpochs)

MIN_SHARED_ELECTRODES = 8
"""Fewer electrodes than this say too little about the axes of a file."""


def channel_types(ch_names: Sequence[str]) -> dict[str, str]:
    """Tell the MNE type of each channel by its name; EEG unless the name says otherwise.

    Parameters
    ----------
    ch_names : sequence of str
        Channel names, in any case; a number may follow (``EOG061``).

    Returns
    -------
    dict of str to str
        Name as given -> ``eeg``, ``eog``, ``ecg``, ``emg`` or ``stim``.

    Examples
    --------
    >>> channel_types(["FZ", "HEO", "EKG", "Trigger"])
    {'FZ': 'eeg', 'HEO': 'eog', 'EKG': 'ecg', 'Trigger': 'stim'}
    """
    first_words = {name: re.split(r"[^A-Z]", name.upper(), maxsplit=1)[0] for name in ch_names}
    return {name: TYPE_BY_WORD.get(word, "eeg") for name, word in first_words.items()}


def template_positions(ch_names: Sequence[str]) -> dict[str, np.ndarray]:
    """Positions of those channels that the 10-05 template knows, regardless of case.

    Parameters
    ----------
    ch_names : sequence of str
        Channel names.

    Returns
    -------
    dict of str to array, shape (3,)
        Name as given -> position in meters in MNE's head frame (x right, y front, z up).

    Notes
    -----
    The template is that of the Colin 27 head. CB1 and CB2 (Neuroscan's cerebellar electrodes)
    take the places of PO9 and PO10, an approximation.

    Examples
    --------
    >>> sorted(template_positions(["FZ", "CB1", "EKG"]))
    ['CB1', 'FZ']
    """
    template = {name.upper(): position for name, position in _template()["ch_pos"].items()}
    wanted = {name: NEAREST_10_05.get(name.upper(), name).upper() for name in ch_names}
    return {
        name: template[stand_in].copy() for name, stand_in in wanted.items() if stand_in in template
    }


@cache
def _template() -> dict:
    """Positions of the 10-05 template, under its present or its former name, in the head frame."""
    # MNE 1.13 renamed standard_1005 and takes the old name away in 1.14.
    names = mne.channels.get_builtin_montages()
    montage = mne.channels.make_standard_montage(
        "colin27_1005" if "colin27_1005" in names else "standard_1005"
    )
    return mne.channels.transform_to_head(montage).get_positions()


def axes_contradict_names(positions_m: Mapping[str, np.ndarray]) -> bool:
    """Whether left and right, front and back or up and down disagree with the channel names.

    Parameters
    ----------
    positions_m : mapping of str to array, shape (3,)
        Electrode positions (x right, y front, z up), in any length unit.

    Returns
    -------
    bool
        True if any axis correlates negatively with the 10-05 template; False too where fewer than
        eight channels bear names of the template.

    Examples
    --------
    >>> from mmme_neuro.io.montage import QUIK_CAP_64, template_positions
    >>> positions = template_positions(QUIK_CAP_64)
    >>> axes_contradict_names({name: xyz * (-1, -1, 1) for name, xyz in positions.items()})
    True
    """
    template = template_positions(list(positions_m))
    if len(template) < MIN_SHARED_ELECTRODES:
        return False
    expected = np.array(list(template.values()))
    found = np.array([positions_m[name] for name in template])
    return bool((np.sum((found - found.mean(0)) * (expected - expected.mean(0)), axis=0) < 0).any())


def place_electrodes(raw: Recorded) -> Recorded:
    """Give every EEG channel without a position its place in the 10-05 system, told by its name.

    Parameters
    ----------
    raw : mne.io.BaseRaw | mne.BaseEpochs
        Recording; not modified.

    Returns
    -------
    mne.io.BaseRaw | mne.BaseEpochs
        Copy of the recording. Positions that the file brought are kept; channels whose names the
        10-05 system does not know stay without a position, which a warning lists.

    Examples
    --------
    >>> import mne, numpy as np
    >>> info = mne.create_info(["FZ", "CB1"], 100.0, "eeg")
    >>> raw = mne.io.RawArray(np.zeros((2, 10)), info, verbose="error")
    >>> sorted(place_electrodes(raw).get_montage().get_positions()["ch_pos"])
    ['CB1', 'FZ']
    """
    raw = raw.copy()
    location = dict(zip(raw.ch_names, (channel["loc"] for channel in raw.info["chs"]), strict=True))
    types = dict(zip(raw.ch_names, raw.get_channel_types(), strict=True))
    eeg = [name for name, kind in types.items() if kind == "eeg"]
    own = {name: location[name][:3] for name in eeg if _is_placed(location[name])}
    placed = template_positions(eeg) | own
    unknown = [name for name in eeg if name not in placed]
    if unknown:
        warnings.warn(
            f"No 10-05 position for the EEG channels {unknown}: topographies and interpolation "
            "leave them out. Rename them, or set positions with raw.set_montage.",
            stacklevel=2,
        )
    if placed and len(own) < len(placed):
        fiducials = raw.get_montage() if own else None
        landmarks = fiducials.get_positions() if fiducials else _template()
        montage = mne.channels.make_dig_montage(
            placed,
            coord_frame="head",
            **{point: landmarks[point] for point in ("nasion", "lpa", "rpa")},
        )
        raw.set_montage(montage, on_missing="ignore", verbose="error")
    return raw


def _is_placed(location: np.ndarray) -> bool:
    """Whether MNE's location array holds an electrode position (unset is NaN or zero)."""
    return bool(np.isfinite(location[:3]).all() and np.any(location[:3]))
