"""How is a study shared?

A study as a BIDS dataset, and a recording back from one.

* ``export``: A study folder written as a BIDS dataset.
* ``read``: A participant's recording read back from a BIDS dataset.
* ``names``: Names in a BIDS dataset: participants' labels and the files of one participant.
* ``dataset_files``: Files that describe a BIDS dataset as a whole, and the details that they
  state.
* ``eeg_files``: The EEG as BrainVision files with their BIDS sidecars, and back.
* ``physio_files``: Peripheral signals as BIDS tables on the EEG clock, and back.
* ``events``: Events of a recording as BIDS rows with described columns, and back.
* ``text_files``: Text files of a BIDS dataset: the same input gives the same bytes.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
