"""Quality of each participant beside the others': measures, usual ranges, what to look at.

Reads tables of the other steps; writes participant_quality.csv (one row per participant and
measure) and spectrum_range.csv (where most participants' spectra lie).
"""

from pathlib import Path

from analyses.study import COMPARED, MUSCLE_REGION, QUALITY_LIMITS
from analyses.tables import read_table, write_table
from mmme_neuro.pipeline import NEEDED, participant_quality, spectrum_range

READS = (*(f"{name}.csv" for name in NEEDED), "spectra.csv")
WRITES = ("participant_quality.csv", "spectrum_range.csv")


def main(study: Path, results: Path) -> None:
    tables = {name: read_table(results, name) for name in NEEDED}
    how = {**COMPARED, "limits": QUALITY_LIMITS, "roi": MUSCLE_REGION}
    table = participant_quality(tables, **how)
    write_table(results, "participant_quality", table)
    write_table(results, "spectrum_range", spectrum_range(read_table(results, "spectra")))
