"""Draw the figures: ``python -m figures [--results DIR] [--only NAME] [--out DIR]``."""

import os
from pathlib import Path
from typing import Annotated

import typer

from figures.gallery import FOLDER, Script, draw_figures, scripts

RESULTS = FOLDER.parent / "analyses" / "results"
ONLY = Annotated[
    list[str] | None, typer.Option(help="Draw only these, e.g. fig3_erp or fig3; repeatable.")
]


def main(
    results: Annotated[Path, typer.Option(help="Results of `python -m analyses`.")] = RESULTS,
    only: ONLY = None,
    out: Annotated[Path, typer.Option(help="Where figures go.")] = FOLDER,
) -> None:
    """Draw figures as PDF, SVG and PNG; the exit status is 1 if one could not be drawn."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    if not results.is_dir():
        raise typer.BadParameter(f"no results in {results}; run `python -m analyses` first.")
    failed = draw_figures(_chosen(only), results, out, say=_say)
    raise typer.Exit(1 if failed else 0)


def _chosen(only: list[str] | None) -> list[Script]:
    """Figures asked for by name or by number."""
    every = scripts()
    names = [script.name for script in every]
    for asked in only or []:
        if not any(asked in (name, name.split("_")[0]) for name in names):
            raise typer.BadParameter(f"--only {asked}: no such figure; there are {names}.")
    if not only:
        return every
    return [s for s in every if s.name in only or s.name.split("_")[0] in only]


def _say(script: Script, text: str) -> None:
    print(f"[{script.name}] {text}", flush=True)


if __name__ == "__main__":
    typer.run(main)
