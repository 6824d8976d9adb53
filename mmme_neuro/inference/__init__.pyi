from .adjacency import Neighbours, neighbours
from .clustertest import ClusterTest
from .permutation import permutation_test
from .term_maps import EffectMap, axis_neighbours, effect_map

__all__ = [
    "ClusterTest",
    "EffectMap",
    "Neighbours",
    "axis_neighbours",
    "effect_map",
    "neighbours",
    "permutation_test",
]
