"""Linear deconvolution: responses to events that follow each other too fast to be averaged."""

import warnings
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import mne
import numpy as np
import pandas as pd
import xarray as xr

from mmme_neuro.errors import MissingInput, NotEstimable
from mmme_neuro.events.controls import clip_spans
from mmme_neuro.io.breaks import cuts
from mmme_neuro.recording import Recording, warn_of_shared_clock
from mmme_neuro.responses.overlap.basis import FIR, Basis, ResponseFunction
from mmme_neuro.responses.overlap.expansion import Block, Expanded, expand
from mmme_neuro.responses.overlap.serialnoise import ORDERS, Solution, solve
from mmme_neuro.stats.tables import checked_columns

Choice = TypeVar("Choice")
EVENT = "event"
SHARED_NOISE_TYPES = ("eeg", "csd", "mag", "grad", "seeg", "ecog", "dbs")
"""Channel types whose channels share one model of their noise; others have one each."""


@dataclass(frozen=True, eq=False)
class Deconvolution:
    """Responses of one recording, freed of overlap.

    Parameters
    ----------
    curves : DataArray
        On (term, channel, time): response that each column of the formula's design adds, in the
        signal's unit. ``time`` is s since the event. Of the first kind of event.
    std_error : DataArray
        Their standard errors, under the autoregressive noise that was fitted.
    collinearity : DataFrame
        ``event_type, term, vif`` (generalized variance inflation factor of the term's functions: 1
        where nothing overlaps), ``n_events`` and ``overlapped`` (share of the kind's events with
        another one within reach of the basis).
    condition : float
        Condition number of the design, columns scaled to unit length.
    blocks, solutions : tuple
        What further responses are computed from.
    """

    curves: xr.DataArray
    std_error: xr.DataArray
    collinearity: pd.DataFrame
    condition: float
    blocks: tuple[Block, ...]
    solutions: tuple[tuple[tuple[str, ...], Solution], ...]

    def __repr__(self) -> str:
        kinds = ", ".join(f"{block.n_events} {block.event_type}" for block in self.blocks)
        return (
            f"<Deconvolution | {kinds}; {self.curves.sizes['channel']} channels, "
            f"condition number {self.condition:.3g}>"
        )

    def response(
        self,
        covariates: Mapping[str, object] | None = None,
        *,
        event_type: str | None = None,
        times: np.ndarray | None = None,
        **values: Hashable,
    ) -> xr.Dataset:
        """Predicted response to an event with given covariates.

        Parameters
        ----------
        covariates : mapping | None
            Values of covariates whose names are no keywords: ``{"face type": "posed"}``.
        event_type : str | None
            Kind of event; None for the first.
        times : array | None
            Seconds since the event; None for those of ``curves``.
        **values
            A value for each covariate of the formula, such as ``condition="posed"``.

        Returns
        -------
        Dataset
            ``response`` and ``std_error`` on (channel, time).
        """
        block = self._block(event_type)
        times = self.curves["time"].to_numpy() if times is None else np.asarray(times, float)
        weights = np.kron(
            block.row({**(covariates or {}), **values})[None], block.basis.evaluate(times).toarray()
        )
        estimate, error = self._combined(block, weights)
        axes = ("channel", "time")
        return xr.Dataset(
            {"response": (axes, estimate), "std_error": (axes, error)},
            coords={"channel": self.curves["channel"].to_numpy(), "time": times},
        )

    def window(
        self,
        window: tuple[float, float],
        covariates: Mapping[str, object] | None = None,
        *,
        baseline: tuple[float, float] | None = None,
        event_type: str | None = None,
        minus: Mapping[str, object] | None = None,
        **values: Hashable,
    ) -> pd.DataFrame:
        """Mean response in a window, with the standard error of this recording.

        Parameters
        ----------
        window : tuple of float
            First and last time, s since the event.
        covariates : mapping | None
            As in `response`.
        baseline : tuple of float | None
            Window whose mean is subtracted (s).
        event_type : str | None
            Kind of event; None for the first.
        minus : mapping | None
            Covariates of a second event whose response is subtracted.
        **values
            As in `response`.

        Returns
        -------
        DataFrame
            ``channel, estimate, std_error``, in the signal's unit.
        """
        block = self._block(event_type)
        row = block.row({**(covariates or {}), **values})
        if minus is not None:
            row = row - block.row(minus)
        course = _window_mean(block.basis, window)
        if baseline is not None:
            course = course - _window_mean(block.basis, baseline)
        estimate, error = self._combined(block, np.kron(row, course)[None])
        channels = self.curves["channel"].to_numpy()
        return pd.DataFrame(
            {"channel": channels, "estimate": estimate[:, 0], "std_error": error[:, 0]}
        )

    def _block(self, event_type: str | None) -> Block:
        """Kind of event by name."""
        for block in self.blocks:
            if event_type in (None, block.event_type):
                return block
        known = [block.event_type for block in self.blocks]
        raise ValueError(f"event_type={event_type!r}: must be one of {known}.")

    def _combined(self, block: Block, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Linear combinations of a block's coefficients, (n_channels, n_combinations), and SE."""
        span = slice(block.first, block.first + block.n_columns)
        estimates, errors = {}, {}
        for channels, solution in self.solutions:
            values = weights @ solution.coefficients[span]
            spread = np.einsum("ij,jk,ik->i", weights, solution.unscaled[span, span], weights)
            for position, channel in enumerate(channels):
                estimates[channel] = values[:, position]
                errors[channel] = np.sqrt(spread * solution.variance[position])
        order = self.curves["channel"].to_numpy()
        return np.stack([estimates[c] for c in order]), np.stack([errors[c] for c in order])


def deconvolve(
    recording: Recording,
    formula: str | Mapping[str, str],
    basis: Basis | Mapping[str, Basis],
    *,
    picks: str | Sequence[str],
    modality: str = "physio",
    sfreq: float | None = None,
    nuisance: Sequence[str] = (),
    drift_hz: float | None = None,
    orders: Sequence[int] = ORDERS,
    whiten: bool | None = None,
) -> Deconvolution:
    """Estimate the responses to all events of a continuous signal at once.

    Parameters
    ----------
    recording : Recording
        Cleaned EEG or derived physiology, and events on its clock. An events table with a column
        ``event_type`` holds several kinds of events, see `with_stimulus_events`; without it all are
        of the type ``"event"``. Order does not matter. All events count, those of no interest too:
        what they leave in the signal is explained only if they are there.
    formula : str | mapping of str to str
        One-sided formula such as ``"~ condition"``, or one for each kind of event.
    basis : Basis | mapping of str to Basis
        `FIR`, `Splines` or `ResponseFunction`, or one for each kind.
    picks : str | sequence of str
        Channel names or type.
    modality : {"physio", "eeg"}
        Which signal.
    sfreq : float | None
        Rate (Hz) to which the signal is averaged first, a divisor of its own; None keeps it.
        Slow physiology needs 10.
    nuisance : sequence of str
        Channels of the same signal that are regressed out without delay, such as the EMG envelope
        (standardized).
    drift_hz : float | None
        Slower fluctuations than this are taken out by cosines; None: a constant only, as the noise
        model bears slow drifts.
    orders : sequence of int
        Autoregressive orders of the noise to choose from, by BIC; ``(0,)``: white noise.
    whiten : bool | None
        Whether estimates are weighted by the noise (generalized least squares) or only their
        errors follow from it; None weights unless a basis is a `ResponseFunction` or an `FIR` with
        steps longer than a sample: what a fixed shape or the corners of straight lines miss of a
        smooth signal is small, but large after whitening, and pulls estimates to zero. For an FIR
        that is weighted, set ``sfreq`` to one over its step.

    Returns
    -------
    Deconvolution

    Raises
    ------
    MmmeError
        When the formula does not fit the events, no channel is there, or the design is rank
        deficient (the message names the columns).

    Notes
    -----
    Every event adds its design row times the basis to the samples around it; the sum over events
    is the model of the signal [1]_ [2]_. Samples that are NaN or annotated as bad are left out,
    channel by channel, and so are those to which a response would reach across a cut of the
    recording (`mmme_neuro.io.breaks`). Channels of EEG share one noise model so that their normal
    equations are solved once. Standard errors speak of one recording; compare groups over
    participants.

    References
    ----------
    .. [1] Smith & Kutas (2015). Psychophysiology 52, 169-181.
    .. [2] Ehinger & Dimigen (2019). PeerJ 7, e7838.

    Examples
    --------
    >>> from mmme_neuro import Recording
    >>> from mmme_neuro.responses import FIR
    >>> info = mne.create_info(["eda"], 10.0, "misc")
    >>> onsets = np.array([5.0, 6.5, 20.0, 22.0, 40.0])
    >>> times = np.arange(0, 60, 0.1)
    >>> eda = sum(np.clip(1 - np.abs(times - onset - 1), 0, 1) for onset in onsets)
    >>> raw = mne.io.RawArray(eda[None], info, verbose="error")
    >>> mine = Recording(eeg=None, physio=raw, events=pd.DataFrame({"onset": onsets}))
    >>> found = deconvolve(mine, "~ 1", FIR((0.0, 2.0), step=0.5), picks="eda", orders=(0,))
    >>> np.abs(found.response()["response"].sel(time=1.0, method="nearest").values.round(2))
    array([1.])
    """
    raw, events = continuous_signal(recording, modality)
    formulas = _by_kind(formula, events, "formula")
    bases = _by_kind(basis, events, "basis")
    if missing := set(formulas) ^ set(bases):
        raise ValueError(f"formula and basis must name the same kinds; {sorted(missing)} differ.")
    data, names, types = _data(raw, picks, reject_by_annotation="NaN")
    data[:, _beyond_cuts(raw, events, bases)] = np.nan
    confounds, _, _ = _data(raw, list(nuisance)) if nuisance else (np.empty((0, 0)), [], [])
    factor = _factor(raw.info["sfreq"], sfreq)
    data = _averaged(data, factor)
    times = _averaged(np.arange(raw.n_times)[None] / raw.info["sfreq"], factor)[0]
    regressors = _confounds(_averaged(confounds, factor) if nuisance else confounds, nuisance)
    regressors |= _drift(times, drift_hz)
    is_known = np.all([np.isfinite(values) for values in regressors.values()], axis=0)
    expanded = expand(
        times, events, formulas, bases, {k: np.nan_to_num(v) for k, v in regressors.items()}
    )
    if whiten is None:
        whiten = all(_bears_whitening(basis, times[1] - times[0]) for basis in bases.values())
    solutions = tuple(
        (
            tuple(names[i] for i in rows),
            _solved(expanded, data[rows], is_known, tuple(orders), whiten),
        )
        for rows in _noise_groups(data, types)
    )
    return _result(expanded, solutions, names, events, times[1] - times[0])


def with_stimulus_events(
    recording: Recording, *, event_type: str = "event", lock: str = "onset"
) -> Recording:
    """Add the beginning and end of every video to a recording's events.

    Parameters
    ----------
    recording : Recording
        With its trigger codes (``codes``).
    event_type : str
        What its present events are called.
    lock : {"onset", "apex", "offset"}
        Landmark of these events; becomes ``onset``.

    Returns
    -------
    Recording
        Events with a column ``event_type``: ``event_type``, ``"stimulus_onset"`` and
        ``"stimulus_offset"``;
        ``time_in_video`` (s) is the time since the video's beginning.

    Raises
    ------
    MissingInput
        When the recording has no codes.
    """
    if recording.codes is None or recording.codes.empty:
        raise MissingInput(
            "recording.codes is empty: without the videos' trigger codes their beginnings and ends "
            "are not known."
        )
    spans = clip_spans(recording.codes)
    events = recording.events.assign(event_type=event_type, onset=recording.events[lock])
    start = spans.set_index("code")["start"]
    if "code" in events:
        events["time_in_video"] = events["onset"] - events["code"].map(start)
    marks = [
        pd.DataFrame(
            {
                "event": [f"{name}-{code}" for code in spans["code"]],
                "event_type": name,
                "code": spans["code"],
                "onset": spans[column],
            }
        )
        for name, column in (("stimulus_onset", "start"), ("stimulus_offset", "stop"))
    ]
    both = pd.concat([events, *marks]).dropna(subset=["onset"])
    both = both.sort_values("onset", kind="stable", ignore_index=True)
    return replace(recording, events=both)


def continuous_signal(recording: Recording, modality: str) -> tuple[mne.io.BaseRaw, pd.DataFrame]:
    """Continuous signal of a recording and its events with their times in it.

    Parameters
    ----------
    recording : Recording
        With the modality.
    modality : {"physio", "eeg"}
        Which signal.

    Returns
    -------
    raw : mne.io.Raw
        The signal.
    events : DataFrame
        Those with an onset; ``time`` is s since the signal's first sample, ``event_type`` is added
        where it is not there.
    """
    if modality not in ("physio", "eeg"):
        raise ValueError(f"modality must be 'physio' or 'eeg', got {modality!r}.")
    raw = getattr(recording, modality)
    if raw is None:
        raise MissingInput(f"the recording has no {modality} signal.")
    events = checked_columns(recording.events, name="events", numbers=["onset"])
    if "clock" in events and (events["clock"] == "clip").any():
        raise ValueError(
            "events are on the clock of their clips; read_recording (or place_events) moves them "
            "to the EEG clock."
        )
    events = events.dropna(subset=["onset"])
    if events.empty:
        raise MissingInput(
            f"events: none of the {len(recording.events)} rows has an onset (s); events without a "
            "time cannot be deconvolved."
        )
    times = events["onset"].to_numpy(float)
    warn_of_shared_clock(recording)
    if modality == "physio":
        times = recording.physio_seconds(times)
    _say_outside(times, raw)
    kinds = events["event_type"] if "event_type" in events else EVENT
    return raw, events.assign(time=times, event_type=kinds).reset_index(drop=True)


def _say_outside(times: np.ndarray, raw: mne.io.BaseRaw) -> None:
    """Warn of events outside the signal, which cannot add to it; refuse where all are."""
    length = raw.n_times / raw.info["sfreq"]
    outside = (times < 0) | (times >= length)
    if not outside.any():
        return
    found = f"{int(outside.sum())} of {len(times)} events lie outside the signal of {length:.6g} s"
    remedy = "check that onsets are in seconds of this recording"
    if outside.all():
        raise MissingInput(f"{found} ({times.min():.6g} to {times.max():.6g} s); {remedy}.")
    warnings.warn(f"{found} and add nothing beyond its ends; {remedy}.", stacklevel=4)


def _bears_whitening(basis: Basis, sample_s: float) -> bool:
    """Whether a basis misses too little of a smooth response to matter after whitening."""
    if isinstance(basis, FIR):
        return basis.step <= sample_s * (1 + 1e-6)
    return not isinstance(basis, ResponseFunction)


def _by_kind(
    choice: Choice | Mapping[str, Choice], events: pd.DataFrame, what: str
) -> dict[str, Choice]:
    """A choice for each kind of event."""
    if isinstance(choice, Mapping):
        return dict(choice)
    kinds = sorted(set(events["event_type"]))
    if len(kinds) > 1:
        raise ValueError(f"the events are of kinds {kinds}: give one {what} for each, as a dict.")
    return {kinds[0]: choice}


def _data(
    raw: mne.io.BaseRaw, picks: str | Sequence[str], *, reject_by_annotation: str | None = None
) -> tuple[np.ndarray, list[str], list[str]]:
    """Samples, names and types of channels."""
    try:
        chosen = raw.copy().pick(picks, exclude=())
    except ValueError as error:  # what MNE raises where no channel is of that name or type
        raise MissingInput(
            f"picks={picks!r}: expected channels of the signal, which has {raw.ch_names}; name one "
            "of these or a type of channel."
        ) from error
    data = chosen.get_data(reject_by_annotation=reject_by_annotation, verbose="error")
    return data, chosen.ch_names, chosen.get_channel_types()


def _beyond_cuts(
    raw: mne.io.BaseRaw, events: pd.DataFrame, bases: Mapping[str, Basis]
) -> np.ndarray:
    """Samples that an event's response would reach only across a cut, and the first after each."""
    is_beyond, breaks = np.zeros(raw.n_times, dtype=bool), cuts(raw)
    is_beyond[breaks] = True
    sfreq = raw.info["sfreq"]
    edges = np.concatenate([[0], breaks, [raw.n_times]])
    for kind, time in zip(events["event_type"], events["time"], strict=True):
        if not len(breaks) or kind not in bases:
            continue
        window = bases[kind].window
        own = int(np.clip(np.searchsorted(edges, round(time * sfreq), "right"), 1, len(edges) - 1))
        first, last = (int(round((time + edge) * sfreq)) for edge in window)
        is_beyond[max(first, 0) : max(min(edges[own - 1], last + 1), 0)] = True
        is_beyond[max(edges[own], first, 0) : max(last + 1, 0)] = True
    return is_beyond


def _factor(sfreq: float, wanted: float | None) -> int:
    """How many samples are averaged into one."""
    factor = 1.0 if wanted is None else sfreq / wanted
    if abs(factor - round(factor)) > 1e-6 or factor < 1:
        raise ValueError(
            f"sfreq={wanted}: must divide the signal's {sfreq:g} Hz, such as {sfreq / 5:g}."
        )
    return int(round(factor))


def _averaged(data: np.ndarray, factor: int) -> np.ndarray:
    """Means of consecutive samples; NaN where one is missing."""
    n = data.shape[1] // factor
    return data[:, : n * factor].reshape(len(data), n, factor).mean(axis=2)


def _confounds(data: np.ndarray, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Standardized channels."""
    return {
        name: (values - np.nanmean(values)) / np.nanstd(values)
        for name, values in zip(names, data, strict=True)
    }


def _drift(times: np.ndarray, drift_hz: float | None) -> dict[str, np.ndarray]:
    """Cosines slower than a frequency, without the constant."""
    if drift_hz is None:
        return {}
    # Takes a second to import, and most calls need none of it.
    from nilearn.glm.first_level import make_first_level_design_matrix

    table = make_first_level_design_matrix(
        times - times[0], drift_model="cosine", high_pass=drift_hz
    )
    return {name: table[name].to_numpy() for name in table if name != "constant"}


def _noise_groups(data: np.ndarray, types: list[str]) -> list[list[int]]:
    """Channels that are solved together: of one type with shared noise, and equal gaps."""
    groups: dict[Hashable, list[int]] = {}
    for row, kind in enumerate(types):
        gaps = np.isfinite(data[row]).tobytes()
        groups.setdefault((kind, gaps) if kind in SHARED_NOISE_TYPES else row, []).append(row)
    return list(groups.values())


def _solved(
    expanded: Expanded,
    data: np.ndarray,
    is_known: np.ndarray,
    orders: tuple[int, ...],
    whiten: bool,
) -> Solution:
    """Solution of signals with equal gaps."""
    is_good = np.isfinite(data[0]) & is_known
    if not is_good.any():
        raise NotEstimable("a picked channel has no usable sample; leave it out.")
    center = data[:, is_good].mean(axis=1, keepdims=True)
    return solve(
        expanded.matrix,
        data - center,
        is_good,
        expanded.names(),
        groups=[span for block in expanded.blocks for span in block.spans()],
        orders=orders,
        whiten=whiten,
    )


def _result(
    expanded: Expanded,
    solutions: tuple[tuple[tuple[str, ...], Solution], ...],
    names: list[str],
    events: pd.DataFrame,
    step: float,
) -> Deconvolution:
    """Curves of the first kind's terms, and how well they can be told apart."""
    block = expanded.blocks[0]
    first, last = block.basis.window
    n = int(np.floor((last - first) / step + 1e-6)) + 1
    times = np.round(first + step * np.arange(n), 9)
    axes = {"term": list(block.terms), "channel": names, "time": times}
    empty = xr.DataArray(np.zeros((len(block.terms), len(names), n)), coords=axes)
    worst = max(solution.condition for _, solution in solutions)
    table = _collinearity(expanded, solutions, events)
    found = Deconvolution(empty, empty, table, worst, expanded.blocks, solutions)
    values = block.basis.evaluate(times).toarray()
    curves, errors = empty.copy(), empty.copy()
    for j in range(len(block.terms)):
        weights = np.kron(np.eye(len(block.terms))[j][None], values)
        curves[j], errors[j] = found._combined(block, weights)
    return Deconvolution(curves, errors, table, worst, expanded.blocks, solutions)


def _collinearity(
    expanded: Expanded,
    solutions: tuple[tuple[tuple[str, ...], Solution], ...],
    events: pd.DataFrame,
) -> pd.DataFrame:
    """Inflation of each term and share of overlapped events of each kind."""
    inflation = iter(np.max([solution.inflation for _, solution in solutions], axis=0))
    rows = []
    for block in expanded.blocks:
        chosen = (events["event_type"] == block.event_type).to_numpy()
        share = _overlapped(events["time"].to_numpy(float), chosen, block.basis)
        about = block.n_events, share
        rows += [(block.event_type, term, next(inflation), *about) for term in block.terms]
    return pd.DataFrame(rows, columns=["event_type", "term", "vif", "n_events", "overlapped"])


def _overlapped(times: np.ndarray, chosen: np.ndarray, basis: Basis) -> float:
    """Share of the chosen events with any other event within the length of the basis."""
    ordered = np.sort(times)
    length = basis.window[1] - basis.window[0]
    near = np.searchsorted(ordered, times + length, "right")
    near -= np.searchsorted(ordered, times - length, "left")
    return float(np.mean(near[chosen] > 1))


def _window_mean(basis: Basis, window: tuple[float, float]) -> np.ndarray:
    """Mean of each function over a window, shape (n_functions,)."""
    if not window[0] < window[1]:
        raise ValueError(f"window must begin before it ends, got {window}.")
    times = np.linspace(*window, 201)
    return np.asarray(basis.evaluate(times).mean(axis=0)).ravel()
