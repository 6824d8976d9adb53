from .body.derive import Derived, Deriving, artifact_mask, derive_physio
from .eeg.clean import (
    Cleaned,
    Cleaning,
    Components,
    clean_eeg,
    current_source_density,
    find_components,
)
from .eeg.ica import CleaningDecisions, muscle_band

__all__ = [
    "Cleaned",
    "Cleaning",
    "CleaningDecisions",
    "Components",
    "Derived",
    "Deriving",
    "artifact_mask",
    "clean_eeg",
    "current_source_density",
    "derive_physio",
    "find_components",
    "muscle_band",
]
