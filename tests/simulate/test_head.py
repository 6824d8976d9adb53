import mne
import numpy as np
import pytest

from mmme_neuro.io.montage import QUIK_CAP_64
from mmme_neuro.simulate.brain import SOURCE_DEPTH, simulated_head


@pytest.fixture(scope="module")
def head():
    return simulated_head(tuple(QUIK_CAP_64))


def test_electrodes_lie_near_a_sphere_of_a_heads_size(head):
    distance = np.linalg.norm(head.positions - head.center, axis=1)
    assert 0.08 < head.radius < 0.11
    assert np.abs(distance / head.radius - 1).max() < 0.2
    place = dict(zip(head.ch_names, head.positions, strict=True))
    assert place["T8"][0] > 0 > place["T7"][0]
    assert place["FPZ"][1] > 0 > place["OZ"][1]


@pytest.mark.parametrize("electrode", ["FZ", "PZ", "C3", "O2"])
def test_a_radial_source_is_largest_above_itself(head, electrode):
    direction = head.below(electrode)[None]
    pattern = head.topographies(SOURCE_DEPTH * direction, direction)[:, 0]
    distance = np.linalg.norm(
        head.positions - head.positions[head.ch_names.index(electrode)], axis=1
    )
    assert distance[pattern.argmax()] < 0.02
    assert np.corrcoef(distance, pattern)[0, 1] < -0.5


def test_potentials_are_average_referenced_and_linear(head):
    rng = np.random.default_rng(1)
    places, moments = 0.5 * np.eye(3), rng.standard_normal((3, 3))
    patterns = head.topographies(places, moments)
    np.testing.assert_allclose(patterns.mean(axis=0), 0, atol=1e-9 * np.abs(patterns).max())
    np.testing.assert_allclose(head.topographies(places, -moments), -patterns)


def test_potentials_are_those_of_mnes_sphere(head):
    """The same dipole through MNE's dipole interface instead of a volume source space."""
    place, moment = np.array([0.1, 0.3, 0.6]), np.array([0.2, 0.5, 0.84])
    moment /= np.linalg.norm(moment)
    ours = head.topographies(place[None], moment[None])[:, 0]
    sphere = mne.make_sphere_model(head.center, head_radius=head.radius, verbose="error")
    dipole = mne.Dipole(
        [0.0], (head.center + place * head.radius)[None], [1e-9], moment[None], [1.0]
    )
    forward, _ = mne.make_forward_dipole(dipole, sphere, head.info, verbose="error")
    theirs = forward["sol"]["data"][:, 0]
    theirs = theirs - theirs.mean()
    assert np.corrcoef(ours, theirs)[0, 1] > 0.9999


def test_middle_of_several_electrodes(head):
    between = head.below("F3", "F4")
    assert abs(between[0]) < 0.03 and np.linalg.norm(between) == pytest.approx(1)
