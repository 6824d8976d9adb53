"""Results folder as the report reads it: tables without names, figures with captions."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from mmme_neuro.events.pseudonyms import pseudonyms
from mmme_neuro.models.formula import treatment_term
from mmme_neuro.report.markup import figure_html, notice
from mmme_neuro.wording import MINUS

CAPTIONS = "captions.json"
FREE_TEXTS = (
    "reason",
    "outcome",
    "exclusion_reason",
    "warnings",
    "reductions",
    "remedy",
    "check",
    "note",
    "setting",
)

_ABSOLUTE_PATH = re.compile(r"(?<![\w.:/])(?:[A-Za-z]:[\\/]|/)(?:[^\s/\\:;,'\"]+[\\/])+")
_DATE = re.compile(r"(?<!\d)(?:19|20)\d{2}(?:-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01]))(?!\d)")


@dataclass(frozen=True)
class Results:
    """Tables and figures of an analysis.

    Parameters
    ----------
    folder : Path
        What ``python -m analyses`` wrote.
    figures : Path
        What ``python -m figures`` wrote.
    """

    folder: Path
    figures: Path

    def has(self, name: str) -> bool:
        """Whether a table is there."""
        return (self.folder / f"{name}.csv").is_file()

    def table(self, name: str) -> pd.DataFrame:
        """Read a table; participants are numbers, free texts hold no name, folder or date.

        Parameters
        ----------
        name : str
            File without ``.csv``.

        Returns
        -------
        DataFrame
            Empty where the file has no row.
        """
        try:
            table = pd.read_csv(self.folder / f"{name}.csv", dtype={"stimulus": str})
        except pd.errors.EmptyDataError:  # a table without rows may have no columns either
            return pd.DataFrame()
        for column in [c for c in FREE_TEXTS if c in table]:
            table[column] = table[column].fillna("").astype(str).map(self.plain)
        if "participant" in table:
            table["participant"] = table["participant"].astype(str).map(self.numbers)
        return table

    @cached_property
    def methods(self) -> dict:
        """Constants and versions; empty where the step did not run."""
        path = self.folder / "methods.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    @property
    def condition(self) -> str:
        """Column of the conditions that the study compares."""
        return str(self.methods.get("study", {}).get("condition", "condition"))

    @cached_property
    def levels(self) -> tuple[str, ...]:
        """Conditions that the study compares, the reference first."""
        study = self.methods.get("study", {})
        if "levels" in study:
            return tuple(study["levels"])
        return tuple(self.table("rejection")["condition"]) if self.has("rejection") else ()

    @property
    def difference(self) -> str:
        """The second condition minus the first, in words."""
        return f" {MINUS} ".join(self.levels[::-1]) or "difference"

    @property
    def term(self) -> str:
        """Term of the mixed models that holds the difference."""
        return treatment_term(self.condition, self.levels) if len(self.levels) == 2 else ""

    def people(self) -> pd.DataFrame:
        """Participants with the number of used events of each condition.

        Returns
        -------
        DataFrame
            The table ``participants`` with ``n_`` and each level.
        """
        table, counts = self.table("participants"), [f"n_{level}" for level in self.levels]
        if not self.has("quality"):
            return table.reindex(columns=[*table, *counts])
        own = self.table("quality").reindex(columns=["participant", *counts])
        return table.merge(own, on="participant", how="left").fillna(dict.fromkeys(counts, 0))

    @cached_property
    def numbers(self) -> dict[str, str]:
        """Number that stands for each participant."""
        names = [self._names(name) for name in ("events", "participants")]
        return pseudonyms(*names)

    @property
    def is_simulated(self) -> bool:
        """Whether the study has a known truth."""
        return self.has("recovery") and len(self.table("recovery")) > 0

    @cached_property
    def failed_steps(self) -> dict[str, str]:
        """Number of each failed step with the last line of its error."""
        last = {}
        for path in sorted(self.folder.glob("*_error.log")):
            lines = path.read_text(encoding="utf-8").strip().splitlines()
            last[path.name.split("_")[0]] = self.plain(lines[-1] if lines else "no message")
        return last

    def plain(self, text: str) -> str:
        """Take participants' names, folders and dates out of a text.

        Parameters
        ----------
        text : str
            E.g. an error message.

        Returns
        -------
        str
        """
        text = _ABSOLUTE_PATH.sub("", text)
        for name in sorted(self.numbers, key=len, reverse=True):
            word = rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])"
            text = re.sub(word, self.numbers[name], text)
        return _DATE.sub("(date)", text)

    def figure(self, name: str) -> str:
        """Figure with its caption, or a notice that it was not drawn.

        Parameters
        ----------
        name : str
            File without ``.png``.

        Returns
        -------
        str
            HTML.
        """
        path = self.figures / f"{name}.png"
        if not path.is_file():
            return notice(f"Figure {name} was not drawn; run python -m figures --only {name}.")
        caption = self._captions.get(name, "")
        return figure_html(path, caption=caption, alternative=caption.split(". ")[0] or name)

    def participant_figure(self, name: str, alternative: str) -> str:
        """Figure of one participant, which has no caption of its own.

        Parameters
        ----------
        name : str
            Path below the figures without ``.png``.
        alternative : str
            Text for those who cannot see it.

        Returns
        -------
        str
            HTML.
        """
        path = self.figures / f"{name}.png"
        if not path.is_file():
            return notice("Not drawn; run python -m figures --only figS_participants.")
        return figure_html(path, caption="", alternative=alternative)

    def caption(self, name: str) -> str:
        """Caption of a figure; empty where it was not drawn."""
        return self._captions.get(name, "")

    @cached_property
    def _captions(self) -> dict[str, str]:
        path = self.figures / CAPTIONS
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    def _names(self, table: str) -> list[str]:
        """Participants of a table as they are called in the files."""
        if not self.has(table):
            return []
        column = pd.read_csv(self.folder / f"{table}.csv", usecols=["participant"], dtype=str)
        return column["participant"].dropna().tolist()
