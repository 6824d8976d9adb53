"""Would it come out again?

Reliability of measures, agreement of coders, consistency of scales.

* ``intraclass``: Intraclass correlations of ratings, with or without gaps, and their mean
  squares.
* ``erp``: Reliability of event-locked measures: amplitudes of single events, curves, components.
* ``bland_altman``: Limits of agreement of two measurements of the same things.
* ``retest``: Test-retest reliability: are two sessions alike, and how large must a real change
  be?
* ``generalizability``: Generalizability theory: which facets make a score uncertain, and how many
  are needed.
* ``split_half``: Split-half reliability of participants' scores over many random splits of their
  trials.
* ``dependability``: Dependability of participants' scores by number of trials (generalizability
  theory).
* ``scores``: Participants' scores that are averages of trials, or differences of averages.
* ``variance_ratio``: Exact and generalized inference on one variance over the error variance.
* ``crossed_ratings``: Ratings as a table of targets by raters, checked.
* ``coders``: Do coders agree?
* ``scales``: Do items agree?
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
