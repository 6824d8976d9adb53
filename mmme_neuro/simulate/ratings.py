"""Self-reports after every video, with a known ICC."""

import numpy as np
import pandas as pd

from mmme_neuro.simulate.parameters import RatingParameters

ITEMS = ("valence", "arousal")
MIDDLE_OF_SCALE = 5.0


def simulate_ratings(
    parameters: RatingParameters,
    participants: list[str],
    *,
    n_videos: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Draw ratings from a two-way random model; not rounded to the scale's points.

    Returns
    -------
    DataFrame
        ``participant, stimulus, item, rating`` with every participant rating every stimulus.
    """
    tables = []
    for item in ITEMS:
        shape = (len(participants), n_videos)
        of_video = rng.normal(0, np.sqrt(parameters.stimulus_variance), n_videos)
        of_person = rng.normal(0, np.sqrt(parameters.participant_variance), len(participants))
        rest = rng.normal(0, np.sqrt(parameters.residual_variance), shape)
        ratings = MIDDLE_OF_SCALE + of_video + of_person[:, None] + rest
        tables.append(_tidy(ratings.round(3), participants, item))
    return pd.concat(tables, ignore_index=True)


def _tidy(ratings: np.ndarray, participants: list[str], item: str) -> pd.DataFrame:
    """One row a rating."""
    stimuli = [str(101 + video) for video in range(ratings.shape[1])]
    wide = pd.DataFrame(ratings, index=pd.Index(participants, name="participant"), columns=stimuli)
    tidy = wide.reset_index().melt("participant", var_name="stimulus", value_name="rating")
    return tidy.assign(item=item)[["participant", "stimulus", "item", "rating"]]
