"""What followed an event?

Averages, single-event measures and their tables.

* ``measures``: One measure: what is taken of which signal, where, in which window, from which
  baseline.
* ``potentials``: Evoked responses: averages by cell, window amplitudes, and their measurement
  error.
* ``components``: ERP components of averages: amplitudes and latencies, their measurement error,
  differences.
* ``grandaverage``: Grand averages over participants with within-participant confidence intervals.
* ``curves``: Mean time courses of event-locked signals, by condition and by participant.
* ``autonomic``: Event-locked autonomic responses: one number per epoch and measure.
* ``videos``: Change of peripheral signals while a video is shown.
* ``jitter``: What the coders' errors of onset do to averages and phases: onsets drawn anew.
* ``event_maps``: Single-event maps, one row per event: what `fit_lmm_map` and `permutation_test`
  take.
* ``regions``: Scalp regions of interest, named after the Quik-Cap electrodes they hold.
* ``design_cells``: Cells of a design: the epochs that share a participant, condition, or any
  other labels.
* ``spectral``: Which rhythms followed?
* ``coupling``: Which regions were coupled?
* ``overlap``: Which response belongs to which event?
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
