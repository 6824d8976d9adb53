"""Test-retest reliability: are two sessions alike, and how large must a real change be?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from mmme_neuro.errors import BadInput, NotEstimable
from mmme_neuro.reliability.bland_altman import LimitsOfAgreement, limits_of_agreement
from mmme_neuro.reliability.crossed_ratings import ratings_of
from mmme_neuro.reliability.intraclass import icc
from mmme_neuro.stats.levels import difference_label, ordered_labels, two_levels
from mmme_neuro.stats.rounding import SAME, is_constant
from mmme_neuro.stats.tables import check_table
from mmme_neuro.wording import value_text

_LARGEST = 1e150


@dataclass(frozen=True, eq=False, repr=False)
class Retest:
    """Agreement of two sessions of the same participants.

    Parameters
    ----------
    icc : DataFrame
        All forms, with sessions as raters.
    sessions : tuple of str
        Names of the first and the second session.
    limits : LimitsOfAgreement
        Of the second minus the first session.
    correlation : float
        Pearson's, blind to a shift between sessions.
    sem, sem_ci_low, sem_ci_high : float
        Standard error of one measurement without the shift between sessions (the root of the
        error mean square), in the unit of the measure.
    sem_agreement : float
        The same with the shift between sessions in it.
    mdc : float
        Minimal detectable change of one participant (MDC95), ``1.96 * sqrt(2) * sem``: what chance
        alone exceeds in 5 % of participants, whatever the level of the intervals.
    mdc_ci_low, mdc_ci_high : float
        Its interval.
    n_participants : int
        With both sessions.
    n_left_out : int
        Participants with one session only.
    confidence : float
        Level of the intervals.
    """

    icc: pd.DataFrame
    sessions: tuple[str, str]
    limits: LimitsOfAgreement
    correlation: float
    sem: float
    sem_ci_low: float
    sem_ci_high: float
    sem_agreement: float
    mdc: float
    mdc_ci_low: float
    mdc_ci_high: float
    n_participants: int
    n_left_out: int
    confidence: float

    def table(self) -> pd.DataFrame:
        """The main numbers: index ``quantity``, columns ``estimate, ci_low, ci_high``."""
        forms = ("ICC(A,1)", "ICC(C,1)", "ICC(A,k)")
        rows = {
            form: tuple(map(float, self.icc.loc[form, ["icc", "ci_low", "ci_high"]]))
            for form in forms
        }
        limits = self.limits
        rows |= {
            "correlation": (self.correlation, *_correlation_limits(self)),
            "bias": (limits.bias, limits.bias_ci_low, limits.bias_ci_high),
            "limit_low": (limits.low, limits.low_ci_low, limits.low_ci_high),
            "limit_high": (limits.high, limits.high_ci_low, limits.high_ci_high),
            "sem": (self.sem, self.sem_ci_low, self.sem_ci_high),
            "sem_agreement": (self.sem_agreement, np.nan, np.nan),
            "mdc": (self.mdc, self.mdc_ci_low, self.mdc_ci_high),
        }
        return pd.DataFrame.from_dict(
            rows, orient="index", columns=["estimate", "ci_low", "ci_high"]
        ).rename_axis(index="quantity")

    def __repr__(self) -> str:
        value = value_text(float(self.icc["icc"]["ICC(A,1)"]), 3)
        return (
            f"<Retest | {self.n_participants} participants | {difference_label(self.sessions)} | "
            f"ICC(A,1) {value}>"
        )


def retest_reliability(
    table: pd.DataFrame,
    *,
    participant: str,
    sessions: str,
    values: str,
    levels: Sequence | None = None,
    confidence: float = 0.95,
) -> Retest:
    """Reliability of a measure over two sessions.

    Parameters
    ----------
    table : DataFrame
        One row per participant and session.
    participant, sessions, values : str
        Columns: who, when (two sessions) and the measure.
    levels : sequence of two, optional
        The first and the second session, for example ``("pre", "post")``; others are not used. By
        default the order of an ordered Categorical, of numbers (also as text) or of dates, and else
        that in which the sessions appear in the table. The result says which it was.
    confidence : float
        Level of the intervals.

    Returns
    -------
    Retest

    Raises
    ------
    MmmeError
        With more or fewer than 2 sessions, or fewer than 3 participants with both.

    Notes
    -----
    Weir (2005, J Strength Cond Res 19:231). Participants with one session only are left out and
    counted; `icc` itself would use them.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> level = rng.normal(5, 2, 30)
    >>> table = pd.DataFrame({"participant": np.tile(np.arange(30), 2),
    ...                       "session": np.repeat([1, 2], 30),
    ...                       "amplitude_uv": np.tile(level, 2) + rng.normal(0, 1, 60)})
    >>> names = {"participant": "participant", "sessions": "session", "values": "amplitude_uv"}
    >>> retest_reliability(table, **names)
    <Retest | 30 participants | 2 - 1 | ICC(A,1) 0.679>
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence!r}.")
    check_table(table, [participant, sessions, values])
    if levels is not None:
        two_levels(table, sessions, levels)
        found = list(table[sessions].dropna().unique().tolist())
        absent = [name for name in levels if name not in found]
        if absent:
            raise BadInput(
                f"levels={list(levels)!r}: sessions column {sessions!r} holds no {absent!r}, found "
                f"{found[:10]}; name two of these as they are written there."
            )
        table = table[table[sessions].isin(list(levels))]
    cells = ratings_of(table, targets=participant, raters=sessions, ratings=values)
    if cells.n_raters != 2:
        raise BadInput(
            f"sessions column {sessions!r} must name 2 sessions, got {cells.n_raters}; name the "
            "two with levels=."
        )
    order = list(ordered_labels(cells.raters, table[sessions]) if levels is None else levels)
    measured = cells.table[:, [cells.raters.index(name) for name in order]]
    both = np.isfinite(measured).all(axis=1)
    n = int(both.sum())
    if n < 3:
        raise NotEstimable(f"3 participants or more must have both sessions, got {n}.")
    measured = measured[both]
    if np.abs(measured).max() > _LARGEST:
        raise BadInput(
            f"values column {values!r} holds numbers beyond {_LARGEST:g}, whose squares are none; "
            "change the unit."
        )
    first, second = measured.T
    rows = pd.DataFrame({"participant": np.repeat(np.arange(n), 2), "session": np.tile([0, 1], n)})
    forms = icc(
        rows.assign(value=measured.ravel()),
        targets="participant", raters="session", ratings="value", confidence=confidence,
    )  # fmt: skip
    change = _without_rounding(second - first, measured)
    error = change.var(ddof=1) / 2
    shift = max((change.mean() ** 2 - change.var(ddof=1) / n) / 2, 0.0)
    tails = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
    sem_high, sem_low = np.sqrt(error * (n - 1) / stats.chi2.ppf(tails, n - 1))
    factor = stats.norm.ppf(0.975) * np.sqrt(2)
    varies = not is_constant(measured).any()
    return Retest(
        icc=forms,
        sessions=(str(order[0]), str(order[1])),
        limits=limits_of_agreement(change, confidence=confidence),
        correlation=float(np.corrcoef(first, second)[0, 1]) if varies else np.nan,
        sem=float(np.sqrt(error)),
        sem_ci_low=float(sem_low),
        sem_ci_high=float(sem_high),
        sem_agreement=float(np.sqrt(error + shift)),
        mdc=float(factor * np.sqrt(error)),
        mdc_ci_low=float(factor * sem_low),
        mdc_ci_high=float(factor * sem_high),
        n_participants=n,
        n_left_out=int((~both).sum()) + len(cells.left_out),
        confidence=confidence,
    )


def _without_rounding(change: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Differences that are alike, or none, but for rounding made so."""
    traces = SAME * np.abs(measured).max()
    if np.ptp(change) > traces:
        return change
    mean = float(change.mean())
    return np.full(len(change), mean if abs(mean) > traces else 0.0)


def _correlation_limits(retest: Retest) -> tuple[float, float]:
    """Interval of Pearson's correlation by Fisher's z."""
    n = retest.n_participants
    if n < 4 or not abs(retest.correlation) < 1:
        return np.nan, np.nan
    z = stats.norm.ppf((1 + retest.confidence) / 2) / np.sqrt(n - 3)
    low, high = np.tanh(np.arctanh(retest.correlation) + z * np.array([-1, 1]))
    return float(low), float(high)
