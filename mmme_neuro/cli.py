"""The command ``mmme``."""

import inspect
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin, get_type_hints

import typer
from rich.console import Console

import mmme_neuro
from mmme_neuro.errors import EXPECTED_FAILURES, BadInput
from mmme_neuro.pipeline import decisions as decision_table
from mmme_neuro.pipeline.executors import dask_cluster, processes, tracked
from mmme_neuro.pipeline.inputs import study_sources
from mmme_neuro.pipeline.preprocess import Options, Outcome, preprocess_study
from mmme_neuro.signals.eeg.clean import Cleaning
from mmme_neuro.vocabulary import SHEET_CONDITION

if TYPE_CHECKING:
    import pandas as pd

app = typer.Typer(
    help="Event-locked EEG and physiology of facial micro- and macro-expressions.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console(highlight=False)
DIRECTORY = Annotated[Path, typer.Argument(help="Folder of the study.")]
CONDITION = Annotated[str, typer.Option(help="Column of the events that names their conditions.")]
SOURCE = Annotated[
    list[str] | None,
    typer.Option(
        help="Source of a device's trigger codes, such as eeg=Status or physio=digital (repeat).",
        metavar="DEVICE=NAME",
    ),
]
SEED = 20260101
"""Seed of the demo study and of its analysis."""


def docs_of(options: type) -> dict[str, str]:
    """Text of each attribute in the docstring of a dataclass of options, as one line.

    Parameters
    ----------
    options : type
        A dataclass with a section ``Attributes``.

    Returns
    -------
    dict of str to str
        Name -> text, without marks of reStructuredText.
    """
    text = inspect.cleandoc(options.__doc__ or "")
    section = text.partition("Attributes\n----------\n")[2].partition("\n\n")[0]
    found = re.findall(r"^(\w+) :.*\n((?:    .*\n?)+)", section, flags=re.MULTILINE)
    return {name: " ".join(body.replace("`", "").split()) for name, body in found}


def _parameters_of(options: type, prefix: str = "", panel: str | None = None) -> dict[str, Any]:
    """One parameter of the command line for each field of a dataclass of options."""
    hints, docs = get_type_hints(options), docs_of(options)
    found: dict[str, Any] = {}
    for each in fields(options):
        kind, text = hints[each.name], docs[each.name]
        if is_dataclass(kind):
            assert isinstance(kind, type)
            found |= _parameters_of(kind, f"{each.name}_", text.rstrip("."))
            continue
        if get_origin(kind) is UnionType:
            # Nothing cannot be typed.
            (kind,) = (one for one in get_args(kind) if one is not NoneType)
            nothing = "0 0" if get_origin(kind) is tuple else "''" if kind is str else "0"
            text += f" {nothing} stands for None."
        if get_origin(kind) is tuple and Ellipsis in get_args(kind):
            kind = list[get_args(kind)[0]]  # type: ignore[misc]
        words = ("--seed",) if each.name == "rng" else ()
        name = f"{prefix}{each.name}"
        found[name] = inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=Annotated[kind, typer.Option(*words, help=text, rich_help_panel=panel)],
            default=SEED if each.default is MISSING else each.default,
        )
    return found


def options_from(given: dict[str, Any]) -> Options:
    """Build the options of a run from what was given on the command line.

    Parameters
    ----------
    given : dict of str to object
        Values by the names of `_parameters_of`.

    Returns
    -------
    Options
    """
    hints = get_type_hints(Options)
    made: dict[str, Any] = {
        name: kind(**_fields_from(given, kind, f"{name}_"))
        for name, kind in hints.items()
        if isinstance(kind, type) and is_dataclass(kind)
    }
    return Options(**made, **_fields_from(given, Options, ""))


def _fields_from(given: dict[str, Any], options: type, prefix: str) -> dict[str, Any]:
    """Values of a dataclass's fields among what was given."""
    return {
        name: _value(given[f"{prefix}{name}"], kind)
        for name, kind in get_type_hints(options).items()
        if f"{prefix}{name}" in given
    }


def _value(given: Any, kind: Any) -> Any:
    """A value as a field holds it: sequences as tuples, zeros as None where that is possible."""
    value = tuple(given) if isinstance(given, list | tuple) else given
    may_be_none = get_origin(kind) is UnionType and NoneType in get_args(kind)
    return None if may_be_none and value in (0, (0, 0), "") else value


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command one option for each field of `Options` and of what it holds.

    Parameters
    ----------
    command : callable
        Takes its own parameters and ``given``, the values of the options by name.

    Returns
    -------
    callable
        With a signature for typer.
    """
    added = _parameters_of(Options)
    own = [p for p in inspect.signature(command).parameters.values() if p.name != "given"]

    def run(**values: Any) -> None:
        given = {name: values.pop(name) for name in added}
        command(**values, given=given)

    parameters = [*(p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own), *added.values()]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    return run


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
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = SEED,
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
    condition: CONDITION = SHEET_CONDITION,
    source: SOURCE = None,
) -> None:
    """Report for each participant which files are present or missing and how well the clocks align.

    Every source of trigger codes is listed with its first codes, and which one was taken.

    The exit status is 1 if anything cannot be analyzed, 3 if the program itself crashed on it.
    """
    with _plain_errors():
        checked = mmme_neuro.pipeline.check_study(
            directory,
            condition=condition,
            source=_sources_asked(source),
            progress=lambda name: console.print(f"reading {name} ...", style="dim"),
        )
    console.print(checked.to_text(), markup=False, soft_wrap=True)
    if out:
        out.mkdir(parents=True, exist_ok=True)
        for name in (
            "participants",
            "clocks",
            "unmatched",
            "exclusions",
            "channels",
            "conditions",
            "sources",
        ):
            getattr(checked, name).to_csv(out / f"{name}.csv", index=False)
    raise typer.Exit(_exit_status(checked.participants["status"], "ok"))


@app.command()
@with_options
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
    source: SOURCE = None,
    force: Annotated[
        bool, typer.Option(help="Reprocess participants that are already up to date.")
    ] = False,
    decisions_template: Annotated[
        bool,
        typer.Option(
            "--decisions-template", help="Write an empty decisions.csv to edit, and stop."
        ),
    ] = False,
    *,
    given: dict[str, Any],
) -> None:
    """Align, clean, derive and cut every participant's signals.

    A stopped run resumes where it stopped: participants whose inputs, options, decisions and
    software are unchanged are skipped. decisions.csv in DIRECTORY holds manual decisions
    (bad channels, components, events, participants to leave out). The exit status is 1 if a
    participant failed, 3 if the program itself crashed on one.
    """
    with _plain_errors():
        if decisions_template:
            path = decision_table.write_template(directory / decision_table.FILE_NAME)
            console.print(f"edit {path}")
            return
        options = options_from(given)
        sources = study_sources(
            directory, merge=options.merge, only=only or (), source=_sources_asked(source)
        )
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
    not_done = table[table["status"] != "done"]
    n_fresh = int((table["reran"] == "").sum())
    n_epochs, n_excluded = int(table["n_epochs"].sum()), int(table["n_excluded"].sum())
    console.print(
        f"{len(table) - len(not_done)} of {len(table)} participants done ({n_fresh} were up to "
        f"date), {n_epochs} of {n_epochs + n_excluded} events usable: epochs in "
        f"{out or directory / 'derivatives'}"
    )
    for row in not_done.to_dict("records"):
        text = f"{row['status'].upper()} {row['participant']}: {row['reason']}"
        console.print(text, markup=False, soft_wrap=True)
    raise typer.Exit(_exit_status(table["status"], "done"))


def _outcome_text(outcome: Outcome) -> str:
    """What became of one participant, in a line."""
    if outcome.status != "done":
        return f"{outcome.participant} {outcome.status.upper()}"
    why = f" ({outcome.reran})" if outcome.reran else " (up to date)"
    n_events = outcome.n_epochs + outcome.n_excluded
    return f"{outcome.participant} {outcome.n_epochs} of {n_events} events usable{why}"


@app.command()
def bids(
    directory: DIRECTORY,
    out: Annotated[Path, typer.Argument(help="New or empty folder for the BIDS dataset.")],
    jobs: Annotated[int, typer.Option(min=1, help="Participants written at once.")] = 1,
    key: Annotated[
        Path | None,
        typer.Option(
            help="File for the key linking participants to pseudonyms; must lie outside "
            "the dataset."
        ),
    ] = None,
    own_codes: Annotated[
        bool, typer.Option("--own-codes", help="Keep the participants' codes, no pseudonyms.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier dataset of this command.")
    ] = False,
    line_hz: Annotated[
        float, typer.Option(help="Mains frequency where it was recorded (Hz). 0: not known.")
    ] = Cleaning.line_hz or 0.0,
) -> None:
    """Write the study as a BIDS dataset without names and dates.

    The exit status is 1 if a participant had to be left out, 3 if the program itself crashed on
    one.
    """
    with _plain_errors(), ProcessPoolExecutor(jobs) as executor:
        dataset = mmme_neuro.bids.write_bids(
            directory,
            out,
            pseudonyms=not own_codes,
            key=key,
            overwrite=overwrite,
            details=mmme_neuro.bids.DatasetDetails(line_frequency_hz=line_hz or None),
            executor=executor,
            progress=_print_outcome,
        )
    console.print(repr(dataset)[1:-1], markup=False, soft_wrap=True)
    raise typer.Exit(_exit_status(dataset.participants["status"], "written"))


def _print_outcome(row: dict) -> None:
    """One line per participant."""
    is_written = row["status"] == "written"
    text = "written" if is_written else f"{row['status'].upper()}: {row['reason']}"
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


def _sources_asked(given: list[str] | None) -> dict[str, str] | None:
    """Source of each device from texts such as ``eeg=Status``."""
    pairs = [text.partition("=") for text in given or []]
    if any(not (device.strip() and mark and name.strip()) for device, mark, name in pairs):
        raise BadInput(
            f"source: expected DEVICE=NAME, such as eeg=Status or physio=digital, found {given}."
        )
    return {device.strip().lower(): name.strip() for device, _, name in pairs} or None


def _exit_status(status: "pd.Series", done: str) -> int:
    """Return 0 where all participants are done or left out, 3 where one crashed (a bug), else 1."""
    if status.isin((done, "excluded")).all():
        return 0
    return 3 if (status == "crashed").any() else 1


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
