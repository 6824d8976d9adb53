"""Do facial muscles feign effects? ``python -m tests.calibration.muscles --studies 40``.

Simulates studies in which only the face differs between micro- and macro-expressions and analyses
each with and without cleaning. Writes docs/muscles.md; studies that were run with the same code are
not run again.
"""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from tests.calibration.cheap_studies import (
    CHEAP,
    N_PARTICIPANTS,
    N_VIDEOS,
    ROWS,
    TRUSTED_RESPONSES,
    run_studies,
)
from tests.calibration.tables import as_markdown, error_rates

DIGITS = {
    "response": "",
    "analysis": "",
    "mean_estimate": ".3g",
    "rate": ".2f",
    "rate_se": ".2f",
}
WANTED = 0.10


def main(
    studies: Annotated[int, typer.Option(help="Studies of each null.")] = 40,
    shared: Annotated[
        bool, typer.Option("--shared", help="Also where brain and body respond alike to both.")
    ] = False,
    jobs: Annotated[int, typer.Option(help="Processes.")] = 2,
    rows: Annotated[Path, typer.Option(help="Where finished studies are kept.")] = ROWS,
    docs: Annotated[Path, typer.Option(help="Where muscles.md goes.")] = Path("docs"),
) -> None:
    """Run simulated studies and write docs/muscles.md and its tables."""
    names = ["muscles_only", *(["no_difference"] if shared else [])]
    seeds = range(1, studies + 1)
    found = {
        name: error_rates(run_studies(name, seeds, rows, n_jobs=jobs, say=_say)) for name in names
    }
    write_docs(docs, found["muscles_only"], found.get("no_difference"))


def write_docs(docs: Path, muscles: pd.DataFrame, shared: pd.DataFrame | None = None) -> None:
    """Write the tables as CSV and the page that explains them."""
    folder = docs / "calibration"
    folder.mkdir(parents=True, exist_ok=True)
    muscles.round(6).to_csv(folder / "false_effects_muscles_only.csv", index=False)
    if shared is not None:
        shared.round(6).to_csv(folder / "false_effects_no_difference.csv", index=False)
    n_studies = int(muscles["n_studies"].max())
    page = PAGE.format(
        command=f"python -m tests.calibration.muscles --studies {n_studies}"
        + ("" if shared is None else " --shared"),
        n_studies=n_studies,
        n_participants=N_PARTICIPANTS,
        n_videos=N_VIDEOS,
        n_channels=len(CHEAP.channels),
        trusted=", ".join(TRUSTED_RESPONSES),
        n_trusted=len(TRUSTED_RESPONSES),
        by_chance=1 - 0.95 ** len(TRUSTED_RESPONSES),
        verdict=verdict(muscles),
        muscles=as_markdown(muscles.sort_values("response", kind="stable"), DIGITS),
    )
    if shared is not None:
        page += SHARED.format(shared=as_markdown(shared, DIGITS))
    (docs / "muscles.md").write_text(page, encoding="utf-8")


def verdict(rates: pd.DataFrame) -> str:
    """Say of each cleaned response whether its rate is below what is wanted."""
    cleaned = rates[rates["analysis"] == "cleaned"].set_index("response")["rate"].drop("any")
    high = cleaned[cleaned > WANTED]
    kept = [name for name in TRUSTED_RESPONSES if name in cleaned and name not in high]
    text = f"Below {WANTED:.0%} after cleaning: {', '.join(kept) or 'none of the trusted'}."
    if len(high):
        rest = ", ".join(f"{name} ({rate:.0%})" for name, rate in high.items())
        text += f" Above it, and not to be trusted: {rest}."
    return text


def _say(text: str) -> None:
    print(text, flush=True)


PAGE = """# Do facial muscles feign effects?

Written by `{command}`; do not edit. {n_studies} studies in which nothing but the face differs
between micro- and macro-expressions: no response of brain or body at all. Each goes from device
files (Curry, AcqKnowledge, annotation sheet) through the numbered steps like a real study, with
{n_participants} participants, {n_videos} videos and {n_channels} electrodes.

`rate` is the share of studies with p < .05 for micro against macro in the mixed model (nominal
.05), with the recommended cleaning and without removal of components; `any` is one or more of
{trusted}, so {n_trusted} independent tests would give {by_chance:.0%}.

{verdict}

{muscles}

Beta and gamma power are measured where muscles are strongest in frequency. The report never calls
them evidence of the brain, whatever their rate here: real muscles are more varied than simulated
ones.
"""

SHARED = """
## Where brain and body respond alike to both

{shared}
"""


if __name__ == "__main__":
    typer.run(main)
