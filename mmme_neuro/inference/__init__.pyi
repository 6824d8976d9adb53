from .adjacency import Neighbors, neighbors
from .clustertest import ClusterTest
from .permutation import permutation_test
from .term_maps import EffectMap, axis_neighbors, effect_map

__all__ = [
    "ClusterTest",
    "EffectMap",
    "Neighbors",
    "axis_neighbors",
    "effect_map",
    "neighbors",
    "permutation_test",
]
