"""How many events two coders both saw."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmme_neuro.reliability.coders.event_matching import (
    Criterion,
    OnsetWithin,
    Overlap,
    match_events,
)
from mmme_neuro.reliability.coders.units import shared_share
from mmme_neuro.stats.resampling import Resampling

IOU_THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
ONSET_TOLERANCES_S = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0)


def detection_table(
    events_a: pd.DataFrame,
    events_b: pd.DataFrame,
    *,
    resampling: Resampling,
    iou_thresholds: Sequence[float] = IOU_THRESHOLDS,
    onset_tolerances_s: Sequence[float] = ONSET_TOLERANCES_S,
) -> pd.DataFrame:
    """How many events two coders both saw, by how strict a match must be.

    Parameters
    ----------
    events_a, events_b : DataFrame
        Columns ``participant, clip, onset, offset``.
    resampling : Resampling
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
        *((Overlap(value), value) for value in iou_thresholds),
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
