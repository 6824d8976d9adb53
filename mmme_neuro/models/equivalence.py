"""Equivalence tests: is a contrast small enough not to matter?"""

import numpy as np
import pandas as pd
import scipy.stats

NEEDED = ("estimate", "std_error", "dof")


def equivalence_test(
    contrasts: pd.DataFrame, bounds: tuple[float, float], *, alpha: float = 0.05
) -> pd.DataFrame:
    """Test contrasts for equivalence by two one-sided tests.

    Parameters
    ----------
    contrasts : DataFrame
        What `contrast` or ``fit.table()`` returned: ``estimate, std_error, dof``.
    bounds : (float, float)
        Smallest differences that would matter, in units of the response: fixed before the data
        are seen. For bounds in standard deviations multiply by the ``denominator`` of
        `standardised_effects`, which then counts as known.
    alpha : float
        Level of each one-sided test, and so of the equivalence test.

    Returns
    -------
    DataFrame, shape (n_contrasts, 10)
        ``estimate, std_error, dof, bound_low, bound_high, p_low, p_high, p_value, ci_low,
        ci_high``: ``p_value`` is the larger of the two one-sided p-values, small where the
        contrast is shown to lie within the bounds; the interval has level 1 - 2 alpha and lies
        within the bounds exactly where ``p_value < alpha``.

    Notes
    -----
    Schuirmann (1987, J Pharmacokinet Biopharm 15:657); Lakens (2017, Soc Psychol Personal Sci
    8:355). A difference can be significant and equivalent, or neither.

    Examples
    --------
    >>> equivalence_test(contrast(fit, "expression"), (-0.5, 0.5))  # doctest: +SKIP
    """
    low, high = bounds
    missing = [name for name in NEEDED if name not in contrasts.columns]
    if missing:
        raise ValueError(f"contrasts have no columns {missing}; give what contrast() returned")
    if not (np.isfinite([low, high]).all() and low < high):
        raise ValueError(f"bounds must be two finite numbers, the lower first, got {bounds}")
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha must lie between 0 and 0.5, got {alpha}")
    estimate, std_error, dof = (contrasts[name].to_numpy(float) for name in NEEDED)
    p_low = scipy.stats.t.sf((estimate - low) / std_error, dof)
    p_high = scipy.stats.t.cdf((estimate - high) / std_error, dof)
    half_width = scipy.stats.t.isf(alpha, dof) * std_error
    return contrasts[list(NEEDED)].assign(
        bound_low=low,
        bound_high=high,
        p_low=p_low,
        p_high=p_high,
        p_value=np.maximum(p_low, p_high),
        ci_low=estimate - half_width,
        ci_high=estimate + half_width,
    )
