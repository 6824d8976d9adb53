"""Channel types and electrode positions from channel names."""

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
