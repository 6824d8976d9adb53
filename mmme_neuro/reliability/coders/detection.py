"""Events matched between two coders, and how many both saw."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from mmme_neuro.errors import BadInput
from mmme_neuro.events.passes import overlap_iou
from mmme_neuro.reliability.coders.action_units import shared_share
from mmme_neuro.stats.resampling import ParticipantIntervals
from mmme_neuro.stats.tables import checked_columns


@dataclass(frozen=True)
class OverlapAbove:
    """Two rows are one event if their intersection over union is large enough.

    Parameters
    ----------
    min_iou : float
        Smallest intersection over union; 0 means any overlap.
    """

    min_iou: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.min_iou <= 1:
            raise ValueError(f"min_iou must lie between 0 and 1, got {self.min_iou!r}.")

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it compares."""
        return ("onset", "offset")

    def __str__(self) -> str:
        return f"IoU >= {self.min_iou:g}" if self.min_iou else "any overlap"

    def scores(self, events: pd.DataFrame, others: pd.DataFrame) -> np.ndarray:
        """Closeness of each pair, 0 where it is no match; shape (n_events, n_others)."""
        iou = overlap_iou(events, others)
        # A tenth of a second over a fifth is 0.4999... in floating point.
        return np.where(iou >= self.min_iou - 1e-9, iou, 0.0)


@dataclass(frozen=True)
class OnsetWithin:
    """Two rows are one event if their onsets are close enough.

    Parameters
    ----------
    tolerance_s : float
        Largest difference (s).
    """

    tolerance_s: float

    def __post_init__(self) -> None:
        if not self.tolerance_s > 0:
            raise ValueError(f"tolerance_s must be above 0 s, got {self.tolerance_s!r}.")

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it compares."""
        return ("onset",)

    def __str__(self) -> str:
        return f"onsets within {1000 * self.tolerance_s:g} ms"

    def scores(self, events: pd.DataFrame, others: pd.DataFrame) -> np.ndarray:
        """Closeness of each pair, 0 where it is no match; shape (n_events, n_others)."""
        gap = np.abs(events["onset"].to_numpy()[:, None] - others["onset"].to_numpy())
        closeness = 1 - gap / (2 * self.tolerance_s)
        return np.where(gap <= self.tolerance_s + 1e-9, closeness, 0.0)


Criterion = OverlapAbove | OnsetWithin


def match_events(events: pd.DataFrame, others: pd.DataFrame, criterion: Criterion) -> pd.DataFrame:
    """Match events of two coders one to one within clips.

    Parameters
    ----------
    events, others : DataFrame
        Columns ``clip, onset, offset`` (s, on one clock within a clip).
    criterion : OverlapAbove or OnsetWithin
        Which pairs may be matched.

    Returns
    -------
    DataFrame
        One row per match: ``row, other_row`` (positions in the tables) and ``score`` (intersection
        over union, or 1 minus half the onset difference over the tolerance), by ``row``.

    Notes
    -----
    As many matches as possible and, among those, the largest sum of scores (Hungarian method).

    Examples
    --------
    >>> events = pd.DataFrame({"clip": ["c", "c"], "onset": [0.0, 4.0], "offset": [1.0, 5.0]})
    >>> match_events(events, events.iloc[:1], OverlapAbove())["row"].tolist()
    [0]
    """
    if not isinstance(criterion, Criterion):
        raise BadInput(f"criterion must be OverlapAbove or OnsetWithin, got {criterion!r}")
    events, others = (
        checked_columns(table, name=name, labels=["clip"], numbers=criterion.columns)
        for table, name in ((events, "events"), (others, "others"))
    )
    parts = [np.empty((0, 3))]
    places = _places(others)
    for clip, rows in _places(events).items():
        if clip in places:
            found = _match(events.iloc[rows], others.iloc[places[clip]], criterion)
            parts.append(np.column_stack([rows[found[0]], places[clip][found[1]], found[2]]))
    matches = pd.DataFrame(np.concatenate(parts), columns=["row", "other_row", "score"])
    matches = matches.astype({"row": int, "other_row": int})
    return matches.sort_values("row", ignore_index=True)


def _places(events: pd.DataFrame) -> dict[object, np.ndarray]:
    """Positions of the rows of each clip."""
    indices = events.reset_index(drop=True).groupby("clip", observed=True).indices
    return {clip: np.asarray(rows) for clip, rows in indices.items()}


def _match(
    events: pd.DataFrame, others: pd.DataFrame, criterion: Criterion
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, other rows and scores of the matches within one clip."""
    scores = criterion.scores(events, others)
    # A further match is worth more than all scores together.
    worth = np.where(scores > 0, scores + min(scores.shape) + 1, 0.0)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    is_match = scores[rows, columns] > 0
    rows, columns = rows[is_match], columns[is_match]
    return rows, columns, scores[rows, columns]


IOU_THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
ONSET_TOLERANCES_S = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0)


def detection_table(
    events_a: pd.DataFrame,
    events_b: pd.DataFrame,
    *,
    resampling: ParticipantIntervals,
    iou_thresholds: Sequence[float] = IOU_THRESHOLDS,
    onset_tolerances_s: Sequence[float] = ONSET_TOLERANCES_S,
) -> pd.DataFrame:
    """How many events two coders both saw, by how strict a match must be.

    Parameters
    ----------
    events_a, events_b : DataFrame
        Columns ``participant, clip, onset, offset``.
    resampling : ParticipantIntervals
        How the intervals are made.
    iou_thresholds : sequence of float
        Smallest intersections over union; 0 means any overlap.
    onset_tolerances_s : sequence of float
        Largest differences of onset (s).

    Returns
    -------
    DataFrame
        See `Agreement`.
    """
    criteria: list[tuple[Criterion, float]] = [
        *((OverlapAbove(value), value) for value in iou_thresholds),
        *((OnsetWithin(value), value) for value in onset_tolerances_s),
    ]
    clusters = np.concatenate([events_a["participant"], events_b["participant"]]).astype(str)
    rows = []
    for criterion, threshold in criteria:
        matches = match_events(events_a, events_b, criterion)
        counts = np.zeros((len(events_a) + len(events_b), 3))
        counts[matches["row"], 0] = 1
        counts[: len(events_a), 1] = counts[len(events_a) :, 2] = 1
        f1, low, high = resampling.estimate(shared_share, counts, clusters)
        rows.append(
            {
                "criterion": str(criterion),
                "threshold": threshold,
                "n_matched": len(matches),
                "n_a": len(events_a),
                "n_b": len(events_b),
                "found_a": len(matches) / max(len(events_b), 1),
                "found_b": len(matches) / max(len(events_a), 1),
                "f1": f1,
                "ci_low": low,
                "ci_high": high,
            }
        )
    return pd.DataFrame(rows)
