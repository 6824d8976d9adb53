"""Spectrum of a recording before and after cleaning."""

import mne
import numpy as np
import pandas as pd

PIECE_S = 4.0
N_PIECES = 40
HIGHEST_HZ = 100.0
COLUMNS = ("frequency", "before_db", "after_db")


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
        Result of `clean_eeg`, same time axis.
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
        return pd.DataFrame(columns=COLUMNS)
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


def _density_db(
    inst: mne.io.BaseRaw, names: list[str], starts: np.ndarray, piece_s: float, top: float
) -> np.ndarray:
    """Median density at every multiple of one over the piece's length, without 0 Hz."""
    sfreq = inst.info["sfreq"]
    length = int(round(piece_s * sfreq))
    taper = np.hanning(length)
    powers = []
    for start in starts:
        first = min(int(round(start * sfreq)), inst.n_times - length)
        data = 1e6 * inst.get_data(names, first, first + length, verbose="error")
        data = data - np.median(data, axis=0)
        data = data - data.mean(axis=1, keepdims=True)
        powers.append(np.abs(np.fft.rfft(data * taper, axis=1)) ** 2)
    density = 2 * np.nanmedian(np.array(powers), axis=(0, 1)) / (sfreq * np.sum(taper**2))
    n = int(np.floor(top * piece_s)) + 1
    with np.errstate(divide="ignore"):
        return 10 * np.log10(density[1:n])
