"""What do all estimates share?

The row of an estimate, multiplicity, resampling and groups of rows.

* ``tables``: Tables as people hand them over: the columns that are needed, their numbers and
  their labels.
* ``estimates``: The row in which every estimate is reported, and Student's t test of means.
* ``multiplicity``: Correction of p-values for the number of contrasts tested.
* ``resampling``: Intervals of statistics of counts, with participants left out or resampled
  whole.
* ``buffers``: Memory of compiled code before it is written, poisoned on request.
* ``levels``: Two levels of a condition that are compared, the reference first.
* ``groups``: Rows that an association rests on: complete, and centered within participants.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
