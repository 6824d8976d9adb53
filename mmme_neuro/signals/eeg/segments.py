"""A shorter recording made of pieces that are evenly spread over a long one."""

import mne
import numpy as np

PIECE_S = 10.0


def spread_segments(raw: mne.io.BaseRaw, *, seconds: float) -> mne.io.RawArray:
    """Join pieces of 10 s from all over a recording.

    Parameters
    ----------
    raw : mne.io.Raw
        In memory; not changed.
    seconds : float
        Length of the result; a recording that is not longer is copied whole.

    Returns
    -------
    mne.io.RawArray
        Without annotations.

    Examples
    --------
    >>> raw = mne.io.RawArray(np.zeros((1, 10000)), mne.create_info(1, 100.0), verbose="error")
    >>> spread_segments(raw, seconds=30).times[-1]
    29.99
    """
    sfreq = raw.info["sfreq"]
    if raw.n_times <= seconds * sfreq:
        return mne.io.RawArray(raw.get_data(verbose="error"), raw.info.copy(), verbose="error")
    n_pieces = max(int(round(seconds / PIECE_S)), 1)
    length = int(PIECE_S * sfreq)
    starts = np.linspace(0, raw.n_times - length, n_pieces).astype(int)
    pieces = [raw.get_data(start=start, stop=start + length, verbose="error") for start in starts]
    return mne.io.RawArray(np.concatenate(pieces, axis=1), raw.info.copy(), verbose="error")
