"""Missing samples (NaN) of an EEG recording: filled for the filters, marked for the events."""

import mne
import numpy as np

MISSING = "BAD missing"
"""Annotation of stretches without data; events whose window touches one get no epoch."""

COMMON_SHARE = 0.5
"""A stretch is the recording's if this share of EEG channels misses it, else the channel's."""

LARGEST_MISSING_SHARE = 0.5


def fill_gaps(raw: mne.io.BaseRaw) -> tuple[mne.io.BaseRaw, dict[str, str]]:
    """Fill non-finite samples with straight lines and say where they were.

    Parameters
    ----------
    raw : mne.io.Raw
        Recording in memory; not changed.

    Returns
    -------
    raw : mne.io.Raw
        Finite everywhere, with an annotation ``BAD missing`` over each stretch that at least half
        of the EEG channels lack.
    channels : dict of str to str
        EEG channels with further gaps of their own, which make them bad -> reason.

    Raises
    ------
    ValueError
        When more than half of the recording is missing.

    Examples
    --------
    >>> data = np.ones((3, 100))
    >>> data[:, 40:50] = np.nan
    >>> raw = mne.io.RawArray(data, mne.create_info(3, 100.0, "eeg"), verbose="error")
    >>> filled, channels = fill_gaps(raw)
    >>> filled.annotations.onset, filled.annotations.duration, channels
    (array([0.4]), array([0.1]), {})
    """
    values = raw.get_data(verbose="error")
    is_missing = ~np.isfinite(values)
    if not is_missing.any():
        return raw, {}
    is_eeg = np.array(raw.get_channel_types()) == "eeg"
    is_common = is_missing[is_eeg].mean(axis=0) >= COMMON_SHARE
    if is_common.mean() > LARGEST_MISSING_SHARE:
        raise ValueError(
            f"expected EEG samples, found NaN in {100 * is_common.mean():.0f} % of the recording; "
            "export it again or leave it out."
        )
    own = (is_missing & ~is_common).sum(axis=1) / raw.info["sfreq"]
    channels = {
        name: f"missing (NaN) for {seconds:.3g} s"
        for name, seconds, eeg in zip(raw.ch_names, own, is_eeg, strict=True)
        if eeg and seconds > 0
    }
    filled = mne.io.RawArray(
        np.stack([_filled(row) for row in values]), raw.info, raw.first_samp, verbose="error"
    )
    filled.set_annotations(raw.annotations)
    first, stop = _stretches(is_common)
    onset = filled.first_time + first / raw.info["sfreq"]
    filled.annotations.append(onset, (stop - first) / raw.info["sfreq"], MISSING)
    return filled, channels


def _filled(row: np.ndarray) -> np.ndarray:
    """Straight lines over what is not finite; zero where nothing is."""
    is_finite = np.isfinite(row)
    if is_finite.all() or not is_finite.any():
        return np.where(is_finite, row, 0.0)
    times = np.arange(row.size)
    return np.interp(times, times[is_finite], row[is_finite])


def _stretches(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First sample of each run of True, and the one after its last."""
    edges = np.diff(np.concatenate([[0], mask.astype(int), [0]]))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
