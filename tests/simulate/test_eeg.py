from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import coherence, csd, welch

from mmme_neuro.simulate import DEMO, DEMO_CHANNELS
from mmme_neuro.simulate.brain import simulated_head
from mmme_neuro.simulate.eeg import _delayed, simulate_eeg
from mmme_neuro.simulate.parameters import EventParameters
from mmme_neuro.simulate.responses import Person, Stimuli, draw_amplitudes
from mmme_neuro.simulate.timeline import simulate_timeline

SFREQ = 250.0


@pytest.fixture(scope="module")
def parameters():
    muscles = replace(DEMO.muscles, macro_uv=1e-6, micro_uv=1e-6, movement_uv=1e-6, resting_uv=0.0)
    clean = replace(
        DEMO.eeg,
        blink_uv=1e-6,
        line_uv=1e-6,
        drift_uv=1e-6,
        bad_channel_share=0.0,
        alpha_log_sd=0.0,
    )
    return replace(
        DEMO,
        video_s=(50.0, 50.0),
        muscles=muscles,
        eeg=clean,
        latency_sd=0.0,
        events=EventParameters(gap_median_s=4.0, gap_log_sd=0.5, micro_share=0.5),
    )


def simulated(parameters, seed=3, n_videos=5):
    rng = np.random.default_rng(seed)
    head = simulated_head(DEMO_CHANNELS)
    timeline = simulate_timeline(parameters, n_videos=n_videos, rng=rng)
    person, stimuli = Person.drawn(parameters, rng), Stimuli.drawn(parameters, n_videos, rng)
    amplitudes = draw_amplitudes(
        parameters, timeline.events, person=person, stimuli=stimuli, rng=rng
    )
    signals = simulate_eeg(parameters, timeline, amplitudes, head=head, person=person, rng=rng)
    return signals, timeline, amplitudes


@pytest.fixture(scope="module")
def quiet(parameters):
    return simulated(parameters)


def row(signals, name):
    return signals.scalp[DEMO_CHANNELS.index(name)]


def test_shapes_and_types(quiet):
    signals, timeline, _ = quiet
    n_times = int(timeline.duration * SFREQ)
    assert signals.scalp.shape == (42, n_times) and signals.scalp.dtype == np.float32
    assert signals.muscle.shape == signals.vertical_eye.shape == (n_times,)
    assert len(signals.muscle_strength) == len(timeline.events)


def test_spectrum_falls_and_has_its_rhythms(quiet):
    freqs, power = welch(row(quiet[0], "OZ"), SFREQ, nperseg=1000)

    def at(low, high):
        return power[(freqs >= low) & (freqs <= high)].mean()

    assert at(9, 11) > 3 * at(13.5, 14.5)
    assert at(2, 4) > 3 * at(30, 40)


def test_the_pair_is_coupled_with_its_lag_and_the_mirrored_one_is_not(parameters):
    signals, _, _ = simulated(parameters, n_videos=12)
    freqs, coupled = csd(row(signals, "C3"), row(signals, "PO4"), SFREQ, nperseg=500)
    band = (freqs > 16) & (freqs < 17.1)
    imaginary = {
        pair: np.abs(
            np.mean(
                np.imag(csd(row(signals, pair[0]), row(signals, pair[1]), SFREQ, nperseg=500)[1])[
                    band
                ]
            )
        )
        for pair in (("C3", "PO4"), ("C4", "PO3"))
    }
    assert imaginary["C3", "PO4"] > 5 * imaginary["C4", "PO3"]
    _, strength = coherence(row(signals, "C3"), row(signals, "PO4"), SFREQ, nperseg=500)
    assert strength[band].mean() > 0.1
    # scipy's csd conjugates its first argument, so a second signal that lags has a negative phase.
    assert np.angle(coupled[band].mean()) < -0.3


def test_responses_ride_on_the_background_with_their_amplitude(parameters):
    """With a single silent brain the difference of two simulations is the response itself."""
    effect = replace(parameters.eeg.late_positivity, event_sd=0.0)
    with_response = replace(parameters, eeg=replace(parameters.eeg, late_positivity=effect))
    without = replace(parameters, eeg=replace(parameters.eeg, late_positivity=effect.silent()))
    one, timeline, amplitudes = simulated(with_response)
    other, _, _ = simulated(without)
    region = [DEMO_CHANNELS.index(name) for name in ("CPZ", "P1", "PZ", "P2")]
    course = (one.scalp - other.scalp)[region].mean(axis=0)
    time = np.arange(course.size) / SFREQ
    expected = np.zeros(time.size)
    for onset, size in zip(timeline.events["onset"], amplitudes["late_positivity"], strict=True):
        expected += size * np.exp(-0.5 * ((time - onset - 0.4) / 0.1) ** 2)
    np.testing.assert_allclose(course, expected, atol=0.02 * np.abs(expected).max())


def test_alpha_falls_after_events(parameters):
    strong = replace(
        parameters.eeg,
        alpha_decrease=replace(parameters.eeg.alpha_decrease, macro=0.7, micro_minus_macro=0.0),
        alpha_uv=20.0,
    )
    signals, timeline, _ = simulated(replace(parameters, eeg=strong), n_videos=8)
    spectrum = np.fft.rfft(row(signals, "OZ"))
    freqs = np.fft.rfftfreq(signals.scalp.shape[1], 1 / SFREQ)
    alpha = np.fft.irfft(spectrum * (np.abs(freqs - 10) < 2.5), n=signals.scalp.shape[1])
    time = np.arange(alpha.size) / SFREQ
    lag = time[:, None] - timeline.events["onset"].to_numpy()
    after = ((lag > 0.3) & (lag < 1.1)).any(axis=1)
    far = ~((lag > -1) & (lag < 2)).any(axis=1)
    ratio = np.sqrt(np.mean(alpha[after] ** 2) / np.mean(alpha[far] ** 2))
    assert ratio == pytest.approx(0.3, abs=0.12)


def test_blinks_are_frontal_and_in_the_eye_channel(parameters):
    blinking = replace(parameters, eeg=replace(parameters.eeg, blink_uv=150.0))
    with_blinks, timeline, _ = simulated(blinking)
    without, _, _ = simulated(parameters)
    added = np.abs(with_blinks.scalp - without.scalp).max(axis=1)
    assert added[DEMO_CHANNELS.index("FPZ")] > 60
    assert added[DEMO_CHANNELS.index("FPZ")] > 20 * added[DEMO_CHANNELS.index("OZ")]
    vertical = with_blinks.vertical_eye
    n_blinks = ((vertical[1:] > 80) & (vertical[:-1] <= 80)).sum()
    assert n_blinks / (timeline.duration / 60) == pytest.approx(12, abs=5)


def test_mains_and_faulty_electrodes(parameters):
    spoilt = replace(parameters.eeg, line_uv=3.0, bad_channel_share=0.3)
    signals, _, _ = simulated(replace(parameters, eeg=spoilt))
    freqs, power = welch(row(signals, "PZ"), SFREQ, nperseg=1000)
    assert power[np.isclose(freqs, 50)] > 20 * power[np.isclose(freqs, 46)]
    assert 4 < len(signals.bad_channels) < 25
    for name, fault in signals.bad_channels.items():
        spread = np.diff(row(signals, name)).std()
        assert spread < 0.01 if fault == "flat" else spread > 80
    sources = {"PZ", "FCZ", "OZ", "C3", "PO4", "C4", "PO3"}
    assert not sources & set(signals.bad_channels)


def test_muscle_channel_follows_the_events(parameters):
    loud = replace(parameters, muscles=DEMO.muscles)
    signals, timeline, _ = simulated(loud)
    time = np.arange(signals.muscle.size) / SFREQ
    lag = time[:, None] - timeline.events["apex"].to_numpy()
    near = (np.abs(lag) < 0.1).any(axis=1)
    far = (np.abs(lag) > 2).all(axis=1)
    assert signals.muscle[near].std() > 2 * signals.muscle[far].std()


def test_a_delay_of_a_fraction_of_a_sample():
    time = np.arange(1000)
    wave = np.sin(2 * np.pi * time / 50)
    np.testing.assert_allclose(
        _delayed(wave, 3.75), np.sin(2 * np.pi * (time - 3.75) / 50), atol=1e-10
    )
