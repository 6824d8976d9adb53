"""The command ``mmme``."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

import mmme_neuro
from mmme_neuro.failures import EXPECTED_FAILURES

app = typer.Typer(
    help="Event-locked EEG and physiology of facial micro- and macro-expressions.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console(highlight=False)
DIRECTORY = Annotated[Path, typer.Argument(help="Folder of the study.")]


@app.command()
def simulate(
    directory: Annotated[Path, typer.Argument(help="Empty or new folder to write into.")],
    participants: Annotated[int, typer.Option(min=1, help="Number of participants.")] = 10,
    videos: Annotated[int, typer.Option(min=1, max=48, help="Number of videos.")] = 12,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 20260101,
    full: Annotated[
        bool, typer.Option(help="Real rates, pauses and all 64 electrodes (1.2 GB a person).")
    ] = False,
    null: Annotated[
        str, typer.Option(help="Leave out effects: 'difference' (ME = MaE) or 'neural'.")
    ] = "",
) -> None:
    """Write a study with known truth in the real on-disk layout."""
    parameters = _parameters(full=full, null=null)
    with _plain_errors():
        mmme_neuro.simulate_study(
            directory,
            n_participants=participants,
            n_videos=videos,
            seed=seed,
            parameters=parameters,
            progress=console.print,
        )
    console.print(f"study in {directory}; what was put into it is in truth.json")


@app.command()
def describe(
    sheet: Annotated[Path, typer.Argument(help="Annotation sheet (.xlsx or .csv).")],
    out: Annotated[Path, typer.Option(help="Folder for tables and figure.")] = Path("description"),
) -> None:
    """Count, describe and audit the expressions of an annotation sheet."""
    with _plain_errors():
        mmme_neuro.describe_sheet(sheet, out)


@app.command()
def check(
    directory: DIRECTORY,
    out: Annotated[Path | None, typer.Option(help="Folder to write the tables to.")] = None,
) -> None:
    """Say of each participant what is there, what is missing and how the clocks fit.

    The exit status is 1 if anything cannot be analysed.
    """
    with _plain_errors():
        checked = mmme_neuro.check_study(
            directory, progress=lambda name: console.print(f"reading {name} ...", style="dim")
        )
    console.print(checked.to_text(), markup=False, soft_wrap=True)
    if out:
        out.mkdir(parents=True, exist_ok=True)
        for name in ("participants", "clocks", "unmatched", "exclusions", "channels"):
            getattr(checked, name).to_csv(out / f"{name}.csv", index=False)
    raise typer.Exit(0 if checked.is_ok else 1)


@app.command()
def bids(
    directory: DIRECTORY,
    out: Annotated[Path, typer.Argument(help="New or empty folder for the BIDS dataset.")],
    jobs: Annotated[int, typer.Option(min=1, help="Participants written at once.")] = 1,
    key: Annotated[
        Path | None, typer.Option(help="File to write who is who to; not in the dataset.")
    ] = None,
    own_codes: Annotated[
        bool, typer.Option("--own-codes", help="Keep the participants' codes, no pseudonyms.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier dataset of this command.")
    ] = False,
) -> None:
    """Write the study as a BIDS dataset without names and dates.

    The exit status is 1 if a participant had to be left out.
    """
    with _plain_errors(), ProcessPoolExecutor(jobs) as executor:
        dataset = mmme_neuro.write_bids(
            directory,
            out,
            pseudonyms=not own_codes,
            key=key,
            overwrite=overwrite,
            executor=executor,
            progress=_print_outcome,
        )
    console.print(repr(dataset)[1:-1], markup=False, soft_wrap=True)
    raise typer.Exit(0 if dataset.is_complete else 1)


def _print_outcome(row: dict) -> None:
    """One line a participant."""
    text = "written" if row["status"] == "written" else f"FAILED: {row['reason']}"
    console.print(f"{row['participant']}  {text}", markup=False, soft_wrap=True)


@app.command()
def report(
    results: Annotated[Path, typer.Argument(help="Results of `python -m analyses`.")],
    figures: Annotated[Path, typer.Option(help="Folder of `python -m figures`.")] = Path("figures"),
    out: Annotated[Path, typer.Option(help="HTML file to write.")] = Path("report/report.html"),
    name: Annotated[str, typer.Option(help="Name of the study in the title.")] = "Study",
) -> None:
    """Write the HTML report of an analysis."""
    with _plain_errors():
        path = mmme_neuro.write_report(results, figures, out, study_name=name)
    console.print(f"report in {path}")


def _parameters(*, full: bool, null: str) -> "mmme_neuro.StudyParameters":
    """Parameters of the study that the options ask for."""
    parameters = mmme_neuro.StudyParameters() if full else mmme_neuro.DEMO
    changes = {
        "": lambda: parameters,
        "difference": parameters.under_null,
        "neural": parameters.muscles_only,
    }
    if null not in changes:
        raise typer.BadParameter(f"--null must be 'difference' or 'neural', got {null!r}.")
    return changes[null]()


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Show an expected failure as one message, without a traceback, and exit with 2."""
    try:
        yield
    except typer.Exit:
        raise
    except EXPECTED_FAILURES as error:
        console.print(f"error: {error}", style="bold red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None


if __name__ == "__main__":
    app()
