"""Result of a permutation test on a map."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

CORRECTIONS = {
    "tfce": "threshold-free cluster enhancement",
    "cluster": "cluster mass",
    "max": "largest statistic",
}
ALTERNATIVES = {"both": "two-sided", "greater": "greater than zero", "less": "less than zero"}
NO_PLACE = (
    "The test is of the whole map: it says whether the effect differs from zero somewhere in it. "
    "The cells that stand out describe the data; they do not show when the effect begins or ends, "
    "nor where it comes from."
)


@dataclass(frozen=True, eq=False, repr=False)
class ClusterTest:
    """Test of one fixed effect over a map, corrected for its number of cells.

    Parameters
    ----------
    dataset : Dataset
        What `to_dataset` returns.
    clusters : DataFrame
        One row per cluster: ``cluster, sign, n_cells, peak, mass, p_value, p_low, p_high``. For
        cluster mass these are clusters beyond ``threshold``; else neighboring cells whose own
        corrected p-value is at most ``alpha``, with the smallest of them.
    formula, term : str
        Model and tested column.
    correction, tail : str
        As asked for.
    units : dict of str to int
        What changed sign and how many there are.
    carriers : tuple of str
        Grouping factors with a random effect of the tested column.
    n_permutations : int
        Random patterns; the observed one is counted besides.
    threshold : float
        Of the statistic, for cluster mass; else NaN.
    alpha : float
        Level of the summary.
    confidence : float
        Of the Monte-Carlo interval of p-values.
    null : array, shape (n_permutations,)
        Largest value of each permutation.
    n_observations, n_dropped : int
        Events used, and left out for a missing predictor.
    notes : tuple of str
        What the result rests on.
    """

    dataset: xr.Dataset
    clusters: pd.DataFrame
    formula: str
    term: str
    correction: str
    tail: str
    units: dict[str, int]
    carriers: tuple[str, ...]
    n_permutations: int
    threshold: float
    alpha: float
    confidence: float
    null: np.ndarray
    n_observations: int
    n_dropped: int
    notes: tuple[str, ...]

    @property
    def p_value(self) -> float:
        """P-value of the whole map: that there is no effect in any cell; NaN if none is tested."""
        p = self.dataset["p_value"].to_numpy()
        return float(np.nanmin(p)) if np.isfinite(p).any() else float("nan")

    @property
    def p_interval(self) -> tuple[float, float]:
        """Monte-Carlo interval of `p_value`."""
        p = self.dataset["p_value"].to_numpy()
        if not np.isfinite(p).any():
            return float("nan"), float("nan")
        at = np.unravel_index(np.nanargmin(p), p.shape)
        return float(self.dataset["p_low"].to_numpy()[at]), float(
            self.dataset["p_high"].to_numpy()[at]
        )

    def to_dataset(self) -> xr.Dataset:
        """Maps as labeled arrays.

        Returns
        -------
        Dataset
            ``statistic`` (signed root of the score statistic, about standard normal under the
            null), ``p_value, p_low, p_high`` (corrected for the map), ``cluster`` (row of the
            table of clusters, -1 for none) and, for TFCE, ``enhanced``.
        """
        return self.dataset

    def summary(self) -> str:
        """Say in sentences what was tested, how, and what the result means."""
        p, (low, high) = self.p_value, self.p_interval
        if np.isnan(p):
            return f"{self.term}: no cell of the map could be tested."
        flips = " and ".join(f"{n} levels of {name}" for name, n in self.units.items())
        how = f"sign flips of the score contributions of {flips}"
        found = (
            f"the map as a whole differs from the null (p {_p_text(p)})"
            if p <= self.alpha
            else f"no evidence of an effect in this map (p {_p_text(p)})"
        )
        lines = [
            f"{self.term} in {self.formula}: {found}.",
            f"{CORRECTIONS[self.correction].capitalize()}, {ALTERNATIVES[self.tail]}; "
            f"{self.n_permutations} permutations by {how}; Monte-Carlo {self.confidence:.0%} "
            f"interval of p {low:.4f} to {high:.4f}; {self.n_observations} events.",
            NO_PLACE,
            *self.notes,
        ]
        return "\n".join(lines)

    def __repr__(self) -> str:
        axes = " x ".join(f"{n} {axis}" for axis, n in self.dataset["statistic"].sizes.items())
        is_tested = np.isfinite(self.p_value)
        found = f"p {_p_text(self.p_value)}" if is_tested else "no cell could be tested"
        return (
            f"<ClusterTest | {self.term} | {axes or 'one cell'} | {self.correction}, {self.tail}, "
            f"{self.n_permutations} permutations | {found}>"
        )


def _p_text(p: float) -> str:
    """P-value with its relation; there must be one."""
    return f"= {p:.4f}" if p >= 0.0001 else "< 0.0001"
