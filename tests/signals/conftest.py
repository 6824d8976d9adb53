"""Synthetic physiology with known beats, written independently of the package."""

import mne
import numpy as np
import pytest

WAVES = (
    (0.0, 0.012, 1.0),
    (-0.03, 0.01, -0.15),
    (0.03, 0.012, -0.25),
    (0.28, 0.05, 0.3),
    (-0.16, 0.03, 0.12),
)


def beats_of(rate, sfreq):
    """Times at which the integral of a rate curve (per minute) passes whole numbers."""
    count = np.cumsum(rate) / 60 / sfreq
    return np.interp(np.arange(1, int(count[-1])), count, np.arange(rate.size) / sfreq)


def add_waves(beats, n_seconds, sfreq, waves):
    """Sum of Gaussians (delay, width, height) at each beat."""
    times = np.arange(round(n_seconds * sfreq)) / sfreq
    signal = np.zeros(times.size)
    for delay, width, height in waves:
        for beat in beats + delay:
            near = slice(*np.searchsorted(times, [beat - 6 * width, beat + 6 * width]))
            signal[near] += height * np.exp(-0.5 * ((times[near] - beat) / width) ** 2)
    return signal


@pytest.fixture(scope="session")
def heart():
    """Function giving rate curve, beats and electrocardiogram with events every 20 s."""

    def make(n_seconds=300, sfreq=250.0, *, noise=0.03, response_bpm=8.0):
        rng = np.random.default_rng(7)
        times = np.arange(n_seconds * 200) / 200
        rate = 70 + 3 * np.sin(2 * np.pi * 0.25 * times) + 2 * np.sin(2 * np.pi * 0.08 * times)
        events = np.arange(20.0, n_seconds - 20, 20)
        for event in events:
            rate += response_bpm * np.exp(-0.5 * ((times - event - 6) / 1.5) ** 2)
        beats = beats_of(rate, 200)
        ecg = add_waves(beats, n_seconds, sfreq, WAVES)
        ecg += noise * rng.standard_normal(ecg.size)
        return {"times": times, "rate": rate, "beats": beats, "events": events, "ecg": 1e-3 * ecg}

    return make


@pytest.fixture(scope="session")
def pulse():
    """Function giving a pulse wave for given beats, with a height for each."""

    def make(beats, n_seconds, sfreq, heights):
        times = np.arange(round(n_seconds * sfreq)) / sfreq
        signal = np.zeros(times.size)
        for beat, height in zip(beats + 0.2, heights, strict=True):
            for delay, width, share in ((0.0, 0.09, 1.0), (0.3, 0.09, 0.3)):
                near = np.abs(times - beat - delay) < 0.6
                signal[near] += (
                    height * share * np.exp(-0.5 * ((times[near] - beat - delay) / width) ** 2)
                )
        return signal

    return make


@pytest.fixture(scope="session")
def recording(heart, pulse):
    """Function giving a Raw of all usual channels; keyword arguments replace channels."""

    def make(n_seconds=120, sfreq=250.0, **replaced):
        rng = np.random.default_rng(3)
        truth = heart(n_seconds, sfreq)
        times = np.arange(round(n_seconds * sfreq)) / sfreq
        channels = {
            "ECG": truth["ecg"],
            "PPG": pulse(truth["beats"], n_seconds, sfreq, np.full(truth["beats"].size, 0.1)),
            "RSP": np.sin(2 * np.pi * 0.25 * times),
            "EDA": 1e-6 * (6 + 0.3 * np.sin(2 * np.pi * times / 90)),
            "SKT_A": 32 + 0.2 * np.sin(2 * np.pi * times / 100),
            "EMG_A": 1e-5 * rng.standard_normal(times.size),
            "D0": np.where(times % 10 < 1, 5.0, 0.0),
            "ECG rate": 70 + rng.standard_normal(times.size),
        }
        channels |= replaced
        channels = {name: values for name, values in channels.items() if values is not None}
        kinds = {"ECG": "ecg", "PPG": "bio", "RSP": "resp", "EDA": "gsr", "D0": "stim"}
        kinds |= {"SKT_A": "temperature", "SKT_B": "temperature", "EMG_A": "emg"}
        info = mne.create_info(
            list(channels), sfreq, [kinds.get(name, "misc") for name in channels]
        )
        return mne.io.RawArray(np.array(list(channels.values())), info, verbose="error")

    return make
