"""Missing samples (NaN) of an EEG recording: filled for the filters, marked for the events."""

from dataclasses import dataclass

import mne
import numpy as np

from mmme_neuro.errors import MissingInput
from mmme_neuro.signals.bridges import bridged

MISSING = "BAD missing"
"""Annotation of stretches without data; events whose window touches one get no epoch."""

COMMON_SHARE = 0.5
"""A stretch is the recording's if this share of EEG channels misses it, else the channel's."""

LARGEST_MISSING_SHARE = 0.5


@dataclass(frozen=True)
class Gaps:
    """Where samples were missing.

    Attributes
    ----------
    first, stop : array of int
        First sample of each stretch that the recording misses, and the one after its last.
    own : array of int, shape (n_channels,)
        Further missing samples of each EEG channel.
    any : bool
        Whether anything was missing.
    """

    first: np.ndarray
    stop: np.ndarray
    own: np.ndarray
    any: bool

    def reasons(self, ch_names: list[str], sfreq: float) -> dict[str, str]:
        """EEG channels with gaps of their own -> reason."""
        return {
            name: f"missing (NaN) for {n / sfreq:.3g} s"
            for name, n in zip(ch_names, self.own, strict=True)
            if n
        }


def fill_in_place(
    values: np.ndarray, is_eeg: np.ndarray, is_skipped: np.ndarray | None = None
) -> Gaps:
    """Replace non-finite samples by straight lines, one channel after the other.

    Parameters
    ----------
    values : array, shape (n_channels, n_times)
        Changed.
    is_eeg : array of bool, shape (n_channels,)
        Channels that say whether the recording misses a sample.
    is_skipped : array of bool, shape (n_times,) | None
        Samples that were not recorded and are annotated so already; filled, but not counted.

    Returns
    -------
    Gaps

    Raises
    ------
    MissingInput
        When more than half of the recording is missing.
    """
    if is_skipped is None or not is_skipped.any():
        is_skipped = np.zeros(values.shape[1], bool)
    else:
        values[:, is_skipped] = np.nan
    n_missing = np.array([np.count_nonzero(~np.isfinite(row)) for row in values])
    if not n_missing.any():
        none = np.empty(0, int)
        return Gaps(none, none, np.zeros(len(values), int), False)
    lacking = np.zeros(values.shape[1], np.int32)
    for row in values[is_eeg]:
        lacking += ~np.isfinite(row)
    is_common = lacking >= COMMON_SHARE * max(is_eeg.sum(), 1)
    share = float(is_common[~is_skipped].mean()) if not is_skipped.all() else 1.0
    if share > LARGEST_MISSING_SHARE:
        raise MissingInput(
            f"expected EEG samples, found NaN in {100 * share:.0f} % of the recording; "
            "export it again or leave it out."
        )
    own = np.zeros(len(values), int)
    for number, row in enumerate(values):
        if is_eeg[number]:
            own[number] = np.count_nonzero(~np.isfinite(row) & ~is_common)
        values[number] = bridged(row)
    return Gaps(*_stretches(is_common & ~is_skipped), own, True)


def copy_annotations(raw: mne.io.BaseRaw, out: mne.io.BaseRaw) -> None:
    """Give a recording the annotations of another that starts at the same time."""
    marks = raw.annotations.copy()
    if raw.info["meas_date"] is None:
        # Set without a date they count from the first sample, stored they do not.
        marks.onset -= raw.first_time
    out.set_annotations(marks)


def annotate(raw: mne.io.BaseRaw, gaps: Gaps, sfreq: float) -> None:
    """Mark the stretches that a recording misses; ``sfreq`` is that of ``gaps``."""
    if len(gaps.first):
        onset = raw.first_time + gaps.first / sfreq
        raw.annotations.append(onset, (gaps.stop - gaps.first) / sfreq, MISSING)


def _stretches(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First sample of each run of True, and the one after its last."""
    edges = np.diff(np.concatenate([[0], mask.astype(int), [0]]))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
