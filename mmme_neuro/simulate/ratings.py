"""Self-reports after every video, with a known ICC."""

import numpy as np
import pandas as pd

from mmme_neuro.simulate.parameters import RatingParameters
from mmme_neuro.vocabulary import INTENDED_EMOTION_BY_CODE, VALENCE_BY_EMOTION

DIMENSIONS = ("valence", "arousal")
EMOTIONS = tuple(dict.fromkeys(INTENDED_EMOTION_BY_CODE.values()))
NEGATIVE = tuple(name for name in EMOTIONS if VALENCE_BY_EMOTION[name] == "negative")
ITEMS = (*DIMENSIONS, *EMOTIONS)
MIDDLE_OF_SCALE = 5.0
USUAL_EMOTION = 2.5


def simulate_ratings(
    parameters: RatingParameters,
    participants: list[str],
    *,
    n_videos: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Draw ratings from a two-way random model, not rounded to the scale's points nor cut there.

    Returns
    -------
    DataFrame
        ``participant, stimulus, item, rating`` with every participant rating every stimulus.
    """
    tables = []
    for item in DIMENSIONS:
        shape = (len(participants), n_videos)
        of_video = rng.normal(0, np.sqrt(parameters.stimulus_variance), n_videos)
        of_person = rng.normal(0, np.sqrt(parameters.participant_variance), len(participants))
        rest = rng.normal(0, np.sqrt(parameters.residual_variance), shape)
        ratings = MIDDLE_OF_SCALE + of_video + of_person[:, None] + rest
        tables.append(_tidy(ratings.round(3), participants, item))
    for item, ratings in _emotions(parameters, len(participants), n_videos, rng).items():
        tables.append(_tidy(ratings.round(3), participants, item))
    return pd.concat(tables, ignore_index=True)


def _emotions(
    parameters: RatingParameters, n_participants: int, n_videos: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Ratings of every emotion, each shape (n_participants, n_videos)."""
    aims = np.array([INTENDED_EMOTION_BY_CODE[101 + video] for video in range(n_videos)])
    shape = (n_participants, n_videos)
    negative = rng.normal(0, np.sqrt(parameters.negative_variance), shape)
    of_person = rng.normal(0, np.sqrt(parameters.participant_variance), (n_participants, 1))
    ratings = {}
    for name in EMOTIONS:
        rest = rng.normal(0, np.sqrt(parameters.emotion_residual_variance), shape)
        aroused = parameters.emotion_gain * (aims == name)
        shared = negative if name in NEGATIVE else 0.0
        ratings[name] = USUAL_EMOTION + aroused + of_person + shared + rest
    return ratings


def _tidy(ratings: np.ndarray, participants: list[str], item: str) -> pd.DataFrame:
    """One row a rating."""
    stimuli = [str(101 + video) for video in range(ratings.shape[1])]
    wide = pd.DataFrame(ratings, index=pd.Index(participants, name="participant"), columns=stimuli)
    tidy = wide.reset_index().melt("participant", var_name="stimulus", value_name="rating")
    return tidy.assign(item=item)[["participant", "stimulus", "item", "rating"]]
