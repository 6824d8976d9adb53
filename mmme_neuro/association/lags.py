"""Association at several lags: one measure of an event with the course of another modality."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmme_neuro.association.intervals import bootstrap_interval, participant_products
from mmme_neuro.association.repeated import null_correlations
from mmme_neuro.association.shuffles import Resampling, p_of_null, shuffled_orders
from mmme_neuro.responses.measures import window_mask
from mmme_neuro.stats.estimates import t_interval
from mmme_neuro.stats.groups import (
    centered,
    complete_rows,
    covariate_columns,
    group_codes,
    independent_columns,
)


def lagged_corr(
    data: pd.DataFrame,
    x: str,
    course: pd.DataFrame,
    *,
    resampling: Resampling,
    participant: str = "participant",
    covariates: Sequence[str] = (),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Correlate a measure with each window of a course after the event, within participants.

    Parameters
    ----------
    data : DataFrame, shape (n_events, n_columns)
        One row per event, in the order of time within blocks.
    x : str
        Column to correlate.
    course : DataFrame, shape (n_events, n_lags)
        The other modality; row *i* belongs to row *i* of ``data``, columns are lags in s.
    resampling : Resampling
        Its permutations are needed. Circular shifts within participant and stimulus keep the slow
        course of both modalities over a stimulus.
    participant, covariates, confidence
        As in `rm_corr`.

    Returns
    -------
    DataFrame, shape (n_lags, ...)
        ``x, lag, r, dof, ci_low, ci_high, boot_low, boot_high, p_permutation, p_max, null_low,
        null_high, threshold, n_events, n_participants, n_left_out``. ``p_max`` and ``threshold``
        hold for the whole course (largest absolute correlation over lags under the null);
        ``null_low`` to ``null_high`` is the null's range at the lag. An event that misses one
        window is left out of all.

    Raises
    ------
    ValueError
        When rows do not match, there are no permutations, or as in `rm_corr`.

    Examples
    --------
    >>> lagged_corr(events, "late_positivity", eda_windows, resampling=plan)  # doctest: +SKIP
    """
    if len(course) != len(data):
        raise ValueError(
            f"course has {len(course)} rows and data {len(data)}: row i must be event i of both."
        )
    if resampling.n_permutations < 1:
        raise ValueError("resampling.n_permutations must be positive: lags are tested together.")
    lags = [float(lag) for lag in course.columns]
    names = [f"lag {lag!r}" for lag in lags]
    joined = data.assign(**dict(zip(names, course.to_numpy(dtype=float).T, strict=True)))
    measures = [x, *names]
    others = [*covariates, *resampling.blocks]
    table = complete_rows(joined, measures, groups=[participant], others=others)
    codes = group_codes(table, [participant])
    values = centered(table[measures].to_numpy(dtype=float), codes)
    values = values / np.sqrt((values**2).sum(axis=0))
    _, basis = independent_columns(centered(covariate_columns(table, covariates), codes))
    residuals = values - basis @ (basis.T @ values)
    residuals = residuals / np.sqrt((residuals**2).sum(axis=0))
    rng = np.random.default_rng(resampling.rng)
    orders = shuffled_orders(
        group_codes(table, [*dict.fromkeys([participant, *resampling.blocks])]),
        resampling.n_permutations,
        scheme=resampling.scheme,
        rng=rng,
    )
    r = residuals[:, 1:].T @ residuals[:, 0]
    null = null_correlations(residuals[:, 0], residuals[:, 1:], orders, basis)
    largest = np.abs(null).max(axis=1)
    tail = (1 - confidence) / 2
    dof = len(table) - codes.max() - 2 - basis.shape[1]
    z = np.arctanh(r)
    low, high = np.tanh(t_interval(z, 1 / np.sqrt(dof - 1), confidence=confidence))
    boot = [
        bootstrap_interval(
            participant_products(np.column_stack([values[:, [0, lag]], basis]), codes),
            n_resamples=resampling.n_resamples,
            rng=rng,
            confidence=confidence,
        )
        if resampling.n_resamples
        else (np.nan, np.nan)
        for lag in range(1, len(measures))
    ]
    return pd.DataFrame(
        {
            "x": x,
            "lag": lags,
            "r": r,
            "dof": dof,
            "ci_low": low,
            "ci_high": high,
            "boot_low": [low for low, _ in boot],
            "boot_high": [high for _, high in boot],
            "p_permutation": p_of_null(np.abs(r), np.abs(null)),
            "p_max": p_of_null(np.abs(r), np.repeat(largest[:, np.newaxis], len(r), axis=1)),
            "null_low": np.quantile(null, tail, axis=0),
            "null_high": np.quantile(null, 1 - tail, axis=0),
            "threshold": float(np.quantile(largest, confidence)),
            "n_events": len(table),
            "n_participants": codes.max() + 1,
            "n_left_out": len(data) - len(table),
        }
    )


def window_means(
    data: np.ndarray, times: np.ndarray, edges: Sequence[float], *, baseline: tuple[float, float]
) -> pd.DataFrame:
    """Average courses in successive windows, as changes from the baseline.

    A window holds its beginning and not its end, so that no sample is in two of them; so does the
    baseline.

    Parameters
    ----------
    data : array, shape (n_events, n_times)
        One channel of physiology.
    times : array, shape (n_times,)
        Times from the event, s.
    edges : sequence of float
        Ends of the windows, s; each window begins where the one before ends.
    baseline : tuple of float
        Its ends, s.

    Returns
    -------
    DataFrame, shape (n_events, n_windows)
        Columns are the centers of the windows, s. A window with a missing sample is NaN.

    Raises
    ------
    ValueError
        When a window or the baseline holds no sample.

    Examples
    --------
    >>> window_means(np.array([[0.0, 1, 2, 3]]), np.arange(4.0), [1, 2, 4], baseline=(0, 1))
       1.5  3.0
    0  1.0  2.5
    """
    spans = [baseline, *zip(edges[:-1], edges[1:], strict=True)]
    means = {}
    for low, high in spans:
        inside = window_mask(times, (low, high), is_half_open=True)
        if not inside.any():
            raise ValueError(
                f"window {low} to {high} s: holds no sample; times reach from {times[0]:g} to "
                f"{times[-1]:g} s."
            )
        means[(low, high)] = data[:, inside].mean(axis=1)
    return pd.DataFrame({(a + b) / 2: means[(a, b)] - means[spans[0]] for a, b in spans[1:]})
