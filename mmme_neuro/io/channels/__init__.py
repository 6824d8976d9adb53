"""What is in a channel, by what its file says of it?

* ``labels``: What a channel's label says: its type, by name and unit, and its electrode.
* ``voltages``: Units of voltage as files write them, and whether a signal in them can be EEG.
"""
