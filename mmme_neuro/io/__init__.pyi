from .eeg import read_eeg
from .physio import read_physio

__all__ = [
    "read_eeg",
    "read_physio",
]
