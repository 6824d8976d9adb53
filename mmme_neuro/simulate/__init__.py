"""Simulated studies with known truth, in the on-disk layout of the real one."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "parameters": ["DEMO", "DEMO_CHANNELS", "Effect", "StudyParameters"],
        "study": ["simulate_study"],
    },
)
