"""Reliability of the self-reports: intraclass correlations over participants.

Reads ratings.csv of the study (optional); writes icc.csv.
"""

from pathlib import Path

import pandas as pd

from analyses.study import RATED_ITEM
from analyses.tables import write_table
from mmme_neuro import icc, read_ratings

READS = ("study:ratings.csv",)
WRITES = ("icc.csv",)


def main(study: Path, results: Path) -> None:
    path = study / "ratings.csv"
    if not path.is_file():
        write_table(results, "icc", pd.DataFrame(columns=["form", "icc"]))
        return
    ratings = read_ratings(path)
    item = ratings[ratings["item"] == RATED_ITEM]
    table = icc(item, targets="stimulus", raters="participant", ratings="rating")
    write_table(results, "icc", table.reset_index(names="form"))
