"""Responses to events that overlap: deconvolution beside averages of all and of isolated events.

Reads the continuous signals in epochs/; writes overlap.csv (means over participants, with the truth
of a simulated study), overlap_curves.csv, collinearity.csv and overlap_left_out.csv (participants
with too few events, or a design that cannot tell them apart).
"""

import json
from pathlib import Path

import pandas as pd

from analyses.study import COMPARED, OVERLAP_PLANS, TRUE_MEASURES
from analyses.tables import analyzed, write_table
from mmme_neuro.errors import MissingInput, NotEstimable
from mmme_neuro.pipeline import read_continuous, tracked
from mmme_neuro.responses import OverlapPlan, OverlapResult, over_participants, separate_overlap
from mmme_neuro.simulate import with_measures, with_overlap_truth

READS = ("study:truth.json", "participants.csv", "epochs")
WRITES = ("overlap.csv", "overlap_curves.csv", "collinearity.csv", "overlap_left_out.csv")


def main(study: Path, results: Path) -> None:
    found, left_out = separated(results)
    write_table(results, "overlap_left_out", left_out)
    means = over_participants(joined(found, "measures"))
    write_table(results, "overlap", with_overlap_truth(means, truth(study)))
    write_table(results, "overlap_curves", over_participants(joined(found, "curves")))
    write_table(results, "collinearity", joined(found, "collinearity"))


def separated(results: Path) -> tuple[dict, pd.DataFrame]:
    found, left_out = {}, []
    with tracked(len(analyzed(results)), "participants") as step:
        for name in analyzed(results):
            for plan in OVERLAP_PLANS:
                try:
                    found[name, plan] = one(results, name, plan)
                except (MissingInput, NotEstimable) as error:
                    left_out.append((name, plan.measures[0].name, str(error)))
            step(name)
    return found, pd.DataFrame(left_out, columns=["participant", "measure", "reason"])


def one(results: Path, name: str, plan: OverlapPlan) -> OverlapResult:
    recording = read_continuous(results / "epochs", name, plan.modality)
    return separate_overlap(recording, plan, **COMPARED)


def joined(found: dict, part: str) -> pd.DataFrame:
    tables = [getattr(result, part).assign(participant=key[0]) for key, result in found.items()]
    if not tables:
        raise NotEstimable("no participant's events can be told apart; see overlap_left_out.csv")
    return pd.concat(tables)


def truth(study: Path) -> dict:
    path = study / "truth.json"
    if not path.is_file():
        return {}
    return with_measures(json.loads(path.read_text(encoding="utf-8")), TRUE_MEASURES)
