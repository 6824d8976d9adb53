"""Which regions were coupled?

Connectivity, networks and the signals of regions.

* ``connectivity``: Connectivity between channels over epochs, with equal trial numbers and
  refused small cells.
* ``graph``: Graph measures of connectivity matrices, weighted and over densities, against null
  networks.
* ``pairs``: Named pairs of channels, matrices averaged over cells, differences between
  conditions.
* ``regionsignals``: Continuous signals of scalp regions: what deconvolution and reports need of
  the EEG.
* ``sourceregions``: Signals of cortical regions without an MRI: minimum norm in a sphere fitted
  to the electrodes.
* ``estimators``: Coupling of all pairs of channels from spectra or envelopes that are computed
  once.
"""
