"""How is everybody processed?

From the files of a study to the tables of all participants, with a record of each step.

* ``preprocess``: From a participant's raw files to cleaned, event-locked epochs; one failure
  stops no other.
* ``inputs``: Where a recording comes from: device files, a BIDS dataset, or cleaned MNE files.
* ``check``: What each participant of a study has, lacks and would contribute, before any long
  computing.
* ``decisions``: The one table of a study in which people overrule the automatic steps.
* ``derivatives``: What preprocessing makes of a recording, and how it lies on disk.
* ``executors``: Where participants are processed: this machine or a Dask cluster; progress of
  long runs.
* ``provenance``: What a derivative was made from, so that it is made again only if that changed.
* ``reached_code``: Digest of the code that a module reaches by its imports, without comments and
  docstrings.
* ``losses``: What preprocessing kept and removed, one row per participant.
* ``screening``: Quality of each participant's data beside all others', one row per measure.
* ``outliers``: Values that lie far from those of most others, by median and absolute deviation.
* ``template``: The scripts of a study, written into the user's own folder.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
