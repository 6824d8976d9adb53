"""ERP components of averages: amplitudes and latencies, their measurement error, differences."""

from collections.abc import Sequence

import mne
import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from mmme_neuro.responses.design_cells import cell_labels, cell_rows
from mmme_neuro.responses.measures import (
    CURVE_STATISTICS,
    ERP_BASELINE,
    Measure,
    check_measures,
    epoch_mask,
    measure_curves,
)
from mmme_neuro.responses.potentials import UV_PER_V
from mmme_neuro.responses.regions import roi_channels
from mmme_neuro.stats.estimates import estimate_row


def component_table(
    epochs: mne.BaseEpochs,
    measures: Sequence[Measure],
    *,
    by: Sequence[str],
    n_resamples: int = 1000,
    rng: np.random.Generator | int | None = None,
) -> pd.DataFrame:
    """Measure components on each cell's average, with the standardized measurement error.

    Parameters
    ----------
    epochs : mne.Epochs
        Event-locked EEG with metadata.
    measures : sequence of Measure
        Statistics of potentials, each from its own baseline.
    by : sequence of str
        Columns of the metadata that define the cells.
    n_resamples : int
        Resamples of each cell's epochs for the error of measures that are no mean; 0 for none.
    rng : Generator | int | None
        Source of the resamples; required where there are any.

    Returns
    -------
    DataFrame
        Columns of ``by``, ``component`` (the measure's name), ``measure`` (its statistic), ``unit,
        value, sme, n_epochs``.

    Notes
    -----
    The error of a mean amplitude is SD / sqrt(n) over epochs; of anything else the SD over averages
    of epochs drawn with replacement [1]_. Bootstrap samples hold fewer distinct epochs than the
    cell, so the error of a peak also shows its bias by noise.

    References
    ----------
    .. [1] Luck et al. (2021). Psychophysiology 58, e13793.
    """
    check_measures(measures, kinds=["potential"], statistics=CURVE_STATISTICS)
    needs_draws = n_resamples > 0 and any(one.statistic != "mean" for one in measures)
    if needs_draws and rng is None:
        raise ValueError("rng=None: errors of latencies and peaks are bootstrapped; give a seed.")
    generator = np.random.default_rng(rng)
    cells = cell_rows(epochs, list(by))
    draws = {
        label: generator.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), n_resamples)
        for label, rows in cells.items()
        if needs_draws
    }
    records = []
    for measure in measures:
        curves = region_curves(epochs, measure.roi, baseline=measure.baseline)
        for label, rows in cells.items():
            value = measure_curves(curves[rows].mean(axis=0), epochs.times, measure)
            if measure.statistic == "mean":
                error = stats.sem(measure_curves(curves[rows], epochs.times, measure))
            elif needs_draws:
                averages = draws[label] @ curves[rows] / len(rows)
                error = np.nanstd(measure_curves(averages, epochs.times, measure), ddof=1)
            else:
                error = np.nan
            about = (measure.name, measure.statistic, measure.unit)
            records.append((*cell_labels(label), *about, float(value), float(error), len(rows)))
    columns = [*by, "component", "measure", "unit", "value", "sme", "n_epochs"]
    return pd.DataFrame(records, columns=columns)


def region_curves(
    epochs: mne.BaseEpochs,
    roi: str | Sequence[str],
    *,
    baseline: tuple[float, float] | None = ERP_BASELINE,
) -> np.ndarray:
    """Mean signal of a region in each epoch.

    Parameters
    ----------
    epochs : mne.Epochs
        Event-locked EEG.
    roi : str | sequence of str
        A key of `ROIS` or channel names.
    baseline : tuple of float | None
        Window in s whose mean is subtracted.

    Returns
    -------
    array, shape (n_epochs, n_times)
        uV.
    """
    channels = roi_channels(epochs.info, roi)
    curves = UV_PER_V * epochs.get_data(picks=channels, verbose="error").mean(axis=1)
    if baseline is not None:
        before = epoch_mask(epochs.times, baseline, name="baseline")
        curves -= curves[:, before].mean(axis=1, keepdims=True)
    return curves


def measurement_quality(table: pd.DataFrame, *, condition: str) -> pd.DataFrame:
    """Compare the measurement error with the differences between participants.

    Parameters
    ----------
    table : DataFrame
        Of `component_table`, by participant and condition.
    condition : str
        Column of the conditions.

    Returns
    -------
    DataFrame
        One row per component, measure and ``condition``: ``rms_sme`` (root mean square over
        participants), ``sd_participants`` (of the measured values, which hold the error, too),
        ``share_of_error`` (squared ratio: the variance between participants that is error) and
        ``n_participants``.
    """
    rows = []
    for (component, what, level), part in table.groupby(["component", "measure", condition]):
        rms = float(np.sqrt(np.mean(part["sme"] ** 2)))
        spread = float(part["value"].std(ddof=1))
        share = rms**2 / spread**2 if spread else np.nan
        rows.append((component, what, level, rms, spread, share, part["participant"].nunique()))
    columns = ["component", "measure", "condition", "rms_sme", "sd_participants", "share_of_error"]
    return pd.DataFrame(rows, columns=[*columns, "n_participants"])


def jackknife_difference(
    individual: xr.DataArray,
    measure: Measure,
    *,
    levels: Sequence[str],
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Difference of a measure between two conditions, taken on grand averages.

    Parameters
    ----------
    individual : DataArray
        Averages in uV on (participant, condition, channel, time), as ``GrandAverage.individual``.
    measure : Measure
        What is measured; its region is averaged first. The averages have their baseline already.
    levels : sequence of str
        The two conditions, the reference first; the difference is second minus first.
    confidence : float
        Level of the interval.

    Returns
    -------
    DataFrame, shape (1, 8)
        ``estimate, std_error, dof, statistic, p_value, ci_low, ci_high, n_participants``.

    Notes
    -----
    Latencies of single participants are too noisy to be compared; they are measured on the grand
    average, and on those without one participant each. Their spread d_i gives the standard error
    sqrt((n - 1) / n sum (d_i - mean d)^2) [1]_, with n - 1 degrees of freedom.

    References
    ----------
    .. [1] Miller, Patterson & Ulrich (1998). Psychophysiology 35, 99-115.
    """
    info = mne.create_info(individual["channel"].to_numpy().tolist(), 100.0, "eeg")
    channels = roi_channels(info, measure.roi)
    curves = individual.sel(channel=channels).mean("channel")
    reference, other = levels
    pair = [curves.sel(condition=name).to_numpy() for name in (other, reference)]
    times = individual["time"].to_numpy()
    n = len(pair[0])
    if n < 3:
        raise ValueError(f"individual: the jackknife needs 3 participants, found {n}.")

    def difference(kept: np.ndarray) -> float:
        one, other = (measure_curves(part[kept].mean(axis=0), times, measure) for part in pair)
        return float(one - other)

    everyone = np.ones(n, bool)
    estimate = difference(everyone)
    without = np.array([difference(everyone & (np.arange(n) != k)) for k in range(n)])
    error = float(np.sqrt((n - 1) / n * np.sum((without - without.mean()) ** 2)))
    row = estimate_row(estimate, error, n - 1, confidence=confidence)
    return pd.DataFrame([{**row, "n_participants": n}])
