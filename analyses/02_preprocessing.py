"""Align, clean, derive and cut: epochs of every participant.

Reads the device files and events.csv; writes epochs/ and one table a kind of quality record.
"""

import os
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path

from analyses.study import PREPROCESSING
from analyses.tables import analysed, write_table
from mmme_neuro import read_events
from mmme_neuro.preprocess import TABLES, Options, preprocess_study, read_table
from mmme_neuro.progress import tracked
from mmme_neuro.recording import participant_folders, study_sheet

READS = ("study:coding_file.*", "study:*/*")
WRITES = ("participants.csv", "epochs", *(f"{name}.csv" for name in TABLES))
N_JOBS = int(os.environ.get("MMME_JOBS", os.cpu_count() or 1))


def main(study: Path, results: Path) -> None:
    with ProcessPoolExecutor(N_JOBS) as executor:
        preprocess(study, results, PREPROCESSING, executor)


def preprocess(study: Path, results: Path, options: Options, executor: Executor) -> None:
    events = read_events(study_sheet(study), merge=options.merge)
    folders = participant_folders(study)
    out = results / "epochs"
    with tracked(len(folders), "participants") as step:
        participants = preprocess_study(
            folders, events, out, options=options, executor=executor, progress=step
        )
    write_table(results, "participants", participants)
    for name in TABLES:
        write_table(results, name, read_table(out, analysed(results), name))
