"""Picture of the demo study for the README.

``python -m figures.readme_picture [--results .demo/results] [--out docs/demo.png]``
"""

import os
from pathlib import Path
from typing import Annotated

import typer

from analyses.study import ERP_WINDOWS, LEVEL_NAMES
from analyses.tables import read_grand_average, read_table
from mmme_neuro.plots import close_figure, overview_figure, save_figure
from mmme_neuro.responses import AUTONOMIC_WINDOWS

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
        windows=ERP_WINDOWS,
        channels=CHANNELS,
        physio_windows={w.channel: (w.tmin, w.tmax) for w in AUTONOMIC_WINDOWS.values()},
    )
    save_figure(figure, out.with_suffix(""), formats=["png"], width_px=WIDTH_PX)
    close_figure(figure)


if __name__ == "__main__":
    typer.run(main)
