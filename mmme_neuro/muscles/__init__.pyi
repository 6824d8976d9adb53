from .by_region import by_condition, muscle_of_events, region_values, removal_by_region
from .event_power import event_muscle_power
from .sensitivity import NEGATIVE_CONTROL, muscle_balance, muscle_variants, sensitivity_table

__all__ = [
    "NEGATIVE_CONTROL",
    "by_condition",
    "event_muscle_power",
    "muscle_balance",
    "muscle_of_events",
    "muscle_variants",
    "region_values",
    "removal_by_region",
    "sensitivity_table",
]
