"""Events of a recording as BIDS rows with described columns, and back."""

from typing import Any

import mne
import numpy as np
import pandas as pd

from mmme_neuro.bids.text_files import MISSING
from mmme_neuro.events.ids import row_ids
from mmme_neuro.vocabulary import (
    CAMERA_COLUMNS,
    EXPRESSIONS,
    STIMULUS_END_CODE,
    VALENCE_BY_EMOTION,
    is_stimulus_code,
)

HED_VERSION = "8.4.0"

TRIAL_TYPE_BY_EXPRESSION = {
    "macro": "macro_expression",
    "micro": "micro_expression",
    "mixed": "mixed_expression",
    "control": "control_window",
}
VIDEO_START, VIDEO_END, OTHER_TRIGGER = "video_start", "video_end", "other_trigger"
TRIGGER_TYPES = (VIDEO_START, VIDEO_END, OTHER_TRIGGER)

_TRIAL_TYPES = {
    "macro_expression": (
        "Facial macro-expression coded from video",
        "Agent-action, Move-face, Label/Macro-expression",
    ),
    "micro_expression": (
        "Facial micro-expression coded from video",
        "Agent-action, Move-face, Label/Micro-expression",
    ),
    "mixed_expression": (
        "Facial expression that one coding pass labeled macro and another micro",
        "Agent-action, Move-face, Label/Mixed-expression",
    ),
    "control_window": (
        "Window without an expression, matched to one",
        "Label/Control-window",
    ),
    VIDEO_START: (
        "Trigger: an emotional video starts",
        "Sensory-event, Visual-presentation, Label/Video-start",
    ),
    VIDEO_END: ("Trigger: the video ends", "Sensory-event, Visual-presentation, Label/Video-end"),
    OTHER_TRIGGER: ("Trigger code without a meaning in this study", "Label/Other-trigger"),
}

_EMOTION_LEVELS = {name: f"Video meant to induce {name}" for name in VALENCE_BY_EMOTION}
_EMOTION_LEVELS["mixed"] = "Coding passes differ"
_EXPRESSION_LEVELS = {name: _TRIAL_TYPES[TRIAL_TYPE_BY_EXPRESSION[name]][0] for name in EXPRESSIONS}

TEXT, NUMBER, WHOLE, FLAG = "text", "number", "whole", "flag"

EVENT_FIELDS: dict[str, tuple[str, dict[str, Any]]] = {
    "onset": (
        NUMBER,
        {"Description": "Start of the event on the EEG clock", "Units": "s"},
    ),
    "duration": (
        NUMBER,
        {
            "Description": "Onset to offset as coded; onset to apex where censored is true; "
            "length of the pulse for triggers",
            "Units": "s",
        },
    ),
    "trial_type": (
        TEXT,
        {
            "Description": "Kind of event",
            "Levels": {name: text for name, (text, _) in _TRIAL_TYPES.items()},
            "HED": {name: tags for name, (_, tags) in _TRIAL_TYPES.items()},
        },
    ),
    "value": (WHOLE, {"Description": "Trigger code as the EEG stored it; triggers only"}),
    "event": (
        TEXT,
        {"Description": "Id of the expression, unique in the dataset; expressions only"},
    ),
    "stimulus": (TEXT, {"Description": "Emotional video, by its code in the study"}),
    "code": (WHOLE, {"Description": "Trigger code of the start of the event's video"}),
    "expression": (
        TEXT,
        {"Description": "Kind of expression as coded", "Levels": _EXPRESSION_LEVELS},
    ),
    "expression_by_rule": (
        TEXT,
        {
            "Description": "Kind of expression by its times: micro if it lasts at most 500 ms or "
            "reaches its apex within 250 ms"
        },
    ),
    "apex": (
        NUMBER,
        {"Description": "Moment of the strongest expression, EEG clock", "Units": "s"},
    ),
    "offset": (
        NUMBER,
        {"Description": "End of the expression, EEG clock; the apex if censored", "Units": "s"},
    ),
    "onset_sd": (
        NUMBER,
        {
            "Description": "Uncertainty (standard deviation) of onset from the map of the camera's "
            "clock to the EEG clock and the frame rate",
            "Units": "s",
        },
    ),
    "onset_check": (
        NUMBER,
        {
            "Description": "Onset by the camera's clock minus onset by the time in the clip",
            "Units": "s",
        },
    ),
    "rise": (NUMBER, {"Description": "Onset to apex as coded", "Units": "s"}),
    "emotion": (
        TEXT,
        {
            "Description": "Emotion category of the video; a property of the stimulus, not of the "
            "face",
            "Levels": _EMOTION_LEVELS,
        },
    ),
    "valence": (
        TEXT,
        {
            "Description": "Valence of that emotion",
            "Levels": {
                "negative": "Anger, contempt, disgust, fear, sadness or tension",
                "positive": "Happiness",
                "surprise": "Surprise",
                "neutral": "Calm",
                "mixed": "Coding passes differ",
            },
        },
    ),
    "action_units": (
        TEXT,
        {
            "Description": "Facial action units (FACS), comma-separated",
            "TermURL": "https://en.wikipedia.org/wiki/Facial_Action_Coding_System",
        },
    ),
    "annotation_pass": (
        TEXT,
        {"Description": "Coding passes that saw the event (A, B or A+B)"},
    ),
    "censored": (
        FLAG,
        {
            "Description": "Whether the offset was not coded",
            "Levels": {"true": "Offset not coded", "false": "Offset coded"},
        },
    ),
    "source_row": (
        WHOLE,
        {"Description": "Row of the event among the participant's rows of the annotation sheet"},
    ),
    "source_rows": (
        TEXT,
        {"Description": "All such rows merged into the event, comma-separated"},
    ),
    "exclusion_reason": (
        TEXT,
        {"Description": "Why the event should not be analyzed; n/a if it can be"},
    ),
}
"""Column -> type and description, in the order of the file."""

LEFT_OUT = ("participant", "clip", "clock", "onset_clock", "apex_clock", "offset_clock")
"""Columns of an events table that are not written: implied by the file, or a time of day."""


def event_sidecar() -> dict[str, Any]:
    """Return the content of ``_events.json``."""
    return {name: dict(text) for name, (_, text) in EVENT_FIELDS.items()}


def event_rows(events: pd.DataFrame, codes: pd.DataFrame, *, pseudonym: str | None) -> pd.DataFrame:
    """Join expressions and triggers to the rows of ``_events.tsv``.

    Parameters
    ----------
    events : DataFrame
        Events on the EEG clock (`Recording.events`).
    codes : DataFrame
        Trigger codes of the EEG: ``code, onset, duration`` (s).
    pseudonym : str | None
        Label of the participant. With one, rows of the annotation sheet are counted within the
        participant, and ids are made of that number and the label, so that they do not lead back
        to the sheet, whose file names hold codes and dates.

    Returns
    -------
    DataFrame
        Columns of ``event_columns.EVENT_FIELDS``, in the order of the onsets.
    """
    expressions = events if pseudonym is None else _renumbered(events, pseudonym)
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
        time of day (missing). Columns of others' datasets are kept: as numbers where every cell is
        one or ``n/a``, otherwise as text.
    """
    kept = rows[~_is_trigger(rows)].reset_index(drop=True)
    is_own = "expression" in kept and "event" in kept
    left_out = ("trial_type", "value") if is_own else ()
    known = {name: kind for name, (kind, _) in EVENT_FIELDS.items() if name not in left_out}
    if not is_own:
        known = {name: known[name] for name in ("onset", "duration")}
    events = pd.DataFrame(
        {name: _typed(kept[name], kind) for name, kind in known.items() if name in kept}
    )
    others = [name for name in kept if name not in known and name not in left_out]
    events = events.assign(**{name: _of_others(kept[name]) for name in others})
    if "stimulus" in events and is_own:
        events["clip"] = participant + "_" + events["stimulus"]
    events = events.assign(participant=participant, clock="eeg")
    return events.assign(**dict.fromkeys(CAMERA_COLUMNS, np.nan))


def code_annotations(rows: pd.DataFrame) -> mne.Annotations:
    """Return the trigger rows of ``_events.tsv`` as annotations named by their code."""
    triggers = rows[_is_trigger(rows)]
    if triggers.empty:
        return mne.Annotations([], [], [])
    return mne.Annotations(
        onset=triggers["onset"].astype(float).to_numpy(),
        duration=triggers["duration"].replace(MISSING, "0").astype(float).to_numpy(),
        description=triggers["value"].to_list(),
    )


def _is_trigger(rows: pd.DataFrame) -> pd.Series:
    """Rows that this package wrote for trigger codes."""
    if not {"trial_type", "value"} <= set(rows):
        return pd.Series(False, index=rows.index)
    return rows["trial_type"].isin(TRIGGER_TYPES)


def _of_others(cells: pd.Series) -> pd.Series:
    """A column whose meaning only its study knows: numbers where all are, otherwise text."""
    present = cells.where(cells != MISSING)
    numbers = pd.to_numeric(present, errors="coerce")
    return present if (numbers.isna() & present.notna()).any() else numbers


def _trigger_type(code: int) -> str:
    """What a trigger code means."""
    if is_stimulus_code(code):
        return VIDEO_START
    return VIDEO_END if code == STIMULUS_END_CODE else OTHER_TRIGGER


def _renumbered(events: pd.DataFrame, label: str) -> pd.DataFrame:
    """Events whose sheet rows are counted from 0 within the participant, and their ids from 1."""
    merged = [[int(row) for row in cell.split(",")] for cell in events["source_rows"]]
    known = sorted({row for cell in merged for row in cell} | set(events["source_row"]))
    number = {row: position for position, row in enumerate(known)}
    rows = events["source_row"].map(number)
    return events.assign(
        event=row_ids(rows + 1, label.removeprefix("sub-")),
        source_row=rows,
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
