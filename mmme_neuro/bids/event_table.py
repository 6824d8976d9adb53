"""Events of a recording as BIDS rows, and back."""

import mne
import numpy as np
import pandas as pd

from mmme_neuro.bids.event_columns import (
    EVENT_FIELDS,
    FLAG,
    OTHER_TRIGGER,
    TEXT,
    TRIAL_TYPE_BY_EXPRESSION,
    TRIGGER_TYPES,
    VIDEO_END,
    VIDEO_START,
    WHOLE,
)
from mmme_neuro.bids.tables import MISSING
from mmme_neuro.vocabulary import CAMERA_COLUMNS, STIMULUS_END_CODE, is_stimulus_code


def event_rows(events: pd.DataFrame, codes: pd.DataFrame, *, renumber: bool) -> pd.DataFrame:
    """Join expressions and triggers to the rows of ``_events.tsv``.

    Parameters
    ----------
    events : DataFrame
        Events on the EEG clock (`Recording.events`).
    codes : DataFrame
        Trigger codes of the EEG: ``code, onset, duration`` (s).
    renumber : bool
        Count the rows of the annotation sheet within the participant, so that they do not lead
        back to the sheet, whose file names hold codes and dates.

    Returns
    -------
    DataFrame
        Columns of ``event_columns.EVENT_FIELDS``, in the order of the onsets.
    """
    expressions = _renumbered(events) if renumber else events
    kinds = expressions["expression"].map(TRIAL_TYPE_BY_EXPRESSION)
    triggers = pd.DataFrame(
        {
            "onset": codes["onset"],
            "duration": codes["duration"],
            "trial_type": [_trigger_type(code) for code in codes["code"]],
            "value": codes["code"],
        }
    )
    rows = pd.concat(
        [expressions.assign(trial_type=kinds).astype(object), triggers.astype(object)]
    ).reindex(columns=list(EVENT_FIELDS))
    rows["censored"] = rows["censored"].map({True: "true", False: "false"})
    # Objects sort by value, and an event without a place comes last.
    return rows.sort_values("onset", kind="stable", ignore_index=True, na_position="last")


def events_of_rows(rows: pd.DataFrame, participant: str) -> pd.DataFrame:
    """Restore the events table from the text of ``_events.tsv``.

    Parameters
    ----------
    rows : DataFrame
        Cells as text.
    participant : str
        Label of the participant.

    Returns
    -------
    DataFrame
        Rows that are not triggers, typed as `read_recording` has them, but without the camera's
        time of day (missing).
    """
    kept = rows[~rows["trial_type"].isin(TRIGGER_TYPES)].reset_index(drop=True)
    events = pd.DataFrame(
        {
            name: _typed(kept[name], kind)
            for name, (kind, _) in EVENT_FIELDS.items()
            if name in kept and name not in ("trial_type", "value")
        }
    )
    if "stimulus" in events:
        events["clip"] = participant + "_" + events["stimulus"]
    events = events.assign(participant=participant, clock="eeg")
    return events.assign(**dict.fromkeys(CAMERA_COLUMNS, np.nan))


def code_annotations(rows: pd.DataFrame) -> mne.Annotations:
    """Return the trigger rows of ``_events.tsv`` as annotations named by their code."""
    triggers = rows[rows["trial_type"].isin(TRIGGER_TYPES)]
    return mne.Annotations(
        onset=triggers["onset"].astype(float).to_numpy(),
        duration=triggers["duration"].replace(MISSING, "0").astype(float).to_numpy(),
        description=triggers["value"].to_list(),
    )


def _trigger_type(code: int) -> str:
    """What a trigger code means."""
    if is_stimulus_code(code):
        return VIDEO_START
    return VIDEO_END if code == STIMULUS_END_CODE else OTHER_TRIGGER


def _renumbered(events: pd.DataFrame) -> pd.DataFrame:
    """Events whose sheet rows are counted from 0 within the participant."""
    merged = [[int(row) for row in cell.split(",")] for cell in events["source_rows"]]
    known = sorted({row for cell in merged for row in cell} | set(events["source_row"]))
    number = {row: position for position, row in enumerate(known)}
    return events.assign(
        source_row=events["source_row"].map(number),
        source_rows=[",".join(str(number[row]) for row in cell) for cell in merged],
    )


def _typed(cells: pd.Series, kind: str) -> pd.Series:
    """Cells of one column in its type; a missing text is empty, as in events tables."""
    if kind == FLAG:
        return cells == "true"
    if kind == TEXT:
        return cells.replace(MISSING, "")
    numbers = cells.replace(MISSING, "nan").astype(float)
    return numbers.astype(int) if kind == WHOLE and numbers.notna().all() else numbers
