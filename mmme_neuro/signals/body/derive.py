"""Autonomic signals derived from a raw physiological recording, and their quality."""

import warnings
from dataclasses import dataclass, replace
from typing import Literal, get_args

import mne
import numpy as np
import pandas as pd

from mmme_neuro.errors import BadInput, MissingInput
from mmme_neuro.io.breaks import cuts, skipped
from mmme_neuro.signals.body.channels import (
    ChannelSource,
    Curves,
    Grid,
    nothing,
    sources_of,
)
from mmme_neuro.signals.body.sensors import (
    CAUSES,
    FLAT,
    ISLAND,
    MISSING,
    NOISE,
    OUT_OF_RANGE,
    SENSORS,
    USABLE,
    Sensor,
    causes_of_loss,
    runs,
)

MIN_SECONDS = 5.0
"""Less data than this carries no beat interval series."""

MAX_ARTIFACT_SHARE = 0.3
"""A larger share of artifacts is worth a warning."""

MIN_USABLE_SHARE = 0.5
"""So is a smaller share of usable samples."""

MIN_TOLD_SHARE = 0.005
"""Smaller losses are no reason worth telling."""

ARTIFACT = "artifact"
"""Annotation of stretches that are not credible or rest on corrected beats; not MNE's "bad": such
epochs are kept, with NaN where nothing credible is left."""

QUALITY_COLUMNS = (
    "channel",
    "source",
    "share_missing",
    "share_artifact",
    "share_flat",
    "share_out_of_range",
    "share_noise",
    "share_island",
    "share_usable",
    "n_found",
    "n_corrected",
    "reason",
)

OFF = (FLAT, OUT_OF_RANGE, ISLAND, NOISE)
"""Causes of loss that come from a sensor, not from a file."""

EdaMethod = Literal["highpass", "cvxeda"]


@dataclass(frozen=True)
class Deriving:
    """Options of the derivation of autonomic signals.

    Attributes
    ----------
    sfreq : float
        Sampling rate of the derived signals (Hz).
    eda_method : {"highpass", "cvxeda"}
        How skin conductance is split into a phasic and a tonic part: by a 0.05 Hz filter, or as
        responses to a sparse drive (cvxEDA; `signals.body.cvxeda.convex_phasic`).

    Raises
    ------
    MmmeError
        For an option that cannot be.
    """

    sfreq: float = 50.0
    eda_method: EdaMethod = "highpass"

    def __post_init__(self) -> None:
        if self.eda_method not in get_args(EdaMethod):
            raise BadInput(
                f"eda_method must be one of {list(get_args(EdaMethod))}, got {self.eda_method!r}."
            )
        if self.sfreq <= 0:
            raise BadInput(
                f"sfreq: expected a positive rate, got {self.sfreq}; 50 Hz suits autonomic "
                "responses"
            )


@dataclass(frozen=True, eq=False)
class Derived:
    """Autonomic signals derived from a recording, and their quality.

    Attributes
    ----------
    raw : mne.io.RawArray
        The signals (see `derive_physio`).
    quality : DataFrame
        Index ``channel``; columns ``source`` (channel of the recording), ``share_missing`` (of
        the source's samples), ``share_artifact`` (of the time: blanked as not credible, or
        resting on corrected beats), of that time ``share_flat`` (a sensor that shows no change,
        clipped at its limit or off), ``share_out_of_range``, ``share_noise`` (no beats or breaths
        that resemble one another) and ``share_island`` (too short between two such stretches),
        ``share_usable`` (of the derived samples), ``n_found``, ``n_corrected`` (beats or breaths)
        and ``reason``: why there is nothing, or why a part is lost; empty where all is well.
    options : Deriving
        The options used.
    """

    raw: mne.io.RawArray
    quality: pd.DataFrame
    options: Deriving

    def __repr__(self) -> str:
        n_faulty = int((self.quality["share_usable"] == 0).sum())
        return f"<Derived | {len(self.quality)} signals, {n_faulty} without data>"


def derive_physio(
    raw: mne.io.BaseRaw,
    *,
    sfreq: float = Deriving.sfreq,
    eda_method: EdaMethod = Deriving.eda_method,
) -> Derived:
    """Derive heart rate, pulse, breathing, skin conductance and temperature signals.

    Parameters
    ----------
    raw : mne.io.Raw
        Recording with any of the channels ``ECG`` (V), ``PPG`` (V), ``RSP`` (V), ``EDA`` (S),
        ``SKT`` (degC) and ``EMG`` (V), each with or without ``_A``, and ``SKT_B``, ``EMG_B`` ....
        Where none has the name, the only channel of type ``ecg``, ``resp``, ``gsr`` or
        ``temperature`` is taken. Others, digital lines among them, are not passed on.
    sfreq, eda_method
        See `Deriving`.

    Returns
    -------
    Derived
        Its ``.raw`` has channels of type ``misc``, same duration, first time and annotations as
        ``raw``, no names or dates:

        ======================  ======================================================
        ``heart_rate``          beats/min, from ``ECG``
        ``pulse_rate``          beats/min, from ``PPG``
        ``pulse_amplitude``     foot to peak, unit of ``PPG``
        ``rsp_rate``            breaths/min, from ``RSP``
        ``rsp_amplitude``       trough to peak of each inspiration, unit of ``RSP``
        ``eda``                 skin conductance below 3 Hz, S
        ``eda_phasic``          its fast part (``eda_method``), S
        ``eda_tonic``           the rest, S
        ``skt``                 skin temperature below 1 Hz, degC; ``skt_b`` where there is one
        ``skt_slope``           its slope over 10 s, degC/min
        ``emg``, ``emg_a`` ...  envelope of 20-450 Hz, V, named as in the recording
        ======================  ======================================================

        Missing samples stay NaN. A channel that is missing, flat or too short gives NaN and a
        warning. So do stretches at which a sensor was off (flat, clipped, out of range, weak
        noise): they are gaps before anything is filtered or detected, and leave the rest as it
        is. The quality of every channel is in ``.quality``; stretches that are not credible
        or rest on corrected beats are annotated, see :func:`artifact_mask`.

    Notes
    -----
    All filters are zero-phase; they and the rates stop at cuts and gaps of the recording
    (`mmme_neuro.io.breaks`). Rates are the derivative of the count of beats, interpolated by a
    monotone cubic (`rate_curve`): in simulated heart rates
    with a 5 bpm event response its error in the mean of 4-8 s was -0.02 bpm (SD 0.09),
    against -0.54 (1.3) for rates placed at the beat that ends the interval.

    Examples
    --------
    >>> import warnings
    >>> info = mne.create_info(["RSP"], 100.0, ["resp"])
    >>> breathing = np.sin(2 * np.pi * 0.25 * np.arange(0, 60, 0.01))[np.newaxis]
    >>> raw = mne.io.RawArray(breathing, info, verbose="error")
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")  # no other channel is there
    ...     derived = derive_physio(raw)
    >>> round(float(np.nanmean(derived.raw.get_data(picks="rsp_rate"))))
    15
    """
    options = Deriving(sfreq, eda_method)
    sources = sources_of(raw.ch_names, eda_method=eda_method)
    found = {source: _channel_of(raw, source) for source in sources}
    if not any(found.values()):
        raise MissingInput(
            "raw: expected at least one of the channels ECG, PPG, RSP, EDA, SKT, EMG, found "
            f"{raw.ch_names}; rename them with raw.rename_channels()"
        )
    grid = _grid(raw, sfreq)
    curves, rows, marks = {}, [], []
    for source, ch_name in found.items():
        derived, shares = _derived(raw, source, ch_name, grid)
        curves.update(derived.curves)
        rows += _quality_rows(ch_name, derived, shares)
        marks += _artifacts(derived, sfreq)
    _warn_of(rows)
    return Derived(_as_raw(raw, curves, marks, sfreq), _quality_table(rows), options)


def artifact_mask(raw: mne.io.BaseRaw, channel: str) -> np.ndarray:
    """Tell at which samples of a derived channel an artifact was found.

    Parameters
    ----------
    raw : mne.io.Raw
        Of :class:`Derived`.
    channel : str
        A derived channel.

    Returns
    -------
    array of bool, shape (n_times,)
        True where the signal was blanked as not credible (NaN), or rests on corrected beats
        (finite). Missing samples of the device are NaN and no artifact.

    Raises
    ------
    MmmeError
        When there is no such channel.
    """
    if channel not in raw.ch_names:
        raise BadInput(f"channel must be one of {raw.ch_names}, got {channel!r}.")
    mask = np.zeros(raw.n_times, dtype=bool)
    sfreq = raw.info["sfreq"]
    for mark in raw.annotations:
        if mark["description"] == ARTIFACT and channel in mark["ch_names"]:
            first = int(round((mark["onset"] - raw.first_time) * sfreq))
            mask[max(first, 0) : first + int(round(mark["duration"] * sfreq))] = True
    return mask


def _artifacts(derived: Curves, sfreq: float) -> list[tuple[float, float, tuple[str, ...]]]:
    """Start and length (s) of every artifact and the channels that it concerns."""
    if derived.reason:
        return []
    edges = np.flatnonzero(np.diff(np.r_[False, derived.is_artifact, False]))
    names = tuple(derived.curves)
    return [
        (start / sfreq, (stop - start) / sfreq, names)
        for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    ]


def _grid(raw: mne.io.BaseRaw, sfreq: float) -> Grid:
    """Output times that fill the duration of the recording."""
    if not 0 < sfreq <= raw.info["sfreq"] * 20:
        raise BadInput(
            f"sfreq: expected a positive rate of at most 20 times the recording's "
            f"{raw.info['sfreq']:g} Hz, got {sfreq}; 50 Hz suits autonomic responses"
        )
    n_times = max(int(np.floor(raw.n_times / raw.info["sfreq"] * sfreq + 1e-6)), 1)
    return Grid(np.arange(n_times) / sfreq, sfreq)


def _channel_of(raw: mne.io.BaseRaw, source: ChannelSource) -> str | None:
    """Channel with the source's name, or the only one of its type."""
    by_name = {name.upper(): name for name in raw.ch_names}
    for name in (source.name, f"{source.name}_A"):
        if name in by_name:
            return by_name[name]
    kinds = zip(raw.ch_names, raw.get_channel_types(), strict=True)
    by_kind = [name for name, kind in kinds if kind == source.kind]
    return by_kind[0] if len(by_kind) == 1 else None


def _derived(
    raw: mne.io.BaseRaw, source: ChannelSource, ch_name: str | None, grid: Grid
) -> tuple[Curves, dict[str, float]]:
    """Signals of one source with its gaps as NaN, and the shares of the time lost to each cause."""
    if ch_name is None:
        reason = f"no channel {source.name} in the recording"
        return nothing(source.channels, grid, reason), {"missing": 1.0}
    sfreq = raw.info["sfreq"]
    signal = np.where(skipped(raw), np.nan, raw.get_data(picks=[ch_name])[0])
    is_missing = ~np.isfinite(signal)
    shares = {"missing": float(is_missing.mean())}
    reason = _unusable(signal[~is_missing], sfreq)
    if reason:
        return nothing(source.channels, grid, reason), shares
    sensor = SENSORS[source.name[:3]]
    cause = causes_of_loss(signal, sfreq, sensor)
    signal = np.where(cause == USABLE, signal, np.nan)
    if not (cause == USABLE).any():
        return nothing(source.channels, grid, _all_lost(raw, ch_name, cause, sensor)), shares | {
            CAUSES[number]: float((cause == number).mean()) for number in OFF
        }
    derived = _by_stretch(source, signal, sfreq, grid, cuts(raw))
    is_gap = _gaps(cause == MISSING, sfreq, grid)
    is_off = {
        number: _gaps(cause == number, sfreq, grid) & ~is_gap
        for number in OFF
        if (cause == number).any()
    }
    is_lost = np.logical_or.reduce([is_gap, *is_off.values()])
    curves = {name: np.where(is_lost, np.nan, curve) for name, curve in derived.curves.items()}
    is_off |= _unheard(np.isnan(next(iter(curves.values()))), is_lost, sensor, grid)
    shares |= {CAUSES[number]: float(is_in.mean()) for number, is_in in is_off.items()}
    is_artifact = np.logical_or.reduce([derived.is_artifact, *is_off.values()]) & ~is_gap
    return replace(derived, curves=curves, is_artifact=is_artifact), shares


def _unheard(
    is_nan: np.ndarray, is_lost: np.ndarray, sensor: Sensor, grid: Grid
) -> dict[int, np.ndarray]:
    """Where a sensor that was on shows no beats or breaths: for too short a time, or in noise."""
    found = {ISLAND: is_lost & False, NOISE: is_lost & False}
    for start, stop in zip(*runs(~is_lost), strict=True):
        is_short = stop - start < sensor.shortest_seconds * grid.sfreq
        if is_short and is_nan[start:stop].all():
            found[ISLAND][start:stop] = True
            continue
        for first, last in zip(*runs(is_nan[start:stop]), strict=True):
            if last - first > sensor.pause_seconds * grid.sfreq:
                found[NOISE][start + first : start + last] = True
    return {number: is_in for number, is_in in found.items() if is_in.any()}


def _all_lost(raw: mne.io.BaseRaw, ch_name: str, cause: np.ndarray, sensor: Sensor) -> str:
    """Why not a single sample can be used."""
    if np.isin(cause, (FLAT, NOISE)).any():
        return "flat, out of range or noise throughout: the sensor was off"
    values = raw.get_data(picks=[ch_name])[0]
    scale, unit = (1e6, "uS") if sensor.high < 1 else (1.0, "degC")
    return (
        f"all outside {scale * sensor.low:g}-{scale * sensor.high:g} {unit} (median "
        f"{np.nanmedian(values):g}): check the unit"
    )


def _by_stretch(
    source: ChannelSource, signal: np.ndarray, sfreq: float, grid: Grid, breaks: np.ndarray
) -> Curves:
    """Signals of each stretch between two cuts by itself, one after the other."""
    if not breaks.size:
        return source.derive(signal, sfreq, grid, source.channels)
    edges = [0, *breaks.tolist(), signal.size]
    parts = []
    for start, stop in zip(edges, edges[1:], strict=False):
        inside = (grid.times >= start / sfreq) & (grid.times < stop / sfreq)
        own = Grid(grid.times[inside] - start / sfreq, grid.sfreq)
        piece = signal[start:stop]
        reason = _unusable(piece[np.isfinite(piece)], sfreq)
        parts.append(
            nothing(source.channels, own, reason)
            if reason
            else source.derive(piece, sfreq, own, source.channels)
        )
    counts = {
        name: sum(found) if (found := [n for n in values if n is not None]) else None
        for name in ("n_found", "n_corrected")
        for values in [[getattr(part, name) for part in parts]]
    }
    return Curves(
        {name: np.concatenate([part.curves[name] for part in parts]) for name in source.channels},
        np.concatenate([part.is_artifact for part in parts]),
        **counts,
        reason="" if any(not part.reason for part in parts) else parts[0].reason,
    )


def _unusable(finite: np.ndarray, sfreq: float) -> str:
    """Why nothing can be derived from these samples, or an empty text."""
    if not finite.size:
        return "all samples missing"
    if finite.size < MIN_SECONDS * sfreq:
        return f"too short: {finite.size / sfreq:.2f} s of data, needs {MIN_SECONDS:g} s"
    if np.ptp(finite) <= 1e-12 * np.abs(finite).max():
        return f"flat at {finite[0]:g}"
    return ""


def _gaps(is_missing: np.ndarray, sfreq: float, grid: Grid) -> np.ndarray:
    """Whether any sample is missing within half an output sample of each output time."""
    n_missing = np.r_[0, np.cumsum(is_missing)]
    half = 0.5 / grid.sfreq
    first = np.ceil(np.round((grid.times - half) * sfreq, 6)).astype(int)
    last = np.floor(np.round((grid.times + half) * sfreq, 6)).astype(int)
    # A slow source may have no sample that near: then the two around it count.
    first, last = np.minimum(first, last), np.maximum(first, last)
    first, last = np.clip([first, last], 0, is_missing.size - 1)
    return n_missing[last + 1] > n_missing[first]


def _quality_rows(
    ch_name: str | None, derived: Curves, shares: dict[str, float]
) -> list[dict[str, object]]:
    """One row for each derived channel."""
    lost = {f"share_{name}": round(shares.get(name, 0.0), 6) for name in CAUSES[MISSING:]}
    return [
        {
            "channel": channel,
            "source": ch_name or "",
            **lost,
            "share_artifact": round(float(derived.is_artifact.mean()), 6),
            "share_usable": round(float(np.isfinite(curve).mean()), 6),
            "n_found": derived.n_found,
            "n_corrected": derived.n_corrected,
            "reason": derived.reason or _told(shares),
        }
        for channel, curve in derived.curves.items()
    ]


def _told(shares: dict[str, float]) -> str:
    """Losses worth telling, the largest first."""
    told = sorted((-share, name) for name, share in shares.items() if share >= MIN_TOLD_SHARE)
    return ", ".join(f"{name.replace('_', ' ')} {-share:.1%}" for share, name in told)


def _quality_table(rows: list[dict]) -> pd.DataFrame:
    """Rows of all derived channels as a table."""
    table = pd.DataFrame(rows, columns=list(QUALITY_COLUMNS)).set_index("channel")
    return table.astype({"n_found": "Int64", "n_corrected": "Int64"})


def _warn_of(rows: list[dict]) -> None:
    """One warning for all channels that need care."""
    faults = [f"{row['channel']}: {row['reason']}" for row in rows if row["share_usable"] == 0]
    faults += [
        f"{row['channel']}: artifacts in {row['share_artifact']:.0%} of the time, usable in "
        f"{row['share_usable']:.0%}" + (row["reason"] and f" ({row['reason']})")
        for row in rows
        if row["share_usable"] > 0
        and (row["share_artifact"] > MAX_ARTIFACT_SHARE or row["share_usable"] < MIN_USABLE_SHARE)
    ]
    if faults:
        warnings.warn("derive_physio: " + "; ".join(faults), RuntimeWarning, stacklevel=3)


def _as_raw(
    raw: mne.io.BaseRaw,
    curves: dict[str, np.ndarray],
    marks: list[tuple[float, float, tuple[str, ...]]],
    sfreq: float,
) -> mne.io.RawArray:
    """Recording of the derived channels with the annotations, without names or dates."""
    info = mne.create_info(list(curves), sfreq, "misc")
    derived = mne.io.RawArray(
        np.array(list(curves.values())),
        info,
        first_samp=round(raw.first_time * sfreq),
        verbose="error",
    )
    annotations = mne.Annotations(
        raw.annotations.onset - raw.first_time,
        raw.annotations.duration,
        raw.annotations.description,
    )
    if marks:
        onsets, durations, names = zip(*marks, strict=True)
        annotations += mne.Annotations(onsets, durations, ARTIFACT, ch_names=names)
    return derived.set_annotations(annotations, verbose="error")
