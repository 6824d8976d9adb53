"""Which rhythms followed?

Power and phase over time and frequency.

* ``timefrequency``: Time-frequency maps: Morlet power of each condition relative to a baseline.
* ``bandpower``: Single-trial band power of a region, relative to a baseline.
* ``phase``: Phase consistency over epochs, fair to conditions with few and many epochs.
* ``wavelets``: Wavelets and tapers: single-epoch spectra in batches that bound memory.
"""
