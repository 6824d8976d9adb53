"""Do they go together?

Association of face, brain and body within participants.

* ``repeated``: Repeated-measures correlation: do two measures go together from event to event?
* ``within_between``: Association within and between participants: two levels that may disagree in
  sign.
* ``lags``: Association at several lags: one measure of an event with the course of another
  modality.
* ``canonical``: Combinations of one modality that go with combinations of another, within
  participants.
* ``modalities``: Multivariate association of every two modalities, and features of the face.
* ``shuffles``: Null orders of rows: one modality's events moved within their blocks, the other's
  left.
* ``folds``: Folds that leave out participants and stimuli, and cross-validated associations.
* ``intervals``: Intervals of within-participant correlations from samples of whole participants.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
