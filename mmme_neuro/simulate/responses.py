"""Amplitudes of event-locked responses: fixed effects, people, videos and single events."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.stats import gamma, norm

from mmme_neuro.simulate import shapes
from mmme_neuro.simulate.parameters import Effect, StudyParameters

SHAPE_BY_RESPONSE: dict[str, shapes.Shape] = {
    "premotor": shapes.premotor_ramp,
    "late_positivity": shapes.late_positivity,
    "theta_increase": shapes.oscillation_change,
    "alpha_decrease": shapes.oscillation_change,
    "beta_decrease": shapes.oscillation_change,
    "heart_rate": shapes.heart_period_response,
    "scr": shapes.skin_conductance_response,
    "pulse_amplitude": shapes.vasoconstriction,
    "breathing_depth": shapes.breathing_response,
    "temperature": shapes.finger_temperature,
}
"""Time course of every simulated response."""

UNUSUAL_SHAPES: dict[str, shapes.Shape] = {
    "late_positivity": shapes.sawtooth,
    "heart_rate": shapes.rise_and_fall,
    "scr": shapes.two_waves,
    "pulse_amplitude": shapes.two_waves,
}
"""Time courses that no basis of the analysis is made of, for ``unusual_shapes``."""

NEVER_NEGATIVE = ("scr",)
"""Responses whose single-event amplitudes follow a gamma distribution (no negative SCR)."""


def effects(parameters: StudyParameters) -> dict[str, Effect]:
    """Return every effect of brain and body by name."""
    both = {**vars(parameters.eeg), **vars(parameters.physio)}
    return {name: both[name] for name in SHAPE_BY_RESPONSE}


def response_shapes(parameters: StudyParameters) -> dict[str, shapes.Shape]:
    """Return the time course of every response of a study."""
    return SHAPE_BY_RESPONSE | (UNUSUAL_SHAPES if parameters.unusual_shapes else {})


@dataclass(frozen=True)
class Stimuli:
    """Random intercept and slope of every video, ``(n_videos, 2)`` per response."""

    deviations: dict[str, np.ndarray]

    @classmethod
    def drawn(
        cls, parameters: StudyParameters, n_videos: int, rng: np.random.Generator
    ) -> "Stimuli":
        """Draw the videos' deviations."""
        return cls(
            {
                name: rng.standard_normal((n_videos, 2))
                * [effect.stimulus_sd, effect.stimulus_slope_sd]
                for name, effect in effects(parameters).items()
            }
        )


@dataclass(frozen=True)
class Person:
    """Random intercept, slope, latency and width of one participant, per response."""

    deviations: dict[str, np.ndarray]
    latency: dict[str, float]
    width: dict[str, float]
    courses: Mapping[str, shapes.Shape] = field(default_factory=lambda: SHAPE_BY_RESPONSE)

    @classmethod
    def drawn(cls, parameters: StudyParameters, rng: np.random.Generator) -> "Person":
        """Draw one participant."""
        deviations, latency, width = {}, {}, {}
        for name, effect in effects(parameters).items():
            spread = [effect.participant_sd, effect.participant_slope_sd]
            deviations[name] = rng.standard_normal(2) * spread
            factors = np.clip(rng.normal(1, parameters.latency_sd, 2), 0.6, 1.4)
            latency[name], width[name] = float(factors[0]), float(factors[1])
        return cls(deviations, latency, width, response_shapes(parameters))

    def shape(self, name: str) -> Callable[[np.ndarray], np.ndarray]:
        """Return this person's time course of one response."""
        course = self.courses[name]
        return lambda time: course(time, self.latency[name], self.width[name])


def draw_amplitudes(
    parameters: StudyParameters,
    events: pd.DataFrame,
    *,
    person: Person,
    stimuli: Stimuli,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the amplitude of every response at every event (one column per response).

    The late positivity and the SCR of an event share a latent factor with correlation
    ``parameters.brain_body_correlation``.
    """
    micro = (events["expression"] == "micro").to_numpy(float)
    video = events["code"].to_numpy(int) - 101
    latent = _latent_factors(parameters, len(events), rng)
    columns = {}
    for name, effect in effects(parameters).items():
        own, of_video = person.deviations[name], stimuli.deviations[name][video]
        mean = effect.macro + effect.micro_minus_macro * micro
        mean = mean + own[0] + own[1] * micro + of_video[:, 0] + of_video[:, 1] * micro
        columns[name] = _scattered(name, mean, effect.event_sd, latent[name])
    return pd.DataFrame(columns, index=events.index)


def expected_amplitudes(parameters: StudyParameters, events: pd.DataFrame) -> pd.DataFrame:
    """Return every event's amplitudes without deviations of people, videos and events."""
    micro = (events["expression"] == "micro").to_numpy(float)
    columns = {
        name: effect.macro + effect.micro_minus_macro * micro
        for name, effect in effects(parameters).items()
    }
    return pd.DataFrame(columns, index=events.index)


def _latent_factors(
    parameters: StudyParameters, n_events: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draw a standard normal factor per response; brain and skin share theirs in part."""
    latent = {name: rng.standard_normal(n_events) for name in SHAPE_BY_RESPONSE}
    r = parameters.brain_body_correlation
    latent["scr"] = r * latent["late_positivity"] + np.sqrt(1 - r**2) * latent["scr"]
    return latent


def _scattered(name: str, mean: np.ndarray, sd: float, latent: np.ndarray) -> np.ndarray:
    """Add the single event's deviation to its expected amplitude."""
    if name not in NEVER_NEGATIVE or sd == 0:
        return mean + sd * latent
    floor = np.maximum(mean, 0.02)
    return gamma.ppf(norm.cdf(latent), (floor / sd) ** 2, scale=sd**2 / floor)


def superpose(
    time: np.ndarray,
    onsets: np.ndarray,
    amplitudes: np.ndarray,
    shape: Callable[[np.ndarray], np.ndarray],
    *,
    reach: tuple[float, float],
) -> np.ndarray:
    """Add up the responses to all events on a regular time axis.

    Parameters
    ----------
    time : array, shape (n_times,)
        Regular axis in seconds.
    onsets, amplitudes : array, shape (n_events,)
        When and how large.
    shape : callable
        Time course with peak 1.
    reach : tuple of float
        From when to when (s after the onset) a response is not zero.
    """
    out = np.zeros(time.size)
    step = time[1] - time[0]
    for onset, amplitude in zip(onsets, amplitudes, strict=True):
        first = max(int(np.ceil((onset + reach[0] - time[0]) / step)), 0)
        last = min(int(np.floor((onset + reach[1] - time[0]) / step)) + 1, time.size)
        if last > first:
            out[first:last] += amplitude * shape(time[first:last] - onset)
    return out
