from .action_units import action_unit_figure
from .agreement import agreement_figure
from .association import plot_association_matrix
from .autonomic import autonomic_figure
from .cleaning import cleaning_figure, components_figure
from .clocks import clocks_figure
from .connectivity import connectivity_figure
from .crossmodal import cross_modal_figure
from .databases import databases_figure
from .evoked import evoked_figure
from .example import example_figure, most_isolated
from .forest import contrast_figure, forest_figure, recovery_figure
from .modelmaps import effect_courses_figure, effect_maps_figure, random_effects_figure
from .muscles import muscles_figure
from .participant import ParticipantData, participant_figure
from .quality import overview_figure, quality_figure
from .reliability import reliability_figure, reliability_time_figure
from .robustness import jitter_figure, overlap_figure
from .scalp import scalp_map
from .self_reports import SELF_REPORT_FORM, self_report_figure
from .style import close_figure, difference_name, journal_style, mark_onset, new_figure, save_figure
from .timefrequency import time_frequency_figure

__all__ = [
    "ParticipantData",
    "SELF_REPORT_FORM",
    "action_unit_figure",
    "agreement_figure",
    "autonomic_figure",
    "cleaning_figure",
    "clocks_figure",
    "close_figure",
    "components_figure",
    "connectivity_figure",
    "contrast_figure",
    "cross_modal_figure",
    "databases_figure",
    "difference_name",
    "effect_courses_figure",
    "effect_maps_figure",
    "evoked_figure",
    "example_figure",
    "forest_figure",
    "jitter_figure",
    "journal_style",
    "mark_onset",
    "most_isolated",
    "muscles_figure",
    "new_figure",
    "overlap_figure",
    "overview_figure",
    "participant_figure",
    "plot_association_matrix",
    "quality_figure",
    "random_effects_figure",
    "recovery_figure",
    "reliability_figure",
    "reliability_time_figure",
    "save_figure",
    "scalp_map",
    "self_report_figure",
    "time_frequency_figure",
]
