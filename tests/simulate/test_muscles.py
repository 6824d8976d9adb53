from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.signal import welch

from mmme_neuro.simulate import DEMO, DEMO_CHANNELS
from mmme_neuro.simulate.brain import simulated_head
from mmme_neuro.simulate.muscles import (
    MUSCLES,
    bursts,
    draw_muscles,
    event_strengths,
    muscle_eeg,
)
from mmme_neuro.simulate.parameters import MuscleParameters

SFREQ = 250.0
TIME = np.arange(0, 60, 1 / SFREQ)


@pytest.fixture(scope="module")
def head():
    return simulated_head(DEMO_CHANNELS)


@pytest.fixture(scope="module")
def muscles(head):
    return draw_muscles(head, DEMO.muscles, np.random.default_rng(1))


def events_of(n, expression="macro", units="AU4"):
    onset = 2.0 + np.arange(n) * (56.0 / max(n, 1))
    return pd.DataFrame(
        {
            "onset": onset,
            "apex": onset + 0.3,
            "offset": onset + 0.6,
            "expression": expression,
            "action_units": units,
        }
    )


def scalp_of(muscles, events, strengths, seed=2, parameters=DEMO.muscles):
    envelopes = np.stack([bursts(TIME, events, strengths, m.units) for m in muscles])
    rng = np.random.default_rng(seed)
    return muscle_eeg(muscles, envelopes, sfreq=SFREQ, parameters=parameters, rng=rng)


def test_bursts_are_larger_for_macro_expressions():
    events = pd.concat([events_of(4000, kind) for kind in ("macro", "micro")], ignore_index=True)
    strength = event_strengths(events, DEMO.muscles, np.random.default_rng(0))
    macro, micro = strength[:4000], strength[4000:]
    assert np.median(macro) == pytest.approx(DEMO.muscles.macro_uv, rel=0.03)
    assert np.median(micro) == pytest.approx(DEMO.muscles.micro_uv, rel=0.03)
    assert np.log(macro).std() == pytest.approx(DEMO.muscles.event_log_sd, rel=0.05)


def test_envelope_rises_to_the_apex_and_ends_with_the_face():
    events = events_of(1)
    envelope = bursts(TIME, events, np.array([10.0]), (4,))
    assert TIME[envelope.argmax()] == pytest.approx(events["apex"][0], abs=0.005)
    assert envelope.max() == pytest.approx(10.0, rel=0.02)
    active = TIME[envelope > 0]
    assert active[0] >= events["onset"][0] - 0.02 - 1e-9
    assert active[-1] <= events["offset"][0] + 0.3 + 1e-9


def test_muscles_that_do_not_make_the_unit_work_less():
    events = events_of(1, units="AU12")
    own = bursts(TIME, events, np.array([10.0]), MUSCLES["zygomaticus"][1])
    other = bursts(TIME, events, np.array([10.0]), MUSCLES["frontalis"][1])
    assert other.max() == pytest.approx(0.15 * own.max())
    several = bursts(TIME, events.assign(action_units="AU1, AU12"), np.array([10.0]), (1, 2))
    assert several.max() == pytest.approx(own.max())


def test_frontal_and_temporal_electrodes_get_more_than_central_ones(head, muscles):
    scalp = scalp_of(muscles, events_of(15), np.full(15, 24.0))
    power = dict(zip(head.ch_names, scalp.std(axis=1), strict=True))
    near = np.mean([power[name] for name in ("FP1", "FP2", "AF3", "AF4", "F7", "F8", "T7", "T8")])
    far = np.mean([power[name] for name in ("CZ", "CPZ", "PZ", "POZ")])
    assert near > 4 * far
    assert power["CPZ"] > 0


def test_spectrum_is_broad_from_8_hz_up_besides_the_movement(muscles):
    still = replace(DEMO.muscles, movement_uv=0.0)
    scalp = scalp_of(muscles, events_of(15), np.full(15, 24.0), parameters=still)
    freqs, power = welch(scalp[0], SFREQ, nperseg=512)
    band = power[(freqs > 15) & (freqs < 100)]
    assert band[: band.size // 2].mean() / band[band.size // 2 :].mean() == pytest.approx(
        1, abs=0.3
    )
    assert power[(freqs > 0.5) & (freqs < 4)].mean() < 0.1 * band.mean()
    moving = scalp_of(muscles, events_of(15), np.full(15, 24.0))
    _, with_movement = welch(moving[0], SFREQ, nperseg=512)
    slow = (freqs > 0.5) & (freqs < 2)
    assert with_movement[slow].mean() > 10 * power[slow].mean()


def test_muscle_activity_grows_with_strength(muscles):
    weak = scalp_of(muscles, events_of(15), np.full(15, 9.0)).std()
    strong = scalp_of(muscles, events_of(15), np.full(15, 24.0)).std()
    assert strong / weak == pytest.approx(24 / 9, rel=0.1)


def test_an_electrode_that_is_not_there_is_named():
    head = simulated_head(tuple(name for name in DEMO_CHANNELS if name != "T7"))
    with pytest.raises(ValueError, match="channels must hold 'T7'"):
        draw_muscles(head, MuscleParameters(), np.random.default_rng(0))
