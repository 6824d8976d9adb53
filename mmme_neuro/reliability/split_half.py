"""Split-half reliability of participants' scores over many random splits of their trials."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mmme_neuro.reliability.intraclass import spearman_brown
from mmme_neuro.reliability.scores import Scores
from mmme_neuro.stats.resampling import ParticipantIntervals

CellStatistic = Callable[[np.ndarray], np.ndarray]
"""From averages, shape (..., n_times), to numbers, shape (...)."""

MIN_PARTICIPANTS = 3


@dataclass(frozen=True)
class SplitHalf:
    """Reliability from halves of the trials.

    Attributes
    ----------
    estimate : float
        Spearman and Brown's step-up of the mean correlation over splits; NaN without one.
    ci_low, ci_high : float
        Interval over participants.
    split_low, split_high : float
        Range (same level) of single splits: what another random split might have given.
    reason : str
        Why there is no estimate.
    """

    estimate: float
    ci_low: float = np.nan
    ci_high: float = np.nan
    split_low: float = np.nan
    split_high: float = np.nan
    reason: str = ""


def random_halves(n_trials: int, n_splits: int, rng: np.random.Generator) -> np.ndarray:
    """Draw random halves; of an odd number either half is the larger, by chance.

    Parameters
    ----------
    n_trials, n_splits : int
        Trials to split, and how often.
    rng : Generator
        Source of the splits.

    Returns
    -------
    array of bool, shape (n_splits, n_trials)
        Which trials are in the first half.
    """
    places = rng.permuted(np.tile(np.arange(n_trials), (n_splits, 1)), axis=1)
    size = n_trials // 2 + (n_trials % 2) * rng.integers(0, 2, (n_splits, 1))
    return places < size


def half_scores(
    scores: Scores,
    *,
    n_splits: int,
    rng: np.random.Generator | int,
    measure: CellStatistic | None = None,
) -> np.ndarray:
    """Score of each participant in both halves of each split.

    Parameters
    ----------
    scores : Scores
        Trials, shape (n_trials,), or (n_trials, n_times) with a `measure`.
    n_splits : int
        Number of random splits.
    rng : Generator or int
        Source of the splits.
    measure : callable, optional
        What is measured on each half's average curve.

    Returns
    -------
    array, shape (2, n_splits, n_participants)
        NaN where the measure is not defined.
    """
    rng = np.random.default_rng(rng)
    halves = np.zeros((2, n_splits, len(scores.trials)))
    for person, parts in enumerate(scores.trials):
        for sign, trials in zip(scores.signs, parts, strict=True):
            first = random_halves(len(trials), n_splits, rng)
            for half, chosen in enumerate((first, ~first)):
                means = chosen.astype(float) @ trials
                counts = chosen.sum(axis=1)
                averages = means / counts.reshape(-1, *[1] * (means.ndim - 1))
                values = averages if measure is None else measure(averages)
                halves[half, :, person] += sign * values
    return halves


def split_half(
    scores: Scores,
    *,
    n_splits: int = 500,
    rng: np.random.Generator | int,
    measure: CellStatistic | None = None,
    confidence: float = 0.95,
    n_resamples: int = 2000,
) -> SplitHalf:
    """Correlate halves of the trials over participants, stepped up to all trials.

    Parameters
    ----------
    scores : Scores
        As of `scores_of`.
    n_splits : int
        Random splits of each participant's trials.
    rng : Generator or int
        Source of splits and resamples.
    measure : callable, optional
        What is measured on averages of curves; see `half_scores`.
    confidence : float
        Level of the intervals.
    n_resamples : int
        Bootstrap samples of participants.

    Returns
    -------
    SplitHalf

    Raises
    ------
    ValueError
        When `n_splits` is less than 10, or trials are curves and there is no measure.

    Notes
    -----
    The correlations are averaged before the step-up: it is concave, so the mean of stepped-up
    values is biased downwards, the more the fewer participants. Intervals are percentiles of
    resampled participants, widened for their number (`ParticipantIntervals`), with the same splits.
    Halves of an odd number of trials differ by one.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> people = np.repeat(np.arange(30), 20)
    >>> values = rng.normal(size=30)[people] + 2 * rng.normal(size=600)
    >>> from mmme_neuro.reliability.scores import scores_of
    >>> (one,), _ = scores_of(values, people, np.full(600, "posed"), levels=["posed"])
    >>> 0.7 < split_half(one, rng=2).estimate < 0.95  # truth: 20 / (20 + 4) = .83
    True
    """
    if n_splits < 10:
        raise ValueError(f"n_splits must be 10 or more, got {n_splits!r}.")
    if measure is None and any(part.ndim > 1 for parts in scores.trials for part in parts):
        raise ValueError("trials are curves: give a measure of their averages.")
    if len(scores.participants) < MIN_PARTICIPANTS:
        n = len(scores.participants)
        reason = f"{n} participants have enough trials; {MIN_PARTICIPANTS} are needed"
        return SplitHalf(np.nan, reason=reason)
    generator = np.random.default_rng(rng)
    halves = half_scores(scores, n_splits=n_splits, rng=generator, measure=measure)
    sums = _sums(halves, scores.largest)
    correlations = _correlations(sums.sum(axis=0))
    if np.isnan(correlations).all():
        return SplitHalf(np.nan, reason="participants' scores do not differ, or are not defined")
    estimate = float(_stepped_up(sums.sum(axis=0)))
    resampling = ParticipantIntervals(confidence, generator, n_resamples)
    low, high = resampling.interval(_stepped_up, sums)
    tail = (1 - confidence) / 2
    single = spearman_brown(correlations[np.isfinite(correlations)])
    split_low, split_high = np.quantile(single[np.isfinite(single)], [tail, 1 - tail])
    return SplitHalf(estimate, low, high, float(split_low), float(split_high))


def _sums(halves: np.ndarray, largest: float) -> np.ndarray:
    """What adds up over participants, shape (n_participants, 6, n_splits)."""
    is_there = np.isfinite(halves).all(axis=0)
    center = halves[:, is_there].mean() if is_there.any() else 0.0
    deviations = np.where(is_there, halves - center, 0.0)
    # Rounding leaves traces of differences that are none.
    traces = 1e-12 * max(np.abs(np.where(is_there, halves, 0.0)).max(), largest)
    a, b = np.where(np.abs(deviations) > traces, deviations, 0.0)
    return np.stack([is_there, a, b, a * a, b * b, a * b]).transpose(2, 0, 1)


def _correlations(sums: np.ndarray) -> np.ndarray:
    """Correlation of halves, shape (..., n_splits); NaN where a half does not vary."""
    n, a, b, aa, bb, ab = np.moveaxis(sums, -2, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread_a, spread_b = aa - a * a / n, bb - b * b / n
        varies = (spread_a > 1e-12 * aa) & (spread_b > 1e-12 * bb) & (n >= MIN_PARTICIPANTS)
        return np.where(varies, (ab - a * b / n) / np.sqrt(spread_a * spread_b), np.nan)


def _stepped_up(sums: np.ndarray) -> np.ndarray:
    """Step-up of the mean correlation over splits, shape (...)."""
    correlations = _correlations(sums)
    n = np.isfinite(correlations).sum(axis=-1)
    with np.errstate(invalid="ignore"):
        mean = np.where(n > 0, np.nansum(correlations, axis=-1) / np.maximum(n, 1), np.nan)
    return spearman_brown(mean)
