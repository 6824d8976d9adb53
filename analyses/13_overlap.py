"""Responses to events that overlap: deconvolution beside averages of all and of isolated events.

Reads the continuous signals in epochs/; writes overlap.csv (means over participants, with the truth
of a simulated study), overlap_curves.csv and collinearity.csv.
"""

import json
from pathlib import Path

import pandas as pd

from analyses.study import OVERLAP_PLANS
from analyses.tables import analysed, write_table
from mmme_neuro import over_participants, separate_overlap
from mmme_neuro.preprocess import read_continuous
from mmme_neuro.progress import tracked
from mmme_neuro.simulate.recovery import with_overlap_truth

READS = ("study:truth.json", "participants.csv", "epochs")
WRITES = ("overlap.csv", "overlap_curves.csv", "collinearity.csv")


def main(study: Path, results: Path) -> None:
    found = separated(results)
    means = over_participants(joined(found, "measures"))
    write_table(results, "overlap", with_overlap_truth(means, truth(study)))
    write_table(results, "overlap_curves", over_participants(joined(found, "curves")))
    write_table(results, "collinearity", joined(found, "collinearity"))


def separated(results: Path) -> dict:
    found = {}
    with tracked(len(analysed(results)), "participants") as step:
        for name in analysed(results):
            for plan in OVERLAP_PLANS:
                recording = read_continuous(results / "epochs", name, plan.modality)
                found[name, plan] = separate_overlap(recording, plan)
            step(name)
    return found


def joined(found: dict, part: str) -> pd.DataFrame:
    return pd.concat([getattr(one, part).assign(participant=key[0]) for key, one in found.items()])


def truth(study: Path) -> dict:
    path = study / "truth.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
