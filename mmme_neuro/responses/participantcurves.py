"""Mean potentials of regions with their standard error, one curve a participant and expression."""

from collections.abc import Sequence

import mne
import numpy as np
import xarray as xr

from mmme_neuro.responses.cells import cell_labels, cell_rows
from mmme_neuro.responses.evoked import MICROVOLT
from mmme_neuro.responses.regions import roi_channels

HIGHEST_RATE_HZ = 65.0


def participant_curves(epochs: mne.BaseEpochs, rois: Sequence[str]) -> xr.Dataset:
    """Average the epochs of every participant and expression over regions.

    Parameters
    ----------
    epochs : mne.Epochs, shape (n_epochs, n_channels, n_times)
        With metadata ``participant, expression``; low-passed below 30 Hz, as curves are thinned to
        at most 65 samples a second; baseline as wanted.
    rois : sequence of str
        Keys of `ROIS`.

    Returns
    -------
    Dataset
        ``mean, std_error`` in uV on (participant, roi, expression, time); the error is that over
        epochs, SD / sqrt(n), NaN for one epoch. ``n_epochs`` on (participant, expression); cells
        without an epoch are NaN and 0.

    Examples
    --------
    >>> import pandas as pd
    >>> info = mne.create_info(["C3", "CZ", "C4"], 50.0, "eeg")
    >>> events = pd.DataFrame({"participant": ["a", "a"], "expression": ["macro", "micro"]})
    >>> data = np.full((2, 3, 50), 2e-6)
    >>> epochs = mne.EpochsArray(data, info, metadata=events, verbose="error")
    >>> curves = participant_curves(epochs, ["sensorimotor"])
    >>> curves["mean"].shape, float(curves["mean"].max().round(6))
    ((1, 1, 2, 50), 2.0)
    """
    step = max(1, int(np.ceil(epochs.info["sfreq"] / HIGHEST_RATE_HZ)))
    regions = np.stack(
        [
            epochs.get_data(picks=roi_channels(epochs.info, roi), verbose="error").mean(axis=1)
            for roi in rois
        ],
        axis=1,
    )[..., ::step]
    rows_of = cell_rows(epochs, ["participant", "expression"])
    cells = {tuple(map(str, cell_labels(key))): rows for key, rows in rows_of.items()}
    people, kinds = (sorted({key[place] for key in cells}) for place in (0, 1))
    shape = (len(people), len(rois), len(kinds), regions.shape[-1])
    mean, error = np.full(shape, np.nan), np.full(shape, np.nan)
    n_epochs = np.zeros((len(people), len(kinds)), dtype=int)
    for (who, kind), rows in cells.items():
        place, column = people.index(who), kinds.index(kind)
        own = regions[rows] * MICROVOLT
        mean[place, :, column] = own.mean(axis=0)
        n_epochs[place, column] = len(rows)
        if len(rows) > 1:
            error[place, :, column] = own.std(axis=0, ddof=1) / np.sqrt(len(rows))
    dims = ("participant", "roi", "expression", "time")
    return xr.Dataset(
        {
            "mean": (dims, mean.astype(np.float32)),
            "std_error": (dims, error.astype(np.float32)),
            "n_epochs": (("participant", "expression"), n_epochs),
        },
        coords={
            "participant": people,
            "roi": list(rois),
            "expression": kinds,
            "time": epochs.times[::step],
        },
        attrs={"units": "uV"},
    )
