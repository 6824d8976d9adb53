"""Epochs left out for their EEG, by one rule for every kind of event, and whether kinds differ."""

import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import mne
import numpy as np
import pandas as pd

from mmme_neuro.epochs import EventLocked, chosen
from mmme_neuro.errors import BadInput, MissingInput, NotEstimable
from mmme_neuro.extras import optional
from mmme_neuro.signals.eeg.bad_channels import unplaced_channels
from mmme_neuro.signals.eeg.ica import seed_of
from mmme_neuro.stats.estimates import t_interval
from mmme_neuro.stats.levels import two_levels

__all__ = [
    "reject",
    "Rejection",
    "compare_rejection",
    "RejectionComparison",
]

Rule = Literal["threshold", "autoreject"]
RULES = get_args(Rule)
REASONS = ("EEG deviates", "autoreject", "missing samples")
"""How the reasons of rejected epochs begin."""

FEWEST_PLACED = 3
"""Electrodes in place that autoreject needs to interpolate others."""

MOST_NAMED = 5

FEWEST_EPOCHS = 20
"""With fewer, thresholds cannot be learned by cross-validation."""


@dataclass(frozen=True)
class Rejection:
    """Options of the rejection of epochs.

    Attributes
    ----------
    rule : {"threshold", "autoreject"}
        By a fixed threshold: any channel deviates from its mean over the epoch by more than
        ``eeg_uv``. By autoreject: thresholds of every channel are learned by cross-validation;
        epochs with few bad channels are repaired, those with more left out (Jas et al. 2017).
    eeg_uv : float
        Limit of the fixed threshold (microvolt).
    n_interpolate : tuple of int
        Numbers of channels to repair in an epoch that autoreject tries.

    Raises
    ------
    MmmeError
        For an option that cannot be.
    """

    rule: Rule = "threshold"
    eeg_uv: float = 150.0
    n_interpolate: tuple[int, ...] = (1, 4, 8)

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise BadInput(f"rule must be one of {RULES}, got {self.rule!r}.")
        if self.eeg_uv <= 0:
            raise NotEstimable(f"eeg_uv must be positive, got {self.eeg_uv}.")


def reject(
    locked: EventLocked,
    *,
    rule: Rule = Rejection.rule,
    eeg_uv: float = Rejection.eeg_uv,
    n_interpolate: tuple[int, ...] = Rejection.n_interpolate,
    kept: Collection[str] = (),
    rng: np.random.Generator | int | None = None,
) -> EventLocked:
    """Leave out events whose EEG deviates or lacks samples, in both modalities, with a reason.

    Parameters
    ----------
    locked : EventLocked
        Epochs; the rule is the same for every kind of event and is not told the kind.
    rule, eeg_uv, n_interpolate
        See `Rejection`.
    kept : collection of str
        Ids of the events that a person keeps whatever the rule says; samples that are missing
        (Notes) cannot be kept.
    rng : numpy.random.Generator | int | None
        Seed of autoreject; needed with that rule only.

    Returns
    -------
    EventLocked
        With autoreject, ``events["n_interpolated"]`` counts the repaired channels.

    Raises
    ------
    TypeError
        When autoreject has no ``rng``.
    ValueError
        When no epoch is left, the rule is unknown or there are too few epochs to learn from.

    Notes
    -----
    Under every rule an epoch is rejected for missing samples where any sample of a good EEG channel
    is NaN or infinite, or where the physiology has no sample at all though other epochs have: a
    single signal that is missing there stays NaN and leaves the event's other signals alone.
    Channels marked bad do not count.
    """
    options = Rejection(rule, eeg_uv, n_interpolate)
    locked = _without(locked, _missing(locked))
    if locked.eeg is None:
        return locked
    if options.rule == "autoreject":
        locked, reasons = _autorejected(
            locked, locked.eeg, n_interpolate, seed_of(rng, of="autoreject's folds")
        )
    else:
        reasons = _beyond_threshold(locked.eeg, eeg_uv)
    reasons[locked.events["event"].isin(kept).to_numpy()] = ""
    return _without(locked, reasons)


def _without(locked: EventLocked, reasons: np.ndarray) -> EventLocked:
    """Leave out the events that have a reason."""
    good = np.flatnonzero(reasons == "")
    if good.size == len(locked):
        return locked
    if not good.size:
        raise NotEstimable(
            f"all {len(locked)} epochs are rejected ({reasons[0]}); look at the recording, mark "
            "broken channels bad, or raise the threshold."
        )
    lost = locked.events[reasons != ""].assign(exclusion_reason=reasons[reasons != ""])
    return chosen(locked, good, pd.concat([locked.excluded, lost], ignore_index=True))


def _missing(locked: EventLocked) -> np.ndarray:
    """Which epochs lack samples of the EEG or all of the physiology; empty where none does."""
    reasons = np.full(len(locked), "", dtype=object)
    if locked.physio is not None:
        signals = [
            name
            for name, kind in zip(
                locked.physio.ch_names, locked.physio.get_channel_types(), strict=True
            )
            if kind != "stim"
        ]
        is_empty = [not np.isfinite(one).any() for one in _each(locked.physio, signals)]
        if is_empty and all(is_empty) and locked.eeg is not None:
            warnings.warn(
                f"reject: none of the {len(is_empty)} epochs has a sample of the physiology; they "
                "are kept for their EEG.",
                stacklevel=3,
            )
        elif is_empty:
            reasons[is_empty] = f"{REASONS[2]} (physio)"
    if locked.eeg is not None:
        names = _good_eeg(locked.eeg)
        for row, one in enumerate(_each(locked.eeg, names)):
            is_lacking = ~np.isfinite(one).all(axis=1)
            if is_lacking.any():
                lacking = [name for name, is_it in zip(names, is_lacking, strict=True) if is_it]
                few = len(lacking) <= MOST_NAMED
                which = ", ".join(lacking) if few else f"{len(lacking)} channels"
                reasons[row] = f"{REASONS[2]} (EEG: {which})"
    return reasons


def _each(epochs: mne.BaseEpochs, names: list[str]) -> Iterator[np.ndarray]:
    """Samples of each epoch, shape (n_channels, n_times); nothing without channels."""
    if names:
        yield from epochs.get_data(picks=names, verbose="error")


def _good_eeg(epochs: mne.BaseEpochs, *, kinds: tuple[str, ...] = ("eeg", "csd")) -> list[str]:
    """Names of the EEG (or current source density) channels that are not marked bad."""
    return [
        name
        for name, kind in zip(epochs.ch_names, epochs.get_channel_types(), strict=True)
        if kind in kinds and name not in epochs.info["bads"]
    ]


def _beyond_threshold(epochs: mne.BaseEpochs, eeg_uv: float) -> np.ndarray:
    """Why each epoch is rejected; empty where it is not."""
    names = _good_eeg(epochs, kinds=("eeg",))
    if not names:
        raise BadInput(
            "rule='threshold' needs EEG channels (V) that are not marked bad, found "
            f"{sorted(set(epochs.get_channel_types()))} with {epochs.info['bads']} marked bad."
        )
    data = epochs.get_data(picks=names, verbose="error")
    # Epoch by epoch: the centered copy of all would double the memory.
    peak = np.array([1e6 * np.abs(one - one.mean(axis=1, keepdims=True)).max() for one in data])
    texts = [
        f"{REASONS[0]} by {value:.0f} uV (limit {eeg_uv:g})" if value > eeg_uv else ""
        for value in peak
    ]
    return np.array(texts, dtype=object)


def _autorejected(
    locked: EventLocked, epochs: mne.BaseEpochs, n_interpolate: tuple[int, ...], rng: int
) -> tuple[EventLocked, np.ndarray]:
    """Repaired epochs, and why each is rejected."""
    n_epochs = len(locked)
    if n_epochs < FEWEST_EPOCHS:
        raise NotEstimable(
            f"rule='autoreject' needs {FEWEST_EPOCHS} epochs to learn from, found {n_epochs}; use "
            "rule='threshold'."
        )
    # Takes seconds to import, and is needed here only.
    autoreject = optional("autoreject")

    eeg = epochs.copy().pick(_placed(epochs))
    search = autoreject.AutoReject(
        n_interpolate=np.array(n_interpolate),
        cv=min(10, n_epochs // 2),
        random_state=rng,
        n_jobs=1,
        verbose=False,
    )
    with warnings.catch_warnings(), mne.use_log_level("error"):
        warnings.simplefilter("ignore")
        search.fit(eeg)
        log = search.get_reject_log(eeg)
        repaired = search.transform(eeg, reject_log=_all_kept(log))
    data = epochs.get_data(copy=True, verbose="error")
    data[:, [epochs.ch_names.index(name) for name in repaired.ch_names]] = repaired.get_data()
    events = locked.events.assign(n_interpolated=(log.labels == 2).sum(axis=1))
    new = mne.EpochsArray(
        data,
        epochs.info,
        epochs.events,
        epochs.tmin,
        epochs.event_id,
        metadata=events,
        baseline=None,
        selection=epochs.selection,
        verbose="error",
    )
    others = {}
    for name in ("physio", "slow"):
        if (other := getattr(locked, name)) is not None:
            others[name] = other.copy()
            with mne.use_log_level("error"):
                others[name].metadata = events
    n_bad = (log.labels > 0).sum(axis=1)
    reasons = np.array(
        [
            f"{REASONS[1]}: {n} channels beyond their thresholds" if is_bad else ""
            for n, is_bad in zip(n_bad, log.bad_epochs, strict=True)
        ],
        dtype=object,
    )
    return replace(locked, eeg=new, events=events, **others), reasons


def _placed(epochs: mne.BaseEpochs) -> list[str]:
    """Good EEG channels with a position; autoreject interpolates from them."""
    good = _good_eeg(epochs, kinds=("eeg",))
    unplaced = [name for name in unplaced_channels(epochs.info) if name in good]
    placed = [name for name in good if name not in unplaced]
    if len(placed) < max(FEWEST_PLACED, len(unplaced)):
        raise MissingInput(
            f"rule='autoreject' interpolates channels and needs their positions; {unplaced} have "
            "none. Set them with epochs.set_montage, or use rule='threshold'."
        )
    if unplaced:
        warnings.warn(
            f"reject: the EEG channels {unplaced} have no position; autoreject leaves them out and "
            "does not judge them. Set positions, or their types where they are no EEG.",
            stacklevel=4,
        )
    return placed


def _all_kept(log: Any) -> Any:
    """A log that repairs every epoch and drops none, so that rows stay aligned."""
    kept = type(log)(log.bad_epochs.copy(), log.labels.copy(), log.ch_names)
    kept.bad_epochs[:] = False
    return kept


@dataclass(frozen=True)
class RejectionComparison:
    """Whether events of two conditions are rejected alike.

    Attributes
    ----------
    counts : DataFrame
        ``condition, n_events, n_rejected, share``.
    odds_ratio, ci_low, ci_high : float
        Of being rejected, second condition over first (Mantel-Haenszel over participants).
    p_value : float
        Of an odds ratio of 1 (Cochran-Mantel-Haenszel); NaN where nothing was rejected.
    """

    counts: pd.DataFrame
    odds_ratio: float
    ci_low: float
    ci_high: float
    p_value: float


def compare_rejection(
    kept: pd.DataFrame,
    rejected: pd.DataFrame,
    *,
    condition: str,
    levels: Sequence[str],
    confidence: float = 0.95,
) -> RejectionComparison:
    """Compare how often events of two conditions are rejected, within participants.

    Parameters
    ----------
    kept, rejected : DataFrame
        Events with ``participant`` and the condition.
    condition : str
        Column of the conditions.
    levels : sequence of str
        The two conditions, the reference first.
    confidence : float
        Level of the interval.

    Returns
    -------
    RejectionComparison

    Notes
    -----
    People differ in how often they move and in how often each condition occurs; tables are
    therefore made by participant and combined: Mantel-Haenszel odds ratio, interval after Robins,
    Breslow & Greenland (1986), test of Cochran-Mantel-Haenszel without continuity correction.
    """
    # Takes a second to import, and is needed here only.
    from statsmodels.stats.contingency_tables import StratifiedTable

    both = pd.concat([kept.assign(is_rejected=0), rejected.assign(is_rejected=1)])
    first, second = two_levels(kept, condition, levels)
    both = both[both[condition].isin([first, second])]
    numbers = both.groupby(condition, observed=True)["is_rejected"].agg(["size", "sum"])
    numbers = numbers.reindex([first, second], fill_value=0)
    counts = pd.DataFrame({"n_events": numbers["size"], "n_rejected": numbers["sum"]})
    counts["share"] = counts["n_rejected"] / counts["n_events"]
    tables = [
        pd.crosstab(own[condition], own["is_rejected"])
        .reindex(index=[second, first], columns=[1, 0], fill_value=0)
        .to_numpy(float)
        for _, own in both.groupby("participant")
    ]
    # Participants with one condition only, or without a rejection, say nothing about the ratio.
    telling = [t for t in tables if t.sum(axis=1).all() and t.sum(axis=0).all()]
    counts = counts.rename_axis("condition").reset_index()
    if not telling:
        return RejectionComparison(counts, np.nan, np.nan, np.nan, np.nan)
    stratified = StratifiedTable(telling)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = float(stratified.oddsratio_pooled)
        error = float(stratified.logodds_pooled_se)
        p_value = float(stratified.test_null_odds(correction=False).pvalue)
        low, high = np.exp(t_interval(np.log(ratio), error, confidence=confidence))
    return RejectionComparison(counts, ratio, float(low), float(high), p_value)
