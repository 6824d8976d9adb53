from .body.derive import artefact_mask, derive_physio, physio_quality
from .eeg.clean import clean_eeg, current_source_density, removed_by_cleaning

__all__ = [
    "artefact_mask",
    "clean_eeg",
    "current_source_density",
    "derive_physio",
    "physio_quality",
    "removed_by_cleaning",
]
