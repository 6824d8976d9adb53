from .check import StudyCheck, check_study
from .derivatives import TABLES, read_continuous, read_epochs, read_table, run_record
from .executors import dask_cluster, processes, tracked
from .inputs import study_sources
from .losses import label_table, quality_table, rejection_table
from .preprocess import Options, preprocess_recording, preprocess_study
from .reached_code import code_digest
from .screening import NEEDED, QualityLimits, participant_quality, spectrum_range
from .template import start_study

__all__ = [
    "NEEDED",
    "Options",
    "QualityLimits",
    "StudyCheck",
    "TABLES",
    "check_study",
    "code_digest",
    "dask_cluster",
    "label_table",
    "participant_quality",
    "preprocess_recording",
    "preprocess_study",
    "processes",
    "quality_table",
    "read_continuous",
    "read_epochs",
    "read_table",
    "rejection_table",
    "run_record",
    "spectrum_range",
    "start_study",
    "study_sources",
    "tracked",
]
