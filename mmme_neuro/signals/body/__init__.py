"""How are heart, skin and breath?

Autonomic signals from the raw physiology.

* ``derive``: Autonomic signals derived from a raw physiological recording, and their quality.
* ``channels``: Channels of a physiological recording, and the autonomic signals and rates of
  each.
* ``cycles``: The one place that calls NeuroKit2: heart beats, pulse waves and breaths in arrays.
* ``rhythm``: Whether peaks are beats or breaths: they resemble one another and come regularly.
* ``sensors``: Stretches at which a sensor was off: missing, impossible, flat, or between such
  stretches.
* ``cvxeda``: Skin conductance as tonic level plus responses to a sparse, never negative drive
  (cvxEDA).
* ``pieces``: Finite pieces of a signal with gaps, and the filters that work on them.
"""
