from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.simulate import DEMO, Effect
from mmme_neuro.simulate.responses import (
    SHAPE_BY_RESPONSE,
    Person,
    Stimuli,
    draw_amplitudes,
    effects,
    superpose,
)

N_EVENTS = 40000


def events_of(n=N_EVENTS, n_videos=4):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "expression": np.where(rng.random(n) < 0.4, "micro", "macro"),
            "code": 101 + rng.integers(0, n_videos, n),
        }
    )


def plain(parameters):
    """Random intercepts and slopes of people and videos set to nothing."""

    def quiet(part):
        return replace(
            part,
            **{
                name: Effect(e.macro, e.micro_minus_macro, event_sd=e.event_sd)
                for name, e in vars(part).items()
                if isinstance(e, Effect)
            },
        )

    return replace(parameters, eeg=quiet(parameters.eeg), physio=quiet(parameters.physio))


def drawn(parameters, events, seed=1, n_videos=4):
    rng = np.random.default_rng(seed)
    person, stimuli = Person.drawn(parameters, rng), Stimuli.drawn(parameters, n_videos, rng)
    return draw_amplitudes(parameters, events, person=person, stimuli=stimuli, rng=rng)


@pytest.mark.parametrize("name", SHAPE_BY_RESPONSE)
def test_means_and_spreads_are_the_stated_ones(name):
    parameters = plain(DEMO)
    events = events_of()
    values, effect = drawn(parameters, events)[name], effects(parameters)[name]
    micro = events["expression"] == "micro"
    error = 5 * max(effect.event_sd, 1e-12) / np.sqrt(micro.sum())
    assert values[~micro].mean() == pytest.approx(effect.macro, abs=error)
    assert values[micro].mean() == pytest.approx(effect.macro + effect.micro_minus_macro, abs=error)
    for group in (values[micro], values[~micro]):
        assert group.std() == pytest.approx(effect.event_sd, rel=0.05, abs=1e-12)


def test_people_and_videos_vary_by_their_stated_spread():
    effect = effects(DEMO)["late_positivity"]
    rng = np.random.default_rng(3)
    people = [Person.drawn(DEMO, rng) for _ in range(4000)]
    deviations = np.array([person.deviations["late_positivity"] for person in people])
    expected = [effect.participant_sd, effect.participant_slope_sd]
    np.testing.assert_allclose(deviations.std(axis=0), expected, rtol=0.05)
    np.testing.assert_allclose(deviations.mean(axis=0), 0, atol=0.1)
    videos = Stimuli.drawn(DEMO, 4000, rng).deviations["late_positivity"]
    np.testing.assert_allclose(
        videos.std(axis=0), [effect.stimulus_sd, effect.stimulus_slope_sd], rtol=0.05
    )
    latency = np.array([person.latency["scr"] for person in people])
    assert latency.std() == pytest.approx(DEMO.latency_sd, rel=0.06)
    assert latency.mean() == pytest.approx(1, abs=0.02)


def test_deviations_enter_as_intercept_and_slope():
    parameters = DEMO
    events = pd.DataFrame({"expression": ["macro", "micro"], "code": [102, 102]})
    rng = np.random.default_rng(5)
    person, stimuli = Person.drawn(parameters, rng), Stimuli.drawn(parameters, 3, rng)
    name = "temperature"
    silent = replace(
        parameters,
        physio=replace(parameters.physio, temperature=replace(effects(DEMO)[name], event_sd=0.0)),
    )
    values = draw_amplitudes(silent, events, person=person, stimuli=stimuli, rng=rng)[name]
    effect = effects(silent)[name]
    own, video = person.deviations[name], stimuli.deviations[name][1]
    assert values[0] == pytest.approx(effect.macro + own[0] + video[0])
    assert values[1] == pytest.approx(values[0] + effect.micro_minus_macro + own[1] + video[1])


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.85])
def test_brain_and_skin_share_their_latent_factor(correlation):
    parameters = replace(plain(DEMO), brain_body_correlation=correlation)
    events = events_of().assign(expression="macro")
    table = drawn(parameters, events)
    # The SCR is a monotone transform of its normal factor: rank correlations are those of a
    # bivariate normal, 6/pi arcsin(r/2).
    expected = 6 / np.pi * np.arcsin(correlation / 2)
    found = table["late_positivity"].corr(table["scr"], method="spearman")
    assert found == pytest.approx(expected, abs=0.02)
    others = table["premotor"].corr(table["scr"])
    assert abs(others) < 0.02


def test_scr_is_never_negative():
    assert drawn(DEMO, events_of())["scr"].min() >= 0


def test_superposition_is_a_sum():
    time = np.arange(0, 50, 0.1)
    onsets, sizes = np.array([5.03, 6.0, 49.0, -1.0]), np.array([1.0, -2.0, 0.5, 3.0])

    def bump(t):
        return np.exp(-t) * (t >= 0)

    expected = np.zeros(time.size)
    for onset, size in zip(onsets, sizes, strict=True):
        lag = time - onset
        expected += np.where((lag >= 0) & (lag <= 8), size * np.exp(-lag), 0)
    found = superpose(time, onsets, sizes, bump, reach=(0.0, 8.0))
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_superposition_of_nothing_is_zero():
    time = np.arange(0, 5, 0.1)
    assert (superpose(time, np.empty(0), np.empty(0), np.ones_like, reach=(0, 1)) == 0).all()
