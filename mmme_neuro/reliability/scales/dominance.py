"""Did a video arouse the emotion that it was chosen for?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmme_neuro.reliability.scales.self_reports import answers_by_item
from mmme_neuro.stats.groups import sums_by_cluster
from mmme_neuro.stats.resampling import ParticipantIntervals
from mmme_neuro.stats.tables import check_table

EVERY = "all"
"""Name of the row over all emotions."""


@dataclass(frozen=True)
class EmotionDominance:
    """How often the intended emotion was felt most.

    Attributes
    ----------
    trials : DataFrame
        ``participant, stimulus, intended, strongest, dominance, margin``: the emotion rated
        highest (joined by commas where several tie); 1 where it is the intended one, a share of 1
        where that ties; and the intended emotion's rating less the highest of the others.
    by_emotion : DataFrame
        ``intended, measure, estimate, ci_low, ci_high, n_stimuli, n_participants, n_trials``;
        measures ``dominance`` and ``margin``, of each emotion and of ``"all"``.
    by_stimulus : DataFrame
        ``stimulus, intended, dominance, margin, n_participants``.
    confusion : DataFrame
        ``intended, felt, share``: share of trials in which each emotion was felt most.
    chance : float
        Dominance where participants answer at random.
    left_out : DataFrame
        ``participant, stimulus, reason``.
    """

    trials: pd.DataFrame
    by_emotion: pd.DataFrame
    by_stimulus: pd.DataFrame
    confusion: pd.DataFrame
    chance: float
    left_out: pd.DataFrame


def emotion_dominance(
    ratings: pd.DataFrame,
    intended: Mapping[str, str],
    *,
    emotions: Sequence[str],
    rng: np.random.Generator | int,
    confidence: float = 0.95,
    n_resamples: int = 2000,
) -> EmotionDominance:
    """Compare the intended emotion's rating with those of the others.

    Parameters
    ----------
    ratings : DataFrame
        As of `read_ratings`: ``participant, stimulus, item, rating``.
    intended : mapping of str to str
        Emotion that each stimulus was chosen for.
    emotions : sequence of str
        Items that are emotions, on the same scale; the others are not looked at.
    rng : Generator or int
        For intervals from participants that are resampled whole, with the same videos.
    confidence : float
        Level of the intervals.
    n_resamples : int
        Number of bootstrap samples.

    Returns
    -------
    EmotionDominance

    Raises
    ------
    ValueError
        When fewer than 2 emotions were rated, a rating repeats, or no trial can be judged.

    Notes
    -----
    Rottenberg, Ray & Gross (2007, in Coan & Allen, Handbook of emotion elicitation and assessment)
    call the share of participants in whom the target emotion exceeds all others its discreteness.
    Trials in which an emotion was not rated, or whose intended emotion is no item, are left out.

    Examples
    --------
    >>> rows = [("p1", "101", "fear", 7), ("p1", "101", "calm", 2), ("p1", "102", "fear", 4),
    ...         ("p1", "102", "calm", 4)]
    >>> ratings = pd.DataFrame(rows, columns=["participant", "stimulus", "item", "rating"])
    >>> aim = {"101": "fear", "102": "calm"}
    >>> found = emotion_dominance(ratings, aim, emotions=["fear", "calm"], rng=1)
    >>> found.trials["dominance"].tolist()
    [1.0, 0.5]
    """
    needed = ("participant", "stimulus", "item", "rating")
    check_table(ratings, needed, name="ratings")
    ratings = ratings.reset_index(drop=True)
    rated = [name for name in emotions if (ratings["item"] == name).any()]
    if len(rated) < 2:
        raise ValueError(f"emotions: 2 or more must be items of the ratings, found {rated}.")
    chosen = ratings[ratings["item"].isin(rated)]
    if chosen.duplicated(["participant", "stimulus", "item"]).any():
        raise ValueError("ratings must hold one value per participant, stimulus and item.")
    wide = answers_by_item(chosen).reindex(columns=rated)
    aims = wide.index.get_level_values("stimulus").astype(str).map(dict(intended))
    reasons = np.where(
        ~aims.isin(rated), "its intended emotion is not among the items",
        np.where(wide.isna().any(axis=1), "an emotion was not rated", ""),
    )  # fmt: skip
    left_out = wide.index.to_frame(index=False).assign(reason=reasons)
    left_out = left_out[left_out["reason"] != ""].reset_index(drop=True)
    keep = reasons == ""
    if not keep.any():
        raise ValueError(f"ratings: no trial can be judged ({left_out['reason'].iloc[0]}).")
    trials, shares = _judged(wide[keep], aims[keep])
    resampling = ParticipantIntervals(confidence, rng, n_resamples)
    stimuli = trials.groupby(["stimulus", "intended"], sort=False, observed=True)
    by_stimulus = stimuli.agg(
        dominance=("dominance", "mean"), margin=("margin", "mean"),
        n_participants=("participant", "nunique"),
    )  # fmt: skip
    confusion = shares.groupby(trials["intended"].to_numpy(), observed=True).mean()
    confusion = confusion.rename_axis(index="intended", columns="felt")
    return EmotionDominance(
        trials=trials,
        by_emotion=_by_emotion(trials, rated, resampling),
        by_stimulus=by_stimulus.reset_index(),
        confusion=confusion.melt(value_name="share", ignore_index=False).reset_index(),
        chance=1 / len(rated),
        left_out=left_out,
    )


def means_by_emotion(
    table: pd.DataFrame,
    intended: Mapping[str, str],
    *,
    rng: np.random.Generator | int,
    item: str = "item",
    value: str = "rating",
    confidence: float = 0.95,
    n_resamples: int = 2000,
) -> pd.DataFrame:
    """Mean of each item by the video's intended emotion, against the participant's own mean.

    Parameters
    ----------
    table : DataFrame
        ``participant, stimulus``, the item and its value, one row each.
    intended : mapping of str to str
        Emotion that each stimulus was chosen for; other stimuli are not used.
    rng : Generator or int
        For intervals from participants that are resampled whole, with the same videos.
    item, value : str
        Columns of the item's name and of the value.
    confidence, n_resamples
        Of the intervals.

    Returns
    -------
    DataFrame
        ``item, intended, estimate, ci_low, ci_high, n_participants, n_stimuli``, in units of the
        value.

    Examples
    --------
    >>> rows = [(p, s, "valence", r) for p in "ab" for s, r in (("101", 2.0), ("102", 6.0))]
    >>> table = pd.DataFrame(rows, columns=["participant", "stimulus", "item", "rating"])
    >>> found = means_by_emotion(table, {"101": "fear", "102": "happiness"}, rng=1)
    >>> found["estimate"].tolist()
    [-2.0, 2.0]
    """
    needed = ("participant", "stimulus", item, value)
    check_table(table, needed)
    table = table.reset_index(drop=True)
    aims = table["stimulus"].astype(str).map(dict(intended))
    used = table.assign(intended=aims).dropna(subset=["intended", value])
    centered = used[value] - used.groupby([item, "participant"], observed=True)[value].transform(
        "mean"
    )
    resampling = ParticipantIntervals(confidence, rng, n_resamples)
    rows = []
    for (name, aim), part in used.assign(centered=centered).groupby(
        [item, "intended"], sort=False, observed=True
    ):
        estimate, low, high = _mean(part["centered"], part["participant"], resampling)
        counts = part["participant"].nunique(), part["stimulus"].nunique()
        rows.append((name, aim, estimate, low, high, *counts))
    columns = ["item", "intended", "estimate", "ci_low", "ci_high", "n_participants", "n_stimuli"]
    return pd.DataFrame(rows, columns=columns)


def _judged(wide: pd.DataFrame, aims: pd.Index) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every trial with its strongest emotion, and the share of each emotion in being it."""
    values = wide.to_numpy(dtype=float)
    is_aim = aims.to_numpy()[:, None] == wide.columns.to_numpy()[None]
    is_top = values == values.max(axis=1, keepdims=True)
    shares = is_top / is_top.sum(axis=1, keepdims=True)
    others = np.where(is_aim, -np.inf, values).max(axis=1)
    names = wide.columns.to_numpy()
    trials = wide.index.to_frame(index=False).assign(
        intended=aims.to_numpy(),
        strongest=[",".join(names[row]) for row in is_top],
        dominance=shares[is_aim],
        margin=values[is_aim] - others,
    )
    return trials, pd.DataFrame(shares, columns=wide.columns)


def _by_emotion(
    trials: pd.DataFrame, emotions: Sequence[str], resampling: ParticipantIntervals
) -> pd.DataFrame:
    """Mean dominance and margin of each emotion, and of all."""
    rows = []
    for aim in [*emotions, EVERY]:
        part = trials if aim == EVERY else trials[trials["intended"] == aim]
        if part.empty:
            continue
        counts = part["stimulus"].nunique(), part["participant"].nunique(), len(part)
        for measure in ("dominance", "margin"):
            found = _mean(part[measure], part["participant"], resampling)
            rows.append((aim, measure, *found, *counts))
    columns = ["intended", "measure", "estimate", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=[*columns, "n_stimuli", "n_participants", "n_trials"])


def _mean(
    values: pd.Series, people: pd.Series, resampling: ParticipantIntervals
) -> tuple[float, float, float]:
    """Mean with an interval over participants."""
    counts = np.column_stack([values.to_numpy(dtype=float), np.ones(len(values))])
    sums = sums_by_cluster(counts, people.to_numpy())
    low, high = resampling.interval(lambda total: total[..., 0] / total[..., 1], sums)
    return float(values.mean()), low, high
