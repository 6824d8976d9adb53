"""The EEG of one participant: brain, face, eyes, mains and faulty electrodes."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from mmme_neuro.simulate.brain import (
    COUPLED_PAIR,
    THETA,
    UNCOUPLED_PAIR,
    Head,
    Ongoing,
    evoked_patterns,
    ongoing_sources,
)
from mmme_neuro.simulate.muscles import bursts, draw_muscles, event_strengths, muscle_eeg
from mmme_neuro.simulate.noise import PowerLaw, colored_noise
from mmme_neuro.simulate.parameters import StudyParameters
from mmme_neuro.simulate.responses import Person, superpose
from mmme_neuro.simulate.timeline import Timeline

EVOKED_REACH_S = (-1.5, 3.0)
MODULATED_RHYTHMS = {"alpha": "alpha_decrease", "beta": "beta_decrease"}


@dataclass(frozen=True)
class EegSignals:
    """Simulated channels of the EEG amplifier.

    Attributes
    ----------
    scalp : array, shape (n_channels, n_times)
        Microvolt.
    horizontal_eye, vertical_eye, muscle : array, shape (n_times,)
        HEO, VEO and EMG in microvolt.
    bad_channels : dict
        Electrode -> what is wrong with it.
    muscle_strength : array, shape (n_events,)
        Facial muscle activity of each event, microvolt.
    """

    scalp: np.ndarray
    horizontal_eye: np.ndarray
    vertical_eye: np.ndarray
    muscle: np.ndarray
    bad_channels: dict[str, str]
    muscle_strength: np.ndarray


def simulate_eeg(
    parameters: StudyParameters,
    timeline: Timeline,
    amplitudes: pd.DataFrame,
    *,
    head: Head,
    person: Person,
    rng: np.random.Generator,
) -> EegSignals:
    """Add up everything an electrode picks up during one session."""
    sfreq = parameters.eeg_sfreq
    time = np.arange(int(timeline.duration * sfreq)) / sfreq
    onsets = timeline.events["onset"].to_numpy()
    scalp = _brain(parameters, time, onsets, amplitudes, head=head, person=person, rng=rng)
    strengths = event_strengths(timeline.events, parameters.muscles, rng)
    facial, muscle = _face(parameters, time, timeline.events, strengths, head=head, rng=rng)
    scalp += facial
    blinks, vertical, horizontal = _eyes(parameters, time, head=head, rng=rng)
    scalp += blinks
    scalp += _mains_and_drift(parameters, time, n_channels=len(scalp), rng=rng)
    bad = _spoil(scalp, head.ch_names, parameters, rng)
    return EegSignals(scalp, horizontal, vertical, muscle, bad, strengths)


def _brain(
    parameters: StudyParameters,
    time: np.ndarray,
    onsets: np.ndarray,
    amplitudes: pd.DataFrame,
    *,
    head: Head,
    person: Person,
    rng: np.random.Generator,
) -> np.ndarray:
    """Evoked responses, rhythms with their event-locked changes and 1/f background."""
    sources = ongoing_sources(head, parameters.eeg)
    courses = _ongoing_courses(parameters, sources, n_times=time.size, rng=rng)
    for index, source in enumerate(sources):
        response = MODULATED_RHYTHMS.get(source.name)
        if response:
            change = superpose(
                time,
                onsets,
                amplitudes[response].to_numpy(),
                person.shape(response),
                reach=(-0.5, 4.0),
            )
            courses[index] *= np.clip(1 - change, 0.05, None)
    courses[0] *= np.exp(rng.normal(0, parameters.eeg.alpha_log_sd))
    scalp = np.stack([s.pattern for s in sources], axis=1).astype(np.float32) @ courses
    scalp += _theta_bursts(parameters, time, onsets, amplitudes, sources, person=person, rng=rng)
    for name, pattern in evoked_patterns(head).items():
        course = superpose(
            time, onsets, amplitudes[name].to_numpy(), person.shape(name), reach=EVOKED_REACH_S
        )
        scalp += np.outer(pattern, course).astype(np.float32)
    noise = rng.standard_normal(scalp.shape, dtype=np.float32)
    return scalp + np.float32(parameters.eeg.sensor_noise_uv) * noise


def _ongoing_courses(
    parameters: StudyParameters, sources: list[Ongoing], *, n_times: int, rng: np.random.Generator
) -> np.ndarray:
    """Unit-variance time courses; the second of the coupled pair follows the first."""
    sfreq = parameters.eeg_sfreq
    courses = np.full((len(sources), n_times), np.nan, np.float32)
    for index, source in enumerate(sources):
        courses[index] = colored_noise(
            source.spectrum, n_sources=1, n_times=n_times, sfreq=sfreq, rng=rng
        )[0]
    names = [source.name for source in sources]
    first, second = (names.index(electrode) for electrode in COUPLED_PAIR)
    lag, coherence = parameters.eeg.pair_lag_s, parameters.eeg.pair_coherence
    delayed = _delayed(courses[first], lag * sfreq)
    courses[second] = coherence * delayed + np.sqrt(1 - coherence**2) * courses[second]
    return courses


def _delayed(course: np.ndarray, samples: float) -> np.ndarray:
    """Delay a time course by a fractional number of samples (circularly)."""
    freqs = np.fft.rfftfreq(course.size)
    spectrum = np.fft.rfft(course) * np.exp(-2j * np.pi * freqs * samples)
    return np.fft.irfft(spectrum, n=course.size)


def _theta_bursts(
    parameters: StudyParameters,
    time: np.ndarray,
    onsets: np.ndarray,
    amplitudes: pd.DataFrame,
    sources: list[Ongoing],
    *,
    person: Person,
    rng: np.random.Generator,
) -> np.ndarray:
    """Theta activity induced by events (random phase) in the pattern of the ongoing theta."""
    envelope = superpose(
        time,
        onsets,
        amplitudes["theta_increase"].to_numpy(),
        person.shape("theta_increase"),
        reach=(-0.5, 4.0),
    )
    burst = colored_noise(
        THETA, n_sources=1, n_times=time.size, sfreq=parameters.eeg_sfreq, rng=rng
    )[0]
    pattern = next(source.pattern for source in sources if source.name == "theta")
    return np.outer(pattern, burst * envelope).astype(np.float32)


def _face(
    parameters: StudyParameters,
    time: np.ndarray,
    events: pd.DataFrame,
    strengths: np.ndarray,
    *,
    head: Head,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Muscle activity at the scalp and in the facial EMG channel."""
    muscles = draw_muscles(head, parameters.muscles, rng)
    envelopes = np.stack([bursts(time, events, strengths, m.units) for m in muscles])
    scalp = muscle_eeg(
        muscles, envelopes, sfreq=parameters.eeg_sfreq, parameters=parameters.muscles, rng=rng
    )
    own = rng.standard_normal(time.size, dtype=np.float32)
    return scalp, own * (2.0 + 1.5 * envelopes.mean(axis=0))


def _eyes(
    parameters: StudyParameters, time: np.ndarray, *, head: Head, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Blinks and horizontal eye movements at the scalp, in VEO and in HEO."""
    n_blinks = rng.poisson(parameters.eeg.blinks_per_minute * time[-1] / 60)
    when = np.sort(rng.uniform(0, time[-1], n_blinks))
    size = parameters.eeg.blink_uv * np.exp(rng.normal(0, 0.25, n_blinks))
    vertical = superpose(time, when, size, _blink, reach=(-0.3, 0.6))
    n_saccades = rng.poisson(2 * parameters.eeg.blinks_per_minute * time[-1] / 60)
    steps = np.zeros(time.size)
    np.add.at(steps, rng.integers(0, time.size, n_saccades), rng.normal(0, 25, n_saccades))
    horizontal = _leaky_sum(steps, leak=np.exp(-(time[1] - time[0]) / 1.2))
    position = head.positions - head.center
    front = np.clip(position[:, 1] / head.radius, 0, None)
    side = position[:, 0] / head.radius * front
    scalp = np.outer(front**4, vertical) + np.outer(0.5 * side, horizontal)
    noise = colored_noise(
        PowerLaw(1.0), n_sources=2, n_times=time.size, sfreq=parameters.eeg_sfreq, rng=rng
    )
    return scalp.astype(np.float32), 1.3 * vertical + 4 * noise[0], horizontal + 4 * noise[1]


def _blink(time: np.ndarray) -> np.ndarray:
    """Quick closing, slower opening of the lid."""
    return np.where(time < 0, np.exp(-0.5 * (time / 0.06) ** 2), np.exp(-0.5 * (time / 0.11) ** 2))


def _leaky_sum(steps: np.ndarray, *, leak: float) -> np.ndarray:
    """Sum of steps that decay, as an amplifier with a time constant shows gaze."""
    return lfilter([1.0], [1.0, -leak], steps)


def _mains_and_drift(
    parameters: StudyParameters, time: np.ndarray, *, n_channels: int, rng: np.random.Generator
) -> np.ndarray:
    """50 Hz of different strength at each electrode and slow electrode drift."""
    strength = parameters.eeg.line_uv * np.exp(rng.normal(0, 0.4, n_channels))
    phase = rng.uniform(0, 2 * np.pi)
    mains = np.outer(strength, np.sin(2 * np.pi * 50 * time + phase)).astype(np.float32)
    knots = np.arange(0, time[-1] + 60, 30.0)
    levels = np.cumsum(rng.normal(0, parameters.eeg.drift_uv, (n_channels, knots.size)), axis=1)
    drift = np.stack([np.interp(time, knots, level) for level in levels])
    return mains + drift.astype(np.float32)


def _spoil(
    scalp: np.ndarray, ch_names: list[str], parameters: StudyParameters, rng: np.random.Generator
) -> dict[str, str]:
    """Make some electrodes flat or noisy, in place; sources' own electrodes stay good."""
    spared = {"PZ", "FCZ", "OZ", *COUPLED_PAIR, *UNCOUPLED_PAIR}
    n_bad = rng.binomial(len(ch_names), parameters.eeg.bad_channel_share)
    chosen = rng.permutation([name for name in ch_names if name not in spared])[:n_bad]
    bad = {}
    for name in chosen:
        row = scalp[ch_names.index(name)]
        bad[str(name)] = str(rng.choice(["flat", "noisy"]))
        if bad[name] == "flat":
            row[:] = row[0] + 1e-3 * rng.standard_normal(row.size)
        else:
            row += (80 * rng.standard_normal(row.size)).astype(np.float32)
    return bad
