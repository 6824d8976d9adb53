"""Evoked responses: averages by cell, window amplitudes, and their measurement error."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import mne
import pandas as pd

from mmme_neuro.events.ids import event_index
from mmme_neuro.responses.design_cells import cell_labels, cell_name, cell_rows, count_cells
from mmme_neuro.responses.measures import (
    ERP_BASELINE,
    Measure,
    check_measures,
    epoch_mask,
    window_mask,
)
from mmme_neuro.responses.regions import roi_channels

UV_PER_V = 1e6


@dataclass(frozen=True)
class Evokeds:
    """Averages of the epochs of each cell.

    Parameters
    ----------
    evokeds : mapping
        Label of the cell -> `mne.Evoked`. Labels are tuples when ``by`` names several columns.
    counts : DataFrame
        ``n_epochs`` (and ``n_participants``, ``n_stimuli``) of each cell.
    by : tuple of str
        Columns that define the cells.
    """

    evokeds: Mapping[Hashable, mne.Evoked]
    counts: pd.DataFrame
    by: tuple[str, ...]

    def __getitem__(self, label: Hashable) -> mne.Evoked:
        if label not in self.evokeds:
            raise KeyError(f"No cell {label!r}; the cells are {list(self.evokeds)}.")
        return self.evokeds[label]

    def __len__(self) -> int:
        return len(self.evokeds)

    def __repr__(self) -> str:
        n_epochs = int(self.counts["n_epochs"].sum())
        return f"<Evokeds | {len(self)} cells of {' x '.join(self.by)}, {n_epochs} epochs>"


def evoked(epochs: mne.BaseEpochs, by: str | Sequence[str]) -> Evokeds:
    """Average the epochs of each cell.

    Parameters
    ----------
    epochs : mne.Epochs
        Epochs with metadata; baseline and rejection are the caller's.
    by : str | sequence of str
        Column(s) of the metadata, e.g. ``["participant", "condition"]``. Epochs without a label
        raise an error; none is left out silently.

    Returns
    -------
    evokeds : Evokeds
        One `mne.Evoked` per cell, with the counts that each rests on.

    Examples
    --------
    >>> import numpy as np
    >>> info = mne.create_info(["Cz"], 100.0, "eeg")
    >>> table = pd.DataFrame({"kind": ["posed", "posed", "spontaneous"]})
    >>> data = np.zeros((3, 1, 50))
    >>> evoked(mne.EpochsArray(data, info, metadata=table, verbose="error"), "kind")
    <Evokeds | 2 cells of kind, 3 epochs>
    """
    columns = (by,) if isinstance(by, str) else tuple(by)
    cells = cell_rows(epochs, by)
    evokeds = {label: epochs[rows].average(picks="all") for label, rows in cells.items()}
    for label, average in evokeds.items():
        average.comment = cell_name(label)
    return Evokeds(evokeds=evokeds, counts=count_cells(epochs, by), by=columns)


def mean_amplitude(
    epochs: mne.BaseEpochs,
    *,
    roi: str | Sequence[str],
    window: tuple[float, float],
    baseline: tuple[float, float] | None = ERP_BASELINE,
) -> pd.Series:
    """Measure the mean amplitude of a region in a time window on every single epoch.

    Parameters
    ----------
    epochs : mne.Epochs
        Event-locked EEG.
    roi : str | sequence of str
        A key of `ROIS` or channel names. Absent and bad channels are left out.
    window : tuple of float
        First and last time in s from the event, both included.
    baseline : tuple of float | None
        Window in s whose mean is subtracted; None for none, as when the baseline amplitude
        enters the model as a covariate.

    Returns
    -------
    amplitude : Series
        ``amplitude_uv``, one row per epoch (index: the event's id).

    See Also
    --------
    roi_channels : The channels averaged.

    Examples
    --------
    >>> import numpy as np
    >>> info = mne.create_info(["C3", "C4"], 100.0, "eeg")
    >>> step = np.where(np.arange(351) >= 150, 3e-6, 0.0) * np.ones((2, 2, 1))
    >>> epochs = mne.EpochsArray(step, info, tmin=-1.5, verbose="error")
    >>> mean_amplitude(epochs, roi="sensorimotor", window=(0.2, 0.4)).round(6).tolist()
    [3.0, 3.0]
    """
    channels = roi_channels(epochs.info, roi)
    signal = epochs.get_data(picks=channels, verbose="error").mean(axis=1)
    mask = epoch_mask(epochs.times, window, name="window")
    amplitude = signal[:, mask].mean(axis=1)
    if baseline is not None:
        before = epoch_mask(epochs.times, baseline, name="baseline")
        amplitude = amplitude - signal[:, before].mean(axis=1)
    return pd.Series(amplitude * UV_PER_V, index=event_index(epochs), name="amplitude_uv")


def window_amplitudes(epochs: mne.BaseEpochs, measures: Sequence[Measure]) -> pd.DataFrame:
    """Measure several mean amplitudes on every single epoch.

    Parameters
    ----------
    epochs : mne.Epochs
        Event-locked EEG.
    measures : sequence of Measure
        Means of potentials, each from its own baseline; names have to differ.

    Returns
    -------
    amplitudes : DataFrame
        One row per epoch (index: the event's id), one column (uV) a measure.
    """
    check_measures(measures, kinds=["potential"], statistics=["mean"])
    columns = {
        measure.name: mean_amplitude(
            epochs, roi=measure.roi, window=measure.window, baseline=measure.baseline
        )
        for measure in measures
    }
    return pd.DataFrame(columns)


def standardized_measurement_error(
    epochs: mne.BaseEpochs,
    measures: Sequence[Measure],
    *,
    by: str | Sequence[str],
) -> pd.DataFrame:
    """Standardized measurement error (SME) of mean amplitudes in each cell.

    Parameters
    ----------
    epochs : mne.Epochs
        Event-locked EEG with metadata.
    measures : sequence of Measure
        As in `window_amplitudes`.
    by : str | sequence of str
        Columns of the metadata that define the cells.

    Returns
    -------
    table : DataFrame
        Columns of ``by``, ``measure``, ``n_epochs`` and ``sme_uv`` (NaN with a single epoch).

    Notes
    -----
    SME = SD / sqrt(n) over epochs [1]_, with the sample SD. `mne.stats.erp.compute_sme` divides
    the variance by n, which is too small by 9 % at n = 6, and leaves out the last sample of
    the window.

    References
    ----------
    .. [1] Luck et al. (2021). Psychophysiology 58, e13793.
    """
    amplitudes = window_amplitudes(epochs, measures)
    columns = [by] if isinstance(by, str) else list(by)
    rows = []
    for label, members in cell_rows(epochs, by).items():
        errors = amplitudes.iloc[members].sem()
        rows += [
            (*cell_labels(label), measure, len(members), error) for measure, error in errors.items()
        ]
    return pd.DataFrame(rows, columns=[*columns, "measure", "n_epochs", "sme_uv"])


def baseline_means(
    epochs: mne.BaseEpochs, baseline: tuple[float, float] = ERP_BASELINE
) -> pd.DataFrame:
    """Mean of each epoch's baseline, for models that adjust for it instead of subtracting it.

    Parameters
    ----------
    epochs : mne.Epochs
        Without baseline correction.
    baseline : tuple of float
        Window in s.

    Returns
    -------
    DataFrame
        One row per epoch (index: the event's id), one column per channel, in its SI unit.

    Raises
    ------
    ValueError
        When the window lies outside the epochs or they were baseline-corrected.

    Notes
    -----
    Subtraction takes the baseline's coefficient to be one; as a covariate it is estimated
    (Alday 2019, Psychophysiology 56, e13451).
    """
    if epochs.baseline is not None:
        raise ValueError(
            f"epochs: baseline {epochs.baseline} is subtracted already; cut them again without one."
        )
    inside = window_mask(epochs.times, baseline)
    if not inside.any():
        raise ValueError(
            f"baseline={baseline}: must lie within the epochs' {epochs.times[0]:g} to "
            f"{epochs.times[-1]:g} s."
        )
    means = epochs.get_data(verbose="error")[:, :, inside].mean(axis=2)
    return pd.DataFrame(means, index=event_index(epochs), columns=epochs.ch_names)
