"""Set the manuscript from results and figures."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mmme_neuro.errors import BadInput
from mmme_neuro.extras import optional
from mmme_neuro.io import atomic_file

FOLDER = Path(__file__).parent
SOURCES = ("manuscript.typ", "template.typ", "references.bib")
NUMBERS = "numbers.json"
CAPTIONS = "captions.json"
MAIN_FIGURES = (
    "fig1_example",
    "fig2_dataset",
    "fig3_erp",
    "fig4_time_frequency",
    "fig5_connectivity",
    "fig6_physio",
    "fig7_mixed_models",
    "figS_effect_courses",
)
"""Without these there is no manuscript; it says which supplementary figures are absent."""


def build_paper(
    results: Path, figures: Path, out: Path, *, title: str, authors: Sequence[str] = ()
) -> Path:
    """Write the manuscript as a PDF.

    Parameters
    ----------
    results : Path
        Folder of ``python -m analyses``.
    figures : Path
        Folder of ``python -m figures``, with PDF files.
    out : Path
        File to write; its folder is made.
    title : str
        Title of the manuscript.
    authors : sequence of str
        Names below the title.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    FileNotFoundError
        When a result or a main figure is absent.
    BadInput
        When ``out`` is no PDF file.
    MissingExtra
        When Typst is not installed.

    Notes
    -----
    Only fonts that Typst carries are used and no date is written: the same results and figures
    give the same bytes.
    """
    if out.suffix != ".pdf":
        raise BadInput(f"out={out}: must end in .pdf.")
    typst = optional("typst")
    _check(results, figures)
    inputs = {"title": title, "authors": json.dumps(list(authors), ensure_ascii=False)}
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, atomic_file(out) as part:
        stage = Path(folder)
        _gather(results, figures, stage)
        pdf = typst.compile(
            stage / "manuscript.typ", root=stage, sys_inputs=inputs, ignore_system_fonts=True
        )
        part.write_bytes(pdf)
    return out


def _check(results: Path, figures: Path) -> None:
    """Refuse to set a manuscript without its numbers or main figures."""
    if not (results / NUMBERS).is_file():
        raise FileNotFoundError(
            f"{NUMBERS}: not in {results}; run python -m analyses --results {results} (its step 17 "
            "writes it)."
        )
    lacking = [name for name in MAIN_FIGURES if not (figures / f"{name}.pdf").is_file()]
    if not (figures / CAPTIONS).is_file():
        lacking.append(CAPTIONS)
    if lacking:
        raise FileNotFoundError(
            f"{', '.join(lacking)}: not in {figures}; run python -m figures --results {results} "
            f"--out {figures}."
        )


def _gather(results: Path, figures: Path, stage: Path) -> None:
    """Copy what Typst reads into one folder, which is all that it may open."""
    for name in SOURCES:
        shutil.copyfile(FOLDER / name, stage / name)
    shutil.copyfile(results / NUMBERS, stage / NUMBERS)
    (stage / "figures").mkdir()
    shutil.copyfile(figures / CAPTIONS, stage / "figures" / CAPTIONS)
    pictures = sorted(figures.glob("fig*.pdf"))
    for path in pictures:
        shutil.copyfile(path, stage / "figures" / path.name)
    drawn = json.dumps([path.stem for path in pictures])
    (stage / "drawn.json").write_text(drawn, encoding="utf-8")
