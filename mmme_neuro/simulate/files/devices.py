"""Device clocks and trigger lines: what each device stores of the codes it was sent."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from mmme_neuro.simulate.parameters import ClockParameters

SPURIOUS_CODES = (77, 88)
N_LINES = 8
HIGH_VOLT = 5.0
GLITCH_S = 0.002
"""Within this time after the first bit the others follow."""


@dataclass(frozen=True)
class DeviceClock:
    """Linear clock: ``eeg_time = offset + (1 + drift_ppm * 1e-6) * device_time`` (seconds)."""

    offset: float
    drift_ppm: float

    def to_eeg(self, device_time: ArrayLike) -> np.ndarray:
        """Seconds of the EEG clock at seconds of the device."""
        return self.offset + (1 + 1e-6 * self.drift_ppm) * np.asarray(device_time)

    def from_eeg(self, eeg_time: ArrayLike) -> np.ndarray:
        """Seconds of the device at seconds of the EEG clock."""
        return (np.asarray(eeg_time) - self.offset) / (1 + 1e-6 * self.drift_ppm)


def draw_physio_clock(parameters: ClockParameters, rng: np.random.Generator) -> DeviceClock:
    """Draw BIOPAC's clock; it was started before the EEG."""
    offset = rng.uniform(*parameters.physio_offset_s)
    return DeviceClock(offset, rng.normal(0, parameters.physio_drift_sd_ppm))


def draw_camera_clock(
    parameters: ClockParameters, *, start_of_day_s: float, rng: np.random.Generator
) -> DeviceClock:
    """Draw the camera's wall clock (seconds of the day) for a session that starts then."""
    drift_ppm = rng.normal(0, parameters.camera_drift_sd_ppm)
    return DeviceClock(-start_of_day_s * (1 + 1e-6 * drift_ppm), drift_ppm)


def received_codes(
    codes: pd.DataFrame, parameters: ClockParameters, *, duration: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Return what one device stores of the codes sent (seconds of the EEG clock).

    Some are lost, each is late or early by its jitter and some codes were never sent.
    """
    kept = codes[rng.random(len(codes)) >= parameters.lost_code_share].copy()
    kept["onset"] += rng.normal(0, parameters.trigger_jitter_sd_s, len(kept))
    n_spurious = rng.binomial(len(codes), parameters.spurious_code_share)
    false = pd.DataFrame(
        {
            "code": rng.choice(SPURIOUS_CODES, n_spurious),
            "onset": rng.uniform(1, duration - 1, n_spurious),
        }
    )
    return _without_collisions(pd.concat([kept, false]).sort_values("onset", ignore_index=True))


def _without_collisions(codes: pd.DataFrame) -> pd.DataFrame:
    """Drop spurious codes that would overlap another code's pulse."""
    gap = np.minimum(codes["onset"].diff().fillna(np.inf), -codes["onset"].diff(-1).fillna(-np.inf))
    return codes[(gap > 0.3) | ~codes["code"].isin(SPURIOUS_CODES)].reset_index(drop=True)


def digital_lines(
    codes: pd.DataFrame,
    *,
    n_samples: int,
    sfreq: float,
    parameters: ClockParameters,
    inverted_lines: tuple[int, ...],
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the eight lines in volts, array (n_samples, 8).

    ``codes`` holds ``code, onset`` in seconds of the device. Some switches glitch: the bits do
    not change within the same sample, the first of them on time.
    """
    lines = np.zeros((n_samples, N_LINES), bool)
    for code, onset in zip(codes["code"], codes["onset"], strict=True):
        first = int(round(onset * sfreq))
        last = int(round((onset + parameters.pulse_s) * sfreq))
        if not 0 <= first < last < n_samples:
            continue
        bits = [bit for bit in range(N_LINES) if code >> bit & 1]
        late = np.zeros(len(bits), int)
        if rng.random() < parameters.glitch_share:
            late[1:] = rng.integers(0, int(GLITCH_S * sfreq) + 1, len(bits) - 1)
        for bit, delay in zip(rng.permutation(bits), late, strict=True):
            lines[first + delay : last, bit] = True
    lines[:, list(inverted_lines)] ^= True
    return lines * HIGH_VOLT


def trigger_channel(
    codes: pd.DataFrame, *, n_samples: int, sfreq: float, pulse_s: float
) -> np.ndarray:
    """Return the EEG amplifier's trigger channel: the code while its pulse lasts, else 0."""
    channel = np.zeros(n_samples, np.float32)
    for code, onset in zip(codes["code"], codes["onset"], strict=True):
        first = int(round(onset * sfreq))
        channel[first : first + int(round(pulse_s * sfreq))] = code
    return channel
