"""Values that lie far from those of most others, by median and absolute deviation."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from mmme_neuro.errors import BadInput

LIMIT = 3.5
"""Robust standard deviations from the median (Iglewicz & Hoaglin 1993)."""

FEWEST = 8
"""With fewer values the spread is too uncertain to call any of them unusual."""


@dataclass(frozen=True)
class UsualRange:
    """Where values usually lie; an end on which nothing is unusual is infinite.

    Parameters
    ----------
    median, low, high : float
        In the unit of the values; all NaN where the values are too few.
    """

    median: float
    low: float
    high: float

    def excludes(self, values: np.ndarray) -> np.ndarray:
        """Say which values lie outside; a missing one does not.

        Parameters
        ----------
        values : array, shape (n,)
            In the same unit.

        Returns
        -------
        array of bool, shape (n,)
        """
        values = np.asarray(values, dtype=float)
        return (values < self.low) | (values > self.high)


def usual_range(
    values: np.ndarray, *, resolution: float, side: str = "both", is_ratio: bool = False
) -> UsualRange:
    """Find where most values lie, however far the others lie.

    Parameters
    ----------
    values : array, shape (n,)
        One a participant; missing ones are left out.
    resolution : float
        Smallest standard deviation worth telling from zero, in the unit of the values (of their
        natural logarithm with ``is_ratio``); with it, participants who are nearly alike make no
        small difference unusual.
    side : {"both", "high", "low"}
        On which side a value can be unusual.
    is_ratio : bool
        Whether positive values are compared by their ratio, as standard deviations are.

    Returns
    -------
    UsualRange
        All NaN with fewer than `FEWEST` values.

    Raises
    ------
    BadInput
        When the side is unknown, the resolution not positive, or a ratio of values that are not
        positive is asked for.

    Notes
    -----
    The range is the median plus and minus 3.5 times the larger of ``resolution`` and 1.4826 times
    the median absolute deviation from the median [1]_. Of normal values on both sides it calls
    1.7 % unusual among 10, 0.4 % among 30 and 0.1 % among 110: a reason to look, no test.

    References
    ----------
    .. [1] Iglewicz & Hoaglin (1993). How to Detect and Handle Outliers. ASQC Quality Press.

    Examples
    --------
    >>> found = usual_range(np.array([1, 2, 3, 2, 1, 2, 3, 2, 40]), resolution=0.5)
    >>> found.median, found.excludes(np.array([3, 40])).tolist()
    (2.0, [False, True])
    """
    if side not in ("both", "high", "low"):
        raise BadInput(f"side={side!r}: must be 'both', 'high' or 'low'.")
    if not resolution > 0:
        raise BadInput(f"resolution={resolution}: must be positive.")
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    if is_ratio and (known <= 0).any():
        raise BadInput(f"values: ratios need positive values, the least is {known.min()}.")
    if known.size < FEWEST:
        return UsualRange(np.nan, np.nan, np.nan)
    scaled = np.log(known) if is_ratio else known
    median = float(np.median(scaled))
    spread = max(float(stats.median_abs_deviation(scaled, scale="normal")), resolution)
    low = median - LIMIT * spread if side != "high" else -np.inf
    high = median + LIMIT * spread if side != "low" else np.inf
    if is_ratio:
        median, high = float(np.exp(median)), float(np.exp(high))
        low = float(np.exp(low)) if side != "high" else -np.inf
    return UsualRange(median, low, high)
