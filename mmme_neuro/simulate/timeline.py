"""When videos run and when faces move: the true course of a session on the EEG clock."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from mmme_neuro.simulate.parameters import EventParameters, StudyParameters
from mmme_neuro.vocabulary import FIRST_STIMULUS_CODE, STIMULUS_END_CODE, STIMULUS_WORD_BY_CODE

ACTION_UNIT_COUNTS = {
    1: 54, 2: 24, 4: 357, 5: 12, 6: 17, 7: 54, 9: 12, 10: 33, 11: 6, 12: 48, 13: 12, 14: 165,
    15: 23, 16: 16, 17: 39, 18: 8, 20: 15, 25: 12, 26: 10, 41: 11, 42: 8,
}  # fmt: skip
"""Action units of the dataset's micro-expressions (its Table 1)."""


@dataclass(frozen=True)
class Timeline:
    """One participant's session.

    Attributes
    ----------
    videos : DataFrame
        ``code, start, end`` in seconds of the EEG clock.
    events : DataFrame
        One row per true expression: ``code, expression, onset, apex, offset`` (s of the EEG
        clock), ``action_units`` and ``clip_start``.
    duration : float
        Length of the EEG recording in seconds.
    """

    videos: pd.DataFrame
    events: pd.DataFrame
    duration: float

    @property
    def codes(self) -> pd.DataFrame:
        """Return every code sent down the trigger line: ``code, onset``."""
        starts = pd.DataFrame({"code": self.videos["code"], "onset": self.videos["start"]})
        ends = pd.DataFrame({"code": STIMULUS_END_CODE, "onset": self.videos["end"]})
        return pd.concat([starts, ends]).sort_values("onset", ignore_index=True)


def simulate_timeline(
    parameters: StudyParameters, *, n_videos: int, rng: np.random.Generator
) -> Timeline:
    """Draw the videos and the expressions of one participant."""
    videos = _videos(parameters, n_videos=n_videos, rng=rng)
    draw = _Person.drawn(parameters.events, rng)
    clips = [_clip_events(video, draw, parameters.events, rng) for video in _rows(videos)]
    events = pd.concat(clips, ignore_index=True)
    return Timeline(videos, events, duration=float(videos["end"].iloc[-1] + parameters.lead_s))


class Video(NamedTuple):
    """One video of a session: its code, start and end (s of the EEG clock)."""

    code: int
    start: float
    end: float


def _rows(videos: pd.DataFrame) -> list[Video]:
    """Rows of the table of videos."""
    columns = (videos[name].tolist() for name in Video._fields)
    return [Video(*row) for row in zip(*columns, strict=True)]


@dataclass(frozen=True)
class _Person:
    """How expressive one participant is."""

    rate: float
    micro_share: float

    @classmethod
    def drawn(cls, parameters: EventParameters, rng: np.random.Generator) -> "_Person":
        rate = min(np.exp(rng.normal(0, parameters.rate_log_sd)), parameters.longest_rate)
        share = rng.normal(parameters.micro_share, parameters.micro_share_sd)
        return cls(rate=rate, micro_share=float(np.clip(share, 0.05, 0.9)))


def _videos(
    parameters: StudyParameters, *, n_videos: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the videos in presentation order with pauses for ratings between them."""
    lengths = rng.uniform(*parameters.video_s, size=n_videos)
    gaps = rng.uniform(*parameters.gap_s, size=n_videos)
    starts = parameters.lead_s + np.concatenate([[0], np.cumsum(lengths + gaps)[:-1]])
    codes = FIRST_STIMULUS_CODE + np.arange(n_videos)
    return pd.DataFrame({"code": codes, "start": starts, "end": starts + lengths})


def _clip_events(
    video: Video, person: _Person, parameters: EventParameters, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw the expressions of one video: a renewal process with log-normal gaps."""
    onsets, is_micro, durations = [], [], []
    calm = STIMULUS_WORD_BY_CODE[video.code] == "calm"
    clock, earliest = video.start + rng.uniform(1, 4), video.start
    while not calm:
        gap = parameters.gap_median_s * np.exp(rng.normal(0, parameters.gap_log_sd)) / person.rate
        clock = max(clock + gap, earliest)
        if clock > video.end - 1.5:
            break
        micro = rng.random() < person.micro_share
        duration = _duration(micro, parameters, rng)
        onsets.append(clock)
        is_micro.append(micro)
        durations.append(duration)
        earliest = clock + duration + parameters.shortest_gap_s
    onset = np.array(onsets, float)
    duration = np.minimum(np.array(durations, float), video.end - onset)
    rise = duration * np.clip(rng.normal(parameters.rise_share, 0.1, onset.size), 0.15, 0.85)
    return pd.DataFrame(
        {
            "code": video.code,
            "expression": np.where(np.array(is_micro, bool), "micro", "macro"),
            "onset": onset,
            "apex": onset + rise,
            "offset": onset + duration,
            "action_units": [_action_units(rng) for _ in onsets],
            "clip_start": video.start,
        }
    )


def _duration(micro: bool, parameters: EventParameters, rng: np.random.Generator) -> float:
    """Draw a duration in seconds; some macro-expressions are as short as micro-expressions."""
    if micro:
        mean, sd = parameters.micro_duration_mean_s, parameters.micro_duration_sd_s
        return float(np.clip(rng.normal(mean, sd), 0.16, 0.5))
    log_sd = parameters.macro_duration_log_sd
    return float(
        np.clip(parameters.macro_duration_median_s * np.exp(rng.normal(0, log_sd)), 0.3, 5)
    )


def _action_units(rng: np.random.Generator) -> str:
    """Draw one or two action units with the frequencies of the dataset."""
    units = np.array(list(ACTION_UNIT_COUNTS))
    share = np.array(list(ACTION_UNIT_COUNTS.values()), float)
    chosen = rng.choice(
        units, size=rng.choice([1, 2], p=[0.7, 0.3]), replace=False, p=share / share.sum()
    )
    return ", ".join(f"AU{unit}" for unit in sorted(chosen))
