from .canonical import CrossModal, cross_modal
from .lags import lagged_corr, window_means
from .modalities import cross_modal_pairs, face_features
from .repeated import rm_corr, rm_corr_matrix, rm_corr_pairs
from .shuffles import Resampling
from .within_between import multilevel_slope, within_between_corr

__all__ = [
    "CrossModal",
    "Resampling",
    "cross_modal",
    "cross_modal_pairs",
    "face_features",
    "lagged_corr",
    "multilevel_slope",
    "rm_corr",
    "rm_corr_matrix",
    "rm_corr_pairs",
    "window_means",
    "within_between_corr",
]
