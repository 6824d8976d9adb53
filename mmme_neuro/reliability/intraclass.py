"""Intraclass correlations of ratings, with or without gaps, and their mean squares."""

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from mmme_neuro.models.mixed import estimate_lmm
from mmme_neuro.reliability.crossed_ratings import Ratings, ratings_of
from mmme_neuro.reliability.variance_ratio import VariancePivot, absolute_interval, variance_pivot
from mmme_neuro.stats.rounding import is_constant
from mmme_neuro.wording import value_text


@dataclass(frozen=True)
class Coefficient:
    """One intraclass correlation, its test against zero and its interval."""

    icc: float
    f: float
    dof1: float
    dof2: float
    ci_low: float
    ci_high: float

    @property
    def p_value(self) -> float:
        """Probability of so large an F without differences between targets."""
        return float(stats.f.sf(self.f, self.dof1, self.dof2))

    def with_estimate_inside(self) -> "Coefficient":
        """The same with limits that reach to the estimate."""
        low, high = min(self.ci_low, self.icc), max(self.ci_high, self.icc)
        return replace(self, ci_low=low, ci_high=high)

    def average(self, n_averaged: float) -> "Coefficient":
        """The same for the mean of several raters, by Spearman and Brown's formula."""
        return Coefficient(
            spearman_brown(self.icc, n_averaged),
            self.f,
            self.dof1,
            self.dof2,
            spearman_brown(self.ci_low, n_averaged),
            spearman_brown(self.ci_high, n_averaged),
        )


def spearman_brown(reliability: np.ndarray | float, length: float = 2.0) -> Any:
    """Reliability of a test ``length`` times as long.

    Parameters
    ----------
    reliability : float or array
        Of the test as it is.
    length : float
        New length over old.

    Returns
    -------
    float or array
        Minus infinity where the reliability is -1 / (length - 1) or below.

    Notes
    -----
    Spearman (1910) and Brown (1910), Br J Psychol 3.

    Examples
    --------
    >>> round(float(spearman_brown(0.5)), 3), round(float(spearman_brown(0.75, 0.5)), 3)
    (0.667, 0.6)
    """
    values = np.asarray(reliability, dtype=float)
    divisor = 1 + (length - 1) * values
    with np.errstate(divide="ignore", invalid="ignore"):
        longer = length * values / divisor
    # At the pole, -1 / (length - 1), rounding may fall on either side.
    return np.where(divisor <= 1e-12, -np.inf, longer)[()]


def complete_forms(values: np.ndarray, confidence: float) -> dict[str, Coefficient]:
    """Single-rater forms of a complete table.

    Parameters
    ----------
    values : array, shape (n_targets, n_raters)
        Ratings without gaps.
    confidence : float
        Level of the intervals.

    Returns
    -------
    dict of str to Coefficient
        ``ICC(1), ICC(A,1), ICC(C,1)``.

    Notes
    -----
    Shrout & Fleiss (1979, Psychol Bull 86:420) and McGraw & Wong (1996, Psychol Methods 1:30).
    """
    n, k = values.shape
    between, raters, error, within = _mean_squares(values)
    alpha = 1 - confidence
    oneway = _from_f(_ratio(between, within), n - 1, n * (k - 1), k, alpha)
    consistent = _from_f(_ratio(between, error), n - 1, (n - 1) * (k - 1), k, alpha)
    divisor = between + (k - 1) * error + k * (raters - error) / n
    # Two targets that two raters put in opposite orders: minus infinity, which is no correlation.
    agreement = (between - error) / divisor if divisor > 0 else np.nan
    low, high = _agreement_interval(between, raters, error, n, k, alpha)
    absolute = Coefficient(agreement, consistent.f, consistent.dof1, consistent.dof2, low, high)
    return {"ICC(1)": oneway, "ICC(A,1)": absolute.with_estimate_inside(), "ICC(C,1)": consistent}


def _mean_squares(values: np.ndarray) -> tuple[float, float, float, float]:
    """Mean squares between targets, between raters, of the rest, and within targets.

    In units of the largest deviation, so that no magnitude is too small or too large to square.
    """
    n, k = values.shape
    around, rounding = unit_scaled(values)
    by_target, by_rater = around.mean(axis=1), around.mean(axis=0)
    parts = (
        np.broadcast_to(by_target[:, None], values.shape),
        np.broadcast_to(by_rater, values.shape),
        around - by_target[:, None] - by_rater,
        around - by_target[:, None],
    )
    limit = values.size * rounding**2 + 1e-24 * (around**2).sum()
    sums = [float((part**2).sum()) for part in parts]
    # A sum that is no more than rounding is none: quotients of rounding mean nothing.
    between, raters, error, within = (one if one > limit else 0.0 for one in sums)
    return (
        between / (n - 1), raters / (k - 1), error / ((n - 1) * (k - 1)), within / (n * (k - 1)),
    )  # fmt: skip


def unit_scaled(values: np.ndarray) -> tuple[np.ndarray, float]:
    """Deviations from the mean in units of the largest, and what rounding makes of one of them.

    Parameters
    ----------
    values : array, shape (...)
        Ratings; NaN where missing.

    Returns
    -------
    around : array, shape (...)
        Between -1 and 1.
    rounding : float
        Size of a deviation that may come of rounding alone.
    """
    size = np.nanmax(np.abs(values))
    around = values / size
    around = around - np.nanmean(around)
    largest = float(np.nanmax(np.abs(around)))
    return around / largest, 1e-14 / largest


def _ratio(numerator: float, denominator: float) -> float:
    if denominator > 0:
        return numerator / denominator
    return np.inf if numerator > 0 else np.nan


def _from_f(f: float, dof1: int, dof2: int, k: int, alpha: float) -> Coefficient:
    """Correlation (F - 1) / (F + k - 1) with the limits of F."""
    low = f / stats.f.isf(alpha / 2, dof1, dof2)
    high = f / stats.f.ppf(alpha / 2, dof1, dof2)
    icc, ci_low, ci_high = (
        1.0 if np.isinf(value) else (value - 1) / (value + k - 1) for value in (f, low, high)
    )
    return Coefficient(icc, f, dof1, dof2, ci_low, ci_high)


def _agreement_interval(
    between: float, raters: float, error: float, n: int, k: int, alpha: float
) -> tuple[float, float]:
    """Interval of ICC(A,1) with Satterthwaite's degrees of freedom (McGraw & Wong, table 7)."""
    if error == 0 and raters == 0:
        return 1.0, 1.0
    # k icc / (n (1 - icc)) in mean squares: 1 - icc would lose its digits where raters agree.
    a = (between - error) / ((n - 1) * error + raters)
    b = 1 + (n - 1) * a
    spread = (a * raters) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1))
    # Targets that do not differ leave 0 degrees of freedom, on which the limits then do not depend.
    dof = (a * raters + b * error) ** 2 / spread if between > 0 else n - 1.0
    upper, lower = stats.f.isf(alpha / 2, n - 1, dof), stats.f.isf(alpha / 2, dof, n - 1)
    noise = k * raters + (k * n - k - n) * error
    divisors = upper * noise + n * between, noise + n * lower * between
    if not min(divisors) > 0 or not np.isfinite(divisors).all():
        return np.nan, np.nan
    low = n * (between - upper * error) / divisors[0]
    high = n * (lower * between - error) / divisors[1]
    return float(low), float(high)


# By hand, not by pingouin: its intervals have one level and two decimals, and gaps are refused.
FORMS = ("ICC(1)", "ICC(A,1)", "ICC(C,1)", "ICC(k)", "ICC(A,k)", "ICC(C,k)")
"""Single-rater and average forms: one-way, absolute agreement, consistency."""

COLUMNS = ("icc", "f", "dof1", "dof2", "p_value", "ci_low", "ci_high")

_AVERAGES = {"ICC(k)": "ICC(1)", "ICC(A,k)": "ICC(A,1)", "ICC(C,k)": "ICC(C,1)"}


def icc(
    table: pd.DataFrame,
    *,
    targets: str,
    raters: str,
    ratings: str,
    confidence: float = 0.95,
    n_averaged: float | None = None,
) -> pd.DataFrame:
    """Intraclass correlations: how much of the spread of ratings is that of the targets.

    Parameters
    ----------
    table : DataFrame
        One row per rating. Cells may be missing: NaN, or no row.
    targets, raters, ratings : str
        Columns: what was rated, by whom, and the value.
    confidence : float
        Level of the intervals, between 0 and 1.
    n_averaged : float, optional
        Number of raters whose mean the forms with k are about; all raters if not given. Give the
        usual number of raters of one target where each target has its own few.

    Returns
    -------
    DataFrame
        Index ``form``: ``ICC(1), ICC(A,1), ICC(C,1), ICC(k), ICC(A,k), ICC(C,k)``; columns ``icc,
        f, dof1, dof2, p_value, ci_low, ci_high``.

    Raises
    ------
    ValueError
        When columns are missing, a cell is rated twice, or fewer than 2 raters or targets are left.

    Warns
    -----
    UserWarning
        With the reason for each form that is NaN, and targets or raters left out.

    See Also
    --------
    rater_reliability : The same with numbers of targets and raters, method and reasons.

    Notes
    -----
    Complete table: mean squares (Shrout & Fleiss 1979; McGraw & Wong 1996), so estimates may be
    negative. The limits of the forms with k are those of the single-rater forms after Spearman and
    Brown's formula, as in Shrout & Fleiss (p. 424) and R's psych; McGraw & Wong's own limits of
    ICC(A,k), as in R's irr, have other degrees of freedom.

    With gaps: variances of the one-way (forms 1, k) and the two-way mixed model (forms A, C) by
    REML, so estimates are not negative. F and the limits of ICC(1) and ICC(C,1) are exact (Wald
    1947; Harville & Fenech 1985) and those of a complete table are a special case; the limits of
    ICC(A,1) are generalized ones (`absolute_interval`). As a variance is not negative, the estimate
    is 0 where targets differ less than chance would have it; limits that lie below it, or that the
    estimate by REML leaves otherwise, reach to the estimate. Gaps are taken to be at random.
    Where raters differ by constants only, no error is left: consistency is 1, and agreement is as
    of a complete table, 1 without such constants.

    Examples
    --------
    >>> values = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9]]
    >>> wide = pd.DataFrame(values, columns=list("abcd")).rename_axis(index="clip")
    >>> tidy = wide.reset_index().melt("clip", var_name="rater", value_name="rating")
    >>> table = icc(tidy, targets="clip", raters="rater", ratings="rating", confidence=0.9)
    >>> float(table["icc"]["ICC(C,1)"].round(3))
    0.748
    """
    return rater_reliability(
        table,
        targets=targets,
        raters=raters,
        ratings=ratings,
        confidence=confidence,
        n_averaged=n_averaged,
    ).forms


@dataclass(frozen=True, eq=False, repr=False)
class RaterReliability:
    """Intraclass correlations and what they rest on.

    Attributes
    ----------
    forms : DataFrame
        As of `icc`.
    n_targets, n_raters, n_ratings, n_missing : int
        Counts; missing are cells of targets by raters without a rating.
    n_averaged : float
        Number of raters whose mean the forms with k are about.
    confidence : float
        Level of the intervals.
    method : {"mean squares", "mixed model", "none"}
        How the forms were estimated.
    reasons : dict of str to str
        Why forms are NaN, and what was left out.
    """

    forms: pd.DataFrame
    n_targets: int
    n_raters: int
    n_ratings: int
    n_missing: int
    n_averaged: float
    confidence: float
    method: str
    reasons: dict[str, str]

    def __repr__(self) -> str:
        return (
            f"<RaterReliability | {self.n_targets} targets, {self.n_raters} raters | "
            f"ICC(A,1) {value_text(float(self.forms['icc']['ICC(A,1)']), 3)}>"
        )

    def table(self) -> pd.DataFrame:
        """The forms, as of `icc`."""
        return self.forms


def rater_reliability(
    table: pd.DataFrame,
    *,
    targets: str,
    raters: str,
    ratings: str,
    confidence: float = 0.95,
    n_averaged: float | None = None,
) -> RaterReliability:
    """Intraclass correlations with what they rest on.

    Parameters
    ----------
    table, targets, raters, ratings, confidence, n_averaged
        As of `icc`.

    Returns
    -------
    RaterReliability

    See Also
    --------
    icc : Its table, with the definitions.

    Examples
    --------
    >>> wide = pd.DataFrame([[9, 8], [6, 2], [8, 8], [7, 6]], columns=list("ab"))
    >>> tidy = wide.rename_axis(index="clip").reset_index().melt("clip", var_name="rater")
    >>> rater_reliability(tidy, targets="clip", raters="rater", ratings="value")
    <RaterReliability | 4 targets, 2 raters | ICC(A,1) 0.597>
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence!r}.")
    cells = ratings_of(table, targets=targets, raters=raters, ratings=ratings)
    k = cells.n_raters if n_averaged is None else n_averaged
    if not k >= 1:
        raise ValueError(f"n_averaged must be 1 or more raters, got {n_averaged!r}.")
    reasons: dict[str, str] = {}
    if is_constant(cells.table.ravel()):
        forms, method = {}, "none"
        reasons["all forms"] = "all ratings are equal, so there is no spread to explain"
    elif cells.is_complete:
        forms, method = complete_forms(cells.table, confidence), "mean squares"
        if np.isnan(forms["ICC(A,1)"].icc):
            reasons["ICC(A,1), ICC(A,k)"] = (
                "the variances of targets, raters and error add up to zero, so no share is defined"
            )
        elif np.isnan(forms["ICC(A,1)"].ci_low):
            reasons["limits of ICC(A,1), ICC(A,k)"] = (
                "their degrees of freedom are next to 0, as targets differ far less than by chance"
            )
        if np.isnan(forms["ICC(C,1)"].icc):
            reasons["ICC(C,1), ICC(C,k)"] = _NO_SPREAD
    else:
        forms, method = _forms_with_gaps(cells, confidence, reasons), "mixed model"
    forms |= {name: forms[one].average(k) for name, one in _AVERAGES.items() if one in forms}
    if cells.left_out:
        reasons["left out"] = "; ".join(cells.left_out)
    for name, reason in reasons.items():
        warnings.warn(f"{name}: {reason}.", stacklevel=3)
    result = pd.DataFrame(
        [
            [getattr(forms[name], column) for column in COLUMNS] if name in forms else _EMPTY
            for name in FORMS
        ],
        index=pd.Index(FORMS, name="form"),
        columns=list(COLUMNS),
        dtype=float,
    )
    n_ratings = int(np.isfinite(cells.table).sum())
    return RaterReliability(
        forms=result,
        n_targets=cells.n_targets,
        n_raters=cells.n_raters,
        n_ratings=n_ratings,
        n_missing=cells.table.size - n_ratings,
        n_averaged=k,
        confidence=confidence,
        method=method,
        reasons=reasons,
    )


_EMPTY = [np.nan] * len(COLUMNS)
_NO_SPREAD = "each rater gave one rating throughout, so there is no spread of targets to agree on"


def _forms_with_gaps(
    cells: Ratings, confidence: float, reasons: dict[str, str]
) -> dict[str, Coefficient]:
    """Single-rater forms that a table with gaps identifies; reasons for the others."""
    scaled, rounding = unit_scaled(cells.table)
    rows = Ratings(scaled).rows()
    response, target, rater = (rows[name].to_numpy() for name in ("rating", "target", "rater"))
    forms = {}
    oneway = variance_pivot(response, target, None, rounding=rounding)
    if oneway is None:
        reasons["ICC(1), ICC(k)"] = "no target has two ratings"
    else:
        share = 1.0 if oneway.error == 0 else _shares(rows, "(1 | target)")["target"]
        forms["ICC(1)"] = _exact(oneway, share, confidence)
    of_targets = variance_pivot(response, target, rater, rounding=rounding)
    of_raters = variance_pivot(response, rater, target, rounding=rounding)
    both = "ICC(A,1), ICC(C,1), ICC(A,k), ICC(C,k)"
    if not cells.is_connected or of_targets is None or of_raters is None:
        reasons[both] = "raters share too few targets to tell raters' levels from targets'"
        return forms
    if of_targets.error == 0:
        return forms | _forms_without_error(of_targets, of_raters, confidence, reasons)
    shares = _shares(rows, "(1 | target) + (1 | rater)")
    target_share, error_share = shares["target"], shares["Residual"]
    forms["ICC(C,1)"] = _exact(of_targets, target_share / (target_share + error_share), confidence)
    low, high = absolute_interval(of_targets, of_raters, confidence)
    of_f = forms["ICC(C,1)"]
    absolute = Coefficient(target_share, of_f.f, of_f.dof1, of_f.dof2, low, high)
    forms["ICC(A,1)"] = absolute.with_estimate_inside()
    return forms


def _forms_without_error(
    targets: VariancePivot, raters: VariancePivot, confidence: float, reasons: dict[str, str]
) -> dict[str, Coefficient]:
    """Two-way forms where levels of targets and raters reproduce the ratings."""
    of_targets, of_raters = (float((one.contrasts**2).mean()) for one in (targets, raters))
    if of_targets == 0:
        reasons["ICC(C,1), ICC(C,k)"] = _NO_SPREAD
        absolute = Coefficient(0.0, np.nan, targets.dof, targets.error_dof, 0.0, 0.0)
        return {"ICC(A,1)": absolute}
    consistent = _exact(targets, 1.0, confidence)
    if of_raters == 0:
        return {"ICC(A,1)": consistent, "ICC(C,1)": consistent}
    low, high = absolute_interval(targets, raters, confidence)
    share = of_targets / (of_targets + of_raters)
    absolute = replace(consistent, icc=share, ci_low=low, ci_high=high)
    return {"ICC(A,1)": absolute.with_estimate_inside(), "ICC(C,1)": consistent}


def _shares(rows: pd.DataFrame, random: str) -> dict[str, float]:
    """Share of each variance component, by REML."""
    components = estimate_lmm(f"rating ~ 1 + {random}", rows, reml=True).variance_components
    shares = components["variance"] / components["variance"].sum()
    return dict(zip(components["group"], shares, strict=True))


def _exact(pivot: VariancePivot, estimate: float, confidence: float) -> Coefficient:
    """Coefficient with the exact limits of its variance ratio."""
    if pivot.error == 0:
        return Coefficient(1.0, np.inf, pivot.dof, pivot.error_dof, 1.0, 1.0)
    low, high = (ratio / (1 + ratio) for ratio in pivot.ratio_interval(confidence))
    found = Coefficient(estimate, pivot.f, pivot.dof, pivot.error_dof, low, high)
    return found.with_estimate_inside()
