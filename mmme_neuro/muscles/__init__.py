"""How much of it is the face?

Facial muscle activity in the EEG, and what results owe to it.

* ``event_power``: Muscle power of every event and spectra before and after cleaning.
* ``sensitivity``: The same contrast under analyses that muscles affect differently, side by side.
* ``balance``: Pairs of events with equal muscle power, and subsets by the part of the face that
  moves.
* ``by_region``: Muscle power by region and condition, and the one number that stands for an
  event.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
