"""Event-locked EEG and peripheral physiology of facial micro- and macro-expressions."""

import lazy_loader as _lazy

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "alignment": ["ClockFit", "align_clocks"],
        "audit": ["EventAudit", "audit_events"],
        "describe": ["Description", "describe_events", "describe_sheet"],
        "io.eeg": ["read_eeg"],
        "io.passes": ["merge_passes"],
        "io.physio": ["read_physio"],
        "io.ratings": ["read_ratings"],
        "io.sheet": ["read_events"],
        "models.contrasts": ["contrast", "marginal_means"],
        "models.mixed": ["LMMFit", "fit_lmm"],
        "models.reduction": ["fit_reduced"],
    },
)
