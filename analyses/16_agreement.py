"""Agreement of the coders: did two people who watched the same clips see the same events?

Reads the study's annotation sheet, rows as coded, and decisions.csv; writes agreement_summary.csv
(what was compared, or the reason why nothing was), agreement_detection.csv (F1 by how strict a
match must be),
agreement_labels.csv (kappas of the labels, index of action units), agreement_action_units.csv,
agreement_timing.csv (errors in ms, limits of agreement, ICCs), agreement_time_units.csv,
agreement_confusion.csv and agreement_differences.csv (of each event both saw). A sheet of one pass
gives empty tables beside the reason.
"""

from pathlib import Path

import pandas as pd

from analyses import study as choices
from analyses.tables import write_table
from mmme_neuro import read_events
from mmme_neuro.pipeline import decisions
from mmme_neuro.recording import study_sheet
from mmme_neuro.reliability import agreement_tables, pass_pairs

READS = ("study:coding_file.*", "study:decisions.csv")
TABLES = ("summary", "detection", "labels", "action_units", "timing", "time_units", "confusion")
TABLES += ("differences",)
WRITES = tuple(f"agreement_{name}.csv" for name in TABLES)


def main(study: Path, results: Path) -> None:
    coded = decisions.of_study(study).included(read_events(study_sheet(study)))
    pairs = pass_pairs(coded)
    found = compared(coded, pairs) if len(pairs) else not_compared(coded)
    for name in TABLES:
        write_table(results, f"agreement_{name}", found[name])


def compared(coded: pd.DataFrame, pairs: pd.DataFrame) -> dict[str, pd.DataFrame]:
    first = pairs.iloc[0]
    coders = (coded[coded["annotation_pass"] == first[name]] for name in ("pass_a", "pass_b"))
    settings = {"unit_s": choices.CODER_UNIT_S, "rng": choices.SEED}
    settings |= {"condition": choices.CONDITION, "levels": choices.CODER_LEVELS}
    found = agreement_tables(
        *coders, choices.CODER_CRITERIA, n_resamples=choices.N_BOOTSTRAP, **settings
    )
    return {name: getattr(found, name) for name in TABLES}


def not_compared(coded: pd.DataFrame) -> dict[str, pd.DataFrame]:
    n_passes = coded["annotation_pass"].nunique()
    reason = (
        "the sheet holds one annotation pass; agreement needs two people who coded the same clips"
        if n_passes == 1
        else f"no clip holds events of two of the {n_passes} annotation passes"
    )
    empty = {name: pd.DataFrame(columns=["criterion"]) for name in TABLES}
    return empty | {"summary": pd.DataFrame([{"criterion": "", "reason": reason}])}
