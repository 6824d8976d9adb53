from . import (
    association,
    bids,
    clocks,
    events,
    inference,
    io,
    models,
    muscles,
    pipeline,
    plots,
    reliability,
    report,
    responses,
    signals,
    simulate,
    stats,
)
from .association.canonical import cross_modal
from .association.repeated import rm_corr
from .clocks.align import align_clocks
from .clocks.fit import ClockFit
from .epochs import EventLocked, epoch
from .errors import MmmeError
from .events.audit import audit_events
from .events.ratings import read_ratings
from .events.sheet import read_events
from .inference.clustertest import ClusterTest
from .inference.permutation import permutation_test
from .io.eeg import read_eeg
from .io.physio import read_physio
from .models.contrasts import contrast, marginal_means
from .models.maps import LMMMap, fit_lmm_map
from .models.mixed import LMMFit, fit_lmm
from .pipeline.derivatives import read_epochs
from .pipeline.inputs import study_sources
from .recording import Recording, read_recording
from .rejection import reject
from .reliability.coders.agreement import agreement
from .reliability.erp import erp_reliability
from .reliability.intraclass import icc
from .reliability.scales.alpha import cronbach_alpha
from .reliability.scales.omega import mcdonald_omega
from .responses.autonomic import autonomic_responses
from .responses.coupling.connectivity import connectivity
from .responses.coupling.graph import graph_measures
from .responses.overlap.deconvolve import deconvolve
from .responses.potentials import evoked
from .responses.spectral.timefrequency import time_frequency
from .signals.body.derive import Derived, derive_physio
from .signals.eeg.clean import Cleaned, Components, clean_eeg, find_components
from .simulate.study import simulate_study

__version__: str

__all__ = [
    "Cleaned",
    "ClockFit",
    "ClusterTest",
    "Components",
    "Derived",
    "EventLocked",
    "LMMFit",
    "LMMMap",
    "MmmeError",
    "Recording",
    "agreement",
    "align_clocks",
    "association",
    "audit_events",
    "autonomic_responses",
    "bids",
    "clean_eeg",
    "clocks",
    "connectivity",
    "contrast",
    "cronbach_alpha",
    "cross_modal",
    "deconvolve",
    "derive_physio",
    "epoch",
    "erp_reliability",
    "events",
    "evoked",
    "find_components",
    "fit_lmm",
    "fit_lmm_map",
    "graph_measures",
    "icc",
    "inference",
    "io",
    "marginal_means",
    "mcdonald_omega",
    "models",
    "muscles",
    "permutation_test",
    "pipeline",
    "plots",
    "read_eeg",
    "read_epochs",
    "read_events",
    "read_physio",
    "read_ratings",
    "read_recording",
    "reject",
    "reliability",
    "report",
    "responses",
    "rm_corr",
    "signals",
    "simulate",
    "simulate_study",
    "stats",
    "study_sources",
    "time_frequency",
]
