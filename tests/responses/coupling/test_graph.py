import networkx as nx
import numpy as np
import pytest
import xarray as xr
from scipy.sparse.csgraph import shortest_path

from mmme_neuro.responses.coupling.graph import DENSITIES, graph_measures, rewired


def _matrix(weights, condition=None):
    names = [f"E{i}" for i in range(len(weights))]
    matrix = xr.DataArray(weights, {"channel": names, "other": names}, ("channel", "other"))
    return matrix if condition is None else matrix.expand_dims(cell=[condition])


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
    network = graph_measures(_matrix(weights)).networks.iloc[0]
    assert network["global_efficiency"] == pytest.approx(2 * 0.5 / 12)
    assert network["path_length"] == pytest.approx(2)


def test_density_keeps_the_strongest_and_negative_weights_are_counted(weights):
    weights[0, 1] = weights[1, 0] = -0.2
    measures = graph_measures(_matrix(weights), density=0.25)
    upper = np.sort(weights[np.triu_indices(8, 1)])[::-1]
    assert measures.networks["n_edges"].item() == 7
    assert measures.networks["n_negative"].item() == 1
    assert measures.nodes["strength"].sum() / 2 == pytest.approx(upper[:7].sum())


def test_refused_conditions_stay_missing(weights):
    both = xr.concat([_matrix(weights, "macro"), _matrix(np.full((8, 8), np.nan), "micro")], "cell")
    measures = graph_measures(both)
    networks = measures.networks.set_index("cell")
    assert networks.loc["micro", "global_efficiency":"path_length"].isna().all()
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


def test_measures_are_those_of_networkx(weights):
    weights = np.nan_to_num(weights)
    kept = graph_measures(_matrix(weights), density=0.4)
    cut = np.sort(weights[np.triu_indices(8, 1)])[-int(round(0.4 * 28))]
    graph = nx.from_numpy_array(np.where(weights >= cut, weights, 0))
    clustering = nx.clustering(graph, weight="weight")
    np.testing.assert_allclose(kept.nodes["clustering"], [clustering[i] for i in range(8)])
    binary = graph_measures(_matrix((weights >= cut).astype(float)))
    network = binary.networks.iloc[0]
    assert network["global_efficiency"] == pytest.approx(nx.global_efficiency(graph))
    assert network["local_efficiency"] == pytest.approx(nx.local_efficiency(graph))
    largest = graph.subgraph(max(nx.connected_components(graph), key=len))
    if len(largest) == 8:
        expected = nx.average_shortest_path_length(graph)
        assert network["path_length"] == pytest.approx(expected)


def test_nodal_efficiencies_average_to_the_global_one(weights):
    measures = graph_measures(_matrix(weights))
    mean = measures.nodes["nodal_efficiency"].mean()
    assert mean == pytest.approx(measures.networks["global_efficiency"].item())


def test_several_densities_and_their_area(weights):
    measures = graph_measures(_matrix(weights), density=DENSITIES)
    assert len(measures.networks) == len(DENSITIES) == 9
    assert measures.networks["n_edges"].is_monotonic_increasing
    area = measures.area().iloc[0]
    values = measures.networks["clustering"]
    assert values.min() <= area["clustering"] <= values.max()
    with pytest.raises(ValueError, match="two densities"):
        graph_measures(_matrix(weights)).area()


def test_null_networks_keep_degrees_and_weights():
    rng = np.random.default_rng(3)
    weights = np.triu(rng.uniform(0.1, 1, (20, 20)) * (rng.random((20, 20)) < 0.2), 1)
    weights = weights + weights.T
    null = rewired(weights, rng)
    np.testing.assert_array_equal((null > 0).sum(axis=0), (weights > 0).sum(axis=0))
    np.testing.assert_allclose(np.sort(null[null > 0]), np.sort(weights[weights > 0]))
    np.testing.assert_allclose(null, null.T)
    assert not np.diag(null).any()
    assert ((null > 0) != (weights > 0)).mean() > 0.1


def test_a_lattice_is_clustered_and_a_random_network_is_like_its_null():
    ring = nx.to_numpy_array(nx.watts_strogatz_graph(40, 6, 0.0, seed=1))
    mixed = nx.to_numpy_array(nx.gnm_random_graph(40, 120, seed=2))
    lattice, random = (
        graph_measures(_matrix(one), n_resamples=20, rng=4).networks.iloc[0]
        for one in (ring, mixed)
    )
    assert lattice["clustering_normalized"] > 2.5
    assert lattice["path_length_normalized"] > 1.2
    assert random["clustering_normalized"] == pytest.approx(1, abs=0.3)
    assert random["path_length_normalized"] == pytest.approx(1, abs=0.05)


def test_null_networks_need_a_seed_and_repeat_with_it(weights):
    with pytest.raises(ValueError, match="rng=None"):
        graph_measures(_matrix(weights), n_resamples=3)
    one, other = (
        graph_measures(_matrix(weights), density=0.3, n_resamples=5, rng=1).networks
        for _ in range(2)
    )
    assert one.equals(other)


def test_measures_of_subsamples_are_averaged(weights):
    second = weights**2
    both = xr.concat([_matrix(weights), _matrix(second)], "subsample")
    missing = xr.full_like(both.isel(subsample=[0]), np.nan)
    stacked = xr.concat([both, missing], "subsample").expand_dims(cell=["micro"])
    found = graph_measures(stacked, density=0.4)
    parts = [graph_measures(_matrix(one), density=0.4) for one in (weights, second)]
    expected = np.mean([one.networks["global_efficiency"].item() for one in parts])
    assert found.networks["global_efficiency"].item() == pytest.approx(expected)
    nodes = np.mean([one.nodes["clustering"] for one in parts], axis=0)
    np.testing.assert_allclose(found.nodes["clustering"], nodes)
