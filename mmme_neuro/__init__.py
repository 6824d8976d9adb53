"""Event-locked EEG and peripheral physiology of facial micro- and macro-expressions."""

import lazy_loader as _lazy

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "alignment": ["align_clocks"],
        "association.repeated": ["rm_corr"],
        "audit": ["EventAudit", "audit_events"],
        "bids.details": ["DatasetDetails"],
        "bids.export": ["BidsDataset", "write_bids"],
        "bids.restore": ["read_bids_recording"],
        "camera": ["align_camera", "place_events"],
        "clock": ["ClockFit"],
        "controls": ["clip_spans", "control_events"],
        "describe": ["Description", "describe_events", "describe_sheet"],
        "epochs": ["EventLocked", "concatenate", "epoch", "reject"],
        "io.eeg": ["read_eeg"],
        "io.passes": ["left_out_rows", "merge_passes"],
        "io.physio": ["read_physio"],
        "io.ratings": ["read_ratings"],
        "io.sheet": ["read_events"],
        "models.contrasts": ["contrast", "marginal_means"],
        "models.mixed": ["LMMFit", "fit_lmm"],
        "models.reduction": ["fit_reduced"],
        "overlap": ["overlap_table"],
        "recording": ["Recording", "read_recording"],
        "responses.autonomic": ["AUTONOMIC_WINDOWS", "autonomic_responses"],
        "responses.bandpower": ["band_power"],
        "responses.connectivity": ["connectivity"],
        "responses.curves": ["response_curves", "within_participant_band"],
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
        "signals.eeg": ["clean_eeg", "removed_by_cleaning"],
        "signals.physio": ["derive_physio", "physio_quality"],
        "check": ["StudyCheck", "check_study"],
        "report": ["write_report"],
        "simulate.parameters": ["DEMO", "Effect", "StudyParameters"],
        "simulate.study": ["simulate_study"],
        "triggers": ["annotation_codes", "digital_codes", "recording_codes", "stim_codes"],
    },
)
