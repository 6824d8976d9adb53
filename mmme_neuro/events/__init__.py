"""What did the coders write?

The annotation sheet, its passes and its defects; ratings; control windows.

* ``sheet``: The annotation sheet: one row per coded expression, read as coded.
* ``times``: Event times as numbers: what tables hold in place of seconds, read or refused.
* ``ids``: Ids of events: an event is found again by its id, never by its time.
* ``passes``: Annotation passes: finding them in a sheet, and merging what two of them saw.
* ``audit``: Audit of an events table: what is wrong with it, how often, and what to do about it.
* ``describe``: Description of a dataset's events: counts and durations, as tables and text.
* ``pseudonyms``: Numbers in place of participants' names, for figures and reports that are passed
  on.
* ``ratings``: Self-report ratings: one row per participant, stimulus and item.
* ``controls``: Control windows: moments of the same participant and clip with no event nearby.
* ``crowding``: How often events fall into one another's windows.
* ``databases``: Published databases of spontaneous micro-expressions, next to the events of a
  study.
* ``coding``: Codes in the sheet: action units written as text, and the rule for micro and macro.
* ``sheet_cells``: Cells of the annotation sheet: times, words, frame names; unreadable rows are
  named.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
