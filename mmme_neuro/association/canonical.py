"""Combinations of one modality that go with combinations of another, within participants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmme_neuro.association.folds import SCALINGS, deal, make_folds, prepare
from mmme_neuro.association.shuffles import Resampling, p_of_null, shuffled_orders
from mmme_neuro.errors import NotEstimable
from mmme_neuro.stats.groups import centered, complete_rows, group_codes
from mmme_neuro.wording import value_text


@dataclass(frozen=True, eq=False, repr=False)
class CrossModal:
    """Canonical correlation or partial least squares of two modalities.

    Parameters
    ----------
    method : {"cca", "pls"}
        What was maximized: the correlation or the covariance of standardized features.
    components : DataFrame, shape (n_components, ...)
        ``component, r, r_cv, p_value, p_in_sample, null_mean, null_high``. ``r`` is fitted and
        tested on the same events and therefore too large; ``r_cv`` is that of events whose
        participant and stimulus the model has not seen; ``p_value`` belongs to it.
    loadings : DataFrame, shape (n_components x n_features, ...)
        ``component, modality ("x" or "y"), feature, weight, loading``: weights of features in
        units of their within-participant SD, and correlations of features with their own score.
    null : array, shape (n_permutations, n_components)
        ``r_cv`` under null orders.
    n_events, n_participants, n_stimuli, n_left_out : int
        What it rests on; ``n_stimuli`` is 0 where none were named.
    scheme : str
        How null orders were drawn.
    """

    method: str
    components: pd.DataFrame
    loadings: pd.DataFrame
    null: np.ndarray
    n_events: int
    n_participants: int
    n_stimuli: int
    n_left_out: int
    scheme: str

    def table(self) -> pd.DataFrame:
        """Components with what they rest on, one row each."""
        return self.components.assign(
            method=self.method,
            scheme=self.scheme,
            n_events=self.n_events,
            n_participants=self.n_participants,
            n_stimuli=self.n_stimuli,
            n_left_out=self.n_left_out,
        )

    def __repr__(self) -> str:
        first = self.components.iloc[0]
        return (
            f"<CrossModal | {self.method} | {self.n_events} events, {self.n_participants} "
            f"participants | r {value_text(first['r'], 2)}, cross-validated "
            f"{value_text(first['r_cv'], 2)}>"
        )


def cross_modal(
    data: pd.DataFrame,
    x: Sequence[str],
    y: Sequence[str],
    *,
    resampling: Resampling,
    method: str = "cca",
    n_components: int = 1,
    participant: str = "participant",
    stimulus: str | None = "stimulus",
    strata: Sequence[str] = (),
    n_folds: tuple[int, int] = (5, 4),
) -> CrossModal:
    """Find combinations of two modalities' features that go together within participants.

    Parameters
    ----------
    data : DataFrame, shape (n_rows, n_columns)
        One row per event, in the order of time within participants and stimuli.
    x, y : sequence of str
        Features of the two modalities.
    resampling : Resampling
        Number and scheme of the null orders; its bootstrap and blocks are not used: events move
        within participant, stimulus and stratum.
    method : {"cca", "pls"}
        Canonical correlation, or partial least squares (largest covariance of features that have
        SD 1 within participants), which is steadier where features are many or correlated.
    n_components : int
        Components.
    participant : str
        Column that names the participant.
    stimulus : str | None
        Column that names the stimulus; None to leave out participants only.
    strata : sequence of str
        Columns (e.g. ``condition``) that are held constant: means are taken by participant and
        stratum.
    n_folds : (int, int)
        Folds of participants and of stimuli.

    Returns
    -------
    CrossModal

    Raises
    ------
    ValueError
        When columns, folds or features do not allow it.

    Notes
    -----
    Components after the first are found and tested in what is left of both modalities without
    those before (Winkler et al. 2020, NeuroImage 220:117065), and p values never fall from one
    to the next. Association that stimuli bring about in everybody is within participants, too; it
    stays in the null, so a small p value says that events go together beyond their stimulus.

    Examples
    --------
    >>> cross_modal(events, ["premotor", "alpha_power"], ["scr_us", "heart_rate_bpm"],
    ...             resampling=Resampling(rng=1))  # doctest: +SKIP
    """
    x, y = list(x), list(y)
    _check(x, y, method, n_components, resampling)
    groups = [participant, *strata]
    others = [] if stimulus is None else [stimulus]
    table = complete_rows(data, [*x, *y], groups=groups, others=others)
    rng = np.random.default_rng(resampling.rng)
    codes = group_codes(table, groups)
    folds_of = _folds_of(table, participant, stimulus, n_folds, rng)
    features = centered(table[[*x, *y]].to_numpy(dtype=float), codes)
    dof = len(table) - (codes.max() + 1)
    features = features / np.sqrt((features**2).sum(axis=0) / dof)
    first, second = features[:, : len(x)], features[:, len(x) :]
    _check_rank({"x": (x, first), "y": (y, second)})
    full_x, full_y = _directions(first, second, method)
    orders = shuffled_orders(
        group_codes(table, [*groups, *others]),
        resampling.n_permutations,
        scheme=resampling.scheme,
        rng=rng,
    )
    rows, nulls = [], []
    for k in range(n_components):
        # Every event's scores on the components that are left.
        left_x, left_y = first @ full_x[:, k:], second @ full_y[:, k:]
        folds = make_folds(left_x, left_y, codes, *folds_of)
        validation = prepare(folds, left_x, left_y, method=method, dof=dof)
        r_cv, strength = validation.scores(left_x, left_y)
        null, strengths = np.array([validation.scores(left_x, left_y[o]) for o in orders]).T
        nulls.append(null)
        rows.append(
            {
                "component": k + 1,
                "r": float(np.corrcoef(left_x[:, 0], left_y[:, 0])[0, 1]),
                "r_cv": r_cv,
                "p_value": float(p_of_null(r_cv, null)),
                "p_in_sample": float(p_of_null(strength, strengths)),
                "null_mean": float(null.mean()),
                "null_high": float(np.quantile(null, 0.95)),
            }
        )
    components = pd.DataFrame(rows)
    tests = ["p_value", "p_in_sample"]
    components[tests] = components[tests].cummax()
    loadings = [
        _loadings("x", x, first, full_x[:, :n_components]),
        _loadings("y", y, second, full_y[:, :n_components]),
    ]
    return CrossModal(
        method=method,
        components=components,
        loadings=pd.concat(loadings, ignore_index=True),
        null=np.stack(nulls, axis=1),
        n_events=len(table),
        n_participants=table[participant].nunique(),
        n_stimuli=0 if stimulus is None else table[stimulus].nunique(),
        n_left_out=len(data) - len(table),
        scheme=resampling.scheme,
    )


def _directions(x: np.ndarray, y: np.ndarray, method: str) -> tuple[np.ndarray, np.ndarray]:
    """Weights of all directions of both modalities, pairs first, in falling order."""
    scale_x, scale_y = SCALINGS[method](x.T @ x), SCALINGS[method](y.T @ y)
    left, _, right = np.linalg.svd(scale_x @ (x.T @ y) @ scale_y)
    full_x, full_y = scale_x @ left, scale_y @ right.T
    full_x = full_x / np.sqrt(((x @ full_x) ** 2).mean(axis=0))
    full_y = full_y / np.sqrt(((y @ full_y) ** 2).mean(axis=0))
    # The sign of a pair is free: the largest loading of x is made positive.
    n_pairs = min(full_x.shape[1], full_y.shape[1])
    loadings = x.T @ (x @ full_x[:, :n_pairs])
    signs = np.sign(loadings[np.abs(loadings).argmax(axis=0), np.arange(n_pairs)])
    full_x[:, :n_pairs] *= signs
    full_y[:, :n_pairs] *= signs
    return full_x, full_y


def _loadings(
    modality: str, names: Sequence[str], features: np.ndarray, weights: np.ndarray
) -> pd.DataFrame:
    """Weights, and correlations of features with their own score."""
    scores = features @ weights
    sizes = np.sqrt((features**2).sum(axis=0))[:, np.newaxis] * np.sqrt((scores**2).sum(axis=0))
    loadings = features.T @ scores / sizes
    return pd.DataFrame(
        [
            {
                "component": k + 1,
                "modality": modality,
                "feature": name,
                "weight": float(weights[i, k]),
                "loading": float(loadings[i, k]),
            }
            for k in range(weights.shape[1])
            for i, name in enumerate(names)
        ]
    )


def _folds_of(
    table: pd.DataFrame,
    participant: str,
    stimulus: str | None,
    n_folds: tuple[int, int],
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Fold of the participant and of the stimulus of each row."""
    found = []
    for name, wanted in zip((participant, stimulus), n_folds, strict=True):
        if name is None:
            found.append(np.zeros(len(table), dtype=int))
            continue
        n_there = table[name].nunique()
        if not 2 <= wanted <= n_there:
            raise NotEstimable(
                f"n_folds={n_folds}: {wanted} folds of {name}, of which there are {n_there}; at "
                "least 2 and no more than that (stimulus=None leaves out participants only)."
            )
        found.append(deal(group_codes(table, [name]), wanted, rng))
    return found[0], found[1]


def _check(
    x: list[str], y: list[str], method: str, n_components: int, resampling: Resampling
) -> None:
    """Refuse calls that make no sense."""
    if method not in SCALINGS:
        raise ValueError(f"method={method!r}: must be one of {list(SCALINGS)}.")
    if not x or not y or len({*x, *y}) < len(x) + len(y):
        raise ValueError(
            f"x={x}, y={y}: each needs features, and no feature may stand there twice."
        )
    if not 1 <= n_components <= min(len(x), len(y)):
        raise ValueError(
            f"n_components={n_components}: must lie between 1 and {min(len(x), len(y))}, the "
            "number of features of the smaller modality."
        )
    if resampling.n_permutations < 1:
        raise ValueError("resampling.n_permutations must be positive: there is no other test.")


def _check_rank(modalities: Mapping[str, tuple[list[str], np.ndarray]]) -> None:
    """Refuse features that others make up."""
    for name, (features, values) in modalities.items():
        if np.linalg.matrix_rank(values, tol=1e-7 * np.linalg.norm(values)) < len(features):
            raise NotEstimable(
                f"{name}={features}: some are combinations of others within participants (or there "
                "are more of them than events); leave some out."
            )
