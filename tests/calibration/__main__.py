"""Calibrate intervals of the whole path: ``python -m tests.calibration [--studies 100]``.

Studies that were run with the same code are not run again.
"""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from tests.calibration.cheap_studies import CHEAP, N_PARTICIPANTS, N_VIDEOS, ROWS, run_studies
from tests.calibration.tables import as_markdown, coverage_table, lowest_coverage

COMMAND = "python -m tests.calibration"
COVERAGE_DIGITS = {
    "quantity": "",
    "unit": "",
    "truth": ".4g",
    "estimate": ".4g",
    "bias_z": ".1f",
    "mean_std_error": ".3g",
    "sd_of_error": ".3g",
    "ci_width": ".3g",
    "coverage": ".2f",
    "excludes_zero": ".2f",
}


def main(
    studies: Annotated[int, typer.Option(help="Studies with effects.")] = 100,
    jobs: Annotated[int, typer.Option(help="Processes.")] = 2,
    rows: Annotated[Path, typer.Option(help="Where finished studies are kept.")] = ROWS,
    docs: Annotated[Path, typer.Option(help="Where calibration.md goes.")] = Path("docs"),
) -> None:
    """Run simulated studies and write docs/calibration.md and docs/calibration/*.csv."""
    rows_of_all = run_studies("recovery", range(1, studies + 1), rows, n_jobs=jobs, say=_say)
    write_docs(docs, coverage_table(rows_of_all))


def write_docs(docs: Path, recovery: pd.DataFrame) -> None:
    """Write the table as CSV and the page that explains it."""
    folder = docs / "calibration"
    folder.mkdir(parents=True, exist_ok=True)
    recovery.round(6).to_csv(folder / "recovery_coverage.csv", index=False)
    n_studies = int(recovery["n_studies"].max())
    page = PAGE.format(
        command=f"{COMMAND} --studies {n_studies}",
        n_studies=n_studies,
        n_participants=N_PARTICIPANTS,
        n_videos=N_VIDEOS,
        n_channels=len(CHEAP.channels),
        seconds=CHEAP.video_s,
        lowest=lowest_coverage(n_studies),
        recovery=as_markdown(recovery, COVERAGE_DIGITS),
    )
    (docs / "calibration.md").write_text(page, encoding="utf-8")


def _say(text: str) -> None:
    print(text, flush=True)


PAGE = """# Calibration of the whole path

Written by `{command}`; do not edit. Every study is simulated into device files (Curry,
AcqKnowledge, annotation sheet, ratings) and goes through the same numbered steps as a real one.
The studies are small so that many can be run: {n_participants} participants, {n_videos} videos of
{seconds[0]:g} to {seconds[1]:g} s, {n_channels} electrodes; effects and noise are the demo's. Seeds
run from 1.

## Do intervals cover the truth?

{n_studies} studies with effects; 95 % intervals. A calibrated interval covers in at least
{lowest:.1%} of that many studies (99 % Monte-Carlo range). `bias_z` is the mean error over its
standard error; `mean_std_error` is what a study says of itself and `sd_of_error` how far
estimates really lie from the truth; `excludes_zero` is the power where there is an effect.

{recovery}

Coverage above nominal has its price in width. In recordings this short the camera's drift is not
estimated but fixed at 0 with a stated prior, so its interval is as wide as that prior. Small
studies also reduce random terms that they cannot support.
"""


if __name__ == "__main__":
    typer.run(main)
