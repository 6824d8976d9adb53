"""Mean time courses of event-locked signals, by condition and by participant."""

from collections.abc import Sequence

import mne
import numpy as np
import pandas as pd
import xarray as xr

from mmme_neuro.responses.design_cells import cell_labels, cell_rows
from mmme_neuro.responses.grandaverage import within_interval
from mmme_neuro.responses.measures import BODY_BASELINE, window_mask
from mmme_neuro.responses.potentials import UV_PER_V
from mmme_neuro.responses.regions import roi_channels

HIGHEST_RATE_HZ = 65.0


def participant_curves(
    epochs: mne.BaseEpochs,
    rois: Sequence[str],
    *,
    condition: str,
    levels: Sequence[str] | None = None,
) -> xr.Dataset:
    """Average the epochs of every participant and condition over regions.

    Parameters
    ----------
    epochs : mne.Epochs, shape (n_epochs, n_channels, n_times)
        With metadata ``participant`` and the condition; low-passed below 30 Hz, as curves are
        thinned to at most 65 samples per second; baseline as wanted.
    rois : sequence of str
        Keys of `ROIS`.
    condition : str
        Column of the conditions.
    levels : sequence of str | None
        Conditions in the order wanted; None for all, sorted.

    Returns
    -------
    Dataset
        ``mean, std_error`` in uV on (participant, roi, condition, time); the error is that over
        epochs, SD / sqrt(n), NaN for one epoch. ``n_epochs`` on (participant, condition); cells
        without an epoch are NaN and 0.

    Examples
    --------
    >>> import pandas as pd
    >>> info = mne.create_info(["C3", "CZ", "C4"], 50.0, "eeg")
    >>> events = pd.DataFrame({"participant": ["a", "a"], "kind": ["posed", "spontaneous"]})
    >>> data = np.full((2, 3, 50), 2e-6)
    >>> epochs = mne.EpochsArray(data, info, metadata=events, verbose="error")
    >>> curves = participant_curves(epochs, ["sensorimotor"], condition="kind")
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
    rows_of = cell_rows(epochs, ["participant", condition])
    cells = {tuple(map(str, cell_labels(key))): rows for key, rows in rows_of.items()}
    people, kinds = (sorted({key[place] for key in cells}) for place in (0, 1))
    if levels is not None:
        kinds = list(levels)
        cells = {key: rows for key, rows in cells.items() if key[1] in kinds}
    shape = (len(people), len(rois), len(kinds), regions.shape[-1])
    mean, error = np.full(shape, np.nan), np.full(shape, np.nan)
    n_epochs = np.zeros((len(people), len(kinds)), dtype=int)
    for (who, kind), rows in cells.items():
        place, column = people.index(who), kinds.index(kind)
        own = regions[rows] * UV_PER_V
        mean[place, :, column] = own.mean(axis=0)
        n_epochs[place, column] = len(rows)
        if len(rows) > 1:
            error[place, :, column] = own.std(axis=0, ddof=1) / np.sqrt(len(rows))
    dims = ("participant", "roi", "condition", "time")
    return xr.Dataset(
        {
            "mean": (dims, mean.astype(np.float32)),
            "std_error": (dims, error.astype(np.float32)),
            "n_epochs": (("participant", "condition"), n_epochs),
        },
        coords={
            "participant": people,
            "roi": list(rois),
            "condition": kinds,
            "time": epochs.times[::step],
        },
        attrs={"units": "uV"},
    )


CURVE_COLUMNS = ("channel", "participant", "condition", "time", "value", "n_events")


def response_curves(
    epochs: mne.BaseEpochs,
    *,
    condition: str,
    participant: str = "participant",
    baseline: tuple[float, float] | None = BODY_BASELINE,
) -> pd.DataFrame:
    """Average epochs by participant and condition.

    Parameters
    ----------
    epochs : mne.Epochs, shape (n_epochs, n_channels, n_times)
        Epochs whose metadata name participant and condition.
    condition, participant : str
        Columns of the metadata.
    baseline : tuple of float or None
        Span whose mean is taken from every epoch, s; None leaves the level.

    Returns
    -------
    pandas.DataFrame
        One row per channel, participant, condition and time (s): ``value`` in the unit of the
        channel, averaged over the ``n_events`` epochs that have a sample there.

    Examples
    --------
    >>> info = mne.create_info(["skt"], 10.0, "misc")
    >>> events = pd.DataFrame({"participant": ["01", "01"], "kind": ["posed", "spontaneous"]})
    >>> epochs = mne.EpochsArray(
    ...     np.full((2, 1, 40), 32.0), info, tmin=-2.0, metadata=events, verbose="error"
    ... )
    >>> response_curves(epochs, condition="kind")["value"].unique()
    array([0.])
    """
    if epochs.metadata is None or not {participant, condition} <= set(epochs.metadata):
        raise ValueError(
            f"epochs: expected metadata with columns {participant!r} and {condition!r}, found "
            f"{None if epochs.metadata is None else list(epochs.metadata)}; attach the events "
            "table as epochs.metadata"
        )
    data = epochs.get_data(copy=True)
    if baseline is not None:
        is_before = window_mask(epochs.times, baseline)
        if not is_before.any():
            raise ValueError(f"baseline: expected a span inside the epochs, got {baseline}")
        data -= data[:, :, is_before].mean(axis=2, keepdims=True)
    groups = epochs.metadata.groupby([participant, condition], sort=True, observed=True).indices
    return pd.concat(
        [
            _curve(data[rows][:, i], epochs.times, channel, who, what)
            for (who, what), rows in groups.items()
            for i, channel in enumerate(epochs.ch_names)
        ],
        ignore_index=True,
    )


def within_participant_band(curves: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Give the mean curve of each condition with a within-participant confidence band.

    Parameters
    ----------
    curves : pandas.DataFrame
        As :func:`response_curves` gives it.
    confidence : float
        Coverage of the band at each time, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        Columns ``channel, condition, time, mean, ci_low, ci_high, n_participants, n_incomplete``.
        At each time only participants with all conditions count, the others are counted in
        ``n_incomplete``; with fewer than two there is no band.

    Notes
    -----
    Cousineau (2005): each participant's mean over conditions is replaced by the grand mean.
    Morey (2008): the variance is then multiplied by k / (k - 1) for k conditions. The band is
    for comparing conditions, not for comparing one of them with zero.

    Examples
    --------
    >>> curves = pd.DataFrame({"channel": "eda", "participant": ["1", "1", "2", "2"],
    ...     "condition": ["posed", "spontaneous"] * 2, "time": 0.0, "value": [1.0, 2.0, 5.0, 6.0]})
    >>> band = within_participant_band(curves)
    >>> (band["ci_high"] - band["ci_low"]).tolist()
    [0.0, 0.0]
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: expected a value between 0 and 1, got {confidence}")
    bands = [
        _band(part, str(channel), confidence)
        for channel, part in curves.groupby("channel", sort=False, observed=True)
    ]
    return pd.concat(bands, ignore_index=True)


def _curve(
    data: np.ndarray, times: np.ndarray, channel: str, participant: str, condition: str
) -> pd.DataFrame:
    """Mean over the epochs that have a sample, as a table."""
    n_events = np.isfinite(data).sum(axis=0)
    total = np.where(np.isfinite(data), data, 0.0).sum(axis=0)
    value = np.divide(total, n_events, out=np.full(times.size, np.nan), where=n_events > 0)
    columns = (channel, participant, condition, times, value, n_events)
    return pd.DataFrame(dict(zip(CURVE_COLUMNS, columns, strict=True)))


def _band(curves: pd.DataFrame, channel: str, confidence: float) -> pd.DataFrame:
    """Mean and band of one channel."""
    cells = curves.set_index(["time", "condition", "participant"])["value"]
    if cells.index.has_duplicates:
        raise ValueError(
            f"curves: expected one row per time, condition and participant of {channel!r}, found "
            "several; average them first, as response_curves does"
        )
    names = ["time", "condition", "participant"]
    times, conditions, participants = (np.sort(curves[name].unique()) for name in names)
    full = pd.MultiIndex.from_product([times, conditions, participants], names=names)
    shape = (len(times), len(conditions), len(participants))
    values = cells.reindex(full).to_numpy(dtype=float).reshape(shape)
    is_complete = np.isfinite(values).all(axis=1)
    is_incomplete = np.isfinite(values).any(axis=1) & ~is_complete
    mean, half = within_interval(values.transpose(2, 1, 0), confidence=confidence)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "channel": channel,
                    "condition": condition,
                    "time": times,
                    "mean": mean[i],
                    "ci_low": mean[i] - half[i],
                    "ci_high": mean[i] + half[i],
                    "n_participants": is_complete.sum(axis=1),
                    "n_incomplete": is_incomplete.sum(axis=1),
                }
            )
            for i, condition in enumerate(conditions)
        ],
        ignore_index=True,
    )
