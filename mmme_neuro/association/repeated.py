"""Repeated-measures correlation: do two measures go together from event to event?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from mmme_neuro.association.intervals import bootstrap_interval, participant_products
from mmme_neuro.association.shuffles import Resampling, p_of_null, shuffled_orders
from mmme_neuro.errors import BadInput, NotEstimable
from mmme_neuro.stats.estimates import t_interval
from mmme_neuro.stats.groups import (
    centered,
    complete_rows,
    covariate_columns,
    group_codes,
    independent_columns,
)
from mmme_neuro.stats.multiplicity import adjust_p_values
from mmme_neuro.stats.tables import check_table

WITHIN = "within modalities"
"""Family of the pairs that lie in one modality."""


def rm_corr(
    data: pd.DataFrame,
    x: str,
    y: str,
    *,
    participant: str = "participant",
    covariates: Sequence[str] = (),
    resampling: Resampling | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Correlate two measures within participants (common slope, own intercepts).

    Parameters
    ----------
    data : DataFrame, shape (n_rows, n_columns)
        One row per event.
    x, y : str
        Columns to correlate.
    participant : str
        Column that names the participant.
    covariates : sequence of str
        Columns held constant (partial correlation); texts become indicators.
    resampling : Resampling | None
        Bootstrap interval and permutation p value; None for neither.
    confidence : float
        Level of both intervals.

    Returns
    -------
    DataFrame, shape (1, 13)
        ``x, y, r, dof, p_value, ci_low, ci_high, boot_low, boot_high, p_permutation, n_events,
        n_participants, n_left_out``. ``p_value`` and ``ci`` suppose independent errors and one
        slope for all. ``boot`` (participants sampled whole, 5 at least) lets slopes differ.
        ``p_permutation`` tests that nobody's measures go together (two-sided).

    Raises
    ------
    ValueError
        When columns are missing, not numeric or constant within participants, or fewer than 3
        participants have two complete events.

    Notes
    -----
    Bakdash & Marusich (2017, Front Psychol 8:456): the correlation of both measures centered within
    participants. Covariates are centered and regressed out of both; null orders then move the
    residuals of ``y``, which are freed of the covariates again (Freedman & Lane 1983). Rows with a
    missing value, and participants with one row, are left out and counted. Equal to pingouin's,
    which rounds its interval and holds nothing constant.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> data = pd.DataFrame({"participant": np.repeat(list("abcd"), 25)})
    >>> data["brain"] = rng.normal(size=100)
    >>> data["body"] = data["brain"] + rng.normal(size=100)
    >>> rm_corr(data, "brain", "body")[["r", "dof"]].round(2)
          r  dof
    0  0.64   95
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence={confidence}: must lie between 0 and 1.")
    blocks = () if resampling is None else resampling.blocks
    table = complete_rows(data, [x, y], groups=[participant], others=[*covariates, *blocks])
    codes = group_codes(table, [participant])
    values = centered(table[[x, y]].to_numpy(dtype=float), codes)
    values = values / np.sqrt((values**2).sum(axis=0))
    _, basis = independent_columns(centered(covariate_columns(table, covariates), codes))
    first, second = _residual(values, basis).T
    size = np.sqrt((first**2).sum() * (second**2).sum())
    n_participants = codes.max() + 1
    dof = len(table) - n_participants - 1 - basis.shape[1]
    if dof < 2 or size < 1e-10:
        raise NotEstimable(
            f"{x}, {y}: {len(table)} events of {n_participants} participants leave nothing apart "
            f"from the covariates {list(covariates)}; use fewer."
        )
    r = float(np.clip((first * second).sum() / size, -1, 1))
    with np.errstate(divide="ignore"):
        statistic = np.abs(r) * np.sqrt(dof / (1 - r**2))
        z = np.arctanh(r)
        low, high = np.tanh(t_interval(z, 1 / np.sqrt(dof - 1), confidence=confidence))
    boot, p_permutation = (np.nan, np.nan), np.nan
    if resampling is not None:
        rng = np.random.default_rng(resampling.rng)
        if resampling.n_resamples:
            products = participant_products(np.hstack([values, basis]), codes)
            boot = bootstrap_interval(
                products, n_resamples=resampling.n_resamples, rng=rng, confidence=confidence
            )
        if resampling.n_permutations:
            orders = shuffled_orders(
                group_codes(table, [*dict.fromkeys([participant, *blocks])]),
                resampling.n_permutations,
                scheme=resampling.scheme,
                rng=rng,
            )
            null = null_correlations(first, second[:, np.newaxis], orders, basis)[:, 0]
            p_permutation = float(p_of_null(np.abs(r), np.abs(null)))
    row = {
        "x": x,
        "y": y,
        "r": r,
        "dof": int(dof),
        "p_value": float(2 * stats.t.sf(statistic, dof)),
        "ci_low": float(low),
        "ci_high": float(high),
        "boot_low": boot[0],
        "boot_high": boot[1],
        "p_permutation": p_permutation,
        "n_events": len(table),
        "n_participants": int(n_participants),
        "n_left_out": len(data) - len(table),
    }
    return pd.DataFrame([row])


def rm_corr_pairs(
    data: pd.DataFrame,
    pairs: Sequence[tuple[str, str]],
    *,
    participant: str = "participant",
    covariates: Sequence[str] = (),
    resampling: Resampling | None = None,
) -> pd.DataFrame:
    """Correlate several pairs as one family, one row each.

    Parameters
    ----------
    data : DataFrame
        One row per event.
    pairs : sequence of (str, str)
        Columns to correlate.
    participant, covariates, resampling
        As in `rm_corr`; the draws of each pair follow those of the one before.

    Returns
    -------
    DataFrame
        As of `rm_corr`, with ``p_holm``, ``p_fdr`` (of ``p_value``) and ``n_tests``.
    """
    drawn = _with_generator(resampling)
    rows = [
        rm_corr(data, x, y, participant=participant, covariates=covariates, resampling=drawn)
        for x, y in pairs
    ]
    return adjust_p_values(pd.concat(rows, ignore_index=True), method=["holm", "fdr"])


def rm_corr_matrix(
    data: pd.DataFrame,
    modalities: Mapping[str, Sequence[str]],
    *,
    participant: str = "participant",
    covariates: Sequence[str] = (),
    resampling: Resampling | None = None,
) -> pd.DataFrame:
    """Correlate every pair of measures of several modalities.

    Parameters
    ----------
    data : DataFrame
        One row per event.
    modalities : mapping of str to sequence of str
        Columns of each modality, in the order of the matrix.
    participant, covariates, resampling
        As in `rm_corr`.

    Returns
    -------
    DataFrame
        One row per pair, the upper triangle: as of `rm_corr`, with ``modality_x, modality_y``,
        ``family`` (e.g. ``"brain - body"``; pairs inside a modality are one family of their own),
        ``p_holm, p_fdr, n_tests`` within the family, and ``reason`` where a pair could not be
        correlated. The p value corrected is that of permutation where there is one.

    Raises
    ------
    ValueError
        When a measure is in two modalities, or columns are missing.
    """
    owner = [(name, modality) for modality, names in modalities.items() for name in names]
    names = [name for name, _ in owner]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(f"modalities: {twice} stand there twice; name each measure once.")
    check_table(data, names, name="data")
    drawn = _with_generator(resampling)
    rows = []
    for (x, modality_x), (y, modality_y) in combinations(owner, 2):
        family = WITHIN if modality_x == modality_y else f"{modality_x} - {modality_y}"
        about = {"modality_x": modality_x, "modality_y": modality_y, "family": family}
        try:
            found = rm_corr(
                data, x, y, participant=participant, covariates=covariates, resampling=drawn
            )
            row = {str(name): value for name, value in found.iloc[0].items()}
            rows.append({**row, **about, "reason": ""})
        except NotEstimable as error:
            empty = dict.fromkeys(_NUMBERS, np.nan)
            rows.append({"x": x, "y": y, **empty, **about, "reason": str(error)})
    is_permuted = resampling is not None and resampling.n_permutations > 0
    return adjust_p_values(
        pd.DataFrame(rows),
        method=["holm", "fdr"],
        within="family",
        p_value="p_permutation" if is_permuted else "p_value",
    )


def null_correlations(
    first: np.ndarray, second: np.ndarray, orders: np.ndarray, basis: np.ndarray
) -> np.ndarray:
    """Correlations with the rows of the second measure moved.

    Parameters
    ----------
    first : array, shape (n_rows,)
        Residuals of one measure.
    second : array, shape (n_rows, n_columns)
        Residuals of the others.
    orders : array of int, shape (n_orders, n_rows)
        Null orders.
    basis : array, shape (n_rows, n_covariates)
        Orthonormal covariates, centered within participants.

    Returns
    -------
    array, shape (n_orders, n_columns)
    """
    moved = second[orders]
    squares = (second**2).sum(axis=0)
    if basis.shape[1]:
        squares = squares - (np.einsum("rk,orc->okc", basis, moved) ** 2).sum(axis=1)
    # `first` is free of the covariates, so only the length of the moved measure needs them out.
    return np.einsum("r,orc->oc", first, moved) / np.sqrt((first**2).sum() * squares)


_NUMBERS = (
    "r dof p_value ci_low ci_high boot_low boot_high p_permutation n_events n_participants "
    "n_left_out"
).split()


def _residual(values: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Columns without what an orthonormal basis explains."""
    return values - basis @ (basis.T @ values)


def _with_generator(resampling: Resampling | None) -> Resampling | None:
    """The same plan with one generator for all pairs."""
    if resampling is None:
        return None
    return replace(resampling, rng=np.random.default_rng(resampling.rng))
