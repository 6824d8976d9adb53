"""Is it brain?

What is removed from the EEG, and how.

* ``clean``: Clean EEG: mains, drift, bad channels, eyes and facial muscles; everything removed is
  noted.
* ``ica``: Independent components of the EEG: the eyes', the muscles', and those that people
  chose.
* ``bad_channels``: EEG channels that do not record the brain: flat, loud, alone, or not
  predictable.
* ``gaps``: Missing samples (NaN) of an EEG recording: filled for the filters, marked for the
  events.
* ``resample``: A long recording at a lower rate, in segments, never held whole in double
  precision.
"""
