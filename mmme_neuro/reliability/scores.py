"""Participants' scores that are averages of trials, or differences of averages."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmme_neuro.stats.levels import difference_label


@dataclass(frozen=True, eq=False)
class Scores:
    """Trials behind one score of each participant.

    Parameters
    ----------
    name : str
        The condition, or ``"b - a"`` for a difference.
    participants : tuple of str
        Who has enough trials.
    trials : tuple of tuple of array
        For each participant, for each part, shape (n_trials, ...).
    signs : tuple of int
        The score is the sum of the parts' averages with these signs: ``(1,)`` for a condition,
        ``(1, -1)`` for a difference.
    """

    name: str
    participants: tuple[str, ...]
    trials: tuple[tuple[np.ndarray, ...], ...]
    signs: tuple[int, ...]

    @property
    def n_trials(self) -> float:
        """Median over participants of the number of trials (of the smaller part)."""
        counts = [min(len(part) for part in parts) for parts in self.trials]
        return float(np.median(counts)) if counts else np.nan

    @property
    def largest(self) -> float:
        """Largest absolute value of a trial, of which rounding takes a share."""
        return max(
            (float(np.abs(part).max()) for parts in self.trials for part in parts), default=0
        )

    def means(self) -> np.ndarray:
        """Score of each participant, shape (n_participants, ...)."""
        return np.array(
            [
                sum(sign * part.mean(axis=0) for sign, part in zip(self.signs, parts, strict=True))
                for parts in self.trials
            ]
        )

    def error_variances(self) -> tuple[np.ndarray, np.ndarray]:
        """Squared standard error of each score, and what one trial a part would have.

        Returns
        -------
        tuple of array, shape (n_participants, ...)
            Sum over parts of variance / number of trials, and sum of variances.
        """
        spread = [[part.var(axis=0, ddof=1) for part in parts] for parts in self.trials]
        own = [
            sum(variance / len(part) for variance, part in zip(variances, parts, strict=True))
            for variances, parts in zip(spread, self.trials, strict=True)
        ]
        return np.array(own), np.array([sum(variances) for variances in spread])


def scores_of(
    values: np.ndarray,
    participants: Sequence | np.ndarray | pd.Series,
    conditions: Sequence | np.ndarray | pd.Series,
    *,
    levels: Sequence[str],
    min_trials: int = 4,
) -> tuple[list[Scores], pd.DataFrame]:
    """Gather the trials of each condition and of the difference of two.

    Parameters
    ----------
    values : array, shape (n_trials, ...)
        A number, or a curve, of each trial; trials with a missing value are not used.
    participants, conditions : array, shape (n_trials,)
        Whose trial it is, and of which condition.
    levels : sequence of str
        Conditions that are looked at; of two, also the second minus the first.
    min_trials : int
        A participant with fewer usable trials of a condition is left out there.

    Returns
    -------
    list of Scores
        One a condition, then the difference.
    DataFrame
        ``condition, participant, n_trials, reason`` of those left out.

    Raises
    ------
    ValueError
        When lengths differ, a level has no trial, or ``min_trials`` is less than 2.

    Examples
    --------
    >>> values = np.arange(12.0)
    >>> people, kinds = np.repeat(["p1", "p2"], 6), np.tile(["posed", "acted"], 6)
    >>> found, left_out = scores_of(values, people, kinds, levels=["posed", "acted"], min_trials=2)
    >>> [score.name for score in found], found[2].means().tolist()
    (['posed', 'acted', 'acted - posed'], [1.0, 1.0])
    """
    values = np.asarray(values, dtype=float)
    people, kinds = (np.asarray(column).astype(str) for column in (participants, conditions))
    if not len(values) == len(people) == len(kinds):
        raise ValueError(
            "values, participants and conditions must have one entry per trial, got "
            f"{len(values)}, {len(people)} and {len(kinds)}."
        )
    if min_trials < 2:
        raise ValueError(f"min_trials must be 2 or more (one in each half), got {min_trials!r}.")
    absent = [level for level in levels if level not in kinds]
    if absent or not len(levels):
        raise ValueError(f"levels must be conditions of the trials, {absent or 'none'} are not.")
    is_there = np.isfinite(values).reshape(len(values), -1).all(axis=1)
    cells = {
        (person, level): values[is_there & (people == person) & (kinds == level)]
        for level in levels
        for person in dict.fromkeys(people)
    }
    wanted: list[tuple[tuple[str, ...], tuple[int, ...], str]] = [
        ((level,), (1,), level) for level in levels
    ]
    if len(levels) == 2:
        wanted.append(((levels[1], levels[0]), (1, -1), difference_label(levels)))
    found, left_out = [], []
    for parts, signs, name in wanted:
        kept: dict[str, tuple[np.ndarray, ...]] = {}
        for person in dict.fromkeys(people):
            trials = tuple(cells[person, level] for level in parts)
            fewest = min(len(part) for part in trials)
            if fewest >= min_trials:
                kept[str(person)] = trials
            else:
                reason = f"{fewest} usable trials, {min_trials} needed"
                left_out.append((name, str(person), fewest, reason))
        found.append(Scores(name, tuple(kept), tuple(kept.values()), signs))
    columns = ["condition", "participant", "n_trials", "reason"]
    return found, pd.DataFrame(left_out, columns=columns)
