"""Association within and between participants: two levels that may disagree in sign."""

import numpy as np
import pandas as pd
from scipy.stats import pearsonr

from mmme_neuro.models.reduction import fit_reduced
from mmme_neuro.stats.groups import complete_rows, group_codes, summed
from mmme_neuro.stats.rounding import SAME


def within_between_corr(
    data: pd.DataFrame, x: str, y: str, *, participant: str = "participant"
) -> pd.DataFrame:
    """Split the correlation over all events into its within- and between-participant parts.

    Parameters
    ----------
    data : DataFrame, shape (n_rows, n_columns)
        One row per event.
    x, y : str
        Columns to correlate.
    participant : str
        Column that names the participant.

    Returns
    -------
    DataFrame, shape (1, 13)
        ``x, y, r_total, r_within, r_between`` (means weighted by their events), ``share_within_x,
        share_within_y`` (of the sum of squares), ``r_means, means_low, means_high, means_p``
        (correlation of participants' means, each counting once, with Fisher's interval),
        ``n_events, n_participants``.

    Notes
    -----
    With the shares s of the sums of squares within participants (Pedhazur 1997; psych's statsBy),
    ``r_total = sqrt(s_x s_y) r_within + sqrt((1 - s_x)(1 - s_y)) r_between`` holds exactly. Means
    of few events carry events' errors, so ``r_means`` is drawn towards the within part.

    Examples
    --------
    >>> data = pd.DataFrame({"participant": list("aabbcc"), "x": [1, 2, 3, 4, 5, 6.0]})
    >>> data["y"] = [1, 2, 0, 1, -1, 0.0]
    >>> within_between_corr(data, "x", "y")[["r_within", "r_between"]]
       r_within  r_between
    0       1.0       -1.0
    """
    table = complete_rows(data, [x, y], groups=[participant])
    codes = group_codes(table, [participant])
    values = table[[x, y]].to_numpy(dtype=float)
    values, means = _around_means(values, codes)
    counts = np.bincount(codes)
    parts = {"total": values, "within": values - means[codes], "between": means[codes]}
    products = {name: part.T @ part for name, part in parts.items()}
    share = np.diag(products["within"]) / np.diag(products["total"])
    found: dict[str, object] = {"x": x, "y": y}
    found |= {f"r_{name}": _correlation(product) for name, product in products.items()}
    found |= {"share_within_x": float(share[0]), "share_within_y": float(share[1])}
    found |= _of_means(means)
    return pd.DataFrame([found | {"n_events": len(table), "n_participants": len(counts)}])


def multilevel_slope(
    data: pd.DataFrame,
    x: str,
    y: str,
    *,
    participant: str = "participant",
    stimulus: str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Regress one measure on another with a slope of its own for each participant.

    Parameters
    ----------
    data : DataFrame, shape (n_rows, n_columns)
        One row per event.
    x, y : str
        Predictor and response.
    participant : str
        Column that names the participant.
    stimulus : str | None
        Column of a crossed random intercept.
    confidence : float
        Level of the intervals.

    Returns
    -------
    DataFrame, shape (2, ...)
        Rows ``within`` and ``between``: ``x, y, level, estimate, std_error, dof, statistic,
        p_value, ci_low, ci_high, slope_sd, n_events, n_participants, reductions, warnings``.
        Estimates are SDs of ``y`` per SD of ``x``, both SDs within participants; ``slope_sd`` is
        the spread of the slope over participants (0 where it was left out).

    Notes
    -----
    ``y ~ within + between + (1 + within | participant)``: x centered within participants, and
    participants' means of x (Mundlak 1978). Satterthwaite's degrees of freedom. Terms at a zero
    variance are left out as in `fit_reduced`. Unlike `rm_corr`, the test of the slope holds where
    slopes vary between participants.

    Examples
    --------
    >>> multilevel_slope(events, "late_positivity", "scr_us")  # doctest: +SKIP
    """
    others = [] if stimulus is None else [stimulus]
    table = complete_rows(data, [x, y], groups=[participant], others=others)
    codes = group_codes(table, [participant])
    values = table[[x, y]].to_numpy(dtype=float)
    values, means = _around_means(values, codes)
    means = means[codes]
    dof = len(table) - (codes.max() + 1)
    scale = np.sqrt(((values - means) ** 2).sum(axis=0) / dof)
    rows = pd.DataFrame(
        {
            "response": values[:, 1] / scale[1],
            "within": (values - means)[:, 0] / scale[0],
            "between": means[:, 0] / scale[0],
            "participant": codes,
        }
    )
    formula = "response ~ within + between + (1 + within | participant)"
    if stimulus is not None:
        rows["stimulus"] = group_codes(table, [stimulus])
        formula += " + (1 | stimulus)"
    fit = fit_reduced(formula, rows)
    spread = fit.variance_components.query("group == 'participant' and term == 'within'")["sd"]
    found = fit.table(confidence=confidence).loc[["within", "between"]].reset_index(names="level")
    found.insert(0, "x", x)
    found.insert(1, "y", y)
    return found.assign(
        slope_sd=[float(spread.sum()), np.nan],
        n_events=len(table),
        n_participants=codes.max() + 1,
        reductions="; ".join(fit.reductions),
        warnings="; ".join(fit.warnings),
    )


def _around_means(values: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values less their grand mean, and the groups' means of these, 0 where they do not differ."""
    around = values - values.mean(axis=0)
    means = summed(around, codes) / np.bincount(codes)[:, np.newaxis]
    return around, np.where(np.ptp(means, axis=0) > SAME * np.abs(values).max(axis=0), means, 0.0)


def _correlation(product: np.ndarray) -> float:
    """Correlation from sums of squares and products; NaN where something does not vary."""
    size = np.sqrt(product[0, 0] * product[1, 1])
    return float(np.clip(product[0, 1] / size, -1, 1)) if size > 0 else np.nan


def _of_means(means: np.ndarray) -> dict[str, float]:
    """Correlation of participants' means with its interval."""
    if len(means) < 4 or (np.ptp(means, axis=0) == 0).any():
        product = (means - means.mean(axis=0)).T @ (means - means.mean(axis=0))
        empty = dict.fromkeys(("means_low", "means_high", "means_p"), np.nan)
        return {"r_means": _correlation(product), **empty}
    result = pearsonr(means[:, 0], means[:, 1])
    low, high = result.confidence_interval(0.95)
    return {
        "r_means": float(result.statistic),
        "means_low": float(low),
        "means_high": float(high),
        "means_p": float(result.pvalue),
    }
