import mne
import numpy as np

from mmme_neuro.io.montage import QUIK_CAP_64, place_electrodes
from mmme_neuro.plots.scalp import fitted_sphere, head_plan, scalp_map
from mmme_neuro.plots.style import close_figure, new_figure


def cap():
    names = [name for name in QUIK_CAP_64 if name not in ("M1", "M2")]
    raw = mne.io.RawArray(
        np.zeros((len(names), 2)), mne.create_info(names, 100.0, "eeg"), verbose="error"
    )
    return place_electrodes(raw).info


def test_a_sphere_is_found_back():
    rng = np.random.default_rng(1)
    directions = rng.standard_normal((30, 3))
    points = np.array([0.01, 0.02, 0.03]) + 0.09 * directions / np.linalg.norm(
        directions, axis=1, keepdims=True
    )
    np.testing.assert_allclose(fitted_sphere(points), [0.01, 0.02, 0.03, 0.09], atol=1e-12)
    assert fitted_sphere(points[:5])[3] == 0.095


def test_electrodes_lie_where_the_10_20_system_puts_them():
    """MNE's default sphere moves the frontal electrodes onto the nose."""
    info = cap()
    plan = dict(zip(info["ch_names"], head_plan(info, info["ch_names"]), strict=True))
    assert np.linalg.norm(plan["CZ"]) < 0.15
    assert 0.85 < np.linalg.norm(plan["FPZ"]) < 1.05
    assert 0.75 < np.linalg.norm(plan["OZ"]) < 1.05
    assert abs(np.linalg.norm(plan["T7"]) - np.linalg.norm(plan["T8"])) < 0.05


def test_the_map_is_largest_where_the_value_is():
    info = cap()
    values = np.array([1.0 if name == "OZ" else 0.0 for name in info["ch_names"]])
    figure = new_figure(height_mm=50)
    ax = scalp_map(values, info, figure.add_subplot(), vlim=(0, 1))
    image = ax.images[0]
    data, (left, right, low, high) = np.ma.filled(image.get_array(), -1), image.get_extent()
    row, column = np.unravel_index(data.argmax(), data.shape)
    assert low + (row + 0.5) / data.shape[0] * (high - low) < -0.05
    assert abs(left + (column + 0.5) / data.shape[1] * (right - left)) < 0.02
    close_figure(figure)
