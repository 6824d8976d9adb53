"""Picture of the demo study for the README.

``python -m figures.readme_picture [--results .demo/results] [--out docs/demo.png]``
"""

import os
from pathlib import Path
from typing import Annotated

import typer

from analyses.study import ERP_MEASURES, LEVEL_NAMES, PHYSIO_MEASURES
from analyses.tables import read_grand_average, read_table
from mmme_neuro.plots import close_figure, overview_figure, save_figure

CHANNELS = ("eda", "heart_rate", "pulse_amplitude")
WIDTH_PX = 1200


def main(
    results: Annotated[Path, typer.Option(help="Results of `python -m analyses`.")] = Path(
        ".demo/results"
    ),
    out: Annotated[Path, typer.Option(help="PNG file to write.")] = Path("docs/demo.png"),
) -> None:
    """Draw the picture, 1200 pixels wide."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    out.parent.mkdir(parents=True, exist_ok=True)
    figure = overview_figure(
        read_grand_average(results, "erp"),
        read_table(results, "physio_curves"),
        levels=LEVEL_NAMES,
        measures=ERP_MEASURES,
        channels=CHANNELS,
        physio_windows={measure.signal: measure.window for measure in PHYSIO_MEASURES},
    )
    save_figure(figure, out.with_suffix(""), formats=["png"], width_px=WIDTH_PX)
    close_figure(figure)


if __name__ == "__main__":
    typer.run(main)
