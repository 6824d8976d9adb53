"""Results of R and the data they were computed from (README.md)."""

from functools import cache
from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parent


@cache
def _read(name):
    return pd.read_csv(FOLDER / name)


def lmm(name, **values):
    """Results of lme4, lmerTest, pbkrtest or emmeans, the rows with these values."""
    return rows(_read(f"lmm/{name}.csv"), **values)


def mmme_like():
    """The simulated study: design, and the six responses that R fitted."""
    return _read("lmm/mmme_like_responses.csv.gz").copy()


def reliability(name, **values):
    """Results of psych, irr or krippendorff, or simulated answers, the rows with these values."""
    return rows(_read(f"reliability/{name}.csv"), **values)


def rows(table, **values):
    for column, value in values.items():
        table = table[table[column] == value]
    assert len(table), f"no reference with {values}"
    return table.copy()
