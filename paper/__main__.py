"""Set the manuscript: ``python -m paper [--results DIR] [--figures DIR] [--out FILE]``."""

from pathlib import Path
from typing import Annotated

import typer

from mmme_neuro.errors import EXPECTED_FAILURES
from paper.build import FOLDER, build_paper

ROOT = FOLDER.parent
TITLE = "Brain and body around facial micro- and macro-expressions"
AUTHOR = Annotated[list[str] | None, typer.Option(help="Name below the title; repeatable.")]


def main(
    results: Annotated[Path, typer.Option(help="Results of `python -m analyses`.")] = (
        ROOT / "analyses" / "results"
    ),
    figures: Annotated[Path, typer.Option(help="Figures of `python -m figures`.")] = (
        ROOT / "figures"
    ),
    out: Annotated[Path, typer.Option(help="PDF to write.")] = FOLDER / "paper.pdf",
    title: Annotated[str, typer.Option(help="Title of the manuscript.")] = TITLE,
    author: AUTHOR = None,
) -> None:
    """Write the manuscript as a PDF; every number comes from the results."""
    try:
        path = build_paper(results, figures, out, title=title, authors=author or [])
    except (*EXPECTED_FAILURES, RuntimeError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from None
    typer.echo(f"manuscript in {path}")


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    app.command()(main)
    app()
