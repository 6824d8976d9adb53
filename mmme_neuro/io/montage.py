"""Channel types and electrode positions from channel names."""

from collections.abc import Sequence

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

TYPE_BY_NAME = {
    "HEO": "eog",
    "VEO": "eog",
    "HEOG": "eog",
    "VEOG": "eog",
    "EOG": "eog",
    "EKG": "ecg",
    "ECG": "ecg",
    "EMG": "emg",
    "TRIGGER": "stim",
    "STI": "stim",
    "STATUS": "stim",
}
"""Channels that are not EEG, by upper-case name."""

NEAREST_10_05 = {"CB1": "PO9", "CB2": "PO10"}
"""Stand-ins for Neuroscan's cerebellar electrodes, which no 10-05 template has."""


def channel_types(ch_names: Sequence[str]) -> dict[str, str]:
    """MNE channel type of each channel, told by its name; EEG unless the name says otherwise.

    Parameters
    ----------
    ch_names : sequence of str
        Channel names, in any case.

    Returns
    -------
    dict of str to str
        Name as given -> ``eeg``, ``eog``, ``ecg``, ``emg`` or ``stim``.

    Examples
    --------
    >>> channel_types(["FZ", "HEO", "EKG", "Trigger"])
    {'FZ': 'eeg', 'HEO': 'eog', 'EKG': 'ecg', 'Trigger': 'stim'}
    """
    return {name: TYPE_BY_NAME.get(name.upper(), "eeg") for name in ch_names}


def template_positions(ch_names: Sequence[str]) -> dict[str, np.ndarray]:
    """Positions of those channels that the 10-05 template knows, regardless of case.

    Parameters
    ----------
    ch_names : sequence of str
        Channel names.

    Returns
    -------
    dict of str to array, shape (3,)
        Name as given -> position in metres (x right, y front, z up) on the Colin 27 head.

    Notes
    -----
    CB1 and CB2 (Neuroscan's cerebellar electrodes) take the places of PO9 and PO10.

    Examples
    --------
    >>> sorted(template_positions(["FZ", "CB1", "EKG"]))
    ['CB1', 'FZ']
    """
    template = {
        name.upper(): position
        for name, position in _template_montage().get_positions()["ch_pos"].items()
    }
    wanted = {name: NEAREST_10_05.get(name.upper(), name).upper() for name in ch_names}
    return {name: template[stand_in] for name, stand_in in wanted.items() if stand_in in template}


def _template_montage() -> mne.channels.DigMontage:
    """The 10-05 template under its present or its former name."""
    names = mne.channels.get_builtin_montages()
    return mne.channels.make_standard_montage(
        "colin27_1005" if "colin27_1005" in names else "standard_1005"
    )
