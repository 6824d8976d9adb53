"""How far two coders' onset, apex and offset lie apart."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from mmme_neuro.reliability.bland_altman import limits_of_agreement
from mmme_neuro.stats.groups import sums_by_cluster
from mmme_neuro.stats.resampling import ParticipantIntervals, quantile_interval

TIMES = ("onset", "apex", "offset", "rise", "duration")

SINGLE_SCORE = ("icc_oneway", "icc_agreement", "icc_consistency")


def timing_table(pairs: pd.DataFrame, resampling: ParticipantIntervals) -> pd.DataFrame:
    """Errors and intraclass correlations of the times of events that both coders saw.

    Parameters
    ----------
    pairs : DataFrame
        One row per matched event: ``participant, censored`` and each of ``onset, apex, offset`` (s)
        with the endings ``_a`` and ``_b``.
    resampling : ParticipantIntervals
        How the intervals of the correlations are made.

    Returns
    -------
    DataFrame
        Index ``time``: ``onset, apex, offset``, ``rise`` (onset to apex), ``duration`` and, over
        pairs whose offset both coded, ``offset_coded``, ``duration_coded``. Columns ``n``,
        ``median_abs_ms, mean_abs_ms`` (absolute difference), ``bias_ms`` (A minus B), ``sd_ms``,
        ``loa_low_ms, loa_high_ms`` and, of one coder, ``icc_oneway, icc_agreement,
        icc_consistency``; all but ``n`` and the standard deviation with ``_ci_low`` and
        ``_ci_high`` after their name.
    """
    coded = pairs[~pairs["censored"]]
    rows = {time: _row(pairs, time, resampling) for time in TIMES}
    rows |= {f"{time}_coded": _row(coded, time, resampling) for time in ("offset", "duration")}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(index="time")


def single_score_iccs(moments: np.ndarray) -> dict[str, Any]:
    """Intraclass correlations of one of two raters, from sums.

    Parameters
    ----------
    moments : array, shape (..., 6)
        Over targets: number, a, b, a^2, b^2, a * b; the values centered beforehand.

    Returns
    -------
    dict of str to array, shape (...)
        ``icc_oneway, icc_agreement, icc_consistency``: the mean-square forms of Shrout & Fleiss.
    """
    n, a, b, aa, bb, ab = np.moveaxis(np.asarray(moments, float), -1, 0)
    n = np.maximum(n, 1)
    total, half = aa + bb + 2 * ab, a + b
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (total / 2 - half**2 / (2 * n)) / (n - 1)
        raters = (a - b) ** 2 / (2 * n)
        within = (aa + bb - 2 * ab) / (2 * n)
        error = (within * n - raters) / (n - 1)
        return {
            "icc_oneway": (between - within) / (between + within),
            "icc_agreement": (between - error) / (between + error + 2 * (raters - error) / n),
            "icc_consistency": (between - error) / (between + error),
        }


def moments_of(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Moments of each pair for `single_score_iccs`, shape (n_pairs, 6)."""
    center = np.concatenate([a, b]).mean()
    a, b = a - center, b - center
    return np.column_stack([np.ones(len(a)), a, b, a**2, b**2, a * b])


def _row(pairs: pd.DataFrame, time: str, resampling: ParticipantIntervals) -> dict[str, float]:
    """Everything about one time."""
    a, b = (seconds_of(pairs, time, coder) for coder in "ab")
    present = np.isfinite(a) & np.isfinite(b)
    a, b, clusters = a[present], b[present], pairs["participant"].to_numpy()[present]
    row: dict[str, float] = {"n": int(present.sum())}
    if len(a) < 3 or len(np.unique(clusters)) < 2:
        return row
    apart = 1000 * np.abs(a - b)
    low, high = quantile_interval(apart, clusters, confidence=resampling.confidence)
    row |= _named("median_abs_ms", float(np.median(apart)), low, high)
    sums = sums_by_cluster(np.column_stack([apart, np.ones(len(apart))]), clusters)
    mean_abs = resampling.interval(_mean, sums)
    row |= _named("mean_abs_ms", float(apart.mean()), *mean_abs)
    limits = limits_of_agreement(
        1000 * (a - b), participant=clusters, confidence=resampling.confidence
    )
    row |= _named("bias_ms", limits.bias, limits.bias_ci_low, limits.bias_ci_high)
    row["sd_ms"] = limits.sd
    row |= _named("loa_low_ms", limits.low, limits.low_ci_low, limits.low_ci_high)
    row |= _named("loa_high_ms", limits.high, limits.high_ci_low, limits.high_ci_high)
    moments = moments_of(a, b)
    for name in SINGLE_SCORE:
        found = resampling.estimate(partial(_single_score, name=name), moments, clusters)
        row |= _named(name, *found)
    return row


def seconds_of(pairs: pd.DataFrame, time: str, coder: str) -> np.ndarray:
    """One coder's times, or the lengths of phases.

    Parameters
    ----------
    pairs : DataFrame
        Matched events with ``onset, apex, offset`` (s) ending on ``_a`` and ``_b``.
    time : str
        One of `TIMES`.
    coder : {"a", "b"}
        Whose.

    Returns
    -------
    array, shape (n_pairs,)
        In seconds.
    """
    phases = {"rise": ("apex", "onset"), "duration": ("offset", "onset")}
    if time in phases:
        end, begin = phases[time]
        return (pairs[f"{end}_{coder}"] - pairs[f"{begin}_{coder}"]).to_numpy(dtype=float)
    return pairs[f"{time}_{coder}"].to_numpy(dtype=float)


def _single_score(moments: np.ndarray, name: str) -> np.ndarray:
    return single_score_iccs(moments)[name]


def _mean(sums: np.ndarray) -> np.ndarray:
    return sums[..., 0] / np.maximum(sums[..., 1], 1)


def _named(name: str, value: float, low: float, high: float) -> dict[str, float]:
    return {name: value, f"{name}_ci_low": low, f"{name}_ci_high": high}
