"""Pieces of HTML: paragraphs, notices, tables with readable numbers, figures with captions."""

import base64
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageChops

from mmme_neuro.plots.pictures import few_colors

WIDEST_PX = 1400
"""Pictures are reduced to this width, which keeps the file small and the text sharp."""

N_COLORS = 256
LARGEST_STEP = 8
"""Of 255: a palette that changes no pixel by more is not seen."""

STYLE = """
#content { font-size: 0.95rem; line-height: 1.5; }
#content p, #content ul { max-width: 75ch; }
#content .accordion-button, #content .accordion-button a { color: #0b4f8a; }
.badge, #filter-by-tags-dropdown-menu { display: none !important; }
.report-notice { border-left: 4px solid #b35900; background: #fff4e5; padding: .6rem 1rem;
  margin: .5rem 0 1rem; max-width: 80ch; }
.report-scroll { overflow: auto; max-height: 75vh; margin: .5rem 0 1rem; }
.report-table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
.report-table caption { caption-side: top; color: #333; padding: .2rem 0; }
.report-table caption span { position: sticky; left: 0; display: inline-block;
  max-width: min(80ch, calc(100vw - 6rem)); }
.report-table th, .report-table td { padding: .22rem .7rem; border-bottom: 1px solid #ddd;
  text-align: left; vertical-align: top; white-space: nowrap; }
.report-table thead th { border-bottom: 2px solid #555; white-space: normal; cursor: pointer;
  position: sticky; top: 0; background: #fff; vertical-align: bottom; }
.report-table .number { text-align: right; }
.report-table td.long { min-width: 16rem; max-width: 60ch; white-space: normal; }
.report-table th[aria-sort=ascending]::after { content: " \\25B4"; }
.report-table th[aria-sort=descending]::after { content: " \\25BE"; }
.report-figure { margin: .5rem 0 1.5rem; }
.report-figure img { max-width: 100%; height: auto; }
.report-figure figcaption { font-size: .88rem; color: #333; max-width: 95ch; padding-top: .4rem; }
#content details { margin: .5rem 0 1rem; }
#content summary { cursor: pointer; color: #0b4f8a; }
#content .report-person { border-top: 1px solid #ddd; margin: 0; padding: .4rem 0; }
#content .report-notice ul { margin: 0; padding-left: 1.1rem; }
.report-top { display: none; }
@media print { .report-scroll { max-height: none; overflow: visible; } }
@media (max-width: 800px) {
  #toc { position: static !important; width: 100% !important; height: auto !important;
    margin-top: 4.5rem !important; padding-bottom: .5rem !important; }
  #content { margin-left: 0 !important; width: 100% !important; margin-top: .5rem !important; }
  #toc-navbar { display: block !important; column-count: 2; }
  #toc-navbar .nav-link { padding: .15rem .5rem; break-inside: avoid; }
  .report-top { display: block; position: fixed; right: .5rem; bottom: 2.2rem; z-index: 10;
    padding: .3rem .7rem; background: #0b4f8a; color: #fff; border-radius: 1rem;
    font-size: .85rem; }
  .report-figure { overflow-x: auto; }
  .report-figure img { max-width: none; min-width: 100%; width: 720px; }
  .report-figure figcaption { position: sticky; left: 0; max-width: calc(100vw - 6rem); }
  #top-bar .fs-3 { font-size: 1rem !important; }
}
"""


@dataclass(frozen=True)
class Column:
    """How one column of a table is shown.

    Parameters
    ----------
    heading : str
        Heading for readers, with the unit.
    text : callable
        From a row (a mapping of column names to values) to its text.
    is_number : bool
        Whether it is aligned at the right.
    is_long : bool
        Whether it holds sentences.
    """

    heading: str
    text: Callable[[dict[Any, Any]], str]
    is_number: bool = False
    is_long: bool = False

    @property
    def css(self) -> str:
        """Class of its cells."""
        return "number" if self.is_number else "long" if self.is_long else ""


def paragraph(text: str) -> str:
    """Wrap plain text as a paragraph.

    Parameters
    ----------
    text : str
        Escaped here.

    Returns
    -------
    str
    """
    return f"<p>{escape(text)}</p>"


def notice(text: str) -> str:
    """Wrap plain text as a notice that stands out.

    Parameters
    ----------
    text : str
        Escaped here.

    Returns
    -------
    str
    """
    return f'<div class="report-notice" role="note">{escape(text)}</div>'


def notices(texts: Iterable[str]) -> str:
    """List plain texts in one notice that stands out.

    Parameters
    ----------
    texts : iterable of str
        Escaped here.

    Returns
    -------
    str
    """
    return f'<div class="report-notice" role="note">{bullets(texts)}</div>'


def heading(text: str) -> str:
    """Head a part of a section.

    Parameters
    ----------
    text : str
        Escaped here.

    Returns
    -------
    str
    """
    return f"<h5>{escape(text)}</h5>"


def bullets(texts: Iterable[str]) -> str:
    """List plain texts.

    Parameters
    ----------
    texts : iterable of str
        Escaped here.

    Returns
    -------
    str
    """
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"


def details(summary: str, html: str, *, css: str = "") -> str:
    """Fold long content behind a summary.

    Parameters
    ----------
    summary : str
        Plain text that stays visible.
    html : str
        What is folded.
    css : str
        Class of the element.

    Returns
    -------
    str
    """
    css = f' class="{css}"' if css else ""
    return f"<details{css}><summary>{escape(summary)}</summary>{html}</details>"


def table_html(table: pd.DataFrame, columns: Sequence[Column], *, caption: str) -> str:
    """Write a table.

    Parameters
    ----------
    table : DataFrame
        One row per line.
    columns : sequence of Column
        What is shown, from left to right.
    caption : str
        Plain text above the table.

    Returns
    -------
    str
        A table inside an element that scrolls where the window is narrow or the table long; a
        sentence where the table has no row.
    """
    if table.empty:
        return paragraph(f"{caption}: none.")
    css = [f' class="{c.css}"' if c.css else "" for c in columns]
    head = "".join(
        f'<th scope="col"{own}>{escape(c.heading)}</th>'
        for c, own in zip(columns, css, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{own}>{escape(c.text(row))}</td>" for c, own in zip(columns, css, strict=True)
        )
        + "</tr>"
        for row in table.to_dict("records")
    )
    return (
        '<div class="report-scroll"><table class="report-table">'
        f"<caption><span>{escape(caption)}</span></caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def figure_html(path: Path, *, caption: str, alternative: str) -> str:
    """Embed a picture with its caption.

    Parameters
    ----------
    path : Path
        A PNG file.
    caption : str
        Plain text below it; empty for none.
    alternative : str
        Text for those who cannot see it.

    Returns
    -------
    str
    """
    encoded = base64.b64encode(_reduced(path)).decode("ascii")
    below = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return (
        f'<figure class="report-figure"><img src="data:image/webp;base64,{encoded}" '
        f'alt="{escape(alternative)}">{below}</figure>'
    )


def _reduced(path: Path) -> bytes:
    """The picture, at most `WIDEST_PX` wide, as WebP.

    With a palette it stays sharp; maps of many colors would show steps that are not there, and are
    encoded without.
    """
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    if picture.width > WIDEST_PX:
        height = round(picture.height * WIDEST_PX / picture.width)
        picture = picture.resize((WIDEST_PX, height), Image.Resampling.LANCZOS)
    few = few_colors(picture, N_COLORS).convert("RGB")
    steps = np.asarray(ImageChops.difference(picture, few))
    is_alike = bool(steps.max() <= LARGEST_STEP)
    return _webp(few if is_alike else picture, lossless=is_alike, quality=90)


def _webp(picture: Image.Image, *, lossless: bool, quality: int) -> bytes:
    """Encode a picture."""
    stream = io.BytesIO()
    picture.save(stream, format="WEBP", lossless=lossless, quality=quality, method=4)
    return stream.getvalue()
