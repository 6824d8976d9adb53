"""When did it happen?

Trigger codes, and the map between the clocks of two devices.

* ``align``: Alignment of two devices' clocks from the trigger codes that both received.
* ``camera``: Alignment of the face camera's wall clock with the EEG, and events moved to the EEG
  clock.
* ``fit``: The map between the clocks of two devices, as it was fitted.
* ``triggers``: Trigger codes of one recording, from digital lines, a trigger channel or
  annotations.
* ``states``: States of digital lines over time as a table of codes: rest, switching and glitches.
* ``matching``: Which code of one device is which code of another, from the codes and their
  intervals.
* ``pairing``: Pairs of trigger codes that could be one pulse, and the line that most of them
  share.
* ``robust_line``: Straight lines through clock differences, fitted so that a bad point does not
  move them.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
