"""A mixed model over a map: estimates of one effect in every cell and its permutation test."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mne
import numpy as np
import pandas as pd
import xarray as xr
from scipy import sparse

from mmme_neuro.errors import TooFewUnits
from mmme_neuro.inference.adjacency import Axis
from mmme_neuro.inference.clustertest import ClusterTest
from mmme_neuro.inference.permutation import permutation_test
from mmme_neuro.models.maps import LMMMap, fit_lmm_map


@dataclass(frozen=True)
class EffectMap:
    """One effect over a map.

    Attributes
    ----------
    fits : LMMMap
        The model of every cell.
    test : ClusterTest | None
        Its permutation test; None where the events cannot carry one.
    refusal : str
        Why there is no test.
    """

    fits: LMMMap
    test: ClusterTest | None
    refusal: str

    def effect(self, term: str) -> xr.Dataset:
        """Estimate of the effect with its interval, test and status in each cell.

        Returns
        -------
        Dataset
            ``estimate, ci_low, ci_high, std_error, dof, statistic, status`` and the corrected
            ``p_value, cluster`` on the map axes (NaN and -1 without a test).
        """
        fitted = self.fits.to_dataset().sel(term=term, drop=True)
        low, high = self.fits.interval(term)
        names = ["estimate", "std_error", "dof", "statistic", "status"]
        data = fitted[names].assign(ci_low=low, ci_high=high)
        if self.test is None:
            missing = xr.full_like(data["estimate"], np.nan)
            return data.assign(p_value=missing, cluster=xr.full_like(data["status"], -1))
        tested = self.test.to_dataset()
        return data.assign(p_value=tested["p_value"], cluster=tested["cluster"])


def effect_map(
    formula: str,
    responses: xr.DataArray,
    events: pd.DataFrame,
    *,
    term: str,
    rng: int,
    n_permutations: int = 1000,
    adjacency: Sequence[Axis] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> EffectMap:
    """Fit a mixed model to every cell and test one effect over the map (exact TFCE).

    Parameters
    ----------
    formula, responses, events, term, rng, n_permutations, adjacency, progress
        As of `fit_lmm_map` and `permutation_test`.

    Returns
    -------
    EffectMap
        Where too few participants or stimuli carry the effect for a permutation test, the fits
        alone and the reason.
    """
    fits = fit_lmm_map(formula, responses, events)
    try:
        test = permutation_test(
            formula,
            responses,
            events,
            term=term,
            rng=rng,
            n_permutations=n_permutations,
            adjacency=adjacency,
            progress=progress,
        )
    except TooFewUnits as error:
        return EffectMap(fits, None, str(error))
    return EffectMap(fits, test, "")


def axis_neighbors(
    responses: xr.DataArray, *, info: mne.Info | None = None, separate: Sequence[str] = ()
) -> list[Axis]:
    """Neighbors along each axis of a map.

    Parameters
    ----------
    responses : DataArray
        Events first.
    info : mne.Info | None
        Channels with positions: those of the axis ``channel`` are neighbors as
        `mne.channels.find_ch_adjacency` has them.
    separate : sequence of str
        Axes whose points are no neighbors, such as signals of different kinds.

    Returns
    -------
    list
        For ``permutation_test(adjacency=...)``; other axes are lattices (times, frequencies).
    """
    axes: list[Axis] = []
    for dim in responses.dims[1:]:
        size = responses.sizes[dim]
        if dim in separate:
            axes.append(sparse.coo_array((size, size)))
        elif dim == "channel" and info is not None:
            names = list(responses["channel"].to_numpy())
            picked = mne.pick_info(info, [info["ch_names"].index(name) for name in names])
            with mne.use_log_level("error"):
                matrix, order = mne.channels.find_ch_adjacency(picked, None)
            axes.append(matrix[np.ix_(*2 * [[order.index(name) for name in names]])])
        else:
            axes.append(size)
    return axes
