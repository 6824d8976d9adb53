"""The same response by averaging all events, isolated events only, and by deconvolution."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import mne
import numpy as np
import pandas as pd

from mmme_neuro.events.crowding import nearest_distance
from mmme_neuro.models.formula import quoted
from mmme_neuro.recording import Recording
from mmme_neuro.responses.measures import Measure, check_measures, window_mask, window_samples
from mmme_neuro.responses.overlap.basis import Basis
from mmme_neuro.responses.overlap.deconvolve import (
    EVENT,
    Deconvolution,
    continuous_signal,
    deconvolve,
)
from mmme_neuro.stats.estimates import t_interval
from mmme_neuro.stats.levels import difference_label, two_levels

METHODS = ("average", "isolated", "deconvolution")


def compare_with_averaging(
    recording: Recording,
    deconvolution: Deconvolution,
    measures: Sequence[Measure],
    *,
    condition: str,
    levels: Sequence[str],
    modality: str = "physio",
    isolation: float,
    covariates: Mapping[str, object] | None = None,
) -> pd.DataFrame:
    """Measure each condition's response in one recording in three ways.

    Parameters
    ----------
    recording : Recording
        What was deconvolved.
    deconvolution : Deconvolution
        Its result; its formula has the condition.
    measures : sequence of Measure
        Means, each from its own baseline; linear, so that overlap adds up in them.
    condition : str
        Column of the events with the conditions.
    levels : sequence of str
        The two conditions, the reference first; the second minus the first is measured, too.
    modality : {"physio", "eeg"}
        Which signal.
    isolation : float
        An event is isolated if no other one lies within this many seconds.
    covariates : mapping | None
        Values of further covariates of the formula at which conditions are compared.

    Returns
    -------
    DataFrame
        ``measure, unit, method, condition, estimate, n_events``; the difference is the
        condition ``"second - first"``. Without an event of a condition the estimate is NaN.

    Notes
    -----
    Deconvolution and averages use the same samples' windows, so they differ only by what other
    events leave in them.
    """
    raw, events = continuous_signal(recording, modality)
    two_levels(events, condition, levels)
    times = events["time"].to_numpy(float)
    alone = nearest_distance(times) > isolation
    rows = []
    check_measures(measures, statistics=["mean"])
    for measure in measures:
        if measure.channel not in deconvolution.curves["channel"].to_numpy():
            continue
        measured = _measured(raw, times, measure)
        for method in METHODS:
            values: dict[str, tuple[float, int]] = {}
            for level in levels:
                chosen = (events[condition] == level).to_numpy()
                if method == "isolated":
                    chosen &= alone
                chosen &= np.isfinite(measured)
                mean = measured[chosen].mean() if chosen.any() else np.nan
                if method == "deconvolution" and chosen.any():
                    at = {**(covariates or {}), condition: level}
                    mean = _deconvolved(deconvolution, measure, at)
                values[level] = float(mean), int(chosen.sum())
            first, second = (values[level] for level in levels)
            values[difference_label(levels)] = second[0] - first[0], second[1] + first[1]
            rows += [
                (measure.name, measure.unit, method, label, measure.scale * mean, n)
                for label, (mean, n) in values.items()
            ]
    columns = ["measure", "unit", "method", "condition", "estimate", "n_events"]
    return pd.DataFrame(rows, columns=columns)


def over_participants(table: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Mean over participants of what `compare_with_averaging` found in each.

    Parameters
    ----------
    table : DataFrame
        Rows of all participants: ``estimate, n_events`` and columns that name a quantity (all
        others but ``participant``).
    confidence : float
        Level of the intervals (Student's t; participants weigh the same).

    Returns
    -------
    DataFrame
        One row per quantity: ``estimate, std_error, ci_low, ci_high, n_participants, n_events``.
    """
    keys = [name for name in table if name not in ("participant", "estimate", "n_events")]
    present = table.dropna(subset=["estimate"])
    groups = present.groupby(keys, sort=False)
    values = groups["estimate"].agg(["mean", "sem", "size"])
    values.columns = pd.Index(["estimate", "std_error", "n_participants"])
    out = values.assign(n_events=groups["n_events"].sum()).reset_index()
    dof = out["n_participants"] - 1
    out["ci_low"], out["ci_high"] = t_interval(
        out["estimate"], out["std_error"], dof, confidence=confidence
    )
    counts = ["n_participants", "n_events"]
    return out[[*keys, "estimate", "std_error", "ci_low", "ci_high", *counts]]


def _deconvolved(found: Deconvolution, measure: Measure, at: Mapping[str, object]) -> float:
    """Window of the predicted response."""
    table = found.window(measure.window, at, baseline=measure.baseline)
    return float(table.set_index("channel")["estimate"][measure.channel])


def _measured(raw: mne.io.BaseRaw, times: np.ndarray, measure: Measure) -> np.ndarray:
    """Window minus baseline at every event; NaN where a sample is missing or outside."""
    signal = raw.get_data(picks=[measure.channel], verbose="error")[0]
    sfreq = raw.info["sfreq"]
    cumulated = np.r_[0.0, np.cumsum(signal)] if np.isfinite(signal).all() else None

    def mean(span: tuple[float, float]) -> np.ndarray:
        begin, end = window_samples(times, span, sfreq)
        inside = (begin >= 0) & (end <= signal.size)
        begin, end = np.where(inside, begin, 0), np.where(inside, end, 1)
        if cumulated is not None:
            values = (cumulated[end] - cumulated[begin]) / (end - begin)
        else:
            values = np.array([signal[a:b].mean() for a, b in zip(begin, end, strict=True)])
        return np.where(inside, values, np.nan)

    change = mean(measure.window)
    return change if measure.baseline is None else change - mean(measure.baseline)


@dataclass(frozen=True, kw_only=True)
class OverlapPlan:
    """How one kind of signal is deconvolved and measured.

    Parameters
    ----------
    modality : {"physio", "eeg"}
        Which signal.
    basis : Basis
        Of the responses to events.
    measures : tuple of Measure
        Means; their channels are deconvolved.
    isolation : float
        Seconds without another event that make an event isolated.
    stimulus_basis : Basis | None
        Of the responses to beginnings and ends of videos; None leaves them out.
    sfreq : float | None
        Rate to which the signal is averaged first (Hz).
    """

    modality: str
    basis: Basis
    measures: tuple[Measure, ...]
    isolation: float
    stimulus_basis: Basis | None = None
    sfreq: float | None = None


@dataclass(frozen=True)
class OverlapResult:
    """One recording's responses with and without overlap.

    Attributes
    ----------
    measures : DataFrame
        Of `compare_with_averaging`.
    curves : DataFrame
        ``measure, unit, method, condition, time, estimate, n_events``: mean minus its baseline.
    collinearity : DataFrame
        ``measure, kind, term, vif, n_events, overlapped, condition_number``.
    """

    measures: pd.DataFrame
    curves: pd.DataFrame
    collinearity: pd.DataFrame


def separate_overlap(
    recording: Recording,
    plan: OverlapPlan,
    *,
    condition: str,
    levels: Sequence[str],
) -> OverlapResult:
    """Deconvolve one recording and measure its responses in three ways.

    Parameters
    ----------
    recording : Recording
        Continuous signal and events with ``event_type`` (``"event"`` and, if planned,
        ``"stimulus_onset"`` and ``"stimulus_offset"``).
    plan : OverlapPlan
        What to do.
    condition : str
        Column of the conditions.
    levels : sequence of str
        The two conditions, the reference first.

    Returns
    -------
    OverlapResult
    """
    two_levels(recording.events, condition, levels)
    kinds = {EVENT: f"~ {quoted(condition)}"}
    bases: dict[str, Basis] = {EVENT: plan.basis}
    if plan.stimulus_basis is not None:
        present = set(recording.events["event_type"]) & {"stimulus_onset", "stimulus_offset"}
        kinds |= dict.fromkeys(sorted(present), "~ 1")
        bases |= dict.fromkeys(sorted(present), plan.stimulus_basis)
    events = recording.events[recording.events["event_type"].isin(kinds)].reset_index(drop=True)
    mine = replace(recording, events=events)
    tables, curves, collinear = [], [], []
    for measure in plan.measures:
        found = deconvolve(
            mine, kinds, bases, picks=[measure.channel], modality=plan.modality, sfreq=plan.sfreq
        )
        own = replace(recording, events=events[events["event_type"] == EVENT])
        tables.append(
            compare_with_averaging(
                own, found, [measure], condition=condition, levels=levels, modality=plan.modality,
                isolation=plan.isolation,
            )
        )  # fmt: skip
        curves.append(_curves(own, found, measure, condition, levels, plan.modality))
        collinear.append(
            found.collinearity.assign(measure=measure.name, condition_number=found.condition)
        )
    return OverlapResult(pd.concat(tables), pd.concat(curves), pd.concat(collinear))


def _curves(
    recording: Recording,
    found: Deconvolution,
    measure: Measure,
    condition: str,
    levels: Sequence[str],
    modality: str,
) -> pd.DataFrame:
    """Deconvolved and averaged courses of each condition that the recording has."""
    raw, events = continuous_signal(recording, modality)
    signal = raw.get_data(picks=[measure.channel], reject_by_annotation="NaN", verbose="error")[0]
    times = found.curves["time"].to_numpy()
    baseline = None if measure.baseline is None else window_mask(times, measure.baseline)
    parts = []
    for level in levels:
        onsets = events.loc[events[condition] == level, "time"].to_numpy(float)
        if not onsets.size:
            continue
        rows = np.round((onsets[:, None] + times) * raw.info["sfreq"]).astype(int)
        inside = (rows >= 0) & (rows < signal.size)
        epochs = np.where(inside, signal[np.clip(rows, 0, signal.size - 1)], np.nan)
        response = found.response({condition: level}, times=times)["response"][0].to_numpy()
        if baseline is not None:
            epochs -= epochs[:, baseline].mean(axis=1, keepdims=True)
            response = response - response[baseline].mean()
        for method, course in (
            ("average", np.nanmean(epochs, axis=0)),
            ("deconvolution", response),
        ):
            table = {
                "measure": measure.name,
                "unit": measure.unit,
                "method": method,
                "condition": level,
                "time": times,
                "estimate": measure.scale * course,
                "n_events": onsets.size,
            }
            parts.append(pd.DataFrame(table))
    return pd.concat(parts)
