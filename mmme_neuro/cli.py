"""The command ``mmme``."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

import mmme_neuro
from mmme_neuro.errors import EXPECTED_FAILURES
from mmme_neuro.pipeline import decisions as decision_table
from mmme_neuro.pipeline.executors import dask_cluster, processes, tracked
from mmme_neuro.pipeline.inputs import study_sources
from mmme_neuro.pipeline.preprocess import Options, Outcome, preprocess_study

app = typer.Typer(
    help="Event-locked EEG and physiology of facial micro- and macro-expressions.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console(highlight=False)
DIRECTORY = Annotated[Path, typer.Argument(help="Folder of the study.")]


@app.command()
def start(
    directory: Annotated[
        Path, typer.Argument(help="Folder to write to: a new one, or the one around your study.")
    ],
    force: Annotated[
        bool, typer.Option("--force", help="Replace files that differ; each is kept as NAME.old.")
    ] = False,
) -> None:
    """Write the scripts of analyses, figures and paper into your own folder, to edit and run."""
    with _plain_errors():
        written = mmme_neuro.pipeline.start_study(directory, force=force)
    console.print(f"{len(written)} files written to {directory}; its README.md has the next steps")


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
        mmme_neuro.report.describe_sheet(sheet, out)


@app.command()
def check(
    directory: DIRECTORY,
    out: Annotated[Path | None, typer.Option(help="Folder to write the tables to.")] = None,
) -> None:
    """Say of each participant what is there, what is missing and how the clocks fit.

    The exit status is 1 if anything cannot be analysed.
    """
    with _plain_errors():
        checked = mmme_neuro.pipeline.check_study(
            directory, progress=lambda name: console.print(f"reading {name} ...", style="dim")
        )
    console.print(checked.to_text(), markup=False, soft_wrap=True)
    if out:
        out.mkdir(parents=True, exist_ok=True)
        for name in ("participants", "clocks", "unmatched", "exclusions", "channels"):
            getattr(checked, name).to_csv(out / f"{name}.csv", index=False)
    raise typer.Exit(0 if checked.is_ok else 1)


@app.command()
def preprocess(
    directory: Annotated[
        Path,
        typer.Argument(
            help="Study folder, BIDS dataset, or folder of folders with cleaned FIF files and "
            "events.csv."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the results; DIRECTORY/derivatives if not given."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Participants processed at once.")] = 1,
    dask: Annotated[
        str,
        typer.Option(
            help="Scheduler of a Dask cluster (tcp://host:8786 or its file), or 'local'.",
            metavar="ADDRESS",
        ),
    ] = "",
    only: Annotated[list[str] | None, typer.Option(help="Only this participant (repeat).")] = None,
    force: Annotated[bool, typer.Option(help="Process again what is up to date.")] = False,
    uncleaned: Annotated[
        bool, typer.Option("--uncleaned", help="Remove no component (shows what muscles do).")
    ] = False,
    reject_rule: Annotated[
        str, typer.Option(help="Rule for noisy epochs: 'threshold' or 'autoreject'.")
    ] = "threshold",
    reject_uv: Annotated[float, typer.Option(help="Limit of the threshold (microvolt).")] = 150.0,
    eda_method: Annotated[
        str, typer.Option(help="Phasic skin conductance: 'highpass' or 'cvxeda'.")
    ] = "highpass",
    rng: Annotated[int, typer.Option(help="Seed of ICA, RANSAC and autoreject.")] = 0,
    decisions_template: Annotated[
        bool,
        typer.Option(
            "--decisions-template", help="Write an empty decisions.csv to edit, and stop."
        ),
    ] = False,
) -> None:
    """Align, clean, derive and cut every participant's signals.

    A run that was stopped goes on where it was: participants whose inputs, options, decisions and
    software are as they were stay as they are. decisions.csv in DIRECTORY holds what people decided
    (bad channels, components, events). The exit status is 1 if a participant failed.
    """
    with _plain_errors():
        if decisions_template:
            path = decision_table.write_template(directory / decision_table.FILE_NAME)
            console.print(f"edit {path}")
            return
        options = Options(
            clean=not uncleaned,
            reject_rule=reject_rule,
            reject_uv=reject_uv,
            eda_method=eda_method,
            rng=rng,
        )
        sources = study_sources(directory, merge=options.merge, only=only or ())
        made = decision_table.of_study(directory)
        place = dask_cluster(dask, jobs=jobs) if dask else processes(jobs)
        with place as executor, tracked(len(sources), "participants") as step:
            table = preprocess_study(
                sources,
                out or directory / "derivatives",
                options=options,
                executor=executor,
                decisions=made,
                force=force,
                progress=lambda outcome: step(_outcome_text(outcome)),
            )
    failed = table[table["status"] == "failed"]
    n_fresh = int((table["reran"] == "").sum())
    console.print(
        f"{len(table) - len(failed)} of {len(table)} participants done ({n_fresh} were up to "
        f"date), {int(table['n_epochs'].sum())} epochs in {out or directory / 'derivatives'}"
    )
    for row in failed.to_dict("records"):
        console.print(f"FAILED {row['participant']}: {row['reason']}", markup=False, soft_wrap=True)
    raise typer.Exit(1 if len(failed) else 0)


def _outcome_text(outcome: Outcome) -> str:
    """What became of one participant, in a line."""
    if outcome.status == "failed":
        return f"{outcome.participant} FAILED"
    why = f" ({outcome.reran})" if outcome.reran else " (up to date)"
    return f"{outcome.participant} {outcome.n_epochs} epochs{why}"


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
        dataset = mmme_neuro.bids.write_bids(
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
        path = mmme_neuro.report.write_report(results, figures, out, study_name=name)
    console.print(f"report in {path}")


def _parameters(*, full: bool, null: str) -> "mmme_neuro.simulate.StudyParameters":
    """Parameters of the study that the options ask for."""
    parameters = mmme_neuro.simulate.StudyParameters() if full else mmme_neuro.simulate.DEMO
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
