from .align import align_clocks
from .camera import align_camera, place_events
from .fit import ClockFit
from .triggers import (
    annotation_codes,
    code_sources,
    digital_codes,
    recording_codes,
    stim_codes,
)

__all__ = [
    "ClockFit",
    "align_camera",
    "align_clocks",
    "annotation_codes",
    "code_sources",
    "digital_codes",
    "place_events",
    "recording_codes",
    "stim_codes",
]
