"""Agreement of two coders on action units, and unit of time by unit of time."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from mmme_neuro.events.coding import split_action_units
from mmme_neuro.reliability.coders.kappa import cohen_kappa, crossed_counts, gwet_ac1
from mmme_neuro.stats.resampling import ParticipantIntervals, Statistic

ESTIMATE = ("estimate", "ci_low", "ci_high")
ENDINGS = ("", "_ci_low", "_ci_high")


def action_unit_index(pairs: pd.DataFrame, resampling: ParticipantIntervals) -> dict[str, float]:
    """Reliability index of action-unit coding over events that both coders saw.

    Parameters
    ----------
    pairs : DataFrame
        One row per matched event: ``participant, action_units_a, action_units_b``.
    resampling : ParticipantIntervals
        How the interval is made.

    Returns
    -------
    dict
        ``estimate, ci_low, ci_high, n``: twice the action units that both coded over all that
        either coded (Ekman & Friesen 1978), and the number of those.
    """
    first, second, _ = _coded(pairs)
    counts = np.column_stack([(first & second).sum(1), first.sum(1), second.sum(1)]).astype(float)
    found = resampling.estimate(shared_share, counts, pairs["participant"].to_numpy())
    return dict(zip(ESTIMATE, found, strict=True)) | {"n": int(counts[:, 1:].sum())}


def shared_share(counts: np.ndarray) -> np.ndarray:
    """Twice the shared over all: F1, Dice's coefficient and the index of action units.

    Parameters
    ----------
    counts : array, shape (..., 3)
        Number that both have, that the first and that the second has.

    Returns
    -------
    array, shape (...)
        NaN where neither has any.
    """
    total = counts[..., 1] + counts[..., 2]
    return np.where(total > 0, 2 * counts[..., 0] / np.where(total > 0, total, 1), np.nan)


def action_unit_table(pairs: pd.DataFrame, resampling: ParticipantIntervals) -> pd.DataFrame:
    """Agreement on each action unit over events that both coders saw.

    Parameters
    ----------
    pairs : DataFrame
        One row per matched event: ``participant, action_units_a, action_units_b``.
    resampling : ParticipantIntervals
        How the intervals are made.

    Returns
    -------
    DataFrame
        Index ``action_unit``; columns ``n_a, n_b, n_both, prevalence`` (mean share of events),
        ``agreement`` (share of events on which coders agree), ``index`` (2 n_both / (n_a + n_b)),
        ``kappa`` and ``ac1`` with ``_ci_low`` and ``_ci_high``. Kappa is low where an action unit
        is rare even if coders hardly ever disagree: read it beside prevalence and AC1.
    """
    first, second, names = _coded(pairs)
    clusters = pairs["participant"].to_numpy()
    rows = {}
    for name, a, b in zip(names, first.T, second.T, strict=True):
        counts = crossed_counts(a.astype(int), b.astype(int), 2)
        rows[name] = {
            "n_a": int(a.sum()),
            "n_b": int(b.sum()),
            "n_both": int((a & b).sum()),
            "prevalence": (a.mean() + b.mean()) / 2,
            "agreement": (a == b).mean(),
            "index": 2 * (a & b).sum() / (a.sum() + b.sum()),
        }
        for column, statistic in (("kappa", cohen_kappa), ("ac1", gwet_ac1)):
            found = resampling.estimate(statistic, counts, clusters)
            rows[name] |= dict(zip((f"{column}{end}" for end in ENDINGS), found, strict=True))
    columns = ["n_a", "n_b", "n_both", "prevalence", "agreement", "index"]
    columns += [f"{name}{end}" for name in ("kappa", "ac1") for end in ENDINGS]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.rename_axis(index="action_unit")


def time_unit_table(
    events: pd.DataFrame,
    others: pd.DataFrame,
    places: Mapping[str, int],
    clip_s: Mapping[str, float],
    unit_s: float,
    resampling: ParticipantIntervals,
    *,
    is_ranked: bool = True,
) -> pd.DataFrame:
    """Agreement of two coders on what the face does in each unit of time.

    Parameters
    ----------
    events, others : DataFrame
        Columns ``participant, clip, label, onset, offset`` (s of the clip).
    places : mapping of str to int
        Place of each label above none, see `label_places`.
    clip_s : mapping of str to float
        Length of each clip that both coders saw (s).
    unit_s : float
        Length of a unit (s); a unit is of an event if its middle is.
    resampling : ParticipantIntervals
        How the intervals are made.
    is_ranked : bool
        Whether the places of labels are their order; else ``label_kappa_linear`` is NaN.

    Returns
    -------
    DataFrame
        Index ``coefficient``: ``kappa`` and ``ac1`` of an event or none, and ``label_kappa,
        label_kappa_linear`` of none < first label < second ...; columns
        ``estimate, ci_low, ci_high, n``. Units of one event depend on each other: only the limits,
        over participants, are to be trusted.
    """
    sums, clusters = [], []
    for clip, length in clip_s.items():
        middles = (np.arange(max(round(length / unit_s), 1)) + 0.5) * unit_s
        a, b = (_states(rows[rows["clip"] == clip], middles, places) for rows in (events, others))
        sums.append(crossed_counts(a, b, len(places) + 1).sum(axis=0))
        clusters.append(_participant_of(clip, events, others))
    counts, named = np.array(sums), np.array(clusters)
    table = pd.DataFrame.from_dict(
        {
            name: (*resampling.estimate(statistic, counts, named), int(counts.sum()))
            for name, statistic in _TIME_UNIT_STATISTICS.items()
        },
        orient="index",
        columns=[*ESTIMATE, "n"],
    ).rename_axis(index="coefficient")
    if not is_ranked:
        table.loc["label_kappa_linear", list(ESTIMATE)] = np.nan
    return table


def _any_event(counts: np.ndarray) -> np.ndarray:
    """Counts with all kinds of event taken as one."""
    none, both = counts[..., 0, 0], counts[..., 1:, 1:].sum(axis=(-2, -1))
    second, first = counts[..., 0, 1:].sum(axis=-1), counts[..., 1:, 0].sum(axis=-1)
    return np.stack([np.stack([none, second], -1), np.stack([first, both], -1)], -2)


_TIME_UNIT_STATISTICS: dict[str, Statistic] = {
    "kappa": lambda counts: cohen_kappa(_any_event(counts)),
    "ac1": lambda counts: gwet_ac1(_any_event(counts)),
    "label_kappa": cohen_kappa,
    "label_kappa_linear": lambda counts: cohen_kappa(counts, "linear"),
}


def label_places(found: Iterable[str], levels: Sequence[str]) -> dict[str, int]:
    """Place of each label above none.

    Parameters
    ----------
    found : iterable of str
        Labels that the coders gave.
    levels : sequence of str
        Labels from the weakest to the strongest, whether somebody gave them or not.

    Returns
    -------
    dict of str to int
        From 1; labels that are not among the levels follow, sorted.

    Examples
    --------
    >>> label_places(["b", "strong", "weak"], ["weak", "strong"])
    {'weak': 1, 'strong': 2, 'b': 3}
    """
    order = [*levels, *sorted(set(found) - set(levels), key=str)]
    return {label: place for place, label in enumerate(order, start=1)}


def _states(events: pd.DataFrame, middles: np.ndarray, places: Mapping[str, int]) -> np.ndarray:
    """Place of the event at each time, 0 for none."""
    states = np.zeros(len(middles), dtype=int)
    for onset, offset, label in zip(
        events["onset"], events["offset"], events["label"], strict=True
    ):
        states[(middles >= onset) & (middles < offset)] = places[label]
    return states


def _participant_of(clip: str, *tables: pd.DataFrame) -> object:
    """Participant of a clip."""
    rows = pd.concat([table.loc[table["clip"] == clip, "participant"] for table in tables])
    return rows.iloc[0]


def _number_of(action_unit: str) -> tuple[float, str]:
    """Number of an action unit; other names come last."""
    digits = action_unit.removeprefix("AU")
    return (float(digits) if digits.isdecimal() else float("inf"), action_unit)


def _coded(pairs: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Whether each coder gave each action unit to each event, and the action units by number."""
    sets = [
        [set(split_action_units(text)) for text in pairs[f"action_units_{coder}"]] for coder in "ab"
    ]
    names = sorted(set().union(*sets[0], *sets[1]), key=_number_of)
    first, second = (
        np.array([[name in units for name in names] for units in coder], dtype=bool).reshape(
            len(pairs), len(names)
        )
        for coder in sets
    )
    return first, second, names
