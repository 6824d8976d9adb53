"""Facial muscles: bursts at every expression and what of them leaks into the EEG."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmme_neuro.simulate.brain import Head
from mmme_neuro.simulate.noise import Broadband, colored_noise
from mmme_neuro.simulate.parameters import MuscleParameters

MUSCLES = {
    "frontalis": (("AF3", "AF4"), (1, 2)),
    "corrugator": (("FP1", "FP2"), (4,)),
    "orbicularis": (("F7", "F8"), (5, 6, 7, 41, 42)),
    "zygomaticus": (("FT7", "FT8"), (9, 10, 11, 12, 13)),
    "lower_face": (("T7", "T8"), (14, 15, 16, 17, 18, 20, 25, 26)),
}
"""Muscle -> nearest electrodes (left, right) and the action units it makes."""


@dataclass(frozen=True)
class Muscle:
    """One muscle on one side: scalp patterns of its activity and of the movement it makes."""

    name: str
    units: tuple[int, ...]
    activity: np.ndarray
    movement: np.ndarray


def draw_muscles(
    head: Head, parameters: MuscleParameters, rng: np.random.Generator
) -> list[Muscle]:
    """Draw one participant's muscles; strength differs between sides."""
    muscles = []
    for name, (sides, units) in MUSCLES.items():
        for electrode in sides:
            strength = np.exp(rng.normal(0, 0.25))
            activity = strength * _leak(head, electrode, parameters)
            scatter = 1 + parameters.movement_scatter * rng.standard_normal(activity.size)
            muscles.append(Muscle(name, units, activity, activity * scatter))
    return muscles


def bursts(
    time: np.ndarray, events: pd.DataFrame, strengths: np.ndarray, units: tuple[int, ...]
) -> np.ndarray:
    """Envelope of one muscle: each expression from onset to offset, peak at the apex.

    Muscles that make none of an expression's action units still work at 15 % of it.
    """
    envelope = np.zeros(time.size)
    step = time[1] - time[0]
    landmarks = events[["onset", "apex", "offset"]].to_numpy(float)
    for moments, made, strength in zip(landmarks, events["action_units"], strengths, strict=True):
        onset, apex, offset = moments
        used = {int(unit[2:]) for unit in made.split(", ")}
        share = 1.0 if used & set(units) else 0.15
        begin = max(int((onset - 0.3 - time[0]) / step), 0)
        end = min(int((offset + 0.6 - time[0]) / step), time.size)
        knots = [onset - 0.02, apex, offset, offset + 0.3]
        local = np.interp(time[begin:end], knots, [0, 1, 0.7, 0], left=0, right=0)
        envelope[begin:end] += strength * share * local
    return envelope


def event_strengths(
    events: pd.DataFrame, parameters: MuscleParameters, rng: np.random.Generator
) -> np.ndarray:
    """Muscle activity of each expression in microvolt next to the muscle."""
    micro = events["expression"].to_numpy() == "micro"
    typical = np.where(micro, parameters.micro_uv, parameters.macro_uv)
    return typical * np.exp(rng.normal(0, parameters.event_log_sd, len(events)))


def muscle_eeg(
    muscles: list[Muscle],
    envelopes: np.ndarray,
    *,
    sfreq: float,
    parameters: MuscleParameters,
    rng: np.random.Generator,
) -> np.ndarray:
    """Microvolt that muscles add at every electrode, array (n_channels, n_times)."""
    spectrum = Broadband(parameters.lowest_hz)
    activity = colored_noise(
        spectrum, n_sources=len(muscles), n_times=envelopes.shape[1], sfreq=sfreq, rng=rng
    )
    activity *= (envelopes + parameters.resting_uv).astype(np.float32)
    out = np.stack([m.activity for m in muscles], axis=1).astype(np.float32) @ activity
    slow = envelopes.astype(np.float32) * np.float32(parameters.movement_uv / parameters.macro_uv)
    out += np.stack([m.movement for m in muscles], axis=1).astype(np.float32) @ slow
    return out


def _leak(head: Head, electrode: str, parameters: MuscleParameters) -> np.ndarray:
    """Share of a muscle's activity that reaches each electrode: a near and a far part."""
    here = head.positions[head.ch_names.index(electrode)] if electrode in head.ch_names else None
    if here is None:
        raise ValueError(f"channels must hold {electrode!r} (a facial muscle lies there); add it.")
    distance_mm = 1000 * np.linalg.norm(head.positions - here, axis=1)
    near = np.exp(-((distance_mm / parameters.near_mm) ** 2))
    far = np.exp(-((distance_mm / parameters.far_mm) ** 2))
    return (1 - parameters.far_share) * near + parameters.far_share * far
