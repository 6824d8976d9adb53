"""Alignment of the face camera's wall clock with the EEG, and events moved to the EEG clock."""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from mmme_neuro.clocks.fit import ClockFit, segment_row
from mmme_neuro.clocks.robust_line import Line, bisquare_line
from mmme_neuro.errors import BadInput, MissingInput
from mmme_neuro.vocabulary import CAMERA_COLUMNS

EVENT_TIMES = ("onset", "apex", "offset")
FRAME_S = 1 / 150
CLIP_START_SD_S = 0.032
"""Median spread of a clip's start over its events in the public sheet, taken where one or two
clips leave nothing to estimate it from."""

DRIFT_PRIOR_SD_PPM = 100.0
"""Rates of computer clocks and amplifiers agree within about this."""

RESOLUTION_S = 0.001
MIN_CLIPS_FOR_DRIFT = 3
MIN_CLIPS_FOR_SCATTER = 12
"""Fewer clips may agree by chance, so their starts are taken to scatter by `CLIP_START_SD_S`."""

PRIOR_DOF = 10
"""Degrees of freedom that the usual scatter adds where it stands in for, or bounds, the clips'."""


def align_camera(
    events: pd.DataFrame, codes: pd.DataFrame, *, drift_prior_sd_ppm: float = DRIFT_PRIOR_SD_PPM
) -> ClockFit:
    """Fit the map from the camera's wall clock to the EEG clock.

    Parameters
    ----------
    events : DataFrame
        One participant's events: ``clip, code, onset`` (s of the clip)``, onset_clock`` (s of the
        day); several rows may share a clip.
    codes : DataFrame
        EEG trigger codes: ``code, onset`` (s). A clip starts at the first occurrence of its code.
    drift_prior_sd_ppm : float
        Standard error of a drift fixed at zero, where the clips tell less than this.

    Returns
    -------
    ClockFit
        ``reference`` is the EEG, ``other`` the wall clock (s of the day). ``matched`` has one row
        per clip used, with ``clip, n_events`` and ``spread_ms`` (SD of the clip start over
        its events); ``segments["note"]`` says when the drift was not estimated.

    Raises
    ------
    MmmeError
        When columns are missing, several participants are mixed, or no clip has both a code in the
        EEG and a camera time.

    Notes
    -----
    A clip starts, on the wall clock, at the median of ``onset_clock - onset`` over its events.
    Clip starts are regressed on the EEG times by an M-estimate (bisquare), as they scatter by
    tens of ms with rare errors beyond 1 s.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({"clip": list("abc"), "code": [101, 102, 103]})
    >>> events["onset"] = [3.0, 9.0, 5.0]
    >>> events["onset_clock"] = [36103.0, 36209.0, 36305.0]
    >>> codes = pd.DataFrame({"code": [101, 102, 103], "onset": [20.0, 120.0, 220.0]})
    >>> round(align_camera(events, codes).to_reference(36150.0), 6)
    70.0
    """
    _require_columns(events, ("clip", "code", "onset", "onset_clock"), "events")
    _require_columns(codes, ("code", "onset"), "codes")
    _require_one_participant(events)
    clips = clip_starts(events)
    first = codes.sort_values("onset").drop_duplicates("code").set_index("code")["onset"]
    clips["onset_reference"] = clips["code"].map(first).astype(float)
    usable = clips["onset_reference"].notna() & clips["onset_other"].notna()
    if not usable.any():
        raise MissingInput(
            f"no clip can be placed: {len(clips)} clip(s) with codes "
            f"{sorted(set(clips['code'].dropna()))[:10]}, EEG codes {sorted(first.index)[:10]}, "
            f"{int(clips['onset_other'].notna().sum())} clip(s) with a camera time. The EEG needs "
            "the start code of at least one clip; check that both are of the same participant."
        )
    return _camera_fit(clips[usable], clips[~usable], drift_prior_sd=1e-6 * drift_prior_sd_ppm)


def clip_starts(events: pd.DataFrame) -> pd.DataFrame:
    """Start of each clip on the camera's wall clock.

    Parameters
    ----------
    events : DataFrame
        ``clip, code, onset`` (s of the clip)``, onset_clock`` (s of the day).

    Returns
    -------
    DataFrame
        ``clip, code, onset_other`` (s of the day, median over the events)``, n_events, spread_ms``
        (SD over the events; missing for one event).

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({"clip": ["a", "a"], "code": 101, "onset": [1.0, 2.0]})
    >>> clip_starts(events.assign(onset_clock=[11.0, 12.0]))["onset_other"].tolist()
    [10.0]
    """
    start = events["onset_clock"].astype(float) - events["onset"].astype(float)
    clips = events.assign(_start=start).groupby("clip", sort=False, observed=True)
    return (
        clips.agg(
            code=("code", "first"),
            onset_other=("_start", "median"),
            n_events=("_start", "count"),
            spread_ms=("_start", "std"),
        )
        .assign(spread_ms=lambda clips: 1e3 * clips["spread_ms"])
        .reset_index()
    )


def place_events(
    events: pd.DataFrame,
    fit: ClockFit,
    *,
    recording_duration: float | None = None,
    frame_s: float = FRAME_S,
) -> pd.DataFrame:
    """Move events from the clips to the EEG clock.

    Parameters
    ----------
    events : DataFrame
        Events on the clip clock with ``clip`` and ``onset_clock`` and, where coded, ``apex``,
        ``apex_clock``, ``offset``, ``offset_clock``.
    fit : ClockFit
        Result of `align_camera` on the same participant's events.
    recording_duration : float | None
        Length of the EEG (s); events that start outside get an ``exclusion_reason``.
    frame_s : float
        Frame interval of the camera (s).

    Returns
    -------
    DataFrame
        The same rows in the same order, with ``onset, apex, offset`` (s of the EEG),
        ``clock == "eeg"``, ``onset_sd`` (s) and ``onset_check`` (s): the onset by the camera minus
        the onset by the time in the clip. ``duration`` and ``rise`` stay as coded.

    Raises
    ------
    MmmeError
        When columns are missing or the events are not on the clip clock.

    Notes
    -----
    ``onset_sd`` joins the standard error of the map, widened by Student's t so that the true time
    lies within 1.96 ``onset_sd`` in 95 % of cases, and the rounding to a frame,
    ``frame_s / sqrt(12)``. It says nothing of the coder's own error. A row without a camera time
    is placed from its clip's start and its time in the clip, with the spread of clip starts joined
    to ``onset_sd``.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({"clip": list("abc"), "code": [101, 102, 103]})
    >>> events["onset"] = [3.0, 9.0, 5.0]
    >>> events["onset_clock"] = [36103.0, 36209.0, 36305.0]
    >>> codes = pd.DataFrame({"code": [101, 102, 103], "onset": [20.0, 120.0, 220.0]})
    >>> place_events(events, align_camera(events, codes))["onset"].round(3).tolist()
    [23.0, 129.0, 225.0]
    """
    _require_columns(events, ("clip", "code", "onset", "onset_clock"), "events")
    if "clock" in events and not (events["clock"] == "clip").all():
        raise BadInput(
            "events: expected clock == 'clip' in every row; found "
            f"{sorted(map(str, set(events['clock'])))}. Place events once, as they were read."
        )
    clips = clip_starts(events).set_index("clip")
    start = events["clip"].map(clips["onset_other"]).astype(float)
    placed = events.copy()
    for name, clock_name in zip(EVENT_TIMES, CAMERA_COLUMNS, strict=True):
        if name in events:
            placed[name] = fit.to_reference(_wall_time(events, name, clock_name, start).to_numpy())
    wall = _wall_time(events, "onset", "onset_clock", start)
    placed["onset_check"] = wall - (start + events["onset"].astype(float))
    widening = stats.t.ppf(0.975, fit.longest["dof"]) / stats.norm.ppf(0.975)
    variance = (widening * fit.se_at(wall.to_numpy())) ** 2 + frame_s**2 / 12
    # Without its own frame time an event inherits the uncertainty of its clip's start.
    inherited = events["onset_clock"].isna().to_numpy()
    placed["onset_sd"] = np.sqrt(variance + np.where(inherited, _clip_spread(clips) ** 2, 0.0))
    placed["clock"] = "eeg"
    return _mark_unplaceable(placed, recording_duration=recording_duration)


def _camera_fit(used: pd.DataFrame, unused: pd.DataFrame, *, drift_prior_sd: float) -> ClockFit:
    """Fit the line through clip starts and write the tables of the fit."""
    used = used.sort_values("onset_other", ignore_index=True)
    wall = used["onset_other"].to_numpy(dtype=float)
    difference = used["onset_reference"].to_numpy(dtype=float) - wall
    line, note = _camera_line(wall, difference, drift_prior_sd=drift_prior_sd)
    inlier = line.inlier
    spans = [used.loc[inlier, name] for name in ("onset_reference", "onset_other")]
    segments = pd.DataFrame(
        [
            segment_row(
                segment=0,
                reference_span=(float(spans[0].min()), float(spans[0].max())),
                other_span=(float(spans[1].min()), float(spans[1].max())),
                center_reference=line.center + line.level,
                center_other=line.center,
                center_se=line.level_se,
                drift=line.slope,
                drift_se=line.slope_se,
                n_matched=int(inlier.sum()),
                dof=line.dof,
                residual_sd=line.residual_sd,
                note=note,
            )
        ]
    )
    used = used.assign(residual_ms=1e3 * line.residual, segment=0)
    columns = ["code", "onset_reference", "onset_other", "residual_ms", "segment"]
    matched = used.loc[inlier, [*columns, "clip", "n_events", "spread_ms"]]
    return ClockFit(segments, matched.reset_index(drop=True), _unused(used[~inlier], unused))


def _camera_line(
    wall: np.ndarray, difference: np.ndarray, *, drift_prior_sd: float
) -> tuple[Line, str]:
    """Line through the clip starts, level where the clips tell less of the drift than the prior."""
    if len(wall) >= MIN_CLIPS_FOR_DRIFT and np.ptp(wall) > 0:
        line = bisquare_line(wall, difference, resolution=RESOLUTION_S)
        note = ""
        if len(wall) < MIN_CLIPS_FOR_SCATTER:
            line = _at_least_scattered(line, wall)
            note = f"clip starts taken to scatter by at least {1e3 * CLIP_START_SD_S:g} ms"
        if line.slope_se < drift_prior_sd:
            return line, note
    residual = difference - np.median(difference)
    spread = max(CLIP_START_SD_S, float(stats.median_abs_deviation(residual, scale="normal")))
    line = Line(
        center=float(wall.mean()),
        level=float(np.median(difference)),
        slope=0.0,
        # The median of n normal values has a standard error of sqrt(pi / 2) times the mean's.
        level_se=float(spread * np.sqrt((np.pi / 2 if len(wall) > 2 else 1.0) / len(wall))),
        slope_se=drift_prior_sd,
        inlier=np.ones(len(wall), dtype=bool),
        residual=residual,
        dof=len(wall) - 1 + PRIOR_DOF,
    )
    note = (
        f"drift fixed at 0 with a prior SE of {1e6 * drift_prior_sd:g} ppm: {len(wall)} clip(s) do "
        f"not determine it; clip starts taken to scatter by at least {1e3 * CLIP_START_SD_S:g} ms"
    )
    return line, note


def _at_least_scattered(line: Line, wall: np.ndarray) -> Line:
    """Line whose standard errors are no smaller than the usual scatter of clip starts gives."""
    return replace(
        line,
        level_se=max(line.level_se, CLIP_START_SD_S / float(np.sqrt(len(wall)))),
        slope_se=max(
            line.slope_se, CLIP_START_SD_S / float(np.sqrt(np.sum((wall - line.center) ** 2)))
        ),
        dof=line.dof + PRIOR_DOF,
    )


def _unused(outliers: pd.DataFrame, unused: pd.DataFrame) -> pd.DataFrame:
    """Clips that do not enter the fit, with the reason."""
    lacks = np.where(unused["onset_other"].isna(), "no camera time", "no such code in the EEG")
    off = [f"starts {residual:.0f} ms off" for residual in outliers["residual_ms"]]
    clips = [*outliers["clip"], *unused["clip"]]
    reasons = [f"clip {clip}: {reason}" for clip, reason in zip(clips, [*off, *lacks], strict=True)]
    rows = pd.concat([outliers, unused])[["code", "onset_other"]].set_axis(
        ["code", "onset"], axis=1
    )
    return rows.assign(device="other", reason=reasons)[
        ["device", "code", "onset", "reason"]
    ].reset_index(drop=True)


def _wall_time(
    events: pd.DataFrame, name: str, clock_name: str, clip_start: pd.Series
) -> pd.Series:
    """Camera time (s of the day) of a moment, from its frame or else from its time in the clip."""
    from_clip = clip_start + events[name].astype(float)
    if clock_name not in events:
        return from_clip
    return events[clock_name].astype(float).fillna(from_clip)


def _clip_spread(clips: pd.DataFrame) -> float:
    """Typical SD (s) of a clip's start over its events."""
    spread = clips["spread_ms"].dropna()
    return CLIP_START_SD_S if spread.empty else max(spread.median() / 1e3, RESOLUTION_S)


def _mark_unplaceable(placed: pd.DataFrame, *, recording_duration: float | None) -> pd.DataFrame:
    """Append a reason to events without a time or outside the recording."""
    onset = placed["onset"].to_numpy(dtype=float)
    reasons = {"no camera time": ~np.isfinite(onset)}
    if recording_duration is not None:
        reasons["before the EEG recording"] = onset < 0
        reasons["after the EEG recording"] = onset > recording_duration
    if "exclusion_reason" not in placed:
        placed["exclusion_reason"] = ""
    written = placed["exclusion_reason"].fillna("").astype(str)
    for reason, applies in reasons.items():
        joined = written.where(written == "", written + "; ") + reason
        written = written.mask(applies, joined)
    return placed.assign(exclusion_reason=written)


def _require_columns(table: pd.DataFrame, names: tuple[str, ...], argument: str) -> None:
    """Refuse a table without the columns needed."""
    missing = [name for name in names if name not in table]
    if missing:
        raise BadInput(
            f"{argument}: expected the columns {', '.join(names)}; missing {', '.join(missing)} "
            f"among {list(table.columns)}"
        )


def _require_one_participant(events: pd.DataFrame) -> None:
    """Refuse a table of several participants, whose recordings have clocks of their own."""
    n_participants = events["participant"].nunique() if "participant" in events else 1
    if n_participants > 1:
        raise BadInput(
            f"events: expected one participant; found {n_participants}. Align each recording "
            "with its own events (events.groupby('participant'))."
        )
