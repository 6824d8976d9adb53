"""The report as one file, with its script."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import mne

from mmme_neuro.errors import BadInput
from mmme_neuro.io.files import atomic_file
from mmme_neuro.report.markup import STYLE, notice
from mmme_neuro.report.results import Results
from mmme_neuro.report.sections import (
    agreement,
    findings,
    modeling,
    overview,
    participants,
    reliability,
    robustness,
)

SCRIPT = """
(() => {
  // Numbers as they are printed: a minus sign, "< .001", "[low, high]", units; a dash for none.
  const number = (text) =>
    text.startsWith("\\u221e")
      ? Infinity
      : parseFloat(text.replace(/\\u2212/g, "-").replace(/^[^\\d.-]+/, ""));
  const value = (row, column) => {
    const cell = row.cells[column];
    const text = cell.textContent.trim();
    if (text === "\\u2013") return null;
    return cell.classList.contains("number") ? number(text) : text;
  };
  const compare = (a, b) =>
    typeof a === "number" ? a - b || 0 : a.localeCompare(b, "en", { numeric: true });
  const sort = (head) => {
    const table = head.closest("table");
    const body = table.tBodies[0];
    const sign = head.ariaSort === "ascending" ? -1 : 1;
    const rows = [...body.rows].map((row) => [value(row, head.cellIndex), row]);
    const known = rows.filter(([key]) => key !== null);
    known.sort(([a], [b]) => sign * compare(a, b));
    const missing = rows.filter(([key]) => key === null);
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    body.append(...known.concat(missing).map(([, row]) => row));
  };
  const heading = (event) => event.target.closest?.(".report-table thead th");
  document.addEventListener("click", (event) => {
    const head = heading(event);
    if (head) sort(head);
  });
  document.addEventListener("keydown", (event) => {
    const head = heading(event);
    if (head && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      sort(head);
    }
  });
  document.addEventListener("DOMContentLoaded", () => {
    for (const head of document.querySelectorAll(".report-table thead th")) {
      head.tabIndex = 0;
      head.title = "Sort";
    }
    for (const box of document.querySelectorAll(".report-scroll")) box.tabIndex = 0;
    const link = document.createElement("a");
    Object.assign(link, { className: "report-top", href: "#toc", textContent: "Contents" });
    document.body.append(link);
  });
})();
"""
"""A second click turns the order round; missing values stay last. Nothing is loaded."""


SECTIONS: Mapping[str, tuple[Callable[[Results], str], tuple[str, ...]]] = MappingProxyType(
    {
        "Summary": (overview.summary, ("participants", "events", "excluded")),
        "Methods": (overview.methods, ()),
        "Participants": (overview.participants, ("participants",)),
        "Quality by participant": (
            participants.quality_pages,
            ("participants", "participant_quality", "moments"),
        ),
        "Exclusions": (overview.exclusions, ("excluded",)),
        "Decisions": (overview.decisions, ("decisions",)),
        "Cleaning": (findings.cleaning, ("rejection", "component_labels", "components")),
        "Clocks": (overview.clocks, ("clocks",)),
        "Annotation audit": (overview.audit, ("audit",)),
        "Agreement of coders": (agreement.agreement, ("agreement_summary",)),
        "Event-related potentials": (findings.potentials, ("erp_excluded",)),
        "Time-frequency": (findings.oscillations, ("tfr_counts",)),
        "Connectivity": (findings.coupling, ("coupling", "connectivity_cells")),
        "Physiology": (findings.physiology, ("physio_quality",)),
        "Overlap": (robustness.overlap, ("overlap", "collinearity")),
        "Facial muscles": (robustness.muscles, ("muscle_removal", "sensitivity", "muscle_balance")),
        "Onset jitter": (robustness.jitter, ("onset_jitter_summary",)),
        "Mixed models": (modeling.models, ("models", "model_notes")),
        "Models over maps": (modeling.maps, ("map_tests", "map_status")),
        "Cross-modal": (findings.cross_modal, ("cross_modal",)),
        "Reliability": (reliability.reliability, ("icc", "score_reliability")),
        "Recovery": (findings.recovery, ("recovery",)),
        "Provenance": (findings.provenance, ()),
    }
)
"""Sections in order: what writes each, and the tables that it needs."""

_FOOTER = re.compile(r"<span>Created on [^<]*? via <a")


def write_report(
    results: str | Path, figures: str | Path, out: str | Path, *, study_name: str
) -> Path:
    """Write one HTML file that shows an analysis and opens without a network.

    Parameters
    ----------
    results : path
        Folder that ``python -m analyses`` wrote.
    figures : path
        Folder that ``python -m figures`` wrote.
    out : path
        File to write; its folder is made.
    study_name : str
        Name in the title.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    FileNotFoundError
        When there is no folder of results.
    BadInput
        When ``out`` is no HTML file.

    Notes
    -----
    A section whose result is absent says so. Participants are numbered; names, dates and folders
    are taken out of messages. The same results and figures give the same bytes.

    Examples
    --------
    >>> write_report("results", "figures", "report.html", study_name="Demo")  # doctest: +SKIP
    """
    folder, out = Path(results), Path(out)
    if out.suffix != ".html":
        raise BadInput(f"out={out}: must end in .html.")
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{folder}: no such folder of results; run python -m analyses --results {folder} first."
        )
    source = Results(folder, Path(figures))
    report = mne.Report(title=study_name, verbose="error")
    report.add_custom_css(STYLE)
    report.add_custom_js(SCRIPT)
    for title in SECTIONS:
        # MNE's script fails on a page without tags; the style hides them.
        report.add_html(_section(title, source), title=title, tags=("section",))
    out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(out) as part:
        report.save(part, open_browser=False, overwrite=True, verbose="error")
        # MNE writes the time of day into the footer, which would make every file differ.
        text = _FOOTER.sub("<span>Made with <a", part.read_text(encoding="utf-8"))
        part.write_text(text, encoding="utf-8")
    return out


def _section(title: str, source: Results) -> str:
    """Content of a section, or what it lacks."""
    write, needed = SECTIONS[title]
    lacking = [f"{name}.csv" for name in needed if not source.has(name)]
    if lacking:
        return notice(
            f"{', '.join(lacking)}: not among the results. The step that writes it did not run or "
            "failed; run python -m analyses."
        )
    return write(source)
