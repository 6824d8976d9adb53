"""The duration rule that defines a micro-expression."""

import numpy as np
from numpy.typing import ArrayLike

from mmme_neuro.vocabulary import MICRO_MAX_DURATION_S, MICRO_MAX_RISE_S


def expression_by_rule(onset: ArrayLike, apex: ArrayLike, offset: ArrayLike) -> np.ndarray:
    """Micro or macro by time alone: micro if onset-offset <= 500 ms or onset-apex <= 250 ms.

    Parameters
    ----------
    onset, apex, offset : array, shape (n_events,)
        Seconds, on one clock.

    Returns
    -------
    array of str, shape (n_events,)
        ``"micro"`` or ``"macro"``.

    Notes
    -----
    Compared in whole milliseconds: 24.58 - 24.33 is 0.25 s and a hair more in binary.

    Examples
    --------
    >>> expression_by_rule([24.33, 1.0], [24.58, 1.3], [26.0, 1.6]).tolist()
    ['micro', 'macro']
    """
    onset, apex, offset = (np.asarray(times, float) for times in (onset, apex, offset))
    is_short = np.round(offset - onset, 3) <= MICRO_MAX_DURATION_S
    is_quick = np.round(apex - onset, 3) <= MICRO_MAX_RISE_S
    return np.where(is_short | is_quick, "micro", "macro").astype(object)
