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
        "responses.bandpower": ["band_power"],
        "responses.connectivity": ["connectivity"],
        "responses.evoked": [
            "evoked",
            "mean_amplitude",
            "standardized_measurement_error",
            "window_amplitudes",
        ],
        "responses.grandaverage": ["grand_average"],
        "responses.graph": ["graph_measures"],
        "responses.regions": ["ROIS", "Window"],
        "responses.timefrequency": ["participant_average", "time_frequency"],
    },
)
