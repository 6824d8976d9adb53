"""Krippendorff's alpha by the package krippendorff: ``python krippendorff_alpha.py``.

Writes reliability/krippendorff.csv for the ratings of make_ratings.py. irr cannot be the reference
for complete tables of more than two raters: its kripp.alpha counts the pairs of those wrongly.
"""

from importlib.metadata import version
from pathlib import Path

import krippendorff
import pandas as pd

FOLDER = Path(__file__).parent / "reliability"
LEVELS = ("nominal", "ordinal", "interval", "ratio")


def main():
    """Write the table."""
    rows = [
        {
            "data": name,
            "level": level,
            "alpha": krippendorff.alpha(
                pd.read_csv(FOLDER / f"{name}.csv").to_numpy(float).T, level_of_measurement=level
            ),
        }
        for name in ("three_raters", "four_raters", "three_raters_missing")
        for level in LEVELS
    ]
    pd.DataFrame(rows).to_csv(FOLDER / "krippendorff.csv", index=False)
    print("krippendorff", version("krippendorff"))


if __name__ == "__main__":
    main()
