"""Dependability of participants' scores by number of trials (generalizability theory)."""

from dataclasses import dataclass

import numpy as np

from mmme_neuro.reliability.scores import Scores

MIN_PARTICIPANTS = 3


@dataclass(frozen=True)
class Dependability:
    """Variance of scores over participants beside that of their error.

    Attributes
    ----------
    ratio, ratio_low, ratio_high : float
        Observed variance of the scores over mean squared standard error, with its interval; 1
        where participants do not differ. NaN where there is none.
    n_effective : float
        Equal number of trials with which everybody's scores would have the same error.
    rms_sme : float
        Root mean square of the standardized measurement error, in units of the scores.
    sd_participants : float
        Standard deviation of the scores, error included.
    reason : str
        Why there is no estimate.
    """

    ratio: float
    ratio_low: float = np.nan
    ratio_high: float = np.nan
    n_effective: float = np.nan
    rms_sme: float = np.nan
    sd_participants: float = np.nan
    reason: str = ""

    @property
    def sd_true(self) -> float:
        """Standard deviation of the true scores; 0 where error explains all differences."""
        return float(np.sqrt(max(self.sd_participants**2 - self.rms_sme**2, 0.0)))

    def observed(self) -> tuple[float, float, float]:
        """Dependability with the numbers of trials as they are, and its interval.

        Below 0 where participants differ less than error alone would have it.
        """
        low, value, high = (_share(r) for r in (self.ratio_low, self.ratio, self.ratio_high))
        return value, low, high

    def with_trials(self, n_trials: np.ndarray | float) -> np.ndarray:
        """Dependability with other numbers of trials, and its interval.

        Parameters
        ----------
        n_trials : array, shape (n,)
            Trials a participant (in each condition, for a difference).

        Returns
        -------
        array, shape (n, 3)
            Estimate, lower and upper limit; not below 0.
        """
        signal = self._signals()
        error = self.n_effective / np.atleast_1d(np.asarray(n_trials, dtype=float))
        with np.errstate(invalid="ignore"):
            shares = signal / (signal + error[:, None])
        return np.where(np.isinf(signal), 1.0, shares)

    def trials_needed(self, target: float) -> tuple[float, float, float]:
        """Smallest number of trials with which dependability reaches a target, and its interval.

        Parameters
        ----------
        target : float
            Between 0 and 1.

        Returns
        -------
        tuple of float
            Estimate, lower and upper limit; infinite where no number is enough.
        """
        if not 0 < target < 1:
            raise ValueError(f"target must lie between 0 and 1, got {target!r}.")
        with np.errstate(divide="ignore"):
            numbers = target / (1 - target) * self.n_effective / self._signals()
        # A hair of slack: rounding errors should not ask for one trial more.
        value, high, low = np.maximum(np.ceil(numbers - 1e-9), 1.0)
        return float(value), float(low), float(high)

    def _signals(self) -> np.ndarray:
        """True over error variance with the numbers of trials as they are: value, low, high."""
        ratios = np.array([self.ratio, self.ratio_low, self.ratio_high])
        return np.where(np.isnan(ratios), np.nan, np.maximum(ratios - 1, 0.0))


def dependability(
    scores: Scores,
    *,
    rng: np.random.Generator | int,
    confidence: float = 0.95,
    n_resamples: int = 2000,
) -> Dependability:
    """Compare the variance of scores with that of their error.

    Parameters
    ----------
    scores : Scores
        As of `scores_of`; trials of shape (n_trials,).
    rng : Generator or int
        Source of the resamples.
    confidence : float
        Level of the interval.
    n_resamples : int
        Bootstrap samples of participants.

    Returns
    -------
    Dependability

    Notes
    -----
    Participants by trials, trials nested (Brennan 2001, Generalizability theory; Baldwin, Larson &
    Clayson 2015, Psychophysiology 52:790). The variance of true scores is the variance of scores
    less the mean of their squared standard errors: unbiased also where participants differ in
    noise and in number of trials, and for a difference of two conditions. The interval is a
    bootstrap-t over participants of the log of the ratio of variances: percentiles of so skewed
    a ratio cover too seldom with few participants (docs/reliability_of_scores.md). That error
    falls with the number of trials assumes trials that are independent given the participant.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> people = np.repeat(np.arange(40), 20)
    >>> values = rng.normal(size=40)[people] + 2 * rng.normal(size=800)
    >>> from mmme_neuro.reliability.scores import scores_of
    >>> (one,), _ = scores_of(values, people, np.full(800, "posed"), levels=["posed"])
    >>> 5 < dependability(one, rng=2).trials_needed(0.7)[0] < 20  # truth: 4 * .7 / .3 = 9.3
    True
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence!r}.")
    if n_resamples < 100:
        raise ValueError(f"n_resamples must be 100 or more, got {n_resamples!r}.")
    n = len(scores.participants)
    if n < MIN_PARTICIPANTS:
        return Dependability(
            np.nan,
            reason=f"{n} participants have enough trials; {MIN_PARTICIPANTS} are needed",
        )
    own, single = scores.error_variances()
    return compare(
        scores.means(), own, single, rng=rng, level=confidence, n_resamples=n_resamples,
        largest=scores.largest,
    )  # fmt: skip


def compare(
    means: np.ndarray,
    errors: np.ndarray,
    single_errors: np.ndarray,
    *,
    rng: np.random.Generator | int,
    level: float,
    n_resamples: int,
    largest: float = 0.0,
) -> Dependability:
    """Do the same from participants' means and squared standard errors.

    Parameters
    ----------
    means, errors, single_errors : array, shape (n_participants,)
        Scores, their squared standard errors, and those of one trial (a condition).
    rng, level, n_resamples
        Of the bootstrap.
    largest : float
        Largest absolute value of a trial.

    Returns
    -------
    Dependability
    """
    error, variance = float(errors.mean()), float(means.var(ddof=1))
    rms_sme, sd = float(np.sqrt(error)), float(np.sqrt(variance))
    scale = max(float(np.abs(means).max()), largest)
    if variance <= (1e-12 * scale) ** 2:
        reason = "participants' scores do not differ"
        return Dependability(np.nan, rms_sme=rms_sme, sd_participants=sd, reason=reason)
    if error <= (1e-12 * scale) ** 2:
        reason = "trials do not differ within participants, so there is no error to compare with"
        return Dependability(np.nan, rms_sme=rms_sme, sd_participants=sd, reason=reason)
    n_effective = float(single_errors.mean()) / error
    low, high = _interval(means, errors, np.random.default_rng(rng), level, n_resamples)
    return Dependability(variance / error, low, high, n_effective, rms_sme, sd)


def _interval(
    means: np.ndarray, errors: np.ndarray, rng: np.random.Generator, level: float, n_resamples: int
) -> tuple[float, float]:
    """Bootstrap-t of the log ratio of variances."""
    n = len(means)
    centered = means - means.mean()
    draws = rng.multinomial(n, np.full(n, 1 / n), n_resamples).astype(float)
    (value,), (std_error,) = _log_ratio(np.ones((1, n)), centered, errors)
    drawn, spread = _log_ratio(draws, centered, errors)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (drawn - value) / spread
    t = t[np.isfinite(t)]
    if len(t) < n_resamples / 2 or not std_error > 0:
        return np.nan, np.nan
    lower, upper = np.quantile(t, [(1 + level) / 2, (1 - level) / 2])
    low, high = value - std_error * lower, value - std_error * upper
    # Few participants give a t without bound.
    return float(np.exp(np.clip(low, -700, 700))), float(np.exp(np.clip(high, -700, 700)))


def _log_ratio(
    weights: np.ndarray, centered: np.ndarray, errors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Log of variance over error of weighted participants, with its standard error."""
    n = weights.sum(axis=1)
    mean, error = weights @ centered / n, weights @ errors / n
    variance = weights @ centered**2 / n - mean**2
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.log(variance * n / (n - 1) / error)
        influence = (centered - mean[:, None]) ** 2 / variance[:, None] - errors / error[:, None]
        std_error = np.sqrt((weights * influence**2).sum(axis=1) / (n - 1) / n)
    return value, std_error


def _share(ratio: float) -> float:
    """Share of the variance that is not error."""
    return float(1 - 1 / ratio) if ratio > 0 else np.nan
