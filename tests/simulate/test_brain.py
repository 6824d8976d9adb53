from dataclasses import replace

import numpy as np
import pytest

from mmme_neuro.io.montage import QUIK_CAP_64
from mmme_neuro.simulate import DEMO, DEMO_CHANNELS
from mmme_neuro.simulate.brain import (
    COUPLED_PAIR,
    REGIONS,
    RESPONSE_REGION,
    UNCOUPLED_PAIR,
    evoked_patterns,
    indices,
    ongoing_sources,
    present,
    simulated_head,
)
from mmme_neuro.simulate.parameters import EegParameters


@pytest.fixture(scope="module", params=["demo", "full"])
def head(request):
    return simulated_head(DEMO_CHANNELS if request.param == "demo" else tuple(QUIK_CAP_64))


@pytest.mark.parametrize("name", RESPONSE_REGION)
def test_evoked_patterns_are_one_microvolt_in_their_region(head, name):
    pattern = evoked_patterns(head)[name]
    rows = indices(head, present(head, RESPONSE_REGION[name]))
    assert pattern[rows].mean() == pytest.approx(1)
    assert pattern.mean() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "electrodes", "amplitude"),
    [
        ("alpha", REGIONS["occipital"], "alpha_uv"),
        ("beta", ("CZ",), "beta_uv"),
        ("theta", ("FZ",), "theta_uv"),
        ("C3", ("C3",), "pair_uv"),
        ("PO3", ("PO3",), "pair_uv"),
    ],
)
def test_rhythms_have_their_stated_root_mean_square(head, name, electrodes, amplitude):
    parameters = EegParameters()
    source = next(s for s in ongoing_sources(head, parameters) if s.name == name)
    rows = indices(head, tuple(e for e in electrodes if e in head.ch_names))
    found = np.sqrt(np.mean(source.pattern[rows] ** 2))
    assert found == pytest.approx(getattr(parameters, amplitude))


def test_background_adds_up_to_its_stated_size(head):
    parameters = EegParameters()
    background = [s for s in ongoing_sources(head, parameters) if s.name == "background"]
    assert len(background) == parameters.n_background_sources
    variance = np.sum([s.pattern**2 for s in background], axis=0)
    assert np.sqrt(variance.mean()) == pytest.approx(parameters.background_uv)


def test_all_regions_and_pairs_are_covered_by_the_demos_channels():
    head = simulated_head(DEMO_CHANNELS)
    for region in REGIONS:
        assert len(present(head, region)) >= 3
    assert {*COUPLED_PAIR, *UNCOUPLED_PAIR} <= set(DEMO_CHANNELS)


def test_missing_electrodes_are_named():
    head = simulated_head(tuple(name for name in DEMO_CHANNELS if name != "CZ"))
    with pytest.raises(ValueError, match=r"channels must hold \['CZ'\]"):
        ongoing_sources(head, replace(DEMO.eeg))
