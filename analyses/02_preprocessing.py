"""Align, clean, derive and cut: epochs and continuous signals of every participant.

Reads the device files, events.csv and decisions.csv of the study; writes epochs/, one table a kind
of quality record, and used.json (the options that the run used).
"""

import os
from concurrent.futures import Executor
from pathlib import Path

from analyses.study import PREPROCESSING
from analyses.tables import analyzed, write_table
from mmme_neuro import study_sources
from mmme_neuro.io import write_json
from mmme_neuro.pipeline import (
    TABLES,
    Options,
    decisions,
    preprocess_study,
    processes,
    read_table,
    run_record,
    tracked,
)

READS = ("study:coding_file.*", "study:decisions.csv", "study:*/*")
WRITES = ("participants.csv", "epochs", "used.json", *(f"{name}.csv" for name in TABLES))
N_JOBS = int(os.environ.get("MMME_JOBS", os.cpu_count() or 1))


def main(study: Path, results: Path) -> None:
    with processes(N_JOBS) as executor:
        preprocess(study, results, PREPROCESSING, executor)


def preprocess(study: Path, results: Path, options: Options, executor: Executor) -> None:
    sources, made = study_sources(study, merge=options.merge), decisions.of_study(study)
    out = results / "epochs"
    with tracked(len(sources), "participants") as step:
        participants = preprocess_study(
            sources,
            out,
            options=options,
            executor=executor,
            decisions=made,
            progress=lambda outcome: step(f"{outcome.participant}, {outcome.n_epochs} epochs"),
        )
    write_table(results, "participants", participants.drop(columns="reran"))
    for name in TABLES:
        write_table(results, name, read_table(out, analyzed(results), name))
    write_json(results / "used.json", run_record(out, analyzed(results)))
