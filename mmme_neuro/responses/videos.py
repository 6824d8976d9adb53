"""Change of peripheral signals while a video is shown."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

import mne
import numpy as np
import pandas as pd

from mmme_neuro.responses.measures import window_mask

VIDEO_CHANNELS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "eda": ("uS", 1e6),
        "heart_rate": ("bpm", 1.0),
        "pulse_amplitude": ("V", 1.0),
        "rsp_rate": ("breaths/min", 1.0),
        "skt": ("deg C", 1.0),
    }
)
"""Unit and scale of the channels of `derive_physio` that are averaged over a video."""

VIDEO_BASELINE_S = 5.0
MIN_PRESENT = 0.5


def video_responses(
    physio: mne.io.BaseRaw,
    events: pd.DataFrame,
    *,
    channels: Mapping[str, tuple[str, float]] = VIDEO_CHANNELS,
    baseline: float = VIDEO_BASELINE_S,
    min_present: float = MIN_PRESENT,
) -> pd.DataFrame:
    """Average each signal over each video and subtract the mean before it.

    Parameters
    ----------
    physio : mne.io.Raw
        Of `derive_physio`; NaN where a signal is missing.
    events : DataFrame
        ``event_type, code, onset`` (s of the physiology's clock); types ``"stimulus_onset"`` and
        ``"stimulus_offset"`` are used, as of `read_continuous`.
    channels : mapping of str to (str, float)
        Unit and scale of each channel; absent ones are not in the table.
    baseline : float
        Length of the time before the video, s.
    min_present : float
        Share of samples that must be there in the video, and before it; else the value is NaN.

    Returns
    -------
    DataFrame
        ``stimulus, channel, unit, value, seconds`` (length of the video). A video without an end is
        not in it.

    Raises
    ------
    ValueError
        When columns or all channels are missing.

    Examples
    --------
    >>> raw = mne.io.RawArray(np.ones((1, 500)), mne.create_info(["skt"], 10.0, "misc"),
    ...                       verbose="error")
    >>> events = pd.DataFrame({"event_type": ["stimulus_onset", "stimulus_offset"],
    ...                        "code": [101, 101], "onset": [10.0, 40.0]})
    >>> video_responses(raw, events)[["stimulus", "channel", "value", "seconds"]]
      stimulus channel  value  seconds
    0      101     skt    0.0     30.0
    """
    missing = [name for name in ("event_type", "code", "onset") if name not in events]
    if missing:
        raise ValueError(f"events lack the columns {missing}; they have {list(events)}.")
    there = [name for name in channels if name in physio.ch_names]
    if not there:
        raise ValueError(f"physio has none of {list(channels)}; it has {physio.ch_names}.")
    if not baseline > 0 or not 0 < min_present <= 1:
        raise ValueError(
            "baseline must be longer than 0 s and min_present between 0 and 1, got "
            f"{baseline!r} and {min_present!r}."
        )
    data = physio.get_data(picks=there)
    # The first sample of the video is none of its baseline.
    inside = partial(window_mask, physio.times, is_half_open=True)
    rows = []
    for code, start, stop in _spans(events):
        before = _means(data[:, inside((start - baseline, start))], min_present)
        during = _means(data[:, inside((start, stop))], min_present)
        for name, change in zip(there, during - before, strict=True):
            unit, scale = channels[name]
            rows.append((code, name, unit, scale * change, stop - start))
    return pd.DataFrame(rows, columns=["stimulus", "channel", "unit", "value", "seconds"])


def _spans(events: pd.DataFrame) -> list[tuple[str, float, float]]:
    """Code, start and end of each video, on its first showing."""
    marks = events[events["event_type"].isin(["stimulus_onset", "stimulus_offset"])]
    spans = []
    for code, part in marks.sort_values("onset").groupby("code", sort=False, observed=True):
        starts = part.loc[part["event_type"] == "stimulus_onset", "onset"]
        stops = part.loc[part["event_type"] == "stimulus_offset", "onset"]
        if len(starts) and (stops > starts.iloc[0]).any():
            start = float(starts.iloc[0])
            spans.append((f"{code:.0f}", start, float(stops[stops > start].iloc[0])))
    return spans


def _means(samples: np.ndarray, min_present: float) -> np.ndarray:
    """Mean of what is there of each channel, NaN where it is too little."""
    is_there = np.isfinite(samples)
    n = is_there.sum(axis=1)
    enough = n >= max(1.0, min_present * samples.shape[1])
    return np.where(enough, np.where(is_there, samples, 0).sum(axis=1) / np.maximum(n, 1), np.nan)
