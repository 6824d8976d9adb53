from .multiplicity import adjust_p_values

__all__ = [
    "adjust_p_values",
]
