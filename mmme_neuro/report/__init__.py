"""One HTML file that shows an analysis: counts, methods, results, figures and provenance."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__, submod_attrs={"document": ["SECTIONS", "write_report"]}
)
