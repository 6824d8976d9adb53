from .eeg import read_eeg
from .files import atomic_file, write_json
from .physio import read_physio

__all__ = [
    "atomic_file",
    "read_eeg",
    "read_physio",
    "write_json",
]
