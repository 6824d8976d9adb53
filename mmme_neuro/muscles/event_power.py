"""Muscle power of every event and spectra before and after cleaning."""

from collections.abc import Collection, Sequence

import mne
import numpy as np
import pandas as pd

from mmme_neuro.errors import MissingInput
from mmme_neuro.responses.regions import ROIS, roi_channels
from mmme_neuro.signals.eeg.clean import Cleaning
from mmme_neuro.signals.eeg.ica import muscle_band

PIECE_S = 4.0
N_PIECES = 40
HIGHEST_HZ = 100.0
SPECTRUM_COLUMNS = ("frequency", "before_db", "after_db")


def spectra_around_cleaning(
    raw: mne.io.BaseRaw,
    cleaned: mne.io.BaseRaw,
    *,
    n_pieces: int = N_PIECES,
    piece_s: float = PIECE_S,
    highest_hz: float = HIGHEST_HZ,
) -> pd.DataFrame:
    """Average spectra of pieces spread over a recording and its cleaned copy.

    Parameters
    ----------
    raw : mne.io.Raw
        As recorded; only the pieces are read.
    cleaned : mne.io.Raw
        Of `Cleaned`, same time axis.
    n_pieces : int
        Pieces, evenly spread.
    piece_s : float
        Length of each (s); the resolution is one over it.
    highest_hz : float
        Last frequency wanted; never above half the lower rate.

    Returns
    -------
    DataFrame
        ``frequency`` (Hz), ``before_db, after_db``: 10 log10 of the median over channels and pieces
        of the power density (uV^2/Hz) of the EEG under the average reference. Empty where the
        recording is shorter than one piece.
    """
    duration = min(raw.n_times / raw.info["sfreq"], cleaned.n_times / cleaned.info["sfreq"])
    if duration < piece_s:
        return pd.DataFrame(columns=SPECTRUM_COLUMNS)
    starts = np.linspace(0, duration - piece_s, n_pieces)
    known = [
        name
        for name, kind in zip(raw.ch_names, raw.get_channel_types(), strict=True)
        if kind == "eeg" and name in cleaned.ch_names
    ]
    top = min(highest_hz, raw.info["sfreq"] / 2, cleaned.info["sfreq"] / 2)
    found = {
        name: _density_db(inst, known, starts, piece_s, top)
        for name, inst in (("before_db", raw), ("after_db", cleaned))
    }
    frequency = np.arange(1, found["before_db"].size + 1) / piece_s
    return pd.DataFrame({"frequency": frequency, **found}).round(4)


def _density(data: np.ndarray, sfreq: float) -> tuple[np.ndarray, np.ndarray]:
    """Power spectral density of whole rows under a Hann taper, and its frequencies.

    A row with a missing sample is NaN.
    """
    length = data.shape[1]
    frequencies = np.fft.rfftfreq(length, 1 / sfreq)
    density = np.full((len(data), frequencies.size), np.nan)
    is_complete = np.isfinite(data).all(axis=1)
    if is_complete.any():
        density[is_complete], frequencies = mne.time_frequency.psd_array_welch(
            data[is_complete],
            sfreq,
            fmax=sfreq / 2,
            n_fft=length,
            n_per_seg=length,
            window=np.hanning(length),
            verbose="error",
        )
    return density, frequencies


def _density_db(
    inst: mne.io.BaseRaw, names: list[str], starts: np.ndarray, piece_s: float, top: float
) -> np.ndarray:
    """Median density at every multiple of one over the piece's length, without 0 Hz."""
    sfreq = inst.info["sfreq"]
    length = int(round(piece_s * sfreq))
    n = int(np.floor(top * piece_s)) + 1
    densities = []
    for start in starts:
        first = min(int(round(start * sfreq)), inst.n_times - length)
        data = 1e6 * inst.get_data(names, first, first + length, verbose="error")
        is_complete = np.isfinite(data).all(axis=1)
        data = data - (np.median(data[is_complete], axis=0) if is_complete.any() else np.nan)
        densities.append(_density(data, sfreq)[0])
    density = np.nanmedian(np.array(densities), axis=(0, 1))
    with np.errstate(divide="ignore"):
        return 10 * np.log10(density[1:n])


WINDOW_S = (0.0, 0.5)
MARGIN_S = 0.25
"""Taken on each side so that the taper spares the window."""

FACE = "face"
"""Stands for facial EMG channels where a region would stand."""

COLUMNS = ("roi", "before_db", "after_db", "removed_share")


def event_muscle_power(
    raw: mne.io.BaseRaw,
    cleaned: mne.io.BaseRaw,
    onsets: pd.Series | Sequence[float] | np.ndarray,
    *,
    window: tuple[float, float] = WINDOW_S,
    line_hz: float | None = Cleaning.line_hz,
    interpolated: Collection[str] = (),
    rois: Sequence[str] = tuple(ROIS),
) -> pd.DataFrame:
    """Measure power in the muscle band around every event, as recorded and as cleaned.

    Parameters
    ----------
    raw : mne.io.Raw
        As recorded; only the samples around events are read.
    cleaned : mne.io.Raw
        Of `Cleaned`, same time axis.
    onsets : Series or array, shape (n_events,)
        Seconds after the first sample; the index of a Series are the events' ids.
    window : tuple of float
        Around the onset (s).
    line_hz : float | None
        Mains frequency (`Cleaning.line_hz`), taken out of each stretch of ``raw`` by regression:
        the muscle band lies next to it.
    interpolated : collection of str
        Channels that cleaning replaced (`Cleaned.bad_channels`): what they recorded says nothing
        about muscles.
    rois : sequence of str
        Keys of `ROIS`; those without a channel are left out.

    Returns
    -------
    DataFrame
        ``event`` (index of ``onsets``, of an array the position), ``roi`` and, averaged over the
        region's channels that were not interpolated:
        ``before_db, after_db`` (10 log10 of uV^2) and ``removed_share`` (of the variance in the
        window, mains and linear trend apart; negative where cleaning added some). The row
        ``"face"`` is that of EMG channels, which are not cleaned. NaN where the recording ends.

    Notes
    -----
    The band is 51-69 Hz, in which the EEG of the scalp is mostly muscle (Gasser et al. 2005), and
    61-79 Hz where the mains has 60 Hz (`muscle_band`).
    """
    band = muscle_band(line_hz)
    groups = {
        roi: [name for name in _channels(raw, cleaned, roi) if name not in interpolated]
        for roi in rois
    }
    groups = {roi: names for roi, names in groups.items() if names}
    faces = [
        name
        for name, kind in zip(raw.ch_names, raw.get_channel_types(), strict=True)
        if kind == "emg"
    ]
    records = []
    for event, onset in pd.Series(onsets, dtype=float).items():
        before = _stretch(raw, onset, window, line_hz)
        after = _stretch(cleaned, onset, window, None)
        for roi, names in groups.items():
            records.append((event, roi, *_compared(before, after, names, band)))
        if faces:
            level = np.nan if before is None else _power_db(before, faces, band)
            records.append((event, FACE, level, np.nan, np.nan))
    return pd.DataFrame(records, columns=["event", *COLUMNS])


class _Stretch:
    """Samples of all channels around one event, detrended, uV."""

    def __init__(self, data: np.ndarray, ch_names: list[str], sfreq: float, inner: slice) -> None:
        self.rows = {name: row for name, row in zip(ch_names, data, strict=True)}
        self.sfreq = sfreq
        self.inner = inner


def _stretch(
    raw: mne.io.BaseRaw, onset: float, window: tuple[float, float], line_hz: float | None
) -> _Stretch | None:
    """Samples around an event, average reference; None where the recording does not reach."""
    sfreq = raw.info["sfreq"]
    if not np.isfinite(onset):
        return None
    start = int(round((onset + window[0] - MARGIN_S) * sfreq))
    stop = int(round((onset + window[1] + MARGIN_S) * sfreq)) + 1
    if start < 0 or stop > raw.n_times:
        return None
    kinds = np.array(raw.get_channel_types())
    wanted = np.isin(kinds, ["eeg", "emg"])
    names = [name for name, is_in in zip(raw.ch_names, wanted, strict=True) if is_in]
    data = 1e6 * raw.get_data(names, start, stop, verbose="error")
    times = np.arange(stop - start) / sfreq
    basis = [np.ones_like(times), times]
    if line_hz:
        basis += [f(2 * np.pi * line_hz * times) for f in (np.cos, np.sin)]
    design = np.stack(basis)
    is_complete = np.isfinite(data).all(axis=1)
    data[~is_complete] = np.nan
    known = data[is_complete]
    data[is_complete] = known - np.linalg.lstsq(design.T, known.T, rcond=None)[0].T @ design
    is_eeg = kinds[wanted] == "eeg"
    good = is_eeg & is_complete & ~np.isin(names, raw.info["bads"])
    # A median reference: one broken channel does not get into all.
    data[is_eeg] -= np.median(data[good], axis=0) if good.any() else np.nan
    edge = int(round(MARGIN_S * sfreq))
    return _Stretch(data, names, sfreq, slice(edge, len(times) - edge))


def _compared(
    before: _Stretch | None,
    after: _Stretch | None,
    names: list[str],
    band: tuple[float, float],
) -> tuple[float, float, float]:
    """Muscle power before and after, and the share of variance removed."""
    if before is None or after is None:
        return np.nan, np.nan, np.nan
    spread = [
        np.mean([one.rows[name][one.inner].var() for name in names]) for one in (before, after)
    ]
    share = 1 - spread[1] / spread[0] if spread[0] > 0 else np.nan
    return _power_db(before, names, band), _power_db(after, names, band), float(share)


def _power_db(stretch: _Stretch, names: list[str], band: tuple[float, float]) -> float:
    """Mean power of channels in the muscle band, dB re 1 uV^2; NaN where the rate is too low."""
    if band[1] >= stretch.sfreq / 2:
        return np.nan
    data = np.stack([stretch.rows[name] for name in names])
    density, frequencies = _density(data, stretch.sfreq)
    inside = (frequencies >= band[0]) & (frequencies <= band[1])
    mean = float(density[:, inside].sum(axis=1).mean() * stretch.sfreq / data.shape[1])
    return 10 * np.log10(mean) if mean > 0 else np.nan


def _channels(raw: mne.io.BaseRaw, cleaned: mne.io.BaseRaw, roi: str) -> list[str]:
    """Channels of a region that both recordings have."""
    try:
        return [name for name in roi_channels(cleaned.info, roi) if name in raw.ch_names]
    except MissingInput:
        return []
