"""Draw figures from results and keep their captions beside them."""

import importlib
import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from mmme_neuro.derivatives import write_json
from mmme_neuro.plots.style import close_figure, save_figure

FOLDER = Path(__file__).parent
CAPTIONS = "captions.json"
FORMATS = ("pdf", "svg", "png")
KINDS = ("fig", "table")
"""What names of scripts begin with."""


@dataclass(frozen=True)
class Script:
    """One figure.

    Its module's docstring is the caption; it names the results it reads (``READS``) and has
    ``draw(results)``, which returns the figure, or None where the result holds nothing to draw.
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
    formats: Sequence[str] = FORMATS,
) -> list[str]:
    """Draw figures; return the names of those that could not be drawn."""
    out.mkdir(parents=True, exist_ok=True)
    failed = []
    for script in chosen:
        lacking = script.lacks(results)
        if lacking:
            say(script, f"NOT DRAWN: {', '.join(lacking)} not in {results}; run the analyses first")
            failed.append(script.name)
            continue
        try:
            figure = script.module.draw(results)
        except ValueError as error:
            say(script, f"NOT DRAWN: {error}")
            failed.append(script.name)
            continue
        if figure is None:
            say(script, "nothing to draw: the result is empty")
            continue
        paths = save_figure(figure, out / script.name, formats=formats)
        close_figure(figure)
        say(script, ", ".join(path.suffix[1:] for path in paths))
    write_json(out / CAPTIONS, {script.name: script.caption for script in scripts()})
    return failed
