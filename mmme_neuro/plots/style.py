"""One look for all figures: journal widths, type sizes, color-blind safe colors, stable files."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from mmme_neuro.errors import BadInput
from mmme_neuro.plots.pictures import few_colors
from mmme_neuro.wording import MINUS

COLUMN_MM = 85.0
"""Width of a one-column figure."""

PAGE_MM = 180.0
"""Width of a two-column figure."""

OKABE_ITO = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
}

Levels: TypeAlias = Sequence[str] | Mapping[str, str]
"""Conditions in the order of drawing, the reference first; a mapping gives their printed names."""

LEVEL_COLORS = tuple(
    OKABE_ITO[name] for name in ("vermilion", "blue", "green", "orange", "sky", "yellow", "black")
)
"""Of the first condition, the second, and so on."""

OTHER_COLOR = OKABE_ITO["purple"]
"""Of a condition that is not compared."""

DIFFERENCE_COLOR = OKABE_ITO["black"]

DIVERGING = "RdBu_r"
MARK_COLOR = OKABE_ITO["green"]
"""Of what a corrected test marks."""
SEQUENTIAL = "magma_r"
"""Strong is dark, so that thin strong lines stand out on white."""

# Any: matplotlib's stubs know the settings only as a union of literal names.
_RC: dict[Any, Any] = {
    # The font that comes with matplotlib: the same file everywhere.
    "font.family": "DejaVu Sans",
    "font.size": 7.0,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7.0,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.1,
    "patch.linewidth": 0.6,
    "hatch.linewidth": 0.4,
    "savefig.dpi": 300,
    "figure.dpi": 150,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "mmme_neuro",
}

_METADATA = {
    "pdf": {"CreationDate": None, "ModDate": None, "Producer": None, "Creator": None},
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
}


@contextmanager
def journal_style() -> Iterator[None]:
    """Draw with the journal settings inside a ``with`` block and restore the user's after it.

    Yields
    ------
    None
        The settings hold inside the block.
    """
    with mpl.rc_context(_RC):
        yield


def new_figure(*, width_mm: float = PAGE_MM, height_mm: float) -> Figure:
    """Make an empty figure of a printed size.

    Parameters
    ----------
    width_mm, height_mm : float
        Size on paper in mm.

    Returns
    -------
    figure : Figure
        With constrained layout.
    """
    return plt.figure(figsize=(width_mm / 25.4, height_mm / 25.4), layout="constrained")


def save_figure(
    figure: Figure,
    stem: str | Path,
    *,
    formats: Sequence[str] = ("pdf", "svg", "png"),
    width_px: int | None = None,
    n_colors: int | None = None,
) -> list[Path]:
    """Write a figure so that the same figure gives the same bytes.

    Parameters
    ----------
    figure : Figure
        What to write.
    stem : str | Path
        Path without suffix; its folder has to exist.
    formats : sequence of {"pdf", "svg", "png"}
        One file each.
    width_px : int | None
        Width of the PNG in pixels; None for 300 dots per inch.
    n_colors : int | None
        Colors of the PNG, at most 256, which makes it a third as large; None for all.

    Returns
    -------
    paths : list of Path
        Files written.
    """
    unknown = [name for name in formats if name not in _METADATA]
    if unknown:
        raise BadInput(f"formats={list(formats)}: must be among {list(_METADATA)}.")
    paths = []
    dpi = _RC["savefig.dpi"] if width_px is None else width_px / figure.get_figwidth()
    with journal_style():
        for name in formats:
            path = Path(f"{stem}.{name}")
            figure.savefig(path, format=name, metadata=_METADATA[name], dpi=dpi)
            if name == "svg":
                path.write_text(_numbered_ids(path.read_text("utf-8")), encoding="utf-8")
            if name == "png" and n_colors is not None:
                _reduce_colors(path, n_colors)
            paths.append(path)
    return paths


def close_figure(figure: Figure) -> None:
    """Free the memory of a figure that is not needed any more.

    Parameters
    ----------
    figure : Figure
        As of `new_figure`.
    """
    plt.close(figure)


def color_of(level: str, levels: Levels) -> str:
    """Color of a condition: that of its place among the conditions compared.

    Parameters
    ----------
    level : str
        The condition.
    levels : sequence of str | mapping of str to str
        Conditions that are compared, the reference first.

    Returns
    -------
    color : str
        Hex code; `OTHER_COLOR` for a condition that is not compared.
    """
    order = list(levels)
    if level not in order:
        return OTHER_COLOR
    return LEVEL_COLORS[order.index(level) % len(LEVEL_COLORS)]


def name_of(level: str, levels: Levels = ()) -> str:
    """Printed name of a condition.

    Parameters
    ----------
    level : str
        Label in the tables.
    levels : sequence of str | mapping of str to str
        Conditions that are compared; a mapping gives their printed names.

    Returns
    -------
    name : str
        Name in figures.
    """
    names = levels if isinstance(levels, Mapping) else {}
    return names.get(level, str(level).replace("_", " "))


def difference_name(levels: Levels) -> str:
    """Printed name of the second condition minus the first.

    Parameters
    ----------
    levels : sequence of str | mapping of str to str
        The two conditions, the reference first; written as in the tables.

    Returns
    -------
    name : str
        E.g. ``"Spontaneous − posed"``.
    """
    reference, level = levels
    name = f"{level} {MINUS} {reference}".replace("_", " ")
    return name[0].upper() + name[1:]


def mark_onset(ax: Axes) -> None:
    """Draw the event as a thin line at time zero.

    Parameters
    ----------
    ax : Axes
        Time on its x axis.
    """
    ax.axvline(0, color="black", linewidth=0.6, zorder=1.5)


def mark_times(ax: Axes, times: np.ndarray, is_marked: np.ndarray, *, height: float = 0.02) -> None:
    """Draw bars along the bottom where a mask holds.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    times : array, shape (n_times,)
        Equally spaced, s.
    is_marked : array of bool, shape (n_times,)
        Where bars are.
    height : float
        Place above the bottom, as a share of the axes.
    """
    edges = np.flatnonzero(np.diff(np.r_[False, is_marked, False].astype(int)))
    half = np.diff(times).mean() / 2
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        ax.plot(
            (times[first] - half, times[last - 1] + half), (height, height), color=MARK_COLOR,
            linewidth=3, solid_capstyle="butt", transform=ax.get_xaxis_transform(), zorder=3,
        )  # fmt: skip


def panel_letter(ax: Axes, letter: str) -> None:
    """Letter a panel at the upper left, outside the axes.

    Parameters
    ----------
    ax : Axes
        The panel.
    letter : str
        E.g. ``"a"``.
    """
    ax.annotate(
        letter, (0, 1), xytext=(-4, 5), xycoords="axes fraction", textcoords="offset points",
        fontsize=9, fontweight="bold", ha="right", va="bottom",
    )  # fmt: skip


def _reduce_colors(path: Path, n_colors: int) -> None:
    """Write a PNG anew with few colors."""
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    few_colors(picture, n_colors).save(path, optimize=True)


def _numbered_ids(svg: str) -> str:
    """Number the ids of an SVG file in order; matplotlib makes some from memory addresses."""
    made = dict.fromkeys(re.findall(r'\bid="([A-Za-z]+[0-9a-f]{10})"', svg))
    names = {name: f"id{number}" for number, name in enumerate(made)}
    return re.sub(r"\b[A-Za-z]+[0-9a-f]{10}\b", lambda m: names.get(m[0], m[0]), svg)
