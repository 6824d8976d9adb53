import numpy as np
import pytest
import xarray as xr
from scipy.sparse.csgraph import shortest_path

from mmme_neuro.responses.graph import global_efficiency, graph_measures


def _matrix(weights, condition=None):
    names = [f"E{i}" for i in range(len(weights))]
    matrix = xr.DataArray(weights, {"channel": names, "other": names}, ("channel", "other"))
    return matrix if condition is None else matrix.expand_dims(condition=[condition])


@pytest.fixture
def weights():
    random = np.random.default_rng(0).uniform(0, 1, (8, 8))
    symmetric = (random + random.T) / 2
    np.fill_diagonal(symmetric, np.nan)
    return symmetric


def test_complete_equal_network_has_known_values():
    network = graph_measures(_matrix(np.full((6, 6), 0.3))).networks.iloc[0]
    assert network["global_efficiency"] == pytest.approx(0.3)
    assert network["clustering"] == pytest.approx(1.0)
    assert network["overall_strength"] == pytest.approx(0.3)
    assert network["n_edges"] == 15


def test_measures_equal_matrix_formulas(weights):
    measures = graph_measures(_matrix(weights))
    filled = np.nan_to_num(weights)
    paths = shortest_path(1 / np.where(filled > 0, filled, np.inf), directed=False)
    off = ~np.eye(8, dtype=bool)
    expected = (1 / paths[off]).mean()
    assert measures.networks["global_efficiency"].item() == pytest.approx(expected)
    root = np.cbrt(filled / filled.max())
    np.testing.assert_allclose(
        measures.nodes["clustering"], np.diag(root @ root @ root) / (7 * 6), rtol=1e-9
    )
    np.testing.assert_allclose(measures.nodes["strength"], filled.sum(axis=1))


def test_disconnected_pairs_count_as_zero():
    weights = np.zeros((4, 4))
    weights[0, 1] = weights[1, 0] = 0.5
    assert global_efficiency(weights) == pytest.approx(2 * 0.5 / 12)


def test_density_keeps_the_strongest_and_negative_weights_are_counted(weights):
    weights[0, 1] = weights[1, 0] = -0.2
    measures = graph_measures(_matrix(weights), density=0.25)
    upper = np.sort(weights[np.triu_indices(8, 1)])[::-1]
    assert measures.networks["n_edges"].item() == 7
    assert measures.networks["n_negative"].item() == 1
    assert measures.nodes["strength"].sum() / 2 == pytest.approx(upper[:7].sum())


def test_refused_conditions_stay_missing(weights):
    both = xr.concat(
        [_matrix(weights, "macro"), _matrix(np.full((8, 8), np.nan), "micro")], "condition"
    )
    measures = graph_measures(both)
    networks = measures.networks.set_index("condition")
    assert networks.loc["micro", "global_efficiency":"clustering"].isna().all()
    assert networks.loc["macro", "clustering"] > 0
    assert len(measures.nodes) == 16


def test_bad_input_is_refused(weights):
    with pytest.raises(ValueError, match="density"):
        graph_measures(_matrix(weights), density=0.0)
    weights[0, 1] += 0.5
    with pytest.raises(ValueError, match="not symmetric"):
        graph_measures(_matrix(weights))
    weights[0, 1] = np.nan
    with pytest.raises(ValueError, match="missing weights"):
        graph_measures(_matrix(weights))
