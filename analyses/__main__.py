"""Run the analysis: ``python -m analyses [--study DIR] [--results DIR] [--only NN] [--force]``."""

import os
from pathlib import Path
from typing import Annotated

import typer

from analyses.runner import Step, run_steps, steps

RESULTS = Path(__file__).parent / "results"
STUDY = Annotated[
    Path, typer.Option(help="Folder of the study.", envvar="MMME_STUDY", show_default=True)
]
ONLY = Annotated[list[str] | None, typer.Option(help="Run only these steps, e.g. 03; repeatable.")]


def main(
    study: STUDY = Path("study"),
    results: Annotated[Path, typer.Option(help="Where results go.")] = RESULTS,
    only: ONLY = None,
    force: Annotated[bool, typer.Option(help="Run steps that are up to date, too.")] = False,
) -> None:
    """Run the numbered steps in order; steps whose inputs and code did not change are skipped."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if not study.is_dir():
        raise typer.BadParameter(f"no study in {study}; name it with --study or MMME_STUDY.")
    chosen = [step for step in steps() if not only or step.number in only]
    if not chosen:
        numbers = ", ".join(step.number for step in steps())
        raise typer.BadParameter(f"--only {only}: no such step; there are {numbers}.")
    failed = run_steps(chosen, study.resolve(), results.resolve(), force=force, say=_say)
    raise typer.Exit(1 if failed else 0)


def _say(step: Step, text: str) -> None:
    print(f"[{step.number} {step.name}] {text}", flush=True)


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    app.command()(main)
    app()
