"""What is in this file?

Readers of what a lab hands over; no reader needs the annotation sheet.

* ``eeg``: EEG recordings of any format a lab hands over.
* ``physio``: Peripheral recordings of any format a lab hands over.
* ``edf_records``: When each data record of an EDF+ or BDF+ file was recorded, and gaps between
  records filled.
* ``breaks``: Breaks of a recording: samples that follow one another but were not recorded so, and
  gaps.
* ``curry``: Recordings of Neuroscan's Curry 7, 8 and 9.
* ``curry_header``: What a Curry recording's header says: sizes, units, channels, electrodes,
  trials.
* ``acqknowledge``: Recordings of BIOPAC's AcqKnowledge: ``.acq``, and its MATLAB and text
  exports.
* ``matlab``: The structure of a MATLAB file, checked before SciPy reads it.
* ``physio_table``: Peripheral signals in plain tables: BIDS physio files, delimited text with or
  without header.
* ``tables``: What do these columns of text say?
* ``physio_signals``: Peripheral signals as a file states them, before names, types and units are
  settled.
* ``physio_channels``: What a peripheral channel is: name, MNE type and unit, from its label.
* ``physio_units``: Units of peripheral signals: as people write them, and which values a body can
  have.
* ``channels``: What is in a channel, by what its file says of it?
* ``montage``: Electrode positions from channel names.
* ``files``: Files that appear under their names only when complete, and JSON in one layout.
* ``damage``: Damaged files and files elsewhere: the one message a user gets about either.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
