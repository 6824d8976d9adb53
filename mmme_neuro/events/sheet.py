"""The annotation sheet: one row per coded expression, read as coded."""

import difflib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput
from mmme_neuro.events.coding import expression_by_rule, normalize_action_units
from mmme_neuro.events.ids import row_ids
from mmme_neuro.events.passes import choose_pass, infer_passes, merge_passes
from mmme_neuro.events.sheet_cells import (
    name_rows,
    parse_column,
    parse_frame_name,
    read_adjudication,
    read_expression,
    read_seconds,
    read_stimulus_code,
    read_text,
    unwrap_midnight,
)
from mmme_neuro.io.damage import check_last_line, reading
from mmme_neuro.vocabulary import (
    CAMERA_COLUMNS,
    EMOTION_BY_CODED_WORD,
    EVENT_COLUMNS,
    VALENCE_BY_EMOTION,
)

TIME_COLUMNS = {"OnsetTime": "onset", "ApexTime": "apex", "OffsetTime": "offset"}
FRAME_COLUMNS = {
    "OnsetFrame": "onset_clock",
    "ApexFrame": "apex_clock",
    "OffsetFrame": "offset_clock",
}
REQUIRED_COLUMNS = (
    "Subject",
    "Marker",
    *TIME_COLUMNS,
    *FRAME_COLUMNS,
    "Action Units",
    "Estimated Emotion",
)
"""``Filename``, ``Macro/Micro``, ``Date`` and a pass column are used where present."""

PASS_COLUMNS = ("annotation_pass", "Annotation Pass", "Pass", "Coder", "Annotator")
"""Names of a column that says which pass a row belongs to; the first found is used."""

ADJUDICATED_COLUMNS = ("adjudicated", "Adjudicated", "Final")
"""Names of a column that says which rows are final, or their final label."""

_CLIP_NAME = re.compile(r"[^_]+_\d+_(?P<code>\d+)_(?P<participant>.+)_(?P<date>\d{8})(\.\w+)?")
_CODING_DATE_PARTS = r"(\d{4})\D+(\d{1,2})\D+(\d{1,2})\D+(\d{1,2})\D+(\d{1,2})"


def read_events(
    path: str | Path, *, annotation_pass: str | None = None, merge: str | None = None
) -> pd.DataFrame:
    """Read the annotation sheet: all rows as coded, checked.

    Parameters
    ----------
    path : path
        ``.xlsx`` (first sheet) or ``.csv`` / ``.tsv``.
    annotation_pass : str, optional
        Keep the rows of this pass only, such as ``"A"``.
    merge : {"union", "intersection", "first", "adjudicated"}, optional
        Merge overlapping rows of one clip: see ``merge_passes``. `left_out_rows` lists the rows
        that neither an event nor the chosen pass holds.

    Returns
    -------
    DataFrame, one row per sheet row (or merged event)
        ``vocabulary.EVENT_COLUMNS`` and ``CAMERA_COLUMNS``: times in s of the clip, camera times in
        s of the day. ``event`` is an event's id, made of the row of the sheet (``e0012`` for row
        12; of a merged event, its first row), and so the same whatever pass or merging is chosen.
        ``source_row`` is the row number a spreadsheet shows; ``adjudicated`` (yes, no
        or the final label) is there where the sheet has such a column. `sheet_columns` says where
        the expression and the pass come from, and which columns are not used.

    Raises
    ------
    BadInput
        With the row numbers, where the sheet lacks columns or rows, or holds what no event can
        be made of.

    Notes
    -----
    ``emotion`` is the word of the sheet in one spelling; in the public sheet it is the video's
    category. Column ``dif`` is ignored: it is frames in one pass and milliseconds in the other.

    Examples
    --------
    >>> events = read_events("coding_file.xlsx", merge="union")  # doctest: +SKIP
    """
    path = Path(path)
    with reading(path, "an annotation sheet"):
        table = _read_table(path)
    events = events_from_sheet(table, source=path.name)
    if annotation_pass is not None:
        found = sorted(set(events["annotation_pass"]))
        if annotation_pass not in found:
            raise BadInput(
                f"annotation_pass must be one of the passes of {path.name}, {found}; "
                f"got {annotation_pass!r}."
            )
        events = choose_pass(events, annotation_pass)
    return events if merge is None else merge_passes(events, merge)


def events_from_sheet(table: pd.DataFrame, *, source: str = "sheet") -> pd.DataFrame:
    """Turn the cells of an annotation sheet into events: see ``read_events``.

    Parameters
    ----------
    table : DataFrame
        The sheet's columns, one row per expression; row 0 is row 2 of the spreadsheet.
    source : str
        Name of the sheet in error messages.

    Returns
    -------
    DataFrame
    """
    table = table.rename(columns=lambda name: str(name).strip())
    _check_columns(table, source)
    table = table.assign(source_row=np.arange(len(table)) + 2)
    is_blank = table[list(REQUIRED_COLUMNS)].isna().all(axis=1)
    table = table[~is_blank].reset_index(drop=True)
    if table.empty:
        raise BadInput(f"{source}: holds no row below its header; expected one row per expression.")
    rows = table["source_row"]
    events = pd.DataFrame({"event": row_ids(rows), "source_row": rows})
    _add_clip(events, table, source)
    has_counter = _add_times(events, table, source)
    _add_labels(events, table, source)
    pass_column = _first_of(PASS_COLUMNS, list(table))
    events["annotation_pass"] = _passes(table, pass_column, has_counter, source)
    events = events.assign(onset_sd=np.nan, exclusion_reason="", clock="clip")
    events = events[[*EVENT_COLUMNS, *CAMERA_COLUMNS]]
    final_column = _first_of(ADJUDICATED_COLUMNS, list(table))
    if final_column is not None:
        events["adjudicated"] = parse_column(
            table, final_column, read_adjudication, "yes, no, Micro or Macro", source
        )
    return events


@dataclass(frozen=True)
class SheetColumns:
    """What is made of the columns of an annotation sheet.

    Attributes
    ----------
    expression : str
        Where the expression comes from: ``"coded"`` (a column) or ``"rule"``.
    annotation_pass : str
        Column that names the passes, or ``"inferred"``.
    ignored : tuple of str
        Columns that are not used.
    """

    expression: str
    annotation_pass: str
    ignored: tuple[str, ...]


def sheet_columns(path: str | Path) -> SheetColumns:
    """Say which columns of an annotation sheet `read_events` uses.

    Parameters
    ----------
    path : path
        As of `read_events`.

    Returns
    -------
    SheetColumns

    Examples
    --------
    >>> sheet_columns("coding_file.xlsx").ignored  # doctest: +SKIP
    ('dif',)
    """
    path = Path(path)
    with reading(path, "an annotation sheet"):
        table = _read_table(path)
    return columns_of(table)


def columns_of(table: pd.DataFrame) -> SheetColumns:
    """Say which columns `events_from_sheet` uses.

    Parameters
    ----------
    table : DataFrame
        The sheet's columns.

    Returns
    -------
    SheetColumns
    """
    names = [str(name).strip() for name in table]
    passes = _first_of(PASS_COLUMNS, names)
    used = {*REQUIRED_COLUMNS, "Filename", "Macro/Micro", "Date", passes}
    used.add(_first_of(ADJUDICATED_COLUMNS, names))
    return SheetColumns(
        expression="coded" if "Macro/Micro" in names else "rule",
        annotation_pass=passes or "inferred",
        ignored=tuple(name for name in names if name not in used),
    )


def _first_of(known: Iterable[str], names: Collection[object]) -> str | None:
    """First known name among the names."""
    return next((name for name in known if name in names), None)


def _read_table(path: Path) -> pd.DataFrame:
    """Cells of the file, untouched; blank lines kept so that row numbers hold."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected an annotation sheet, found no such file.")
    suffix = path.suffix.lower()
    if suffix in (".xlsx", ".xlsm"):
        return pd.read_excel(
            path, dtype=object, engine="openpyxl", keep_default_na=False, na_values=[""]
        )
    if suffix not in (".csv", ".tsv", ".txt"):
        raise BadInput(f"{path}: expected an annotation sheet in .xlsx, .csv or .tsv.")
    check_last_line(path)
    encoding = "utf-8-sig" if _is_utf8(path.read_bytes()) else "gb18030"
    return pd.read_csv(
        path,
        dtype=object,
        sep="," if suffix == ".csv" else "\t",
        encoding=encoding,
        skip_blank_lines=False,
        keep_default_na=False,
        na_values=[""],
    )


def _is_utf8(content: bytes) -> bool:
    """Whether the bytes are UTF-8; Chinese spreadsheets save text as GB 18030."""
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True


def _check_columns(table: pd.DataFrame, source: str) -> None:
    """Refuse a sheet without the columns needed, or with one of them twice."""
    missing = [name for name in REQUIRED_COLUMNS if name not in table.columns]
    if missing:
        raise BadInput(
            f"{source}: lacks the columns {missing}; it has {list(table.columns)}. "
            "Rename or add them in the header row."
        )
    doubled = sorted(table.columns[table.columns.duplicated()])
    if doubled:
        raise BadInput(f"{source}: has the columns {doubled} more than once; keep one of each.")


def _add_clip(events: pd.DataFrame, table: pd.DataFrame, source: str) -> None:
    """Add who saw which video."""
    events["participant"] = parse_column(
        table, "Subject", read_text, "a participant's code", source
    )
    events["code"] = parse_column(
        table, "Marker", read_stimulus_code, "a video's trigger code", source
    )
    events["stimulus"] = events["code"].astype(str)
    events["clip"] = events["participant"] + "_" + events["stimulus"]


def _add_times(events: pd.DataFrame, table: pd.DataFrame, source: str) -> pd.Series:
    """Add the times on both clocks, checked; return whether frame names have a counter."""
    for column, name in TIME_COLUMNS.items():
        events[name] = parse_column(
            table, column, read_seconds, "seconds from the clip's start", source
        )
    session = _sessions(table, events, source)
    has_counter = _add_clocks(events, table, session, source)
    _check_order(events, source)
    events["duration"] = events["offset"] - events["onset"]
    events["rise"] = events["apex"] - events["onset"]
    events["censored"] = events["apex"] == events["offset"]
    return has_counter


def _add_labels(events: pd.DataFrame, table: pd.DataFrame, source: str) -> None:
    """Add emotion, action units and expression, as coded and by rule."""
    events["emotion"] = _parse_emotion(table, source)
    events["valence"] = events["emotion"].map(VALENCE_BY_EMOTION)
    events["action_units"] = parse_column(
        table.fillna({"Action Units": ""}),
        "Action Units",
        normalize_action_units,
        "action units like 'AU4, AU7'",
        source,
    )
    by_rule = expression_by_rule(events["onset"], events["apex"], events["offset"])
    events["expression_by_rule"] = events["expression"] = by_rule
    if "Macro/Micro" in table:
        events["expression"] = parse_column(
            table, "Macro/Micro", read_expression, "Macro or Micro", source
        )


def _parse_emotion(table: pd.DataFrame, source: str) -> pd.Series:
    """Emotion in one spelling; unknown words are listed with the nearest known one."""
    words = table["Estimated Emotion"].map(lambda cell: "" if pd.isna(cell) else str(cell))
    words = words.str.strip().str.lower()
    known = EMOTION_BY_CODED_WORD
    unknown = ~words.isin(list(known))
    if unknown.any():
        hints = []
        for word in sorted(set(words[unknown])):
            near = difflib.get_close_matches(word, known, n=1)
            hints.append(f"{word!r}" + (f" (did you mean {near[0]!r}?)" if near else ""))
        raise BadInput(
            f"{source}: Estimated Emotion holds unknown words {', '.join(hints)} in "
            f"{name_rows(table['source_row'][unknown])}. Known words: {', '.join(known)} "
            "(vocabulary.EMOTION_BY_CODED_WORD)."
        )
    return words.map(known)


def _sessions(table: pd.DataFrame, events: pd.DataFrame, source: str) -> pd.Series:
    """Session of each row, participant and recording date; refuse a Filename that disagrees."""
    if "Filename" not in table:
        return events["participant"]
    parts = table["Filename"].astype(str).str.strip().str.extract(_CLIP_NAME)
    has_code = parts["code"].notna()
    wrong = has_code & (parts["code"] != events["stimulus"])
    wrong |= has_code & (parts["participant"].str.lower() != events["participant"].str.lower())
    if wrong.any():
        raise BadInput(
            f"{source}: Filename must name the row's Subject and Marker; it names others in "
            f"{name_rows(table['source_row'][wrong])}. Correct one of the cells."
        )
    return events["participant"] + "_" + parts["date"].fillna("")


def _add_clocks(
    events: pd.DataFrame, table: pd.DataFrame, session: pd.Series, source: str
) -> pd.Series:
    """Add the camera columns, running on past midnight; return whether names have a counter."""
    for column, name in FRAME_COLUMNS.items():
        frames = parse_column(
            table, column, parse_frame_name, "a clock like HH-MM-SS-mmm[-counter]", source
        )
        events[name] = [frame.seconds for frame in frames]
        if column == "OnsetFrame":
            has_counter = pd.Series([frame.counter is not None for frame in frames])
    columns = list(FRAME_COLUMNS.values())
    for rows in session.groupby(session, observed=True).groups.values():
        events.loc[rows, columns] = unwrap_midnight(events.loc[rows, columns].to_numpy())
    return has_counter


def _check_order(events: pd.DataFrame, source: str) -> None:
    """Refuse rows whose times cannot be an event's, on the clip's clock or on the camera's."""
    for name, columns in (
        ("clip times", list(TIME_COLUMNS.values())),
        ("camera times", list(FRAME_COLUMNS.values())),
    ):
        onset, apex, offset = (events[column] for column in columns)
        rules = (
            (offset < onset, "negative duration (offset before onset)"),
            ((apex < onset) | (apex > offset), "an apex outside onset to offset"),
            ((onset == apex) & (apex == offset), "onset, apex and offset all equal"),
        )
        for is_wrong, found in rules:
            if is_wrong.any():
                raise BadInput(
                    f"{source}: {name} must run onset <= apex <= offset with some duration, found "
                    f"{found} in {name_rows(events['source_row'][is_wrong])}. Correct the cells."
                )


def _passes(
    table: pd.DataFrame, pass_column: str | None, has_counter: pd.Series, source: str
) -> pd.Series:
    """Pass of each row: as the sheet says, else inferred."""
    if pass_column is not None:
        return parse_column(table, pass_column, read_text, "the name of a pass", source)
    coded_at = pd.Series(pd.NaT, index=table.index)
    if "Date" in table:
        parts = table["Date"].astype(str).str.extract(_CODING_DATE_PARTS)
        parts.columns = ["year", "month", "day", "hour", "minute"]
        coded_at = pd.to_datetime(parts.apply(pd.to_numeric), errors="coerce")
    return infer_passes(has_counter, coded_at)
