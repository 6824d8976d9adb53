"""Continuous signals of scalp regions: what deconvolution and reports need of the EEG."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import mne
import numpy as np
from scipy import signal

from mmme_neuro.errors import MissingInput
from mmme_neuro.responses.measures import BANDS
from mmme_neuro.responses.regions import ROIS, roi_channels
from mmme_neuro.responses.spectral.bandpower import KERNELS

REGION_SFREQ = 50.0
"""Enough for potentials below 20 Hz and for the envelopes of rhythms."""

RHYTHMS: Mapping[str, tuple[str, str]] = {
    "theta_fronto_central": ("theta", "fronto_central"),
    "alpha_occipital": ("alpha", "occipital"),
    "beta_sensorimotor": ("beta", "sensorimotor"),
}
"""Channel of the result -> band and region."""


def region_signals(
    raw: mne.io.BaseRaw,
    *,
    rois: Sequence[str] = tuple(ROIS),
    rhythms: Mapping[str, tuple[str, str]] = RHYTHMS,
    sfreq: float = REGION_SFREQ,
) -> mne.io.RawArray:
    """Mean potential of each region and power of rhythms in regions.

    Parameters
    ----------
    raw : mne.io.Raw
        Cleaned EEG in memory.
    rois : sequence of str
        Keys of `ROIS`; those without a channel in the recording are left out.
    rhythms : mapping of str to (band, roi)
        Power wanted.
    sfreq : float
        Rate of the result (Hz); potentials keep what lies below 0.4 of it.

    Returns
    -------
    mne.io.RawArray
        Channels of type ``misc``: potentials in V named as their region, power in V^2; annotations
        are the recording's.

    Notes
    -----
    Power is that of the analytic band-pass of `band_power` (``method="fir"``), averaged over the
    region's channels, so that windows of both are the same.
    """
    rate = raw.info["sfreq"]
    known = [roi for roi in rois if _channels(raw, roi)]
    names, rows = [], []
    for roi in known:
        names.append(roi)
        rows.append(raw.get_data(picks=_channels(raw, roi), verbose="error").mean(axis=0))
    for name, (band, roi) in rhythms.items():
        if channels := _channels(raw, roi):
            kernel = KERNELS["fir"](*BANDS[band], rate)
            names.append(name)
            rows.append(np.mean([_power(raw, channel, kernel) for channel in channels], axis=0))
    if not rows:
        raise MissingInput(
            f"no channel of {list(rois)} is in the recording ({raw.ch_names[:8]} ...)."
        )
    ratio = Fraction(sfreq / rate).limit_denominator(1000)
    n_kept = raw.n_times // ratio.denominator * ratio.denominator
    data = mne.filter.resample(
        np.array(rows)[:, :n_kept],
        up=ratio.numerator,
        down=ratio.denominator,
        method="polyphase",
        verbose="error",
    )
    out = mne.io.RawArray(
        data,
        mne.create_info(names, sfreq, "misc"),
        first_samp=round(raw.first_time * sfreq),
        verbose="error",
    )
    marks = mne.Annotations(
        raw.annotations.onset - raw.first_time,
        raw.annotations.duration,
        raw.annotations.description,
    )
    return out.set_annotations(marks, verbose="error")


def _channels(raw: mne.io.BaseRaw, roi: str) -> list[str]:
    """Channels of a region that the recording has."""
    try:
        return roi_channels(raw.info, roi)
    except MissingInput:
        return []


def _power(raw: mne.io.BaseRaw, channel: str, kernel: np.ndarray) -> np.ndarray:
    """Mean-square power of a channel in the kernel's band, V^2."""
    values = raw.get_data(picks=[channel], verbose="error")[0]
    half = len(kernel) // 2
    padded = np.pad(values - values.mean(), half, mode="reflect", reflect_type="odd")
    return 2 * np.abs(signal.oaconvolve(padded, kernel, mode="valid")) ** 2
