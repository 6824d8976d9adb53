from .constants import method_constants, software_versions
from .document import SECTIONS, write_report
from .manuscript import manuscript_numbers
from .results import Results
from .sheet import describe_sheet

__all__ = [
    "Results",
    "SECTIONS",
    "describe_sheet",
    "manuscript_numbers",
    "method_constants",
    "software_versions",
    "write_report",
]
