"""What the coders' errors of onset do to averages and phases: onsets drawn anew."""

from collections.abc import Sequence
from dataclasses import dataclass

import mne
import numpy as np
import pandas as pd
from mne.time_frequency import tfr_array_morlet

from mmme_neuro.responses.components import region_curves
from mmme_neuro.responses.design_cells import cell_rows
from mmme_neuro.responses.measures import (
    CURVE_STATISTICS,
    Measure,
    check_measures,
    measure_curves,
    window_mask,
)
from mmme_neuro.stats.levels import difference_label, two_levels

REACH_SD = 3.0
"""Shifts beyond this many standard deviations are not drawn, so that windows stay in the epoch."""


@dataclass(frozen=True)
class OnsetJitter:
    """Measures with onsets as coded and drawn anew.

    Parameters
    ----------
    draws : DataFrame
        ``draw, measure, unit, condition, value``; draw -1 is as coded. A condition's value is the
        mean over participants; the difference is ``"second - first"``.
    sd_ms : float
        Root mean square of the shifts' standard deviations.
    phases : dict of str to float
        Frequency of each phase measure (Hz).
    """

    draws: pd.DataFrame
    sd_ms: float
    phases: dict[str, float]

    def __repr__(self) -> str:
        n = self.draws["draw"].max() + 1
        return f"<OnsetJitter | {n} draws, SD {self.sd_ms:.0f} ms>"

    def summary(self) -> pd.DataFrame:
        """Compare draws with onsets as coded.

        Returns
        -------
        DataFrame
            ``measure, unit, condition, as_coded, mean, sd, low, high`` (2.5 and 97.5 % of the
            draws), ``ratio`` (mean over as coded) and, for phase measures, ``expected_ratio``:
            exp(-(2 pi f sd)^2), by which Gaussian shifts shrink pairwise phase consistency.
        """
        rows = []
        for (name, unit, condition), part in self.draws.groupby(
            ["measure", "unit", "condition"], sort=False, observed=True
        ):
            coded = float(part.loc[part["draw"] < 0, "value"].item())
            values = part.loc[part["draw"] >= 0, "value"]
            expected = np.nan
            if name in self.phases:
                expected = float(np.exp(-((2 * np.pi * self.phases[name] * self.sd_ms / 1e3) ** 2)))
            low, high = np.nanpercentile(values, [2.5, 97.5])
            mean = float(values.mean())
            ratio = mean / coded if coded else np.nan
            rows.append(
                (name, unit, condition, coded, mean, values.std(ddof=1), low, high, ratio, expected)
            )
        columns = ["measure", "unit", "condition", "as_coded", "mean", "sd", "low", "high"]
        return pd.DataFrame(rows, columns=[*columns, "ratio", "expected_ratio"])


def onset_jitter(
    epochs: mne.BaseEpochs,
    measures: Sequence[Measure],
    *,
    coder_sd: float | None = None,
    n_resamples: int = 200,
    condition: str,
    levels: Sequence[str],
    rng: np.random.Generator | int,
) -> OnsetJitter:
    """Shift every epoch at random within its onset's error and measure again.

    Parameters
    ----------
    epochs : mne.Epochs
        Event-locked EEG; the metadata have ``participant``, the condition and ``onset_sd`` (s).
    measures : sequence of Measure
        What is measured, by participant and condition: statistics of averaged potentials, and
        phase consistency over events. The baselines are those of the shifted epochs.
    coder_sd : float | None
        Standard deviation of the coders' onsets (s), added to ``onset_sd`` in squares; None: that
        of ``onset_sd`` alone. Two coders who differ by 70-100 ms (median) have an SD of about
        70-105 ms each: median absolute difference = 0.95 SD.
    n_resamples : int
        Times that all onsets are drawn.
    condition : str
        Column of the conditions.
    levels : sequence of str
        The two conditions, the reference first.
    rng : Generator | int
        Source of the shifts.

    Returns
    -------
    OnsetJitter

    Raises
    ------
    ValueError
        When neither ``onset_sd`` nor ``coder_sd`` is given, or a window comes nearer to the end of
        the epoch than the shifts reach.

    Notes
    -----
    The coded onsets hold one error already; the draws add a second one of the same size. What the
    second one does is what the first one did, so an effect that shrinks by a ratio r was about 1/r
    times as large without any error.
    """
    metadata = epochs.metadata
    two_levels(metadata, condition, levels)
    sd = _onset_sd(metadata, coder_sd)
    reach = REACH_SD * float(sd.max())
    check_measures(measures, kinds=["potential"], statistics=(*CURVE_STATISTICS, "ppc"))
    _check_reach(epochs, measures, reach)
    generator = np.random.default_rng(rng)
    cells = cell_rows(epochs, ["participant", condition])
    curves = {item.name: region_curves(epochs, item.roi, baseline=None) for item in measures}
    records = []
    for draw in range(-1, n_resamples):
        shift = np.zeros(len(sd))
        if draw >= 0:
            shift = np.clip(generator.normal(0, sd), -reach, reach)
        for item in measures:
            moved = _moved(curves[item.name], epochs.times, shift)
            values = _by_condition(moved, epochs.times, item, cells, levels)
            records += [(draw, item.name, item.unit, name, value) for name, value in values.items()]
    table = pd.DataFrame(records, columns=["draw", "measure", "unit", "condition", "value"])
    phases = {item.name: item.frequency for item in measures if item.frequency is not None}
    return OnsetJitter(table, float(1e3 * np.sqrt(np.mean(sd**2))), phases)


def _onset_sd(metadata: pd.DataFrame, coder_sd: float | None) -> np.ndarray:
    """Standard deviation of each onset (s)."""
    if "onset_sd" not in metadata and coder_sd is None:
        raise ValueError(
            "epochs.metadata has no onset_sd and coder_sd is None; give coder_sd, such as 0.07 s."
        )
    own = metadata["onset_sd"].fillna(0).to_numpy(float) if "onset_sd" in metadata else 0.0
    return np.broadcast_to(np.sqrt(own**2 + (coder_sd or 0.0) ** 2), len(metadata)).copy()


def _check_reach(epochs: mne.BaseEpochs, measures: Sequence[Measure], reach: float) -> None:
    """Refuse windows that shifted epochs do not hold."""
    edges = []
    for item in measures:
        half = 5 * item.n_cycles / (2 * np.pi * item.frequency) if item.frequency else 0.0
        edges += [*(item.baseline or ()), item.window[0] - half, item.window[1] + half]
    room = min(min(edges) - epochs.times[0], epochs.times[-1] - max(edges))
    if room < reach - 1e-9:
        raise ValueError(
            f"shifts reach {reach:.2f} s, but a window or baseline lies {room:.2f} s from an end "
            "of the epochs; cut longer epochs, move the baseline, or use a smaller coder_sd."
        )


def _moved(curves: np.ndarray, times: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Epochs whose onset is ``shift`` seconds later: what was at t + shift is at t."""
    if not shift.any():
        return curves
    return np.stack(
        [np.interp(times + by, times, curve) for by, curve in zip(shift, curves, strict=True)]
    )


def _by_condition(
    curves: np.ndarray,
    times: np.ndarray,
    item: Measure,
    cells: dict,
    levels: Sequence[str],
) -> dict[str, float]:
    """Mean over participants who have both conditions, and of their differences."""
    if item.baseline is not None:
        before = window_mask(times, item.baseline)
        curves = curves - curves[:, before].mean(axis=1, keepdims=True)
    if item.frequency is None:
        values = {
            label: float(measure_curves(curves[rows].mean(axis=0), times, item))
            for label, rows in cells.items()
        }
    else:
        phases = _phases(curves, times, item)
        values = {label: _ppc(phases[rows]) for label, rows in cells.items()}
    rows = pd.Series(values).rename_axis(["participant", "condition"]).rename("value")
    table = rows.reset_index().pivot_table("value", "participant", "condition", observed=True)
    table = table.reindex(columns=list(levels)).dropna()
    means = {level: float(table[level].mean()) for level in levels}
    return means | {difference_label(levels): means[levels[1]] - means[levels[0]]}


def _phases(curves: np.ndarray, times: np.ndarray, item: Measure) -> np.ndarray:
    """Unit phasors at the measure's frequency and times, shape (n_epochs, n_inside)."""
    sfreq = 1 / (times[1] - times[0])
    values = tfr_array_morlet(
        curves[:, None], sfreq, [item.frequency], n_cycles=item.n_cycles, output="complex",
        verbose="error",
    )[:, 0, 0]  # fmt: skip
    # An instant is the sample nearest to it.
    is_instant = item.window[0] == item.window[1]
    nearest = [int(np.abs(times - item.window[0]).argmin())]
    values = values[:, nearest if is_instant else window_mask(times, item.window)]
    return values / np.abs(values)


def _ppc(phases: np.ndarray) -> float:
    """Pairwise phase consistency, mean over times; NaN for a single epoch."""
    n = len(phases)
    if n < 2:
        return np.nan
    return float(np.mean((np.abs(phases.sum(axis=0)) ** 2 - n) / (n * (n - 1))))
