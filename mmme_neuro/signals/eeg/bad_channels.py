"""EEG channels that do not record the brain: flat, loud, alone, or not predictable."""

import warnings

import mne
import numpy as np
from scipy import stats

from mmme_neuro.errors import MissingInput
from mmme_neuro.extras import optional
from mmme_neuro.signals.eeg.resample import spread_segments

LOUD_Z = 5.0
LOWEST_CORRELATION = 0.3
RANSAC_CHANNELS = 16
"""Fewer channels cannot predict one another."""

RANSAC_S = 300.0
"""RANSAC looks at this much of the recording, evenly spread."""

RANSAC_SFREQ = 100.0
SMALLEST_EEG_V, LARGEST_EEG_V = 1e-7, 5e-3
"""No EEG of a head has a spread (V) outside; what has is in another unit."""

RANSAC_CORRELATION = 0.75
RANSAC_SHARE = 0.4


def bad_channels(
    raw: mne.io.BaseRaw, *, left_out: set[str], ransac: bool, rng: int | None
) -> dict[str, str]:
    """Name faulty EEG channels and why, apart from those already left out.

    Parameters
    ----------
    raw : mne.io.Raw
        Finite EEG with drifts and mains.
    left_out : set of str
        Channels known to be bad.
    ransac : bool
        Whether channels that the others do not predict are looked for.
    rng : int | None
        Seed of RANSAC; None where it is not used.

    Returns
    -------
    dict of str to str
        Channel -> reason.

    Raises
    ------
    MissingInput
        When fewer than three channels are complete or usable.

    Notes
    -----
    Criteria of PREP (Bigdely-Shamlo et al. 2015): flat; robust z of log amplitude above 5; largest
    correlation with any other channel below 0.3; and, through `pyprep`, correlation below .75 with
    what random subsets of the other channels predict, in more than 40 % of 5 s windows (channels
    without a position have no part in it).
    """
    eeg = raw.copy().pick("eeg", exclude=())
    complete = [name for name in eeg.ch_names if name not in left_out]
    if len(complete) < 3:
        raise MissingInput(
            f"raw must have at least 3 EEG channels with complete data, got {complete} of "
            f"{len(eeg.ch_names)}; look at the recording."
        )
    eeg.pick(complete).filter(1.0, None, picks="all", verbose="error")
    reasons = _by_amplitude(eeg)
    for name, reason in _by_correlation(eeg).items():
        reasons.setdefault(name, reason)
    good = [name for name in complete if name not in reasons]
    if len(good) < 3:
        examples = dict(list(reasons.items())[:3])
        raise MissingInput(
            f"expected at least 3 usable EEG channels, found {len(good)} of {len(complete)} (such "
            f"as {examples}); look at the recording."
        )
    placed = [name for name in good if name not in unplaced_channels(eeg.info)]
    if ransac and len(placed) >= RANSAC_CHANNELS:
        reasons |= _by_ransac(eeg.pick(placed), rng)
    return reasons


def unplaced_channels(info: mne.Info) -> list[str]:
    """Names of the EEG channels without a position (unset is NaN or zero), bad ones too.

    Examples
    --------
    >>> import mne
    >>> unplaced_channels(mne.create_info(["FZ", "HEO"], 100.0, ["eeg", "eog"]))
    ['FZ']
    """
    locations = {channel["ch_name"]: channel["loc"][:3] for channel in info["chs"]}
    return [
        name
        for name, kind in zip(info["ch_names"], info.get_channel_types(), strict=True)
        if kind == "eeg" and not (np.isfinite(locations[name]).all() and locations[name].any())
    ]


def _by_amplitude(eeg: mne.io.BaseRaw) -> dict[str, str]:
    """Flat and loud channels."""
    spread = np.array([np.percentile(np.abs(row), 68) for row in eeg.get_data(verbose="error")])
    median = np.median(spread)
    if not SMALLEST_EEG_V <= median <= LARGEST_EEG_V and median > 0:
        warnings.warn(
            f"expected EEG in volt with a spread of 0.1 uV to 5 mV, found {median:.3g} V (median "
            f"of {len(spread)} channels): the unit is probably another. read_eeg(path, units='uV') "
            "says which; raw.apply_function scales samples that are read already.",
            stacklevel=4,
        )
    reasons = {
        name: "flat" for name, own in zip(eeg.ch_names, spread, strict=True) if own <= 0.02 * median
    }
    logs = np.log(np.maximum(spread, 1e-12))
    deviation = stats.median_abs_deviation(logs, scale="normal")
    z = (logs - np.median(logs)) / max(deviation, 0.05)
    for name, own in zip(eeg.ch_names, z, strict=True):
        if own > LOUD_Z:
            reasons.setdefault(name, f"amplitude {own:.1f} robust SD above the others")
    return reasons


def _by_correlation(eeg: mne.io.BaseRaw) -> dict[str, str]:
    """Channels that resemble no other below 30 Hz."""
    slow = eeg.copy().filter(None, 30.0, picks="all", verbose="error").get_data(verbose="error")
    with np.errstate(invalid="ignore"):
        correlation = np.abs(np.corrcoef(slow)) - np.eye(len(slow))
    reasons = {}
    for name, row in zip(eeg.ch_names, correlation, strict=True):
        largest = np.max(row, initial=0.0, where=np.isfinite(row))
        if largest < LOWEST_CORRELATION:
            reasons[name] = f"correlates at most {largest:.2f} with any other"
    return reasons


def _by_ransac(eeg: mne.io.BaseRaw, rng: int | None) -> dict[str, str]:
    """Channels that the others, interpolated to their place, do not predict."""
    # Takes a second to import, and most of the package needs none of it.
    pyprep = optional("pyprep.find_noisy_channels")

    part = spread_segments(eeg, seconds=RANSAC_S)
    part.filter(None, 0.4 * RANSAC_SFREQ, picks="all", verbose="error")
    part.resample(min(RANSAC_SFREQ, part.info["sfreq"]), method="polyphase", verbose="error")
    with mne.use_log_level("error"):
        search = pyprep.NoisyChannels(part, do_detrend=False, random_state=rng)
        search.find_bad_by_ransac(
            channel_wise=True, corr_thresh=RANSAC_CORRELATION, frac_bad=RANSAC_SHARE
        )
    # pyprep gives some names as NumPy strings.
    names = sorted(str(name) for name in search.bad_by_ransac)
    return {name: "not predicted by the other channels (RANSAC)" for name in names}
