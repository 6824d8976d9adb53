"""Agreement and consistency of what participants say, or show, after each video."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mmme_neuro.errors import NotEstimable
from mmme_neuro.reliability.intraclass import rater_reliability
from mmme_neuro.reliability.scales.alpha import cronbach_alpha
from mmme_neuro.reliability.scales.multilevel import multilevel_alpha
from mmme_neuro.reliability.scales.omega import mcdonald_omega
from mmme_neuro.stats.tables import check_table

KEYS = ("participant", "stimulus")
REVERSED = "-"
"""Begins the name of an item that counts against its scale."""


def icc_by_item(
    table: pd.DataFrame, *, item: str = "item", value: str = "rating", confidence: float = 0.95
) -> pd.DataFrame:
    """Intraclass correlations of each item: do videos move all participants alike?

    Parameters
    ----------
    table : DataFrame
        ``participant, stimulus``, the item and its value, one row each: ratings, or a
        physiological response to each video.
    item, value : str
        Columns of the item's name and of the value.
    confidence : float
        Level of the intervals.

    Returns
    -------
    DataFrame
        ``item, form``, the columns of `icc`, ``n_stimuli, n_participants, n_missing, reason``.
        Videos are the targets and participants the raters: ICC(A,1) is for one participant's level,
        ICC(C,k) for the mean of all. An item without an estimate has one row with the reason.

    Raises
    ------
    ValueError
        When columns are missing or a value repeats.

    Examples
    --------
    >>> people, videos = np.repeat(np.arange(6), 8), np.tile(np.arange(8), 6)
    >>> rating = videos + np.random.default_rng(1).normal(size=48)
    >>> table = pd.DataFrame({"participant": people, "stimulus": videos, "rating": rating})
    >>> found = icc_by_item(table.assign(item="valence")).set_index("form")
    >>> bool(found.loc["ICC(C,k)", "icc"] > 0.9)
    True
    """
    _check(table, item, value)
    if table.empty:
        raise NotEstimable("table has no row; there is nothing to compare.")
    parts = []
    for name, part in table.groupby(item, sort=False, observed=True):
        try:
            result = rater_reliability(
                part, targets="stimulus", raters="participant", ratings=value, confidence=confidence
            )
        except NotEstimable as error:
            parts.append(pd.DataFrame({"item": [name], "reason": [str(error)]}))
            continue
        found = result.forms.reset_index().assign(
            n_stimuli=result.n_targets,
            n_participants=result.n_raters,
            n_missing=result.n_missing,
            reason="; ".join(f"{form}: {reason}" for form, reason in result.reasons.items()),
        )
        found.insert(0, "item", name)
        parts.append(found)
    return pd.concat(parts, ignore_index=True)


def scale_reliability(
    ratings: pd.DataFrame,
    scales: Mapping[str, Sequence[str]],
    *,
    rng: np.random.Generator | int,
    confidence: float = 0.95,
    n_resamples: int = 1000,
) -> pd.DataFrame:
    """Internal consistency of items that are added to one score.

    Parameters
    ----------
    ratings : DataFrame
        As of `read_ratings`: ``participant, stimulus, item, rating``.
    scales : mapping of str to sequence of str
        Items of each scale; ``"-item"`` counts against it.
    rng : Generator or int
        For intervals from participants that are resampled whole.
    confidence : float
        Level of the intervals.
    n_resamples : int
        Number of bootstrap samples.

    Returns
    -------
    DataFrame
        ``scale, coefficient, estimate, ci_low, ci_high, n_items, n_rows, n_participants, reason``;
        coefficients ``alpha``, ``omega_total`` (one general factor; 3 items or more),
        ``alpha_within`` (changes from video to video) and ``alpha_between`` (participants' means).

    Raises
    ------
    ValueError
        When columns are missing or a rating repeats.

    Notes
    -----
    A row is one participant's answers after one video; rows with a gap are left out. All rows
    together (``alpha``, ``omega_total``) mix differences of videos and of participants.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> rows = [(p, s) for p in range(10) for s in range(12)]
    >>> feeling = rng.normal(size=120)
    >>> parts = [
    ...     pd.DataFrame(rows, columns=["participant", "stimulus"]).assign(
    ...         item=item, rating=feeling + rng.normal(size=120))
    ...     for item in ("fear", "anger", "disgust")
    ... ]
    >>> found = scale_reliability(pd.concat(parts), {"bad": ["fear", "anger", "disgust"]}, rng=1)
    >>> found["coefficient"].tolist()
    ['alpha', 'omega_total', 'alpha_within', 'alpha_between']
    """
    _check(ratings, "item", "rating")
    ratings = ratings.reset_index(drop=True)
    generator = np.random.default_rng(rng)
    wide = answers_by_item(ratings)
    rows = []
    for scale, signed in scales.items():
        names = [name.removeprefix(REVERSED) for name in signed]
        absent = [name for name in names if name not in wide]
        if absent:
            rows.append({"scale": scale, "coefficient": "alpha", "estimate": np.nan,
                         "reason": f"items {absent} were not rated"})  # fmt: skip
            continue
        signs = [-1.0 if name.startswith(REVERSED) else 1.0 for name in signed]
        items = (wide[names] * signs).dropna()
        people = items.index.get_level_values("participant").to_numpy()
        n_people = len(np.unique(people))
        about = {"n_items": len(names), "n_rows": len(items), "n_participants": n_people}
        for row in _coefficients(items, people, generator, confidence, n_resamples):
            rows.append({"scale": scale, **row, **about})
    columns = ["scale", "coefficient", "estimate", "ci_low", "ci_high", "n_items", "n_rows"]
    return pd.DataFrame(rows, columns=[*columns, "n_participants", "reason"])


def answers_by_item(ratings: pd.DataFrame) -> pd.DataFrame:
    """Put each participant's answers after a video into one row.

    Parameters
    ----------
    ratings : DataFrame
        ``participant, stimulus, item, rating``, none of them twice.

    Returns
    -------
    DataFrame
        Index ``participant, stimulus``, one column per item; NaN where there is no answer.
    """
    rows = pd.MultiIndex.from_frame(ratings[list(KEYS)].drop_duplicates())
    wide = ratings.pivot_table(
        index=list(KEYS),
        columns="item",
        values="rating",
        aggfunc="first",
        dropna=False,
        observed=True,
    )
    return wide.reindex(rows)


def _coefficients(
    items: pd.DataFrame,
    people: np.ndarray,
    rng: np.random.Generator,
    confidence: float,
    n_resamples: int,
) -> list[dict]:
    """Every coefficient of a scale, or why it has none."""

    def alpha() -> pd.DataFrame:
        found = cronbach_alpha(
            items, interval="bootstrap", participant=people, rng=rng, confidence=confidence,
            n_resamples=n_resamples,
        )  # fmt: skip
        return found.loc[["alpha"]]

    def omega() -> pd.DataFrame:
        found = mcdonald_omega(
            items, n_factors=1, participant=people, rng=rng, confidence=confidence,
            n_resamples=n_resamples,
        )  # fmt: skip
        return found.loc[["omega_total"]]

    def levels() -> pd.DataFrame:
        found = multilevel_alpha(
            items, people, rng=rng, confidence=confidence, n_resamples=n_resamples
        )
        above = found["estimate"] > 1
        found.loc[above, ["ci_low", "ci_high"]] = np.nan
        found.loc[above, "reason"] = (
            "above 1: the items' own variances are estimated below 0 at this level"
        )
        return found.rename(index={level: f"alpha_{level}" for level in found.index})

    wanted = {"alpha": alpha, "alpha_within": levels}
    if items.shape[1] > 2:
        wanted = {"alpha": alpha, "omega_total": omega, "alpha_within": levels}
    rows = []
    for name, compute in wanted.items():
        try:
            found = compute()
        except (NotEstimable, np.linalg.LinAlgError) as error:
            rows.append({"coefficient": name, "estimate": np.nan, "reason": str(error)})
            continue
        for row in found.rename_axis(index="coefficient").reset_index().to_dict("records"):
            reason = row.get("reason", "")
            kept = {key: row[key] for key in ("coefficient", "estimate", "ci_low", "ci_high")}
            rows.append(kept | {"reason": reason if isinstance(reason, str) else ""})
    return rows


def _check(table: pd.DataFrame, item: str, value: str) -> None:
    """Refuse a table without the columns needed, or with a value more than once."""
    needed = [*KEYS, item, value]
    check_table(table, needed)
    twice = table.duplicated([*KEYS, item])
    if twice.any():
        first = table.loc[twice, [*KEYS, item]].iloc[0].tolist()
        raise ValueError(
            f"table must hold one value per participant, stimulus and item; {int(twice.sum())} "
            f"repeat, such as {first}. Average or remove them."
        )
