"""Within-participant intervals of means."""

import numpy as np
from scipy import stats


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
    return mean, stats.t.ppf((1 + confidence) / 2, dof) * np.sqrt(variance / people)
