"""Try mutated files and tables: ``python -m tests.campaign [--files 10000] [--tables 10000]``."""

import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import pandas as pd
import typer

from mmme_neuro.simulate import simulate_study
from tests.campaign.runner import (
    Case,
    FileTrials,
    file_cases,
    outcomes,
    table_cases,
    table_trials,
)
from tests.campaign.trials import LIMIT_S
from tests.conftest import SHARED_DATA

SEED = 20261130
BEGIN, END = "<!-- campaign: begin -->\n", "<!-- campaign: end -->\n"


def main(
    files: Annotated[int, typer.Option(help="Mutated files.")] = 10_000,
    tables: Annotated[int, typer.Option(help="Mutated tables.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Of the first case; the others count up.")] = SEED,
    docs: Annotated[Path, typer.Option(help="Where faults.md and calibration are.")] = Path("docs"),
) -> None:
    """Write docs/calibration/campaign_*.csv and the table in docs/faults.md."""
    data = SHARED_DATA if SHARED_DATA.is_dir() else None
    with TemporaryDirectory() as scratch:
        study = Path(scratch) / "study"
        simulate_study(study, n_participants=2, n_videos=4, seed=1)
        make = partial(FileTrials, study, data=data)
        samples = make(Path(scratch) / "samples").samples
        of_files = _tried(make, file_cases(samples, files, seed), "files")
    of_tables = _tried(table_trials, table_cases(tables, seed), "tables")
    parts = {"files": of_files, "tables": of_tables}
    for name, rows in parts.items():
        counts = rows.groupby(["sample", "mutation", "outcome"], as_index=False).size()
        counts.to_csv(docs / "calibration" / f"campaign_{name}.csv", index=False)
    page = docs / "faults.md"
    before, rest = page.read_text(encoding="utf-8").split(BEGIN)
    command = f"python -m tests.campaign --files {files} --tables {tables} --seed {seed}"
    text = _text(command, of_files, of_tables)
    page.write_text(before + BEGIN + text + END + rest.split(END)[1], encoding="utf-8")
    faults = pd.concat(parts.values())
    faults = faults[faults["is_fault"]]
    for row in faults.itertuples():
        typer.echo(f"FAULT {row.sample} {row.part} {row.mutation} {row.seed}: {row.detail}")
    typer.echo(f"{len(faults)} faults")
    raise typer.Exit(int(len(faults) > 0))


def _tried(make, cases: list[Case], kind: str) -> pd.DataFrame:
    """One row per case, with progress on the screen."""
    rows, begun, said = [], time.monotonic(), time.monotonic()
    for case, outcome in outcomes(make, cases):
        rows.append(
            {
                "sample": case.sample,
                "part": case.part,
                "mutation": case.mutation,
                "seed": case.seed,
                "outcome": outcome.what,
                "is_fault": outcome.is_fault,
                "detail": outcome.detail,
            }
        )
        if len(rows) > 20 and time.monotonic() - said > 30:
            said = time.monotonic()
            left = (said - begun) / len(rows) * (len(cases) - len(rows))
            typer.echo(f"{kind}: {len(rows)} of {len(cases)}, about {left / 60:.0f} min left")
    return pd.DataFrame(rows)


def _text(command: str, files: pd.DataFrame, tables: pd.DataFrame) -> str:
    """The page's part that this command writes."""
    parts = [f"Written by `{command}`; do not edit between the marks.\n"]
    for title, rows, what in (
        ("Files", files, "format"),
        ("Tables", tables, "verb"),
    ):
        n_faults = int(rows["is_fault"].sum())
        parts.append(
            f"### {title}\n\n{len(rows)} cases by {rows['mutation'].nunique()} mutations: "
            f"{n_faults} faults; none took longer than {LIMIT_S:g} s"
            f"{'' if n_faults else ', and no error of another library reached the user'}.\n"
        )
        counts = pd.crosstab(rows["sample"], rows["outcome"])
        head = "| " + " | ".join([what, *counts.columns]) + " |"
        rule = "|---" * (counts.shape[1] + 1) + "|"
        body = [
            "| " + " | ".join([str(name), *map(str, row)]) + " |"
            for name, row in zip(counts.index, counts.to_numpy(), strict=True)
        ]
        parts.append("\n".join([head, rule, *body]) + "\n")
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    typer.run(main)
