"""Grand averages over participants with within-participant confidence intervals."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import mne
import numpy as np
import pandas as pd
import xarray as xr

from mmme_neuro.responses.design_cells import cell_labels, cell_name
from mmme_neuro.responses.potentials import UV_PER_V, Evokeds
from mmme_neuro.responses.regions import good_channels, roi_channels
from mmme_neuro.stats.estimates import mean_row, t_interval


def within_interval(values: np.ndarray, *, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Means and Cousineau-Morey half-widths.

    Parameters
    ----------
    values : array, shape (n_participants, n_conditions, ...)
        One value per participant and condition; at each place only participants with all conditions
        count (NaN: missing).
    confidence : float
        Coverage of the interval.

    Returns
    -------
    mean, half_width : array, shape (n_conditions, ...)
        In the units of ``values``; NaN where nobody, or for the half-width one person, counts.

    Notes
    -----
    Each participant's mean over conditions is replaced by the grand mean (Cousineau 2005), the
    variance multiplied by k / (k - 1) for k conditions (Morey 2008); one condition is left as it
    is.

    Examples
    --------
    >>> mean, half_width = within_interval(np.array([[1.0, 2.0], [5.0, 6.0]]), confidence=0.95)
    >>> mean, half_width
    (array([3., 4.]), array([0., 0.]))
    """
    n_conditions = values.shape[1]
    is_complete = np.isfinite(values).all(axis=1, keepdims=True)
    values = np.where(is_complete, values, np.nan)
    n = is_complete[:, 0].sum(axis=0)
    people = np.where(n > 0, n, np.nan)
    mean = np.nansum(values, axis=0) / people
    if n_conditions > 1:
        values = values - values.mean(axis=1, keepdims=True) + mean.mean(axis=0)
    dof = np.where(n > 1, n - 1, np.nan)
    variance = np.nansum((values - mean) ** 2, axis=0) / dof
    if n_conditions > 1:
        variance = variance * n_conditions / (n_conditions - 1)
    _, half_width = t_interval(0.0, np.sqrt(variance / people), dof, confidence=confidence)
    return mean, half_width


@dataclass(frozen=True)
class GrandAverage:
    """Mean evoked response over participants, by condition.

    Parameters
    ----------
    data : Dataset
        ``mean, ci_low, ci_high`` in uV on (condition, channel, time in s).
    individual : DataArray
        The averages of each participant in uV, on (participant, condition, channel, time).
    info : mne.Info
        Channels, for topographies.
    excluded : DataFrame
        ``participant, reason`` of those left out.
    confidence : float
        Coverage of the interval.
    """

    data: xr.Dataset
    individual: xr.DataArray
    info: mne.Info
    excluded: pd.DataFrame
    confidence: float

    @property
    def n_participants(self) -> int:
        """Participants that every condition rests on."""
        return self.individual.sizes["participant"]

    @property
    def conditions(self) -> list[str]:
        """Conditions in the order asked for."""
        return list(self.data["condition"].to_numpy())

    def __repr__(self) -> str:
        return (
            f"<GrandAverage | {', '.join(map(str, self.conditions))}; {self.n_participants} "
            f"participants, {len(self.excluded)} excluded>"
        )


def grand_average(
    evokeds: Evokeds,
    *,
    levels: Sequence[str] | None = None,
    min_epochs: int = 1,
    confidence: float = 0.95,
    picks: str | Sequence[str] = "eeg",
) -> GrandAverage:
    """Average over participants, each counting once, with within-participant intervals.

    Parameters
    ----------
    evokeds : Evokeds
        Averages by ``["participant", condition]``, as of `evoked`.
    levels : sequence of str | None
        Conditions to compare, the reference first; None for all, sorted. A participant who lacks
        one of them is excluded from all, and listed, so that every condition rests on the same
        people.
    min_epochs : int
        Fewest epochs of a participant in each condition.
    confidence : float
        Coverage of the interval.
    picks : str | sequence of str
        Channel type or names; bad channels are left out.

    Returns
    -------
    grand : GrandAverage
        Means and intervals in uV.

    Notes
    -----
    The interval is the Cousineau-Morey one [1]_: each participant's own mean over conditions is
    replaced by the grand mean, the variance is multiplied by C / (C - 1) for C conditions, and
    Student's t has N - 1 degrees of freedom. It speaks to differences between conditions. With
    one condition it is the ordinary interval of a mean.

    References
    ----------
    .. [1] Morey (2008). Tutorials in Quantitative Methods for Psychology 4, 61-64.
    """
    table = _cell_table(evokeds)
    wanted = sorted(table["condition"].unique()) if levels is None else list(levels)
    kept, excluded = _complete_participants(table, wanted, min_epochs)
    if len(kept) < 2:
        raise ValueError(
            f"evokeds: an interval needs 2 participants with {min_epochs} or more epochs in each "
            f"of {wanted}, found {len(kept)}. Lower min_epochs or name fewer levels."
        )
    info = good_channels(next(iter(evokeds.evokeds.values())).info, picks)
    individual = _stack(evokeds, kept, wanted, info["ch_names"])
    mean, half_width = within_interval(individual.to_numpy(), confidence=confidence)
    data = _with_interval(individual, mean, half_width)
    return GrandAverage(data, individual, info, excluded, confidence)


def difference(grand: GrandAverage, levels: Sequence[str]) -> xr.Dataset:
    """Mean paired difference between two conditions with its interval.

    Parameters
    ----------
    grand : GrandAverage
        Averages over participants.
    levels : sequence of str
        The two conditions, the reference first; the difference is second minus first.

    Returns
    -------
    difference : Dataset
        ``mean, ci_low, ci_high`` in uV on (channel, time), pointwise paired t intervals, not
        corrected for the number of points.
    """
    reference, condition = levels
    unknown = [name for name in levels if name not in grand.conditions]
    if unknown:
        raise ValueError(f"Condition {unknown[0]!r} is not among {grand.conditions}.")
    paired = grand.individual.sel(condition=condition, drop=True) - grand.individual.sel(
        condition=reference, drop=True
    )
    row = mean_row(paired.to_numpy(), confidence=grand.confidence)
    names = {"mean": "estimate", "ci_low": "ci_low", "ci_high": "ci_high"}
    return xr.Dataset(
        {name: (paired.dims[1:], row[column]) for name, column in names.items()},
        coords={name: paired[name] for name in paired.dims[1:]},
        attrs={"units": "uV", "n_participants": paired.sizes["participant"]},
    )


def region_average(grand: GrandAverage, roi: str | Sequence[str]) -> xr.Dataset:
    """Average each participant over a region and give means and intervals of that.

    Parameters
    ----------
    grand : GrandAverage
        Averages over participants.
    roi : str | sequence of str
        A key of `regions.ROIS` or channel names.

    Returns
    -------
    region : Dataset
        ``mean, ci_low, ci_high`` in uV on (condition, time), Cousineau-Morey as in
        `grand_average`; ``attrs["channels"]`` names the channels averaged.
    """
    channels = roi_channels(grand.info, roi)
    individual = grand.individual.sel(channel=channels).mean("channel")
    mean, half_width = within_interval(individual.to_numpy(), confidence=grand.confidence)
    region = _with_interval(individual, mean, half_width)
    return region.assign_attrs(channels=channels)


def _with_interval(
    individual: xr.DataArray, mean: np.ndarray, half_width: np.ndarray
) -> xr.Dataset:
    """Dataset of means and intervals on the axes of ``individual`` after the first."""
    dims = individual.dims[1:]
    return xr.Dataset(
        {
            "mean": (dims, mean),
            "ci_low": (dims, mean - half_width),
            "ci_high": (dims, mean + half_width),
        },
        coords={name: individual[name] for name in dims},
        attrs={"units": "uV", "n_participants": individual.sizes["participant"]},
    )


def _cell_table(evokeds: Evokeds) -> pd.DataFrame:
    """One row per cell: participant, condition, n_epochs."""
    if len(evokeds.by) < 2 or evokeds.by[0] != "participant":
        raise ValueError(
            f"evokeds: must be averaged by ['participant', condition], got by={list(evokeds.by)}. "
            "Use evoked(epochs, ['participant', condition])."
        )
    rows = [
        (*_participant_and_condition(label), int(n_epochs))
        for label, n_epochs in evokeds.counts["n_epochs"].items()
    ]
    return pd.DataFrame(rows, columns=["participant", "condition", "n_epochs"])


def _participant_and_condition(key: Hashable) -> tuple[Hashable, str]:
    """Split the key of a cell into its first label and the name of the rest."""
    participant, *rest = cell_labels(key)
    return participant, cell_name(tuple(rest))


def _complete_participants(
    table: pd.DataFrame, conditions: list[str], min_epochs: int
) -> tuple[list[Hashable], pd.DataFrame]:
    """Participants with enough epochs in every condition, and the others with the reason."""
    counts = table.pivot_table(
        index="participant", columns="condition", values="n_epochs", fill_value=0
    ).reindex(columns=conditions, fill_value=0)
    enough = counts >= min_epochs
    kept = list(counts.index[enough.all(axis=1)])
    reasons = [
        (participant, _reason(counts.loc[participant], min_epochs))
        for participant in counts.index[~enough.all(axis=1)]
    ]
    return kept, pd.DataFrame(reasons, columns=["participant", "reason"])


def _reason(counts: pd.Series, min_epochs: int) -> str:
    """Say which conditions fall short."""
    short = counts[counts < min_epochs]
    found = ", ".join(f"{name}: {int(n_epochs)}" for name, n_epochs in short.items())
    return f"fewer than {min_epochs} epochs ({found})"


def _stack(
    evokeds: Evokeds, participants: list[Hashable], conditions: list[str], ch_names: list[str]
) -> xr.DataArray:
    """Averages in uV on (participant, condition, channel, time)."""
    by_cell = {
        _participant_and_condition(label): average for label, average in evokeds.evokeds.items()
    }
    data = np.array(
        [
            [by_cell[person, name].get_data(picks=ch_names) for name in conditions]
            for person in participants
        ]
    )
    times = next(iter(evokeds.evokeds.values())).times
    return xr.DataArray(
        data * UV_PER_V,
        dims=("participant", "condition", "channel", "time"),
        coords={
            "participant": participants,
            "condition": conditions,
            "channel": ch_names,
            "time": times,
        },
        name="amplitude_uv",
    )
