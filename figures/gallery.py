"""Draw figures from results and keep their captions beside them."""

import importlib
import inspect
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from mmme_neuro.errors import EXPECTED_FAILURES, crash_text
from mmme_neuro.io import write_json
from mmme_neuro.plots import close_figure, save_figure

logger = logging.getLogger(__name__)

FOLDER = Path(__file__).parent
CAPTIONS = "captions.json"
FORMATS = ("pdf", "svg", "png")
N_COLORS = 32
"""Of the figures of participants, which are many."""

KINDS = ("fig", "table")
"""What names of scripts begin with."""


@dataclass(frozen=True)
class Script:
    """One figure, or one a participant.

    Its module's docstring is the caption; it names the results it reads (``READS``) and has
    ``draw(results)``, which returns the figure, or None where the result holds nothing to draw; or
    ``draw_each(results)``, which yields the path of each figure below the folder of figures,
    without suffix, and the figure; these are written as small PNG, ``WIDTH_PX`` wide.
    """

    name: str

    @property
    def module(self) -> ModuleType:
        """The script as a module."""
        return importlib.import_module(f"figures.{self.name}")

    @property
    def caption(self) -> str:
        """Docstring of the script on one line."""
        return " ".join(inspect.cleandoc(self.module.__doc__ or "").split())

    def lacks(self, results: Path) -> list[str]:
        """Results that the figure needs and that are not there."""
        return [name for name in self.module.READS if not any(results.glob(name))]


def scripts() -> list[Script]:
    """Every figure in order, tables that are drawn after them."""
    return [Script(path.stem) for kind in KINDS for path in sorted(FOLDER.glob(f"{kind}*_*.py"))]


def draw_figures(
    chosen: Iterable[Script],
    results: Path,
    out: Path,
    *,
    say: Callable[[Script, str], None],
    formats: Sequence[str] | None = None,
) -> list[str]:
    """Draw figures; return the names of those that could not be drawn.

    Without ``formats`` a figure is written as PDF, SVG and PNG, one a participant as PNG only.
    """
    out.mkdir(parents=True, exist_ok=True)
    failed = []
    for script in chosen:
        lacking = script.lacks(results)
        if lacking:
            say(script, f"NOT DRAWN: {', '.join(lacking)} not in {results}; run the analyses first")
            failed.append(script.name)
            continue
        write = _write_each if hasattr(script.module, "draw_each") else _write
        try:
            written = write(script, results, out, formats)
        except Exception as error:  # whatever went wrong, the other figures are drawn
            is_expected = isinstance(error, EXPECTED_FAILURES)
            if not is_expected:
                logger.exception("%s", script.name)
            say(script, f"NOT DRAWN: {error if is_expected else crash_text(error)}")
            failed.append(script.name)
            continue
        say(script, written or "nothing to draw: the result is empty")
    write_json(out / CAPTIONS, {script.name: script.caption for script in scripts()})
    return failed


def _write(script: Script, results: Path, out: Path, formats: Sequence[str] | None) -> str:
    """Write a script's figure; say in which formats."""
    figure = script.module.draw(results)
    if figure is None:
        return ""
    paths = save_figure(figure, out / script.name, formats=formats or FORMATS)
    close_figure(figure)
    return ", ".join(path.suffix[1:] for path in paths)


def _write_each(script: Script, results: Path, out: Path, formats: Sequence[str] | None) -> str:
    """Write a script's figures one after another; say how many."""
    n_written = 0
    for stem, figure in script.module.draw_each(results):
        (out / stem).parent.mkdir(parents=True, exist_ok=True)
        save_figure(
            figure,
            out / stem,
            formats=formats or ("png",),
            width_px=script.module.WIDTH_PX,
            n_colors=N_COLORS,
        )
        close_figure(figure)
        n_written += 1
    return f"{n_written} figures" if n_written else ""
