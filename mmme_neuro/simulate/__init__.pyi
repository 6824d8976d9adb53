from .parameters import DEMO, DEMO_CHANNELS, Effect, StudyParameters
from .recovery import RECOVERY_COLUMNS, recovery_table, with_measures, with_overlap_truth
from .study import simulate_study

__all__ = [
    "DEMO",
    "DEMO_CHANNELS",
    "Effect",
    "RECOVERY_COLUMNS",
    "StudyParameters",
    "recovery_table",
    "simulate_study",
    "with_measures",
    "with_overlap_truth",
]
