"""Limits of agreement of two measurements of the same things."""

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy import stats

from mmme_neuro.stats.estimates import t_interval
from mmme_neuro.stats.tables import column_numbers


@dataclass(frozen=True)
class LimitsOfAgreement:
    """Where most differences of two measurements lie; all in the unit of the differences.

    Parameters
    ----------
    n, n_clusters : int
        Differences, and participants they come from.
    bias, bias_ci_low, bias_ci_high : float
        Mean difference and its interval.
    sd : float
        Standard deviation of one difference, between and within participants.
    low, low_ci_low, low_ci_high : float
        Lower limit of agreement and its interval.
    high, high_ci_low, high_ci_high : float
        Upper limit of agreement and its interval.
    """

    n: int
    n_clusters: int
    bias: float
    bias_ci_low: float
    bias_ci_high: float
    sd: float
    low: float
    low_ci_low: float
    low_ci_high: float
    high: float
    high_ci_low: float
    high_ci_high: float

    def series(self) -> pd.Series:
        """All values by name."""
        return pd.Series(asdict(self))


def limits_of_agreement(
    differences: np.ndarray,
    *,
    participant: np.ndarray | None = None,
    share: float = 0.95,
    confidence: float = 0.95,
) -> LimitsOfAgreement:
    """Limits between which a share of differences is expected (Bland & Altman).

    Parameters
    ----------
    differences : array, shape (n_differences,)
        First minus second measurement; missing ones are left out.
    participant : array, shape (n_differences,), optional
        Participant of each, where there are several of one.
    share : float
        Share of differences between the limits, were they normal.
    confidence : float
        Level of the intervals.

    Returns
    -------
    LimitsOfAgreement

    Raises
    ------
    ValueError
        With fewer than 3 differences or 2 participants.

    Notes
    -----
    Independent differences: exact intervals of the limits from the noncentral t distribution
    (Carkeet 2015, Optom Vis Sci 92:e71). Several a participant: means and variances of Bland &
    Altman (2007, J Biopharm Stat 17:571), intervals by recovering variance estimates (Zou 2013,
    Stat Methods Med Res 22:630).

    Examples
    --------
    >>> limits_of_agreement(np.array([1.0, -2.0, 0.5, 3.0, -1.0])).bias
    0.3
    """
    for name, value in (("share", share), ("confidence", confidence)):
        if not 0 < value < 1:
            raise ValueError(f"{name} must lie between 0 and 1, got {value!r}.")
    differences = column_numbers(
        pd.DataFrame({"differences": list(np.ravel(differences))}), "differences", name="input",
        is_finite=False,
    )  # fmt: skip
    present = np.isfinite(differences)
    if present.sum() < 3:
        raise ValueError(
            f"differences must hold 3 numbers or more for limits of agreement, got {present.sum()}."
        )
    z = stats.norm.ppf((1 + share) / 2)
    if participant is not None:
        names = np.asarray(participant)
        if names.shape != differences.shape:
            raise ValueError(
                f"participant must name the participant of each of {len(differences)} differences, "
                f"got {len(names)}."
            )
        n_clusters = len(np.unique(names[present]))
        if n_clusters < 2:
            raise ValueError(
                f"participant must name 2 participants or more, got {n_clusters}; leave it out "
                "where all differences are of one."
            )
        if n_clusters < present.sum():
            return _of_clusters(differences[present], names[present], z, confidence)
    return _independent(differences[present], z, confidence)


def _independent(differences: np.ndarray, z: float, confidence: float) -> LimitsOfAgreement:
    """Limits of one difference a participant."""
    n, bias, sd = len(differences), float(differences.mean()), float(differences.std(ddof=1))
    tails = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
    bias_low, bias_high = map(
        float, t_interval(bias, sd / np.sqrt(n), n - 1, confidence=confidence)
    )
    inner, outer = stats.nct.ppf(tails, n - 1, z * np.sqrt(n)) * sd / np.sqrt(n)
    return LimitsOfAgreement(
        n, n, bias, bias_low, bias_high, sd,
        bias - z * sd, float(bias - outer), float(bias - inner),
        bias + z * sd, float(bias + inner), float(bias + outer),
    )  # fmt: skip


def _of_clusters(
    differences: np.ndarray, participant: np.ndarray, z: float, confidence: float
) -> LimitsOfAgreement:
    """Limits of several differences a participant."""
    _, codes, sizes = np.unique(participant, return_inverse=True, return_counts=True)
    n, n_clusters = len(differences), len(sizes)
    means = np.bincount(codes, differences) / sizes
    bias, between = float(means.mean()), float(means.var(ddof=1))
    within = float(((differences - means[codes]) ** 2).sum() / (n - n_clusters))
    part = 1 - (1 / sizes).mean()
    variance = between + part * within
    tails = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
    # Distances of the variances' own limits from their estimates.
    between_off = between * ((n_clusters - 1) / stats.chi2.isf(tails, n_clusters - 1) - 1)
    within_off = part * within * ((n - n_clusters) / stats.chi2.isf(tails, n - n_clusters) - 1)
    off = np.hypot(between_off, within_off)
    sd_limits = np.sqrt([max(variance - off[0], 0.0), variance + off[1]])
    sd = np.sqrt(variance)
    bias_error = np.sqrt(between / n_clusters)
    bias_low, bias_high = t_interval(bias, bias_error, n_clusters - 1, confidence=confidence)
    around = bias_high - bias
    inner = np.hypot(around, z * (sd - sd_limits[0]))
    outer = np.hypot(around, z * (sd_limits[1] - sd))
    low, high = bias - z * sd, bias + z * sd
    return LimitsOfAgreement(
        n, n_clusters, bias, float(bias_low), float(bias_high), float(sd),
        float(low), float(low - outer), float(low + inner),
        float(high), float(high - inner), float(high + outer),
    )  # fmt: skip
