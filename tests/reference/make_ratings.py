"""Simulate ratings and a questionnaire: ``python make_ratings.py``.

Writes reliability/three_raters.csv and four_raters.csv (20 targets on a scale of 1 to 6; the three
raters agree less than the four), three_raters_missing.csv (the same with gaps), and
questionnaire.csv: 600 people, five scales (A, C, E, N, O) of five items in six categories, one
answer in a hundred missing. The items of N run against the general factor; two pairs of items in
each scale share a factor of their own.
"""

from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parent / "reliability"
SEED = 20260214
SCALES = "ACENO"
GENERAL = {"A": 0.6, "C": 0.5, "E": 0.7, "N": -0.5, "O": 0.4}
LOADINGS = np.array([0.75, 0.7, 0.65, 0.6, 0.5])
PAIR_LOADING = 0.3
ANSWERS = (1, 6)


def answers(latent, mean, sd):
    """Categories of normal values."""
    return np.clip(np.rint(mean + sd * latent), *ANSWERS).astype(int)


def ratings(rng, n_raters, agreement, bias):
    """Ratings of 20 targets; the raters' means rise from first to last."""
    target = rng.normal(0, np.sqrt(agreement), (20, 1))
    rater = np.linspace(-bias, bias, n_raters)
    own = rng.normal(0, np.sqrt(1 - agreement), (20, n_raters))
    names = [f"rater{i + 1}" for i in range(n_raters)]
    return pd.DataFrame(answers(target + rater + own, 3.4, 1.4), columns=names)


def questionnaire(rng, n=600):
    """Answers of people to five scales."""
    general = rng.normal(size=n)
    table = {}
    for scale in SCALES:
        loading = GENERAL[scale]
        trait = loading * general + np.sqrt(1 - loading**2) * rng.normal(size=n)
        pairs = rng.normal(size=(2, n))
        for item, common in enumerate(LOADINGS):
            pair = pairs[item // 2] if item < 4 else np.zeros(n)
            own = 1 - common**2 - (PAIR_LOADING**2 if item < 4 else 0)
            latent = common * trait + PAIR_LOADING * pair + np.sqrt(own) * rng.normal(size=n)
            table[f"{scale}{item + 1}"] = answers(latent, rng.uniform(3, 4.5), 1.3)
    return pd.DataFrame(table)


def with_gaps(rng, table, share):
    """The table without a share of its cells."""
    return table.mask(rng.random(table.shape) < share).astype("Int64")


def main():
    """Write the tables."""
    rng = np.random.default_rng(SEED)
    three, four = ratings(rng, 3, 0.3, 0.3), ratings(rng, 4, 0.7, 0.5)
    tables = {
        "three_raters": three,
        "four_raters": four,
        "three_raters_missing": with_gaps(rng, three, 0.12),
        "questionnaire": with_gaps(rng, questionnaire(rng), 0.01),
    }
    for name, table in tables.items():
        table.to_csv(FOLDER / f"{name}.csv", index=False)


if __name__ == "__main__":
    main()
