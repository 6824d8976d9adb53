"""Annotation sheet of a simulated study: what two fallible coders write of the true events."""

import datetime as dt
import io
import re
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd

from mmme_neuro.vocabulary import STIMULUS_WORD_BY_CODE

SHEET_COLUMNS = (
    "Subject",
    "Filename",
    "Marker",
    "OnsetTime",
    "ApexTime",
    "OffsetTime",
    "OnsetFrame",
    "ApexFrame",
    "OffsetFrame",
    "Action Units",
    "Estimated Emotion",
    "Macro/Micro",
    "Date",
    "dif",
)
"""Columns of the coding sheet, in its order."""

TRUE_EVENT_COLUMNS = (
    "participant",
    "code",
    "expression",
    "onset",
    "apex",
    "offset",
    "action_units",
    "onset_clock",
    "apex_clock",
    "offset_clock",
    "recording_date",
)
"""Columns ``write_sheet`` needs: clip seconds, seconds of the day, ``datetime.date``."""

CODES_IN_FILE_ORDER = {
    "angry": (146, 107, 116, 125, 133, 142),
    "calm": (145, 106, 115, 124, 132, 141),
    "disgust": (112, 102, 110, 119, 128, 137),
    "fear": (134, 104, 113, 121, 130, 139),
    "happy": (123, 103, 111, 120, 129, 138),
    "sad": (101, 148, 109, 118, 127, 136),
    "surprise": (147, 108, 117, 126, 135, 143),
    "tense": (144, 105, 114, 122, 131, 140),
}
"""Trigger codes by the index their video has in the clip file names (1 first)."""

_SHEET_WORD_BY_STIMULUS_WORD = {"anger": "angry", "nervous": "tense"}
_LABEL_BY_EXPRESSION = {"macro": "Macro", "micro": "Micro"}
_SECONDS_PER_DAY = 86_400
_MIN_GAP_S = 0.02
_CODING_DELAY = dt.timedelta(days=300)


PROBABILITIES = (
    *("detection", "label_error", "unit_detection", "unit_error"),
    *("censored_macro", "censored_micro"),
)


@dataclass(frozen=True, kw_only=True)
class CodingParameters:
    """How two coders share the clips, and how they err.

    Parameters
    ----------
    share_a_only, share_b_only, share_both : float
        Shares of the clips coded in the first pass only, in the second only, in both; sum 1. The
        defaults are those of the public sheet (49, 106 and 117 of 272 clips).
    detection : float
        Probability that a coder who codes the clip sees an event of it.
    onset_sd, apex_sd, offset_sd : float
        SD of a coder's error, in s. Rise and time from apex to offset stay positive (>= 20 ms).
    label_error : float
        Probability that macro is written micro, or micro macro.
    unit_detection : float
        Probability that an action unit of an event is written; one is, always.
    unit_error : float
        Probability that a written action unit is another one of the study's.
    censored_macro, censored_micro : float
        Share of rows whose offset was not coded, so that it is written equal to the apex.
    frame_rate : float
        Camera frames per second behind the frame counter, which wraps at 1000.
    time_step, clock_step : float
        Resolution in s of the video times and of the camera clock.
    """

    share_a_only: float = 0.18
    share_b_only: float = 0.39
    share_both: float = 0.43
    detection: float = 0.9
    onset_sd: float = 0.03
    apex_sd: float = 0.03
    offset_sd: float = 0.08
    label_error: float = 0.03
    unit_detection: float = 1.0
    unit_error: float = 0.0
    censored_macro: float = 0.55
    censored_micro: float = 0.26
    frame_rate: float = 148.0
    time_step: float = 0.01
    clock_step: float = 0.001

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (np.isfinite(value) and value >= 0):
                raise ValueError(f"{field.name} must be a number >= 0, got {value!r}.")
        for name in PROBABILITIES:
            if getattr(self, name) > 1:
                raise ValueError(f"{name} is a probability, got {getattr(self, name)!r}.")
        for name in ("frame_rate", "time_step", "clock_step"):
            if getattr(self, name) == 0:
                raise ValueError(f"{name} must be above 0.")
        total = self.share_a_only + self.share_b_only + self.share_both
        if not np.isclose(total, 1):
            raise ValueError(
                f"share_a_only + share_b_only + share_both must be 1, got {total:.4g}."
            )


def write_sheet(
    path: str | Path,
    events_true: pd.DataFrame,
    *,
    rng: np.random.Generator | int,
    parameters: CodingParameters | None = None,
) -> pd.DataFrame:
    """Write the coding sheet of true events as two coders would: pass A rows, then pass B rows.

    Parameters
    ----------
    path : path
        The ``.xlsx`` file to write.
    events_true : DataFrame, one row per event
        Columns ``TRUE_EVENT_COLUMNS``: ``onset, apex, offset`` in s of the clip; ``onset_clock``
        and so on in s of the day on the camera clock; ``action_units`` such as ``"AU4,AU12"``;
        ``recording_date`` a ``datetime.date``.
    rng : Generator or int
        Same events and seed give the same file, byte by byte.
    parameters : CodingParameters, optional
        Shares, errors and resolutions; the defaults follow the public sheet.

    Returns
    -------
    DataFrame, one row per sheet row
        The columns of the sheet with ``true_event`` (index label in `events_true`) and
        ``annotation_pass`` (``"A"`` or ``"B"``). Events nobody saw are in no row.

    Examples
    --------
    >>> import datetime, tempfile, pandas as pd
    >>> event = pd.DataFrame([dict(participant="sub01", code=101, expression="micro", onset=5.0,
    ...     apex=5.2, offset=5.4, action_units="AU4", onset_clock=36005.0, apex_clock=36005.2,
    ...     offset_clock=36005.4, recording_date=datetime.date(2030, 1, 1))])
    >>> perfect = CodingParameters(share_a_only=0, share_b_only=0, share_both=1, detection=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     rows = write_sheet(f"{folder}/coding_file.xlsx", event, rng=1, parameters=perfect)
    >>> rows["annotation_pass"].tolist()
    ['A', 'B']
    """
    parameters = parameters or CodingParameters()
    _check_true_events(events_true)
    rng = np.random.default_rng(rng)
    coder_sees = _share_clips(events_true, parameters, rng)
    passes = []
    for name in ("A", "B"):
        seen = coder_sees[name] & (rng.random(len(events_true)) < parameters.detection)
        coded = _code_events(events_true[seen], parameters, rng)
        passes.append(_sheet_rows(coded, parameters, name))
    rows = pd.concat(passes, ignore_index=True)
    _write_workbook(Path(path), rows[list(SHEET_COLUMNS)])
    return rows


def _check_true_events(events: pd.DataFrame) -> None:
    """Refuse events the sheet has no way of writing."""
    missing = [column for column in TRUE_EVENT_COLUMNS if column not in events.columns]
    if missing:
        raise ValueError(f"events_true lacks the columns {missing}; it has {list(events.columns)}.")
    if not events.index.is_unique:
        raise ValueError("events_true needs a unique index: it is kept as 'true_event'.")
    unknown = sorted(set(events["expression"]) - set(_LABEL_BY_EXPRESSION))
    if unknown:
        raise ValueError(
            f"events_true['expression'] must be macro or micro, found {unknown}; "
            "leave controls out of the sheet."
        )
    codes = sorted(set(events["code"]) - set(STIMULUS_WORD_BY_CODE))
    if codes:
        raise ValueError(f"events_true['code'] must be a video's code (101 to 148), found {codes}.")
    ordered = (events["onset"] < events["apex"]) & (events["apex"] <= events["offset"])
    if not ordered.all():
        wrong = events.index[~ordered].tolist()[:10]
        raise ValueError(f"events_true needs onset < apex <= offset; events {wrong} break it.")


def _share_clips(
    events: pd.DataFrame, parameters: CodingParameters, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Which events lie in clips that pass A, and pass B, coded: exact shares, drawn clips."""
    clip = events.groupby(["participant", "code"], sort=True, observed=True).ngroup().to_numpy()
    n_clips = clip.max() + 1 if len(clip) else 0
    n_both = round(parameters.share_both * n_clips)
    n_a_only = min(round(parameters.share_a_only * n_clips), n_clips - n_both)
    order = rng.permutation(n_clips)
    coded_by_a, coded_by_b = np.zeros(n_clips, bool), np.zeros(n_clips, bool)
    coded_by_a[order[: n_both + n_a_only]] = True
    coded_by_b[order[:n_both]] = True
    coded_by_b[order[n_both + n_a_only :]] = True
    return {"A": coded_by_a[clip], "B": coded_by_b[clip]}


def _code_events(
    events: pd.DataFrame, parameters: CodingParameters, rng: np.random.Generator
) -> pd.DataFrame:
    """One coder's version of events: times with errors (video and clock alike) and label."""
    n_events = len(events)
    times = events[["onset", "apex", "offset"]].to_numpy(float)
    sd = [parameters.onset_sd, parameters.apex_sd, parameters.offset_sd]
    coded = times + rng.standard_normal((n_events, 3)) * sd
    coded[:, 0] = np.maximum(coded[:, 0], np.minimum(times[:, 0], 0))
    coded[:, 1] = np.maximum(coded[:, 1], coded[:, 0] + _MIN_GAP_S)
    coded[:, 2] = np.maximum(coded[:, 2], coded[:, 1] + _MIN_GAP_S)
    is_micro = (events["expression"] == "micro").to_numpy()
    share = np.where(is_micro, parameters.censored_micro, parameters.censored_macro)
    censored = rng.random(n_events) < share
    clock = events[["onset_clock", "apex_clock", "offset_clock"]].to_numpy(float) + coded - times
    coded[censored, 2] = coded[censored, 1]
    clock[censored, 2] = clock[censored, 1]
    wrong_label = rng.random(n_events) < parameters.label_error
    coded_events = events.assign(
        expression=np.where(is_micro ^ wrong_label, "micro", "macro"),
        action_units=_code_units(events["action_units"], parameters, rng.spawn(1)[0]),
        true_event=events.index,
    )
    coded_events[["onset", "apex", "offset"]] = coded
    coded_events[["onset_clock", "apex_clock", "offset_clock"]] = clock
    return coded_events


def _code_units(
    written: pd.Series, parameters: CodingParameters, rng: np.random.Generator
) -> list[str]:
    """One coder's action units: some missed, some taken for others."""
    every = sorted({unit for units in written for unit in _units(units)})
    coded = []
    for units in map(_units, written):
        kept = [unit for unit in units if rng.random() < parameters.unit_detection]
        kept = kept or list(units[:1])
        others = [
            str(rng.choice(every)) if rng.random() < parameters.unit_error else unit
            for unit in kept
        ]
        coded.append(",".join(dict.fromkeys(others)))
    return coded


def _sheet_rows(coded: pd.DataFrame, parameters: CodingParameters, name: str) -> pd.DataFrame:
    """Rows of one pass in the order and format that pass has."""
    stem = coded["code"].map(_clip_stem)
    coded = coded.assign(stem=stem).sort_values(["stem", "participant", "onset"], kind="stable")
    with_counter = name == "A"
    frames = {
        column: [_frame_name(second, parameters, with_counter) for second in coded[clock]]
        for column, clock in (
            ("OnsetFrame", "onset_clock"),
            ("ApexFrame", "apex_clock"),
            ("OffsetFrame", "offset_clock"),
        )
    }
    rows = pd.DataFrame(
        {
            "Subject": coded["participant"].astype(str),
            "Filename": [
                f"{stem}_{participant}_{date:%Y%m%d}.avi"
                for stem, participant, date in zip(
                    coded["stem"], coded["participant"], coded["recording_date"], strict=True
                )
            ],
            "Marker": coded["code"].astype(int),
            "OnsetTime": _round_to(coded["onset"], parameters.time_step),
            "ApexTime": _round_to(coded["apex"], parameters.time_step),
            "OffsetTime": _round_to(coded["offset"], parameters.time_step),
            **frames,
            "Action Units": coded["action_units"].map(_spaced_action_units),
            "Estimated Emotion": coded["stem"].str.split("_").str[0],
            "Macro/Micro": coded["expression"].map(_LABEL_BY_EXPRESSION),
            "Date": _coding_dates(coded["recording_date"], name),
            "dif": [
                _dif(*pair) for pair in zip(frames["OnsetFrame"], frames["ApexFrame"], strict=True)
            ],
            "true_event": coded["true_event"],
            "annotation_pass": name,
        }
    )
    return rows.reset_index(drop=True)


def _clip_stem(code: int) -> str:
    """Category, index and code as the clip's file name has them: ``angry_1_146``."""
    word = STIMULUS_WORD_BY_CODE[code]
    word = _SHEET_WORD_BY_STIMULUS_WORD.get(word, word)
    return f"{word}_{CODES_IN_FILE_ORDER[word].index(code) + 1}_{code}"


def _frame_name(second: float, parameters: CodingParameters, with_counter: bool) -> str:
    """Camera frame name of a second of the day: ``HH-MM-SS-mmm`` with or without ``-counter``."""
    step = parameters.clock_step
    milliseconds = round(round(second / step) * step * 1000) % (_SECONDS_PER_DAY * 1000)
    seconds, milliseconds = divmod(milliseconds, 1000)
    hour, minute, second_ = seconds // 3600, seconds // 60 % 60, seconds % 60
    clock = f"{hour:02d}-{minute:02d}-{second_:02d}-{milliseconds:03d}"
    counter = round(second * parameters.frame_rate) % 1000
    return f"{clock}-{counter:03d}" if with_counter else clock


def _dif(onset_frame: str, apex_frame: str) -> int:
    """Onset to apex in frames (modulo 1000) where there is a counter, else in milliseconds."""
    onset, apex = ([int(part) for part in name.split("-")] for name in (onset_frame, apex_frame))
    if len(onset) == 5:
        return (apex[4] - onset[4]) % 1000
    day_ms = _SECONDS_PER_DAY * 1000
    onset_ms, apex_ms = (((p[0] * 60 + p[1]) * 60 + p[2]) * 1000 + p[3] for p in (onset, apex))
    return (apex_ms - onset_ms) % day_ms


def _round_to(seconds: pd.Series, step: float) -> np.ndarray:
    """Seconds on the grid of `step`, without trailing binary dust."""
    return np.round(np.round(seconds.to_numpy(float) / step) * step, 6)


def _spaced_action_units(action_units: str) -> str:
    """``AU4,AU12`` as the sheet writes it: ``AU4, AU12``."""
    return ", ".join(_units(action_units))


def _units(action_units: str) -> list[str]:
    """Action units of a text."""
    return re.findall(r"[^,\s]+", action_units)


def _coding_dates(recording_dates: pd.Series, name: str) -> list[str]:
    """Coding times, five minutes a row; pass B begins a day before A, so dates go back between."""
    if recording_dates.empty:
        return []
    first_day = recording_dates.max() + _CODING_DELAY - dt.timedelta(days=name == "B")
    first = dt.datetime.combine(first_day, dt.time(9))
    times = [first + dt.timedelta(minutes=5 * row) for row in range(len(recording_dates))]
    return [f"{time:%Y}年{time:%m}月{time:%d}日-{time:%H}时{time:%M}分" for time in times]


def _write_workbook(path: Path, rows: pd.DataFrame) -> None:
    """Write one sheet; the time stamps a workbook carries are fixed so that bytes repeat."""
    buffer = io.BytesIO()
    rows.to_excel(buffer, index=False, sheet_name="Sheet1", engine="openpyxl")
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(path, "w") as target:
        for member in source.infolist():
            content = source.read(member)
            if member.filename == "docProps/core.xml":
                content = re.sub(
                    rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2000-01-01T00:00:00Z", content
                )
            fixed = zipfile.ZipInfo(member.filename, date_time=(2000, 1, 1, 0, 0, 0))
            target.writestr(fixed, content, compress_type=zipfile.ZIP_DEFLATED)
