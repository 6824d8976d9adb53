"""Event-locked autonomic responses: one number per epoch and measure."""

import warnings
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import mne
import numpy as np
import pandas as pd

from mmme_neuro.events.ids import event_index
from mmme_neuro.responses.measures import (
    BODY_BASELINE,
    WINDOW_TOLERANCE_S,
    Measure,
    check_measures,
    window_mask,
)

SCR_THRESHOLD_US = 0.01
"""Smallest skin conductance response, uS (Boucsein 2012); absolute, not relative to a record."""

SCR_ONSET_S = (1.0, 4.0)
"""Onsets that may belong to the event, s after it."""

SCR_ONSET_SHARE = 0.1
"""A response has begun when it has risen by this share: its very start is lost in drift."""

SCR_SEARCH_END_S = 8.0
"""Latest peak of a response, s after the event."""

MIN_WINDOW_S = 2.0
"""Shorter remains of a window are not measured."""


AUTONOMIC_MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        name: Measure(name=name, signal=signal, window=window, baseline=BODY_BASELINE, **more)
        for name, signal, window, more in (
            ("scr_us", "eda", (2.5, 5.5), {"unit": "uS"}),
            ("heart_rate_bpm", "heart_rate", (4.0, 8.0), {"unit": "bpm"}),
            ("pulse_rate_bpm", "pulse_rate", (4.0, 8.0), {"unit": "bpm"}),
            ("pulse_amplitude_v", "pulse_amplitude", (3.0, 8.0), {"unit": "V"}),
            (
                "pulse_amplitude_relative",
                "pulse_amplitude",
                (3.0, 8.0),
                {"unit": "share of baseline", "statistic": "relative_mean"},
            ),
            ("rsp_rate_bpm", "rsp_rate", (2.0, 8.0), {"unit": "breaths/min"}),
            ("rsp_amplitude", "rsp_amplitude", (4.0, 10.0), {"unit": "V"}),
            ("skt_celsius", "skt", (5.0, 20.0), {"unit": "deg C", "may_be_cut": True}),
        )
    }
)
"""Measures by name.

Skin conductance: around the peak of the canonical response, 3-4 s. Heart and pulse rate: around
6.65 s, the mode of the main component of the heart period response (gamma, k 13.4, theta 0.73 s,
shift -2.4 s). Breathing: amplitude around 8.1 s, period around 4.2 s. Skin temperature follows
vasoconstriction by about 15 s (Kistler et al. 1998), so an epoch of 10 s holds only its beginning.
"""


def autonomic_responses(
    epochs: mne.BaseEpochs,
    *,
    measures: Sequence[Measure] = tuple(AUTONOMIC_MEASURES.values()),
    min_present: float = 1.0,
    scr_threshold_us: float = SCR_THRESHOLD_US,
) -> pd.DataFrame:
    """Measure the autonomic response to each event.

    Parameters
    ----------
    epochs : mne.Epochs, shape (n_epochs, n_channels, n_times)
        Cut from the result of :func:`mmme_neuro.derive_physio`, without baseline correction where
        a relative measure is wanted.
    measures : sequence of Measure
        Means of peripheral signals (``"mean"`` or ``"relative_mean"``), each from its own baseline.
    min_present : float
        Share of the samples of a window, and of the baseline, that must be there; with fewer the
        measure is NaN. The default asks for all.
    scr_threshold_us : float
        Smallest rise that counts as a skin conductance response, uS.

    Returns
    -------
    pandas.DataFrame
        Row *i* is epoch *i*; the index are the events' ids (`event_index`). One column per
        measure, in its unit: the mean of its window minus that of its baseline. Column
        ``scr_magnitude_us``: the largest trough-to-peak rise that begins 1-4 s after the event,
        zero where none reaches the threshold, NaN where data are missing.

    Notes
    -----
    The window measures are linear in the signal: they average, model and simulate without bias.
    ``scr_magnitude_us`` is not (noise adds to it); report it beside ``scr_us``.

    Examples
    --------
    >>> info = mne.create_info(["eda"], 50.0, "misc")
    >>> data = np.full((2, 1, 601), 5e-6)
    >>> data[0, 0, 200:] += 1e-6
    >>> epochs = mne.EpochsArray(data, info, tmin=-2.0, verbose="error")
    >>> measures = [AUTONOMIC_MEASURES["scr_us"]]
    >>> autonomic_responses(epochs, measures=measures)["scr_us"].round(3).tolist()
    [1.0, 0.0]
    """
    _check(epochs, measures, min_present)
    windows = {
        measure.name: (measure.window[0], _end(measure, epochs.times[-1])) for measure in measures
    }
    columns = {
        measure.name: _change(epochs, measure, windows[measure.name], min_present)
        for measure in measures
    }
    if "eda" in epochs.ch_names:
        eda_us = 1e6 * epochs.get_data(picks=["eda"])[:, 0]
        columns["scr_magnitude_us"] = scr_magnitude(
            eda_us, epochs.times, threshold_us=scr_threshold_us
        )
    _warn_of(epochs, measures, windows)
    return pd.DataFrame(columns, index=event_index(epochs))


def scr_magnitude(
    eda_us: np.ndarray, times: np.ndarray, *, threshold_us: float = SCR_THRESHOLD_US
) -> np.ndarray:
    """Score the skin conductance response from trough to peak.

    Parameters
    ----------
    eda_us : array, shape (n_epochs, n_times)
        Skin conductance below 3 Hz, uS.
    times : array, shape (n_times,)
        Times relative to the event, s.
    threshold_us : float
        Smallest rise that counts, and smallest fall that ends a rise, uS.

    Returns
    -------
    array, shape (n_epochs,)
        Largest rise from trough to peak, uS, that has begun (risen by a tenth) 1-4 s and ends at
        most 8 s after the event; zero where there is none; NaN where a sample between 1 and 8 s is
        missing or the epoch ends before 6 s.

    Examples
    --------
    >>> times = np.arange(0, 10, 0.1)
    >>> scr_magnitude(np.clip(times - 2, 0, 1)[np.newaxis], times)
    array([1.])
    """
    is_searched = window_mask(times, (SCR_ONSET_S[0], SCR_SEARCH_END_S))
    if not is_searched.any() or times[-1] < SCR_ONSET_S[1] + MIN_WINDOW_S:
        return np.full(len(eda_us), np.nan)
    # A trough is known from the fall before it, so look from the event on.
    is_seen = window_mask(times, (0.0, SCR_SEARCH_END_S))
    return np.array(
        [
            _largest_rise(curve[is_seen], times[is_seen], threshold_us)
            if np.isfinite(curve[is_searched]).all()
            else np.nan
            for curve in eda_us
        ]
    )


def _largest_rise(curve: np.ndarray, times: np.ndarray, threshold: float) -> float:
    """Largest rise that begins in the onset window, or zero."""
    is_finite = np.isfinite(curve)
    curve, times = curve[is_finite], times[is_finite]
    may_begin = window_mask(times, SCR_ONSET_S)
    heights = [
        curve[peak] - curve[trough]
        for trough, peak in _rises(curve, threshold)
        if may_begin[_onset(curve, trough, peak)]
    ]
    return float(max(heights, default=0.0))


def _onset(curve: np.ndarray, trough: int, peak: int) -> int:
    """Last sample of a rise before it has risen by a tenth."""
    level = curve[trough] + SCR_ONSET_SHARE * (curve[peak] - curve[trough])
    return trough + int(np.flatnonzero(curve[trough:peak] <= level)[-1])


def _rises(curve: np.ndarray, threshold: float) -> list[tuple[int, int]]:
    """Troughs and peaks of all rises of at least ``threshold``; smaller dips do not end one."""
    slope = np.sign(np.diff(curve))
    # Only samples where the direction changes can be extremes; on a plateau, its last one.
    is_turn = np.r_[True, slope[1:] != slope[:-1], True]
    rises, trough, peak = [], 0, 0
    for i in np.flatnonzero(is_turn).tolist():
        if curve[i] > curve[peak]:
            peak = i
        elif curve[peak] - curve[i] >= threshold or curve[i] <= curve[trough]:
            if curve[peak] - curve[trough] >= threshold:
                rises.append((trough, peak))
            trough = peak = i
    if curve[peak] - curve[trough] >= threshold:
        rises.append((trough, peak))
    return rises


def _change(
    epochs: mne.BaseEpochs, measure: Measure, window: tuple[float, float], min_present: float
) -> np.ndarray:
    """Mean in the window minus mean in the baseline, one number per epoch."""
    if measure.signal not in epochs.ch_names or np.isnan(window[1]):
        return np.full(len(epochs), np.nan)
    data = epochs.get_data(picks=[measure.signal])[:, 0]
    values = _mean(data, epochs.times, window, min_present)
    if measure.baseline is None:
        return measure.scale * values
    before = _mean(data, epochs.times, measure.baseline, min_present)
    change = values - before
    if measure.statistic == "relative_mean":
        return np.divide(change, before, out=np.full(len(epochs), np.nan), where=before > 0)
    return measure.scale * change


def _mean(
    data: np.ndarray, times: np.ndarray, span: tuple[float, float], min_present: float
) -> np.ndarray:
    """Mean of the samples in a span that are there; NaN where too few are."""
    inside = data[:, window_mask(times, span)]
    n_present = np.isfinite(inside).sum(axis=1)
    is_enough = (n_present > 0) & (n_present >= min_present * inside.shape[1])
    total = np.where(np.isfinite(inside), inside, 0.0).sum(axis=1)
    return np.divide(total, n_present, out=np.full(len(data), np.nan), where=is_enough)


def _end(measure: Measure, last_time: float) -> float:
    """End of the window in these epochs, s; NaN where too little of it is left."""
    first, last = measure.window
    if last <= last_time + WINDOW_TOLERANCE_S:
        return last
    is_enough = measure.may_be_cut and last_time - first >= MIN_WINDOW_S
    return float(last_time) if is_enough else np.nan


def _check(epochs: mne.BaseEpochs, measures: Sequence[Measure], min_present: float) -> None:
    """Refuse epochs and options that cannot give a single number."""
    check_measures(measures, kinds=["body"], statistics=["mean", "relative_mean"])
    channels = {str(measure.signal) for measure in measures}
    if not channels & set(epochs.ch_names):
        raise ValueError(
            f"epochs: expected at least one of the channels {sorted(channels)}, found "
            f"{epochs.ch_names}; cut epochs from the result of derive_physio"
        )
    step = 1.0 / epochs.info["sfreq"]
    for baseline in {measure.baseline for measure in measures if measure.baseline}:
        if baseline[0] < epochs.times[0] - step or baseline[1] > epochs.times[-1] + step:
            raise ValueError(
                f"baseline: expected a span inside the epochs ({epochs.times[0]:g} to "
                f"{epochs.times[-1]:g} s), got {baseline}; cut longer epochs or move the baseline"
            )
    if not 0 < min_present <= 1:
        raise ValueError(f"min_present: expected a share above 0 and up to 1, got {min_present}")


def _warn_of(
    epochs: mne.BaseEpochs,
    measures: Sequence[Measure],
    windows: Mapping[str, tuple[float, float]],
) -> None:
    """One warning for all measures that could not be taken."""
    absent = {str(measure.signal) for measure in measures} - set(epochs.ch_names)
    faults = [f"no channel {channel}" for channel in sorted(absent)]
    faults += [
        f"{measure.name} needs epochs to {measure.window[1]:g} s, found {epochs.times[-1]:g} s"
        for measure in measures
        if np.isnan(windows[measure.name][1]) and measure.signal not in absent
    ]
    if epochs.times[-1] < SCR_ONSET_S[1] + MIN_WINDOW_S and "eda" in epochs.ch_names:
        faults.append(f"scr_magnitude_us needs epochs to {SCR_ONSET_S[1] + MIN_WINDOW_S:g} s")
    if faults:
        warnings.warn(
            "autonomic_responses: NaN for want of data: " + "; ".join(faults),
            RuntimeWarning,
            stacklevel=3,
        )
