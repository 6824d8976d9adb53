"""Event-locked EEG and peripheral physiology of facial micro- and macro-expressions."""

import lazy_loader as _lazy

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "alignment": ["ClockFit", "align_clocks"],
        "audit": ["audit_events", "merge_passes"],
        "io.eeg": ["read_eeg"],
        "io.physio": ["read_physio"],
        "io.ratings": ["read_ratings"],
        "io.sheet": ["read_events"],
        "responses.autonomic": ["AUTONOMIC_WINDOWS", "autonomic_responses"],
        "responses.curves": ["response_curves", "within_participant_band"],
        "signals.physio": ["derive_physio", "physio_quality"],
    },
)
