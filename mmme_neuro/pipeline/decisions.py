"""The one table of a study in which people overrule the automatic steps."""

import csv
import difflib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mmme_neuro.errors import BadInput
from mmme_neuro.events.ids import row_ids
from mmme_neuro.io.damage import small_text
from mmme_neuro.io.files import atomic_file
from mmme_neuro.signals.eeg.ica import CleaningDecisions

FILE_NAME = "decisions.csv"
COLUMNS = ("participant", "kind", "target", "reason", "made_for")
HEADER_LINE = ",".join(COLUMNS)
KINDS = {
    "bad_channel": "channel to interpolate, such as FP1",
    "good_channel": "channel to keep whatever it looks like",
    "remove_component": "number of an independent component to take out",
    "keep_component": "number of an independent component to keep",
    "exclude_event": "event to leave out, by its id such as e0012",
    "keep_event": "event to keep though its epoch is noisy, by its id",
    "exclude_participant": "all, to leave the participant out of every analysis",
}
"""What can be decided -> what ``target`` is."""


@dataclass(frozen=True, eq=False)
class Decisions:
    """Decisions of a study.

    Parameters
    ----------
    table : DataFrame
        Texts: ``participant, kind, target, reason, made_for``; the last is the fingerprint of the
        components that a number refers to (``components.csv``), needed for components.
    """

    table: pd.DataFrame

    @property
    def excluded_participants(self) -> dict[str, str]:
        """Participants who are left out of every analysis -> reason."""
        rows = self.table[self.table["kind"] == "exclude_participant"]
        return dict(zip(rows["participant"], rows["reason"], strict=True))

    def included(self, table: pd.DataFrame) -> pd.DataFrame:
        """Rows of a table with a column ``participant`` that are not of one left out."""
        return table[~table["participant"].astype(str).isin(self.excluded_participants)]

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        return f"<Decisions | {len(self)} about {self.table['participant'].nunique()} participants>"

    def of(self, participant: str) -> pd.DataFrame:
        """Decisions about one participant."""
        return self.table[self.table["participant"] == participant].reset_index(drop=True)


NONE = Decisions(pd.DataFrame({name: pd.Series(dtype=str) for name in COLUMNS}))
"""No decision."""


def read_decisions(path: str | Path) -> Decisions:
    """Read a study's decisions.

    Parameters
    ----------
    path : path
        CSV with the columns ``participant, kind, target, reason`` and, for components,
        ``made_for``; lines that begin with ``#`` are notes.

    Returns
    -------
    Decisions

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    BadInput
        When a column is missing or a row says what cannot be; the message names the line.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such table of decisions.")
    lines = _text_of(path).splitlines()
    numbered = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and line[0] != "#"]
    if not numbered:
        return NONE
    try:
        rows = list(csv.reader([line for _, line in numbered], strict=True))
    except csv.Error as error:
        raise BadInput(
            f"{path}: cannot be read as a table ({error}); look for an unpaired quotation mark."
        ) from error
    if len(rows) != len(numbered):
        raise BadInput(
            f"{path}: a cell goes over several lines; write each decision on one line, and look "
            "for an unpaired quotation mark."
        )
    header = [name.strip() for name in rows[0]]
    if missing := [name for name in COLUMNS[:4] if name not in header]:
        raise BadInput(
            f"{path}: columns {missing} are missing; expected {', '.join(COLUMNS)}, found "
            f"{', '.join(header)}."
        )
    records = []
    for (number, _), row in zip(numbered[1:], rows[1:], strict=True):
        cells = dict(zip(header, [cell.strip() for cell in row], strict=False))
        record = {name: cells.get(name, "") for name in COLUMNS}
        _check(record, f"{path}, line {number}")
        records.append(record)
    return Decisions(pd.DataFrame(records, columns=list(COLUMNS), dtype=str))


def _text_of(path: Path) -> str:
    """Text of the table, which people write in UTF-8 or in the encoding of Windows."""
    content = small_text(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return content.decode("utf-16", errors="replace")
        raise BadInput(
            f"{path}: expected text in UTF-8, found a byte that is none ({error.reason} at byte "
            f"{error.start}); save the table again as CSV UTF-8."
        ) from error


def of_study(study: str | Path) -> Decisions:
    """Read the decisions of a study; none where its folder has no ``decisions.csv``."""
    path = Path(study) / FILE_NAME
    return read_decisions(path) if path.is_file() else NONE


def write_template(path: str | Path) -> Path:
    """Write an empty table of decisions with an explanation; an existing one stays.

    Parameters
    ----------
    path : path
        File to write.

    Returns
    -------
    Path
        ``path``.
    """
    path = Path(path)
    if path.exists():
        return path
    lines = [
        "# Decisions of people about this study. A re-run of mmme preprocess respects them and the",
        "# report lists them. One line each; lines with # are notes. Give a reason, no names.",
        *(f"#   {kind}: {target}" for kind, target in KINDS.items()),
        "# made_for: for components, the fingerprint in SUB_components.csv that you looked at.",
        "# Ids of events are in column event of SUB_moments.csv and SUB_excluded.csv, next to the",
        "# onset (s on the EEG clock); e0012 is row 12 of the annotation sheet.",
        "# sub01,bad_channel,FP1,electrode came off,",
        "# sub01,keep_component,3,frontal theta,1a2b3c4d",
        "# sub01,exclude_event,e0012,speaks at 34.56 s,",
        "# sub02,exclude_participant,all,fell asleep,",
        HEADER_LINE,
    ]
    with atomic_file(path) as part:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@dataclass(frozen=True)
class Applied:
    """Decisions about a recording, sorted by the step that respects them.

    Attributes
    ----------
    cleaning : CleaningDecisions
        For `clean_eeg`.
    excluded : dict of str to str
        Id of an event -> reason.
    kept : tuple of str
        Ids of events to keep.
    log : DataFrame
        The decisions with ``outcome``.
    """

    cleaning: CleaningDecisions
    excluded: dict[str, str]
    kept: tuple[str, ...]
    log: pd.DataFrame


def apply_decisions(
    rows: pd.DataFrame, *, ch_names: list[str], events: pd.DataFrame, fingerprint: str | None
) -> Applied:
    """Match decisions with a recording; what cannot be matched is said, not guessed.

    Parameters
    ----------
    rows : DataFrame
        ``Decisions.of(participant)``.
    ch_names : list of str
        Channels of its EEG.
    events : DataFrame
        Its events, with ``event``.
    fingerprint : str | None
        Of the independent components that the recording has without decisions about components;
        None while they are not known.

    Returns
    -------
    Applied
        ``log["outcome"]`` is ``"applied"`` or what stands in the way.
    """
    parts: dict[str, dict] = {kind: {} for kind in KINDS}
    outcomes = []
    by_upper = {name.upper(): name for name in ch_names}
    ids = list(events["event"])
    rows = rows[rows["kind"] != "exclude_participant"]
    for row in rows.astype(str).to_dict("records"):
        kind, target, reason, made_for = (row[name] for name in COLUMNS[1:])
        outcome = "applied"
        if kind.endswith("channel"):
            name = by_upper.get(target.upper())
            if name is None:
                outcome = f"no channel {target!r}{_hint(target, ch_names)}"
            else:
                parts[kind][name] = reason
        elif kind.endswith("component"):
            if fingerprint is not None and made_for != fingerprint:
                outcome = f"made for other components ({made_for}, now {fingerprint}): look again"
            else:
                parts[kind][int(target)] = reason
        else:
            event = target if target in ids else _as_id(target)
            if event in ids:
                parts[kind][event] = reason
            else:
                outcome = f"no event {target!r}{_hint(event, ids)}"
        outcomes.append(outcome)
    cleaning = CleaningDecisions(
        parts["bad_channel"],
        parts["good_channel"],
        parts["remove_component"],
        parts["keep_component"],
    )
    kept = tuple(parts["keep_event"])
    return Applied(cleaning, parts["exclude_event"], kept, rows.assign(outcome=outcomes))


def _check(record: dict[str, str], where: str) -> None:
    """Refuse a row that says what cannot be."""
    kind, target = record["kind"], record["target"]
    if kind not in KINDS:
        raise BadInput(
            f"{where}: kind {kind!r} must be one of {', '.join(KINDS)}{_hint(kind, list(KINDS))}."
        )
    for name in ("participant", "target", "reason"):
        if not record[name]:
            raise BadInput(f"{where}: {name} is empty; every decision needs one.")
    if kind == "exclude_participant" and target not in ("all", record["participant"]):
        raise BadInput(
            f"{where}: target {target!r} must be 'all': the whole participant is left out. To "
            "leave out an event, write exclude_event."
        )
    if kind.endswith("component") and not target.isdigit():
        raise BadInput(f"{where}: target {target!r} must be the number of a component.")
    if kind.endswith("component") and not record["made_for"]:
        raise BadInput(
            f"{where}: made_for is empty; give the fingerprint in {record['participant']}"
            "_components.csv, as numbers change with the channels and options."
        )
    if kind.endswith("event") and target.startswith("@"):
        raise BadInput(
            f"{where}: target {target!r} is an onset, which two events can share; give the id of "
            f"the event (such as e0012), which stands next to its onset in "
            f"{record['participant']}_moments.csv."
        )


def _as_id(target: str) -> str:
    """Id of a row of the sheet, by which earlier tables named events (12); else the target."""
    return row_ids([int(target)])[0] if target.isdecimal() else target


def _hint(word: str, known: list[str]) -> str:
    """``; did you mean 'x'?``."""
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
