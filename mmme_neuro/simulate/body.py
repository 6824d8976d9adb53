"""Heart, vessels, breath, skin and finger temperature of one participant.

NeuroKit2's simulators take one rate for a whole signal; here beats and breaths follow rates that
answer to events by known amounts, so signals are built from their instantaneous rates.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmme_neuro.simulate.noise import PowerLaw, Rhythm, Spectrum, colored_noise
from mmme_neuro.simulate.parameters import PhysioParameters
from mmme_neuro.simulate.responses import Person, superpose
from mmme_neuro.simulate.shapes import skin_conductance_response

RATE_SFREQ = 20.0
REACH_S = {
    "heart_rate": (0.0, 25.0),
    "pulse_amplitude": (0.0, 25.0),
    "breathing_depth": (0.0, 25.0),
    "scr": (0.0, 60.0),
    "temperature": (0.0, 60.0),
}
PULSE_ARRIVAL_S = 0.25
HEART_WAVES = (
    (-0.17, 0.1, 0.022),
    (-0.026, -0.12, 0.009),
    (0.0, 1.1, 0.011),
    (0.028, -0.22, 0.010),
    (0.24, 0.25, 0.045),
)
"""P, Q, R, S and T: seconds from the beat, mV, SD in seconds."""

SLOW_TONIC = PowerLaw(2.0, knee_hz=0.003, highest_hz=0.01)


@dataclass(frozen=True)
class BodyState:
    """Slow course of the body on a coarse time axis (EEG clock), and the beats it gives.

    Attributes
    ----------
    time : array, shape (n_times,)
        Seconds, ``RATE_SFREQ`` per second.
    heart_rate, pulse_amplitude, breath_phase, breath_depth, skin_conductance, temperature : array
        Beats/min, relative size, cycles, relative size, microsiemens, degrees Celsius.
    beats : array, shape (n_beats,)
        Times of the R peaks in seconds.
    """

    time: np.ndarray
    heart_rate: np.ndarray
    pulse_amplitude: np.ndarray
    breath_phase: np.ndarray
    breath_depth: np.ndarray
    skin_conductance: np.ndarray
    temperature: np.ndarray
    beats: np.ndarray


def simulate_body(
    parameters: PhysioParameters,
    onsets: np.ndarray,
    amplitudes: pd.DataFrame,
    *,
    span: tuple[float, float],
    person: Person,
    rng: np.random.Generator,
) -> BodyState:
    """Draw one participant's bodily course from ``span[0]`` to ``span[1]`` (s, EEG clock)."""
    time = np.arange(span[0], span[1], 1 / RATE_SFREQ)

    def response(name: str) -> np.ndarray:
        return superpose(
            time, onsets, amplitudes[name].to_numpy(), person.shape(name), reach=REACH_S[name]
        )

    phase = _breath_phase(parameters, time, rng)
    depth = 1 + response("breathing_depth") + 0.05 * _slow(time, rng)
    rate = _heart_rate(parameters, time, phase, rng) + response("heart_rate")
    tonic = parameters.tonic_eda_us * np.exp(rng.normal(0, 0.2))
    conductance = tonic + response("scr") + _spontaneous_responses(parameters, time, rng)
    conductance += 0.3 * _noise(SLOW_TONIC, time, rng)
    return BodyState(
        time=time,
        heart_rate=rate,
        pulse_amplitude=np.clip(1 + response("pulse_amplitude") + 0.05 * _slow(time, rng), 0.2, 3),
        breath_phase=phase,
        breath_depth=depth,
        skin_conductance=conductance,
        temperature=parameters.temperature_celsius
        + rng.normal(0, 0.5)
        + response("temperature")
        + 0.15 * _noise(SLOW_TONIC, time, rng),
        beats=_beats(time, rate),
    )


def electrocardiogram(state: BodyState, time: np.ndarray) -> np.ndarray:
    """Return the ECG in mV at given times: P, Q, R, S and T waves around each beat."""
    lag = time - _nearest(state.beats, time)
    wave = np.zeros(time.size)
    for at, height, sd in HEART_WAVES:
        wave += height * np.exp(-0.5 * ((lag - at) / sd) ** 2)
    return wave


def photoplethysmogram(state: BodyState, time: np.ndarray) -> np.ndarray:
    """Return the finger pulse in volts: systolic and dicrotic wave after each beat."""
    amplitude = np.interp(time, state.time, state.pulse_amplitude)
    wave = np.zeros(time.size)
    for back in (0, 1):
        lag = time - _latest(state.beats + PULSE_ARRIVAL_S, time, back=back)
        wave += np.exp(-0.5 * ((lag - 0.14) / 0.07) ** 2)
        wave += 0.35 * np.exp(-0.5 * ((lag - 0.40) / 0.09) ** 2)
    return amplitude * wave


def respiration(state: BodyState, time: np.ndarray) -> np.ndarray:
    """Return the chest belt's signal in volts."""
    phase = np.interp(time, state.time, state.breath_phase)
    return np.interp(time, state.time, state.breath_depth) * np.sin(2 * np.pi * phase)


def _heart_rate(
    parameters: PhysioParameters, time: np.ndarray, phase: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Resting rate with respiratory sinus arrhythmia and slow fluctuation, beats/min."""
    rest = parameters.heart_rate_bpm + rng.normal(0, parameters.heart_rate_sd_bpm)
    arrhythmia = parameters.sinus_arrhythmia_bpm * np.sin(2 * np.pi * phase)
    return np.clip(rest, 52, 100) + arrhythmia + parameters.slow_heart_rate_bpm * _slow(time, rng)


def _beats(time: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Times at which the integral of the rate passes whole numbers."""
    cycles = np.concatenate([[0], np.cumsum((rate[1:] + rate[:-1]) / 120 * np.diff(time))])
    return np.interp(np.arange(1, int(cycles[-1])), cycles, time)


def _breath_phase(
    parameters: PhysioParameters, time: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Cycles of breathing since the start; the rate wanders by about 8 %."""
    rate = parameters.breaths_per_minute * np.exp(rng.normal(0, 0.1))
    rate = rate * (1 + 0.08 * _slow(time, rng))
    return np.cumsum(rate / 60) / RATE_SFREQ


def _spontaneous_responses(
    parameters: PhysioParameters, time: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Skin conductance responses that no event caused (Poisson in time, gamma in size)."""
    minutes = (time[-1] - time[0]) / 60
    n = rng.poisson(parameters.spontaneous_scr_per_minute * minutes)
    onsets = rng.uniform(time[0], time[-1], n)
    sizes = rng.gamma(2.0, parameters.spontaneous_scr_us / 2, n)
    return superpose(
        time, onsets, sizes, lambda t: skin_conductance_response(t, 1, 1), reach=(0, 60)
    )


def _slow(time: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Unit-variance fluctuation around 0.05 Hz."""
    return _noise(Rhythm(0.05, 0.02), time, rng)


def _noise(spectrum: Spectrum, time: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Unit-variance noise on the coarse time axis."""
    return colored_noise(spectrum, n_sources=1, n_times=time.size, sfreq=RATE_SFREQ, rng=rng)[0]


def _nearest(beats: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Return the beat nearest to each time."""
    middle = (beats[1:] + beats[:-1]) / 2
    return beats[np.searchsorted(middle, time)]


def _latest(beats: np.ndarray, time: np.ndarray, *, back: int) -> np.ndarray:
    """Return the last beat before each time (``back=1``: the one before that)."""
    index = np.searchsorted(beats, time, side="right") - 1 - back
    return np.where(index >= 0, beats[np.clip(index, 0, None)], -1e9)
