"""Is the map different?

Permutation tests of one effect of a mixed model over a map.

* ``permutation``: Permutation test of one fixed effect of a mixed model over a map.
* ``clustertest``: Result of a permutation test on a map.
* ``term_maps``: A mixed model over a map: estimates of one effect in every cell and its
  permutation test.
* ``adjacency``: Which points of a map are neighbors.
* ``units``: Which units change sign in a permutation test, as the model and the tested term
  demand.
* ``maxima``: Largest statistics of maps whose units change sign, corrections, and p-values.
* ``tfce``: Threshold-free cluster enhancement, integrated exactly.
* ``clusters``: Clusters of a map above a threshold and their mass.
* ``contributions``: What each participant and each stimulus adds to the score of one fixed
  effect, cell by cell.
* ``cell_scores``: Score statistic of every cell of a map, whichever events it lacks.
* ``score_kernels``: Compiled kernels: scores of one column, split over units, at given
  covariances.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
