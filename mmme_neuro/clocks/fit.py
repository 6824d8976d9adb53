"""The map between the clocks of two devices, as it was fitted."""

from dataclasses import dataclass
from typing import overload

import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput

SEGMENT_COLUMNS = (
    "segment",
    "start_reference",
    "stop_reference",
    "start_other",
    "stop_other",
    "offset",
    "offset_se",
    "drift_ppm",
    "drift_se_ppm",
    "n_matched",
    "dof",
    "residual_sd_ms",
    "center_reference",
    "center_other",
    "center_se",
    "note",
)

MATCH_COLUMNS = ("code", "onset_reference", "onset_other", "residual_ms", "segment")
UNMATCHED_COLUMNS = ("device", "code", "onset", "reason")


@dataclass(frozen=True, eq=False)
class ClockFit:
    """Map between the clocks of two devices.

    ``reference_time = offset + (1 + drift_ppm * 1e-6) * other_time`` in each segment.

    Parameters
    ----------
    segments : DataFrame
        One row per stretch without a pause: first and last matched code on both clocks (s),
        ``offset, offset_se`` (s), ``drift_ppm, drift_se_ppm``, ``n_matched, dof,
        residual_sd_ms``, the center of the fit, ``center_reference, center_other, center_se`` (s),
        and a ``note``.
    matched : DataFrame
        One row per match: ``code, onset_reference, onset_other`` (s, each on its own clock),
        ``residual_ms`` (reference - mapped other) and ``segment``.
    unmatched : DataFrame
        Every other row of both tables: ``device`` (reference or other), ``code``, ``onset`` (s on
        the device's own clock) and ``reason``.
    """

    segments: pd.DataFrame
    matched: pd.DataFrame
    unmatched: pd.DataFrame

    def __post_init__(self) -> None:
        missing = [name for name in SEGMENT_COLUMNS if name not in self.segments]
        if missing or self.segments.empty:
            raise BadInput(
                f"segments must have at least one row and the columns {', '.join(SEGMENT_COLUMNS)}"
                f"; found {len(self.segments)} row(s), missing {missing or 'no columns'}"
            )

    @classmethod
    def of_offset(cls, offset: float, *, drift_ppm: float = 0.0) -> "ClockFit":
        """Map of a known offset, without a fit.

        Parameters
        ----------
        offset : float
            Reference time (s) when the other clock reads zero: of a physiology whose first sample
            was taken 2 s before the EEG's, -2.
        drift_ppm : float
            How much slower than the reference the other clock runs.

        Returns
        -------
        ClockFit

        Examples
        --------
        >>> ClockFit.of_offset(-2.0).from_reference(20.0)
        22.0
        """
        row = segment_row(
            segment=0,
            reference_span=(float(offset), float(offset)),
            other_span=(0.0, 0.0),
            center_reference=float(offset),
            center_other=0.0,
            center_se=0.0,
            drift=1e-6 * drift_ppm,
            drift_se=0.0,
            n_matched=0,
            dof=0,
            residual_sd=0.0,
            note="as stated, without a fit",
        )
        matched = pd.DataFrame(columns=list(MATCH_COLUMNS)).astype({"residual_ms": float})
        return cls(pd.DataFrame([row]), matched, pd.DataFrame(columns=list(UNMATCHED_COLUMNS)))

    @property
    def longest(self) -> pd.Series:
        """Segment that lasts longest; the scalars below are its."""
        duration = self.segments["stop_other"] - self.segments["start_other"]
        return self.segments.iloc[int(np.argmax(duration.to_numpy()))]

    @property
    def offset(self) -> float:
        """Reference time (s) when the other clock reads zero."""
        return float(self.longest["offset"])

    @property
    def offset_se(self) -> float:
        """Standard error of ``offset`` (s)."""
        return float(self.longest["offset_se"])

    @property
    def drift_ppm(self) -> float:
        """How much slower than the reference the other clock runs, in parts per million."""
        return float(self.longest["drift_ppm"])

    @property
    def drift_se_ppm(self) -> float:
        """Standard error of ``drift_ppm``."""
        return float(self.longest["drift_se_ppm"])

    @property
    def residual_ms(self) -> np.ndarray:
        """Reference - mapped other time of each match (ms)."""
        return self.matched["residual_ms"].to_numpy(dtype=float)

    @overload
    def to_reference(self, seconds: float) -> float: ...
    @overload
    def to_reference(self, seconds: np.ndarray | pd.Series) -> np.ndarray: ...
    def to_reference(self, seconds: float | np.ndarray | pd.Series) -> float | np.ndarray:
        """Map times of the other clock to the reference clock (s).

        Between two segments the nearer one holds.
        """
        row = self._nearest(seconds, clock="other")
        elapsed = np.asarray(seconds, dtype=float) - row["center_other"]
        return _like(seconds, row["center_reference"] + elapsed * (1 + 1e-6 * row["drift_ppm"]))

    @overload
    def from_reference(self, seconds: float) -> float: ...
    @overload
    def from_reference(self, seconds: np.ndarray | pd.Series) -> np.ndarray: ...
    def from_reference(self, seconds: float | np.ndarray | pd.Series) -> float | np.ndarray:
        """Map times of the reference clock to the other clock (s)."""
        row = self._nearest(seconds, clock="reference")
        elapsed = np.asarray(seconds, dtype=float) - row["center_reference"]
        return _like(seconds, row["center_other"] + elapsed / (1 + 1e-6 * row["drift_ppm"]))

    @overload
    def se_at(self, seconds: float) -> float: ...
    @overload
    def se_at(self, seconds: np.ndarray | pd.Series) -> np.ndarray: ...
    def se_at(self, seconds: float | np.ndarray | pd.Series) -> float | np.ndarray:
        """Standard error (s) of `to_reference` at times of the other clock.

        Between two segments, where the moment of the pause is unknown, half of the jump is added
        in quadrature.
        """
        row = self._nearest(seconds, clock="other")
        elapsed = np.asarray(seconds, dtype=float) - row["center_other"]
        variance = row["center_se"] ** 2 + (elapsed * 1e-6 * row["drift_se_ppm"]) ** 2
        variance = variance + (self._jump_between(seconds) / 2) ** 2
        return _like(seconds, np.sqrt(variance))

    def _nearest(
        self, seconds: float | np.ndarray | pd.Series, *, clock: str
    ) -> dict[str, np.ndarray]:
        """Columns of the segment that holds, or is nearest to, each time."""
        time = np.asarray(seconds, dtype=float)
        start, stop = (
            self.segments[f"{edge}_{clock}"].to_numpy(dtype=float) for edge in ("start", "stop")
        )
        away = np.maximum(start - time[..., None], time[..., None] - stop)
        index = np.argmin(np.maximum(away, 0.0), axis=-1)
        names = ("center_reference", "center_other", "center_se", "drift_ppm", "drift_se_ppm")
        return {name: self.segments[name].to_numpy(dtype=float)[index] for name in names}

    def _jump_between(self, seconds: float | np.ndarray | pd.Series) -> np.ndarray:
        """Difference (s) of the neighboring segments' maps, where a time lies in neither."""
        time = np.asarray(seconds, dtype=float)
        jump = np.zeros(time.shape)
        table = self.segments
        for k in range(len(table) - 1):
            before, after = table.iloc[k], table.iloc[k + 1]
            between = (time > before["stop_other"]) & (time < after["start_other"])
            maps = [
                row["center_reference"]
                + (time - row["center_other"]) * (1 + 1e-6 * row["drift_ppm"])
                for row in (before, after)
            ]
            jump = np.where(between, np.abs(maps[1] - maps[0]), jump)
        return jump

    def __repr__(self) -> str:
        residual_sd = float(self.longest["residual_sd_ms"])
        more = f", {len(self.segments)} segments" if len(self.segments) > 1 else ""
        return (
            f"<ClockFit | offset {self.offset:.4f} +- {self.offset_se:.4f} s, "
            f"drift {self.drift_ppm:.2f} +- {self.drift_se_ppm:.2f} ppm, "
            f"{len(self.matched)} matched, {len(self.unmatched)} unmatched, "
            f"residual SD {residual_sd:.2f} ms{more}>"
        )


def segment_row(
    *,
    segment: int,
    reference_span: tuple[float, float],
    other_span: tuple[float, float],
    center_reference: float,
    center_other: float,
    center_se: float,
    drift: float,
    drift_se: float,
    n_matched: int,
    dof: int,
    residual_sd: float,
    note: str = "",
) -> dict[str, float | int | str]:
    """Row of `ClockFit.segments` from the center form of a line (times in s, drift relative)."""
    return {
        "segment": segment,
        "start_reference": reference_span[0],
        "stop_reference": reference_span[1],
        "start_other": other_span[0],
        "stop_other": other_span[1],
        "offset": center_reference - (1 + drift) * center_other,
        "offset_se": float(np.hypot(center_se, drift_se * center_other)),
        "drift_ppm": 1e6 * drift,
        "drift_se_ppm": 1e6 * drift_se,
        "n_matched": n_matched,
        "dof": dof,
        "residual_sd_ms": 1e3 * residual_sd,
        "center_reference": center_reference,
        "center_other": center_other,
        "center_se": center_se,
        "note": note,
    }


def _like(template: float | np.ndarray | pd.Series, values: np.ndarray) -> float | np.ndarray:
    """Return a float for a scalar, otherwise an array."""
    return float(values) if np.ndim(template) == 0 else np.asarray(values)
