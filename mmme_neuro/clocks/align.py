"""Alignment of two devices' clocks from the trigger codes that both received."""

import warnings

import numpy as np
import pandas as pd

from mmme_neuro.clocks.fit import MATCH_COLUMNS, UNMATCHED_COLUMNS, ClockFit, segment_row
from mmme_neuro.clocks.matching import Segment, match_sequences
from mmme_neuro.clocks.pairing import Sequence, code_counts
from mmme_neuro.errors import BadInput, MissingInput
from mmme_neuro.stats.tables import checked_columns, shown

MAX_DRIFT_PPM = 500.0
"""Largest difference of the clocks' rates that is looked for."""

LONGEST_S = 1e11
"""No device counts beyond it: seconds since 1970 are 2e9."""


def align_clocks(
    reference: pd.DataFrame,
    other: pd.DataFrame,
    *,
    max_drift_ppm: float = MAX_DRIFT_PPM,
    tolerance_s: float = 0.02,
    by_code: bool = True,
) -> ClockFit:
    """Match the codes of two devices and fit the map from the other clock to the reference.

    Parameters
    ----------
    reference, other : DataFrame
        Columns ``code`` (integer) and ``onset`` (s on the device's own clock). Codes may be
        missing on either side, repeated or spurious; the order of rows does not matter.
    max_drift_ppm : float
        Largest difference of the clocks' rates to look for (parts per million).
    tolerance_s : float
        Largest disagreement (s) of the same pulse on both devices; at least the coarser sampling
        interval.
    by_code : bool
        Whether matched pulses must have equal codes. With ``False`` intervals alone decide, for
        devices that received a single line.

    Returns
    -------
    ClockFit
        The map, its standard errors, the residual of each match and the reason for each row that
        was not matched.

    Raises
    ------
    MmmeError
        When fewer than three codes agree, when no more agree than unrelated recordings would give,
        or when a second offset explains the same codes nearly as well.

    Notes
    -----
    Matching is by codes and intervals, never by position (`mmme_neuro.clocks.matching`). The line
    is fitted by least squares to the matches within a robust cut, so one displaced trigger does not
    move it.

    Examples
    --------
    >>> import pandas as pd
    >>> reference = pd.DataFrame({"code": [101, 100, 102, 100], "onset": [10.0, 64.0, 99.0, 150.0]})
    >>> other = reference.assign(onset=reference["onset"] - 3.5)
    >>> fit = align_clocks(reference, other)
    >>> round(fit.offset, 3)
    3.5
    """
    reference_codes = _sequence(reference, "reference")
    other_codes = _sequence(other, "other")
    if not (max_drift_ppm > 0 and tolerance_s > 0):
        raise BadInput(
            f"max_drift_ppm and tolerance_s must be positive; got {max_drift_ppm}, {tolerance_s}"
        )
    _require_common_codes(reference_codes, other_codes, by_code=by_code)
    segments = match_sequences(
        reference_codes,
        other_codes,
        max_drift=1e-6 * max_drift_ppm,
        tolerance=tolerance_s,
        by_code=by_code,
    )
    table = pd.DataFrame([_segment_row(k, segment) for k, segment in enumerate(segments)])
    matched = pd.concat(
        [_match_rows(k, segment, reference_codes) for k, segment in enumerate(segments)],
        ignore_index=True,
    )
    fit = ClockFit(table, matched, pd.DataFrame(columns=list(UNMATCHED_COLUMNS)))
    unmatched = _unmatched_rows(fit, segments, reference_codes, other_codes)
    fit = ClockFit(table, matched, unmatched)
    _warn_doubtful(fit, reference_codes, other_codes, max_drift_ppm=max_drift_ppm)
    return fit


def _sequence(table: pd.DataFrame, name: str) -> Sequence:
    """Check a table of codes and sort it by time."""
    table = checked_columns(table, name=name, numbers=["onset"], whole=["code"])
    onset, code = table["onset"].to_numpy(), table["code"].to_numpy()
    bad = ~(np.abs(onset) < LONGEST_S)
    if bad.any():
        raise BadInput(
            f"{name}: onset must be a finite time in s in every row; row {int(np.argmax(bad))} has "
            f"{shown(table['onset'].iloc[np.argmax(bad)])}. Remove or correct the {int(bad.sum())} "
            "row(s)."
        )
    order = np.argsort(onset, kind="stable")
    return Sequence(code[order], onset[order])


def _require_common_codes(reference: Sequence, other: Sequence, *, by_code: bool) -> None:
    """Refuse tables that are empty or share no code."""
    shared = np.intersect1d(reference.code, other.code) if by_code else np.arange(1)
    if len(reference) and len(other) and len(shared):
        return
    raise MissingInput(
        f"the two devices share no code: reference has {len(reference)} codes "
        f"[{code_counts(reference)}], other has {len(other)} [{code_counts(other)}]. Check the bit "
        "order and polarity of the digital lines, or pass by_code=False to match intervals alone."
    )


def _segment_row(index: int, segment: Segment) -> dict[str, float | int | str]:
    """Row of the segments table; the line is of reference - other against other."""
    line, pairs = segment.line, segment.pairs
    onset_reference = pairs.position + pairs.difference
    return segment_row(
        segment=index,
        reference_span=(float(onset_reference.min()), float(onset_reference.max())),
        other_span=(float(pairs.position.min()), float(pairs.position.max())),
        center_reference=line.center + line.level,
        center_other=line.center,
        center_se=line.level_se,
        drift=line.slope,
        drift_se=line.slope_se,
        n_matched=len(pairs),
        dof=line.dof,
        residual_sd=line.residual_sd,
    )


def _match_rows(index: int, segment: Segment, reference: Sequence) -> pd.DataFrame:
    """Rows of the matched table of one segment."""
    pairs = segment.pairs
    return pd.DataFrame(
        {
            "code": reference.code[pairs.reference],
            "onset_reference": reference.time[pairs.reference],
            "onset_other": pairs.position,
            "residual_ms": 1e3 * segment.line.residual[segment.line.inlier],
            "segment": index,
        },
        columns=list(MATCH_COLUMNS),
    )


def _unmatched_rows(
    fit: ClockFit, segments: list[Segment], reference: Sequence, other: Sequence
) -> pd.DataFrame:
    """All codes of both devices that have no match, with the reason."""
    rows = []
    devices = (
        ("reference", reference, other, fit.from_reference),
        ("other", other, reference, fit.to_reference),
    )
    for device, own, opposite, move in devices:
        taken = np.concatenate([getattr(segment.pairs, device) for segment in segments])
        for k in np.setdiff1d(np.arange(len(own)), taken):
            expected = float(move(own.time[k]))
            reason = _reason(int(own.code[k]), expected, opposite)
            rows.append((device, int(own.code[k]), float(own.time[k]), reason))
    return pd.DataFrame(rows, columns=list(UNMATCHED_COLUMNS))


def _reason(code: int, expected: float, opposite: Sequence) -> str:
    """Say what the opposite device has around the time at which a code was expected."""
    away = np.abs(opposite.time - expected)
    nearest = int(away.argmin())
    same = away[opposite.code == code]
    if len(same) and same.min() < 5.0:
        return f"nearest code {code} is {1e3 * same.min():.0f} ms from its expected time"
    if away[nearest] < 0.1:
        return f"the opposite device has code {opposite.code[nearest]} at this time"
    if not opposite.time[0] <= expected <= opposite.time[-1]:
        return "outside the codes of the opposite device"
    return "no code of the opposite device at this time"


def _warn_doubtful(
    fit: ClockFit, reference: Sequence, other: Sequence, *, max_drift_ppm: float
) -> None:
    """Warn when the fit stands but looks unlike two recordings of one session."""
    n_possible = min(len(reference), len(other))
    if 2 * len(fit.matched) < n_possible:
        warnings.warn(
            f"only {len(fit.matched)} of at most {n_possible} codes matched; look at fit.unmatched",
            UserWarning,
            stacklevel=3,
        )
    if any(_wanders(rows["residual_ms"].to_numpy()) for _, rows in fit.matched.groupby("segment")):
        warnings.warn(
            "the residuals follow one another, so a clock jumped by less than the tolerance or its "
            "rate changed; standard errors are too small. Look at fit.residual_ms, or reduce "
            f"tolerance_s (residual SD {fit.longest['residual_sd_ms']:.1f} ms)",
            UserWarning,
            stacklevel=3,
        )
    if abs(fit.drift_ppm) > 0.95 * max_drift_ppm:
        warnings.warn(
            f"drift {fit.drift_ppm:.0f} ppm lies at the limit max_drift_ppm={max_drift_ppm:g}; "
            "check the sampling rates",
            UserWarning,
            stacklevel=3,
        )


def _wanders(residual: np.ndarray) -> bool:
    """Whether neighboring residuals are alike (von Neumann's ratio, 4 SD below independence)."""
    n_points = len(residual)
    if n_points < 8 or not np.any(residual):
        return False
    ratio = np.sum(np.diff(residual) ** 2) / np.sum(residual**2)
    return bool(ratio < 2 - 8 * np.sqrt((n_points - 2) / (n_points**2 - 1)))
