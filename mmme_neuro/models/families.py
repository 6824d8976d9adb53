"""Correction of contrasts for the number of those tested together."""

import numpy as np
import pandas as pd
import scipy.optimize
import scipy.stats

from mmme_neuro.errors import BadInput
from mmme_neuro.stats.multiplicity import METHODS, adjust_p_values

TUKEY = "tukey"
ADJUSTMENTS = ("none", TUKEY, *METHODS)
LARGE_DOF = 1e5
"""Degrees of freedom taken as infinite by the studentized range."""


def adjusted(
    table: pd.DataFrame,
    method: str,
    family: np.ndarray,
    n_means: np.ndarray | None,
    *,
    confidence: float,
) -> pd.DataFrame:
    """Add corrected p-values and simultaneous intervals to contrasts.

    Parameters
    ----------
    table : DataFrame, shape (n_contrasts, n_columns)
        ``estimate, std_error, dof, statistic, p_value``.
    method : str
        One of `ADJUSTMENTS`.
    family : array of int, shape (n_contrasts,)
        Which contrasts are tested together.
    n_means : array of int, shape (n_contrasts,), or None
        Number of means whose pairs are compared; None where contrasts are not all pairs.
    confidence : float
        Level of the intervals of a family together.

    Returns
    -------
    DataFrame
        With ``p_adjusted, ci_low_adjusted, ci_high_adjusted``, but for ``"none"``.

    Raises
    ------
    BadInput
        When Tukey's correction is asked for contrasts that are not all pairs.

    Notes
    -----
    Tukey (1953) and Kramer (1956): |t| sqrt(2) is compared with the studentized range of the means.
    Sidak (1967, J Am Stat Assoc 62:626). Intervals of methods that have none are Bonferroni's.
    """
    if method == "none":
        return table
    if method == TUKEY and n_means is None:
        raise BadInput(
            "adjust='tukey' is for all pairs of means: use method='pairwise', or adjust='sidak' or "
            "'holm' for other contrasts"
        )
    size = np.bincount(family, weights=table["p_value"].notna())[family]
    t, dof = np.abs(table["statistic"].to_numpy(float)), table["dof"].to_numpy(float)
    if method == TUKEY and n_means is not None:
        p_adjusted = _tukey_p(t, n_means, dof, table["p_value"].to_numpy(float))
        width = _tukey_widths(n_means, dof, confidence)
    else:
        within = pd.DataFrame({"family": family, "p_value": table["p_value"].to_numpy()})
        corrected = adjust_p_values(within, method=method, within="family")
        p_adjusted = corrected["p_adjusted"].to_numpy()
        size = np.maximum(size, 1)
        single = 1 - confidence ** (1 / size) if method == "sidak" else (1 - confidence) / size
        width = scipy.stats.t.isf(single / 2, dof)
    half = width * table["std_error"]
    return table.assign(
        p_adjusted=p_adjusted,
        ci_low_adjusted=table["estimate"] - half,
        ci_high_adjusted=table["estimate"] + half,
    )


def _tukey_p(t: np.ndarray, n_means: np.ndarray, dof: np.ndarray, alone: np.ndarray) -> np.ndarray:
    """Tail of the studentized range, not below the p-value of one contrast."""
    found = np.full(len(t), np.nan)
    for i, (value, k, own) in enumerate(zip(t, n_means, dof, strict=True)):
        if np.isfinite(value) and k >= 2:
            found[i] = alone[i] if k == 2 else np.clip(_tail(value, k, own), alone[i], 1.0)
    return found


def _tail(t: float, n_means: int, dof: float) -> float:
    range_dof = np.inf if dof > LARGE_DOF else dof
    return float(scipy.stats.studentized_range.sf(np.sqrt(2) * t, n_means, range_dof))


def _tukey_widths(n_means: np.ndarray, dof: np.ndarray, confidence: float) -> np.ndarray:
    """Half width of each simultaneous interval, in standard errors."""
    known: dict[tuple[int, float], float] = {}
    for k, own in zip(n_means, dof, strict=True):
        if np.isnan(own) or k < 2:
            known[k, own] = np.nan
        elif (k, own) not in known:
            low = float(scipy.stats.t.isf((1 - confidence) / 2, own))
            high = float(scipy.stats.t.isf((1 - confidence) / (k * (k - 1)), own))
            known[k, own] = low if k == 2 else _width(k, own, confidence, low, high)
    return np.array([known.get((k, d), np.nan) for k, d in zip(n_means, dof, strict=True)])


def _width(n_means: int, dof: float, confidence: float, low: float, high: float) -> float:
    """Root between the quantile of one contrast and Bonferroni's."""

    def excess(t: float) -> float:
        return _tail(t, n_means, dof) - (1 - confidence)

    return float(scipy.optimize.brentq(excess, low, 1.01 * high, xtol=1e-9))
