"""Event-locked EEG and peripheral physiology of facial micro- and macro-expressions.

Rooms and modules, in the order of an analysis:

* ``recording``: One participant's recording: EEG, physiology and events on one clock.
* ``io``: What is in this file?
* ``events``: What did the coders write?
* ``clocks``: When did it happen?
* ``signals``: Is it brain, and how is the body?
* ``epochs``: Event-locked epochs: EEG and physiology cut around the same events, row for row.
* ``rejection``: Epochs left out for their EEG, by one rule for every kind of event, and whether
  kinds differ.
* ``muscles``: How much of it is the face?
* ``responses``: What followed an event?
* ``stats``: What do all estimates share?
* ``models``: Which effects are there?
* ``inference``: Is the map different?
* ``association``: Do they go together?
* ``reliability``: Would it come out again?
* ``plots``: What does it look like?
* ``report``: What was found?
* ``pipeline``: How is everybody processed?
* ``bids``: How is a study shared?
* ``simulate``: What would a study with known truth look like?
* ``vocabulary``: The study's fixed vocabulary: emotions, valence, action units, trigger codes and
  column names.
* ``wording``: How names, units and numbers of result tables are written for readers.
* ``errors``: Errors of the package: what is wrong with an input or cannot be estimated, as
  opposed to a bug.
* ``extras``: Optional packages: the extra that brings each, and an error that names it.
* ``cli``: The command ``mmme``.
"""

import lazy_loader as _lazy

__version__ = "0.2.0"

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
