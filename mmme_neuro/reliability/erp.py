"""Reliability of event-locked measures: amplitudes of single events, curves, components."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from mmme_neuro.reliability.dependability import Dependability, dependability
from mmme_neuro.reliability.scores import Scores, scores_of
from mmme_neuro.reliability.split_half import CellStatistic, SplitHalf, split_half
from mmme_neuro.stats.tables import check_table

TARGETS = (0.7, 0.8)


@dataclass(frozen=True)
class ErpReliability:
    """Reliability of scores of each condition and of their difference.

    Attributes
    ----------
    coefficients : DataFrame
        ``response, condition, coefficient, estimate, ci_low, ci_high, split_low, split_high,
        n_participants, n_trials, reason``; coefficients ``split_half`` and ``dependability``, both
        with the trials as they are; ``n_trials`` is the median (of the smaller condition).
    trials_needed : DataFrame
        ``response, condition, target, n_trials, ci_low, ci_high``: trials (in each condition, for a
        difference) with which dependability reaches the target; infinite where none does.
    by_trials : DataFrame
        ``response, condition, n_trials, dependability, ci_low, ci_high``.
    measurement : DataFrame
        ``response, condition, rms_sme, sd_participants, sd_true, share_of_error, ci_low, ci_high,
        n_participants``: error of participants' scores beside their differences.
    left_out : DataFrame
        ``response, condition, participant, n_trials, reason``.
    """

    coefficients: pd.DataFrame
    trials_needed: pd.DataFrame
    by_trials: pd.DataFrame
    measurement: pd.DataFrame
    left_out: pd.DataFrame

    def __repr__(self) -> str:
        names = self.coefficients["response"].unique()
        return f"<ErpReliability | {len(names)} responses: {', '.join(map(str, names))}>"


def erp_reliability(
    table: pd.DataFrame,
    responses: str | Sequence[str],
    *,
    rng: np.random.Generator | int,
    participant: str = "participant",
    condition: str,
    levels: Sequence[str],
    targets: Sequence[float] = TARGETS,
    min_trials: int = 4,
    max_trials: int = 60,
    n_splits: int = 500,
    n_resamples: int = 2000,
    confidence: float = 0.95,
) -> ErpReliability:
    """Reliability of participants' mean responses, and of the difference of two conditions.

    Parameters
    ----------
    table : DataFrame
        One row per event.
    responses : str or sequence of str
        Columns with a number for each event; events without one are not used.
    rng : Generator or int
        Source of splits and resamples.
    participant, condition : str
        Columns that name them.
    levels : sequence of str
        Conditions that are looked at; of two, the reference first, also the second minus the
        first.
    targets : sequence of float
        Dependabilities for which the number of trials is given.
    min_trials : int
        Participants with fewer usable events of a condition are left out there, and listed.
    max_trials : int
        End of the curve of dependability by number of trials.
    n_splits : int
        Random splits of each participant's events.
    n_resamples : int
        Bootstrap samples of participants.
    confidence : float
        Level of the intervals.

    Returns
    -------
    ErpReliability

    Raises
    ------
    ValueError
        When columns are missing or a response holds no numbers.

    See Also
    --------
    component_reliability : Measures of averages, such as latencies.
    reliability_over_time : Dependability at each time of a curve.

    Notes
    -----
    See `split_half` and `dependability`. A reliable amplitude says little of the difference: what
    the conditions share cancels, the errors add up.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> people = np.repeat(np.arange(25), 40)
    >>> kinds = np.tile(["posed", "spontaneous"], 500)
    >>> size = rng.normal(size=25)[people] + rng.normal(size=25)[people] * (kinds == "posed")
    >>> events = pd.DataFrame({"participant": people, "kind": kinds})
    >>> events["late"] = size + 3 * rng.normal(size=1000)
    >>> two = {"condition": "kind", "levels": ("posed", "spontaneous")}
    >>> erp_reliability(events, "late", **two, rng=1, n_splits=50, n_resamples=200)
    <ErpReliability | 1 responses: late>
    """
    is_one = isinstance(responses, str) or not isinstance(responses, Iterable)
    names: list[Any] = [responses] if is_one else list(responses)
    check_table(table, (participant, condition, *names))
    text = [name for name in names if not pd.api.types.is_numeric_dtype(table[name])]
    if text:
        raise ValueError(f"responses must hold numbers; {text} do not.")
    if max_trials < 1:
        raise ValueError(f"max_trials must be 1 or more, got {max_trials!r}.")
    generator = np.random.default_rng(rng)
    parts: dict[str, list[pd.DataFrame]] = {field.name: [] for field in fields(ErpReliability)}
    for name in names:
        found, left_out = scores_of(
            table[name].to_numpy(dtype=float, na_value=np.nan), table[participant],
            table[condition], levels=levels, min_trials=min_trials,
        )  # fmt: skip
        parts["left_out"].append(_named(left_out, response=name))
        for scores in found:
            halves = split_half(scores, n_splits=n_splits, rng=generator, confidence=confidence,
                                n_resamples=n_resamples)  # fmt: skip
            whole = dependability(
                scores, rng=generator, confidence=confidence, n_resamples=n_resamples
            )
            tables = _tables(scores, halves, whole, targets, max_trials)
            for kind, rows in tables.items():
                parts[kind].append(_named(rows, response=name, condition=scores.name))
    joined = {kind: pd.concat(rows, ignore_index=True) for kind, rows in parts.items()}
    return ErpReliability(**joined)


def component_reliability(
    curves: np.ndarray,
    participant: Sequence | np.ndarray | pd.Series,
    conditions: Sequence | np.ndarray | pd.Series,
    measures: Mapping[str, CellStatistic],
    *,
    rng: np.random.Generator | int,
    levels: Sequence[str],
    min_trials: int = 4,
    n_splits: int = 200,
    n_resamples: int = 2000,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Split-half reliability of what is measured on averages, such as a peak or a latency.

    Parameters
    ----------
    curves : array, shape (n_events, n_times)
        Signal of a region around each event.
    participant, conditions : array, shape (n_events,)
        Whose event it is, and of which condition.
    measures : mapping of str to callable
        By name, from averages, shape (..., n_times), to numbers, shape (...).
    rng, levels, min_trials, n_splits, n_resamples, confidence
        As for `erp_reliability`.

    Returns
    -------
    DataFrame
        ``response, condition, coefficient, estimate, ci_low, ci_high, split_low, split_high,
        n_participants, n_trials, reason``, coefficient ``split_half``.

    Notes
    -----
    Measured on the average of each half, which is noisier than the whole: the step-up assumes that
    the measure of a half errs at random, and says too little of measures that break down in noise.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> people = np.repeat(np.arange(12), 20)
    >>> curves = rng.normal(size=(240, 30)) + rng.normal(size=12)[people][:, None]
    >>> highest = {"peak": lambda averages: averages.max(axis=-1)}
    >>> kinds = np.full(240, "posed")
    >>> table = component_reliability(curves, people, kinds, highest, rng=1, levels=["posed"])
    >>> bool(table["estimate"].item() > 0.8)
    True
    """
    curves = _curves(curves)
    generator = np.random.default_rng(rng)
    found, _ = scores_of(curves, participant, conditions, levels=levels, min_trials=min_trials)
    rows = []
    for name, measure in measures.items():
        for scores in found:
            halves = split_half(scores, n_splits=n_splits, rng=generator, measure=measure,
                                confidence=confidence, n_resamples=n_resamples)  # fmt: skip
            row = _of_halves(scores, halves)
            rows.append({"response": name, "condition": scores.name, **row})
    return pd.DataFrame(rows)


def reliability_over_time(
    curves: np.ndarray,
    times: np.ndarray,
    participant: Sequence | np.ndarray | pd.Series,
    conditions: Sequence | np.ndarray | pd.Series,
    *,
    rng: np.random.Generator | int,
    levels: Sequence[str],
    width: float | None = None,
    min_trials: int = 4,
    n_resamples: int = 1000,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Dependability of participants' averages along a curve.

    Parameters
    ----------
    curves : array, shape (n_events, n_times)
        Signal of a region around each event.
    times : array, shape (n_times,)
        Seconds.
    participant, conditions : array, shape (n_events,)
        Whose event it is, and of which condition.
    width : float, optional
        Length (s) of consecutive windows over which curves are averaged first; what is left at the
        end is not used. Each sample on its own if not given.
    rng, levels, min_trials, n_resamples, confidence
        As for `erp_reliability`.

    Returns
    -------
    DataFrame
        ``condition, time`` (middle of the window), ``estimate, ci_low, ci_high, n_participants``;
        intervals hold at each time, not over all of them.

    Examples
    --------
    >>> curves = np.random.default_rng(1).normal(size=(40, 3))
    >>> people = np.repeat(np.arange(8), 5)
    >>> times, kinds = np.arange(3) / 10, np.full(40, "posed")
    >>> len(reliability_over_time(curves, times, people, kinds, rng=1, levels=["posed"]))
    3
    """
    curves = _curves(curves)
    if curves.shape[1] != len(times):
        raise ValueError(f"times must have {curves.shape[1]} entries, as curves; got {len(times)}.")
    if width is not None:
        curves, times = _binned(curves, np.asarray(times, dtype=float), width)
    generator = np.random.default_rng(rng)
    found, _ = scores_of(curves, participant, conditions, levels=levels, min_trials=min_trials)
    rows = []
    for scores in found:
        # The same resamples at each time, so that limits are as smooth as the curve.
        seed = int(generator.integers(2**31))
        for place, time in enumerate(np.asarray(times, dtype=float)):
            trials = tuple(tuple(part[:, place] for part in parts) for parts in scores.trials)
            now = Scores(scores.name, scores.participants, trials, scores.signs)
            found_now = dependability(
                now, rng=seed, confidence=confidence, n_resamples=n_resamples
            ).observed()
            rows.append((scores.name, time, *found_now, len(scores.participants)))
    columns = ["condition", "time", "estimate", "ci_low", "ci_high", "n_participants"]
    return pd.DataFrame(rows, columns=columns)


def _curves(curves: np.ndarray) -> np.ndarray:
    """Curves as an array of two dimensions."""
    curves = np.asarray(curves, dtype=float)
    if curves.ndim != 2:
        raise ValueError(f"curves must be (n_events, n_times), got shape {curves.shape}.")
    return curves


def _binned(curves: np.ndarray, times: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Average over consecutive windows; their middles."""
    n_each = round(width / (times[1] - times[0])) if len(times) > 1 else 0
    if not 1 <= n_each <= len(times):
        raise ValueError(f"width must be one sample or more and fit the curve, got {width!r} s.")
    n_bins = len(times) // n_each
    cut = slice(n_bins * n_each)
    binned = curves[:, cut].reshape(len(curves), n_bins, n_each).mean(axis=2)
    return binned, times[cut].reshape(n_bins, n_each).mean(axis=1)


def _named(table: pd.DataFrame, **names: str) -> pd.DataFrame:
    """Put columns of names in front."""
    for place, (column, name) in enumerate(names.items()):
        table.insert(place, column, name)
    return table


def _of_halves(scores: Scores, halves: SplitHalf) -> dict:
    """One row of coefficients."""
    return {
        "coefficient": "split_half",
        "estimate": halves.estimate,
        "ci_low": halves.ci_low,
        "ci_high": halves.ci_high,
        "split_low": halves.split_low,
        "split_high": halves.split_high,
        "n_participants": len(scores.participants),
        "n_trials": scores.n_trials,
        "reason": halves.reason,
    }


def _tables(
    scores: Scores,
    halves: SplitHalf,
    whole: Dependability,
    targets: Sequence[float],
    max_trials: int,
) -> dict[str, pd.DataFrame]:
    """Rows of each table for one score."""
    names = ("estimate", "ci_low", "ci_high")
    first = _of_halves(scores, halves)
    blank = {"split_low": np.nan, "split_high": np.nan}
    observed = dict(zip(names, whole.observed(), strict=True))
    second = {**first, **blank, "coefficient": "dependability", **observed, "reason": whole.reason}
    needed = [(target, *whole.trials_needed(target)) for target in targets]
    numbers = np.arange(1, max_trials + 1)
    curve = pd.DataFrame(whole.with_trials(numbers), columns=["dependability", "ci_low", "ci_high"])
    curve.insert(0, "n_trials", numbers)
    measurement = {
        "rms_sme": whole.rms_sme,
        "sd_participants": whole.sd_participants,
        "sd_true": whole.sd_true,
        "share_of_error": 1 - observed["estimate"],
        "ci_low": 1 - observed["ci_high"],
        "ci_high": 1 - observed["ci_low"],
        "n_participants": len(scores.participants),
    }
    return {
        "coefficients": pd.DataFrame([first, second]),
        "trials_needed": pd.DataFrame(needed, columns=["target", "n_trials", "ci_low", "ci_high"]),
        "by_trials": curve,
        "measurement": pd.DataFrame([measurement]),
    }
