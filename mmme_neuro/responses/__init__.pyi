from .autonomic import AUTONOMIC_MEASURES, autonomic_responses
from .components import (
    component_table,
    jackknife_difference,
    measurement_quality,
    region_curves,
)
from .coupling.connectivity import Connectivity, connectivity
from .coupling.graph import DENSITIES, graph_measures
from .coupling.pairs import average_matrix, pair_table, paired_differences
from .coupling.regionsignals import region_signals
from .coupling.sourceregions import source_regions
from .curves import participant_curves, response_curves, within_participant_band
from .event_maps import event_courses, event_power, region_courses
from .grandaverage import GrandAverage, grand_average
from .jitter import onset_jitter
from .measures import (
    BANDS,
    BODY_BASELINE,
    ERP_BASELINE,
    POWER_BASELINE,
    STATISTICS,
    Measure,
    measure_curves,
    window_mask,
)
from .overlap.basis import FIR, ResponseFunction, Splines
from .overlap.compare import (
    OverlapPlan,
    OverlapResult,
    compare_with_averaging,
    over_participants,
    separate_overlap,
)
from .overlap.deconvolve import Deconvolution, deconvolve, with_stimulus_events
from .potentials import (
    baseline_means,
    evoked,
    mean_amplitude,
    standardized_measurement_error,
    window_amplitudes,
)
from .regions import ROIS, roi_channels
from .spectral.bandpower import band_power
from .spectral.phase import phase_consistency
from .spectral.timefrequency import TimeFrequency, participant_average, time_frequency
from .videos import video_responses

__all__ = [
    "AUTONOMIC_MEASURES",
    "BANDS",
    "BODY_BASELINE",
    "Connectivity",
    "DENSITIES",
    "Deconvolution",
    "ERP_BASELINE",
    "FIR",
    "GrandAverage",
    "Measure",
    "OverlapPlan",
    "OverlapResult",
    "POWER_BASELINE",
    "ROIS",
    "ResponseFunction",
    "STATISTICS",
    "Splines",
    "TimeFrequency",
    "autonomic_responses",
    "average_matrix",
    "band_power",
    "baseline_means",
    "compare_with_averaging",
    "component_table",
    "connectivity",
    "deconvolve",
    "event_courses",
    "event_power",
    "evoked",
    "grand_average",
    "graph_measures",
    "jackknife_difference",
    "mean_amplitude",
    "measure_curves",
    "measurement_quality",
    "onset_jitter",
    "over_participants",
    "pair_table",
    "paired_differences",
    "participant_average",
    "participant_curves",
    "phase_consistency",
    "region_courses",
    "region_curves",
    "region_signals",
    "response_curves",
    "roi_channels",
    "separate_overlap",
    "source_regions",
    "standardized_measurement_error",
    "time_frequency",
    "video_responses",
    "window_amplitudes",
    "window_mask",
    "with_stimulus_events",
    "within_participant_band",
]
