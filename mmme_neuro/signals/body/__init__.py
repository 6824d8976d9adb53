"""How are heart, skin and breath?

Autonomic signals from the raw physiology.

* ``derive``: Autonomic signals derived from a raw physiological recording, and their quality.
* ``channels``: Channels of a physiological recording and the autonomic signals derived from each.
* ``cycles``: The one place that calls NeuroKit2: heart beats, pulse waves and breaths in arrays.
* ``rate``: Rate and amplitude curves from beats or breaths.
* ``cvxeda``: Skin conductance as tonic level plus responses to a sparse, never negative drive
  (cvxEDA).
* ``pieces``: Finite pieces of a signal with gaps, and the filters that work on them.
"""
