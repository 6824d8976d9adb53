"""Is it brain, and how is the body?

Cleaning of the EEG, and autonomic signals from the physiology.

* ``eeg``: Is it brain?
* ``body``: How are heart, skin and breath?
* ``bridges``: Straight lines over missing samples, so that a filter can run.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
